"""Machines whose disks come, go and grow."""

from collections.abc import Sequence
from dataclasses import replace

from calco.model.disk import CreateOption, OsType
from calco.model.document import objects_at
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.virtual_machine import Act, DiskWish
from calco.model.volume import GIB
from calco.work import blob, disk, image, machine_capture, machine_convert, virtual_machine
from calco.work.machine_capture import CaptureWish
from calco.work.volume import DISK_SLOT
from tests.crash.scene import Ask, Scene
from tests.work.changes import HAD, existing, wanting
from tests.work.sources import ACCOUNT, blob_at, from_disk, image_of, page_blob
from tests.world import GROUP, World

OS = f"https://{ACCOUNT}.blob.core.windows.net/vhds/os.vhd"
DATA = f"https://{ACCOUNT}.blob.core.windows.net/vhds/data.vhd"


def machine(world: World) -> ResourceId:
    return world.id("virtualMachines", "web1")


def spare(world: World) -> ResourceId:
    return world.id("disks", "spare")


def disks_for_others(world: World) -> Ask:
    """A running machine that gives one disk away and gets two: one that was there, and a new one."""
    id = world.with_network().running_machine("web1")
    world.empty_disk("spare")
    new = DiskWish(1, CreateOption.EMPTY, size_gb=2)
    wanted = wanting(world, id, existing(0, spare(world)), new)
    return lambda cloud: virtual_machine.update(cloud, wanted)


def luns(world: World) -> list[object]:
    return [
        each["lun"] for each in objects_at(world.resource(machine(world)).properties, "storageProfile", "dataDisks")
    ]


def has_the_others(world: World) -> None:
    assert luns(world) == [0, 1]
    assert world.state(machine(world)) == "Succeeded"
    states = sorted(str(each.properties["diskState"]) for each in disk.list(world.cloud, GROUP))
    assert states == ["Attached", "Attached", "Attached", "Unattached"]
    drives = world.hypervisor.writes(str(world.resource(machine(world)).internal["vmId"]))
    assert set(drives) == {None, 0, 1}
    with world.records.read() as view:
        assert drives[0] == view.held(spare(world))[DISK_SLOT]


def has_what_it_had(world: World) -> None:
    assert luns(world) == [3]
    assert world.state(machine(world)) == "Failed"
    assert world.resource(spare(world)).properties["diskState"] == "Unattached"
    assert len(disk.list(world.cloud, GROUP)) == 3
    drives = world.hypervisor.writes(str(world.resource(machine(world)).internal["vmId"]))
    assert set(drives) == {None, 3}


def larger_disks(world: World) -> Ask:
    """A deallocated machine whose disks grow."""
    id = world.with_network().running_machine("web1")
    world.done(virtual_machine.act(world.cloud, id, Act.DEALLOCATE))
    wanted = wanting(world, id, replace(HAD, size_gb=3))
    return lambda cloud: virtual_machine.update(cloud, wanted)


def sizes(*gb: int) -> set[int]:
    return {each * GIB for each in gb}


def are_larger(world: World) -> None:
    disks = disk.list(world.cloud, GROUP)
    assert {disk.size_bytes_of(each) for each in disks} == sizes(3, 4)
    with world.records.read() as view:
        held = [view.held(each.id)[DISK_SLOT] for each in disks]
    assert {world.disks.size_bytes(each) for each in held} == sizes(3, 4)


def are_as_they_were(world: World) -> None:
    assert {disk.size_bytes_of(each) for each in disk.list(world.cloud, GROUP)} == sizes(1, 4)
    assert world.state(machine(world)) == "Failed"


def with_blobs(world: World) -> Ask:
    """A machine whose OS disk is a copy of a platform image in a blob, with one data disk in a blob that was there."""
    world.with_network()
    data = page_blob(world, "data.vhd")
    wanted = replace(
        world.new_machine("web1"),
        os_disk=DiskWish(None, CreateOption.FROM_IMAGE, name="os", vhd=OS),
        data_disks=(DiskWish(0, CreateOption.ATTACH, name="data", vhd=data),),
    )
    return lambda cloud: virtual_machine.put(cloud, wanted)


def writes_into_blobs(world: World) -> None:
    drives = world.hypervisor.writes(str(world.resource(machine(world)).internal["vmId"]))
    blobs = [blob_at(world, f"https://{ACCOUNT}.blob.core.windows.net/vhds/{name}.vhd") for name in ("os", "data")]
    assert drives == {None: blobs[0].volume, 0: blobs[1].volume}
    assert {blob.owner_of(world.resource(each.id)) for each in blobs} == {str(machine(world))}
    assert world.state(machine(world)) == "Succeeded"
    assert world.disks.volumes() == set(drives.values())


def no_new_blob(world: World) -> None:
    assert world.state(machine(world)) == "Failed"
    with world.records.read() as view:
        assert blob.find(view, world.cloud, OS) is None


def with_shared_blob(world: World) -> Ask:
    """A stopped machine whose blob an image holds too: it needs a volume of its own before it starts."""
    world.with_network()
    uri = page_blob(world, "os.vhd")
    wish = DiskWish(None, CreateOption.ATTACH, name="os", vhd=uri, os_type=OsType.LINUX)
    wanted = replace(world.new_machine("web1"), image=None, os_disk=wish, os_profile=None, data_disks=())
    world.done(virtual_machine.put(world.cloud, wanted))
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
    world.done(image.put(world.cloud, image_of(world, "golden", from_disk(uri))))
    return lambda cloud: virtual_machine.act(cloud, wanted.id, Act.START)


