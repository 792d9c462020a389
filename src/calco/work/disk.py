"""Managed disks: made empty, or with a machine from its image; grown, tagged and deleted.

A disk from an image costs one transaction, for it holds the image's frozen volume. An empty disk gets its volume at
once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from calco.model import errors
from calco.model.disk import CreateOption, DiskEvent, DiskState, NewDisk, OsType, Sku, after, not_possible, size_gb
from calco.model.document import Document, number_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family
from calco.model.volume import GIB, VolumeId
from calco.operations.plan import Act, Change, Job, Plan, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import volume
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    existing_here,
    found,
    hand_over,
    listed,
    normal_location,
    state_of,
    told,
    with_properties,
)

KIND = "Microsoft.Compute/disks"
DEFAULT_SKU = Sku.STANDARD_LRS


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return found(view, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    with cloud.records.read() as view:
        return listed(view, KIND, group)


def put(cloud: Cloud, wanted: NewDisk) -> Accepted:
    """Create an empty disk, or change size, SKU or tags of one that is there."""
    location = normal_location(cloud, wanted.location, KIND)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if there is None or _was_never_made(tx, there):
            accepted = _create(cloud, tx, wanted, location, created=there is None)
        else:
            if wanted.create_option != text_at(there.properties, "creationData", "createOption"):
                raise errors.property_change("creationData.createOption")
            accepted = _change(cloud, tx, there, DiskChange(wanted.tags, wanted.size_gb, wanted.sku))
    return told(cloud, accepted)


def _was_never_made(view: Reader, disk: Resource) -> bool:
    """Its creation failed: it is a name without a volume, and nobody's."""
    return state_of(disk) == "Failed" and not view.held(disk.id) and "managedBy" not in disk.extra


@dataclass(frozen=True)
class DiskChange:
    """What a PATCH names; None leaves as it is."""

    tags: Mapping[str, str] | None = None
    size_gb: int | None = None
    sku: Sku | None = None


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
        owner = disk.extra.get("managedBy")
        if isinstance(owner, str):
            raise errors.disk_attached(id.name, ResourceId.parse(owner))
        claims = (Claim(id),)
        check_free(tx, claims)
        files = tuple(volume.chain(tx, tx.held(id).values()))
        operation = hand_over(
            cloud, tx, DELETE, Leaving(str(id), files), subject=disk, claims=claims, family=Family.DISK
        )
    return told(cloud, Accepted(None, operation))


def _create(cloud: Cloud, tx: Writer, wanted: NewDisk, location: str, *, created: bool) -> Accepted:
    if wanted.create_option is not CreateOption.EMPTY:
        raise not_possible(wanted.create_option)
    if wanted.size_gb is None:
        raise errors.missing("diskSizeGB")
    disk = new(
        cloud,
        wanted.id,
        location,
        size_bytes=wanted.size_gb * GIB,
        sku=wanted.sku or DEFAULT_SKU,
        os_type=wanted.os_type,
        creation={"createOption": CreateOption.EMPTY.value},
    )
    disk = replace(
        disk,
        tags=wanted.tags,
        properties={**wanted.properties, **disk.properties},
        extra={**wanted.extra, **disk.extra},
    )
    tx.put(disk)
    fresh = volume.Fresh(str(disk.id), cloud.chance.guid(), None, wanted.size_gb * GIB)
    claims = (Claim(wanted.id),)
    check_free(tx, claims)
    operation = hand_over(cloud, tx, CREATE, fresh, subject=disk, claims=claims, family=Family.DISK)
    return Accepted(disk, operation, created=created)


def _change(cloud: Cloud, tx: Writer, disk: Resource, change: DiskChange) -> Accepted:
    now_gb = number_at(disk.properties, "diskSizeGB") or 0
    wanted_gb = change.size_gb or now_gb
    if wanted_gb < now_gb:
        raise ApiError(400, "InvalidParameter", "Disks or snapshot cannot be resized down.", "disk.diskSizeGB")
    if wanted_gb > now_gb and disk.properties.get("diskState") == DiskState.ATTACHED:
        raise _resize_attached(disk)
    claims = (Claim(disk.id),)
    check_free(tx, claims)
    changed = with_properties(
        disk,
        {"diskSizeGB": wanted_gb, "diskSizeBytes": wanted_gb * GIB, "provisioningState": "Updating"},
    )
    extra: Document = {**disk.extra}
    if change.sku is not None:
        extra["sku"] = {"name": change.sku.value, "tier": change.sku.tier}
    changed = replace(changed, tags=disk.tags if change.tags is None else change.tags, extra=extra)
    tx.put(changed)
    held = tx.held(disk.id).get(volume.DISK_SLOT)
    row = None if held is None else tx.volume(held)
    grown = None if row is None or row.frozen or wanted_gb == now_gb else row.id
    operation = hand_over(
        cloud,
        tx,
        UPDATE,
        Growing(str(disk.id), grown, wanted_gb * GIB, size_bytes_of(disk)),
        subject=changed,
        claims=claims,
        family=Family.DISK,
    )
    return Accepted(changed, operation)


def _resize_attached(disk: Resource) -> ApiError:
    return errors.refused(
        f"Cannot resize disk {disk.id.name} while it is attached to running VM {disk.extra.get('managedBy')}. Resizing "
        "a disk of an Azure Virtual Machine requires the virtual machine to be deallocated. Please stop your VM and "
        "retry the operation."
    )


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


def moved(disk: Resource, event: DiskEvent, owner: ResourceId | None = None) -> Resource:
    """The disk after ``event``; ``owner`` becomes ``managedBy`` when it is attached, and is taken off on detach."""
    state = after(DiskState(text_at(disk.properties, "diskState") or DiskState.UNATTACHED), event)
    extra: Document = {name: each for name, each in disk.extra.items() if name != "managedBy"}
    kept = str(owner) if event is DiskEvent.ATTACH else disk.extra.get("managedBy")
    if state is not DiskState.UNATTACHED and kept is not None:
        extra["managedBy"] = kept
    return replace(with_properties(disk, {"diskState": state.value}), extra=extra)


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
    """The resource and the rows of volumes only it used."""
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
