"""Snapshots: PUT, PATCH, GET, lists, DELETE."""

from msgspec import Struct, field

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.disk import source_of
from calco.arm.reply import accepted_body, deleted
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.disk import MAX_DISK_GB, CreateOption, OsType
from calco.model.document import Document, object_at
from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.model.snapshot import NewSnapshot, SnapshotSku
from calco.ports import Resource
from calco.work import snapshot as work

FIELDS = (
    Field("properties.hyperVGeneration", since="2018-09-30"),
    Field("properties.incremental", since="2019-03-01"),
    Field("properties.diskSizeBytes", since="2019-03-01"),
    Field("properties.uniqueId", since="2019-03-01"),
    Field("properties.creationData.sourceUniqueId", since="2019-03-01"),
    Field("properties.encryption", since="2019-07-01"),
    Field("properties.diskState", since="2019-07-01"),
    Field("properties.networkAccessPolicy", since="2020-09-30"),
    Field("properties.publicNetworkAccess", since="2021-04-01"),
    Field("properties.completionPercent", since="2022-03-02"),
    Field("properties.incrementalSnapshotFamilyId", since="2022-07-02"),
)
"""Sources: behaviour C; recorded bodies of 2020-06-30 and 2020-09-30. No recording says from which version on
``completionPercent`` is shown."""

READ_ONLY = (
    "diskState",
    "timeCreated",
    "uniqueId",
    "diskSizeBytes",
    "isArmResource",
    "incrementalSnapshotFamilyId",
    "completionPercent",
)
CHANGEABLE = frozenset({"diskSizeGB", "networkAccessPolicy", "publicNetworkAccess", "osType"})
"""What a PATCH may name. Source: azure-mgmt-compute, SnapshotUpdate."""


class CreationData(Struct, rename="camel"):
    create_option: CreateOption | None = None
    source_resource_id: str | None = None
    source_uri: str | None = None


class Properties(Struct, rename="camel"):
    creation_data: CreationData | None = None
    disk_size_gb: int | None = field(default=None, name="diskSizeGB")
    os_type: OsType | None = None
    hyper_v_generation: Generation | None = field(default=None, name="hyperVGeneration")
    incremental: bool | None = None


class SkuName(Struct):
    name: SnapshotSku | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None
    sku: SkuName | None = None


def put(call: Call) -> Answer:
    names.check(call.id)
    accepted = work.put(call.cloud, read(call.id, call.body, call.subscription))
    return accepted_body(
        call, operations.Kind.DISK_PUT, accepted, lambda snapshot, version: _partial(snapshot, version, call.body)
    )


def patch(call: Call) -> Answer:
    body, document = reading.fit(call.body, Body)
    properties = body.properties or Properties()
    sent = object_at(document, "properties")
    for name in sent:
        if name == "creationData":
            raise errors.property_change(name)
        if name not in CHANGEABLE:
            raise errors.not_supported(f"properties.{name} in a PATCH of a snapshot")
    _check_size(properties.disk_size_gb)
    change = work.SnapshotChange(
        reading.tags(document),
        properties.disk_size_gb,
        body.sku.name if body.sku else None,
        {name: value for name, value in sent.items() if name != "diskSizeGB"},
    )
    return accepted_body(call, operations.Kind.DISK_PUT, work.patch(call.cloud, call.id, change), show)


def get(call: Call) -> Answer:
    return ok(show(work.get(call.cloud, call.id), call.version))


def list_group(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    return listed([showing.upper_group(show(each, call.version)) for each in work.list(call.cloud, None)])


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.DISK_DELETE, work.delete(call.cloud, call.id))


def read(id: ResourceId, raw: Document, subscription: str) -> NewSnapshot:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    properties = body.properties
    if properties is None or properties.creation_data is None:
        raise errors.missing("creationData")
    creation = properties.creation_data
    if creation.create_option is None:
        raise errors.missing("creationData.createOption")
    _check_size(properties.disk_size_gb)
    source, uri = source_of(creation.create_option, creation.source_resource_id, creation.source_uri, subscription)
    return NewSnapshot(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        create_option=creation.create_option,
        size_gb=properties.disk_size_gb,
        sku=body.sku.name if body.sku else None,
        os_type=properties.os_type,
        generation=properties.hyper_v_generation,
        source=source,
        source_uri=uri,
        incremental=properties.incremental is True,
        properties=reading.properties(document, *READ_ONLY),
        extra=reading.others(document, "managedBy", "sku"),
    )


def _check_size(size_gb: int | None) -> None:
    if size_gb is not None and not 1 <= size_gb <= MAX_DISK_GB:
        raise errors.invalid("snapshot.diskSizeGB", f"A snapshot has 1 to {MAX_DISK_GB} GB.")


FIRST = ("osType", "hyperVGeneration", "creationData", "diskSizeGB", "encryption", "incremental", "networkAccessPolicy")
LAST = ("timeCreated", "provisioningState", "diskState", "diskSizeBytes", "uniqueId")


def show(snapshot: Resource, version: str) -> Document:
    """The snapshot as ``version`` shows it."""
    shown = showing.resource(snapshot, showing.ordered(snapshot.properties, FIRST, LAST))
    return showing.cut(shown, FIELDS, version)


def _partial(snapshot: Resource, version: str, body: Document) -> Document:
    """The first answer to a PUT: what was sent, not even a name, and that it is being done. Source: recording
    net-disk-FromSnapshot."""
    shown, sent = show(snapshot, version), {each.lower() for each in object_at(body, "properties")}
    top = {each.lower() for each in body} - {"id", "name", "type", "properties"}
    kept: Document = {name: each for name, each in shown.items() if name.lower() in top}
    if "sku" in kept:
        kept["sku"] = {"name": object_at(kept, "sku").get("name")}
    properties = {name: each for name, each in object_at(shown, "properties").items() if name.lower() in sent}
    return {**kept, "properties": {**properties, "provisioningState": "Updating", "isArmResource": True}}
