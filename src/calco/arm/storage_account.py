"""Storage accounts: PUT, PATCH, GET, lists, DELETE, keys, free names; their containers as ARM shows them."""

from collections.abc import Sequence

from msgspec import Struct

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.reply import deleted
from calco.arm.showing import Field
from calco.model import blob as blob_model
from calco.model import errors, names
from calco.model import storage_account as model
from calco.model.document import Document, Json, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.storage_account import KeyName, Kind, NewStorageAccount, Sku
from calco.ports import Resource
from calco.work import blob as blob_work
from calco.work import container
from calco.work import storage_account as work

FIELDS = (
    Field("properties.accessTier", since="2017-06-01"),
    Field("properties.networkAcls", since="2017-06-01"),
    Field("properties.supportsHttpsTrafficOnly", since="2016-12-01"),
    Field("properties.encryption.services.file", since="2017-06-01"),
    Field("properties.encryption.services.file.keyType", since="2019-06-01"),
    Field("properties.encryption.services.blob.keyType", since="2019-06-01"),
    Field("properties.accountType", until="2016-01-01"),
)
"""Sources: azure-mgmt-storage's models by version; recorded bodies of 2016-01-01, 2016-12-01 and 2018-11-01."""
ONLY_HTTPS_BY_DEFAULT = "2019-04-01"
"""From this version on. Source: Azure, "Require secure transfer"; recorded bodies of 2018-11-01."""

READ_ONLY = (
    "creationTime",
    "primaryEndpoints",
    "primaryLocation",
    "statusOfPrimary",
    "secondaryEndpoints",
    "secondaryLocation",
    "statusOfSecondary",
)


class SkuName(Struct):
    name: Sku | None = None


class Properties(Struct, rename="camel"):
    account_type: Sku | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None
    sku: SkuName | None = None
    kind: Kind | None = None


def put(call: Call) -> Answer:
    names.check_group(call.id.group)
    if not model.is_name(call.id.name):
        raise model.bad_name(call.id.name)
    accepted = work.put(call.cloud, _read(call))
    assert accepted.resource is not None, "a PUT leaves a resource"
    if accepted.operation is None:
        return ok(_show(call, accepted.resource))
    # Azure's first answer has no body at all. Source: recording net-image-from-vhd-blobs.
    return operations.started(call, operations.Kind.STORAGE_PUT, accepted.operation, None, created=True)


def _read(call: Call) -> NewStorageAccount:
    body, document = reading.fit(call.body, Body)
    # Before 2016 the SKU was a property. Source: recording ruby-vm-generalize-and-capture.
    old = body.properties.account_type if body.properties else None
    sku = (body.sku.name if body.sku else None) or old
    if sku is None:
        raise errors.missing("sku.name")
    properties = reading.properties(document, "accountType", *READ_ONLY)
    if call.version < ONLY_HTTPS_BY_DEFAULT:
        properties.setdefault("supportsHttpsTrafficOnly", False)
    return NewStorageAccount(
        id=call.id,
        location=reading.location(document),
        tags=reading.tags(document),
        sku=sku,
        kind=body.kind or Kind.STORAGE_V2,
        properties=properties,
        extra=reading.others(document, "sku", "kind"),
    )


def patch(call: Call) -> Answer:
    body, document = reading.fit(call.body, Body)
    properties = reading.properties(document, "accountType", *READ_ONLY)
    change = work.AccountChange(reading.tags(document), body.sku.name if body.sku else None, properties, body.kind)
    return ok(_show(call, work.patch(call.cloud, call.id, change)))


def get(call: Call) -> Answer:
    return ok(_show(call, work.get(call.cloud, call.id)))


