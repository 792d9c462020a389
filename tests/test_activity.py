"""The activity log of a real service, as its command line shows it: kept over kill -9, forgotten by a setting."""

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from calco.cli.client import ApiFailure
from calco.model.operation import Cause
from calco.model.principal import Caller
from calco.ports import Event
from calco.storage.migrations import open_records
from calco.system import SystemClock
from tests.service_process import ServiceProcess, serving

pytestmark = pytest.mark.slow

SOON = 400
"""Looks, a twentieth of a second apart."""
LOG = "providers/Microsoft.Insights/eventtypes/management/values"


def resources(service: ServiceProcess) -> set[str]:
    lines = service.client.list(f"{service.client.subscription}/{LOG}", **{"api-version": "2015-04-01"})
    return {str(each["resourceId"]).rpartition("/")[2] for each in lines}


def test_a_service_remembers_and_limits_what_its_settings_say(tmp_path: Path) -> None:
    """The log outlives kill -9, and what is older than the setting goes while the service is up."""
    with serving(tmp_path / "data", "--activity-log-days", "1", "--throttle", "SubscriptionDeletes=1") as service:
        group = f"{service.client.subscription}/resourceGroups/lab"
        service.client.change("PUT", group, {"location": "westeurope"}, label="lab")
        service.kill()
        add_a_line_of(service, days_ago=3)
        service.start()
        for _ in range(SOON):
            if resources(service) == {"lab"}:
                break
            threading.Event().wait(0.05)

        assert resources(service) == {"lab"}
        by = service.env["AZURE_CLIENT_ID"]
        lines = json.loads(service.run("log", "--since", "2000-01-01", "--caller", by, "-o", "json"))
        assert [(each["resourceId"], each["status"]["value"]) for each in lines] == [(group, "Succeeded")]

        service.client.send("DELETE", f"{group}/providers/Microsoft.Compute/images/none")
        with pytest.raises(ApiFailure) as refused:
            service.client.send("DELETE", f"{group}/providers/Microsoft.Compute/images/none")
        assert (refused.value.status, refused.value.code) == (429, "TooManyRequests")


def add_a_line_of(service: ServiceProcess, *, days_ago: int) -> None:
    records = open_records(service.data.root)
    at = SystemClock().now() - timedelta(days=days_ago)
    with records.write() as change:
        change.tell(Event(at, "/subscriptions/s/old", Cause(Caller("o", "c", "t"), "a/b/write"), 200))
    records.close()
