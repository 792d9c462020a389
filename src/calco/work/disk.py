"""Managed disks: made empty, from something else or by an upload; grown, tagged and deleted.

An empty disk, and one that waits for its upload, gets a volume of its own. One that is made from a disk, a snapshot, a
blob or an image holds the volume of that (``disk_source``), and costs the same whatever its size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from calco.model import errors
from calco.model.blob import Use as BlobUse
from calco.model.blob import vhd_not_found
from calco.model.disk import (
    CreateOption,
    DiskEvent,
    DiskState,
    NewDisk,
    OsType,
    Sku,
    Use,
    after,
    not_possible,
    size_gb,
)
from calco.model.document import Document, Json, at, leaves, number_at, object_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family
from calco.model.virtual_machine import Urn
from calco.model.volume import GIB, Format, VolumeId
from calco.operations.plan import Act, Change, Job, Plan, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import access, catalogue, disk_source, volume, zone
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
from calco.work.machine_state import RENEWS_MACHINE_ID

KIND = "Microsoft.Compute/disks"
DEFAULT_SKU = Sku.STANDARD_LRS


def get(cloud: Cloud, id: ResourceId) -> Resource:
    return access.read_one(cloud, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    return access.read_all(cloud, KIND, group)


def put(cloud: Cloud, wanted: NewDisk) -> Accepted:
    """Create a disk, or change size, SKU, tags and settings of one that is there."""
    location = normal_location(cloud, wanted.location, KIND)
    wanted = _resolved(cloud, wanted)
    base: VolumeId | None = None
    try:
        while (accepted := _put(cloud, wanted, location, base)) is None:
            assert wanted.urn is not None
            base = volume.base_of(cloud, _urn(wanted.urn))
    except ApiError:
        if base is not None:
            volume.drop_unused(cloud, base)
        raise
    return told(cloud, accepted)


def _put(cloud: Cloud, wanted: NewDisk, location: str, base: VolumeId | None) -> Accepted | None:
    """None: the platform image is to be brought in first, which may copy a file and so is not done in here."""
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if there is not None and not _was_never_made(tx, there):
            _check_same(there, wanted)
            return _change(cloud, tx, there, DiskChange(wanted.tags, wanted.size_gb, wanted.sku, _kept(wanted)))
        if wanted.urn is not None and (base is None or tx.volume(base) is None):
            return None
        return _create(cloud, tx, wanted, location, base=base, created=there is None)


def _resolved(cloud: Cloud, wanted: NewDisk) -> NewDisk:
    """The wish with what its platform image's name stands for."""
    if wanted.urn is None:
        return wanted
    target = catalogue.resolve(cloud, _urn(wanted.urn))
    return replace(wanted, urn=str(target)) if isinstance(target, Urn) else replace(wanted, urn=None, image=target)


def _urn(text: str) -> Urn:
    publisher, offer, sku, version = text.split(":")
    return Urn(publisher, offer, sku, version)


def _was_never_made(view: Reader, disk: Resource) -> bool:
    """Its creation failed: it is a name without a volume, and nobody's."""
    return state_of(disk) == "Failed" and not view.held(disk.id) and "managedBy" not in disk.extra


def _check_same(there: Resource, wanted: NewDisk) -> None:
    """What a disk was made of, where and for what stays. What is not sent is not meant."""
    if wanted.create_option is not CreateOption.ATTACH:
        for path, value in leaves(_creation(wanted)):
            if not _same(at(there.properties, "creationData", *path), value):
                raise errors.property_change(".".join(("creationData", *path)))
    if wanted.zones and wanted.zones != volume.zones_of(there):
        raise errors.property_change("zones")
    sku = text_at(there.extra, "sku", "name")
    if wanted.sku is not None and sku is not None and Sku(sku).is_zone_redundant != wanted.sku.is_zone_redundant:
        raise errors.property_change("sku.name")


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return one == other


def _creation(wanted: NewDisk) -> Document:
    """``creationData`` as it is kept: a platform image by its parts, however the request names it."""
    creation: Document = {**object_at(wanted.properties, "creationData"), "createOption": wanted.create_option.value}
    if wanted.urn is not None:
        urn = _urn(wanted.urn)
        reference = {"publisher": urn.publisher, "offer": urn.offer, "sku": urn.sku, "version": urn.version}
        creation["imageReference"] = {**reference}
    return creation


SETTINGS = (
    "networkAccessPolicy",
    "publicNetworkAccess",
    "burstingEnabled",
    "tier",
    "diskIOPSReadWrite",
    "diskMBpsReadWrite",
    "maxShares",
    "supportsHibernation",
    "supportedCapabilities",
    "optimizedForFrequentAttach",
    "purchasePlan",
    "dataAccessAuthMode",
    "osType",
    "hyperVGeneration",
)
"""Properties that clients may change and that are kept and shown; the first two decide about signed URLs too."""