def list_group(call: Call) -> Answer:
    return listed([_show(call, each) for each in work.list(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    return listed([_show(call, each) for each in work.list(call.cloud, None)])


def delete(call: Call) -> Answer:
    """200 at once, or 204 for what was not there."""
    accepted = work.delete(call.cloud, call.id)
    return deleted(call, operations.Kind.STORAGE_PUT, accepted) if accepted is None else Answer(200)


def made(call: Call, id: ResourceId) -> Document | None:
    """What an ended creation shows, as long as it is there."""
    with call.cloud.records.read() as view:
        account = view.resource(id)
    return None if account is None else _show(call, account)


def _show(call: Call, account: Resource) -> Document:
    """The account as this version shows it. Members' order as recorded."""
    name, blobs = account.id.name, call.cloud.rules.blob_url
    # Only blobs are served. The others have an address, because clients read all four; nothing but a refusal is there.
    # A premium account has but the one. Source: recording xplat-vm-409-ConflictingUserInput.
    endpoints: Document = {"blob": f"{blobs}/{name}/"}
    if text_at(account.extra, "sku", "tier") != "Premium":
        endpoints |= {each: f"{blobs}/{name}.{each}/" for each in ("queue", "table", "file")}
    properties: Document = {**account.properties, "primaryEndpoints": endpoints}
    ends = ("primaryLocation", "statusOfPrimary", "secondaryLocation", "statusOfSecondary")
    shown = {"tags": {}, **showing.resource(account, showing.ordered(properties, (), ends))}
    shown = showing.ordered(shown, ("sku", "kind", "id", "name", "type", "location", "tags"), ("properties",))
    return showing.cut(shown, FIELDS, call.version)


# --- names and keys --------------------------------------------------------------------------------------------------


class NameBody(Struct):
    name: str | None = None
    type: str | None = None


def check_name(call: Call) -> Answer:
    body, _ = reading.fit(call.body, NameBody)
    if body.name is None:
        raise errors.missing("name")
    if not model.is_name(body.name):
        return ok(
            {"nameAvailable": False, "reason": "AccountNameInvalid", "message": model.bad_name(body.name).message}
        )
    if not work.is_free(call.cloud, body.name):
        return ok({"nameAvailable": False, "reason": "AlreadyExists", "message": model.name_taken(body.name).message})
    return ok({"nameAvailable": True})


def list_keys(call: Call) -> Answer:
    return _keys(call, work.keys(call.cloud, call.id))


class KeyBody(Struct, rename="camel"):
    key_name: KeyName | None = None


def regenerate_key(call: Call) -> Answer:
    body, _ = reading.fit(call.body, KeyBody)
    if body.key_name is None:
        raise errors.missing("keyName")
    return _keys(call, work.regenerate(call.cloud, call.id, body.key_name))


def _keys(call: Call, keys: Sequence[work.Key]) -> Answer:
    dated = call.version >= "2020-08-01"
    shown: list[Json] = []
    for each in keys:
        key: Document = {"keyName": each.name.value, "value": each.value, "permissions": "FULL"}
        shown.append({"creationTime": each.created, **key} if dated else key)
    return ok({"keys": shown})


# --- containers ------------------------------------------------------------------------------------------------------


def get_blob_service(call: Call) -> Answer:
    """What there is to know of an account's blob service: no rule is set, and none can be."""
    account = work.get(call.cloud, call.id)
    id = account.id.child("blobServices", "default")
    properties: Document = {
        "cors": {"corsRules": []},
        "deleteRetentionPolicy": {"enabled": False, "allowPermanentDelete": False},
    }
    return ok(
        {
            "sku": account.extra.get("sku"),
            "id": str(id),
            "name": "default",
            "type": id.type,
            "properties": properties,
        }
    )


class ContainerProperties(Struct, rename="camel"):
    metadata: dict[str, str] | None = None
    public_access: str | None = None


class ContainerBody(Struct):
    properties: ContainerProperties | None = None


def put_container(call: Call) -> Answer:
    """Made, or its metadata replaced. Anonymous reading is refused: only signed requests are answered here."""
    body, _ = reading.fit(call.body, ContainerBody)
    properties = body.properties or ContainerProperties()
    if (properties.public_access or "none").lower() != "none":
        raise ApiError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    account, name = _account(call), call.variables["container"]
    if not blob_model.is_container_name(name):
        raise blob_model.bad_name()
    with call.cloud.records.read() as view:
        there = view.resource(blob_work.container_id(account.id, name))
    if there is None and call.method == "PUT":
        made_now = container.create(call.cloud, account.id, name, properties.metadata or {})
        return Answer(201, _show_container(made_now))
    kept = properties.metadata if properties.metadata is not None or there is None else container.metadata_of(there)
    return ok(_show_container(container.set_metadata(call.cloud, account.id, name, kept or {})))


def get_container(call: Call) -> Answer:
    account = _account(call)
    with call.cloud.records.read() as view:
        return ok(_show_container(container.get(view, account.id, call.variables["container"])))


def list_containers(call: Call) -> Answer:
    account = _account(call)
    with call.cloud.records.read() as view:
        return listed([_show_container(each) for each in container.list(view, account.id)])


def delete_container(call: Call) -> Answer:
    account, name = _account(call), call.variables["container"]
    with call.cloud.records.read() as view:
        there = view.resource(blob_work.container_id(account.id, name))
    if there is None:
        return Answer(204)
    container.delete(call.cloud, account.id, name, errors.resource_busy)
    return Answer(200)


def _account(call: Call) -> Resource:
    """The account in the path; the route's other names are not part of its id."""
    return work.get(
        call.cloud, call.id.group_id.sibling("Microsoft.Storage", "storageAccounts", call.variables["name"])
    )


def _show_container(each: Resource) -> Document:
    properties: Document = {
        "publicAccess": "None",
        "leaseStatus": "Unlocked",
        "leaseState": "Available",
        "hasImmutabilityPolicy": False,
        "hasLegalHold": False,
    }
    metadata = container.metadata_of(each)
    if metadata:
        properties["metadata"] = dict(metadata)
    return {"id": str(each.id), "name": each.id.name, "type": each.id.type, "properties": properties}
