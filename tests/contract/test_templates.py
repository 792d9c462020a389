"""Templates deployed by a real service: twelve that are killed with kill -9 once for each of their resources, and ten
broken ones, of which nothing is made.

Machines are simulated; service, records and files are real. Each kill comes when one more resource has been asked for,
which is looked up in the records themselves, and counts only if the deployment had not ended then.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from urllib.parse import urlsplit

import httpx
import pytest

from calco import process
from calco.model.document import Document, Json, at, object_at, objects_at, text_at
from calco.system import SystemClock
from tests import templates
from tests.arm.api import machine_body, network_body
from tests.service_process import ServiceProcess, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ATTEMPTS = 4
PATIENCE_SECONDS = 100
VERSION = "2024-11-01"
Given = Mapping[str, str] | tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """One resource's operation on behalf of a deployment."""

    subject: str
    began: datetime
    ended: datetime | None


@dataclass
class Lab:
    """A service and a group. ``deployment`` is the id of what is deployed in it."""

    service: ServiceProcess
    group: str

    # --- asking -------------------------------------------------------------------------------------------------------

    def id(self, type: str, name: str) -> str:
        return f"{self.group}/providers/{type}/{name}"

    @property
    def deployment(self) -> str:
        return self.id("Microsoft.Resources/deployments", "it")

    def ask(self, method: str, path: str, body: Json = None) -> httpx.Response:
        """One request, whatever it is answered."""
        client = self.service.client
        return client.http.request(
            method,
            path,
            params={"api-version": VERSION},
            json=body,
            headers={"Authorization": f"Bearer {client.token()}"},
        )

    def body(self, template: Document, parameters: Document) -> Document:
        return {"properties": {"mode": "Incremental", "template": template, "parameters": parameters}}

    def furnish(self, name: str) -> None:
        """The group, and what the template expects to be there."""
        client = self.service.client
        client.change("PUT", self.group, {"location": "eastus"}, label="group")
        if name != "06-image":
            return
        client.change("PUT", self.id("Microsoft.Network/virtualNetworks", "source-net"), network_body(), label="net")
        subnet = f"{self.id('Microsoft.Network/virtualNetworks', 'source-net')}/subnets/default"
        configuration: Document = {"name": "one", "properties": {"subnet": {"id": subnet}}}
        nic, machine = (
            self.id("Microsoft.Network/networkInterfaces", "source-nic"),
            self.id("Microsoft.Compute/virtualMachines", "source"),
        )
        body: Document = {"location": "eastus", "properties": {"ipConfigurations": [configuration]}}
        client.change("PUT", nic, body, label="nic")
        client.change("PUT", machine, machine_body("source", nic), label="machine")
        client.change("POST", f"{machine}/deallocate", label="deallocate")
        client.change("POST", f"{machine}/generalize", label="generalize")

    def deploy(self, name: str) -> None:
        """Ask for a template's deployment, and do not wait."""
        subscription, group = self.group.split("/")[2], self.group.rpartition("/")[2]
        template, parameters = templates.read(name, subscription, group), templates.parameters(name, self.group)
        answer = self.ask("PUT", self.deployment, self.body(template, parameters))
        assert answer.status_code == 201, answer.text
        status = urlsplit(answer.headers["azure-asyncoperation"]).path
        assert status.startswith(f"{self.deployment}/operationStatuses/")

    # --- looking ------------------------------------------------------------------------------------------------------

    def query(self, sql: str, values: Given) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(f"file:{self.service.data.root / 'calco.db'}?mode=ro", uri=True)) as records:
            return records.execute(sql, values).fetchall()

    def until(self, sql: str, values: Given, at_least: int = 1) -> None:
        """Look again and again, a millisecond apart, until the query counts that many."""
        end, pause = SystemClock().monotonic() + PATIENCE_SECONDS, threading.Event()
        with closing(sqlite3.connect(f"file:{self.service.data.root / 'calco.db'}?mode=ro", uri=True)) as records:
            while SystemClock().monotonic() < end:
                (found,) = records.execute(sql, values).fetchone()
                if found >= at_least:
                    return
                pause.wait(0.001)
        raise AssertionError(f"it never came to {at_least} of {sql}")

    @property
    def operation(self) -> str:
        ((id,),) = self.query("SELECT id FROM operations WHERE subject = ? AND plan != ''", (self.deployment,))
        return id

    def asked(self) -> list[Asked]:
        rows = self.query("SELECT subject, started_at, ended_at FROM operations WHERE parent = ?", (self.operation,))
        return [Asked(row[0].lower(), _moment(row[1]), _moment(row[2]) if row[2] else None) for row in rows]

    def has_ended(self) -> bool:
        return not self.query("SELECT 1 FROM operations WHERE id = ? AND ended_at IS NULL", (self.operation,))

    def marks(self) -> dict[str, object]:
        """What tells a finished resource from one that is made again: ``vmId``, ``uniqueId``, ``resourceGuid``."""
        names = ("vmId", "uniqueId", "resourceGuid", "creationTime", "timeCreated")
        rows = self.query("SELECT id, properties FROM resources WHERE group_key = ?", (self.group.lower(),))
        found: dict[str, object] = {}
        for id, text in rows:
            properties = json.loads(text)
            if properties.get("provisioningState") == "Succeeded" and "deployments" not in id:
                found[id] = [properties.get(name) for name in names]
        return found

    def wait(self) -> Document:
        """The deployment, when it has ended."""
        self.until("SELECT count(*) FROM operations WHERE id = ? AND ended_at IS NOT NULL", (self.operation,))
        return self.service.client.get(self.deployment)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("templates") / "data") as running:
        yield running


