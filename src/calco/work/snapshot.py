"""Snapshots: what was on a disk at one moment, at no cost, whoever was writing it.

A snapshot holds the very volume that the disk held at that moment, frozen; full and incremental ones alike, for all of
them share their bytes with their source and with each other. It outlives the disk, and disks and images made from it
outlive the snapshot. How a disk is frozen that a guest is writing is ``live``'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calco.model import errors
from calco.model import snapshot as model
from calco.model.blob import Use as BlobUse
from calco.model.blob import vhd_not_found
from calco.model.disk import CreateOption, DiskState, size_gb
from calco.model.document import Document, at, leaves, number_at, object_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family
from calco.model.snapshot import NewSnapshot, SnapshotSku
from calco.model.volume import GIB
from calco.operations.plan import Act, Change, Job, Plan, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import access, disk, disk_source, volume
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    existing_here,
    found,
    hand_over,
    normal_location,
    settled,
    state_of,
    told,
    with_properties,
)
from calco.work.disk_source import Source
from calco.work.image_sources import renews_machine_id
from calco.work.machine_state import RENEWS_MACHINE_ID

KIND = disk_source.SNAPSHOT_KIND
DEFAULT_SKU = SnapshotSku.STANDARD_LRS
COMPLETE = 100.0


def get(cloud: Cloud, id: ResourceId) -> Resource:
    return access.read_one(cloud, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    return access.read_all(cloud, KIND, group)


def put(cloud: Cloud, wanted: NewSnapshot) -> Accepted:
    """Take a snapshot, or change size, SKU or tags of one that is there."""
    location = normal_location(cloud, wanted.location, KIND)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if there is None or _was_never_made(tx, there):
            accepted = _create(cloud, tx, wanted, location, created=there is None)
        else:
            _check_same(there, wanted)
            change = SnapshotChange(wanted.tags, wanted.size_gb, wanted.sku)
            accepted = _change(cloud, tx, there, change)
    return told(cloud, accepted)


def _was_never_made(view: Reader, snapshot: Resource) -> bool:
    return state_of(snapshot) == "Failed" and not view.held(snapshot.id)


def _check_same(there: Resource, wanted: NewSnapshot) -> None:
    """What a snapshot was made from, and how, stays. What is not sent is not meant."""
    for path, value in leaves(_creation(wanted)):
        if str(at(there.properties, "creationData", *path)).lower() != str(value).lower():
            raise errors.property_change(".".join(("creationData", *path)))
    if wanted.incremental and there.properties.get("incremental") is not True:
        raise errors.property_change("incremental")


def _creation(wanted: NewSnapshot) -> Document:
    """``creationData`` as far as it says where a snapshot comes from: what was sent (Terraform writes a disk's id into
    ``sourceUri``), and what was understood."""
    creation: Document = {**object_at(wanted.properties, "creationData"), "createOption": wanted.create_option.value}
    if wanted.source is not None:
        creation["sourceResourceId"] = str(wanted.source)
    if wanted.source_uri is not None:
        creation["sourceUri"] = wanted.source_uri
    return creation


@dataclass(frozen=True)
class SnapshotChange:
    """What a PATCH names; None leaves as it is. ``properties`` are those that calco keeps and does not act on."""

    tags: Mapping[str, str] | None = None
    size_gb: int | None = None
    sku: SnapshotSku | None = None
    properties: Document | None = None


def patch(cloud: Cloud, id: ResourceId, change: SnapshotChange) -> Accepted:
    """Change what is named."""
    with cloud.records.write() as tx:
        accepted = _change(cloud, tx, found(tx, id), change)
    return told(cloud, accepted)


def _change(cloud: Cloud, tx: Writer, snapshot: Resource, change: SnapshotChange) -> Accepted:
    """Done at once: a larger snapshot is the same volume, and a disk made from it is as large."""
    check_free(tx, (Claim(snapshot.id, sole=False),))
    now_gb = number_at(snapshot.properties, "diskSizeGB") or 0
    wanted_gb = change.size_gb or now_gb
    if wanted_gb < now_gb:
        return Accepted(snapshot, settled(cloud, tx, snapshot, Family.DISK, failure=disk_source.resized_down()))
    size: Document = {"diskSizeGB": wanted_gb, "diskSizeBytes": wanted_gb * GIB} if wanted_gb > now_gb else {}
    changed = with_properties(snapshot, {**(change.properties or {}), **size})
    extra: Document = {**snapshot.extra}
    if change.sku is not None:
        extra["sku"] = {"name": change.sku.value, "tier": change.sku.tier}
    changed = replace(changed, tags=snapshot.tags if change.tags is None else change.tags, extra=extra)
    tx.put(changed)
    return Accepted(changed, settled(cloud, tx, changed, Family.DISK))


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete a snapshot; what was made from it goes on. None when there is none."""
    with cloud.records.write() as tx:
        snapshot = tx.resource(id)
        if snapshot is None:
            return None
        if access.grant_of(snapshot, cloud.clock.now()) is not None:
            raise errors.access_outstanding(id.name, "deleting the snapshot")
        claims = (Claim(id),)
        check_free(tx, claims)
        tx.put(with_properties(snapshot, {"provisioningState": "Deleting"}))
        files = tuple(volume.chain(tx, tx.held(id).values()))
        operation = hand_over(
            cloud, tx, DELETE, disk.Leaving(str(id), files), subject=snapshot, claims=claims, family=Family.DISK
        )
    return told(cloud, Accepted(None, operation))


