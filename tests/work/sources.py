"""Sources of images that a test can have at once: a page blob that is a VHD, and a snapshot."""

from calco.model import vhd
from calco.model.disk import OsType
from calco.model.document import Document, text_at
from calco.model.ids import ResourceId
from calco.model.image import ImageDisk, NewImage, Origin
from calco.model.machine import Generation
from calco.model.volume import MIB, Format, Volume, VolumeId
from calco.ports import Resource
from calco.work import blob
from calco.work.volume import DISK_SLOT
from tests.world import GROUP, LOCATION, World

ACCOUNT = "labstore"


def with_account(world: World, name: str = ACCOUNT, location: str = LOCATION) -> None:
    id = GROUP.sibling("Microsoft.Storage", "storageAccounts", name)
    with world.records.write() as tx:
        if tx.resource(id) is None:
            tx.put(Resource(id, location, {"provisioningState": "Succeeded"}))
            tx.put_note(blob.account_note(name), str(id))


def page_blob(world: World, name: str, *, guest_bytes: int = 64 * MIB, footer: bytes | None = None) -> str:
    """A VHD in a container of ours; answers its URI in Azure's form. ``footer`` replaces the right one."""
    with_account(world)
    uri = f"https://{ACCOUNT}.blob.core.windows.net/vhds/{name}"
    volume = Volume(world.chance.guid(), guest_bytes + vhd.FOOTER_BYTES, format=Format.FLAT)
    world.disks.create(volume)
    right = vhd.footer(guest_bytes, volume.id, world.clock.now())
    world.disks.write(volume.id, guest_bytes, right if footer is None else footer)
    with world.records.write() as tx:
        blob.create_page_blob(world.cloud, tx, uri, volume)
    return uri


def uploaded_into(world: World, volume: VolumeId, guest_bytes: int, footer: bytes | None = None) -> None:
    """What whoever holds the URL of an upload writes: something, and a VHD's footer."""
    world.disks.write(volume, 0, b"something".ljust(512))
    world.disks.write(volume, guest_bytes, footer or vhd.footer(guest_bytes, volume, world.clock.now()))


def blob_at(world: World, uri: str) -> blob.Blob:
    with world.records.read() as view:
        found = blob.find(view, world.cloud, uri)
    assert found is not None
    return found


def snapshot_of(world: World, disk: ResourceId, name: str) -> ResourceId:
    """What a snapshot of a free disk is: its volume, frozen and held."""
    source, id = world.resource(disk), world.id("snapshots", name)
    kept = ("osType", "hyperVGeneration", "diskSizeBytes", "diskSizeGB")
    properties: Document = {each: source.properties[each] for each in kept if each in source.properties}
    properties |= {
        "provisioningState": "Succeeded",
        "creationData": {"createOption": "Copy", "sourceResourceId": str(disk)},
    }
    with world.records.write() as tx:
        held = tx.held(disk)[DISK_SLOT]
        row = tx.volume(held)
        assert row is not None
        tx.put(Resource(id, source.location, properties, extra={"sku": {"name": "Standard_LRS"}}))
        tx.put_volume(Volume(row.id, row.size_bytes, row.backing, True, row.format, row.pool))
        tx.hold(id, DISK_SLOT, row.id)
    world.disks.freeze(held)
    return id


def from_disk(id: ResourceId | str, lun: int | None = None, size_gb: int | None = None) -> ImageDisk:
    origin = Origin(uri=id) if isinstance(id, str) else Origin(id)
    return ImageDisk(lun, origin, size_gb=size_gb)


def image_of(world: World, name: str, *disks: ImageDisk, generation: Generation | None = None) -> NewImage:
    """A PUT with a ``storageProfile``; the document says no more than the wish."""
    rows: list[Document] = [_row(each) for each in disks]
    profile: Document = {
        "osDisk": {"osType": "Linux", "osState": "Generalized", **rows[0]},
        "dataDisks": [*rows[1:]],
    }
    return NewImage(
        id=world.id("images", name),
        location=LOCATION,
        tags=None,
        source=None,
        generation=generation,
        zone_resilient=None,
        properties={"storageProfile": profile},
        disks=disks,
        os_type=OsType.LINUX,
    )


def _row(disk: ImageDisk) -> Document:
    row: Document = {} if disk.lun is None else {"lun": disk.lun}
    if disk.size_gb is not None:
        row["diskSizeGB"] = disk.size_gb
    if disk.origin.resource is None:
        return {**row, "blobUri": disk.origin.uri}
    member = "snapshot" if disk.origin.resource.types == ("snapshots",) else "managedDisk"
    return {**row, member: {"id": str(disk.origin.resource)}}


def disk_of(world: World, machine: ResourceId, lun: int | None = None) -> ResourceId:
    """A machine's disk."""
    profile = world.resource(machine).properties["storageProfile"]
    assert isinstance(profile, dict)
    if lun is None:
        text = text_at(profile, "osDisk", "managedDisk", "id")
    else:
        rows = profile["dataDisks"]
        assert isinstance(rows, list)
        (text,) = [text_at(each, "managedDisk", "id") for each in rows if isinstance(each, dict) and each["lun"] == lun]
    assert text is not None
    return ResourceId.parse(text)
