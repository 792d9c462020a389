"""Machines, disks and blobs whose first word is what an inspector will find, and images to be made of them."""

from dataclasses import replace

from calco.model.disk import CreateOption
from calco.model.ids import ResourceId
from calco.model.image import NewImage
from calco.model.inspection import Report
from calco.model.operation import Operation
from calco.model.virtual_machine import Act, DiskWish
from calco.work import (
    image,
    inspection,
    virtual_machine,
)
from calco.work.machine_capture import CaptureWish
from tests.inspectors import write_word
from tests.work.hosts import OneHost, far_blob
from tests.work.sources import ACCOUNT, blob_at, disk_of, from_disk, image_of, page_blob, snapshot_of, with_account
from tests.world import World

OS = f"https://{ACCOUNT}.blob.core.windows.net/vhds/os.vhd"


def deallocated(world: World, word: str, name: str = "web1") -> ResourceId:
    """A machine that is off, and what its disk says."""
    id = world.running_machine(name)
    world.done(virtual_machine.act(world.cloud, id, Act.DEALLOCATE))
    write_word(world, id, word)
    return id


def flagged(world: World, word: str, name: str = "web1") -> ResourceId:
    id = deallocated(world, word, name)
    virtual_machine.act(world.cloud, id, Act.GENERALIZE)
    return id


def captured(world: World, wanted: NewImage) -> Operation:
    return world.done(image.put(world.cloud, wanted))


def known(world: World, id: ResourceId) -> Report | None:
    with world.records.read() as view:
        return inspection.known(world.cloud, view, id)


def forget(world: World, id: ResourceId) -> None:
    """Everything that is known of its volume."""
    with world.records.write() as tx:
        for each in tx.entries(inspection.KIND):
            tx.delete_entry(each.id)
    assert known(world, id) is None


def of_machine(world: World, word: str) -> NewImage:
    wanted = world.new_image("golden", flagged(world, word))
    forget(world, wanted.source or wanted.id)
    return wanted


def of_disk(world: World, word: str) -> NewImage:
    return image_of(world, "golden", from_disk(disk_of(world, deallocated(world, word))))


def of_snapshot(world: World, word: str) -> NewImage:
    id = world.running_machine("web1")
    write_word(world, id, word)
    return image_of(world, "golden", from_disk(snapshot_of(world, disk_of(world, id), "snap")))


def of_blob(world: World, word: str) -> NewImage:
    uri = page_blob(world, "os.vhd")
    write_word(world, blob_at(world, uri).id, word)
    return image_of(world, "golden", from_disk(uri))


def of_far_blob(world: World, word: str) -> NewImage:
    host = OneHost()
    world.cloud = replace(world.cloud, remote_blobs=host)
    return image_of(world, "golden", from_disk(far_blob(world, host, "far.vhd")))


def zone_resilient(world: World, word: str) -> NewImage:
    return replace(of_machine(world, word), zone_resilient=True)


def generalized_with_blobs(world: World, word: str, *, until: Act = Act.GENERALIZE) -> CaptureWish:
    with_account(world)
    wanted = replace(
        world.new_machine("web1"),
        os_disk=DiskWish(None, CreateOption.FROM_IMAGE, name="os", vhd=OS),
        data_disks=(),
    )
    world.done(virtual_machine.put(world.cloud, wanted))
    if until is not Act.START:
        world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
        write_word(world, blob_at(world, OS).id, word)
        virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)
    return CaptureWish(wanted.id, "web", "images", "2017-03-30")
