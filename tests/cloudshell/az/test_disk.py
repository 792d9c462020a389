"""Disks and snapshots: what goes over the wire, what a script holds, what is printed."""

import pytest

from calco.cloudshell.api import Refused
from calco.cloudshell.az import disk, snapshot
from calco.cloudshell.errors import Terminating
from tests.cloudshell.az.bench import Bench, table
from tests.cloudshell.world import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Compute"
DISK = f"{GROUP}/disks/data1"
SNAPSHOT = f"{GROUP}/snapshots/before"


@pytest.fixture
def bench() -> Bench:
    return Bench((disk.MODULE, snapshot.MODULE))


def test_a_disk_is_described_in_memory_and_made_of_that(bench: Bench) -> None:
    config = bench.one(
        "New-AzDiskConfig", Location="westeurope", CreateOption="Empty", DiskSizeGB=64, SkuName="Standard_LRS",
        Tag=table(team="lab", count=3), Zone="1",
    )  # fmt: skip
    assert bench.api.asked == []

    made = bench.one("New-AzDisk", ResourceGroupName="lab", DiskName="data1", Disk=config)

    (asked,) = bench.api.asked
    assert (asked.method, asked.path) == ("PUT", DISK)
    assert asked.body == {
        "location": "westeurope",
        "sku": {"name": "Standard_LRS"},
        "zones": ["1"],
        "tags": {"team": "lab", "count": "3"},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 64},
    }
    assert (made.get("ResourceGroupName"), made.get("Name"), made.get("DiskSizeGB")) == ("lab", "data1", 64)


def test_positions_and_the_older_name_of_the_sku_are_those_of_azure(bench: Bench) -> None:
    config = bench.one("New-AzDiskConfig", "Premium_LRS", "Linux", 32, "westeurope", CreateOption="Empty")
    older = bench.one("New-AzDiskConfig", AccountType="Premium_LRS")
    bench.one("New-AzDisk", "lab", "data1", config)
    assert older.get("Sku").get("Name") == "Premium_LRS"  # type: ignore[union-attr]
    assert bench.api.asked[0].body == {
        "location": "westeurope",
        "sku": {"name": "Premium_LRS"},
        "properties": {"osType": "Linux", "creationData": {"createOption": "Empty"}, "diskSizeGB": 32},
    }


def test_an_upload_says_how_long_the_whole_file_is(bench: Bench) -> None:
    size = 127 * 2**30 + 512
    config = bench.one("New-AzDiskConfig", Location="westeurope", CreateOption="Upload", UploadSizeInBytes=size)
    bench.one("New-AzDisk", "lab", "data1", config)
    body = bench.api.asked[0].body
    assert isinstance(body, dict)
    assert body["properties"] == {"creationData": {"createOption": "Upload", "uploadSizeBytes": size}}


def test_an_image_reference_may_be_a_table_but_not_any_table(bench: Bench) -> None:
    config = bench.one("New-AzDiskConfig", CreateOption="FromImage", ImageReference=table(Id="/x", Lun=1))
    bench.one("New-AzDisk", "lab", "data1", config)
    body = bench.api.asked[0].body
    assert isinstance(body, dict)
    assert body["properties"] == {
        "creationData": {"createOption": "FromImage", "imageReference": {"id": "/x", "lun": 1}}
    }
    assert bench.run("New-AzDiskConfig", ImageReference=table(Bogus=1)) == []
    assert "has no 'Bogus'" in bench.reported[0].message


def test_without_names_all_disks_come_and_a_pattern_chooses(bench: Bench) -> None:
    bench.api.put(DISK, {"location": "westeurope"})
    bench.api.put(f"{GROUP}/disks/os1", {"location": "westeurope"})
    assert [each.get("Name") for each in bench.run("Get-AzDisk")] == ["data1", "os1"]  # type: ignore[union-attr]
    assert [each.get("Name") for each in bench.run("Get-AzDisk", Name="d*")] == ["data1"]  # type: ignore[union-attr]
    assert bench.one("Get-AzDisk", "lab", "DATA1").get("Name") == "data1"


def test_an_update_sends_only_the_change_and_a_changed_disk_the_whole(bench: Bench) -> None:
    bench.api.put(DISK, {"location": "westeurope", "properties": {"diskSizeGB": 64, "diskState": "Unattached"}})
    update = bench.one("New-AzDiskUpdateConfig", DiskSizeGB=128)
    bench.run("Update-AzDisk", "lab", "data1", input=[update])
    held = bench.one("Get-AzDisk", "lab", "data1")
    held.members["DiskSizeGB"] = 256
    bench.run("Update-AzDisk", "lab", "data1", Disk=held)
    patched, _, put = bench.api.asked
    assert (patched.method, patched.body) == ("PATCH", {"properties": {"diskSizeGB": 128}})
    assert put.method == "PUT"
    assert isinstance(put.body, dict)
    assert put.body["location"] == "westeurope"
    assert put.body["properties"] == {"diskSizeGB": 256}


