"""Disks made from something: a disk nobody writes, one that a guest is writing, a blob; and uploads."""

from collections.abc import Sequence
from dataclasses import replace

from calco.model.access import Access
from calco.model.disk import CreateOption, NewDisk
from calco.model.ids import ResourceId
from calco.model.volume import MIB
from calco.work import access, disk
from calco.work.volume import DISK_SLOT
from tests.crash.scene import Ask, Scene
from tests.work.hosts import OneHost, far_blob
from tests.work.sources import blob_at, disk_of, page_blob, uploaded_into
from tests.world import LOCATION, World

URI = "https://labstore.blob.core.windows.net/vhds/data.vhd"


def copy(world: World) -> ResourceId:
    return world.id("disks", "copy")


def wish(world: World, source: ResourceId | str) -> NewDisk:
    of = source if isinstance(source, ResourceId) else None
    uri = None if isinstance(source, ResourceId) else source
    option = CreateOption.COPY if uri is None else CreateOption.IMPORT
    return NewDisk(copy(world), LOCATION, None, option, None, None, None, of, {}, source_uri=uri)


def of_free_disk(world: World) -> Ask:
    wanted = wish(world, world.with_group().empty_disk("data"))
    return lambda cloud: disk.put(cloud, wanted)


def of_running_machine(world: World) -> Ask:
    machine = world.with_network().running_machine("web1")
    wanted = wish(world, disk_of(world, machine, 3))
    return lambda cloud: disk.put(cloud, wanted)


def of_blob(world: World) -> Ask:
    wanted = wish(world.with_group(), page_blob(world, "data.vhd"))
    return lambda cloud: disk.put(cloud, wanted)


def of_far_blob(world: World) -> Ask:
    host = OneHost()
    world.cloud = replace(world.cloud, remote_blobs=host)
    wanted = wish(world, far_blob(world.with_group(), host, "far.vhd"))
    return lambda cloud: disk.put(cloud, wanted)


def made(world: World) -> None:
    assert world.state(copy(world)) == "Succeeded"
    with world.records.read() as view:
        row = view.volume(view.held(copy(world))[DISK_SLOT])
    assert row is not None
    assert row.frozen


def made_of_disk(world: World) -> None:
    made(world)
    with world.records.read() as view:
        held = view.held(copy(world))[DISK_SLOT]
        assert view.held(world.id("disks", "data"))[DISK_SLOT] == held
    assert world.disks.volumes() == {held}


def made_of_running_machine(world: World) -> None:
    """The copy has what was there; the guest writes over it, and what it writes is nobody else's."""
    made(world)
    id = world.id("virtualMachines", "web1")
    with world.records.read() as view:
        below = view.held(copy(world))[DISK_SLOT]
        above = view.volume(view.held(disk_of(world, id, 3))[DISK_SLOT])
    assert above is not None
    assert (above.backing, above.frozen) == (below, False)
    assert world.hypervisor.writes(str(world.resource(id).internal["vmId"]))[3] == above.id


def made_of_blob(world: World) -> None:
    made(world)
    with world.records.read() as view:
        assert view.held(copy(world))[DISK_SLOT] == blob_at(world, URI).volume
    assert world.resource(copy(world)).properties["diskSizeBytes"] == 64 * MIB
    assert len(world.disks.volumes()) == 1


def made_of_far_blob(world: World) -> None:
    made(world)
    with world.records.read() as view:
        held = view.held(copy(world))[DISK_SLOT]
    with world.disks.view(held) as content:
        assert content.read(0, 3) == b"far"
    assert world.resource(copy(world)).properties["diskSizeBytes"] == 64 * MIB
    assert world.disks.volumes() == {held}


def failed(world: World) -> None:
    assert world.state(copy(world)) == "Failed"
    with world.records.read() as view:
        assert view.held(copy(world)) == {}


def blob_is_writable(world: World) -> None:
    failed(world)
    world.disks.write(blob_at(world, URI).volume, 0, bytes(512))


# --- uploads ---------------------------------------------------------------------------------------------------------


def upload(world: World) -> ResourceId:
    return world.id("disks", "upload")


def waiting(world: World) -> Ask:
    world.with_group()
    wanted = NewDisk(
        upload(world), LOCATION, None, CreateOption.UPLOAD, None, None, None, None, {}, upload_bytes=64 * MIB + 512
    )
    return lambda cloud: disk.put(cloud, wanted)


def waits(world: World) -> None:
    record = world.resource(upload(world))
    assert (record.properties["provisioningState"], record.properties["diskState"]) == ("Succeeded", "ReadyToUpload")
    assert "diskSizeGB" not in record.properties
    world.disks.write(held(world), 0, bytes(512))


def upload_failed(world: World) -> None:
    assert world.state(upload(world)) == "Failed"


def held(world: World) -> str:
    with world.records.read() as view:
        return view.held(upload(world))[DISK_SLOT]


def uploaded(world: World) -> Ask:
    world.done(waiting(world)(world.cloud))
    access.begin(world.cloud, upload(world), Access.WRITE, 3600)
    uploaded_into(world, held(world), 64 * MIB)
    return lambda cloud: access.end(cloud, upload(world))


def has_content(world: World) -> None:
    record = world.resource(upload(world))
    found = {name: record.properties.get(name) for name in ("diskState", "diskSizeBytes", "provisioningState")}
    assert found == {"diskState": "Unattached", "diskSizeBytes": 64 * MIB, "provisioningState": "Succeeded"}
    assert "access" not in record.internal
    with world.records.read() as view:
        row = view.volume(held(world))
    assert row is not None
    assert row.frozen


def uploads_again(world: World) -> None:
    """The URL is gone, what was uploaded is not, and may be uploaded over."""
    waits(world)
    assert access.begin(world.cloud, upload(world), Access.WRITE, 3600).operation is not None


def ask_again(world: World, ask: Ask) -> Ask:
    """After a failure with a URL that is out again."""
    uploaded_into(world, held(world), 64 * MIB)
    if access.grant_of(world.resource(upload(world)), world.clock.now()) is None:
        access.begin(world.cloud, upload(world), Access.WRITE, 3600)
    return ask


SCENES: Sequence[Scene] = (
    Scene("disk of a disk", "disk.fromSource", of_free_disk, made_of_disk, 13, failed),
    Scene(
        "disk of a running machine's disk",
        "disk.fromSource",
        of_running_machine,
        made_of_running_machine,
        17,
        failed,
        destroys=True,
    ),
    Scene("disk of a blob", "disk.fromSource", of_blob, made_of_blob, 13, blob_is_writable),
    Scene("disk of a far blob", "disk.fromSource", of_far_blob, made_of_far_blob, 13, failed),
    Scene("disk for an upload", "disk.create", waiting, waits, 11, upload_failed),
    Scene("end of an upload", "access.end", uploaded, has_content, 11, uploads_again, again=ask_again),
)
