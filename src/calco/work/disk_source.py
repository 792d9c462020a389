"""What a new disk or snapshot begins with when it is not empty: the frozen volume of something else, and no byte is
copied.

A disk copied from a disk or snapshot, imported from a page blob of this service or made from an image holds the very
volume that its source holds; a snapshot likewise. When a disk is next opened for writing it gets a volume of its own
over that one, in its own zone's pool; the volume below stays where it is, so a copy of a disk in another zone is gone
when that zone is.

A disk that somebody may be writing is frozen first (``live``), and so is a blob; what an image or snapshot holds is
frozen already, and the disk or snapshot is done when the request is answered. A blob of another host, if it may be
read, is brought here first: the one way here that moves bytes.
"""

from dataclasses import dataclass, field, replace
from typing import Protocol

from calco.model import blob as blob_model
from calco.model import errors
from calco.model.disk import NewDisk, OsType, Use, size_gb
from calco.model.document import Document, flag_at, number_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family, Operation
from calco.model.vhd import DATA_DISK_MAX_BYTES, FOOTER_BYTES, OS_DISK_MAX_BYTES
from calco.model.virtual_machine import Urn
from calco.model.volume import Format, Volume, VolumeId
from calco.operations.plan import Act, Change, Job, Plan, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import access, blob, live, remote_blob, volume
from calco.work.cloud import Cloud
from calco.work.common import check_free, hand_over, settled, state_of, with_properties
from calco.work.image_disks import disks_of
from calco.work.machine_state import RENEWS_MACHINE_ID
from calco.work.operation import speaker

SNAPSHOT_KIND = "Microsoft.Compute/snapshots"
INHERITED = ("osType", "hyperVGeneration", "supportedCapabilities", "purchasePlan", "supportsHibernation")


class Wish(Protocol):
    """What a PUT of a disk and one of a snapshot have in common."""

    @property
    def id(self) -> ResourceId: ...

    @property
    def source(self) -> ResourceId | None:
        """A disk or snapshot."""

    @property
    def source_uri(self) -> str | None:
        """A blob."""


@dataclass(frozen=True)
class Source:
    """``size_bytes``: what a guest sees of it, 0 while nobody knows. ``freezing``: it is a disk, to be frozen; else
    ``volume`` is to be held, which ``is_frozen`` or not. ``uri``: it is a blob whose footer is still to be read;
    ``is_elsewhere``: on another host, and ``volume`` is what it will be brought into. ``inherits``: properties the new
    disk takes over where the request is silent; ``creation``: what its ``creationData`` shows beside what was sent."""

    size_bytes: int
    claims: tuple[Claim, ...] = ()
    freezing: live.Freezing | None = None
    volume: VolumeId | None = None
    is_frozen: bool = False
    uri: str | None = None
    is_elsewhere: bool = False
    inherits: Document = field(default_factory=dict)
    creation: Document = field(default_factory=dict)
    renews_machine_id: bool | None = None


def of_resource(cloud: Cloud, view: Reader, wanted: Wish, location: str) -> Source:
    """A disk or snapshot of the same region. Raises ApiError."""
    if wanted.source is None:
        raise errors.missing("creationData.sourceResourceId")
    record = view.resource(wanted.source)
    if record is None:
        raise errors.linked_not_found(wanted.source.name)
    if record.location != location:
        raise other_region(f"resource {record.id}", wanted.id)
    is_snapshot = record.id.kind == SNAPSHOT_KIND.lower()
    if not is_snapshot:
        access.check_use(record, Use.COPY, cloud.clock.now())
    held = view.held(record.id).get(volume.DISK_SLOT)
    row = None if held is None else view.volume(held)
    if row is None:
        raise _not_ready(record.id, state_of(record))
    creation: Document = {}
    if "uniqueId" in record.properties:
        creation["sourceUniqueId"] = record.properties["uniqueId"]
    freezing = None if is_snapshot or row.frozen else live.freezing_of(cloud, view, record)
    # Who switches a machine on or off claims its disks, so a disk is claimed while it is frozen: for that alone when a
    # guest writes it, for it is switched by one at a time.
    return Source(
        size_bytes=number_at(record.properties, "diskSizeBytes") or row.size_bytes,
        claims=(Claim(record.id, sole=freezing is not None and freezing.fresh is not None),),
        freezing=freezing,
        volume=row.id,
        is_frozen=row.frozen,
        inherits={name: record.properties[name] for name in INHERITED if name in record.properties},
        creation=creation,
        renews_machine_id=flag_at(record.internal, RENEWS_MACHINE_ID),
    )


