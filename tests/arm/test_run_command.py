"""``runCommand`` over HTTP."""

import pytest

from calco.model.document import Document, Json
from calco.model.machine import Machine
from calco.model.run_command import Ran, Script
from tests.arm.api import COMPUTE, SUB, Api

WEB = f"{COMPUTE}/virtualMachines/web"
SCRIPT: Document = {"commandId": "RunShellScript", "parameters": [], "script": ["hostname"]}


@pytest.fixture
def lab(api: Api) -> Api:
    api.with_network().machine("web")
    return api


def test_a_command_is_accepted_polled_and_its_output_fetched(lab: Api) -> None:
    lab.world.script = lambda machine, _: Ran(0, f"{machine.name}\n".encode(), b"")

    answer = lab.call("POST", f"{WEB}/runCommand", SCRIPT)
    lab.world.drive()

    assert (answer.status_code, answer.content) == (202, b"")
    message = "Enable succeeded: \n[stdout]\nweb\n\n[stderr]\n"
    status = lab.get(answer.headers["azure-asyncoperation"])
    assert status["status"] == "Succeeded"
    assert status["properties"]["output"]["value"][0]["message"] == message
    result = lab.get(answer.headers["location"])
    assert [each["message"] for each in result["value"]] == [message]


def test_lines_and_parameters_arrive_as_they_were_sent(lab: Api) -> None:
    seen: list[Script] = []

    def look(_: Machine, script: Script) -> Ran:
        seen.append(script)
        return Ran(0, b"", b"")

    lab.world.script = look
    parameters: list[Json] = [{"name": "a", "value": "b"}, {"name": "arg2", "value": None}]
    body: Document = {"commandId": "runshellscript", "script": ["one\r\ntwo", "three"], "parameters": parameters}

    lab.call("POST", f"{WEB}/runCommand", body)
    lab.world.drive()

    assert [(each.text, each.arguments) for each in seen] == [("one\ntwo\nthree", (("a", "b"), ("arg2", "")))]


@pytest.mark.parametrize(
    ("change", "target", "words"),
    [
        ({"commandId": "RunPowerShellScript"}, "commandId", "for Windows guests"),
        ({"commandId": "ifconfig"}, "commandId", "Send 'RunShellScript'"),
        ({"commandId": None}, "commandId", "is missing"),
        ({"script": []}, "script", "is missing"),
        ({"script": ["x" * 300_000]}, "script", "at most 262144 bytes"),
        ({"script": "hostname"}, "script", "Expected"),
        ({"parameters": [{"value": "x"}]}, "parameters[0].name", "is missing"),
        ({"parameters": [{"name": "a", "value": "\0"}]}, "parameters[0].value", "none of them zero"),
        ({"parameters": [{"name": "a", "value": "é" * 2100}]}, "parameters[0].value", "at most 4096 bytes"),
        ({"parameters": [{"name": "a", "value": "x"}] * 65}, "parameters", "at most 64"),
    ],
)
def test_what_is_no_command_is_refused_and_nothing_runs(lab: Api, change: Document, target: str, words: str) -> None:
    vm_id = lab.get(WEB)["properties"]["vmId"]

    answer = lab.call("POST", f"{WEB}/runCommand", SCRIPT | change)
    lab.world.drive()

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (400, "InvalidParameter", target)
    assert words in error["message"]
    assert lab.world.hypervisor.runs(vm_id) == ()


def test_a_windows_machine_has_no_shell(lab: Api) -> None:
    record = lab.world.resource(lab.world.id("virtualMachines", "web"))
    with lab.world.records.write() as tx:
        profile = record.properties["storageProfile"]
        assert isinstance(profile, dict)
        record.properties["storageProfile"] = {**profile, "osDisk": {"osType": "Windows"}}
        tx.put(record)

    answer = lab.call("POST", f"{WEB}/runCommand", SCRIPT)

    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "commandId")


def test_there_is_one_command_to_list_and_to_show(lab: Api) -> None:
    there = f"{SUB}/providers/Microsoft.Compute/locations/eastus/runCommands"

    assert [each["id"] for each in lab.get(there)["value"]] == ["RunShellScript"]
    assert lab.get(f"{there}/runshellscript")["script"] == ["echo $1 $2"]
    assert lab.call("GET", f"{there}/RunPowerShellScript").status_code == 404
