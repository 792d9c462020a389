"""Groups, resources, regions and commands in guests from the Cloud Shell."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from textwrap import dedent
from typing import BinaryIO

import pytest

from calco.cloudshell import reach
from calco.cloudshell.az import location, resource, resource_group, run_command, virtual_machine
from calco.cloudshell.builtin import format as formatting
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, Json
from calco.page_transfer import Extent
from calco.signed_url import Resource
from tests.cloudshell.az.bench import Bench, table
from tests.cloudshell.world import SUBSCRIPTION

ROOT = f"/subscriptions/{SUBSCRIPTION}"
LAB = f"{ROOT}/resourceGroups/lab"
WEB = f"{LAB}/providers/Microsoft.Compute/virtualMachines/web"


@pytest.fixture
def bench() -> Bench:
    modules = (location, resource, resource_group, run_command, virtual_machine)
    made = Bench(tuple(each.MODULE for each in modules))
    made.host.width = 200
    made.api.put(LAB, {"location": "eastus", "tags": {"team": "lab"}, "properties": {"provisioningState": "Succeeded"}})
    return made


def names(found: list[Value]) -> list[object]:
    return [each.get("ResourceGroupName") or each.get("Name") for each in found if isinstance(each, Record)]


# --- groups ----------------------------------------------------------------------------------------------------------


def test_a_group_is_shown_with_its_tags_as_a_small_table(bench: Bench) -> None:
    lines = bench.shown(*bench.run("Get-AzResourceGroup", "lab")).strip("\n").splitlines()

    wanted = f"""
        ResourceGroupName : lab
        Location          : eastus
        ProvisioningState : Succeeded
        Tags              :
                            Name  Value
                            ====  =====
                            team  lab

        ResourceId        : {LAB}
    """
    assert [line.rstrip() for line in lines] == dedent(wanted).strip("\n").splitlines()


def test_groups_are_found_by_pattern_region_and_tag(bench: Bench) -> None:
    bench.api.put(f"{ROOT}/resourceGroups/web1", {"location": "westus"})

    assert names(bench.run("Get-AzResourceGroup")) == ["lab", "web1"]
    assert names(bench.run("Get-AzResourceGroup", "WEB*")) == ["web1"]
    assert names(bench.run("Get-AzResourceGroup", Location="East US")) == ["lab"]
    assert names(bench.run("Get-AzResourceGroup", Tag=table(TEAM="lab"))) == ["lab"]
    assert names(bench.run("Get-AzResourceGroup", Tag=table(team="x"))) == []
    assert names(bench.run("Get-AzResourceGroup", Id=LAB)) == ["lab"]


def test_a_group_that_is_there_is_replaced_only_when_someone_says_so(bench: Bench) -> None:
    bench.run("New-AzResourceGroup", "new", "eastus", Tag=table(a="b"))
    bench.host.answers = ["n"]
    assert bench.run("New-AzResourceGroup", Name="lab", Location="eastus") == []
    bench.run("New-AzResourceGroup", Name="lab", Location="eastus", Force=True)

    puts = [each for each in bench.api.asked if each.method == "PUT"]
    assert [(each.path, each.body) for each in puts] == [
        (f"{ROOT}/resourceGroups/new", {"location": "eastus", "tags": {"a": "b"}}),
        (LAB, {"location": "eastus"}),
    ]


def test_removing_a_group_asks_and_says_true(bench: Bench) -> None:
    bench.host.answers = ["n"]
    assert bench.run("Remove-AzResourceGroup", "lab") == []
    assert bench.api.changes() == []

    groups = bench.run("Get-AzResourceGroup", "lab")
    assert bench.run("Remove-AzResourceGroup", input=groups, Force=True) == [True]
    assert bench.api.changes() == [("DELETE", LAB)]


def test_a_group_gets_other_tags_or_none(bench: Bench) -> None:
    bench.run("Set-AzResourceGroup", "lab", table(a="1"))
    bench.run("Set-AzResourceGroup", Id=LAB, Tag=table())

    assert [each.body for each in bench.api.asked] == [{"tags": {"a": "1"}}, {"tags": {}}]


# --- resources -------------------------------------------------------------------------------------------------------


def test_resources_are_found_by_group_type_name_and_tag(bench: Bench) -> None:
    def listed(group: str, type: str, name: str, **tags: Json) -> Document:
        id = f"{ROOT}/resourceGroups/{group}/providers/{type}/{name}"
        return {"id": id, "name": name, "type": type, "location": "eastus", "tags": tags}

    image, machine = "Microsoft.Compute/images", "Microsoft.Compute/virtualMachines"
    every: list[Json] = [
        listed("lab", image, "golden", a="b"),
        listed("lab", machine, "web"),
        listed("old", image, "silver"),
    ]
    bench.api.when("LIST", f"{ROOT}/resources", {"value": every})
    bench.api.when("LIST", f"{LAB}/resources", {"value": every[:2]})

    def found(**given: Value) -> list[object]:
        return [each.get("Name") for each in bench.run("Get-AzResource", **given) if isinstance(each, Record)]

    assert found() == ["golden", "web", "silver"]
    assert found(ResourceGroupName="lab") == ["golden", "web"]
    assert found(ResourceGroupName="o*") == ["silver"]
    assert found(ResourceType="microsoft.compute/IMAGES") == ["golden", "silver"]
    assert found(Name="*o*", ResourceType="*images") == ["golden"]
    assert found(Tag=table(a=None)) == ["golden"]
    assert found(TagName="A", TagValue="b") == found(TagName="a") == found(TagValue="b") == ["golden"]
    assert found(TagName="a", TagValue="c") == found(TagName="b") == []
    shown = [line.rstrip() for line in bench.shown(*bench.run("Get-AzResource", Name="web")).strip().splitlines()]
    assert shown == [
        "Name              : web",
        "ResourceGroupName : lab",
        "ResourceType      : Microsoft.Compute/virtualMachines",
        "Location          : eastus",
        f"ResourceId        : {WEB}",
        "Tags              :",
    ]


def test_a_resource_in_a_table_has_four_columns() -> None:
    bench = Bench((resource.MODULE, formatting.MODULE))
    bench.api.put(WEB, {"id": WEB, "name": "web", "type": "Microsoft.Compute/images", "location": "eastus"})
    found = bench.run("Get-AzResource", ResourceId=WEB)

    lines = bench.shown(*bench.run("Format-Table", InputObject=found[0])).strip().splitlines()

    assert [line.split() for line in lines] == [
        ["Name", "ResourceGroupName", "ResourceType", "Location"],
        ["----", "-----------------", "------------", "--------"],
        ["web", "lab", "Microsoft.Compute/images", "eastus"],
    ]


def test_a_resource_is_given_other_tags(bench: Bench) -> None:
    bench.api.put(WEB, {"name": "web", "tags": {"a": "b"}})

    [made] = bench.run("Set-AzResource", ResourceId=WEB, Tag=table(a="c"), Force=True)
    bench.run("Set-AzResource", ResourceId=WEB, Tag=table(a="d"), WhatIf=True)

    assert isinstance(made, Record)
    assert made.get("Name") == "web"
    assert bench.api.changes() == [("PUT", f"{WEB}/providers/Microsoft.Resources/tags/default")]


def test_a_resource_is_removed_by_id_or_by_its_names(bench: Bench) -> None:
    subnet = f"{LAB}/providers/Microsoft.Network/virtualNetworks/net/subnets/back"
    named: dict[str, Value] = {"ResourceGroupName": "lab", "ResourceType": "Microsoft.Network/virtualNetworks/subnets"}

    assert bench.run("Remove-AzResource", ResourceId=WEB, Force=True) == [True]
    assert bench.run("Remove-AzResource", Name="net/back", Force=True, **named) == [True]
    assert bench.run("Remove-AzResource", Name="net", Force=True, **named) == []

    assert bench.api.changes() == [("DELETE", WEB), ("DELETE", subnet)]
    assert "has 2 names" in bench.reported[0].message


# --- regions ---------------------------------------------------------------------------------------------------------


def test_regions_say_what_they_have(bench: Bench) -> None:
    bench.api.when("LIST", f"{ROOT}/locations", {"value": [{"name": "eastus", "displayName": "East US"}]})
    bench.api.when("LIST", f"{ROOT}/providers", {"value": [{"namespace": "Microsoft.Compute"}]})

    found = bench.one("Get-AzLocation")

    assert (found.get("Location"), found.get("DisplayName")) == ("eastus", "East US")
    assert found.get("Providers") == ["Microsoft.Compute"]


def test_sizes_and_usage_are_tables_of_numbers(bench: Bench) -> None:
    there = f"{ROOT}/providers/Microsoft.Compute/locations/eastus"
    size: Document = {"name": "Standard_B1s", "numberOfCores": 1, "memoryInMB": 1024, "maxDataDiskCount": 2}
    bench.api.when("LIST", f"{there}/vmSizes", {"value": [size]})
    bench.api.when("LIST", f"{WEB}/vmSizes", {"value": [size, size]})
    usage: Document = {
        "name": {"value": "cores", "localizedValue": "Total vCPUs"},
        "currentValue": 3,
        "limit": 4,
        "unit": "Count",
    }
    bench.api.when("LIST", f"{there}/usages", {"value": [usage]})

    assert bench.shown(*bench.run("Get-AzVMSize", "East US")).strip().splitlines()[-1].split() == [
        "Standard_B1s",
        "1",
        "1024",
        "2",
    ]
    assert len(bench.run("Get-AzVMSize", ResourceGroupName="lab", VMName="web")) == 2
    assert bench.shown(*bench.run("Get-AzVMUsage", "eastus")).strip().splitlines() == [
        "Name        Current Value Limit Unit",
        "----        ------------- ----- ----",
        "Total vCPUs             3     4 Count",
    ]


# --- commands --------------------------------------------------------------------------------------------------------


@dataclass
class Folder:
    """Files of a terminal's machine."""

    held: dict[str, bytes] = field(default_factory=dict)

    @contextmanager
    def whole(self, path: str) -> Iterator["Held"]:
        if path not in self.held:
            raise reach.NoFile(f"There is no file '{path}'.")
        yield Held(self.held[path])

    disk = whole

    @contextmanager
    def new(self, path: str, *, replace: bool) -> Iterator[BinaryIO]:
        assert replace
        written = BytesIO()
        yield written
        self.held[path] = written.getvalue()

    def full_name(self, path: str) -> str:
        return f"/{path}"