def of_blob(cloud: Cloud, view: Reader, wanted: Wish, location: str) -> Source | None:
    """A page blob of this service in the same region, or of a host that may be read; None when there is none at that
    address. Whether it is a VHD is for the plan to see, when nobody writes it any more. Raises ApiError."""
    if wanted.source_uri is None:
        raise errors.missing("creationData.sourceUri")
    found = blob.find(view, cloud, wanted.source_uri)
    if found is None and remote_blob.is_listed(cloud, wanted.source_uri):
        return Source(0, volume=cloud.chance.guid(), uri=wanted.source_uri, is_elsewhere=True)
    if found is None:
        if blob.place_of(cloud, wanted.source_uri) is None:
            raise blob_model.not_a_blob_uri(wanted.source_uri)
        return None
    record = view.resource(found.id)
    if record is not None and record.location != location:
        raise other_region(f"blob {wanted.source_uri}", wanted.id)
    return Source(
        size_bytes=max(found.length - FOOTER_BYTES, 0),
        claims=(Claim(found.id, sole=False),),
        volume=found.volume,
        uri=wanted.source_uri,
    )


def of_image(cloud: Cloud, view: Reader, wanted: NewDisk, image: ResourceId, location: str) -> Source:
    """One disk of a managed image. Ours: Azure makes disks of gallery and platform images only. Raises ApiError."""
    record = view.resource(image)
    if record is None or record.location != location:
        raise errors.image_not_found(str(image), location)
    if state_of(record) != "Succeeded":
        raise errors.image_not_ready(wanted.id.name, image.name)
    given = disks_of(cloud, view, record, wanted.zones).get(wanted.lun)
    if given is None:
        raise errors.invalid("creationData.imageReference.lun", f"Image {image.name} has no data disk at that LUN.")
    inherits: Document = {}
    if wanted.lun is None:
        inherits["osType"] = text_at(record.properties, "storageProfile", "osDisk", "osType") or OsType.LINUX.value
        inherits["hyperVGeneration"] = text_at(record.properties, "hyperVGeneration") or "V1"
    return Source(
        size_bytes=given.size_bytes,
        # Shared: it must not be deleted between this look and the next.
        claims=(Claim(record.id, sole=False),),
        volume=given.volume,
        is_frozen=True,
        inherits=inherits,
        renews_machine_id=flag_at(record.internal, RENEWS_MACHINE_ID) if wanted.lun is None else None,
    )


def of_platform(cloud: Cloud, view: Reader, urn: Urn, base: VolumeId) -> Source:
    """A platform image, whose volume ``base`` was brought in. Raises ApiError."""
    row, generation = view.volume(base), cloud.base_images.generation(str(urn))
    if row is None or generation is None:
        raise errors.platform_image_not_found(str(urn))
    inherits: Document = {"osType": urn.os_type.value, "hyperVGeneration": generation.value}
    return Source(row.size_bytes, volume=row.id, is_frozen=True, inherits=inherits, renews_machine_id=True)


# --- the plan --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holding:
    """A disk (or snapshot) that is to hold somebody else's volume: ``freezing``'s, or ``volume``, whose footer is to be
    read first when it is the blob at ``uri``, and which is to be brought here when that is on another host."""

    disk: str
    freezing: live.Freezing | None = None
    volume: VolumeId | None = None
    uri: str | None = None
    is_elsewhere: bool = False

    @property
    def id(self) -> ResourceId:
        return ResourceId.parse(self.disk)


def begin(cloud: Cloud, tx: Writer, made: Resource, source: Source, plan: Plan[Cloud, Holding]) -> Operation:
    """Let the new disk or snapshot hold what it is made from: at once when that is frozen, else by ``plan``. Raises
    ApiError when somebody is at its source."""
    claims = (Claim(made.id), *source.claims)
    check_free(tx, claims)
    tx.put(made)
    if source.is_frozen and source.volume is not None:
        hold(tx, made.id, source.volume)
        return settled(cloud, tx, made, Family.DISK)
    params = Holding(str(made.id), source.freezing, source.volume, source.uri, source.is_elsewhere)
    return hand_over(cloud, tx, plan, params, subject=made, claims=claims, family=Family.DISK)


def refuse_later(cloud: Cloud, tx: Writer, made: Resource, why: ApiError) -> Operation:
    """What Azure accepts and lets fail: a name is left that shows so, and nothing else."""
    tx.put(with_properties(made, {"provisioningState": "Failed"}))
    return settled(cloud, tx, made, Family.DISK, failure=why)


def hold(tx: Writer, disk: ResourceId, held: VolumeId) -> None:
    """The disk holds that frozen volume, and is done."""
    record = tx.resource(disk)
    if record is None:
        raise errors.internal()
    tx.hold(disk, volume.DISK_SLOT, held)
    tx.put(with_properties(record, {"provisioningState": "Succeeded"}))


def _freezing_of(params: Holding) -> live.Freezing | None:
    return params.freezing