def _kept(wanted: NewDisk) -> Document:
    return {name: each for name, each in wanted.properties.items() if name in SETTINGS}


@dataclass(frozen=True)
class DiskChange:
    """What a PATCH names; None leaves as it is. ``properties`` are some of ``SETTINGS``."""

    tags: Mapping[str, str] | None = None
    size_gb: int | None = None
    sku: Sku | None = None
    properties: Document = field(default_factory=dict)


def patch(cloud: Cloud, id: ResourceId, change: DiskChange) -> Accepted:
    """Change what is named."""
    with cloud.records.write() as tx:
        accepted = _change(cloud, tx, found(tx, id), change)
    return told(cloud, accepted)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete a disk nobody uses; None when there is none."""
    with cloud.records.write() as tx:
        disk = tx.resource(id)
        if disk is None:
            return None
        access.check_use(disk, Use.DELETE, cloud.clock.now())
        claims = (Claim(id),)
        check_free(tx, claims)
        files = tuple(volume.chain(tx, tx.held(id).values()))
        operation = hand_over(
            cloud, tx, DELETE, Leaving(str(id), files), subject=disk, claims=claims, family=Family.DISK
        )
    return told(cloud, Accepted(None, operation))


# --- making ----------------------------------------------------------------------------------------------------------


def _create(
    cloud: Cloud, tx: Writer, wanted: NewDisk, location: str, *, base: VolumeId | None, created: bool
) -> Accepted:
    zone.check(cloud.rules, wanted.id, location, wanted.extra)
    _check_sku(cloud, wanted, location)
    match wanted.create_option:
        case CreateOption.EMPTY:
            if wanted.size_gb is None:
                raise errors.missing("diskSizeGB")
            return _create_fresh(cloud, tx, wanted, location, created=created)
        case CreateOption.UPLOAD:
            return _create_fresh(cloud, tx, wanted, location, created=created)
        case CreateOption.COPY:
            source: Source | None = disk_source.of_resource(cloud, tx, wanted, location)
        case CreateOption.IMPORT:
            source = disk_source.of_blob(cloud, tx, wanted, location)
        case CreateOption.FROM_IMAGE if base is not None and wanted.urn is not None:
            source = disk_source.of_platform(cloud, tx, _urn(wanted.urn), base)
        case CreateOption.FROM_IMAGE if wanted.image is not None:
            source = disk_source.of_image(cloud, tx, wanted, wanted.image, location)
        case CreateOption.FROM_IMAGE:
            raise errors.missing("creationData.imageReference.id")
        case option:
            raise not_possible(option)
    if source is None:
        missing = vhd_not_found(BlobUse.DISK, wanted.source_uri or "", wanted.id.name)
        disk = _record(cloud, wanted, location)
        return Accepted(disk, disk_source.refuse_later(cloud, tx, disk, missing), created=created)
    return _create_from(cloud, tx, wanted, location, source, created=created)


def _check_sku(cloud: Cloud, wanted: NewDisk, location: str) -> None:
    if wanted.sku is None or not wanted.sku.is_zone_redundant:
        return
    if not cloud.rules.zones.get(location):
        raise errors.invalid(
            "sku.name", f"'{wanted.sku}' takes a region with availability zones; '{location}' has none."
        )
    if wanted.zones:
        raise errors.invalid("sku.name", f"A disk with '{wanted.sku}' is in every zone: leave out 'zones'.")


def _record(cloud: Cloud, wanted: NewDisk, location: str, source: Source | None = None) -> Resource:
    """The new disk's record: what was sent, what it inherits, what Azure fills in."""
    inherits, size_bytes = (source.inherits, source.size_bytes) if source else ({}, 0)
    disk = new(
        cloud,
        wanted.id,
        location,
        size_bytes=max((wanted.size_gb or 0) * GIB, size_bytes),
        sku=wanted.sku or DEFAULT_SKU,
        os_type=wanted.os_type,
        creation={**_creation(wanted), **(source.creation if source else {})},
    )
    internal: Document = {}
    if source is not None and source.renews_machine_id is not None:
        internal = {RENEWS_MACHINE_ID: source.renews_machine_id}
    return replace(
        disk,
        tags=wanted.tags,
        properties={**inherits, **disk.properties, **wanted.properties, **_decided(disk)},
        internal=internal,
        extra={**wanted.extra, **disk.extra},
    )


def _decided(disk: Resource) -> Document:
    """What no request decides."""
    asked = {*SETTINGS, "encryption"}
    return {name: each for name, each in disk.properties.items() if name not in asked}