def lab(service: ServiceProcess, name: str) -> Lab:
    return Lab(service, f"{service.client.subscription}/resourceGroups/{name}")


every_template = pytest.mark.parametrize("name", templates.NAMES)


def test_there_are_twelve() -> None:
    assert len(templates.NAMES) == 12


# --- deployed in peace -----------------------------------------------------------------------------------------------


@every_template
def test_a_template_is_deployed_in_its_order(service: ServiceProcess, name: str) -> None:
    here = lab(service, f"calm-{name}")
    here.furnish(name)

    here.deploy(name)
    shown = here.wait()

    properties = object_at(shown, "properties")
    assert properties["provisioningState"] == "Succeeded", properties.get("error")
    made = {str(each["id"]).lower() for each in objects_at(properties, "outputResources")}
    assert made
    assert all(here.ask("GET", each).status_code == 200 for each in made)
    listed = objects_at(here.ask("GET", f"{here.group}/deployments/it/operations").json(), "value")
    targets = [text_at(each, "properties", "targetResource", "id") or "" for each in listed]
    assert {each.lower() for each in targets if each} == made
    assert {text_at(each, "properties", "provisioningState") for each in listed} == {"Succeeded"}
    _in_order(here, shown)


def _in_order(here: Lab, shown: Document) -> None:
    """Nothing began before all it depends on had ended."""
    asked = {each.subject: each for each in here.asked()}
    for each in objects_at(shown, "properties", "dependencies"):
        later = asked.get(str(each["id"]).lower())
        for below in objects_at(each, "dependsOn"):
            earlier = asked.get(str(below["id"]).lower())
            if later is None or earlier is None:  # a part of its network, say, whose operation that is
                continue
            assert earlier.ended is not None
            assert earlier.ended <= later.began, f"{later.subject} began before {earlier.subject} had ended"


@pytest.mark.parametrize("name", ["03-count", "12-three-tiers"])
def test_machines_that_do_not_depend_on_each_other_overlap_in_time(service: ServiceProcess, name: str) -> None:
    here = lab(service, f"overlap-{name}")
    here.furnish(name)

    here.deploy(name)
    here.wait()

    machines = sorted((each for each in here.asked() if "/virtualmachines/" in each.subject), key=lambda it: it.began)

    assert len(machines) == 3
    assert all(former.ended is not None and later.began < former.ended for former, later in pairwise(machines))


