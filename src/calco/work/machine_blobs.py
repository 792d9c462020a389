"""Unmanaged disks: page blobs of this service's storage accounts that a machine writes straight into.

A blob that is there is leased to the machine for as long as the machine has it. A new one is a copy of an image's disk,
or empty, and is made on the way up: here bytes move, and the operation says how far it is. A blob whose volume
something else holds too (an image, say) gets a volume of its own before the machine is switched on. When the machine
goes its blobs stay, with what the guest wrote.

``internal`` of a virtual machine: ``blobs``, a list of ``lun``, ``id`` (the blob's resource), ``uri`` (as the request
has it), ``source`` (the volume a new one is copied from) and ``bytes`` (what the guest sees).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from calco.model import blob as blob_model
from calco.model import errors, storage_account, vhd
from calco.model.blob import Use
from calco.model.disk import MAX_DISK_GB, Caching, CreateOption, size_gb
from calco.model.document import Document, Json, number_at, object_at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.model.operation import Family
from calco.model.vhd import DATA_DISK_MAX_BYTES, FOOTER_BYTES, OS_DISK_MAX_BYTES
from calco.model.virtual_machine import DiskWish, NewVirtualMachine, Urn
from calco.model.volume import GIB, Format, Volume, VolumeId
from calco.ports import Reader, Resource, Writer
from calco.work import blob, machine_disks, volume
from calco.work.cloud import Accepted, Cloud
from calco.work.common import settled, with_internal, with_properties
from calco.work.image_disks import SourceDisk
from calco.work.machine_disks import Order, Source
from calco.work.machine_state import BLOBS, blobs_of

CAPTURED = "/system/Microsoft.Compute/Images/"
"""In the address of every blob that a capture made."""
SOURCE_SLOT = "source"
"""Under which a machine that is being made holds what its OS disk is copied from."""


@dataclass(frozen=True)
class BlobPlan:
    """One disk of the new machine: the blob, what it is copied from if it is new (None: it is empty, or there already),
    and how the machine shows it."""

    lun: int | None
    id: ResourceId
    uri: str
    is_new: bool
    source: VolumeId | None
    guest_bytes: int
    shown: Document

    @property
    def note(self) -> Document:
        """What the machine's record keeps of it."""
        kept: Document = {"lun": self.lun, "id": str(self.id), "uri": self.uri, "bytes": self.guest_bytes}
        return {**kept, "source": self.source}


# --- the request -----------------------------------------------------------------------------------------------------


def is_unmanaged(wanted: NewVirtualMachine) -> bool:
    """Whether the machine's disks are to be blobs. Raises ApiError when some are and some are not."""
    if wanted.os_disk.vhd is None:
        if wanted.os_disk.image_uri is not None:
            raise errors.missing("osDisk.vhd")
        if any(each.vhd is not None for each in wanted.data_disks):
            raise errors.refused("Addition of a blob based disk to VM with managed disks is not supported.", "dataDisk")
        return False
    if any(each.vhd is None for each in wanted.data_disks):
        raise errors.refused("Addition of a managed disk to a VM with blob based disks is not supported.", "dataDisk")
    return True


def source_of(cloud: Cloud, view: Reader, wanted: NewVirtualMachine, base: VolumeId | None) -> Source:
    """Where the OS disk's bytes come from. Raises Azure's refusals."""
    wish = wanted.os_disk
    if isinstance(wanted.image, ResourceId):
        raise errors.refused(
            "VM created from Image cannot have blob based disks. All disks have to be managed disks.", "osDisk"
        )
    if isinstance(wanted.image, Urn) and wish.create_option is CreateOption.FROM_IMAGE:
        return machine_disks.platform(cloud, view, wanted.image, base)
    if wanted.image is not None:
        raise errors.not_allowed("imageReference")
    if wish.os_type is None:
        raise errors.missing("osDisk.osType")
    specialized = wish.create_option is CreateOption.ATTACH
    disks: dict[int | None, SourceDisk] = {}
    if not specialized:
        origin = _image_of(cloud, view, wish)
        disks = {None: SourceDisk(origin.blob.volume, origin.guest_bytes)}
    return Source(disks, Generation.V1, wish.os_type, False, {}, False, is_specialized=specialized)


def _image_of(cloud: Cloud, view: Reader, wish: DiskWish) -> blob.Vhd:
    """The VHD behind ``image.uri``: in the account the disk is to be in. Source of that rule and its words: recording
    xplat-vm-409-ConflictingUserInput."""
    if wish.image_uri is None:
        raise errors.missing("imageReference")
    source, place = blob.place_of(cloud, wish.image_uri), blob.place_of(cloud, wish.vhd or "")
    if source is not None and place is not None and place.account.lower() != source.account.lower():
        words = f"Source and destination storage accounts for disk {wish.name} are different."
        raise ApiError(409, "ConflictingUserInput", words)
    return _vhd(cloud, view, wish.image_uri, wish)


