"""Who may do what: lists, polls, what a body names beside its own. That every route is guarded: test_rights_walk."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from calco.arm.linked import LINKS
from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.ports import Reader, Records, Writer
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api, image_body, machine_body, nic_body
from tests.arm.people import AUTHORIZATION, OWNER_ID, People, refused
from tests.world import LOCATION, World

OTHER = f"{SUB}/resourceGroups/other"
DISK: Document = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    found.api.with_network()
    found.api.put(OTHER, {"location": LOCATION})
    return found


# --- what a role reaches ---------------------------------------------------------------------------------------------


def test_a_role_reaches_what_is_below_its_scope_and_nothing_beside_it(people: People) -> None:
    people.with_role("maker", "Contributor", LAB)

    made = people.ask("maker", "PUT", f"{COMPUTE}/disks/d", DISK)
    beside = people.ask("maker", "PUT", f"{LAB}2/providers/Microsoft.Compute/disks/d", DISK)

    assert made.status_code == 202
    said = refused(beside, 403, "AuthorizationFailed")
    caller = people.callers["maker"]
    assert said == (
        f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have authorization to perform "
        f"action 'Microsoft.Compute/disks/write' over scope '{LAB}2/providers/Microsoft.Compute/disks/d' or the scope "
        "is invalid. If access was recently granted, please refresh your credentials."
    )
    assert beside.headers["x-ms-failure-cause"] == "gateway"


def test_a_role_on_a_resource_reaches_what_is_nested_in_it(people: People) -> None:
    people.with_role("looker", "Reader", f"{NETWORK}/virtualNetworks/net")

    assert people.ask("looker", "GET", f"{NETWORK}/virtualNetworks/NET/subnets/default").status_code == 200
    refused(people.ask("looker", "GET", LAB), 403, "AuthorizationFailed")


def test_a_role_on_a_subnet_goes_with_the_subnet(people: People) -> None:
    subnet = f"{NETWORK}/virtualNetworks/net/subnets/more"
    people.api.put(subnet, {"properties": {"addressPrefix": "10.0.7.0/24"}})
    people.with_role("joiner", "Reader", subnet)
    assert people.ask("joiner", "GET", subnet).status_code == 200

    people.api.delete(subnet)
    people.api.put(subnet, {"properties": {"addressPrefix": "10.0.7.0/24"}})

    refused(people.ask("joiner", "GET", subnet), 403, "AuthorizationFailed")


def test_a_role_that_is_taken_away_is_gone_with_the_next_request(people: People) -> None:
    given = people.give(people.comes("maker"), "Contributor", LAB)
    assert people.ask("maker", "GET", LAB).status_code == 200

    assert people.api.call("DELETE", given).status_code == 200

    refused(people.ask("maker", "GET", LAB), 403, "AuthorizationFailed")


def test_a_role_goes_with_what_it_hangs_on(people: People) -> None:
    people.api.put(f"{COMPUTE}/disks/d", DISK)
    people.with_role("maker", "Owner", f"{COMPUTE}/disks/d")

    people.api.delete(f"{COMPUTE}/disks/d")
    people.api.put(f"{COMPUTE}/disks/d", DISK)

    refused(people.ask("maker", "GET", f"{COMPUTE}/disks/d"), 403, "AuthorizationFailed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{LAB}/{AUTHORIZATION}/roleAssignments/{'1' * 8}-0000-4000-8000-000000000000", {}),
        (f"{LAB}/{AUTHORIZATION}/locks/mine", {"properties": {"level": "ReadOnly"}}),
        (f"{SUB}/providers/Calco/users/me", {}),
    ],
    ids=["give a role", "lock", "make a user"],
)
def test_a_contributor_says_not_who_else_may(people: People, path: str, body: Document) -> None:
    people.with_role("maker", "Contributor", SUB)

    refused(people.ask("maker", "PUT", path, body), 403, "AuthorizationFailed")


@dataclass
class Counted:
    """``ports.Records`` that counts how often it is looked into."""

    records: Records
    looks: int = 0

    def read(self) -> AbstractContextManager[Reader]:
        self.looks += 1
        return self.records.read()

    def write(self) -> AbstractContextManager[Writer]:
        return self.records.write()


def test_the_owner_is_looked_up_nowhere_and_others_once(people: People) -> None:
    people.with_role("looker", people.role("Looks", "*/read"), SUB)
    counted = Counted(people.world.cloud.records)
    people.world.cloud = replace(people.world.cloud, records=counted)
    people.api = Api(people.world, check=people.check)

    looks = {}
    for who in ("good", "looker"):
        counted.looks = 0
        assert people.ask(who, "GET", LAB).status_code == 200
        looks[who] = counted.looks

    assert looks["looker"] == looks["good"] + 1


# --- lists -----------------------------------------------------------------------------------------------------------


def test_lists_show_what_the_caller_may_read_and_nothing_else(people: People) -> None:
    for group, name in ((LAB, "a"), (LAB, "b"), (OTHER, "c")):
        people.api.put(f"{group}/providers/Microsoft.Compute/disks/{name}", DISK)
    people.with_role("one", "Reader", f"{COMPUTE}/disks/a")
    people.with_role("group", "Reader", LAB)
    people.with_role("all", "Reader", SUB)
    disks = f"{SUB}/providers/Microsoft.Compute/disks"

    assert people.sees("one", disks) == people.sees("one", f"{COMPUTE}/disks") == ["a"]
    assert people.sees("group", disks) == ["a", "b"]
    assert people.sees("all", disks) == ["a", "b", "c"]
    assert people.sees("group", f"{SUB}/resourceGroups") == ["lab"]
    refused(people.ask("group", "GET", f"{OTHER}/providers/Microsoft.Compute/disks"), 403, "AuthorizationFailed")


def test_a_list_of_every_type_shows_each_to_who_may_read_its_type(people: People) -> None:
    people.api.put(f"{COMPUTE}/disks/a", DISK)
    only = people.role("Disks", "Microsoft.Compute/disks/read")
    people.with_role("one", only, LAB)

    answer = people.ask("one", "GET", f"{SUB}/resources")

    if answer.status_code != 404:
        assert [each["name"] for each in answer.json()["value"]] == ["a"]


def test_pages_are_counted_without_what_the_caller_may_not_read(people: People) -> None:
    for group in (LAB, OTHER):
        for name in ("a", "b", "c"):
            people.api.put(f"{group}/providers/Microsoft.Compute/disks/{name}", DISK)
    people.with_role("one", "Reader", f"{OTHER}/providers/Microsoft.Compute/disks/c")
    disks = "$filter=resourceType%20eq%20'Microsoft.Compute/disks'"

    for query in (f"$top=1&{disks}", f"$top=1&{disks}%20and%20resourceGroup%20eq%20'lab'"):
        answer = people.ask("one", "GET", f"{SUB}/resources?{query}")
        assert [each["name"] for each in answer.json()["value"]] == ([] if "lab" in query else ["c"])
        assert "nextLink" not in answer.json()
        assert "nextLink" in people.ask("good", "GET", f"{SUB}/resources?{query}").json()


def test_whoever_holds_nothing_sees_no_subscription(people: People) -> None:
    people.comes("nobody")
    people.with_role("somebody", "Reader", LAB)

    nothing = people.ask("nobody", "GET", "/subscriptions")

    assert nothing.json() == {"value": [], "count": {"type": "Total", "value": 0}}
    assert people.ask("somebody", "GET", "/subscriptions").json()["count"]["value"] == 1
    assert people.ask("somebody", "GET", SUB).status_code == 200
    assert people.ask("nobody", "GET", "/tenants").status_code == 200
    refused(people.ask("nobody", "GET", SUB), 403, "AuthorizationFailed")
    refused(people.ask("nobody", "GET", f"{SUB}/resourceGroups"), 403, "AuthorizationFailed")


# --- polls -----------------------------------------------------------------------------------------------------------


def test_an_operation_is_shown_to_who_began_it_and_to_who_may_read_what_it_is_about(people: People) -> None:
    writer = people.role("Writer", "Microsoft.Compute/disks/write")
    people.with_role("maker", writer, LAB)  # may write and not read
    people.with_role("looker", "Reader", f"{LAB}")
    people.with_role("stranger", "Owner", OTHER)
    answer = people.ask("maker", "PUT", f"{COMPUTE}/disks/d", DISK)
    people.world.drive()

    for url in (answer.headers["Azure-AsyncOperation"], answer.headers["Location"]):
        assert people.ask("maker", "GET", url).status_code == 200
        assert people.ask("looker", "GET", url).status_code == 200
        refused(people.ask("stranger", "GET", url), 403, "AuthorizationFailed")


def test_a_signed_url_is_shown_to_no_reader_who_finds_the_operation(people: People) -> None:
    people.api.put(f"{COMPUTE}/disks/d", DISK)
    people.with_role("maker", "Contributor", LAB)
    people.with_role("another", "Contributor", LAB)
    people.with_role("reader", "Reader", SUB)
    asked = {"access": "Read", "durationInSeconds": 100}
    answer = people.ask("maker", "POST", f"{COMPUTE}/disks/d/beginGetAccess", asked)
    people.world.drive()

    for url in (answer.headers["Azure-AsyncOperation"], answer.headers["Location"]):
        said = refused(people.ask("reader", "GET", url), 403, "AuthorizationFailed")
        assert f"'Microsoft.Compute/disks/beginGetAccess/action' over scope '{COMPUTE}/disks/d'" in said
        for who in ("maker", "another", "good"):
            assert "sig=" in people.ask(who, "GET", url).text


def test_the_deletion_of_a_group_can_be_watched_by_who_began_it(people: People) -> None:
    people.with_role("maker", "Contributor", OTHER)
    people.with_role("stranger", "Owner", LAB)

    url = people.ask("maker", "DELETE", OTHER).headers["Location"]

    assert people.ask("maker", "GET", url).status_code == 202
    refused(people.ask("stranger", "GET", url), 403, "AuthorizationFailed")
    people.world.drive()
    assert people.ask("maker", "GET", url).status_code == 200  # though his role went with the group


# --- what a body names beside its own --------------------------------------------------------------------------------


def _furnished(people: People) -> Mapping[str, str]:
    """Everything a body may name, in a group where the maker may do nothing."""
    api = people.api
    source = api.generalized("source")
    api.image("image", source)
    api.put(f"{COMPUTE}/disks/disk", DISK)
    api.put(f"{COMPUTE}/snapshots/snapshot", _copy_of(f"{COMPUTE}/disks/disk"))
    api.put(f"{NETWORK}/publicIPAddresses/address", {"location": LOCATION})
    api.put(f"{NETWORK}/networkSecurityGroups/security", {"location": LOCATION})
    api.put(f"{COMPUTE}/availabilitySets/set", {"location": LOCATION, "sku": {"name": "Aligned"}})
    api.put(f"{LAB}/providers/Microsoft.Storage/storageAccounts/vhds", ACCOUNT)
    return {
        "Microsoft.Compute/virtualMachines": source,
        "Microsoft.Compute/images": f"{COMPUTE}/images/image",
        "Microsoft.Compute/disks": f"{COMPUTE}/disks/disk",
        "Microsoft.Compute/snapshots": f"{COMPUTE}/snapshots/snapshot",
        "Microsoft.Compute/availabilitySets": f"{COMPUTE}/availabilitySets/set",
        "Microsoft.Network/networkInterfaces": api.nic("nic"),
        "Microsoft.Network/publicIPAddresses": f"{NETWORK}/publicIPAddresses/address",
        "Microsoft.Network/networkSecurityGroups": f"{NETWORK}/networkSecurityGroups/security",
        "Microsoft.Network/virtualNetworks/subnets": f"{NETWORK}/virtualNetworks/net/subnets/default",
        "Microsoft.Storage/storageAccounts": f"{LAB}/providers/Microsoft.Storage/storageAccounts/vhds",
    }


ACCOUNT: Document = {"location": LOCATION, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


def _copy_of(id: str) -> Document:
    return {"location": LOCATION, "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": id}}}


def test_what_a_body_names_takes_a_right_of_its_own(people: People) -> None:
    there = _furnished(people)
    everything = people.role("All but links", "*", but=tuple({each for row in LINKS.values() for each in row.values()}))
    people.with_role("maker", "Contributor", OTHER)
    people.give(people.callers["maker"].object_id, everything, LAB)
    before = _resources(people)

    for written, row in LINKS.items():
        for named, action in row.items():
            path = _place(written)
            body = {"location": LOCATION, "properties": {"Deep": [{"ID": there[named].replace("/lab/", "/LAB/")}]}}

            said = refused(people.ask("maker", "PUT", path, body), 403, "LinkedAuthorizationFailed")

            assert f"has permission to perform action '{written}/write' on scope '{path}'; however, it" in said
            assert f"does not have permission to perform action(s) '{action}' on the linked scope(s) '" in said
            assert said.endswith("' (respectively) or the linked scope(s) are invalid.")
    assert _resources(people) == before


USED_BY = {
    "disks": "disks/beginGetAccess/action snapshots/beginGetAccess/action images/read storageAccounts/listKeys/action",
    "images": (
        "virtualMachines/capture/action disks/beginGetAccess/action snapshots/beginGetAccess/action "
        "storageAccounts/listKeys/action"
    ),
    "networkInterfaces": (
        "virtualNetworks/subnets/join/action networkSecurityGroups/join/action publicIPAddresses/join/action"
    ),
    "snapshots": "disks/beginGetAccess/action snapshots/beginGetAccess/action storageAccounts/listKeys/action",
    "virtualMachines": (
        "virtualNetworks/subnets/join/action networkSecurityGroups/join/action publicIPAddresses/join/action "
        "networkInterfaces/join/action disks/write images/read availabilitySets/write storageAccounts/listKeys/action"
    ),
    "virtualNetworks": "networkSecurityGroups/join/action",
    "virtualNetworks/subnets": "networkSecurityGroups/join/action",
}
"""By the type that is written, what it takes to name others in it, all without providers."""


def test_no_right_on_what_a_body_names_is_forgotten() -> None:
    """Written out once more: a test that walks the table does not see that a row is gone."""
    found = {
        written.partition("/")[2]: {action.partition("/")[2] for action in row.values()}
        for written, row in LINKS.items()
    }

    assert found == {written: set(actions.split()) for written, actions in USED_BY.items()}
    for row in LINKS.values():
        assert all(action.startswith(f"{named}/") for named, action in row.items())


def _place(type: str) -> str:
    namespace, *types = type.split("/")
    return f"{OTHER}/providers/{namespace}/" + "/".join(f"{each}/new" for each in types)


def _resources(people: People) -> Any:
    with people.world.records.read() as view:
        return [view.in_group(ResourceId.parse(each)) for each in (LAB, OTHER)]


@pytest.mark.parametrize("spell", [str.upper, lambda it: it[1:], lambda it: it.replace("/", "/" * 500)])
def test_what_a_body_names_takes_its_right_however_it_is_spelt(people: People, spell: Callable[[str], str]) -> None:
    people.with_role("maker", "Contributor", OTHER)
    network = f"{OTHER}/providers/Microsoft.Network"
    subnet: Document = {"id": spell(f"{NETWORK}/virtualNetworks/net/subnets/default")}
    configuration: Document = {"name": "primary", "properties": {"subnet": subnet}}
    body: Document = {"location": LOCATION, "properties": {"ipConfigurations": [configuration]}}

    answer = people.ask("maker", "PUT", f"{network}/networkInterfaces/nic", body)

    refused(answer, 403, "LinkedAuthorizationFailed")
    assert people.sees("good", f"{network}/networkInterfaces") == []


def test_with_the_right_on_what_is_named_it_is_used(people: People) -> None:
    people.with_role("maker", "Contributor", OTHER)
    nic = f"{OTHER}/providers/Microsoft.Network/networkInterfaces/nic"
    refused(people.ask("maker", "PUT", nic, nic_body()), 403, "LinkedAuthorizationFailed")

    joins = people.role("Joins", "Microsoft.Network/virtualNetworks/subnets/join/action")
    people.give(people.callers["maker"].object_id, joins, f"{NETWORK}/virtualNetworks/net")

    assert people.ask("maker", "PUT", nic, nic_body()).status_code == 201


@pytest.mark.parametrize("going", [OTHER, f"{OTHER}/providers/Microsoft.Compute/virtualMachines/web"])
def test_a_machine_takes_nothing_along_that_its_deleter_may_not_delete(people: People, going: str) -> None:
    disk, machine = f"{COMPUTE}/disks/d", f"{OTHER}/providers/Microsoft.Compute/virtualMachines/web"
    people.api.put(disk, DISK)
    nic = f"{OTHER}/providers/Microsoft.Network/networkInterfaces/nic"
    people.api.put(nic, nic_body())
    body = machine_body("web", nic)
    properties = body["properties"]
    assert isinstance(properties, dict)
    storage = properties["storageProfile"]
    assert isinstance(storage, dict)
    storage["dataDisks"] = [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": disk}, "deleteOption": "Delete"}]
    people.with_role("maker", "Contributor", OTHER)
    uses = people.role("Uses", "Microsoft.Compute/disks/write")
    people.give(people.callers["maker"].object_id, uses, disk)
    assert people.ask("maker", "PUT", machine, body).status_code == 201
    people.world.drive()

    said = refused(people.ask("maker", "DELETE", going), 403, "LinkedAuthorizationFailed")

    assert "'Microsoft.Compute/disks/delete'" in said
    assert people.api.get(machine)["name"] == "web"
    deletes = people.role("Deletes", "Microsoft.Compute/disks/delete")
    people.give(people.callers["maker"].object_id, deletes, disk)
    assert people.ask("maker", "DELETE", going).status_code == 202


def test_a_machine_contributor_makes_machines_in_anothers_network_and_of_no_image_of_anothers(people: People) -> None:
    there = _furnished(people)
    people.with_role("maker", "Virtual Machine Contributor", SUB)
    nic = f"{OTHER}/providers/Microsoft.Network/networkInterfaces/nic"
    machine = f"{OTHER}/providers/Microsoft.Compute/virtualMachines/web"

    assert people.ask("maker", "PUT", nic, nic_body()).status_code == 201
    people.world.drive()
    image: Document = {"id": there["Microsoft.Compute/images"]}
    said = refused(
        people.ask("maker", "PUT", machine, machine_body("web", nic, image)), 403, "LinkedAuthorizationFailed"
    )
    assert "'Microsoft.Compute/images/read'" in said
    assert people.ask("maker", "PUT", machine, machine_body("web", nic)).status_code == 201


def test_a_blobs_address_takes_the_right_to_its_accounts_keys(people: People) -> None:
    _furnished(people)
    people.with_role("maker", "Contributor", OTHER)
    uri = f"{people.world.rules.blob_url}/vhds/disks/golden.vhd"
    disk = {"osType": "Linux", "osState": "Generalized", "blobUri": uri}
    body = {"location": LOCATION, "properties": {"storageProfile": {"osDisk": disk}, "hyperVGeneration": "V1"}}

    for spelled in (
        uri,
        uri.replace("localhost", "127.0.0.1"),
        f"{uri}?sig=x",
        "https://vhds.blob.core.windows.net/disks/g.vhd",
    ):
        disk["blobUri"] = spelled
        answer = people.ask("maker", "PUT", f"{OTHER}/providers/Microsoft.Compute/images/i", body)

        said = refused(answer, 403, "LinkedAuthorizationFailed")
        assert "'Microsoft.Storage/storageAccounts/listKeys/action'" in said


def test_tags_name_nothing(people: People) -> None:
    there = _furnished(people)
    people.with_role("maker", "Contributor", OTHER)
    body: Document = {**DISK, "tags": {"made-from": there["Microsoft.Compute/images"]}}

    assert people.ask("maker", "PUT", f"{OTHER}/providers/Microsoft.Compute/disks/d", body).status_code == 202


def test_a_body_that_repeats_its_own_id_takes_no_right_beside_that_to_write(people: People) -> None:
    disk = f"{COMPUTE}/disks/d"
    people.api.put(disk, DISK)
    people.give(people.comes("maker"), people.role("Writes", "Microsoft.Compute/disks/write"), LAB)

    assert people.ask("maker", "PUT", disk, {**DISK, "id": disk.upper()}).status_code in (200, 202)


def test_who_may_not_write_the_resource_learns_nothing_of_what_it_names(people: People) -> None:
    there = _furnished(people)
    people.comes("nobody")
    body = image_body(there["Microsoft.Compute/virtualMachines"])

    refused(people.ask("nobody", "PUT", f"{COMPUTE}/images/i", body), 403, "AuthorizationFailed")


def test_the_owner_is_named_in_the_list_of_roles_and_cannot_be_unmade(people: People) -> None:
    (shown,) = people.api.get(f"{SUB}/{AUTHORIZATION}/roleAssignments")["value"]
    assert shown["properties"]["principalId"] == OWNER_ID
    assert shown["properties"]["roleDefinitionId"].endswith("8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
    assert people.api.get(shown["id"]) == shown

    said = refused(people.api.call("DELETE", shown["id"]), 409, "OperationNotAllowed")

    assert "calco env" in said
    assert people.api.get(f"{SUB}/{AUTHORIZATION}/roleAssignments")["value"] == [shown]
