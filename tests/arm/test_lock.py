"""Locks: who they stop, and from what."""

from dataclasses import replace
from pathlib import Path

import pytest

from calco.arm.front import ApiFront
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Cause
from calco.work.cloud import Cloud
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, machine_body, network_body
from tests.arm.people import AUTHORIZATION, People, refused
from tests.world import LOCATION, World

DISK: Document = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
D = f"{COMPUTE}/disks/d"
LOCKS = f"{AUTHORIZATION}/locks"


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    found.api.with_network()
    found.api.put(D, DISK)
    return found


def lock(people: People, scope: str, level: str = "CanNotDelete") -> str:
    path = f"{scope}/{LOCKS}/keep"
    people.api.put(path, {"properties": {"level": level, "notes": "ours", "owners": [{"applicationId": "a"}]}})
    return path


def test_a_lock_is_kept_shown_listed_and_taken_away(people: People) -> None:
    body: Document = {"properties": {"level": "cannotdelete", "notes": "ours"}}
    made = people.api.call("PUT", f"{D}/{LOCKS}/keep", body)

    assert made.status_code == 201
    assert made.json() == {
        "properties": {"level": "CanNotDelete", "notes": "ours"},
        "id": f"{D}/{LOCKS}/keep",
        "type": "Microsoft.Authorization/locks",
        "name": "keep",
    }
    assert people.api.get(f"{D}/{LOCKS}/KEEP") == made.json()
    for scope in (SUB, LAB, D):
        assert people.api.get(f"{scope}/{LOCKS}")["value"] == [made.json()]
    assert people.api.get(f"{LAB}/{LOCKS}?$filter=atScope()")["value"] == []
    assert people.api.call("PUT", f"{D}/{LOCKS}/keep", body).status_code == 200
    assert people.api.call("DELETE", f"{D}/{LOCKS}/keep").status_code == 200
    assert people.api.call("DELETE", f"{D}/{LOCKS}/keep").status_code == 204
    refused(people.api.call("GET", f"{D}/{LOCKS}/keep"), 404, "LockNotFound")


@pytest.mark.parametrize("scope", [SUB, LAB, D])
def test_what_is_locked_against_deletion_is_deleted_by_nobody_and_changed_by_all(people: People, scope: str) -> None:
    path = lock(people, scope)

    said = refused(people.api.call("DELETE", D), 409, "ScopeLocked")

    assert said == (
        f"The scope '{D}' cannot perform delete operation because following scope(s) are locked: '{scope}'. Please "
        "remove the lock and try again."
    )
    assert people.api.call("PATCH", D, {"tags": {"a": "b"}}).status_code == 202
    people.world.drive()
    assert people.api.call("DELETE", path).status_code == 200
    assert people.api.call("DELETE", D).status_code == 202


@pytest.mark.parametrize("below", [D, f"{NETWORK}/virtualNetworks/net/subnets/default"])
def test_what_is_locked_below_keeps_what_it_is_in(people: People, below: str) -> None:
    lock(people, below)

    refused(people.api.call("DELETE", LAB), 409, "ScopeLocked")

    assert people.world.unfinished() == []
    assert people.api.call("GET", LAB).status_code == 200
    assert people.api.call("PATCH", LAB, {"tags": {"a": "b"}}).status_code == 200


def test_a_lock_on_a_subnet_keeps_its_network_and_none_beside_it(people: People) -> None:
    lock(people, f"{NETWORK}/virtualNetworks/net/subnets/default")

    refused(people.api.call("DELETE", f"{NETWORK}/virtualNetworks/net"), 409, "ScopeLocked")
    assert people.api.call("DELETE", D).status_code == 202


def test_a_network_is_not_put_without_a_subnet_that_is_locked(people: People) -> None:
    network = f"{NETWORK}/virtualNetworks/net"
    more: Document = {"properties": {"addressPrefix": "10.0.7.0/24"}}
    people.api.put(f"{network}/subnets/more", more)
    lock(people, f"{network}/subnets/more")

    refused(people.api.call("PUT", network, network_body()), 409, "ScopeLocked")

    assert people.api.get(f"{network}/subnets/more")["name"] == "more"
    people.api.call("DELETE", f"{network}/subnets/more/{LOCKS}/keep")
    assert people.api.call("PUT", network, network_body()).status_code == 200


def test_a_network_is_not_put_with_another_subnet_in_place_of_one_that_is_read_only(people: People) -> None:
    network = f"{NETWORK}/virtualNetworks/net"
    lock(people, f"{network}/subnets/default", "ReadOnly")
    changed: Document = {"name": "default", "properties": {"addressPrefix": "10.0.7.0/24"}}
    body = network_body()
    properties = body["properties"]
    assert isinstance(properties, dict)

    refused(
        people.api.call("PUT", network, {**body, "properties": {**properties, "subnets": [changed]}}),
        409,
        "ScopeLocked",
    )

    assert people.api.get(f"{network}/subnets/default")["properties"]["addressPrefix"] != "10.0.7.0/24"
    assert people.api.call("PUT", network, network_body()).status_code == 200


def test_what_is_locked_to_be_read_only_is_read_and_nothing_else(people: People) -> None:
    machine = people.api.machine("web")
    path = lock(people, LAB, "ReadOnly")
    before = _records(people)

    for method, where, body in (
        ("PUT", f"{COMPUTE}/disks/e", DISK),
        ("PATCH", D, {"tags": {}}),
        ("DELETE", D, None),
        ("POST", f"{machine}/powerOff", None),
        ("PUT", f"{LAB}/{AUTHORIZATION}/roleAssignments/{'1' * 8}-0000-4000-8000-000000000000", {}),
    ):
        said = refused(people.api.call(method, where, body), 409, "ScopeLocked")
        assert f"cannot perform {'delete' if method == 'DELETE' else 'write'} operation" in said
    assert _records(people) == before
    assert people.api.get(machine)["name"] == "web"
    people.api.call("DELETE", path)
    assert people.api.call("POST", f"{machine}/powerOff").status_code == 202


