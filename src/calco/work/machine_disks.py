"""The disks a new machine gets: from its image, empty ones, and existing ones that are attached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calco.model import errors, names
from calco.model.disk import (
    MAX_DISK_GB,
    MAX_OS_DISK_GB,
    Caching,
    CreateOption,
    DiskEvent,
    OsType,
    Sku,
    Use,
    size_gb,
)
from calco.model.document import Document, flag_at, number_at, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.image import OsState
from calco.model.machine import Generation
from calco.model.virtual_machine import DiskWish, NewVirtualMachine, Urn
from calco.model.vm_size import VmSize
from calco.model.volume import GIB, VolumeId
from calco.ports import Reader, Resource
from calco.work import access, disk, volume, zone
from calco.work.cloud import Cloud
from calco.work.common import with_properties
from calco.work.image_disks import SourceDisk, disks_of
from calco.work.machine_state import RENEWS_MACHINE_ID

LUNS = range(64)


@dataclass(frozen=True)
class Source:
    """Where a machine's disks come from, by LUN, the OS disk under None."""

    disks: Mapping[int | None, SourceDisk]
    generation: Generation
    os_type: OsType
    is_platform: bool
    reference: Document
    """``creationData.imageReference`` of the disks."""
    renews_machine_id: bool
    """Whether a guest of it makes itself a new /etc/machine-id when its vmId is new. waagent leaves the old one in
    place; our base image does it, and what was made from that."""
    is_specialized: bool = False
    """Whether its guest has been set up before and is not to be again."""


@dataclass(frozen=True)
class DiskPlan:
    """One disk of the new machine: its record, the volume it holds at first (None: it gets an empty one), and how the
    machine shows it."""

    lun: int | None
    record: Resource
    volume: VolumeId | None
    shown: Document


# --- the source ------------------------------------------------------------------------------------------------------


def source_of(cloud: Cloud, view: Reader, wanted: NewVirtualMachine, base: VolumeId | None, location: str) -> Source:
    """What the request's ``imageReference`` stands for. Raises Azure's refusals."""
    if wanted.os_disk.create_option is CreateOption.ATTACH:
        return _own_disk(view, wanted)
    if wanted.os_disk.create_option is not CreateOption.FROM_IMAGE:
        raise errors.invalid("osDisk.createOption", "An OS disk comes 'FromImage', or is there already: 'Attach'.")
    if isinstance(wanted.image, Urn):
        return platform(cloud, view, wanted.image, base)
    if wanted.image is None:
        raise errors.missing("imageReference")
    return _image(cloud, view, wanted, wanted.image, location)


def _own_disk(view: Reader, wanted: NewVirtualMachine) -> Source:
    """A disk with an operating system that has been set up before: nobody is asked who it is to be."""
    if wanted.image is not None:
        raise errors.not_allowed("imageReference")
    if wanted.os_disk.disk is None:
        raise errors.missing("osDisk.managedDisk.id")
    if wanted.os_disk.os_type is None:
        raise errors.missing("osDisk.osType")
    record = view.resource(wanted.os_disk.disk)
    if record is None:
        raise errors.linked_not_found(wanted.os_disk.disk.name)
    generation = Generation(text_at(record.properties, "hyperVGeneration") or Generation.V1)
    renews = flag_at(record.internal, RENEWS_MACHINE_ID) is True
    return Source({}, generation, wanted.os_disk.os_type, False, {}, renews, is_specialized=True)


def platform(cloud: Cloud, view: Reader, urn: Urn, base: VolumeId | None) -> Source:
    """A platform image, which was brought in as ``base``. Raises ApiError when there is none of that name."""
    row = None if base is None else view.volume(base)
    generation = cloud.base_images.generation(str(urn))
    if row is None or generation is None:
        raise errors.platform_image_not_found(str(urn))
    reference: Document = {
        "publisher": urn.publisher,
        "offer": urn.offer,
        "sku": urn.sku,
        "version": urn.version,
    }
    return Source({None: SourceDisk(row.id, row.size_bytes)}, generation, urn.os_type, True, reference, True)


