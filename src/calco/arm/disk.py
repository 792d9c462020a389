"""Managed disks: PUT, PATCH, GET, lists, DELETE."""

import re
from enum import StrEnum

from msgspec import Struct, field

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.reply import accepted_body, deleted
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.disk import MAX_DISK_GB, MAX_UPLOAD_BYTES, MIN_UPLOAD_BYTES, CreateOption, NewDisk, OsType, Sku
from calco.model.document import Document, object_at, text_at
from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.model.vhd import FOOTER_BYTES
from calco.model.volume import MIB
from calco.ports import Resource
from calco.work import disk as work

IMAGE = "Microsoft.Compute/images"

FIELDS = (
    Field("properties.diskSizeBytes", since="2019-03-01"),
    Field("properties.uniqueId", since="2019-03-01"),
    Field("properties.creationData.sourceUniqueId", since="2019-03-01"),
    Field("properties.diskState", since="2018-09-30"),
    Field("properties.hyperVGeneration", since="2018-09-30"),
    Field("properties.diskIOPSReadWrite", since="2018-06-01"),
    Field("properties.diskMBpsReadWrite", since="2018-06-01"),
    Field("properties.encryption", since="2019-07-01"),
    Field("properties.maxShares", since="2019-11-01"),
    Field("properties.tier", since="2020-06-30"),
    Field("properties.networkAccessPolicy", since="2020-09-30"),
    Field("properties.publicNetworkAccess", since="2021-04-01"),
    Field("properties.LastOwnershipUpdateTime", since="2023-04-02"),
)
"""Sources: behaviour C, disk properties by api-version; recorded bodies of 2020-06-30, which have no access policy."""

READ_ONLY = (
    "diskState",
    "timeCreated",
    "uniqueId",
    "diskSizeBytes",
    "isArmResource",
    "LastOwnershipUpdateTime",
    "diskIOPSReadWrite",
    "diskMBpsReadWrite",
)


CHANGEABLE = frozenset({*work.SETTINGS, "diskSizeGB", "encryption"})
"""What a PATCH may name. Source: azure-mgmt-compute, DiskUpdate."""


class NetworkAccess(StrEnum):
    """Source: azure-mgmt-compute, NetworkAccessPolicy."""

    ALLOW_ALL = "AllowAll"
    ALLOW_PRIVATE = "AllowPrivate"
    DENY_ALL = "DenyAll"


class PublicAccess(StrEnum):
    ENABLED = "Enabled"
    DISABLED = "Disabled"


class ImageReference(Struct, rename="camel"):
    id: str | None = None
    lun: int | None = None
    publisher: str | None = None
    offer: str | None = None
    sku: str | None = None
    version: str | None = None


class CreationData(Struct, rename="camel"):
    create_option: CreateOption | None = None
    source_resource_id: str | None = None
    source_uri: str | None = None
    storage_account_id: str | None = None
    image_reference: ImageReference | None = None
    gallery_image_reference: dict[str, object] | None = None
    upload_size_bytes: int | None = None


class Properties(Struct, rename="camel"):
    creation_data: CreationData | None = None
    disk_size_gb: int | None = field(default=None, name="diskSizeGB")
    os_type: OsType | None = None
    hyper_v_generation: Generation | None = field(default=None, name="hyperVGeneration")
    network_access_policy: NetworkAccess | None = None
    public_network_access: PublicAccess | None = None
    bursting_enabled: bool | None = None
    tier: str | None = None
    max_shares: int | None = None
    disk_access_id: str | None = None


class SkuName(Struct):
    name: Sku | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None
    sku: SkuName | None = None
    zones: list[str] | None = None


def put(call: Call) -> Answer:
    names.check(call.id)
    wanted = read(call.id, call.body, call.subscription)
    accepted = work.put(call.cloud, wanted)
    return accepted_body(
        call, operations.Kind.DISK_PUT, accepted, lambda disk, _: _partial(disk, wanted, new=accepted.created)
    )