def _records(people: People) -> object:
    with people.world.records.read() as view:
        return view.in_group(ResourceId.parse(LAB)), view.unfinished()


def test_a_disk_that_would_go_with_its_machine_keeps_the_machine(people: People) -> None:
    body = machine_body("web", people.api.nic("nic"))
    properties = body["properties"]
    assert isinstance(properties, dict)
    storage = properties["storageProfile"]
    assert isinstance(storage, dict)
    storage["osDisk"] = {"createOption": "FromImage", "name": "web-os", "deleteOption": "Delete"}
    people.api.put(f"{COMPUTE}/virtualMachines/web", body)
    path = lock(people, f"{COMPUTE}/disks/web-os")

    said = refused(people.api.call("DELETE", f"{COMPUTE}/virtualMachines/web"), 409, "ScopeLocked")

    assert "disks/web-os'" in said
    people.api.call("DELETE", path)
    assert people.api.call("DELETE", f"{COMPUTE}/virtualMachines/web").status_code == 202


def test_an_interface_that_would_go_with_its_machine_keeps_the_machine(people: People) -> None:
    nic = people.api.nic("nic")
    body = machine_body("web", nic)
    properties = body["properties"]
    assert isinstance(properties, dict)
    properties["networkProfile"] = {"networkInterfaces": [{"id": nic, "properties": {"deleteOption": "Delete"}}]}
    people.api.put(f"{COMPUTE}/virtualMachines/web", body)
    path = lock(people, nic)

    said = refused(people.api.call("DELETE", f"{COMPUTE}/virtualMachines/web"), 409, "ScopeLocked")

    assert "networkInterfaces/nic'" in said
    people.api.call("DELETE", path)
    assert people.api.call("DELETE", f"{COMPUTE}/virtualMachines/web").status_code == 202


def test_a_disk_that_would_go_with_a_machine_of_another_group_keeps_that_group(people: People) -> None:
    body = machine_body("web", people.api.nic("nic"))
    properties = body["properties"]
    assert isinstance(properties, dict)
    storage = properties["storageProfile"]
    assert isinstance(storage, dict)
    storage["dataDisks"] = [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": D}, "deleteOption": "Delete"}]
    other = f"{SUB}/resourceGroups/other"
    people.api.put(other, {"location": LOCATION})
    people.api.put(f"{other}/providers/Microsoft.Compute/virtualMachines/web", body)
    path = lock(people, D)

    assert "disks/d'" in refused(people.api.call("DELETE", other), 409, "ScopeLocked")

    people.api.call("DELETE", path)
    assert people.api.call("DELETE", other).status_code == 202


def test_who_may_not_do_it_is_not_told_that_it_is_locked(people: People) -> None:
    lock(people, LAB)
    people.with_role("reader", "Reader", SUB)

    refused(people.ask("reader", "DELETE", LAB), 403, "AuthorizationFailed")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (f"{D}/{LOCKS}/keep", {"properties": {"level": "Always"}}, 400, "InvalidParameter"),
        (f"{D}/{LOCKS}/keep", {}, 400, "InvalidParameter"),
        (f"{D}/{LOCKS}/keep", {"properties": {"level": "ReadOnly", "notes": "x" * 513}}, 400, "InvalidParameter"),
        (f"{D}/{LOCKS}/a%3Cb", {"properties": {"level": "ReadOnly"}}, 400, "InvalidResourceName"),
        (f"{COMPUTE}/disks/none/{LOCKS}/keep", {"properties": {"level": "ReadOnly"}}, 404, "ResourceNotFound"),
        (f"{LAB}2/{LOCKS}/keep", {"properties": {"level": "ReadOnly"}}, 404, "ResourceGroupNotFound"),
    ],
)
def test_what_is_no_lock_is_refused_by_name(people: People, path: str, body: Document, status: int, code: str) -> None:
    refused(people.api.call("PUT", path, body), status, code)
    assert people.api.get(f"{SUB}/{LOCKS}")["value"] == []


def test_a_template_locks_its_group_with_the_rights_of_whoever_deploys_it(people: People) -> None:
    people.with_role("maker", "Contributor", LAB)
    id = ResourceId.parse(f"{LAB}/{LOCKS}/keep")
    body: Document = {"properties": {"level": "CanNotDelete"}}

    def as_(name: str) -> Cloud:
        return replace(people.world.cloud, cause=Cause(people.callers[name], "Microsoft.Resources/deployments/write"))

    with pytest.raises(ApiError, match="locks/write"):
        ApiFront().put(as_("maker"), id, "2020-05-01", body)
    assert people.api.get(f"{SUB}/{LOCKS}")["value"] == []
    assert ApiFront().put(as_("good"), id, "2020-05-01", body).body["id"] == f"{LAB}/{LOCKS}/keep"
    assert ApiFront().get(as_("good"), id, "2020-05-01")["name"] == "keep"


def test_a_locked_group_keeps_no_principal_that_lies_beside_it(people: People) -> None:
    user = f"{SUB}/providers/Calco/users/ana"
    assert people.api.call("PUT", user, {"properties": {}}).status_code in (200, 201)
    kept = lock(people, LAB)

    assert people.api.call("DELETE", user).status_code in (200, 204)

    refused(people.api.call("DELETE", LAB), 409, "ScopeLocked")
    assert people.api.call("DELETE", kept).status_code == 200
