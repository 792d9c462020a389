"""How an image comes to be. Its sources' volumes are frozen and held by the image too: no byte is copied.

Three plans, because a plan's steps are fixed. From disks and snapshots all is one change of the records. A page blob
may be written by anyone with a key, so its file is locked and its footer read before that change. And a zone-resilient
image is a whole copy in each zone's pool, which is the one way here that moves bytes: it says so while it goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from calco.model import blob as blob_model
from calco.model import errors
from calco.model.blob import Use
from calco.model.disk import size_gb
from calco.model.document import Document, Json, object_at, objects_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.image import OS_SLOT
from calco.model.operation import Operation
from calco.model.vhd import DATA_DISK_MAX_BYTES, FOOTER_BYTES, OS_DISK_MAX_BYTES
from calco.model.volume import Format, Volume, VolumeId
from calco.operations.plan import Act, Change, Job, Plan, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import blob, capture_verdict, disk, remote_blob, volume
from calco.work.capture_verdict import Foresight
from calco.work.cloud import Cloud
from calco.work.common import with_internal, with_properties
from calco.work.image_sources import check_size
from calco.work.operation import speaker


@dataclass(frozen=True)
class ZoneCopy:
    """One whole copy: of the disk under ``slot``, into ``pool``, held as ``slot@pool``."""

    slot: str
    pool: str
    volume: VolumeId

    @property
    def held_as(self) -> str:
        return f"{self.slot}@{self.pool}"


@dataclass(frozen=True)
class Capture:
    """``disks``: the disk, snapshot or blob behind each slot, in order; empty for a blob that is nowhere. ``uris``: of
    blobs, as the request wrote them. ``sizes``: bytes asked for, by slot; without one the source's size counts."""

    image: str
    machine: str = ""
    disks: dict[str, str] = field(default_factory=dict)
    uris: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    copies: tuple[ZoneCopy, ...] = ()
    fetched: dict[str, VolumeId] = field(default_factory=dict)
    """The volumes that blobs of other hosts are brought into, by slot."""
    verdict: Foresight = field(default_factory=Foresight)

    @property
    def id(self) -> ResourceId:
        return ResourceId.parse(self.image)


# --- blobs -----------------------------------------------------------------------------------------------------------


def _take_sources(cloud: Cloud, job: Job[Capture]) -> None:
    """Nobody writes the sources any more, or they have come here from another host; and each blob is a VHD that Azure
    would take. Files are locked before the change that says so, which saves one more step behind it."""
    for slot, text in job.params.disks.items():
        if slot not in job.params.uris:
            _lock_held(cloud, ResourceId.parse(text))
            continue
        guest_bytes = _fetch(cloud, job, slot) if slot in job.params.fetched else _lock_blob(cloud, job.params, slot)
        if slot in job.params.sizes:
            check_size(job.params.sizes[slot], guest_bytes, lun_of(slot))
    if job.params.verdict.required:
        capture_verdict.hold(cloud, ResourceId.parse(job.params.disks[OS_SLOT]))


def _lock_held(cloud: Cloud, id: ResourceId) -> None:
    with cloud.records.read() as view:
        row, _ = _behind(view, id)
    cloud.disks.freeze(row.id)


def _most(slot: str) -> int:
    return OS_DISK_MAX_BYTES if slot == OS_SLOT else DATA_DISK_MAX_BYTES


def _lock_blob(cloud: Cloud, params: Capture, slot: str) -> int:
    """What a guest sees of a blob of this service, locked now. Raises ApiError."""
    uri, id = params.uris[slot], params.disks[slot]
    with cloud.records.read() as view:
        found = blob.at(view, cloud, ResourceId.parse(id)) if id else None
        if found is None:
            raise blob_model.vhd_not_found(Use.IMAGE, remote_blob.shown_uri(uri), slot)
        cloud.disks.freeze(found.volume)
        return blob.vhd(cloud, view, uri, disk=slot, use=Use.IMAGE, max_bytes=_most(slot)).guest_bytes


def _fetch(cloud: Cloud, job: Job[Capture], slot: str) -> int:
    uri = job.params.uris[slot]
    why = (
        f"Reading disk '{slot}' from {remote_blob.shown_uri(uri)}. It lies on another host, so its page ranges are "
        "transferred; a blob of this service would be shared."
    )
    wanted = remote_blob.Wanted(uri, job.params.fetched[slot], slot, Use.IMAGE, _most(slot))
    guest_bytes = remote_blob.fetch(cloud, wanted, speaker(cloud, job.id, why))
    cloud.disks.freeze(wanted.volume)
    return guest_bytes


def _leave_sources(cloud: Cloud, job: Job[Capture]) -> None:
    """Sources that nobody else is about to freeze may be written again. No operation is accepted meanwhile: what is
    accepted before is seen here, what is accepted later locks the file itself. What was fetched goes."""
    with cloud.records.write() as tx:
        for text in job.params.disks.values():
            row = _held_by(tx, ResourceId.parse(text)) if text else None
            if row is not None and not row.frozen and tx.claims(ResourceId.parse(text)) == [job.id]:
                cloud.disks.thaw(row.id)
    for each in job.params.fetched.values():
        cloud.disks.delete(each)