def _image(cloud: Cloud, view: Reader, wanted: NewVirtualMachine, id: ResourceId, location: str) -> Source:
    if id.subscription.lower() != wanted.id.subscription.lower():
        raise errors.image_not_found(str(id), location)
    image = view.resource(id)
    if image is None or image.location != location:
        raise errors.image_not_found(str(id), location)
    if image.properties.get("provisioningState") != "Succeeded":
        raise errors.image_not_ready(wanted.id.name, image.id.name)
    disks = disks_of(cloud, view, image, zone.check(cloud.rules, wanted.id, location, wanted.extra))
    profile = object_at(image.properties, "storageProfile")
    return Source(
        disks,
        Generation(text_at(image.properties, "hyperVGeneration") or Generation.V1),
        OsType(text_at(profile, "osDisk", "osType") or OsType.LINUX),
        False,
        {"id": str(image.id)},
        flag_at(image.internal, RENEWS_MACHINE_ID) is True,
        is_specialized=text_at(profile, "osDisk", "osState") == OsState.SPECIALIZED,
    )


# --- the disks -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """What the disks of one machine are planned from."""

    wanted: NewVirtualMachine
    source: Source
    size: VmSize
    location: str


def plan(cloud: Cloud, view: Reader, order: Order) -> Sequence[DiskPlan]:
    """The machine's disks, OS disk first. Raises Azure's refusals; changes nothing."""
    zones = zone.check(cloud.rules, order.wanted.id, order.location, order.wanted.extra)
    wishes = [order.wanted.os_disk, *_data_wishes(order.wanted, order.source)]
    check_luns([wish.lun for wish in wishes[1:]], order.size)
    plans = [plan_one(cloud, view, order, wish, number) for number, wish in enumerate(wishes, start=1)]
    for each in plans:
        zone.check_together(each.record, zones)
    keys = [each.record.id.key for each in plans]
    for each in plans:
        if keys.count(each.record.id.key) > 1:
            raise _name_taken(each.record.id.name)
    return plans


def check_luns(luns: Sequence[int | None], size: VmSize) -> None:
    """Each data disk has a LUN of its own, and the size takes so many. Raises ApiError."""
    for lun in luns:
        if lun not in LUNS:
            raise errors.invalid("dataDisk.lun", "A LUN is a number from 0 to 63.")
        if luns.count(lun) > 1:
            raise errors.lun_taken(lun or 0)
    if len(luns) > size.max_data_disks:
        raise errors.too_many_disks(size.max_data_disks)


def _data_wishes(wanted: NewVirtualMachine, source: Source) -> Sequence[DiskWish]:
    """The image's data disks come along when none is named; naming one means naming all of the image's LUNs."""
    of_image = [lun for lun in source.disks if lun is not None]
    if not wanted.data_disks:
        return [DiskWish(lun, CreateOption.FROM_IMAGE) for lun in of_image]
    from_image = {wish.lun for wish in wanted.data_disks if wish.create_option is CreateOption.FROM_IMAGE}
    if not set(of_image) <= from_image:
        raise errors.luns_missing()
    for lun in from_image - set(of_image):
        raise errors.invalid("dataDisks.createOption", f"The image has no data disk at LUN {lun}.")
    return wanted.data_disks


def plan_one(cloud: Cloud, view: Reader, order: Order, wish: DiskWish, number: int) -> DiskPlan:
    """One disk of the machine, the ``number``-th; Raises Azure's refusals."""
    wanted, source = order.wanted, order.source
    if wish.create_option is CreateOption.ATTACH:
        return _attached(cloud, view, order, wish)
    origin = source.disks[wish.lun] if wish.create_option is CreateOption.FROM_IMAGE else None
    if origin is None and wish.create_option is not CreateOption.EMPTY:
        raise errors.invalid("dataDisks.createOption")
    size_bytes = _size(wish, origin)
    id = wanted.id.sibling("Microsoft.Compute", "disks", wish.name or _name(cloud, wanted, source, number))
    names.check(id)
    if view.resource(id) is not None:
        raise _name_taken(id.name)
    sku = wish.sku or Sku((origin.sku if origin else None) or disk.DEFAULT_SKU)
    creation: Document = {"createOption": wish.create_option.value}
    if origin is not None:
        reference = source.reference if wish.lun is None else {**source.reference, "lun": wish.lun}
        creation["imageReference"] = reference
    record = disk.new(
        cloud,
        id,
        order.location,
        size_bytes=size_bytes,
        sku=sku,
        os_type=source.os_type if wish.lun is None else None,
        creation=creation,
        generation=source.generation.value,
    )
    record = disk.moved(record, DiskEvent.ATTACH, cloud.clock.now(), wanted.id)
    if origin is not None:
        record = with_properties(record, {"provisioningState": "Succeeded"})
    record = replace(record, extra={**record.extra, **_zones(wanted, sku)})
    caching = wish.caching or (origin.caching if origin else None)
    default = Caching.READ_WRITE if wish.lun is None else Caching.NONE
    shown = _shown(wanted, wish, record, source, str(caching or default))
    return DiskPlan(wish.lun, record, None if origin is None else origin.volume, shown)


