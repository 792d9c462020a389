"""Availability sets, tags, the activity log, and the encryption that calco does not have."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from calco.cloudshell.az import activity, availability_set, encryption, tag
from calco.cloudshell.values import Hashtable, Record, Value
from calco.model.document import Document
from tests.cloudshell.az.bench import Bench, table
from tests.cloudshell.world import SUBSCRIPTION

COMPUTE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Compute"
MACHINE = f"{COMPUTE}/virtualMachines/web1"
SET = f"{COMPUTE}/availabilitySets/set1"
WEB1: dict[str, Value] = {"ResourceGroupName": "lab", "VMName": "web1"}


@pytest.fixture
def bench() -> Bench:
    bench = Bench((activity.MODULE, availability_set.MODULE, encryption.MODULE, tag.MODULE))
    bench.api.put(MACHINE, {"location": "westeurope"})
    return bench


# --- encryption ------------------------------------------------------------------------------------------------------


def test_no_machine_is_encrypted(bench: Bench) -> None:
    shown = bench.shown(*bench.run("Get-AzVMDiskEncryptionStatus", "lab", "web1"))
    assert [line.rstrip() for line in shown.strip().splitlines()] == [
        "OsVolumeEncrypted          : NotEncrypted",
        "DataVolumesEncrypted       : NotEncrypted",
        "OsVolumeEncryptionSettings :",
        "ProgressMessage            : No Encryption extension or metadata found on the VM",
    ]


@pytest.mark.parametrize(
    ("cmdlet", "nothing"),
    [
        ("Disable-AzVMDiskEncryption", "there is nothing to disable"),
        ("Remove-AzVMDiskEncryptionExtension", "there is nothing to remove"),
    ],
)
def test_what_would_end_encryption_is_refused_in_one_sentence(bench: Bench, cmdlet: str, nothing: str) -> None:
    assert bench.run(cmdlet, **WEB1, Force=True) == []
    (fault,) = bench.reported
    assert nothing in fault.message
    assert "calco has no Azure Disk Encryption" in fault.message
    assert bench.run(cmdlet, **WEB1, WhatIf=True) == []
    assert len(bench.reported) == 1
    assert bench.api.changes() == []


def test_of_a_machine_that_is_not_there_that_is_said_instead(bench: Bench) -> None:
    bench.run("Get-AzVMDiskEncryptionStatus", "lab", "web9")
    bench.run("Disable-AzVMDiskEncryption", "lab", "web9", Force=True)
    assert [each.status for each in bench.reported] == [404, 404]


# --- availability sets -----------------------------------------------------------------------------------------------


def test_a_set_is_made_changed_and_removed(bench: Bench) -> None:
    made = bench.one("New-AzAvailabilitySet", "lab", "set1", "westeurope", 5, 2, Sku="aligned")
    bench.run("Update-AzAvailabilitySet", made, Tag=table(team="lab"))
    (removed,) = bench.run("Remove-AzAvailabilitySet", "lab", "set1", Force=True)
    put, patch, delete = [each for each in bench.api.asked if each.method not in ("GET", "LIST")]
    assert put.body == {
        "location": "westeurope",
        "sku": {"name": "Aligned"},
        "properties": {"platformUpdateDomainCount": 5, "platformFaultDomainCount": 2},
    }
    assert (patch.method, patch.path, patch.body) == ("PATCH", SET, {"tags": {"team": "lab"}})
    assert delete.path == SET
    assert isinstance(removed, Record)
    assert removed.get("IsSuccessStatusCode") is True


# --- tags ------------------------------------------------------------------------------------------------------------


def test_tags_of_one_resource_are_replaced_merged_and_taken_away(bench: Bench) -> None:
    where = f"{MACHINE}/providers/Microsoft.Resources/tags/default"
    answer: Document = {"id": where, "name": "default", "type": "Microsoft.Resources/tags",
                        "properties": {"tags": {"team": "lab"}}}  # fmt: skip
    for method in ("PUT", "PATCH", "GET"):
        bench.api.when(method, where, answer)
    bench.run("New-AzTag", MACHINE, table(team="lab"))
    bench.run("Update-AzTag", MACHINE, table(old=""), "delete")
    bench.run("Remove-AzTag", ResourceId=MACHINE)
    found = bench.one("Get-AzTag", ResourceId=MACHINE)
    bodies = [(each.method, each.body) for each in bench.api.asked]
    assert bodies[:3] == [
        ("PUT", {"properties": {"tags": {"team": "lab"}}}),
        ("PATCH", {"operation": "Delete", "properties": {"tags": {"old": ""}}}),
        ("DELETE", None),
    ]
    properties = found.get("Properties")
    assert isinstance(properties, Record)
    held = properties.get("TagsProperty")
    assert isinstance(held, Hashtable)
    assert held.get("team") == "lab"
    assert "team  lab" in bench.shown(found)


def test_names_in_use_are_counted(bench: Bench) -> None:
    bench.api.when("LIST", f"/subscriptions/{SUBSCRIPTION}/tagNames", {"value": [
        {"tagName": "team", "count": {"value": 3}, "values": [{"tagValue": "lab", "count": {"value": 3}}]},
        {"tagName": "cost", "count": {"value": 1}, "values": []},
    ]})  # fmt: skip
    assert bench.shown(*bench.run("Get-AzTag", "t*")).split() == ["Name", "Count", "----", "-----", "team", "3"]


def test_an_id_that_is_none_is_refused(bench: Bench) -> None:
    bench.run("New-AzTag", "web1", table(team="lab"))
    assert "is not the id of a resource" in bench.reported[0].message
    assert bench.api.asked == []


# --- the activity log ------------------------------------------------------------------------------------------------


def test_the_log_is_asked_for_a_week_and_what_it_is_about(bench: Bench) -> None:
    where = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
    lines: list[Document] = [{"operationName": {"value": f"act{number}"}, "status": {"value": "Failed"},
                              "eventTimestamp": "2026-11-23T12:00:00Z"} for number in range(3)]  # fmt: skip
    bench.api.when("LIST", where, {"value": [*lines]})
    found = bench.run("Get-AzLog", ResourceGroupName="o'lab", Status="Failed", MaxRecord=2)
    assert [each.get("OperationName") for each in found if isinstance(each, Record)] == ["act0", "act1"]
    assert bench.api.asked[0].query["$filter"] == (
        "eventTimestamp ge '2026-11-16T12:00:00.000000Z' and eventTimestamp le '2026-11-23T12:00:00.000000Z' and "
        "resourceGroupName eq 'o''lab' and status eq 'Failed'"
    )
    assert "Status               : Failed" in bench.shown(*found)


@pytest.mark.parametrize(
    "moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))]
)
def test_a_time_at_the_end_of_all_times_is_refused_or_asked_for(bench: Bench, moment: datetime) -> None:
    bench.run("Get-AzActivityLog", EndTime=moment)
    assert len(bench.reported) + len(bench.api.asked) == 1
