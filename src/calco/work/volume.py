"""Volumes: which one a disk writes to next, and which nobody needs any more.

A disk made from an image holds the image's frozen volume itself, at no cost. When the disk is next opened for writing
it gets a volume of its own over that one. Rows and files go in a fixed order: file first when making, row first when
dropping, so that a row never names a file that was not there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from calco.model import errors
from calco.model.ids import ResourceId
from calco.model.region import pool_of
from calco.model.virtual_machine import Urn
from calco.model.volume import REGIONAL, Format, Volume, VolumeId
from calco.ports import Reader, Resource, StoreFull, Writer
from calco.work import catalogue
from calco.work.cloud import Cloud

DISK_SLOT = "disk"


@dataclass(frozen=True)
class Fresh:
    """A volume that will be made for ``disk``: its name is chosen before the first effect."""

    disk: str
    volume: VolumeId
    backing: VolumeId | None
    size_bytes: int
    pool: str = REGIONAL
    format: Format = Format.QCOW2

    def as_volume(self) -> Volume:
        return Volume(self.volume, self.size_bytes, self.backing, format=self.format, pool=self.pool)


def fresh_for(cloud: Cloud, view: Reader, disk: ResourceId, size_bytes: int) -> Fresh | None:
    """The volume ``disk`` needs before it may be written to; None when the one it holds will do."""
    held = view.held(disk).get(DISK_SLOT)
    volume = None if held is None else view.volume(held)
    if volume is not None and not volume.frozen:
        return None
    backing = None if volume is None else volume.id
    return Fresh(str(disk), cloud.chance.guid(), backing, size_bytes, pool_for(view.resource(disk)))


def pool_for(resource: Resource | None) -> str:
    """The storage pool that volumes of a disk, snapshot or machine are made in: its zone's, or the regional one."""
    return REGIONAL if resource is None else pool_of(resource.location, zones_of(resource))


def zones_of(resource: Resource) -> tuple[str, ...]:
    """The zones a resource is in: none or one."""
    zones = resource.extra.get("zones")
    return tuple(each for each in zones if isinstance(each, str)) if isinstance(zones, list) else ()


def make(cloud: Cloud, wanted: Iterable[Fresh]) -> None:
    """Make the files; may be repeated."""
    for each in wanted:
        cloud.disks.create(each.as_volume())


def unmake(cloud: Cloud, wanted: Iterable[Fresh]) -> None:
    """Take the files away again; may be repeated."""
    for each in wanted:
        cloud.disks.delete(each.volume)


def adopt(tx: Writer, wanted: Iterable[Fresh]) -> None:
    """From now on the disks hold their fresh volumes."""
    for each in wanted:
        tx.put_volume(each.as_volume())
        tx.hold(ResourceId.parse(each.disk), DISK_SLOT, each.volume)


def disown(tx: Writer, wanted: Iterable[Fresh]) -> None:
    """Undo ``adopt``: the disks hold what they held before."""
    for each in wanted:
        disk = ResourceId.parse(each.disk)
        if tx.held(disk).get(DISK_SLOT) == each.volume:
            if each.backing is None:
                tx.release(disk, DISK_SLOT)
            else:
                tx.hold(disk, DISK_SLOT, each.backing)
        tx.delete_volume(each.volume)


def chain(view: Reader, volumes: Iterable[VolumeId]) -> list[VolumeId]:
    """The volumes and everything below them, each once, uppermost first."""
    order: dict[VolumeId, None] = {}
    for volume in volumes:
        each: VolumeId | None = volume
        while each is not None and each not in order:
            order[each] = None
            row = view.volume(each)
            each = None if row is None else row.backing
    return list(order)


def forget_unused(tx: Writer, volumes: Iterable[VolumeId]) -> None:
    """Drop the rows of those volumes (and of what lies below them) that nobody uses any more."""
    for volume in chain(tx, volumes):
        if not tx.is_used(volume):
            tx.delete_volume(volume)


def drop_files(cloud: Cloud, volumes: Iterable[VolumeId]) -> None:
    """Remove the files of those volumes that have no row; may be repeated."""
    with cloud.records.read() as view:
        gone = [volume for volume in volumes if view.volume(volume) is None]
    for volume in gone:
        cloud.disks.delete(volume)


def drop_unused(cloud: Cloud, volume: VolumeId) -> None:
    """Forget a volume that was brought in for nothing."""
    with cloud.records.write() as tx:
        forget_unused(tx, [volume])
    drop_files(cloud, [volume])


def base_of(cloud: Cloud, urn: Urn) -> VolumeId:
    """The frozen volume of a platform image, brought into the store at its first use (a hard link where it can be)."""
    source = cloud.base_images.path(str(urn))
    size = cloud.base_images.size_bytes(str(urn))
    if source is None or size is None:
        raise catalogue.not_here(cloud, urn)
    path, format = source
    note = f"base/{path.stem}"
    with cloud.records.read() as view:
        known = view.note(note)
        if known is not None and view.volume(known) is not None:
            return known
    volume = Volume(cloud.chance.guid(), size, frozen=True)
    try:
        cloud.disks.import_base(volume, path, format)
    except Exception as error:
        cloud.disks.delete(volume.id)
        if isinstance(error, StoreFull):
            raise errors.store_full() from error
        raise
    with cloud.records.write() as tx:
        known = tx.note(note)
        if known is None or tx.volume(known) is None:
            tx.put_volume(volume)
            tx.put_note(note, volume.id)
            return volume.id
    cloud.disks.delete(volume.id)  # another request was first
    return known