def test_what_if_changes_nothing(bench: Bench) -> None:
    config = bench.one("New-AzDiskConfig", Location="westeurope", CreateOption="Empty")
    assert bench.run("New-AzDisk", "lab", "data1", config, WhatIf=True) == []
    assert bench.run("Remove-AzDisk", "lab", "data1", WhatIf=True) == []
    assert bench.api.asked == []
    assert 'Performing the operation "Remove" on target "data1"' in bench.host.text


def test_a_removal_asks_and_tells_how_it_ended(bench: Bench) -> None:
    bench.api.put(DISK, {"location": "westeurope"})
    bench.host.answers = ["n"]
    assert bench.run("Remove-AzDisk", "lab", "data1") == []
    assert bench.api.changes() == []

    held = bench.run("Get-AzDisk", "lab", "data1")
    ended = bench.one("Remove-AzDisk", input=held, Force=True)

    assert bench.api.changes() == [("DELETE", DISK)]
    assert bench.shown(ended).split() == [
        "Name", ":", "11111111-1111-4111-8111-111111111111", "StartTime", ":", "11/23/2026", "12:00:00", "PM",
        "EndTime", ":", "11/23/2026", "12:00:01", "PM", "Status", ":", "Succeeded", "Error", ":",
    ]  # fmt: skip


def test_access_is_a_url_and_is_taken_back(bench: Bench) -> None:
    bench.api.when("POST", f"{DISK}/beginGetAccess", {"accessSAS": "https://host/md-1/abcd?sig=x"})
    bench.api.put(DISK, {"location": "westeurope"})
    uri = bench.one("Grant-AzDiskAccess", "lab", "data1", "Write", 3600)
    assert uri.get("AccessSAS") == "https://host/md-1/abcd?sig=x"
    assert bench.one("Revoke-AzDiskAccess", "lab", "data1").get("Status") == "Succeeded"
    granted, revoked = bench.api.asked
    assert granted.body == {"access": "Write", "durationInSeconds": 3600}
    assert revoked.path == f"{DISK}/endGetAccess"


def test_a_snapshot_is_a_copy_of_a_disk_and_is_only_read(bench: Bench) -> None:
    config = bench.one("New-AzSnapshotConfig", SourceUri=DISK, Location="westeurope", CreateOption="copy")
    made = bench.one("New-AzSnapshot", Snapshot=config, SnapshotName="before", ResourceGroupName="lab")
    (asked,) = bench.api.asked
    assert (asked.method, asked.path) == ("PUT", SNAPSHOT)
    assert asked.body == {
        "location": "westeurope",
        "properties": {"creationData": {"createOption": "copy", "sourceUri": DISK}},
    }
    assert made.get("Id") == SNAPSHOT
    with pytest.raises(Terminating, match="Access"):
        bench.run("Grant-AzSnapshotAccess", "lab", "before", "Write", 60)


def test_a_refusal_is_an_error_that_does_not_end_the_script(bench: Bench) -> None:
    bench.api.when("GET", DISK, Refused(403, "AuthorizationFailed", "You may not."))
    assert bench.run("Get-AzDisk", "lab", "data1") == []
    (fault,) = bench.reported
    assert (fault.code, fault.status) == ("AuthorizationFailed", 403)


def test_a_disk_prints_as_a_list_in_the_order_of_azure(bench: Bench) -> None:
    bench.api.put(DISK, {"location": "westeurope", "type": "Microsoft.Compute/disks", "sku": {"name": "Standard_LRS"},
                         "properties": {"diskSizeGB": 64, "creationData": {"createOption": "Empty"},
                                        "timeCreated": "2026-11-23T12:00:00.1234567+00:00"}})  # fmt: skip
    shown = bench.shown(*bench.run("Get-AzDisk", "lab", "data1"))
    names = [line.split(":")[0].strip() for line in shown.splitlines() if ":" in line]
    assert names[:4] == ["ResourceGroupName", "ManagedBy", "ManagedByExtended", "Sku"]
    assert "Sku                          : Microsoft.Azure.Management.Compute.Models.DiskSku" in shown
    assert "TimeCreated                  : 11/23/2026 12:00:00 PM" in shown