# --- records ---------------------------------------------------------------------------------------------------------


def _freeze(cloud: Cloud, tx: Writer, job: Job[Capture]) -> Resource:
    """Freeze what the sources hold and hold it for the image too; answers the image with its disks' sizes."""
    image = tx.resource(job.params.id)
    if image is None:
        raise errors.internal()
    sizes: dict[str, int] = {}
    for slot, text in job.params.disks.items():
        if slot in job.params.fetched:
            row = _fetched(cloud, job.params.fetched[slot])
            guest_bytes = _guest_bytes(row)
        else:
            row, guest_bytes = _behind(tx, ResourceId.parse(text))
        tx.put_volume(replace(row, frozen=True))
        tx.hold(image.id, slot, row.id)
        sizes[slot] = max(guest_bytes, job.params.sizes.get(slot, 0))
    return _sized(image, sizes)


def _fetched(cloud: Cloud, volume_id: VolumeId) -> Volume:
    """The row of a volume that came from another host: its length is known now."""
    with cloud.disks.view(volume_id) as content:
        return Volume(volume_id, content.size_bytes, format=Format.FLAT)


def _behind(view: Reader, id: ResourceId) -> tuple[Volume, int]:
    """The volume a disk, snapshot or blob holds, and what a guest sees of it. Raises ApiError when there is none."""
    record, row = view.resource(id), _held_by(view, id)
    if record is None or row is None:
        raise errors.linked_not_found(id.name)
    return row, _guest_bytes(row) if _is_blob(id) else disk.size_bytes_of(record)


def _held_by(view: Reader, id: ResourceId) -> Volume | None:
    held = view.held(id).get(blob.SLOT if _is_blob(id) else volume.DISK_SLOT)
    return None if held is None else view.volume(held)


def _is_blob(id: ResourceId) -> bool:
    return id.kind == blob.KIND.lower()


def _guest_bytes(row: Volume) -> int:
    """What a guest sees of a volume alone: of a flat one that is a VHD all but its footer."""
    return row.size_bytes - FOOTER_BYTES if row.format is Format.FLAT else row.size_bytes


def _sized(image: Resource, sizes: Mapping[str, int]) -> Resource:
    profile = object_at(image.properties, "storageProfile")
    os_disk: Document = {**object_at(profile, "osDisk"), "diskSizeGB": size_gb(sizes[OS_SLOT])}
    data: Sequence[Json] = [
        {**each, "diskSizeGB": size_gb(sizes[str(each["lun"])])} for each in objects_at(profile, "dataDisks")
    ]
    filled: Document = {**profile, "osDisk": os_disk, "dataDisks": [*data]}
    return with_internal(with_properties(image, {"storageProfile": filled}), {"sizes": {**sizes}})


def _succeeded(image: Resource) -> Resource:
    return with_properties(image, {"provisioningState": "Succeeded"})


def _publish(cloud: Cloud, tx: Writer, job: Job[Capture]) -> None:
    """Freeze, hold, and show the image as done: all at once or not at all."""
    tx.put(_succeeded(_freeze(cloud, tx, job)))


def _let_go(_cloud: Cloud, tx: Writer, job: Job[Capture]) -> None:
    """The image holds nothing any more. A disk's volume stays frozen, for a disk written again gets one of its own at
    no cost; a blob would have to be copied for that, so its volume is given back to it."""
    tx.release(job.params.id)
    for each in job.params.fetched.values():
        tx.delete_volume(each)
    for slot in job.params.uris.keys() - job.params.fetched.keys():
        id = ResourceId.parse(job.params.disks[slot])
        row, _ = _behind(tx, id)
        tx.release(id, blob.SLOT)
        others = tx.is_used(row.id) or tx.claims(id) != [job.id]
        tx.hold(id, blob.SLOT, row.id)
        if not others:
            tx.put_volume(replace(row, frozen=False))


def _lock_files(cloud: Cloud, job: Job[Capture]) -> None:
    """A second lock beside the row."""
    with cloud.records.read() as view:
        frozen: Sequence[VolumeId] = [*view.held(job.params.id).values()]
    for each in frozen:
        cloud.disks.freeze(each)
    volume.drop_files(cloud, job.params.fetched.values())  # zone copies were made of them, and nobody needs them now


def _failed(_cloud: Cloud, tx: Writer, job: Job[Capture], _error: ApiError) -> None:
    """A failed capture leaves an image one can GET, in ``Failed``. Source: recording xplat-image-failed-state."""
    image = tx.resource(job.params.id)
    if image is not None:
        tx.put(with_properties(image, {"provisioningState": "Failed"}))


def _look(cloud: Cloud, job: Job[Capture]) -> None:
    capture_verdict.tell(cloud, job.id, job.params.id, see_all(job.params.id))