def _create_fresh(cloud: Cloud, tx: Writer, wanted: NewDisk, location: str, *, created: bool) -> Accepted:
    """One with a volume of its own: empty, or a flat one that waits for its pages."""
    disk = _record(cloud, wanted, location)
    fresh = volume.Fresh(str(disk.id), cloud.chance.guid(), None, size_bytes_of(disk), volume.pool_for(disk))
    if wanted.create_option is CreateOption.UPLOAD:
        fresh = replace(fresh, size_bytes=wanted.upload_bytes or 0, format=Format.FLAT)
        waiting: Document = {"diskState": DiskState.READY_TO_UPLOAD.value, "diskSizeGB": None, "diskSizeBytes": None}
        disk = with_properties(disk, waiting)
    tx.put(disk)
    claims = (Claim(wanted.id),)
    check_free(tx, claims)
    operation = hand_over(cloud, tx, CREATE, fresh, subject=disk, claims=claims, family=Family.DISK)
    return Accepted(disk, operation, created=created)


def _create_from(
    cloud: Cloud, tx: Writer, wanted: NewDisk, location: str, source: Source, *, created: bool
) -> Accepted:
    disk = _record(cloud, wanted, location, source)
    if wanted.size_gb is not None and wanted.size_gb < size_gb(source.size_bytes):
        check_free(tx, (Claim(wanted.id), *source.claims))
        operation = disk_source.refuse_later(cloud, tx, disk, disk_source.resized_down())
    else:
        operation = disk_source.begin(cloud, tx, disk, source, disk_source.HOLD)
    return Accepted(disk, operation, created=created)


# --- changing --------------------------------------------------------------------------------------------------------


def _change(cloud: Cloud, tx: Writer, disk: Resource, change: DiskChange) -> Accepted:
    now_gb = number_at(disk.properties, "diskSizeGB") or 0
    wanted_gb = change.size_gb or now_gb
    claims = (Claim(disk.id),)
    check_free(tx, claims)
    if wanted_gb < now_gb:
        return Accepted(disk, settled(cloud, tx, disk, Family.DISK, failure=disk_source.resized_down()))
    size: Document = {}
    if wanted_gb > now_gb:
        access.check_use(disk, Use.RESIZE, cloud.clock.now())
        size = {"diskSizeGB": wanted_gb, "diskSizeBytes": wanted_gb * GIB}
    changed = with_properties(disk, {**change.properties, **size, "provisioningState": "Updating"})
    extra: Document = {**disk.extra}
    if change.sku is not None:
        extra["sku"] = {"name": change.sku.value, "tier": change.sku.tier}
    changed = replace(changed, tags=disk.tags if change.tags is None else change.tags, extra=extra)
    tx.put(changed)
    if not size:
        done = with_properties(changed, {"provisioningState": "Succeeded"})
        tx.put(done)
        return Accepted(changed, settled(cloud, tx, done, Family.DISK))
    held = tx.held(disk.id).get(volume.DISK_SLOT)
    row = None if held is None else tx.volume(held)
    grown = None if row is None or row.frozen else row.id
    params = Growing(str(disk.id), grown, wanted_gb * GIB, size_bytes_of(disk))
    operation = hand_over(cloud, tx, UPDATE, params, subject=changed, claims=claims, family=Family.DISK)
    return Accepted(changed, operation)


# --- what other nouns need of disks ----------------------------------------------------------------------------------


def timestamp(moment: datetime) -> str:
    """As Azure writes times: seven digits of a second. Source: recorded traffic."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0+00:00"


def new(
    cloud: Cloud,
    id: ResourceId,
    location: str,
    *,
    size_bytes: int,
    sku: Sku,
    os_type: OsType | None,
    creation: Document,
    generation: str | None = None,
) -> Resource:
    """A disk's record as Azure fills it in. Source: recordings c7n-disk-2024-03-02-*."""
    properties: Document = {
        "creationData": creation,
        "diskSizeGB": size_gb(size_bytes),
        "diskIOPSReadWrite": 500,
        "diskMBpsReadWrite": 60,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": timestamp(cloud.clock.now()),
        "provisioningState": "Updating",
        "diskState": DiskState.UNATTACHED.value,
        "diskSizeBytes": size_bytes,
        "uniqueId": cloud.chance.guid(),
    }
    if os_type is not None:
        properties["osType"] = os_type.value
        if generation is not None:
            properties["hyperVGeneration"] = generation
    return Resource(id, location, properties, extra={"sku": {"name": sku.value, "tier": sku.tier}})


