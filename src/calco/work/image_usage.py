"""What an image takes: bytes that are its alone and go with it, and bytes it shares with disks, snapshots, blobs and
other images; which machines were made of it; what it would cost, by an estimate.

A volume is shared when anybody else holds it, or it lies under a volume that is. Counted from the records when asked,
never stored: O(volumes there are), and one look at a file for each volume of the image.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from calco.model import price
from calco.model.disk import Sku
from calco.model.document import Document, number_at, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.image import slot
from calco.model.volume import VolumeId
from calco.ports import Reader, Resource
from calco.work import volume
from calco.work.cloud import Cloud
from calco.work.common import found
from calco.work.image_disks import pools_of
from calco.work.machine_state import image_of

MACHINES = "Microsoft.Compute/virtualMachines"


@dataclass(frozen=True)
class DiskUsage:
    """One disk. ``kind`` and ``source``: where it came from (``managedDisk``, ``snapshot`` or ``blobUri``). ``pools``:
    where its volumes lie. Bytes are those of all its volumes and copies."""

    lun: int | None
    kind: str
    source: str
    size_bytes: int
    storage_type: str
    pools: Sequence[str]
    used_bytes: int
    shared_bytes: int
    monthly_price: float | None


@dataclass(frozen=True)
class Usage:
    """``used_bytes``: freed with the image; ``shared_bytes``: what others need too. A price of None: the table of
    prices does not name a storage type of the image."""

    image: Resource
    disks: Sequence[DiskUsage]
    zone_resilient: bool
    zones: Sequence[str]
    machines: Sequence[ResourceId]
    used_bytes: int
    shared_bytes: int
    monthly_price: float | None


@dataclass(frozen=True)
class _Files:
    """The image's volumes: which of them are its own, how large each file is and in which pool. ``layers``: the chain
    of volumes behind each slot."""

    own: set[VolumeId]
    sizes: dict[VolumeId, int]
    pools: dict[VolumeId, str]
    layers: dict[str, list[VolumeId]]

    def used(self, volumes: Collection[VolumeId]) -> int:
        return sum(self.sizes[each] for each in volumes if each in self.own)

    def shared(self, volumes: Collection[VolumeId]) -> int:
        return sum(self.sizes[each] for each in volumes if each not in self.own)

    def behind(self, name: str) -> tuple[list[VolumeId], int]:
        """The volumes behind one disk, and how many whole copies of it they are."""
        chains = [chain for each, chain in self.layers.items() if each.partition("@")[0] == name]
        volumes = dict.fromkeys(each for chain in chains for each in chain)
        return [each for each in volumes if each in self.sizes], len(chains)


def get(cloud: Cloud, id: ResourceId) -> Usage:
    """Raises ApiError 404."""
    with cloud.records.read() as view:
        image = found(view, id)
        held = view.held(id)
        own = _own(view, image.id, held.values())
        layers = {name: volume.chain(view, [each]) for name, each in held.items()}
        pools = {row.id: row.pool for each in volume.chain(view, held.values()) if (row := view.volume(each))}
        machines = [each.id for each in view.resources(MACHINES) if _is_made_of(each, image.id)]
    files = _Files(own, {each: cloud.disks.used_bytes(each) for each in pools}, pools, layers)
    copied = pools_of(held)
    disks = [_disk(cloud, image, each, files) for each in _rows(image)]
    prices = [each.monthly_price for each in disks]
    return Usage(
        image=image,
        disks=disks,
        zone_resilient=bool(copied),
        zones=[each.rpartition("-")[2] for each in copied],
        machines=machines,
        used_bytes=files.used(pools),
        shared_bytes=files.shared(pools),
        monthly_price=None if None in prices else sum(each for each in prices if each is not None),
    )


def _own(view: Reader, image: ResourceId, held: Collection[VolumeId]) -> set[VolumeId]:
    """The volumes that would go with the image."""
    below = set(volume.chain(view, held))
    over: dict[VolumeId, set[VolumeId]] = {each: set() for each in below}
    for row in view.volumes():
        if row.backing in over:
            over[row.backing].add(row.id)
    own: set[VolumeId] = set()
    # Uppermost first: whether what lies over a volume is shared is known before that volume is looked at.
    for each in _uppermost_first(below, over):
        others = [holder for holder, _ in view.holders(each) if holder.key != image.key]
        if not others and over[each] <= own:
            own.add(each)
    return own


def _uppermost_first(volumes: set[VolumeId], over: dict[VolumeId, set[VolumeId]]) -> list[VolumeId]:
    order: dict[VolumeId, None] = {}
    waiting = sorted(volumes)
    while waiting:
        ready = [each for each in waiting if not (over[each] & set(waiting))]
        order.update(dict.fromkeys(ready))
        waiting = [each for each in waiting if each not in order]
    return list(order)


def _rows(image: Resource) -> list[Document]:
    profile = object_at(image.properties, "storageProfile")
    return [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]


def _disk(cloud: Cloud, image: Resource, shown: Document, files: _Files) -> DiskUsage:
    lun = number_at(shown, "lun")
    volumes, copies = files.behind(slot(lun))
    used, shared = files.used(volumes), files.shared(volumes)
    type = text_at(shown, "storageAccountType") or Sku.STANDARD_LRS
    # Copies that make it zone-resilient are billed by a storage type that costs more, not each by itself.
    billed = price.storage_type(type, zone_resilient=any("@" in name for name in files.layers))
    kind, source = _source(shown)
    return DiskUsage(
        lun=lun,
        kind=kind,
        source=source,
        size_bytes=number_at(image.internal, "sizes", slot(lun)) or 0,
        storage_type=type,
        pools=sorted({files.pools[each] for each in volumes}),
        used_bytes=used,
        shared_bytes=shared,
        monthly_price=price.monthly(cloud.rules.prices, billed, (used + shared) // max(copies, 1)),
    )


def _source(shown: Document) -> tuple[str, str]:
    for kind in ("managedDisk", "snapshot"):
        id = text_at(shown, kind, "id")
        if id is not None:
            return kind, id
    return "blobUri", text_at(shown, "blobUri") or ""


def _is_made_of(machine: Resource, image: ResourceId) -> bool:
    made_of = image_of(machine)
    return made_of is not None and ResourceId.parse(made_of).key == image.key
