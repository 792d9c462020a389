"""Managed images: PUT, PATCH, GET, lists, DELETE."""

from dataclasses import replace

from msgspec import Struct, field

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.reply import accepted_body, deleted
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.disk import MAX_DISK_GB, MAX_OS_DISK_GB, Caching, OsType, Sku
from calco.model.document import Document, object_at, objects_at
from calco.model.ids import ResourceId
from calco.model.image import ImageDisk, NewImage, Origin, OsState
from calco.model.machine import Generation
from calco.ports import Resource
from calco.work import image as work
from calco.work import image_usage
from calco.work.image_usage import DiskUsage, Usage

FIELDS = (
    Field("extendedLocation", since="2020-12-01"),
    Field("properties.hyperVGeneration", since="2019-03-01"),
    Field("properties.storageProfile.zoneResilient", since="2017-12-01"),
    Field("properties.storageProfile.osDisk.diskEncryptionSet", since="2019-07-01"),
    Field("properties.storageProfile.dataDisks.diskEncryptionSet", since="2019-07-01"),
    Field("properties.storageProfile.osDisk.storageAccountType", since="2017-12-01"),
    Field("properties.storageProfile.dataDisks.storageAccountType", since="2017-12-01"),
)
"""Source: behaviour A.3, image properties by api-version."""


class Reference(Struct):
    id: str | None = None


class Disk(Struct, rename="camel"):
    """Of ``snapshot``, ``managedDisk`` and ``blobUri`` exactly one says where the bytes come from."""

    lun: int | None = None
    os_type: OsType | None = None
    os_state: OsState | None = None
    snapshot: Reference | None = None
    managed_disk: Reference | None = None
    blob_uri: str | None = None
    caching: Caching | None = None
    disk_size_gb: int | None = field(default=None, name="diskSizeGB")
    storage_account_type: Sku | None = None
    disk_encryption_set: Reference | None = None


class StorageProfile(Struct, rename="camel"):
    os_disk: Disk | None = None
    data_disks: list[Disk] | None = None
    zone_resilient: bool | None = None


class Properties(Struct, rename="camel"):
    source_virtual_machine: Reference | None = None
    storage_profile: StorageProfile | None = None
    hyper_v_generation: Generation | None = field(default=None, name="hyperVGeneration")


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None


def put(call: Call) -> Answer:
    names.check(call.id)
    accepted = work.put(call.cloud, read(call.id, call.body, call.subscription))
    return accepted_body(call, operations.Kind.IMAGE_PUT, accepted, show if accepted.created else _updating)


def patch(call: Call) -> Answer:
    """Only tags can change. Source: recorded refusals (PropertyChangeNotAllowed)."""
    _, document = reading.fit(call.body, Body)
    for name in object_at(document, "properties"):
        raise errors.property_change(name)
    accepted = work.patch(call.cloud, call.id, reading.tags(document))
    return accepted_body(call, operations.Kind.IMAGE_PATCH, accepted, _updating)


def _updating(image: Resource, version: str) -> Document:
    """New tags are there at once, and Azure speaks of an update all the same. Source: arm-protocol D.1."""
    return show(replace(image, properties={**image.properties, "provisioningState": "Updating"}), version)


def get(call: Call) -> Answer:
    """``$expand`` is accepted and means nothing, as in Azure."""
    return ok(show(work.get(call.cloud, call.id), call.version))


def get_usage(call: Call) -> Answer:
    """Ours, as an extension of the image: what it takes and shares, where, and what it would cost."""
    usage = image_usage.get(call.cloud, call.id)
    id = f"{usage.image.id}/providers/Calco/usages/current"
    return ok({"name": "current", "id": id, "type": "Calco/usages", "properties": _usage(usage)})


def _usage(usage: Usage) -> Document:
    return {
        "usedBytes": usage.used_bytes,
        "sharedBytes": usage.shared_bytes,
        "zoneResilient": usage.zone_resilient,
        "zones": [*usage.zones],
        "disks": [_disk_usage(each) for each in usage.disks],
        "virtualMachines": [{"id": str(each)} for each in usage.machines],
        **_estimate(usage.monthly_price),
    }


def _disk_usage(disk: DiskUsage) -> Document:
    first: Document = {} if disk.lun is None else {"lun": disk.lun}
    source: Document = {disk.kind: disk.source if disk.kind == "blobUri" else {"id": disk.source}}
    return {
        **first,
        **source,
        "sizeBytes": disk.size_bytes,
        "storageAccountType": disk.storage_type,
        "pools": [each or "regional" for each in disk.pools],
        "usedBytes": disk.used_bytes,
        "sharedBytes": disk.shared_bytes,
        **_estimate(disk.monthly_price),
    }


def _estimate(price: float | None) -> Document:
    return {} if price is None else {"estimatedMonthlyPrice": round(price, 4)}