def _vhd(cloud: Cloud, view: Reader, uri: str, wish: DiskWish) -> blob.Vhd:
    most = OS_DISK_MAX_BYTES if wish.lun is None else DATA_DISK_MAX_BYTES
    return blob.vhd(cloud, view, uri, disk=wish.name or "", use=Use.DISK, max_bytes=most)


def plan(cloud: Cloud, view: Reader, order: Order) -> Sequence[BlobPlan]:
    """The machine's disks, OS disk first. Raises Azure's refusals; changes nothing."""
    wishes = [order.wanted.os_disk, *order.wanted.data_disks]
    machine_disks.check_luns([wish.lun for wish in order.wanted.data_disks], order.size)
    plans: list[BlobPlan] = []
    for wish in wishes:
        each = _plan_one(cloud, view, order, wish)
        if any(each.id.key == other.id.key for other in plans):
            raise in_use(wish.name or "", each.uri)
        plans.append(each)
    return plans


def _plan_one(cloud: Cloud, view: Reader, order: Order, wish: DiskWish) -> BlobPlan:
    place = "osDisk" if wish.lun is None else "dataDisk"
    uri = wish.vhd or ""
    if not wish.name:
        raise errors.missing(f"{place}.name")
    id = _id(cloud, view, uri, order.location)
    is_there = view.resource(id) is not None
    if wish.create_option is CreateOption.ATTACH:
        guest_bytes = _vhd(cloud, view, uri, wish).guest_bytes
        return BlobPlan(wish.lun, id, uri, False, None, guest_bytes, _shown(order, wish, size_gb(guest_bytes)))
    if is_there:
        raise blob_model.blob_exists()
    source = _origin(cloud, view, order, wish)
    guest_bytes = _size(wish, source, place)
    shown_gb = wish.size_gb if wish.lun is None else size_gb(guest_bytes)
    copied = None if source is None else source.volume
    return BlobPlan(wish.lun, id, uri, True, copied, guest_bytes, _shown(order, wish, shown_gb))


def _id(cloud: Cloud, view: Reader, uri: str, location: str) -> ResourceId:
    """The blob that a URI names, in an account of ours and of the machine's location. Raises ApiError."""
    place = blob.place_of(cloud, uri)
    if place is None:
        raise blob_model.not_a_blob_uri(uri)
    account = blob.account_id(view, place.account)
    record = None if account is None else view.resource(account)
    if account is None or record is None or record.location != location:
        raise storage_account.not_found(place.account)
    return blob.blob_id(blob.container_id(account, place.container), place.name)


def _origin(cloud: Cloud, view: Reader, order: Order, wish: DiskWish) -> SourceDisk | None:
    if wish.create_option is CreateOption.EMPTY and wish.lun is not None:
        return None
    if wish.create_option is not CreateOption.FROM_IMAGE:
        raise errors.invalid("osDisk.createOption" if wish.lun is None else "dataDisk.createOption")
    if wish.lun is None:
        return order.source.disks[None]
    found = _image_of(cloud, view, wish)
    return SourceDisk(found.blob.volume, found.guest_bytes)


def _size(wish: DiskWish, source: SourceDisk | None, place: str) -> int:
    if wish.size_gb is None:
        if source is None:
            raise errors.missing(f"{place}.diskSizeGB")
        return source.size_bytes
    if not 1 <= wish.size_gb <= MAX_DISK_GB:
        raise errors.invalid(f"{place}.diskSizeGB", f"A disk is between 1 and {MAX_DISK_GB} GB.")
    wanted = wish.size_gb * GIB
    if source is not None and wish.size_gb < size_gb(source.size_bytes):
        raise errors.smaller_than_image(wish.size_gb, size_gb(source.size_bytes), f"{place}.diskSizeGB")
    if source is not None and wish.image_uri is not None and wanted != source.size_bytes:
        raise errors.not_supported(f"{place}.diskSizeGB (another size than the VHD's, of a disk in a blob)")
    return max(wanted, source.size_bytes if source else 0)


