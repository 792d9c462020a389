"""Images made of disks, snapshots and blobs, and images that are copied into each zone."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from calco.model.ids import ResourceId
from calco.model.volume import GIB, MIB
from calco.work import disk, image, virtual_machine
from calco.work.volume import DISK_SLOT
from tests.crash.scene import Ask, Scene
from tests.work.hosts import OneHost, far_blob
from tests.work.sources import blob_at, disk_of, from_disk, image_of, page_blob, snapshot_of
from tests.world import GROUP, World

POOLS = ("eastus-1", "eastus-2", "eastus-3")


def golden(world: World) -> ResourceId:
    return world.id("images", "golden")


def mixed(world: World) -> Ask:
    """An OS disk from a blob, one data disk from a disk, another from a snapshot."""
    world.with_group()
    uri = page_blob(world, "os.vhd")
    one, two = world.empty_disk("one"), world.empty_disk("two", 2)
    wanted = image_of(
        world, "golden", from_disk(uri), from_disk(one, 0, size_gb=3), from_disk(snapshot_of(world, two, "snap"), 5)
    )
    return lambda cloud: image.put(cloud, wanted)


def mixed_made(world: World) -> None:
    """All three sources' own volumes, frozen."""
    uri = "https://labstore.blob.core.windows.net/vhds/os.vhd"
    held = holds(world)
    with world.records.read() as view:
        behind = {
            "os": blob_at(world, uri).volume,
            "0": view.held(world.id("disks", "one"))[DISK_SLOT],
            "5": view.held(world.id("snapshots", "snap"))[DISK_SLOT],
        }
        assert held == behind
        assert all((row := view.volume(each)) is not None and row.frozen for each in held.values())
    assert sizes(world) == {"os": 64 * MIB, "0": 3 * GIB, "5": 2 * GIB}
    assert world.state(golden(world)) == "Succeeded"
    assert len(world.disks.volumes()) == 3


def blobs_are_writable(world: World) -> None:
    """A failure left the image to be seen, and the blob as it was: whoever has a key may write it."""
    failed(world)
    world.disks.write(blob_at(world, "https://labstore.blob.core.windows.net/vhds/os.vhd").volume, 0, bytes(512))


def zone_resilient(world: World) -> Ask:
    """Of a machine that will be deleted, and that machine's disks."""
    source = world.with_network().generalized_machine("web1")
    wanted = replace(world.new_image("golden", source), zone_resilient=True)
    return lambda cloud: image.put(cloud, wanted)


def zone_resilient_blob(world: World) -> Ask:
    uri = page_blob(world.with_group(), "os.vhd")
    wanted = replace(image_of(world, "golden", from_disk(uri)), zone_resilient=True)
    return lambda cloud: image.put(cloud, wanted)


def far_and_near(world: World) -> Ask:
    """An OS disk from another host, a data disk from a blob of ours."""
    host = OneHost()
    world.cloud = replace(world.cloud, remote_blobs=host)
    uri = far_blob(world.with_group(), host, "far.vhd")
    wanted = image_of(world, "golden", from_disk(uri), from_disk(page_blob(world, "os.vhd"), 0))
    return lambda cloud: image.put(cloud, wanted)


def far_zone_resilient(world: World) -> Ask:
    host = OneHost()
    world.cloud = replace(world.cloud, remote_blobs=host)
    uri = far_blob(world.with_group(), host, "far.vhd")
    wanted = replace(image_of(world, "golden", from_disk(uri)), zone_resilient=True)
    return lambda cloud: image.put(cloud, wanted)


def far_is_here(world: World) -> None:
    held = holds(world)
    assert set(held) == {"os", "0"}
    with world.disks.view(held["os"]) as content:
        assert content.read(0, 3) == b"far"
    assert sizes(world) == {"os": 64 * MIB, "0": 64 * MIB}
    assert world.state(golden(world)) == "Succeeded"
    assert world.disks.volumes() == set(held.values())


def far_in_every_zone(world: World) -> None:
    in_every_zone("os")(world)
    assert world.disks.volumes() == set(holds(world).values())  # what was fetched went when the copies were there


def in_every_zone(*slots: str) -> Callable[[World], None]:
    def reached(world: World) -> None:
        held = holds(world)
        assert set(held) == {f"{slot}@{pool}" for slot in slots for pool in POOLS}
        with world.records.read() as view:
            for name, each in held.items():
                row = view.volume(each)
                assert row is not None
                assert (row.pool, row.backing, row.frozen) == (name.partition("@")[2], None, True)
        assert world.state(golden(world)) == "Succeeded"

    return reached


def zone_resilient_alone(world: World) -> Ask:
    """One whose machine and disks are gone: nothing but its copies is left of it."""
    world.done(zone_resilient(world)(world.cloud))
    world.done(virtual_machine.delete(world.cloud, world.id("virtualMachines", "web1")))
    for each in disk.list(world.cloud, GROUP):
        world.done(disk.delete(world.cloud, each.id))
    assert len(world.disks.volumes()) == 6
    return lambda cloud: image.delete(cloud, golden(world))


def gone(world: World) -> None:
    assert world.find(golden(world)) is None
    assert world.disks.volumes() == set()


def from_a_disk(world: World) -> Ask:
    """Of a stopped machine that nobody generalized: a specialized image, say."""
    source = world.with_network().generalized_machine("web1")
    wanted = image_of(world, "golden", from_disk(disk_of(world, source)))
    return lambda cloud: image.put(cloud, wanted)


def disk_shared(world: World) -> None:
    with world.records.read() as view:
        held = view.held(disk_of(world, world.id("virtualMachines", "web1")))[DISK_SLOT]
    assert holds(world) == {"os": held}
    assert sizes(world) == {"os": 4 * GIB}


def failed(world: World) -> None:
    assert world.state(golden(world)) == "Failed"
    assert holds(world) == {}


def holds(world: World) -> dict[str, str]:
    with world.records.read() as view:
        return view.held(golden(world))


def sizes(world: World) -> object:
    return world.resource(golden(world)).internal["sizes"]


SCENES: Sequence[Scene] = (
    Scene("image of a disk", "image.capture", from_a_disk, disk_shared, 11, failed),
    Scene("image of a blob, a disk and a snapshot", "image.fromBlobs", mixed, mixed_made, 16, blobs_are_writable),
    Scene("zone copies", "image.replicate", zone_resilient, in_every_zone("os", "3"), 40, failed),
    Scene("zone copies of a blob", "image.replicate", zone_resilient_blob, in_every_zone("os"), 30, blobs_are_writable),
    Scene("blob of another host", "image.fromBlobs", far_and_near, far_is_here, 24, blobs_are_writable),
    Scene("zone copies of another host's blob", "image.replicate", far_zone_resilient, far_in_every_zone, 30, failed),
    Scene("unwanted zone copies", "image.delete", zone_resilient_alone, gone, 20, forgiven="disks.delete"),
)
