"""Snapshots of disks whichever way they are used, and what outlives what."""

from dataclasses import replace
from pathlib import Path

import pytest

from calco.compute.simulated import SimulatedHypervisor
from calco.model import vhd
from calco.model.disk import CreateOption, DiskState, OsType
from calco.model.ids import ResourceId
from calco.model.machine import Drive, Generation
from calco.model.snapshot import NewSnapshot, SnapshotSku
from calco.model.virtual_machine import Act
from calco.model.volume import GIB, MIB, Volume
from calco.ports import Clock
from calco.storage.simulated import SimulatedDiskStore
from calco.work import disk, live, resource_group, snapshot, virtual_machine
from calco.work.common import with_properties
from calco.work.machine_state import RENEWS_MACHINE_ID
from calco.work.snapshot import SnapshotChange
from calco.work.volume import DISK_SLOT
from tests.work.looking import failure, refused
from tests.work.sources import blob_at, page_blob
from tests.world import GROUP, LOCATION, World


def of(world: World, source: ResourceId, name: str = "snap") -> NewSnapshot:
    id = world.id("snapshots", name)
    return NewSnapshot(id, LOCATION, None, CreateOption.COPY, None, None, None, None, source, None, False, {})


def taken(world: World, wanted: NewSnapshot) -> ResourceId:
    world.done(snapshot.put(world.cloud, wanted))
    return wanted.id


def volume_of(world: World, id: ResourceId) -> str:
    with world.records.read() as view:
        return view.held(id)[DISK_SLOT]


def is_frozen(world: World, volume: str) -> bool:
    with world.records.read() as view:
        row = view.volume(volume)
    assert row is not None
    return row.frozen


def os_disk(world: World) -> ResourceId:
    (id,) = [each.id for each in disk.list(world.cloud, GROUP) if "OsDisk" in each.id.name]
    return id


def writes(world: World, machine: ResourceId) -> dict[int | None, str]:
    return dict(world.hypervisor.writes(str(world.resource(machine).internal["vmId"])))


def test_a_snapshot_holds_the_disks_own_volume_and_copies_nothing(world: World) -> None:
    data = world.empty_disk("data", 2)
    before = world.disks.volumes()

    accepted = snapshot.put(world.cloud, of(world, data))
    assert accepted.resource is not None
    assert accepted.resource.properties["provisioningState"] == "Updating"
    world.done(accepted)

    found = snapshot.get(world.cloud, world.id("snapshots", "snap"))
    assert volume_of(world, found.id) == volume_of(world, data)
    assert is_frozen(world, volume_of(world, data))
    assert world.disks.volumes() == before
    assert found.extra["sku"] == {"name": "Standard_LRS", "tier": "Standard"}
    source = world.resource(data).properties["uniqueId"]
    assert found.properties["creationData"] == {
        "createOption": "Copy",
        "sourceResourceId": str(data),
        "sourceUniqueId": source,
    }
    expected = {"diskSizeGB": 2, "diskSizeBytes": 2 * GIB, "diskState": "Unattached", "incremental": False}
    assert expected.items() <= found.properties.items()
    assert "completionPercent" not in found.properties
    assert [each.id for each in snapshot.list(world.cloud, GROUP)] == [found.id]


def test_a_snapshot_of_a_running_machines_disk_lets_the_guest_go_on_in_an_overlay(world: World) -> None:
    web1 = world.running_machine("web1")
    id, before = os_disk(world), writes(world, web1)
    condition = world.resource(web1).internal["condition"]

    snap = taken(world, of(world, id))

    assert volume_of(world, snap) == before[None]
    assert is_frozen(world, before[None])
    now = writes(world, web1)
    assert now[None] == volume_of(world, id) != before[None]
    assert not is_frozen(world, now[None])
    assert now[3] == before[3]
    assert not is_frozen(world, before[3])
    assert world.resource(web1).internal["condition"] == condition
    assert world.resource(id).properties["diskState"] == "Attached"
    assert world.resource(snap).properties["osType"] == "Linux"
    assert world.resource(snap).properties["hyperVGeneration"] == "V1"