def _shown(order: Order, wish: DiskWish, shown_gb: int | None) -> Document:
    """How the machine shows the disk. Source: recording net-image-from-generalized-vm-unmanaged."""
    first: Document = {"osType": order.source.os_type.value} if wish.lun is None else {"lun": wish.lun}
    default = Caching.READ_WRITE if wish.lun is None else Caching.NONE
    shown: Document = {
        **first,
        "name": wish.name,
        "createOption": wish.create_option.value,
        "vhd": {"uri": wish.vhd},
        "caching": (wish.caching or default).value,
    }
    if shown_gb is not None:
        shown["diskSizeGB"] = shown_gb
    if wish.lun is not None:
        shown["toBeDetached"] = False
    return machine_disks.tidy(shown, order.wanted, wish)


def take(cloud: Cloud, tx: Writer, machine: ResourceId, plans: Sequence[BlobPlan]) -> None:
    """The machine has its blobs for itself, and what new ones are copied from stays until they are. Raises ApiError."""
    for number, each in enumerate(plans):
        if each.is_new and each.source is not None:
            tx.hold(machine, f"{SOURCE_SLOT}{number}", each.source)
        elif not each.is_new:
            _lease(cloud, tx, each, machine)


def _lease(cloud: Cloud, tx: Writer, plan: BlobPlan, machine: ResourceId) -> None:
    try:
        blob.lease_to(cloud, tx, plan.id, machine)
    except ApiError as taken:
        raise in_use(text_at(plan.shown, "name") or "", plan.uri) from taken


def in_use(disk: str, uri: str) -> ApiError:
    """Source: Azure, "Common VM error codes"."""
    return ApiError(
        409,
        "AcquireDiskLeaseFailed",
        f"Failed to acquire lease while creating disk '{disk}' using blob with URI {uri}. Blob is already in use.",
    )


def unlicensed(wanted: NewVirtualMachine) -> ApiError | None:
    """Why the operation that makes such a machine fails: a licence of one's own is for VHDs one brought along, and what
    was captured here was not. Source: recording xplat-vm-stop-generalize-capture."""
    licence, uri = text_at(wanted.properties, "licenseType") or "", wanted.os_disk.image_uri or ""
    if not licence.lower().startswith("windows_") or CAPTURED not in uri:
        return None
    words = f"The license type is {licence[:60]}, but the image blob {uri} is not from on-premises."
    return ApiError(409, "NotSupported", words)


def refuse_later(cloud: Cloud, tx: Writer, machine: Resource, why: ApiError, *, created: bool) -> Accepted:
    """What Azure accepts and lets fail: the machine stays, in ``Failed``."""
    failure: Document = {"code": why.code, "message": why.message}
    failed = with_internal(with_properties(machine, {"provisioningState": "Failed"}), {"failure": failure})
    tx.put(failed)
    return Accepted(machine, settled(cloud, tx, failed, Family.COMPUTE, failure=why), created=created)


# --- the way up ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Making:
    """A volume that ``blob`` is to hold before its machine is switched on. ``uri``: of a blob that is new. ``source``:
    what it is copied from; None: it is empty. ``held``: what a blob that is there holds now; when that is the volume
    itself, it is frozen for nobody's sake and only thawed."""

    blob: str
    volume: VolumeId
    guest_bytes: int
    uri: str = ""
    source: VolumeId | None = None
    held: VolumeId | None = None

    @property
    def only_thaws(self) -> bool:
        return self.held == self.volume

    def as_volume(self) -> Volume:
        return Volume(self.volume, self.guest_bytes + FOOTER_BYTES, format=Format.FLAT)


def makings(cloud: Cloud, view: Reader, machine: Resource) -> tuple[Making, ...]:
    """What the machine's blobs need before they may be written."""
    wanted = (_making(cloud, view, each) for each in objects_at(machine.internal, BLOBS))
    return tuple(each for each in wanted if each is not None)


def _making(cloud: Cloud, view: Reader, note: Document) -> Making | None:
    id, uri, guest_bytes = text_at(note, "id") or "", text_at(note, "uri") or "", number_at(note, "bytes") or 0
    held = view.held(ResourceId.parse(id)).get(blob.SLOT)
    row = None if held is None else view.volume(held)
    if row is None:
        return Making(id, cloud.chance.guid(), guest_bytes, uri=uri, source=text_at(note, "source"))
    if not row.frozen:
        return None
    above = any(each.backing == row.id for each in view.volumes())
    mine = len(view.holders(row.id)) == 1 and not above
    own = row.id if mine else cloud.chance.guid()
    return Making(id, own, row.size_bytes - FOOTER_BYTES, source=row.id, held=row.id)


class Speaker(Protocol):
    """Is told why bytes move, and which of how many that are moved it is; its answer hears how many bytes have."""

    def __call__(self, why: str, /, *, part: tuple[int, int]) -> Callable[[int, int], None]: ...