@dataclass
class Held:
    data: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]

    def extents(self, offset: int, length: int) -> list[Extent]:
        raise NotImplementedError


def unreachable(_url: str) -> Resource:
    raise NotImplementedError


def test_what_a_guest_printed_is_given_and_shown(bench: Bench) -> None:
    printed: Document = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Done",
        "message": "[stdout]\nhi",
    }
    bench.api.when("POST", f"{WEB}/runCommand", {"value": [printed]})

    result = bench.one(
        "Invoke-AzVMRunCommand", "lab", "web", CommandId="RunShellScript", ScriptString="echo $who\r\nid",
        Parameter=table(who="me"),
    )  # fmt: skip

    assert bench.api.asked[-1].body == {
        "commandId": "RunShellScript",
        "script": ["echo $who", "id"],
        "parameters": [{"name": "who", "value": "me"}],
    }
    wanted = """
        Value[0]        :
          Code          : ProvisioningState/succeeded
          Level         : Info
          DisplayStatus : Done
          Message       : [stdout]
        hi
        Status          : Succeeded
        Capacity        : 0
        Count           : 0
    """
    assert [line.rstrip() for line in bench.shown(result).strip("\n").splitlines()] == (
        dedent(wanted).strip().splitlines()
    )


def test_a_script_comes_from_a_file_where_there_are_files(bench: Bench) -> None:
    command: dict[str, Value] = {"ResourceGroupName": "lab", "VMName": "web", "CommandId": "RunShellScript"}
    bench.api.when("POST", f"{WEB}/runCommand", {})
    reach.give(bench.state, reach.Reach(unreachable))
    assert bench.run("Invoke-AzVMRunCommand", ScriptPath="a.sh", **command) == []
    assert "it runs in the portal" in bench.reported[-1].message

    large = b"#" * (run_command.SCRIPT_BYTES_MAX + 1)
    folder = Folder({"a.sh": b"id\n", "b.bin": b"\xff\xfe\x00", "large.sh": large})
    reach.give(bench.state, reach.Reach(unreachable, folder))
    bench.run("Invoke-AzVMRunCommand", ScriptPath="a.sh", **command)
    assert "'script': ['id', '']" in str(bench.api.asked[-1].body)

    for given, said in (
        ({"ScriptPath": "none.sh"}, "There is no file"),
        ({"ScriptPath": "b.bin"}, "holds no text"),
        ({"ScriptPath": "large.sh"}, "too large"),
        ({"ScriptPath": "a.sh", "ScriptString": "id"}, "not both"),
        ({}, "nothing to run"),
    ):
        assert bench.run("Invoke-AzVMRunCommand", **command, **given) == []
        assert said in bench.reported[-1].message
    assert len(bench.api.asked) == 1


def test_a_machine_of_blobs_is_captured_and_its_template_kept(bench: Bench) -> None:
    bench.api.when("POST", f"{WEB}/capture", {"resources": []})
    folder = Folder()
    reach.give(bench.state, reach.Reach(unreachable, folder))

    done = bench.one(
        "Save-AzVMImage", "lab", "web", DestinationContainerName="images", VHDNamePrefix="g", Path="t.json"
    )

    assert bench.api.asked[-1].body == {
        "vhdPrefix": "g",
        "destinationContainerName": "images",
        "overwriteVhds": False,
    }
    assert folder.held["t.json"] == b'{\n  "resources": []\n}'
    assert done.get("Output") == '{\n  "resources": []\n}'