def test_a_machine_whose_disks_were_switched_starts_again_with_what_it_wrote_last(world: World) -> None:
    web1 = world.running_machine("web1")
    for name in ("one", "two", "three"):
        taken(world, of(world, os_disk(world), name))
    last = writes(world, web1)

    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))
    world.done(virtual_machine.act(world.cloud, web1, Act.START))

    assert writes(world, web1) == last
    assert world.disks.size_bytes(last[None]) == 4 * GIB
    assert len({volume_of(world, world.id("snapshots", name)) for name in ("one", "two", "three")}) == 3


def test_a_snapshot_of_a_deallocated_machines_disk_is_a_row(world: World) -> None:
    web1 = world.running_machine("web1")
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))
    before = world.disks.volumes()

    snap = taken(world, of(world, os_disk(world)))

    assert world.disks.volumes() == before
    assert volume_of(world, snap) == volume_of(world, os_disk(world))
    world.done(virtual_machine.act(world.cloud, web1, Act.START))
    assert writes(world, web1)[None] != volume_of(world, snap)


def test_incremental_snapshots_of_one_disk_are_a_family(world: World) -> None:
    data, other = world.empty_disk("data"), world.empty_disk("other")
    first = taken(world, replace(of(world, data, "first"), incremental=True))
    second = taken(world, replace(of(world, data, "second"), incremental=True))
    copy = taken(world, replace(of(world, second, "copy"), incremental=True))
    stranger = taken(world, replace(of(world, other, "stranger"), incremental=True))
    full = taken(world, of(world, data, "full"))

    families = {each: world.resource(each).properties.get("incrementalSnapshotFamilyId") for each in (first, second)}
    assert families[first] == families[second] == world.resource(copy).properties["incrementalSnapshotFamilyId"]
    assert families[first] != world.resource(stranger).properties["incrementalSnapshotFamilyId"]
    assert world.resource(first).properties["completionPercent"] == 100.0
    assert "incrementalSnapshotFamilyId" not in world.resource(full).properties


def test_a_snapshot_outlives_its_disk_and_a_snapshot_of_it_outlives_it(world: World) -> None:
    data = world.empty_disk("data")
    volume = volume_of(world, data)
    first = taken(world, of(world, data, "first"))
    second = taken(world, of(world, first, "second"))

    world.done(disk.delete(world.cloud, data))
    leaving = snapshot.delete(world.cloud, first)
    assert world.state(first) == "Deleting"  # as recorded: c7n-snapshot-delete-2024
    world.done(leaving)

    assert world.find(first) is None
    assert volume_of(world, second) == volume
    assert world.disks.volumes() == {volume}
    world.done(snapshot.delete(world.cloud, second))
    assert world.disks.volumes() == set()
    assert snapshot.delete(world.cloud, second) is None


def test_a_snapshot_of_a_blob_holds_the_blobs_volume_and_locks_it(world: World) -> None:
    uri = page_blob(world, "data.vhd")
    wanted = replace(
        of(world, GROUP), create_option=CreateOption.IMPORT, source=None, source_uri=uri, os_type=OsType.WINDOWS,
        generation=Generation.V2, sku=SnapshotSku.STANDARD_ZRS,
    )  # fmt: skip

    snap = taken(world, wanted)

    assert volume_of(world, snap) == blob_at(world, uri).volume
    assert is_frozen(world, volume_of(world, snap))
    found = world.resource(snap)
    assert found.properties["diskSizeBytes"] == 64 * MIB
    assert found.properties["creationData"] == {"createOption": "Import", "sourceUri": uri}
    assert (found.properties["osType"], found.properties["hyperVGeneration"]) == ("Windows", "V2")
    assert found.extra["sku"] == {"name": "Standard_ZRS", "tier": "Standard"}


def test_a_blob_that_is_no_vhd_fails_and_may_be_written_again(world: World) -> None:
    uri = page_blob(world, "data.vhd", footer=bytes(vhd.FOOTER_BYTES))
    wanted = replace(of(world, GROUP), create_option=CreateOption.IMPORT, source=None, source_uri=uri)

    code, message = failure(world.ended(snapshot.put(world.cloud, wanted)))

    assert (code, "conectix" in message) == ("InvalidVhd", True)
    assert world.state(wanted.id) == "Failed"
    volume = blob_at(world, uri).volume
    assert not is_frozen(world, volume)
    world.disks.write(volume, 0, bytes(512))


