"""``attachDetachDataDisks``, extensions, and what a machine is asked for that has no meaning here."""

from typing import Any

import pytest

from calco.model.document import Document, Json
from tests.arm.api import COMPUTE, Api
from tests.world import LOCATION

WEB = f"{COMPUTE}/virtualMachines/web"
ACT = f"{WEB}/attachDetachDataDisks"


@pytest.fixture
def lab(api: Api) -> Api:
    """A machine with a disk at LUN 3, and two disks nobody has."""
    api.with_network().machine("web")
    for name in ("one", "two"):
        body = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
        api.put(f"{COMPUTE}/disks/{name}", body)
    return api


def disks(lab: Api) -> list[tuple[int, str]]:
    found = lab.get(WEB)["properties"]["storageProfile"]["dataDisks"]
    return [(each["lun"], each["managedDisk"]["id"].rsplit("/", 1)[-1].split("_")[0]) for each in found]


def asked(attach: list[Json] | None = None, detach: list[Json] | None = None) -> Document:
    return {"dataDisksToAttach": attach, "dataDisksToDetach": detach}


def has(lab: Api) -> str:
    return str(lab.get(WEB)["properties"]["storageProfile"]["dataDisks"][0]["managedDisk"]["id"])


def test_disks_come_and_go_by_their_ids(lab: Api) -> None:
    first: Document = {"diskId": f"{COMPUTE}/disks/one", "lun": None, "caching": "readonly"}
    second: Document = {"diskId": f"{COMPUTE}/disks/two", "lun": 7}

    answer = lab.call("POST", ACT, asked([first, second], [{"diskId": has(lab)}]))
    lab.world.drive()

    assert answer.status_code == 202
    assert disks(lab) == [(0, "one"), (7, "two")]
    result = lab.get(answer.headers["location"])
    assert [each["lun"] for each in result["dataDisks"]] == [0, 7]
    assert result["dataDisks"][0]["caching"] == "ReadOnly"
    assert result["osDisk"]["osType"] == "Linux"


def test_a_lun_that_is_free_is_taken_beside_those_that_are_there(lab: Api) -> None:
    lab.call("POST", ACT, asked([{"diskId": f"{COMPUTE}/disks/one"}]))
    lab.world.drive()

    assert disks(lab) == [(3, "web"), (0, "one")]
    lab.call("POST", ACT, asked([{"diskId": f"{COMPUTE}/disks/two"}], [{"diskId": has(lab)}]))
    lab.world.drive()
    assert disks(lab) == [(0, "one"), (1, "two")]


@pytest.mark.parametrize(
    ("body", "code", "target"),
    [
        ({}, "InvalidParameter", "dataDisksToAttach"),
        (asked([{"lun": 1}]), "InvalidParameter", "dataDisksToAttach[0].diskId"),
        (asked([{"diskId": "x"}]), "LinkedInvalidPropertyId", "dataDisksToAttach[0].diskId"),
        (asked([{"diskId": f"{COMPUTE}/disks/nobody"}]), "NotFound", None),
        (asked([{"diskId": f"{COMPUTE}/disks/one", "lun": 3}]), "InvalidParameter", "dataDisk.lun"),
        (asked([{"diskId": f"{COMPUTE}/disks/one", "lun": 64}]), "InvalidParameter", "dataDisks[1].lun"),
        (asked(None, [{"diskId": f"{COMPUTE}/disks/one"}]), "InvalidParameter", "dataDisksToDetach[0].diskId"),
    ],
    ids=["nothing", "no id", "nonsense", "not there", "a lun that is taken", "no such lun", "not attached"],
)
def test_what_cannot_be_is_refused_and_nothing_changes(lab: Api, body: Any, code: str, target: str | None) -> None:
    answer = lab.call("POST", ACT, body)

    error = answer.json()["error"]
    assert (error["code"], error.get("target")) == (code, target), error
    assert disks(lab) == [(3, "web")]


# --- extensions ------------------------------------------------------------------------------------------------------


def test_a_machine_has_no_extensions_and_gets_none(lab: Api) -> None:
    body: Document = {"location": LOCATION, "properties": {"publisher": "Microsoft.Azure.Extensions"}}

    made = lab.call("PUT", f"{WEB}/extensions/script", body)

    assert (made.status_code, made.json()["error"]["code"]) == (400, "NotSupported")
    assert "az vm run-command invoke" in made.json()["error"]["message"]
    assert lab.get(f"{WEB}/extensions") == {"value": []}
    one = lab.call("GET", f"{WEB}/extensions/script")
    assert (one.status_code, one.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert lab.call("DELETE", f"{WEB}/extensions/script").status_code == 204


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_extensions_of_a_machine_that_is_not_there_are_not_there(lab: Api, method: str) -> None:
    answer = lab.call(method, f"{COMPUTE}/virtualMachines/nobody/extensions/x", {} if method == "PUT" else None)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


# --- acts ------------------------------------------------------------------------------------------------------------


def test_a_machine_is_reapplied_and_stays_what_it_is(lab: Api) -> None:
    before = lab.get(WEB)

    lab.post(f"{WEB}/reapply")

    assert lab.get(WEB) == before


@pytest.mark.parametrize(("act", "instead"), [("redeploy", "Deallocate the VM and start it"), ("reimage", "OS disk")])
def test_what_has_no_meaning_here_says_what_to_do(lab: Api, act: str, instead: str) -> None:
    answer = lab.call("POST", f"{WEB}/{act}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NotSupported")
    assert instead in answer.json()["error"]["message"]
    assert lab.call("POST", f"{COMPUTE}/virtualMachines/nobody/{act}").status_code == 404
