"""Resource groups over HTTP."""

import pytest

from calco.model.volume import Volume
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api, machine_body


def test_a_group_is_new_once(api: Api) -> None:
    first = api.call("PUT", LAB, {"location": "East US", "tags": {"a": "b"}})
    again = api.call("PUT", LAB, {"location": "eastus"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {
        "id": LAB,
        "name": "lab",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "eastus",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    assert list(first.json()) == ["id", "name", "type", "location", "tags", "properties"]


def test_head_tells_whether_a_group_is_there(api: Api) -> None:
    absent = api.call("HEAD", LAB)
    api.with_group()
    present = api.call("HEAD", LAB)

    assert (absent.status_code, absent.content) == (404, b"")
    assert (present.status_code, present.content) == (204, b"")


def test_a_group_stays_where_it_is(api: Api) -> None:
    api.with_group()

    answer = api.call("PUT", LAB, {"location": "westus"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "InvalidResourceGroupLocation")
    assert api.get(LAB)["location"] == "eastus"


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_groups_name_is_judged_as_recorded(api: Api, method: str) -> None:
    """Source: recording ruby-rg-name-errors."""
    answer = api.call(method, f"{SUB}/resourceGroups/~%60123", {"location": "eastus"} if method == "PUT" else None)

    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {
            "code": "InvalidResourceGroup",
            "message": "The provided resource group name '~`123' has these invalid characters: '~`'. The name can only "
            "be a letter, digit, '-', '.', '(', ')' or '_'.",
        },
    )


@pytest.mark.parametrize("name", ["x" * 91, "x."])
def test_a_groups_name_has_its_limits(api: Api, name: str) -> None:
    answer = api.call("PUT", f"{SUB}/resourceGroups/{name}", {"location": "eastus"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidResourceGroup")


def test_tags_are_patched(api: Api) -> None:
    api.with_group()

    assert api.call("PATCH", LAB, {"tags": {"a": "b"}}).json()["tags"] == {"a": "b"}
    assert api.get(f"{SUB}/resourceGroups")["value"] == [api.get(LAB)]


def test_deleting_a_group_deletes_all_that_is_in_it(api: Api) -> None:
    api.with_network()
    public = f"{NETWORK}/publicIPAddresses/p"
    api.put(public, {"location": "eastus"})
    api.nic("free", public)
    api.image("golden", api.generalized("web"))
    api.machine("live")
    api.put(
        f"{COMPUTE}/disks/data",
        {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}},
    )

    answer = api.delete(LAB)

    assert answer.status_code == 202
    assert api.call("GET", answer.headers["location"]).status_code == 200
    assert api.call("GET", LAB).status_code == 404
    assert api.world.leftovers() == []
    assert len(_bases(api)) <= 1
    assert api.world.disks.volumes() == {each.id for each in _bases(api)}
    assert api.world.hypervisor.machines() == set()
    assert api.world.networks.networks() == set()
    for kind in ("virtualMachines", "disks", "images"):
        assert api.get(f"{SUB}/providers/Microsoft.Compute/{kind}")["value"] == []
    for kind in ("networkInterfaces", "publicIPAddresses", "virtualNetworks"):
        assert api.get(f"{SUB}/providers/Microsoft.Network/{kind}")["value"] == []


def _bases(api: Api) -> list[Volume]:
    """Volumes that have a row: only the platform image's is left."""
    with api.world.records.read() as view:
        return view.volumes()


def test_a_group_being_deleted_lets_nothing_in(api: Api) -> None:
    api.with_network()
    api.call("DELETE", LAB)

    for method, path, body in (
        ("PUT", LAB, {"location": "eastus"}),
        ("PUT", f"{NETWORK}/publicIPAddresses/p", {"location": "eastus"}),
        ("DELETE", LAB, None),
    ):
        answer = api.call(method, path, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ResourceGroupBeingDeleted")
    assert api.get(LAB)["properties"]["provisioningState"] == "Deleting"


def test_a_deletion_that_is_blocked_says_by_what_and_opens_the_group_again(api: Api) -> None:
    """A NIC in this group is held by a machine of another one."""
    api.with_network()
    nic = api.nic("held")
    other = f"{SUB}/resourceGroups/other"
    api.put(other, {"location": "eastus"})
    machine = f"{other}/providers/Microsoft.Compute/virtualMachines/web"
    api.put(machine, machine_body("web", nic))

    watch = api.call("DELETE", LAB).headers["location"]
    api.world.drive()
    answer = api.call("GET", watch)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ResourceGroupDeletionBlocked")
    assert nic in answer.json()["error"]["message"]
    assert api.get(LAB)["properties"]["provisioningState"] == "Succeeded"
    api.delete(machine)
    api.delete(LAB)
    assert api.call("HEAD", LAB).status_code == 404