def test_a_blob_that_is_not_there_fails(world: World) -> None:
    uri = page_blob(world, "data.vhd").replace("data.vhd", "other.vhd")
    wanted = replace(of(world, GROUP), create_option=CreateOption.IMPORT, source=None, source_uri=uri)
    code, _ = failure(world.ended(snapshot.put(world.cloud, wanted)))
    assert "NotFound" in code
    assert world.state(wanted.id) == "Failed"


def test_a_larger_snapshot_is_the_same_volume(world: World) -> None:
    data = world.empty_disk("data", 2)
    snap = taken(world, replace(of(world, data), size_gb=5))
    assert world.resource(snap).properties["diskSizeBytes"] == 5 * GIB
    assert world.disks.volumes() == {volume_of(world, data)}

    world.done(snapshot.patch(world.cloud, snap, SnapshotChange({"a": "b"}, 6, SnapshotSku.PREMIUM_LRS)))

    changed = world.resource(snap)
    assert (changed.tags, changed.properties["diskSizeGB"]) == ({"a": "b"}, 6)
    assert changed.extra["sku"] == {"name": "Premium_LRS", "tier": "Premium"}


def test_a_snapshot_is_never_smaller_than_its_source_or_than_it_was(world: World) -> None:
    """Source: recording net-lro-failed-InvalidParameter, of a disk."""
    shrunk = ("InvalidParameter", "Disks or snapshot cannot be resized down.")
    data = world.empty_disk("data", 2)
    small = replace(of(world, data, "small"), size_gb=1)
    assert failure(world.ended(snapshot.put(world.cloud, small))) == shrunk
    assert world.state(small.id) == "Failed"
    assert not is_frozen(world, volume_of(world, data))

    snap = taken(world, of(world, data))
    before = world.resource(snap)
    assert failure(world.ended(snapshot.patch(world.cloud, snap, SnapshotChange(size_gb=1)))) == shrunk
    assert world.resource(snap) == before


def test_a_snapshot_remembers_whether_its_guests_renew_their_machine_id(world: World) -> None:
    world.running_machine("web1")
    snap = taken(world, of(world, os_disk(world)))
    plain = taken(world, of(world, world.empty_disk("data"), "plain"))
    assert world.resource(snap).internal[RENEWS_MACHINE_ID] is True
    assert world.resource(plain).internal[RENEWS_MACHINE_ID] is False


def test_what_a_snapshot_was_made_from_never_changes(world: World) -> None:
    data, other = world.empty_disk("data"), world.empty_disk("other")
    wanted = of(world, data)
    snap = taken(world, wanted)
    before = world.resource(snap)

    world.done(snapshot.put(world.cloud, wanted))

    assert world.resource(snap) == before
    for strange in (
        replace(wanted, source=other),
        replace(wanted, incremental=True),
        replace(wanted, create_option=CreateOption.IMPORT, source=None, source_uri="https://a/b/c"),
    ):
        refused(world, lambda: snapshot.put(world.cloud, strange), 409, "PropertyChangeNotAllowed")  # noqa: B023
    assert world.resource(snap) == before


@pytest.mark.parametrize("option", [CreateOption.EMPTY, CreateOption.UPLOAD, CreateOption.ATTACH])
def test_a_snapshot_is_made_of_something(world: World, option: CreateOption) -> None:
    wanted = replace(of(world, world.empty_disk("data")), create_option=option)
    refused(world, lambda: snapshot.put(world.cloud, wanted), 400, "InvalidParameter", "Use 'Copy'")


def test_a_source_that_is_missing_or_elsewhere_is_refused(world: World) -> None:
    gone = of(world, world.id("disks", "gone"))
    refused(world, lambda: snapshot.put(world.cloud, gone), 404, "NotFound", "Resource gone is not found.")
    data = world.empty_disk("data")
    far = replace(of(world, data), location="westus")
    refused(world, lambda: snapshot.put(world.cloud, far), 400, "BadRequest", "does not belong to the same region")
    assert not is_frozen(world, volume_of(world, data))


def test_a_zone_redundant_snapshot_takes_a_region_with_zones(world: World) -> None:
    far = replace(of(world, GROUP), location="westus", sku=SnapshotSku.STANDARD_ZRS)
    refused(world, lambda: snapshot.put(world.cloud, far), 400, "InvalidParameter", "'westus' has none")


