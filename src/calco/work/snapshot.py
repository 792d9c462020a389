"""Snapshots: what was on a disk at one moment, at no cost, whoever was writing it.

A snapshot holds the very volume that the disk held at that moment, frozen; full and incremental ones alike, for all of
them share their bytes with their source and with each other. It outlives the disk, and disks and images made from it
outlive the snapshot. How a disk is frozen that a guest is writing is ``live``'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calco.model import errors
from calco.model import snapshot as model
from calco.model.disk import CreateOption, DiskState, Use, size_gb
from calco.model.document import Document, number_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family
from calco.model.snapshot import NewSnapshot, SnapshotSku
from calco.model.volume import GIB, VolumeId
from calco.operations.plan import Act, Change, Job, Plan, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import access, blob, disk, live, volume
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    existing_here,
    found,
    hand_over,
    listed,
    normal_location,
    settled,
    state_of,
    told,
    with_properties,
)

KIND = "Microsoft.Compute/snapshots"
DEFAULT_SKU = SnapshotSku.STANDARD_LRS
COMPLETE = 100.0


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return access.shown(found(view, id), cloud.clock.now())


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    now = cloud.clock.now()
    with cloud.records.read() as view:
        return [access.shown(each, now) for each in listed(view, KIND, group)]


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
    creation = _creation(wanted)
    for name, value in creation.items():
        kept = text_at(there.properties, "creationData", name)
        if not isinstance(value, str) or (kept or "").lower() != value.lower():
            raise errors.property_change(f"creationData.{name}")
    if wanted.incremental and there.properties.get("incremental") is not True:
        raise errors.property_change("incremental")


def _creation(wanted: NewSnapshot) -> Document:
    """``creationData`` as far as it says where a snapshot comes from."""
    creation: Document = {"createOption": wanted.create_option.value}
    if wanted.source is not None:
        creation["sourceResourceId"] = str(wanted.source)
    if wanted.uri is not None:
        creation["sourceUri"] = wanted.uri
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
        raise model.smaller_than_source(wanted_gb, now_gb)
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
        files = tuple(volume.chain(tx, tx.held(id).values()))
        operation = hand_over(
            cloud, tx, DELETE, disk.Leaving(str(id), files), subject=snapshot, claims=claims, family=Family.DISK
        )
    return told(cloud, Accepted(None, operation))


# --- taking one ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """What a snapshot is taken of: a disk (``freezing``), or something that has its ``volume`` frozen or to be frozen
    by nobody's leave. ``inherits``: properties the snapshot takes over; ``size_bytes``: what a guest sees of it."""

    size_bytes: int
    claims: tuple[Claim, ...]
    freezing: live.Freezing | None = None
    volume: VolumeId | None = None
    inherits: Document | None = None
    unique_id: str | None = None
    family: str | None = None


@dataclass(frozen=True)
class Taking:
    """A snapshot being taken: of a disk, or of a volume that a blob or another snapshot holds."""

    snapshot: str
    freezing: live.Freezing | None = None
    volume: VolumeId | None = None


def _create(cloud: Cloud, tx: Writer, wanted: NewSnapshot, location: str, *, created: bool) -> Accepted:
    source = _source(cloud, tx, wanted, location)
    source_gb = size_gb(source.size_bytes)
    if wanted.size_gb is not None and wanted.size_gb < source_gb:
        raise model.smaller_than_source(wanted.size_gb, source_gb)
    snapshot = _new(cloud, wanted, location, source)
    claims = (Claim(wanted.id), *source.claims)
    check_free(tx, claims)
    tx.put(snapshot)
    params = Taking(str(wanted.id), source.freezing, source.volume)
    operation = hand_over(cloud, tx, CREATE, params, subject=snapshot, claims=claims, family=Family.DISK)
    return Accepted(snapshot, operation, created=created)


def _source(cloud: Cloud, tx: Writer, wanted: NewSnapshot, location: str) -> Source:
    match wanted.create_option:
        case CreateOption.COPY:
            return _resource(cloud, tx, wanted, location)
        case CreateOption.IMPORT:
            return _blob(cloud, tx, wanted, location)
        case other:
            raise model.not_possible(other)


