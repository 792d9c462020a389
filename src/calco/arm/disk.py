"""Managed disks: PUT, PATCH, GET, lists, DELETE."""

from msgspec import Struct, field

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.reply import accepted_body, deleted
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.disk import MAX_DISK_GB, CreateOption, NewDisk, OsType, Sku
from calco.model.document import Document, object_at
from calco.model.ids import ResourceId
from calco.ports import Resource
from calco.work import disk as work

FIELDS = (
    Field("properties.diskSizeBytes", since="2019-03-01"),
    Field("properties.uniqueId", since="2019-03-01"),
    Field("properties.diskState", since="2018-09-30"),
    Field("properties.hyperVGeneration", since="2018-09-30"),
    Field("properties.diskIOPSReadWrite", since="2018-06-01"),
    Field("properties.diskMBpsReadWrite", since="2018-06-01"),
    Field("properties.encryption", since="2019-07-01"),
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


class CreationData(Struct, rename="camel"):
    create_option: CreateOption | None = None
    source_resource_id: str | None = None
    source_uri: str | None = None
    image_reference: dict[str, object] | None = None


class Properties(Struct, rename="camel"):
    creation_data: CreationData | None = None
    disk_size_gb: int | None = field(default=None, name="diskSizeGB")
    os_type: OsType | None = None


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
    return accepted_body(call, operations.Kind.DISK_PUT, accepted, lambda _, __: _partial(wanted))


def patch(call: Call) -> Answer:
    body, document = reading.fit(call.body, Body)
    properties = body.properties or Properties()
    known = {"diskSizeGB", "creationData"}
    unknown = sorted(set(object_at(document, "properties")) - known)
    if unknown:
        raise errors.not_supported(f"properties.{unknown[0]} in a PATCH of a disk")
    _check_size(properties.disk_size_gb)
    sku = body.sku.name if body.sku else None
    change = work.DiskChange(reading.tags(document), properties.disk_size_gb, sku)
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
    _check_size(properties.disk_size_gb)
    return NewDisk(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        create_option=creation.create_option,
        size_gb=properties.disk_size_gb,
        sku=body.sku.name if body.sku else None,
        os_type=properties.os_type,
        source=_source(creation, subscription),
        properties=reading.properties(document, *READ_ONLY),
        extra=reading.others(document, "managedBy", "managedByExtended"),
    )


def _source(creation: CreationData, subscription: str) -> ResourceId | None:
    text = creation.source_resource_id
    if text is None:
        return None
    kind = "snapshots" if "/snapshots/" in text.lower() else "disks"
    return reading.reference(
        text, "properties.creationData.sourceResourceId", f"Microsoft.Compute/{kind}", subscription
    )


def _check_size(size_gb: int | None) -> None:
    if size_gb is not None and not 1 <= size_gb <= MAX_DISK_GB:
        raise errors.invalid("disk.diskSizeGB", f"A disk has 1 to {MAX_DISK_GB} GB.")


def _partial(wanted: NewDisk) -> Document:
    """The first answer to a PUT: what was sent, and that it is being done. Source: recording net-disk-Empty."""
    shown: Document = {"name": wanted.id.name, "location": wanted.location.replace(" ", "").lower()}
    if wanted.tags is not None:
        shown["tags"] = dict(wanted.tags)
    properties: Document = {**wanted.properties, "provisioningState": "Updating", "isArmResource": True}
    return {**shown, **wanted.extra, "properties": properties}


FIRST = ("osType", "hyperVGeneration", "creationData", "diskSizeGB")


def show(disk: Resource, version: str) -> Document:
    """The disk as ``version`` shows it."""
    shown = showing.resource(disk, showing.ordered(disk.properties, FIRST))
    return showing.cut(shown, FIELDS, version)