# --- killed ----------------------------------------------------------------------------------------------------------

PARTS = "SELECT part.value FROM resources, json_each(internal, '$.parts') AS part WHERE resources.key = ?"
BEGUN = """
    WITH mine AS (SELECT id FROM operations WHERE subject = :id AND plan != '')
    SELECT (SELECT count(*) FROM operations
            WHERE parent IN mine OR parent IN (SELECT id FROM operations WHERE parent IN mine))
        + (SELECT count(*) FROM resources, json_each(internal, '$.parts') AS part WHERE resources.key = lower(:id)
            AND part.value ->> '$.state' = 'Succeeded' AND part.value ->> '$.operation' IS NULL)
"""
"""How many were asked for, by an inner deployment too; a container leaves no operation but a note."""
ASKED = """
    WITH mine AS (SELECT id FROM operations WHERE subject = :id AND plan != '')
    SELECT lower(subject) FROM operations
    WHERE (parent IN mine OR parent IN (SELECT id FROM operations WHERE parent IN mine))
        AND action NOT LIKE '%/subnets/write' AND action NOT LIKE '%/securityRules/write'
"""
"""Whose making was asked for. A subnet or rule has no operation of its own; putting it again changes nothing."""


@every_template
def test_a_template_that_is_killed_once_for_each_resource_makes_none_twice(service: ServiceProcess, name: str) -> None:
    for attempt in range(ATTEMPTS):
        here = lab(service, f"killed-{attempt}-{name}")
        here.furnish(name)
        if _killed_for_each(here, name):
            return
    raise AssertionError(f"{name} was always quicker than the kill")


def _killed_for_each(here: Lab, name: str) -> bool:
    """Whether it could be killed as often as it has resources; if so, all is as it must be."""
    asking = threading.Thread(target=_ask, args=(here, name))
    asking.start()
    finished = _killed_when(here, here.service.running.process.pid, 1)
    asking.join()
    resources = _resources(here)
    for count in range(2, resources + 1):
        with _in_foreground(here.service) as running:
            finished = _killed_when(here, running.pid, count) | finished
            running.wait()
    in_time = not here.has_ended()
    here.service.start()
    shown = here.wait()

    assert at(shown, "properties", "provisioningState") == "Succeeded", shown
    now = here.marks()
    assert {id: now.get(id) for id in finished} == finished
    asked = here.query(ASKED, {"id": here.deployment})
    assert len(asked) == len(set(asked)), "asked for twice"
    _in_order(here, shown)
    return in_time


def _ask(here: Lab, name: str) -> None:
    with suppress(httpx.HTTPError):  # killed before it had answered
        here.deploy(name)


def _killed_when(here: Lab, pid: int, count: int) -> dict[str, object]:
    """Kill the service when so many resources have been asked for; what had been finished by then."""
    pidfd = os.pidfd_open(pid)
    try:
        here.until(BEGUN, {"id": here.deployment}, at_least=count)
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        assert process.wait_gone(pidfd, 30)
    finally:
        os.close(pidfd)
    return here.marks()


def _in_foreground(service: ServiceProcess) -> subprocess.Popen[bytes]:
    """The service, started so that its process is known at once: it carries on before it answers."""
    words = (sys.executable, "-m", "calco", "up", *service.words)
    environ = {**os.environ, "CALCO_HOME": str(service.data.root)}
    return subprocess.Popen(
        words, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _resources(here: Lab) -> int:
    """How many resources there are, those of an inner template among them."""
    outer = [json.loads(text) for (text,) in here.query(PARTS, (here.deployment.lower(),))]
    return len(outer) + (2 if any("/deployments/" in each["id"] for each in outer) else 0)