def see_all(image: ResourceId) -> str:
    """The command that shows everything that was found on an image."""
    return f"calco image check {image.name} -g {image.group}"


_LOOK: Act[Cloud, Capture] = Act("look at disk", _look, nothing, needed=lambda job: job.params.verdict.look)


# --- zones -----------------------------------------------------------------------------------------------------------


def _hold_sources(cloud: Cloud, tx: Writer, job: Job[Capture]) -> None:
    """Until the copies are there the image holds its sources' own volumes, so that nothing takes them away."""
    tx.put(_freeze(cloud, tx, job))


def _copy(cloud: Cloud, job: Job[Capture]) -> None:
    with cloud.records.read() as view:
        sources = _sources(view, job.params)
    for number, copy in enumerate(job.params.copies, start=1):
        source = sources[copy.slot]
        why = _why_copied(job.params, copy, number)
        says = speaker(cloud, job.id, why, part=(number, len(job.params.copies)))
        cloud.disks.copy(_volume_of(copy, source), source.id, says)


def _sources(view: Reader, params: Capture) -> dict[str, Volume]:
    """What the image holds until its copies are there, by slot."""
    rows = {slot: view.volume(held) for slot, held in view.held(params.id).items()}
    return {slot: row for slot, row in rows.items() if row is not None}


def _volume_of(copy: ZoneCopy, source: Volume) -> Volume:
    return Volume(copy.volume, _guest_bytes(source), frozen=True, format=Format.QCOW2, pool=copy.pool)


def _why_copied(params: Capture, copy: ZoneCopy, number: int) -> str:
    return (
        f"Copying disk '{copy.slot}' to pool '{copy.pool}', copy {number} of {len(params.copies)}. A zone-resilient "
        "image is a whole copy in each zone's pool, so that each serves alone; without zoneResilient an image shares "
        "its source's volume, and nothing moves."
    )


def _drop_copies(cloud: Cloud, job: Job[Capture]) -> None:
    for each in job.params.copies:
        cloud.disks.delete(each.volume)


def _publish_copies(_cloud: Cloud, tx: Writer, job: Job[Capture]) -> None:
    """From now on the image holds its copies, and its sources are their owners' alone again."""
    image = tx.resource(job.params.id)
    if image is None:
        raise errors.internal()
    sources = _sources(tx, job.params)
    for each in job.params.copies:
        tx.put_volume(_volume_of(each, sources[each.slot]))
        tx.hold(image.id, each.held_as, each.volume)
    for slot in sources:
        tx.release(image.id, slot)
    volume.forget_unused(tx, job.params.fetched.values())
    pools: list[Json] = [*dict.fromkeys(each.pool for each in job.params.copies)]
    tx.put(_succeeded(with_internal(image, {"pools": pools})))


def _unpublish_copies(_cloud: Cloud, tx: Writer, job: Job[Capture]) -> None:
    tx.release(job.params.id)
    for each in job.params.copies:
        tx.delete_volume(each.volume)


CAPTURE: Plan[Cloud, Capture] = Plan(
    "image.capture",
    Capture,
    (Change("freeze and publish", _publish, _let_go), Act("lock files", _lock_files, nothing), _LOOK),
    failed=_failed,
)
FROM_BLOBS: Plan[Cloud, Capture] = Plan(
    "image.fromBlobs",
    Capture,
    (
        Act("take sources", _take_sources, _leave_sources),
        Change("freeze and publish", _publish, _let_go),
        _LOOK,
    ),
    failed=_failed,
)
REPLICATE: Plan[Cloud, Capture] = Plan(
    "image.replicate",
    Capture,
    (
        Act("take sources", _take_sources, _leave_sources),
        Change("freeze and hold", _hold_sources, _let_go),
        Act("copy", _copy, _drop_copies),
        Change("publish copies", _publish_copies, _unpublish_copies),
        Act("lock files", _lock_files, nothing),
        _LOOK,
    ),
    failed=_failed,
)


PLANS = frozenset({CAPTURE.name, FROM_BLOBS.name, REPLICATE.name})


def lun_of(slot: str) -> int | None:
    """None for the OS disk."""
    return None if slot == OS_SLOT else int(slot)


@dataclass(frozen=True)
class Moved:
    """What an image is made of: the volumes it holds, and which of them are copies that were made for it."""

    held: Sequence[VolumeId]
    copied: Sequence[VolumeId]


def moved(view: Reader, operation: Operation) -> Moved | None:
    """None for what is no capture of an image."""
    if operation.plan not in PLANS:
        return None
    params = CAPTURE.job(operation).params
    copied = [each.volume for each in params.copies] or [*dict.fromkeys(params.fetched.values())]
    return Moved([*view.held(params.id).values()], copied)


def plan_for(params: Capture) -> Plan[Cloud, Capture]:
    """The shortest one that will do."""
    if params.copies:
        return REPLICATE
    return FROM_BLOBS if params.uris else CAPTURE