def _volume_of(view: Reader, params: Holding) -> VolumeId:
    if params.freezing is not None:
        return live.frozen_of(view, params.freezing)
    if params.volume is None:
        raise errors.internal()
    return params.volume


def _most(view: Reader, params: Holding) -> int:
    record = view.resource(params.id)
    return OS_DISK_MAX_BYTES if record is not None and "osType" in record.properties else DATA_DISK_MAX_BYTES


def _fetch(cloud: Cloud, job: Job[Holding]) -> None:
    """Bring a blob of another host here. What only its footer can say is looked at before any page is read."""
    params = job.params
    if not params.is_elsewhere or params.uri is None or params.volume is None:
        return
    with cloud.records.read() as view:
        most, record = _most(view, params), view.resource(params.id)
    why = (
        f"Reading {remote_blob.shown_uri(params.uri)}. It lies on another host, so its page ranges are transferred; a "
        "blob of this service would be shared."
    )
    wanted = remote_blob.Wanted(params.uri, params.volume, params.id.name, blob_model.Use.DISK, most)
    guest_bytes = remote_blob.fetch(cloud, wanted, speaker(cloud, job.id, why))
    asked = 0 if record is None else number_at(record.properties, "diskSizeBytes") or 0
    if asked and asked < guest_bytes:
        raise resized_down()


def _unfetch(cloud: Cloud, job: Job[Holding]) -> None:
    if job.params.is_elsewhere and job.params.volume is not None:
        cloud.disks.delete(job.params.volume)


def _check_footer(cloud: Cloud, job: Job[Holding]) -> None:
    uri = job.params.uri
    if uri is None or job.params.is_elsewhere:
        return
    with cloud.records.read() as view:
        blob.vhd(cloud, view, uri, disk=job.params.id.name, max_bytes=_most(view, job.params))


def _hold(cloud: Cloud, tx: Writer, job: Job[Holding]) -> None:
    """Freeze the source's volume and hold it: all at once or not at all."""
    if job.params.freezing is not None:
        held = live.freeze(tx, job.params.freezing)
    elif job.params.is_elsewhere:
        held = _adopt(cloud, tx, job.params)
    else:
        held = _volume_of(tx, job.params)
        row = tx.volume(held)
        if row is None:
            raise errors.internal()
        tx.put_volume(replace(row, frozen=True))
    hold(tx, job.params.id, held)


def _adopt(cloud: Cloud, tx: Writer, params: Holding) -> VolumeId:
    """The row of what came from another host, whose length is known now; the disk is at least as large."""
    held, record = _volume_of(tx, params), tx.resource(params.id)
    if record is None:
        raise errors.internal()
    with cloud.disks.view(held) as content:
        row = Volume(held, content.size_bytes, frozen=True, format=Format.FLAT)
    tx.put_volume(row)
    size = max(number_at(record.properties, "diskSizeBytes") or 0, row.size_bytes - FOOTER_BYTES)
    tx.put(with_properties(record, {"diskSizeGB": size_gb(size), "diskSizeBytes": size}))
    return held


def _let_go(_cloud: Cloud, tx: Writer, job: Job[Holding]) -> None:
    tx.release(job.params.id)
    if job.params.is_elsewhere and job.params.volume is not None:
        tx.delete_volume(job.params.volume)


def _failed(_cloud: Cloud, tx: Writer, job: Job[Holding], _error: ApiError) -> None:
    record = tx.resource(job.params.id)
    if record is not None:
        tx.put(with_properties(record, {"provisioningState": "Failed"}))


def _plan(name: str) -> Plan[Cloud, Holding]:
    return Plan(
        name,
        Holding,
        (
            Act("fetch", _fetch, _unfetch),
            live.switching(_freezing_of),
            live.locking(_volume_of),
            Act("check footer", _check_footer, nothing),
            Change("freeze and hold", _hold, _let_go),
        ),
        failed=_failed,
    )


HOLD = _plan("disk.fromSource")
SNAPSHOT = _plan("snapshot.create")


# --- refusals --------------------------------------------------------------------------------------------------------


def other_region(source: str, made: ResourceId) -> ApiError:
    """Azure's sentence for blobs, said of any source."""
    what = "snapshot" if made.kind == SNAPSHOT_KIND.lower() else "disk"
    return errors.bad_request(
        f"The source {source} does not belong to the same region as the {what}. Create the {what} in its source's "
        "region.",
        "creationData",
    )


def resized_down() -> ApiError:
    """Source: recording net-lro-failed-InvalidParameter. The operation fails, not the request."""
    return ApiError(400, "InvalidParameter", "Disks or snapshot cannot be resized down.")


def _not_ready(source: ResourceId, state: str) -> ApiError:
    """Ours."""
    return errors.refused(
        f"Resource {source.name} cannot be copied: its provisioningState is '{state}' and it holds nothing yet. Make "
        "it again, or name another one."
    )