def has_its_own(world: World) -> None:
    drives = world.hypervisor.writes(str(world.resource(machine(world)).internal["vmId"]))
    assert drives == {None: blob_at(world, OS).volume}
    with world.records.read() as view:
        assert set(view.held(world.id("images", "golden")).values()).isdisjoint(drives.values())


def still_shared(world: World) -> None:
    with world.records.read() as view:
        assert blob_at(world, OS).volume in view.held(world.id("images", "golden")).values()


def leaving_its_blobs(world: World) -> Ask:
    ask = with_blobs(world)
    world.done(ask(world.cloud))
    return lambda cloud: virtual_machine.delete(cloud, machine(world))


def blobs_stay(world: World) -> None:
    assert world.find(machine(world)) is None
    assert blob.owner_of(world.resource(blob_at(world, OS).id)) is None
    assert len(world.disks.volumes()) == 2


def generalized_with_blobs(world: World) -> Ask:
    world.done(with_blobs(world)(world.cloud))
    world.done(virtual_machine.act(world.cloud, machine(world), Act.DEALLOCATE))
    virtual_machine.act(world.cloud, machine(world), Act.GENERALIZE)
    wish = CaptureWish(machine(world), "web", "images", "2017-03-30")
    return lambda cloud: machine_capture.capture(cloud, wish)


def copied(world: World) -> None:
    with world.records.read() as view:
        blobs = view.resources(blob.KIND)
        holders = [len(view.holders(blob.at(view, world.cloud, each.id).volume)) for each in blobs]  # type: ignore[union-attr]
    assert holders == [2, 2, 2, 2]


def not_copied(world: World) -> None:
    with world.records.read() as view:
        assert len(view.resources(blob.KIND)) == 2
    world.disks.write(blob_at(world, OS).volume, 0, b"still".ljust(512))


def deallocated_with_blobs(world: World) -> Ask:
    world.done(with_blobs(world)(world.cloud))
    world.done(virtual_machine.act(world.cloud, machine(world), Act.DEALLOCATE))
    return lambda cloud: machine_convert.convert(cloud, machine(world))


def has_managed_disks(world: World) -> None:
    """Each disk holds its blob's volume, frozen; the blobs are there and nobody's."""
    record = world.resource(machine(world))
    assert "blobs" not in record.internal
    disks = disk.list(world.cloud, GROUP)
    assert {str(each.properties["diskState"]) for each in disks} == {"Reserved"}
    with world.records.read() as view:
        held = {view.held(each.id)[DISK_SLOT] for each in disks}
        assert all((row := view.volume(each)) is not None and row.frozen for each in held)
        blobs = view.resources(blob.KIND)
    assert held == {blob_at(world, OS).volume, blob_at(world, DATA).volume}
    assert [blob.owner_of(each) for each in blobs] == [None, None]


def has_blobs_still(world: World) -> None:
    assert disk.list(world.cloud, GROUP) == []
    assert blob.owner_of(world.resource(blob_at(world, OS).id)) == str(machine(world))


def another_size(world: World) -> Ask:
    id = world.with_network().running_machine("web1")
    wanted = replace(wanting(world, id, HAD), size="Standard_B2s")
    wanted.properties["hardwareProfile"] = {"vmSize": "Standard_B2s"}
    return lambda cloud: virtual_machine.update(cloud, wanted)


def runs_in_another_size(world: World) -> None:
    record = world.resource(machine(world))
    assert record.properties["hardwareProfile"] == {"vmSize": "Standard_B2s"}
    assert record.properties["provisioningState"] == "Succeeded"
    assert record.internal["condition"] == "running"
    assert world.hypervisor.state(str(record.internal["vmId"])) is MachineState.RUNNING


def resize_failed(world: World) -> None:
    record = world.resource(machine(world))
    assert record.properties["provisioningState"] == "Failed"
    is_on = world.hypervisor.state(str(record.internal["vmId"])) is MachineState.RUNNING
    assert (record.internal["condition"] == "running") == is_on


def then_started(world: World, _ask: Ask) -> Ask:
    """It has the size; what may be missing is its power, and the state that says so."""
    id = machine(world)
    if world.resource(id).internal["condition"] != "running":
        world.done(virtual_machine.act(world.cloud, id, Act.START))
    return lambda cloud: virtual_machine.patch(cloud, id, {})


SCENES: Sequence[Scene] = (
    Scene("blobs", "machine.create", with_blobs, writes_into_blobs, 50, no_new_blob, forgiven="disks.delete"),
    Scene("shared blob", "machine.start", with_shared_blob, has_its_own, 30, still_shared),
    Scene("blobs stay", "machine.delete", leaving_its_blobs, blobs_stay, 20, destroys=True),
    Scene("capture of blobs", "machine.capture", generalized_with_blobs, copied, 13, not_copied),
    Scene("managed disks of blobs", "machine.convert", deallocated_with_blobs, has_managed_disks, 11, has_blobs_still),
    Scene("another size", "machine.resize", another_size, runs_in_another_size, 25, resize_failed, True, then_started),
    Scene("disks for others", "machine.rewire", disks_for_others, has_the_others, 27, has_what_it_had),
    Scene("larger disks of a machine", "machine.rewire", larger_disks, are_larger, 9, are_as_they_were),
)
