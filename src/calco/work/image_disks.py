"""What an image gives: the frozen volume of each of its disks, by LUN.

A zone-resilient image has a whole copy in each zone's pool and gives the one that is nearest: that of the zone asked
for, else the first whose pool is there. Any other image has one volume, which may lie over others, and serves nobody
while the pool of one of them is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from calco.model import errors
from calco.model.document import number_at, object_at, objects_at, text_at
from calco.model.image import slot
from calco.model.region import pool_of
from calco.model.volume import GIB, REGIONAL, VolumeId
from calco.ports import Reader, Resource
from calco.work import volume
from calco.work.cloud import Cloud


@dataclass(frozen=True)
class SourceDisk:
    """One disk of an image: its frozen volume, what the guest sees of it, how Azure would cache and store it."""

    volume: VolumeId
    size_bytes: int
    caching: str | None = None
    sku: str | None = None


def disks_of(cloud: Cloud, view: Reader, image: Resource, zones: Sequence[str] = ()) -> dict[int | None, SourceDisk]:
    """The disks of an image by LUN, the OS disk under None, for a machine or disk in ``zones`` (none or one).

    Raises ApiError when the pool that would be read from is gone.
    """
    profile = object_at(image.properties, "storageProfile")
    held = view.held(image.id)
    pool = _pool(cloud, image, held, zones)
    disks: dict[int | None, SourceDisk] = {}
    for each in [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]:
        lun = number_at(each, "lun")
        size = number_at(image.internal, "sizes", slot(lun)) or (number_at(each, "diskSizeGB") or 1) * GIB
        given = held[slot(lun, pool)]
        disks[lun] = SourceDisk(given, size, text_at(each, "caching"), text_at(each, "storageAccountType"))
    _check_pools(cloud, view, image, [each.volume for each in disks.values()])
    return disks


def pools_of(held: dict[str, VolumeId]) -> list[str]:
    """The pools in which an image has whole copies, in the order of their names; none: it is not zone-resilient."""
    return sorted({name.partition("@")[2] for name in held if "@" in name})


def _pool(cloud: Cloud, image: Resource, held: dict[str, VolumeId], zones: Sequence[str]) -> str:
    pools = pools_of(held)
    if not pools:
        return REGIONAL
    near = pool_of(image.location, zones)
    there = cloud.disks.pools()
    for each in [near, *pools] if near in pools else pools:
        if each in there:
            return each
    raise errors.pool_gone(f"Image '{image.id.name}'", pools)


def _check_pools(cloud: Cloud, view: Reader, image: Resource, volumes: Sequence[VolumeId]) -> None:
    rows = [view.volume(each) for each in volume.chain(view, volumes)]
    used = {row.pool for row in rows if row is not None} - {REGIONAL}
    gone = sorted(used - cloud.disks.pools()) if used else []
    if gone:
        raise errors.pool_gone(f"Image '{image.id.name}'", gone)