def moved(disk: Resource, event: DiskEvent, now: datetime, owner: ResourceId | None = None) -> Resource:
    """The disk after ``event``; ``owner`` becomes ``managedBy`` when it is attached, and is taken off on detach."""
    state = after(DiskState(text_at(disk.properties, "diskState") or DiskState.UNATTACHED), event)
    extra: Document = {name: each for name, each in disk.extra.items() if name != "managedBy"}
    kept = str(owner) if event is DiskEvent.ATTACH else disk.extra.get("managedBy")
    if state is not DiskState.UNATTACHED and kept is not None:
        extra["managedBy"] = kept
    changes: Document = {"diskState": state.value, "LastOwnershipUpdateTime": timestamp(now)}
    return replace(with_properties(disk, changes), extra=extra)


def size_bytes_of(disk: Resource) -> int:
    """What the guest sees of it."""
    return number_at(disk.properties, "diskSizeBytes") or 0


def volumes_of(view: Reader, disks: Mapping[str, ResourceId]) -> dict[str, VolumeId]:
    """Slot to volume for disks given by slot; disks without a volume yet are left out."""
    found_volumes = {slot: view.held(disk).get(volume.DISK_SLOT) for slot, disk in disks.items()}
    return {slot: each for slot, each in found_volumes.items() if each is not None}


# --- plans -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaving:
    """A resource on its way out, and every volume that may go with it."""

    resource: str
    files: tuple[VolumeId, ...]


@dataclass(frozen=True)
class Growing:
    """A disk that changes; ``volume`` is grown unless it is None (frozen ones grow when they are next written).
    ``before_bytes`` is the size it keeps if that fails (None: written by a version that did not say)."""

    disk: str
    volume: VolumeId | None
    size_bytes: int
    before_bytes: int | None = None


def _make(cloud: Cloud, job: Job[volume.Fresh]) -> None:
    volume.make(cloud, [job.params])


def _unmake(cloud: Cloud, job: Job[volume.Fresh]) -> None:
    volume.unmake(cloud, [job.params])


def _finish_create(_cloud: Cloud, tx: Writer, job: Job[volume.Fresh]) -> None:
    volume.adopt(tx, [job.params])
    _settle(tx, ResourceId.parse(job.params.disk), "Succeeded")


def _undo_create(_cloud: Cloud, tx: Writer, job: Job[volume.Fresh]) -> None:
    volume.disown(tx, [job.params])


def _create_failed(_cloud: Cloud, tx: Writer, job: Job[volume.Fresh], _error: ApiError) -> None:
    _settle(tx, ResourceId.parse(job.params.disk), "Failed")


def _settle(tx: Writer, id: ResourceId, state: str) -> None:
    disk = tx.resource(id)
    if disk is not None:
        tx.put(with_properties(disk, {"provisioningState": state}))


def _grow(cloud: Cloud, job: Job[Growing]) -> None:
    if job.params.volume is not None:
        cloud.disks.grow(job.params.volume, job.params.size_bytes)


def _finish_change(_cloud: Cloud, tx: Writer, job: Job[Growing]) -> None:
    row = None if job.params.volume is None else tx.volume(job.params.volume)
    if row is not None:
        tx.put_volume(replace(row, size_bytes=job.params.size_bytes))
    _settle(tx, ResourceId.parse(job.params.disk), "Succeeded")


def _change_failed(_cloud: Cloud, tx: Writer, job: Job[Growing], _error: ApiError) -> None:
    disk, before = tx.resource(ResourceId.parse(job.params.disk)), job.params.before_bytes
    if disk is not None and before is not None:
        tx.put(with_properties(disk, {"diskSizeGB": size_gb(before), "diskSizeBytes": before}))
    _settle(tx, ResourceId.parse(job.params.disk), "Failed")


def forget(_cloud: Cloud, tx: Writer, job: Job[Leaving]) -> None:
    """The resource, the way to its bytes, and the rows of volumes only it used."""
    access.forget(tx, ResourceId.parse(job.params.resource))
    tx.delete(ResourceId.parse(job.params.resource))
    volume.forget_unused(tx, job.params.files)


def drop_files(cloud: Cloud, job: Job[Leaving]) -> None:
    """The files whose rows are gone."""
    volume.drop_files(cloud, job.params.files)


CREATE: Plan[Cloud, volume.Fresh] = Plan(
    "disk.create",
    volume.Fresh,
    (Act("make volume", _make, _unmake), Change("adopt volume", _finish_create, _undo_create)),
    failed=_create_failed,
)
UPDATE: Plan[Cloud, Growing] = Plan(
    "disk.update",
    Growing,
    (Act("grow volume", _grow, nothing), Change("settle", _finish_change, no_change)),
    failed=_change_failed,
)
DELETE: Plan[Cloud, Leaving] = Plan(
    "disk.delete",
    Leaving,
    (Change("forget", forget, no_change), Act("drop files", drop_files, nothing, insist=True)),
)