def make(cloud: Cloud, wanted: Sequence[Making], speaker: Speaker) -> None:
    """Make the files; may be repeated."""
    copies = [each for each in wanted if each.source is not None and not each.only_thaws]
    for each in wanted:
        if each.only_thaws:
            cloud.disks.thaw(each.volume)
        elif each.source is not None:
            part = (copies.index(each) + 1, len(copies))
            cloud.disks.copy(each.as_volume(), each.source, speaker(_why(each), part=part))
        else:
            cloud.disks.create(each.as_volume())
            footer = vhd.footer(each.guest_bytes, each.volume, cloud.clock.now())
            cloud.disks.write(each.volume, each.guest_bytes, footer)


def _why(making: Making) -> str:
    if making.held is not None:
        return "Copying a blob whose bytes an image or disk holds too, for its machine is going to write it."
    return f"Copying the disk's image into {making.uri}: a disk in a blob is a whole copy."


def unmake(cloud: Cloud, wanted: Iterable[Making]) -> None:
    """Take the files away again; may be repeated."""
    for each in wanted:
        if each.only_thaws:
            cloud.disks.freeze(each.volume)
        else:
            cloud.disks.delete(each.volume)


def adopt(cloud: Cloud, tx: Writer, machine: Resource, wanted: Iterable[Making]) -> None:
    """From now on the blobs hold their volumes, and the new ones are there and the machine's. Raises ApiError."""
    for each in wanted:
        id = ResourceId.parse(each.blob)
        if each.held is None:
            blob.create_page_blob(cloud, tx, each.uri, each.as_volume())
            blob.lease_to(cloud, tx, id, machine.id)
        else:
            row = tx.volume(each.held)
            tx.put_volume(replace(row, frozen=False) if row is not None and each.only_thaws else each.as_volume())
            tx.hold(id, blob.SLOT, each.volume)
    shown = {number_at(note, "lun"): number_at(note, "bytes") or 0 for note in objects_at(machine.internal, BLOBS)}
    if None in shown:
        tx.put(with_properties(machine, {"storageProfile": _with_os_size(machine, size_gb(shown[None]))}))


def _with_os_size(machine: Resource, gb: int) -> Json:
    """The OS disk's size is shown once it is known to be there. Source: recording
    net-image-from-generalized-vm-unmanaged."""
    profile = object_at(machine.properties, "storageProfile")
    return {**profile, "osDisk": {"diskSizeGB": gb, **object_at(profile, "osDisk")}}


def disown(tx: Writer, wanted: Iterable[Making]) -> None:
    """Undo ``adopt``: blobs hold what they held, and new ones were never there."""
    for each in wanted:
        id = ResourceId.parse(each.blob)
        if tx.held(id).get(blob.SLOT) != each.volume:
            continue
        row = tx.volume(each.volume)
        if each.only_thaws:
            if row is not None:
                tx.put_volume(replace(row, frozen=True))
            continue
        if each.held is None:
            tx.delete(id)
        else:
            tx.hold(id, blob.SLOT, each.held)
        tx.delete_volume(each.volume)


def drop_sources(cloud: Cloud, machine: ResourceId, wanted: Iterable[Making]) -> None:
    """All is copied: the machine needs its sources no longer, and perhaps nobody does. May be repeated."""
    with cloud.records.write() as tx:
        sources = volume.chain(tx, [each.source for each in wanted if each.source is not None])
        for slot in tx.held(machine):
            tx.release(machine, slot)
        volume.forget_unused(tx, sources)
    volume.drop_files(cloud, sources)


def release(tx: Writer, machine: Resource) -> None:
    """The machine has its blobs no longer; they stay."""
    for each in blobs_of(machine).values():
        blob.release_from(tx, each, machine.id)


# --- holding them still ----------------------------------------------------------------------------------------------


def held(view: Reader, id: ResourceId) -> VolumeId:
    """What a blob holds. Raises ApiError when it holds nothing."""
    found = view.held(id).get(blob.SLOT)
    if found is None:
        raise blob_model.blob_not_found()
    return found


def lock(cloud: Cloud, blobs: Iterable[ResourceId]) -> None:
    """Freeze the blobs' files: anyone with a key may be writing them. May be repeated."""
    with cloud.records.read() as view:
        files = [held(view, each) for each in blobs]
    for each in files:
        cloud.disks.freeze(each)


def unlock(cloud: Cloud, blobs: Iterable[ResourceId]) -> None:
    """Undo ``lock``."""
    with cloud.records.read() as view:
        rows = [view.volume(held(view, each)) for each in blobs]
    for row in rows:
        if row is not None and not row.frozen:
            cloud.disks.thaw(row.id)
