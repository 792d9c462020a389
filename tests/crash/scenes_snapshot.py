"""Snapshots: of a disk nobody writes, of one that a guest is writing, of a blob."""

from collections.abc import Sequence
from dataclasses import dataclass

from calco.model.disk import CreateOption
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.snapshot import NewSnapshot
from calco.model.volume import GIB, MIB
from calco.work import disk, snapshot
from calco.work.machine_state import hardware_of
from calco.work.volume import DISK_SLOT
from tests.crash.scene import Ask, Scene
from tests.work.sources import blob_at, page_blob
from tests.world import GROUP, LOCATION, World

URI = "https://labstore.blob.core.windows.net/vhds/data.vhd"


def snap(world: World) -> ResourceId:
    return world.id("snapshots", "snap")


def wish(world: World, source: ResourceId | str) -> NewSnapshot:
    of = source if isinstance(source, ResourceId) else None
    uri = None if isinstance(source, ResourceId) else source
    option = CreateOption.COPY if uri is None else CreateOption.IMPORT
    return NewSnapshot(snap(world), LOCATION, None, option, None, None, None, None, of, uri, False, {})


def of_free_disk(world: World) -> Ask:
    wanted = wish(world, world.with_group().empty_disk("data"))
    return lambda cloud: snapshot.put(cloud, wanted)


@dataclass(frozen=True)
class Running:
    """A machine that runs, and a snapshot of its disk at ``lun``. ``dies``: its process ends before that."""

    lun: int | None
    dies: bool = False

    def __call__(self, world: World) -> Ask:
        id = world.with_network().running_machine("web1")
        wanted = wish(world, self.disk(world))
        if self.dies:
            world.hypervisor.crash(str(world.resource(id).internal["vmId"]))
        return lambda cloud: snapshot.put(cloud, wanted)

    def disk(self, world: World) -> ResourceId:
        size = GIB if self.lun == 3 else 4 * GIB
        (id,) = (each.id for each in disk.list(world.cloud, GROUP) if each.properties["diskSizeBytes"] == size)
        return id

    def taken(self, world: World) -> None:
        """The guest writes what the records say, none of it is frozen, and the snapshot has what was there before."""
        taken(world)
        machine = world.resource(world.id("virtualMachines", "web1"))
        vm_id = str(machine.internal["vmId"])
        with world.records.read() as view:
            held = view.held(self.disk(world))[DISK_SLOT]
            row = view.volume(held)
            drives = hardware_of(machine, view, world.rules).drives
            below = view.held(snap(world))[DISK_SLOT]
            assert row is not None
        if self.dies:
            # Whether or not the guest was switched before it died, nothing it wrote is lost.
            assert below in (row.id, row.backing)
            assert world.hypervisor.state(vm_id) is MachineState.CRASHED
        else:
            assert (row.frozen, row.backing) == (False, below)
            assert world.hypervisor.state(vm_id) is MachineState.RUNNING
            assert world.hypervisor.writes(vm_id) == {each.lun: each.volume for each in drives}

    def failed(self, world: World) -> None:
        """The guest goes on either way, and the records say where."""
        failed(world)
        machine = world.resource(world.id("virtualMachines", "web1"))
        writes = world.hypervisor.writes(str(machine.internal["vmId"]))
        with world.records.read() as view:
            for lun, volume in writes.items():
                row = view.volume(volume)
                assert row is not None, f"the guest writes a file of nobody at LUN {lun}"
                assert not row.frozen
                assert [slot for _, slot in view.holders(volume)] == [DISK_SLOT]


def of_blob(world: World) -> Ask:
    wanted = wish(world.with_group(), page_blob(world, "data.vhd"))
    return lambda cloud: snapshot.put(cloud, wanted)


def taken(world: World) -> None:
    assert world.state(snap(world)) == "Succeeded"
    with world.records.read() as view:
        row = view.volume(view.held(snap(world))[DISK_SLOT])
    assert row is not None
    assert row.frozen


def taken_of_blob(world: World) -> None:
    taken(world)
    with world.records.read() as view:
        assert view.held(snap(world))[DISK_SLOT] == blob_at(world, URI).volume
    assert world.resource(snap(world)).properties["diskSizeBytes"] == 64 * MIB
    assert len(world.disks.volumes()) == 1


def failed(world: World) -> None:
    assert world.state(snap(world)) == "Failed"
    with world.records.read() as view:
        assert view.held(snap(world)) == {}


def blob_is_writable(world: World) -> None:
    failed(world)
    world.disks.write(blob_at(world, URI).volume, 0, bytes(512))


def unwanted(world: World) -> Ask:
    """A snapshot that outlived its disk."""
    wanted = wish(world, world.with_group().empty_disk("data"))
    world.done(snapshot.put(world.cloud, wanted))
    world.done(disk.delete(world.cloud, world.id("disks", "data")))
    assert len(world.disks.volumes()) == 1
    return lambda cloud: snapshot.delete(cloud, wanted.id)


def gone(world: World) -> None:
    assert world.find(snap(world)) is None
    assert world.disks.volumes() == set()


OS, DATA, DEAD = Running(None), Running(3), Running(3, dies=True)

SCENES: Sequence[Scene] = (
    Scene("snapshot", "snapshot.create", of_free_disk, taken, 13, failed),
    # An overlay that the guest writes stays, whatever becomes of the snapshot.
    Scene("snapshot of a running machine's OS disk", "snapshot.create", OS, OS.taken, 17, OS.failed, destroys=True),
    Scene("snapshot of a running machine's disk", "snapshot.create", DATA, DATA.taken, 17, DATA.failed, destroys=True),
    Scene("snapshot of a dead machine's disk", "snapshot.create", DEAD, DEAD.taken, 17, DEAD.failed, destroys=True),
    Scene("snapshot of a blob", "snapshot.create", of_blob, taken_of_blob, 13, blob_is_writable),
    Scene("unwanted snapshot", "snapshot.delete", unwanted, gone, 11, forgiven="disks.delete"),
)
