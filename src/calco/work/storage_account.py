"""Storage accounts: made, listed, given new keys, deleted with everything in them.

An account is a record; its bytes are its blobs' volumes. A note leads from the name to the record, for names are unique
among all accounts and that is what a request to the blob endpoint knows.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calco.model import errors
from calco.model import storage_account as model
from calco.model.document import Document, merged, object_at, text_at
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family
from calco.model.storage_account import KEY_BYTES, KeyName, Kind, NewStorageAccount, Sku
from calco.model.volume import VolumeId
from calco.ports import Chance, Reader, Resource
from calco.work import blob, container, loose
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, check_group, existing_here, found, listed, normal_location, settled
from calco.work.disk import timestamp

KIND = model.KIND
KEYS = "keys"
"""``internal`` member: ``key1`` and ``key2``, each ``{value, created}``. Never shown but by ``listKeys``."""


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return found(view, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    with cloud.records.read() as view:
        return listed(view, KIND, group)


def is_free(cloud: Cloud, name: str) -> bool:
    """Whether no account is called so."""
    with cloud.records.read() as view:
        return blob.account_id(view, name) is None


def put(cloud: Cloud, wanted: NewStorageAccount) -> Accepted:
    """Create an account, or change SKU, tags and properties of one that is there."""
    location = normal_location(cloud, wanted.location, KIND)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if there is not None:
            account = _changed(there, AccountChange(wanted.tags, wanted.sku, wanted.properties))
            tx.put(account)
            return Accepted(account, None)
        if blob.account_id(tx, wanted.id.name) is not None:
            raise model.name_taken(wanted.id.name)
        account = _new(cloud, wanted, location)
        tx.put(account)
        tx.put_note(blob.account_note(wanted.id.name), str(wanted.id))
        return Accepted(account, settled(cloud, tx, account, Family.STORAGE), created=True)


@dataclass(frozen=True)
class AccountChange:
    """What a PATCH names; None leaves as it is."""

    tags: Mapping[str, str] | None = None
    sku: Sku | None = None
    properties: Document | None = None
    kind: Kind | None = None


def patch(cloud: Cloud, id: ResourceId, change: AccountChange) -> Resource:
    """Change what is named."""
    with cloud.records.write() as tx:
        account = _changed(found(tx, id), change)
        tx.put(account)
    return account


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete an account with its containers and blobs, at once; None when there is none. Images and disks made from its
    blobs go on. Raises ApiError: a blob is a machine's disk, or an operation is at one."""
    with cloud.records.write() as tx:
        account = tx.resource(id)
        if account is None:
            return None
        check_free(tx, (Claim(id),))
        _check_unused(tx, id)
        gone: Sequence[VolumeId] = [
            volume for each in container.list(tx, id) for volume in container.forget(tx, each, errors.resource_busy)
        ]
        tx.put_note(blob.account_note(id.name), None)
        tx.delete(id)
    loose.drop(cloud, gone)
    return Accepted(None, None)


def _check_unused(view: Reader, id: ResourceId) -> None:
    for each in view.children(id):
        machine = blob.owner_of(each)
        if machine is not None:
            raise model.in_use(id.name, text_at(each.properties, "name") or "", machine)


def _changed(account: Resource, change: AccountChange) -> Resource:
    properties = merged(account.properties, change.properties or {})
    extra = {**account.extra}
    if change.sku is not None:
        extra["sku"] = _sku(change.sku)
        properties = {name: each for name, each in properties.items() if name not in SECOND}
        properties |= _second(account.location, change.sku)
    if change.kind is not None:
        extra["kind"] = change.kind.value
    tags = account.tags if change.tags is None else change.tags
    return replace(account, tags=tags, properties=properties, extra=extra)


def _new(cloud: Cloud, wanted: NewStorageAccount, location: str) -> Resource:
    """An account's record as Azure fills it in. Source: recording net-image-from-vhd-blobs."""
    now = timestamp(cloud.clock.now())
    service: Document = {"enabled": True, "lastEnabledTime": now, "keyType": "Account"}
    usual: Document = {
        "networkAcls": {
            "bypass": "AzureServices",
            "virtualNetworkRules": [],
            "ipRules": [],
            "defaultAction": "Allow",
        },
        "supportsHttpsTrafficOnly": True,
        "encryption": {"services": {"file": service, "blob": service}, "keySource": "Microsoft.Storage"},
        **({} if wanted.kind is Kind.STORAGE else {"accessTier": "Hot"}),
    }
    properties: Document = {
        **merged(usual, wanted.properties),
        "provisioningState": "Succeeded",
        "creationTime": now,
        "primaryLocation": location,
        "statusOfPrimary": "available",
    }
    properties |= _second(location, wanted.sku)
    keys: Document = {name.value: _new_key(cloud) for name in KeyName}
    extra: Document = {"sku": _sku(wanted.sku), "kind": wanted.kind.value, **wanted.extra}
    return Resource(wanted.id, location, properties, wanted.tags, {KEYS: keys}, extra)


SECOND = frozenset({"secondaryLocation", "statusOfSecondary"})


def _second(location: str, sku: Sku) -> Document:
    """Where the account's copy in another region would be."""
    second = model.PAIRS.get(location) if sku.is_geographic else None
    return {} if second is None else {"secondaryLocation": second, "statusOfSecondary": "available"}


def _sku(sku: Sku) -> Document:
    return {"name": sku.value, "tier": sku.tier}


# --- keys ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Key:
    """``value`` is base64 text, as clients have it. Not for logs."""

    name: KeyName
    value: str
    created: str


def keys(cloud: Cloud, id: ResourceId) -> Sequence[Key]:
    """Both keys."""
    return keys_of(get(cloud, id))


def keys_of(account: Resource) -> Sequence[Key]:
    kept = object_at(account.internal, KEYS)
    return [Key(name, text_at(kept, name, "value") or "", text_at(kept, name, "created") or "") for name in KeyName]


def regenerate(cloud: Cloud, id: ResourceId, name: KeyName) -> Sequence[Key]:
    """One key anew: what was signed with the old one is refused from now on."""
    with cloud.records.write() as tx:
        account = found(tx, id)
        kept: Document = {**object_at(account.internal, KEYS), name.value: _new_key(cloud)}
        account = replace(account, internal={**account.internal, KEYS: kept})
        tx.put(account)
    return keys_of(account)


def _new_key(cloud: Cloud) -> Document:
    return {"value": _random_key(cloud.chance), "created": timestamp(cloud.clock.now())}


def _random_key(chance: Chance) -> str:
    token = chance.token(KEY_BYTES)
    return base64.b64encode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))).decode()