def _attached(cloud: Cloud, view: Reader, order: Order, wish: DiskWish) -> DiskPlan:
    wanted = order.wanted
    if wish.disk is None:
        raise errors.missing("dataDisk.managedDisk.id")
    record = view.resource(wish.disk)
    if record is None or record.location != order.location or record.id.kind != disk.KIND.lower():
        raise errors.linked_not_found(wish.disk.name)
    access.check_use(record, Use.ATTACH, cloud.clock.now())
    default = Caching.READ_WRITE if wish.lun is None else Caching.NONE
    shown = _shown(wanted, wish, record, order.source, wish.caching or default)
    held = view.held(record.id).get(volume.DISK_SLOT)
    return DiskPlan(wish.lun, disk.moved(record, DiskEvent.ATTACH, cloud.clock.now(), wanted.id), held, shown)


def _size(wish: DiskWish, origin: SourceDisk | None) -> int:
    where = "osDisk.diskSizeGB" if wish.lun is None else "dataDisk.diskSizeGB"
    if wish.size_gb is None:
        if origin is None:
            raise errors.missing(where)
        return origin.size_bytes
    if not 1 <= wish.size_gb <= (MAX_OS_DISK_GB if wish.lun is None else MAX_DISK_GB):
        raise errors.invalid(where, f"A disk is between 1 and {MAX_DISK_GB} GB, an OS disk at most {MAX_OS_DISK_GB}.")
    if origin is not None and wish.size_gb < size_gb(origin.size_bytes):
        raise errors.smaller_than_image(wish.size_gb, size_gb(origin.size_bytes), where)
    return max(wish.size_gb * GIB, origin.size_bytes if origin else 0)


def _name(cloud: Cloud, wanted: NewVirtualMachine, source: Source, number: int) -> str:
    """Source: recorded names; disk 1 is the OS disk, and platform images' has a word in it."""
    word = "OsDisk_1" if number == 1 and source.is_platform else f"disk{number}"
    return f"{wanted.id.name}_{word}_{cloud.chance.guid().replace('-', '')}"


def _name_taken(name: str) -> errors.ApiError:
    return errors.ApiError(400, "InvalidParameter", f"A disk named '{name}' already exists.", "disk.name")


def _zones(wanted: NewVirtualMachine, sku: Sku) -> Document:
    """A disk is in its machine's zone, unless it is in all of them."""
    return {"zones": wanted.extra["zones"]} if "zones" in wanted.extra and not sku.is_zone_redundant else {}


def _shown(wanted: NewVirtualMachine, wish: DiskWish, record: Resource, source: Source, caching: str) -> Document:
    """How the machine shows the disk. Source: recording net-image-managed-5-datadisks-then-vms."""
    first: Document = {"osType": source.os_type.value} if wish.lun is None else {"lun": wish.lun}
    last: Document = {} if wish.lun is None else {"toBeDetached": False}
    shown: Document = {
        **first,
        "name": record.id.name,
        "createOption": wish.create_option.value,
        "caching": caching,
        "managedDisk": {"storageAccountType": text_at(record.extra, "sku", "name"), "id": str(record.id)},
        "diskSizeGB": number_at(record.properties, "diskSizeGB"),
        **last,
    }
    return tidy(shown, wanted, wish)


def tidy(shown: Document, wanted: NewVirtualMachine, wish: DiskWish) -> Document:
    """Members the request had and we do not decide stay (``writeAcceleratorEnabled``, ``deleteOption``...)."""
    profile = object_at(wanted.properties, "storageProfile")
    sent = (
        object_at(profile, "osDisk")
        if wish.lun is None
        else next((each for each in objects_at(profile, "dataDisks") if each.get("lun") == wish.lun), {})
    )
    return {**shown, **{name: each for name, each in sent.items() if name not in shown}}