def patch(call: Call) -> Answer:
    body, document = reading.fit(call.body, Body)
    properties = body.properties or Properties()
    sent = object_at(document, "properties")
    for name in sent:
        if name == "creationData":
            raise errors.property_change(name)
        if name not in CHANGEABLE:
            raise errors.not_supported(f"properties.{name} in a PATCH of a disk")
    _check(properties, sent)
    change = work.DiskChange(
        reading.tags(document),
        properties.disk_size_gb,
        body.sku.name if body.sku else None,
        {name: value for name, value in sent.items() if name in work.SETTINGS},
    )
    accepted = work.patch(call.cloud, call.id, change)
    return accepted_body(call, operations.Kind.DISK_PUT, accepted, show)


def get(call: Call) -> Answer:
    return ok(show(work.get(call.cloud, call.id), call.version))


def list_group(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    return listed([showing.upper_group(show(each, call.version)) for each in work.list(call.cloud, None)])


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.DISK_DELETE, work.delete(call.cloud, call.id))


def read(id: ResourceId, raw: Document, subscription: str) -> NewDisk:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    properties = body.properties
    if properties is None or properties.creation_data is None:
        raise errors.missing("creationData")
    creation = properties.creation_data
    if creation.create_option is None:
        raise errors.missing("creationData.createOption")
    _check(properties, object_at(document, "properties"))
    source, uri = source_of(creation.create_option, creation.source_resource_id, creation.source_uri, subscription)
    image, urn = _image(creation, subscription)
    return NewDisk(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        create_option=creation.create_option,
        size_gb=properties.disk_size_gb,
        sku=body.sku.name if body.sku else None,
        os_type=properties.os_type,
        source=source,
        properties=reading.properties(document, *READ_ONLY),
        extra=reading.others(document, "managedBy", "managedByExtended"),
        source_uri=uri,
        image=image,
        urn=urn,
        lun=creation.image_reference.lun if creation.image_reference else None,
        upload_bytes=_upload_bytes(creation),
    )


def source_of(
    option: CreateOption, resource: str | None, uri: str | None, subscription: str
) -> tuple[ResourceId | None, str | None]:
    """The disk or snapshot that is copied, or the blob that is imported. Terraform writes a disk's id into
    ``sourceUri``, and Azure takes it."""
    text, path = resource or None, "properties.creationData.sourceResourceId"
    if text is None and (uri or "").lower().startswith("/subscriptions/"):
        text, path = uri, "properties.creationData.sourceUri"
    if option is CreateOption.COPY and text is not None:
        kind = "snapshots" if "/snapshots/" in text.lower() else "disks"
        return reading.reference(text, path, f"Microsoft.Compute/{kind}", subscription), None
    return None, uri or None


_PLATFORM = re.compile(
    r"/subscriptions/[^/]+/providers/microsoft\.compute/locations/[^/]+"
    r"/publishers/([^/]+)/artifacttypes/vmimage/offers/([^/]+)/skus/([^/]+)/versions/([^/]+)",
    re.IGNORECASE,
)
"""A platform image's id. Source: recordings c7n-disk-2024-03-02-*."""
_URN_PART = re.compile(r"[A-Za-z0-9._\-]{1,100}")


def _image(creation: CreationData, subscription: str) -> tuple[ResourceId | None, str | None]:
    """The managed image, or the platform image's URN. Ours: Azure takes no managed image here."""
    if creation.gallery_image_reference is not None:
        raise errors.not_supported("creationData.galleryImageReference")
    reference = creation.image_reference
    if reference is None or creation.create_option is not CreateOption.FROM_IMAGE:
        return None, None
    if reference.lun is not None and not 0 <= reference.lun <= 63:
        raise errors.invalid("creationData.imageReference.lun", "A LUN is a number from 0 to 63.")
    named = _PLATFORM.fullmatch(reference.id or "")
    if reference.id and named is None:
        path = "properties.creationData.imageReference.id"
        return reading.reference(reference.id, path, IMAGE, subscription), None
    parts = named.groups() if named else (reference.publisher, reference.offer, reference.sku, reference.version)
    if not any(parts):
        return None, None
    if reference.lun is not None:
        raise errors.invalid("creationData.imageReference.lun", "A platform image has one disk: leave 'lun' out.")
    for each in parts:
        if _URN_PART.fullmatch(each or "") is None:
            raise errors.platform_image_not_found(":".join(part or "" for part in parts))
    return None, ":".join(part or "" for part in parts)


