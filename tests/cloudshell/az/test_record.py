"""The API's JSON as the objects that scripts read, and back."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.cloudshell.az import record
from calco.cloudshell.az.record import Family, Shape, append, blank, camel, child, inner, members, read, text, write
from calco.cloudshell.az.shapes import COMPUTE, RESOURCES
from calco.cloudshell.values import Hashtable, Record, SecureString
from calco.model.document import Document, Json

GROUP = "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups/MyGroup"
MACHINE: Document = {
    "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web",
    "name": "web",
    "type": "Microsoft.Compute/virtualMachines",
    "location": "eastus",
    "tags": {"a": "b"},
    "properties": {
        "vmId": "00000000-0000-0000-0000-000000000001",
        "hardwareProfile": {"vmSize": "Standard_B1s"},
        "osProfile": {
            "computerName": "web",
            "adminUsername": "ada",
            "linuxConfiguration": {"ssh": {"publicKeys": [{"path": "/home/ada/.ssh/authorized_keys", "keyData": "k"}]}},
        },
        "storageProfile": {
            "osDisk": {"diskSizeGB": 30, "managedDisk": {"id": f"{GROUP}/x", "storageAccountType": "Premium_LRS"}},
            "dataDisks": [{"lun": 0, "managedDisk": {"id": "d0"}, "new": {"to": "us"}}],
        },
        "networkProfile": {"networkInterfaces": [{"id": "nic", "properties": {"primary": True}}]},
        "timeCreated": "2026-11-22T19:33:52.1234567+00:00",
        "somethingNew": {"kept": [1, 2, {"x": None}]},
        "provisioningState": "Succeeded",
    },
}


def machine() -> Record:
    return read(COMPUTE["PSVirtualMachine"], MACHINE)


def test_a_machine_is_read_with_the_names_of_az_and_without_properties() -> None:
    vm = machine()

    assert text(vm, "StorageProfile", "OsDisk", "ManagedDisk", "Id") == f"{GROUP}/x"
    assert text(vm, "storageprofile", "osdisk", "manageddisk", "ID") == f"{GROUP}/x", "names have no case"
    assert (text(vm, "ResourceGroupName"), text(vm, "OSProfile", "ComputerName")) == ("MyGroup", "web")
    assert isinstance(tags := vm.get("Tags"), Hashtable)
    assert tags.get("A") == "b"
    assert vm.get("TimeCreated") == datetime(2026, 11, 22, 19, 33, 52, 123456, UTC)
    assert vm.type == "Microsoft.Azure.Commands.Compute.Models.PSVirtualMachine"
    nested = inner(vm, "StorageProfile")
    assert nested is not None
    assert nested.type == "Microsoft.Azure.Management.Compute.Models.StorageProfile"
    assert "Properties" not in vm.members


def test_what_no_table_names_goes_back_as_it_came() -> None:
    assert write(machine()) == MACHINE


def test_a_change_goes_back_and_nothing_else_does() -> None:
    vm = machine()
    child(child(vm, "StorageProfile"), "OsDisk").members["DiskSizeGB"] = 64
    child(vm, "OSProfile").members["AdminPassword"] = SecureString("Secret-1234")
    vm.members["Tags"] = Hashtable.of({"a": "c"})
    append(child(vm, "StorageProfile"), "DataDisks", {"Lun": 1, "CreateOption": "Empty", "DiskSizeGB": 4})

    wanted = deepcopy(MACHINE)
    properties = wanted["properties"]
    assert isinstance(properties, dict)
    storage, profile = properties["storageProfile"], properties["osProfile"]
    assert isinstance(storage, dict)
    assert isinstance(profile, dict)
    os_disk, data = storage["osDisk"], storage["dataDisks"]
    assert isinstance(os_disk, dict)
    assert isinstance(data, list)
    os_disk["diskSizeGB"] = 64
    profile["adminPassword"] = "Secret-1234"
    wanted["tags"] = {"a": "c"}
    data.append({"lun": 1, "createOption": "Empty", "diskSizeGB": 4})
    assert write(vm) == wanted
    assert write(machine()) == MACHINE, "what was read first did not change"


def test_a_member_set_to_null_is_left_out() -> None:
    vm = machine()
    vm.members["OSProfile"] = None

    properties = write(vm)["properties"]

    assert isinstance(properties, dict)
    assert "osProfile" not in properties
    assert properties["somethingNew"] == {"kept": [1, 2, {"x": None}]}


def test_a_new_object_holds_every_name_and_sends_only_what_was_given() -> None:
    image = blank(COMPUTE["PSImage"], {"Location": "eastus", "HyperVGeneration": "V1"})
    child(image, "StorageProfile").members["ZoneResilient"] = False

    assert list(image.members)[:3] == ["ResourceGroupName", "SourceVirtualMachine", "StorageProfile"]
    assert write(image) == {
        "location": "eastus",
        "properties": {"hyperVGeneration": "V1", "storageProfile": {"zoneResilient": False}},
    }


def test_a_group_is_called_by_its_own_names() -> None:
    group = read(
        RESOURCES["PSResourceGroup"],
        {"id": GROUP, "name": "MyGroup", "location": "eastus", "properties": {"provisioningState": "Succeeded"}},
    )

    assert [text(group, each) for each in ("ResourceGroupName", "ResourceId", "ProvisioningState")] == [
        "MyGroup",
        GROUP,
        "Succeeded",
    ]


@pytest.mark.parametrize(
    ("name", "json"),
    [
        ("Id", "id"),
        ("OSProfile", "osProfile"),
        ("DiskSizeGB", "diskSizeGB"),
        ("VMAgent", "vmAgent"),
        ("VmSize", "vmSize"),
        ("IPAddress", "ipAddress"),
    ],
)
def test_the_names_of_json_follow_from_those_of_az(name: str, json: str) -> None:
    assert camel(name) == json


def test_every_shape_can_be_read_and_names_shapes_that_exist() -> None:
    for family in (COMPUTE, RESOURCES):
        for shape in family.shapes.values():
            for member in members(shape):
                assert not member.shape or family[member.shape]
    with pytest.raises(ValueError, match="not a member of a shape"):
        members(Shape("Id :Broken"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(["id", "name", "tags", "properties", "storageProfile", "osDisk", "dataDisks", "timeCreated"])
HOSTILE = st.recursive(JSON, lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=12)


@settings(max_examples=40)
@given(st.dictionaries(NAMES, HOSTILE, max_size=5))
def test_whatever_is_read_can_be_read_and_written(document: dict[str, Json]) -> None:
    written = write(read(COMPUTE["PSVirtualMachine"], document))

    assert write(read(COMPUTE["PSVirtualMachine"], written)) == written


def test_a_family_looks_in_the_one_beside_it() -> None:
    other = Family("Other.", {"Own": Shape("Id Disk:OSDisk")}, also=COMPUTE)

    made = read(other["Own"], {"id": "1", "disk": {"name": "os"}})

    assert made.type == "Other.Own"
    disk = inner(made, "Disk")
    assert disk is not None
    assert disk.type == "Microsoft.Azure.Management.Compute.Models.OSDisk"


def test_a_time_that_is_none_stays_a_word() -> None:
    assert record.parse_time("soon") is None
    assert read(COMPUTE["InstanceViewStatus"], {"time": "soon"}).get("Time") == "soon"