# --- taking one ------------------------------------------------------------------------------------------------------


def _create(cloud: Cloud, tx: Writer, wanted: NewSnapshot, location: str, *, created: bool) -> Accepted:
    if wanted.sku is SnapshotSku.STANDARD_ZRS and not cloud.rules.zones.get(location):
        raise errors.invalid(
            "sku.name", f"'{wanted.sku}' takes a region with availability zones; '{location}' has none."
        )
    source = _source(cloud, tx, wanted, location)
    snapshot = _new(cloud, tx, wanted, location, source)
    if source is None:
        missing = vhd_not_found(BlobUse.DISK, wanted.source_uri or "", wanted.id.name)
        operation = disk_source.refuse_later(cloud, tx, snapshot, missing)
    elif wanted.size_gb is not None and wanted.size_gb < size_gb(source.size_bytes):
        check_free(tx, (Claim(wanted.id), *source.claims))
        operation = disk_source.refuse_later(cloud, tx, snapshot, disk_source.resized_down())
    else:
        operation = disk_source.begin(cloud, tx, snapshot, source, CREATE)
    return Accepted(snapshot, operation, created=created)


def _source(cloud: Cloud, tx: Writer, wanted: NewSnapshot, location: str) -> Source | None:
    """None: there is no such blob."""
    match wanted.create_option:
        case CreateOption.COPY:
            return disk_source.of_resource(cloud, tx, wanted, location)
        case CreateOption.IMPORT:
            return disk_source.of_blob(cloud, tx, wanted, location)
        case other:
            raise model.not_possible(other)


def _new(cloud: Cloud, view: Reader, wanted: NewSnapshot, location: str, source: Source | None) -> Resource:
    """A snapshot's record as Azure fills it in. Source: recordings net-disk-FromSnapshot, c7n-snapshot-delete."""
    size_bytes = max((wanted.size_gb or 0) * GIB, source.size_bytes if source else 0)
    given: Document = {}
    if wanted.os_type is not None:
        given["osType"] = wanted.os_type.value
    if wanted.generation is not None:
        given["hyperVGeneration"] = wanted.generation.value
    properties: Document = {
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        **wanted.properties,
        **(source.inherits if source else {}),
        **given,
        "creationData": {**_creation(wanted), **(source.creation if source else {})},
        "diskSizeGB": size_gb(size_bytes),
        "incremental": wanted.incremental,
        **_incremental(view, wanted),
        "timeCreated": disk.timestamp(cloud.clock.now()),
        "provisioningState": "Updating",
        "diskState": DiskState.UNATTACHED.value,
        "diskSizeBytes": size_bytes,
        "uniqueId": cloud.chance.guid(),
    }
    sku = wanted.sku or DEFAULT_SKU
    extra: Document = {**wanted.extra, "sku": {"name": sku.value, "tier": sku.tier}}
    return Resource(wanted.id, location, properties, wanted.tags, _internal(view, wanted), extra)


def _incremental(view: Reader, wanted: NewSnapshot) -> Document:
    """What an incremental snapshot shows beside that: whose family it is of. Nothing is copied behind anybody's back,
    so it is complete at once."""
    if not wanted.incremental:
        return {}
    record = None if wanted.source is None else view.resource(wanted.source)
    unique_id = None if record is None else text_at(record.properties, "uniqueId")
    if record is None or unique_id is None:
        return {"completionPercent": COMPLETE}
    family = text_at(record.properties, "incrementalSnapshotFamilyId") or model.family_of(unique_id)
    return {"completionPercent": COMPLETE, "incrementalSnapshotFamilyId": family}


def _internal(view: Reader, wanted: NewSnapshot) -> Document:
    """A snapshot may outlive the disk and the machine, from which this could be learnt later."""
    record = None if wanted.source is None else view.resource(wanted.source)
    return {} if record is None else {RENEWS_MACHINE_ID: renews_machine_id(view, record)}


# --- plans -----------------------------------------------------------------------------------------------------------


def _stays(_cloud: Cloud, tx: Writer, job: Job[disk.Leaving], _error: ApiError) -> None:
    """A snapshot that could not be deleted is as good as it was."""
    snapshot = tx.resource(ResourceId.parse(job.params.resource))
    if snapshot is not None:
        tx.put(with_properties(snapshot, {"provisioningState": "Succeeded"}))


CREATE = disk_source.SNAPSHOT
DELETE: Plan[Cloud, disk.Leaving] = Plan(
    "snapshot.delete",
    disk.Leaving,
    (Change("forget", disk.forget, no_change), Act("drop files", disk.drop_files, nothing, insist=True)),
    failed=_stays,
)