def _upload_bytes(creation: CreationData) -> int | None:
    size = creation.upload_size_bytes
    if creation.create_option is not CreateOption.UPLOAD:
        return None
    if size is None:
        raise errors.missing("creationData.uploadSizeBytes")
    if not MIN_UPLOAD_BYTES <= size <= MAX_UPLOAD_BYTES or (size - FOOTER_BYTES) % MIB:
        raise errors.invalid(
            "creationData.uploadSizeBytes",
            f"A fixed VHD is a whole number of MiB and {FOOTER_BYTES} bytes of footer: from {MIN_UPLOAD_BYTES} to "
            f"{MAX_UPLOAD_BYTES} bytes. Give the size of the whole file.",
        )
    return size


def _check(properties: Properties, sent: Document) -> None:
    """What is wrong in itself, and what calco does not have."""
    size_gb = properties.disk_size_gb
    if size_gb is not None and not 1 <= size_gb <= MAX_DISK_GB:
        raise errors.invalid("disk.diskSizeGB", f"A disk has 1 to {MAX_DISK_GB} GB.")
    if properties.disk_access_id or properties.network_access_policy is NetworkAccess.ALLOW_PRIVATE:
        raise errors.not_supported("diskAccessId (access by private link)")
    if properties.max_shares is not None and properties.max_shares != 1:
        raise errors.not_supported("maxShares (a disk of several machines)")
    if text_at(sent, "encryption", "diskEncryptionSetId") is not None:
        raise errors.not_supported("encryption.diskEncryptionSetId (a key of one's own)")


def _partial(disk: Resource, wanted: NewDisk, *, new: bool) -> Document:
    """The first answer to a PUT: what was sent, and that it is being done; of a new disk also what it is made from.
    Sources: recordings net-disk-*, net-image-from-managed-disks."""
    shown: Document = {"name": wanted.id.name, "location": disk.location}
    if wanted.tags is not None:
        shown["tags"] = dict(wanted.tags)
    properties: Document = {**wanted.properties}
    unique = text_at(disk.properties, "creationData", "sourceUniqueId")
    if new and unique is not None:
        properties["creationData"] = {**object_at(properties, "creationData"), "sourceUniqueId": unique}
    properties["provisioningState"] = "Updating"
    if new and wanted.create_option is CreateOption.IMPORT:
        properties["diskSizeBytes"] = disk.properties.get("diskSizeBytes")
    return {**shown, **wanted.extra, "properties": {**properties, "isArmResource": True}}


FIRST = ("osType", "hyperVGeneration", "creationData", "diskSizeGB")


def show(disk: Resource, version: str) -> Document:
    """The disk as ``version`` shows it."""
    creation = object_at(disk.properties, "creationData")
    properties: Document = {**disk.properties, "creationData": _creation(disk, creation)}
    shown = showing.resource(disk, showing.ordered(properties, FIRST))
    return showing.cut(shown, FIELDS, version)


def _creation(disk: Resource, creation: Document) -> Document:
    """A platform image is told by its id, as in Azure. Source: recordings c7n-disk-2024-03-02-*."""
    image = object_at(creation, "imageReference")
    if "publisher" not in image:
        return creation
    id = (
        f"/Subscriptions/{disk.id.subscription}/Providers/Microsoft.Compute/Locations/{disk.location}/Publishers/"
        f"{image['publisher']}/ArtifactTypes/VMImage/Offers/{image['offer']}/Skus/{image['sku']}/Versions/"
        f"{image['version']}"
    )
    return {**creation, "imageReference": {"id": id}}
