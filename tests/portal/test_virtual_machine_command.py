"""The table of what can be done to a machine, held against the API that decides it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from calco.model.document import Document
from calco.portal.virtual_machine_command import ACTIONS, IDLE, TABLE, Command, Power, State, Work, state_of
from tests.arm.api import COMPUTE, Api, machine_body
from tests.world import World

pytestmark = pytest.mark.slow

DIAGNOSED: Document = {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}


def asked(api: Api, machine: str, command: Command) -> bool:
    """Whether the API takes it. What it takes is not carried on."""
    image = f"{COMPUTE}/images/golden"
    requests: dict[Command, tuple[str, str, Any]] = {
        Command.CONNECT: ("POST", f"{machine}/providers/Microsoft.SerialConsole/serialPorts/0/connect", None),
        Command.START: ("POST", f"{machine}/start", None),
        Command.RESTART: ("POST", f"{machine}/restart", None),
        Command.STOP: ("POST", f"{machine}/deallocate", None),
        Command.CAPTURE: ("POST", f"{machine}/providers/Calco/createImage", {"image": image}),
        Command.DELETE: ("DELETE", machine, None),
        Command.INSPECT: ("POST", f"{machine}/providers/Calco/inspect", None),
        Command.DIAGNOSE: ("PATCH", machine, {"properties": DIAGNOSED}),
    }
    answer = api.call(*requests[command])
    assert answer.status_code < 500, answer.text
    return answer.status_code < 300


def machine(api: Api) -> str:
    id = f"{COMPUTE}/virtualMachines/web1"
    api.put(id, wanted(api))
    return id


def wanted(api: Api) -> Document:
    body: Any = machine_body("web1", api.with_network().nic("nic"))
    return {**body, "properties": {**body["properties"], **DIAGNOSED}}


def running(api: Api) -> str:
    return machine(api)


def starting(api: Api) -> str:
    id = deallocated(api)
    api.call("POST", f"{id}/start")
    return id


def stopping(api: Api) -> str:
    id = machine(api)
    api.call("POST", f"{id}/powerOff")
    return id


def deallocating(api: Api) -> str:
    id = machine(api)
    api.call("POST", f"{id}/deallocate")
    return id


def stopped(api: Api) -> str:
    id = machine(api)
    api.post(f"{id}/powerOff")
    return id


def deallocated(api: Api) -> str:
    id = machine(api)
    api.post(f"{id}/deallocate")
    return id


def generalized(api: Api) -> str:
    id = stopped(api)
    api.post(f"{id}/generalize")
    return id


def generalized_deallocated(api: Api) -> str:
    id = deallocated(api)
    api.post(f"{id}/generalize")
    return id


def creating(api: Api) -> str:
    id = f"{COMPUTE}/virtualMachines/web1"
    assert api.call("PUT", id, wanted(api)).status_code == 201
    return id


def changing(api: Api) -> str:
    id = machine(api)
    disk = {"lun": 5, "createOption": "Empty", "diskSizeGB": 1, "name": "more"}
    there = api.get(id)["properties"]["storageProfile"]["dataDisks"]
    answer = api.call("PATCH", id, {"properties": {"storageProfile": {"dataDisks": [*there, disk]}}})
    assert answer.status_code in (200, 202), answer.text
    return id


def deleting(api: Api) -> str:
    id = machine(api)
    api.call("DELETE", id)
    return id


SCENES: dict[State, Callable[[Api], str]] = {
    State(Power.RUNNING, Work.NONE): running,
    State(Power.STARTING, Work.NONE): starting,
    State(Power.STOPPING, Work.NONE): stopping,
    State(Power.DEALLOCATING, Work.NONE): deallocating,
    State(Power.STOPPED, Work.NONE): stopped,
    State(Power.DEALLOCATED, Work.NONE): deallocated,
    State(Power.GENERALIZED, Work.NONE): generalized,
    State(Power.GENERALIZED_DEALLOCATED, Work.NONE): generalized_deallocated,
    State(Power.STARTING, Work.CREATING): creating,
    State(Power.RUNNING, Work.CHANGING): changing,
    State(Power.RUNNING, Work.DELETING): deleting,
}


def test_every_power_every_work_and_every_command_is_walked() -> None:
    assert {each.power for each in SCENES} == set(Power) == set(TABLE)
    assert {each.work for each in SCENES} == set(Work)
    assert all(set(row) == set(Command) for row in TABLE.values())
    assert set(ACTIONS) == set(Command)


@pytest.mark.parametrize("command", Command)
@pytest.mark.parametrize("state", SCENES, ids=lambda state: f"{state.power}-{state.work}")
def test_the_api_takes_what_the_table_allows_and_refuses_what_it_bars(
    state: State, command: Command, tmp_path: Path
) -> None:
    api = Api(World(tmp_path))
    id = SCENES[state](api)
    before = state_of(api.get(f"{id}?$expand=instanceView"))
    assert before == state

    takes = asked(api, id, command)

    why = state.why_not(command)
    assert takes == (why is None or why in IDLE), why
    if why in IDLE:
        api.world.drive()
        assert state_of(api.get(f"{id}?$expand=instanceView")) == before, "it was not pointless after all"