def _resource(cloud: Cloud, tx: Writer, wanted: NewSnapshot, location: str) -> Source:
    if wanted.source is None:
        raise errors.missing("creationData.sourceResourceId")
    record = tx.resource(wanted.source)
    if record is None:
        raise errors.linked_not_found(wanted.source.name)
    is_snapshot = record.id.kind == KIND.lower()
    if record.location != location:
        raise model.other_region(str(record.id), "snapshot" if is_snapshot else "disk")
    names = ("osType", "hyperVGeneration", "supportedCapabilities", "purchasePlan", "supportsHibernation")
    common = Source(
        size_bytes=disk.size_bytes_of(record),
        claims=(Claim(record.id, sole=False),),
        inherits={name: record.properties[name] for name in names if name in record.properties},
        unique_id=text_at(record.properties, "uniqueId"),
        family=text_at(record.properties, "incrementalSnapshotFamilyId"),
    )
    if not is_snapshot:
        # A disk whose upload has not ended has nothing to take a snapshot of.
        access.check_use(record, Use.COPY, cloud.clock.now())
        freezing = live.freezing_of(cloud, tx, record)
        # Two may freeze what nobody writes; a guest is switched by one at a time.
        return replace(common, claims=(Claim(record.id, sole=freezing.fresh is not None),), freezing=freezing)
    held = tx.held(record.id).get(volume.DISK_SLOT)
    if held is None:
        raise errors.linked_not_found(record.id.name)
    return replace(common, volume=held)


def _blob(cloud: Cloud, tx: Writer, wanted: NewSnapshot, location: str) -> Source:
    if wanted.uri is None:
        raise errors.missing("creationData.sourceUri")
    vhd = blob.vhd(cloud, tx, wanted.uri, disk=wanted.id.name)
    record = tx.resource(vhd.blob.id)
    if record is not None and record.location != location:
        raise model.other_region(wanted.uri, "blob")
    return Source(vhd.guest_bytes, (Claim(vhd.blob.id, sole=False),), volume=vhd.blob.volume)


def _new(cloud: Cloud, wanted: NewSnapshot, location: str, source: Source) -> Resource:
    """A snapshot's record as Azure fills it in. Source: recordings net-disk-FromSnapshot, c7n-snapshot-delete."""
    size_bytes = source.size_bytes if wanted.size_gb is None else max(source.size_bytes, wanted.size_gb * GIB)
    creation = _creation(wanted)
    given: Document = {}
    if wanted.os_type is not None:
        given["osType"] = wanted.os_type.value
    if wanted.generation is not None:
        given["hyperVGeneration"] = wanted.generation.value
    if source.unique_id is not None:
        creation["sourceUniqueId"] = source.unique_id
    if wanted.incremental:
        given["completionPercent"] = COMPLETE
        if source.family is not None or source.unique_id is not None:
            given["incrementalSnapshotFamilyId"] = source.family or model.family_of(source.unique_id or "")
    properties: Document = {
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        **wanted.properties,
        **(source.inherits or {}),
        **given,
        "creationData": creation,
        "diskSizeGB": size_gb(size_bytes),
        "incremental": wanted.incremental,
        "timeCreated": disk.timestamp(cloud.clock.now()),
        "provisioningState": "Updating",
        "diskState": DiskState.UNATTACHED.value,
        "diskSizeBytes": size_bytes,
        "uniqueId": cloud.chance.guid(),
    }
    sku = wanted.sku or DEFAULT_SKU
    extra: Document = {**wanted.extra, "sku": {"name": sku.value, "tier": sku.tier}}
    return Resource(wanted.id, location, properties, wanted.tags, extra=extra)


# --- plans -----------------------------------------------------------------------------------------------------------


def _of_disk(params: Taking) -> live.Freezing | None:
    return params.freezing


def _volume_of(view: Reader, params: Taking) -> VolumeId:
    if params.freezing is not None:
        return live.frozen_of(view, params.freezing)
    if params.volume is None:
        raise errors.internal()
    return params.volume


def _publish(_cloud: Cloud, tx: Writer, job: Job[Taking]) -> None:
    """Freeze the volume and hold it, and show the snapshot as done: all at once or not at all."""
    snapshot = tx.resource(ResourceId.parse(job.params.snapshot))
    row = tx.volume(_volume_of(tx, job.params))
    if snapshot is None or row is None:
        raise errors.internal()
    if job.params.freezing is not None:
        live.freeze(tx, job.params.freezing)
    tx.put_volume(replace(row, frozen=True))
    tx.hold(snapshot.id, volume.DISK_SLOT, row.id)
    tx.put(with_properties(snapshot, {"provisioningState": "Succeeded"}))


def _unpublish(_cloud: Cloud, tx: Writer, job: Job[Taking]) -> None:
    tx.release(ResourceId.parse(job.params.snapshot))


def _failed(_cloud: Cloud, tx: Writer, job: Job[Taking], _error: ApiError) -> None:
    snapshot = tx.resource(ResourceId.parse(job.params.snapshot))
    if snapshot is not None:
        tx.put(with_properties(snapshot, {"provisioningState": "Failed"}))


CREATE: Plan[Cloud, Taking] = Plan(
    "snapshot.create",
    Taking,
    (
        live.switching(_of_disk),
        live.locking(_volume_of),
        Change("freeze and publish", _publish, _unpublish),
    ),
    failed=_failed,
)
DELETE: Plan[Cloud, disk.Leaving] = Plan(
    "snapshot.delete",
    disk.Leaving,
    (Change("forget", disk.forget, no_change), Act("drop files", disk.drop_files, nothing, insist=True)),
)
