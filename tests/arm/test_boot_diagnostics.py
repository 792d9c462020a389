"""A machine's console log and screen, by addresses that are their own permission."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from calco.arm import boot_diagnostics
from calco.work import boot_diagnostics as seen
from tests.arm.api import COMPUTE, Api
from tests.asgi import AsgiClient

WEB = f"{COMPUTE}/virtualMachines/web"
ENABLED = {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}


@pytest.fixture
def lab(api: Api) -> Api:
    api.with_network().machine("web")
    api.put(WEB, with_diagnostics(api, enabled=True))
    return api


def with_diagnostics(api: Api, *, enabled: bool) -> Any:
    shown = api.get(WEB)
    shown["properties"]["diagnosticsProfile"] = {"bootDiagnostics": {"enabled": enabled}}
    return shown


def addresses(lab: Api, more: str = "") -> Any:
    answer = lab.call("POST", f"{WEB}/retrieveBootDiagnosticsData{more}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def fetch(lab: Api, url: str, method: str = "GET") -> Any:
    """Without any token."""
    parts = urlsplit(url)
    client = AsgiClient(Starlette(routes=boot_diagnostics.routes(lab.world.cloud)), "https://cloud.test:8443")
    return client.request(method, f"{parts.path}?{parts.query}", content=b"", headers={})


def test_the_log_and_the_screen_are_read_by_their_addresses_alone(lab: Api) -> None:
    shared = addresses(lab)

    log, screen = fetch(lab, shared["serialConsoleLogBlobUri"]), fetch(lab, shared["consoleScreenshotBlobUri"])

    assert list(shared) == ["consoleScreenshotBlobUri", "serialConsoleLogBlobUri"]
    assert shared["serialConsoleLogBlobUri"].startswith("https://cloud.test:8443/calco/bootDiagnostics/")
    assert ".serialconsole.log?sig=" in shared["serialConsoleLogBlobUri"]
    assert (log.status_code, log.text) == (200, "simulated machine web, boot 1\n")
    assert log.headers["content-type"] == "text/plain; charset=utf-8"
    assert screen.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert (screen.status_code, screen.headers["content-type"]) == (200, "image/png")
    assert log.headers["cache-control"] == "no-store"


def test_an_address_ends(lab: Api) -> None:
    short, long = addresses(lab, "?sasUriExpirationTimeInMinutes=1"), addresses(lab)
    lab.world.clock.move(timedelta(minutes=1))
    assert fetch(lab, short["serialConsoleLogBlobUri"]).status_code == 403
    assert fetch(lab, long["serialConsoleLogBlobUri"]).status_code == 200
    lab.world.clock.move(timedelta(minutes=119))
    assert fetch(lab, long["serialConsoleLogBlobUri"]).status_code == 403


@pytest.mark.parametrize("minutes", ["0", "1441", "-1", "x", "", "1.5", "²"])
def test_an_address_lives_a_minute_to_a_day(lab: Api, minutes: str) -> None:
    answer = lab.call("POST", f"{WEB}/retrieveBootDiagnosticsData?sasUriExpirationTimeInMinutes={minutes}")

    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "sasUriExpirationTimeInMinutes")


def test_an_address_is_for_one_machine_and_made_here(lab: Api) -> None:
    lab.machine("other")
    other = lab.get(f"{COMPUTE}/virtualMachines/other")["properties"]["vmId"]
    url = addresses(lab)["serialConsoleLogBlobUri"]
    vm_id = lab.get(WEB)["properties"]["vmId"]
    sealed = lab.world.sealer.seal('{"vm_id": "x"}')

    for forged in (
        url.replace(vm_id, other),
        url[:-8] + "AAAAAAAA",
        url.split("sig=")[0],
        url.split("sig=")[0] + f"sig={sealed}",
    ):
        answer = fetch(lab, forged)
        assert answer.status_code == 403, forged
        assert "simulated machine" not in answer.text


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(st.characters(codec="ascii"), max_size=120))
def test_no_other_text_opens_anything(lab: Api, token: str) -> None:
    vm_id = lab.get(WEB)["properties"]["vmId"]
    with pytest.raises(PermissionError):
        seen.read(lab.world.cloud, vm_id, token)


def test_a_machine_that_is_off_has_a_log_and_no_screen(lab: Api) -> None:
    shared = addresses(lab)
    lab.post(f"{WEB}/powerOff")

    assert fetch(lab, shared["serialConsoleLogBlobUri"]).status_code == 200
    assert fetch(lab, shared["consoleScreenshotBlobUri"]).status_code == 404


def test_nothing_is_seen_of_a_machine_that_is_gone(lab: Api) -> None:
    shared = addresses(lab)
    lab.delete(WEB)

    assert [fetch(lab, url).status_code for url in shared.values()] == [404, 404]


def test_addresses_are_read_and_not_written(lab: Api) -> None:
    assert fetch(lab, addresses(lab)["serialConsoleLogBlobUri"], "PUT").status_code == 405


def test_what_is_not_enabled_is_refused_with_how_to_enable_it(lab: Api) -> None:
    lab.put(WEB, with_diagnostics(lab, enabled=False))

    error = lab.call("POST", f"{WEB}/retrieveBootDiagnosticsData").json()["error"]

    assert error["code"] == "OperationNotAllowed"
    assert "az vm boot-diagnostics enable" in error["message"]


def test_the_instance_view_says_whether_it_is_enabled(lab: Api) -> None:
    enabled = lab.get(f"{WEB}/instanceView")
    lab.put(WEB, with_diagnostics(lab, enabled=False))

    assert enabled["bootDiagnostics"] == {}
    assert list(enabled).index("bootDiagnostics") == list(enabled).index("disks") + 1
    assert "bootDiagnostics" not in lab.get(f"{WEB}/instanceView")