def test_a_disk_that_waits_for_its_upload_has_nothing_to_take_a_snapshot_of(world: World) -> None:
    data = world.empty_disk("data")
    waiting = with_properties(world.resource(data), {"diskState": DiskState.READY_TO_UPLOAD.value})
    with world.records.write() as tx:
        tx.put(waiting)
    refused(world, lambda: snapshot.put(world.cloud, of(world, data)), 409, "OperationNotAllowed", "uploaded")


def test_while_a_snapshot_is_taken_its_disk_and_its_machines_power_wait(world: World) -> None:
    web1 = world.running_machine("web1")
    data = os_disk(world)
    accepted = snapshot.put(world.cloud, of(world, data))

    refused(world, lambda: virtual_machine.act(world.cloud, web1, Act.DEALLOCATE), 409, "Conflict")
    refused(world, lambda: snapshot.put(world.cloud, of(world, data, "second")), 409, "Conflict")

    world.done(accepted)
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))


def test_two_snapshots_of_a_disk_nobody_writes_may_be_taken_at_once(world: World) -> None:
    data = world.empty_disk("data")
    both = [snapshot.put(world.cloud, of(world, data, name)) for name in ("first", "second")]
    refused(world, lambda: disk.delete(world.cloud, data), 409, "Conflict")

    for each in both:
        world.done(each)

    assert {volume_of(world, world.id("snapshots", name)) for name in ("first", "second")} == {volume_of(world, data)}


def test_a_snapshot_that_failed_is_a_name_that_may_be_used_again(world: World) -> None:
    web1 = world.running_machine("web1")
    before = writes(world, web1)
    world.disks.room = 0
    wanted = of(world, os_disk(world))
    failed = world.ended(snapshot.put(world.cloud, wanted))
    assert failure(failed)[0] == "AllocationFailed"
    assert world.state(wanted.id) == "Failed"
    assert writes(world, web1) == before
    assert not is_frozen(world, before[None])

    world.disks.room = None
    taken(world, wanted)

    assert volume_of(world, wanted.id) == before[None]


def test_a_disk_lies_over_so_many_volumes_and_no_more(world: World) -> None:
    data = world.empty_disk("data")
    below = volume_of(world, data)
    with world.records.write() as tx:
        for _ in range(live.DEPTH_MAX):
            over = Volume(world.chance.guid(), GIB, below, frozen=True)
            tx.put_volume(over)
            below = over.id
        tx.put_volume(replace(over, frozen=False))
        tx.hold(data, DISK_SLOT, over.id)
    refused(world, lambda: snapshot.put(world.cloud, of(world, data)), 409, "OperationNotAllowed", "beginGetAccess")


def test_a_groups_deletion_takes_snapshots_along(world: World) -> None:
    world.running_machine("web1")
    taken(world, of(world, os_disk(world)))
    world.done(resource_group.delete(world.cloud, GROUP))
    assert world.find(GROUP) is None
    assert world.disks.volumes() == set()


class Deaf(SimulatedHypervisor):
    """Machines that go on where they are."""

    def switch(self, vm_id: str, drive: Drive) -> None:
        del vm_id, drive


def test_a_guest_that_goes_on_below_is_no_snapshot(world: World) -> None:
    web1 = world.running_machine("web1")
    before = writes(world, web1)
    world.cloud = replace(world.cloud, hypervisor=Deaf(world.folder / "machines"))

    failed = world.ended(snapshot.put(world.cloud, of(world, os_disk(world))))

    code, message = failure(failed)
    assert (code, "cannot be switched" in message) == ("OperationNotAllowed", True)
    assert writes(world, web1) == before
    assert not is_frozen(world, before[None])
    assert world.leftovers() == []


class Noted(SimulatedDiskStore):
    """A store that notes the order of what makes a snapshot last."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder, clock)
        self.noted: list[tuple[str, str]] = []

    def sync(self, volume: str) -> None:
        super().sync(volume)
        self.noted.append(("sync", volume))

    def freeze(self, volume: str) -> None:
        super().freeze(volume)
        self.noted.append(("freeze", volume))


def test_what_a_guest_wrote_is_on_disk_before_it_counts_as_frozen(world: World) -> None:
    noted = world.disks = Noted(world.folder / "noted", world.clock)
    world.cloud = replace(world.cloud, disks=noted)
    web1 = world.running_machine("web1")
    below = writes(world, web1)[None]
    noted.noted.clear()

    taken(world, of(world, os_disk(world)))

    assert writes(world, web1)[None] != below
    assert noted.noted == [("sync", below), ("freeze", below)]