def list_group(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    return listed([showing.upper_group(show(each, call.version)) for each in work.list(call.cloud, None)])


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.IMAGE_DELETE, work.delete(call.cloud, call.id))


def read(id: ResourceId, raw: Document, subscription: str) -> NewImage:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    properties = body.properties
    if properties is None:
        raise errors.missing("properties")
    source, profile = properties.source_virtual_machine, properties.storage_profile or StorageProfile()
    disks = _disks(profile, subscription)
    if source is None and profile.os_disk is None:
        raise errors.missing("sourceVirtualMachine" if properties.storage_profile is None else "storageProfile.osDisk")
    return NewImage(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        source=None
        if source is None
        else _reference(source, "sourceVirtualMachine", "Microsoft.Compute/virtualMachines", subscription),
        generation=properties.hyper_v_generation,
        zone_resilient=profile.zone_resilient,
        properties=reading.properties(document),
        extra=reading.others(document),
        disks=disks,
        os_type=profile.os_disk.os_type if profile.os_disk else None,
        os_state=profile.os_disk.os_state if profile.os_disk else None,
    )


def _disks(profile: StorageProfile, subscription: str) -> tuple[ImageDisk, ...]:
    """The OS disk first; data disks without one are left to the refusal of a missing OS disk."""
    if profile.os_disk is None:
        return ()
    if profile.os_disk.os_type is None:
        raise errors.missing("osDisk.osType")
    if profile.os_disk.os_state is None:
        raise errors.missing("osDisk.osState")
    if profile.os_disk.storage_account_type in (Sku.ULTRA_SSD_LRS, Sku.PREMIUM_V2_LRS):
        raise errors.invalid("osDisk.storageAccountType", "Disks of that type serve as data disks only.")
    disks = [_disk(profile.os_disk, "osDisk", MAX_OS_DISK_GB, subscription)]
    for at, each in enumerate(profile.data_disks or []):
        if each.lun is None:
            raise errors.missing(f"dataDisks[{at}].lun")
        if not 0 <= each.lun <= 63:
            raise errors.invalid(f"dataDisks[{at}].lun", "A LUN is a number from 0 to 63.")
        if each.lun in [known.lun for known in disks]:
            raise errors.lun_taken(each.lun)
        disks.append(_disk(each, f"dataDisks[{at}]", MAX_DISK_GB, subscription))
    return tuple(disks)


def _disk(disk: Disk, place: str, most_gb: int, subscription: str) -> ImageDisk:
    sources = [each for each in (disk.snapshot, disk.managed_disk, disk.blob_uri or None) if each is not None]
    if len(sources) != 1:
        raise errors.invalid(place, "Exactly one of 'snapshot', 'managedDisk' and 'blobUri' is expected.")
    if disk.disk_size_gb is not None and not 1 <= disk.disk_size_gb <= most_gb:
        raise errors.invalid(f"{place}.diskSizeGB", f"A disk has 1 to {most_gb} GB here.")
    if disk.disk_encryption_set is not None:
        raise errors.not_supported(f"{place}.diskEncryptionSet")
    return ImageDisk(
        lun=None if place == "osDisk" else disk.lun,
        origin=_origin(disk, place, subscription),
        caching=disk.caching,
        size_gb=disk.disk_size_gb,
        sku=disk.storage_account_type,
    )


def _origin(disk: Disk, place: str, subscription: str) -> Origin:
    if disk.snapshot is not None:
        return Origin(_reference(disk.snapshot, f"{place}.snapshot", "Microsoft.Compute/snapshots", subscription))
    if disk.managed_disk is not None:
        return Origin(_reference(disk.managed_disk, f"{place}.managedDisk", "Microsoft.Compute/disks", subscription))
    return Origin(uri=disk.blob_uri)


def _reference(reference: Reference, place: str, type: str, subscription: str) -> ResourceId:
    if reference.id is None:
        raise errors.missing(f"{place}.id")
    return reading.reference(reference.id, f"properties.{place}.id", type, subscription)


DISK_ORDER = ("lun", "osType", "osState", "diskSizeGB", "snapshot", "managedDisk", "blobUri", "caching")
FIRST = ("sourceVirtualMachine", "storageProfile", "provisioningState", "hyperVGeneration")


def show(image: Resource, version: str) -> Document:
    """The image as ``version`` shows it: the array of data disks is always there."""
    properties: Document = {**image.properties}
    profile: Document = {**object_at(properties, "storageProfile")}
    if isinstance(profile.get("osDisk"), dict):
        profile["osDisk"] = showing.ordered(object_at(profile, "osDisk"), DISK_ORDER)
    profile["dataDisks"] = [showing.ordered(each, DISK_ORDER) for each in objects_at(profile, "dataDisks")]
    properties["storageProfile"] = showing.ordered(profile, ("osDisk", "dataDisks", "zoneResilient"))
    shown = showing.resource(image, showing.ordered(properties, FIRST))
    return showing.cut(shown, FIELDS, version)
