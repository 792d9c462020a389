"""Looking at disks: what is on the OS disk of a machine, on a disk, in a snapshot, an image or a blob.

Nothing is locked for a look. A disk that a running machine writes is refused; one that nobody writes is read as it is,
and if its volume's stamp has changed by the end, somebody has begun to write and what was seen is thrown away. So no
start, attach or upload ever waits for a look, and no look for them. A frozen volume cannot be written at all.

What was seen is kept with the volume, not with what holds it: an image, the disk it was captured from, a snapshot and a
clone's disk that nobody has started yet hold one volume and share one look. It holds as long as the volume's stamp is
the same and this version of calco runs, and is forgotten with the volume. A look that was stopped, by its time limit
say, is not kept. What was seen may name accounts and files: whoever is shown more of it than the verdict must be one
who may read the disk (``arm/routes_inspection``).
"""

import logging
from dataclasses import dataclass
from datetime import datetime

import msgspec

from calco import __version__
from calco.model import blob as blob_model
from calco.model import errors
from calco.model.document import Document, object_at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.image import OS_SLOT
from calco.model.inspection import Container, Report, Result, Severity, full_document, report_from
from calco.model.machine import MachineState
from calco.model.vhd import FOOTER_BYTES
from calco.model.volume import Format, Volume, VolumeId, volume_scope
from calco.ports import Beginning, Entry, PoolGone, Reader, Resource, VolumeView
from calco.work import blob, disk, remote_blob
from calco.work.cloud import Cloud
from calco.work.common import found
from calco.work.disk_source import SNAPSHOT_KIND
from calco.work.image_usage import MACHINES
from calco.work.machine_state import blobs_of, disks_of, vm_id_of
from calco.work.volume import DISK_SLOT

log = logging.getLogger(__name__)

KIND = "Calco/inspections"
IMAGES = "Microsoft.Compute/images"
KEPT_BYTES_MAX = 512 * 1024
"""A report that is longer is shown to who asked and not kept; 60 KiB are usual."""


@dataclass(frozen=True)
class Inspected:
    """What was seen, and when."""

    report: Report
    at: datetime


# --- looking ---------------------------------------------------------------------------------------------------------


def look(cloud: Cloud, id: ResourceId) -> Report:
    """What is on a disk, a snapshot, a blob, or the OS disk of a machine or image: what is known, if nobody has written
    since, else some 0.3 to 2 s of looking. Raises ApiError: there is no such thing, it holds no bytes, or a machine is
    writing it."""
    with cloud.records.read() as view:
        resource = found(view, id)
        row = _volume(cloud, view, id)
        if row is None:
            raise _holds_nothing(resource)
        if not row.frozen:
            _check_idle(cloud, view, id)
        kept = _kept(cloud, view, row.id)
    return kept.report if kept is not None else _look(cloud, id, row).report


def look_at_blob(cloud: Cloud, uri: str) -> Report:
    """What is on the fixed VHD that a page blob of this service is; otherwise like ``look``. Raises ApiError: no such
    blob, no page blob, no VHD that Azure would take, or a machine is writing it."""
    with cloud.records.read() as view:
        if blob.find(view, cloud, uri) is None:
            raise _no_blob(uri)
        found = blob.vhd(cloud, view, uri, disk="blob")
    return look(cloud, found.blob.id)


def look_ahead(cloud: Cloud, id: ResourceId) -> None:
    """Look so that what comes next knows; never fails. Not in a trial, nor where disks hold nothing anyway."""
    if not cloud.rules.looks or cloud.trial:
        return
    try:
        look(cloud, id)
    except Exception as why:
        # Whoever generalizes a machine asked for a flag, not for this.
        log.warning("%s was not looked at: %s", id, why, exc_info=not isinstance(why, ApiError))


def _look(cloud: Cloud, id: ResourceId, row: Volume) -> Inspected:
    try:
        stamp = cloud.disks.stamp(row.id)
        with cloud.disks.view(row.id) as content:
            report = cloud.inspector.inspect(_guest_part(content, row), _container(row))
        seen = Inspected(report, cloud.clock.now())
        if cloud.disks.stamp(row.id) != stamp:
            raise _written_meanwhile(id)
    except FileNotFoundError as gone:
        raise errors.resource_busy(id) from gone
    except PoolGone as gone:
        raise errors.pool_gone(f"'{id.name}'", gone.pools) from gone
    if report.ended:
        _keep(cloud, row.id, stamp, seen)
    return seen


def _container(row: Volume) -> Container | None:
    """Of a flat volume that is a VHD: it is a fixed one, or it would not have become a disk. Whoever holds it, the
    same, so that they share one look."""
    return Container("vpc", row.size_bytes, is_fixed=True) if row.format is Format.FLAT else None


def _guest_part(content: VolumeView, row: Volume) -> VolumeView:
    """Without the footer of a flat volume."""
    if row.format is not Format.FLAT:
        return content
    return Beginning(content, max(content.size_bytes - FOOTER_BYTES, 0))


# --- what is known ---------------------------------------------------------------------------------------------------


def last(cloud: Cloud, id: ResourceId) -> Report | None:
    """What the last look found, if it still holds. Raises ApiError 404 when there is no such thing."""
    with cloud.records.read() as view:
        found(view, id)
        return known(cloud, view, id)


def known(cloud: Cloud, view: Reader, id: ResourceId) -> Report | None:
    """What the last look found, if it still holds."""
    row = _volume(cloud, view, id)
    seen = None if row is None else _kept(cloud, view, row.id)
    return None if seen is None else seen.report


def glance(cloud: Cloud, view: Reader, id: ResourceId) -> Inspected | None:
    """The same with its time, and of the checks only leaks: the others are most of the work of reading it. A few
    look-ups by key, and one at the file when there is something to hold."""
    row = _volume(cloud, view, id)
    return None if row is None else _kept(cloud, view, row.id, brief=True)


def _entry_id(volume: VolumeId) -> str:
    return f"{volume_scope(volume)}/inspection"


def _keep(cloud: Cloud, volume: VolumeId, stamp: str, seen: Inspected) -> None:
    document: Document = {
        "stamp": stamp,
        "calco": __version__,
        "at": seen.at.isoformat(),
        "report": full_document(seen.report),
    }
    if len(msgspec.json.encode(document)) > KEPT_BYTES_MAX:
        log.warning("the report on volume %s is too long to be kept", volume)
        return
    with cloud.records.write() as tx:
        if tx.volume(volume) is not None:
            tx.put_entry(Entry(_entry_id(volume), KIND, volume_scope(volume), document))


def _kept(cloud: Cloud, view: Reader, volume: VolumeId, *, brief: bool = False) -> Inspected | None:
    entry = view.entry(_entry_id(volume))
    if entry is None or text_at(entry.document, "calco") != __version__:
        return None
    try:
        if cloud.disks.stamp(volume) != text_at(entry.document, "stamp"):
            return None
        whole = object_at(entry.document, "report")
        report = report_from(_leaks_alone(whole) if brief else whole)
        return Inspected(report, datetime.fromisoformat(text_at(entry.document, "at") or ""))
    except (OSError, PoolGone, ValueError):  # nobody can say whether it holds, or what it meant
        return None


def _leaks_alone(whole: Document) -> Document:
    """Of the document of a report: the same without what passed, and without findings of another severity."""
    checks = [each for each in objects_at(whole, "checks") if each.get("severity") == Severity.LEAKS]
    return {
        **whole,
        "findings": [each for each in objects_at(whole, "findings") if each.get("severity") == Severity.LEAKS],
        "checks": [each for each in checks if each.get("result") == Result.FAILED],
    }


# --- which volume ----------------------------------------------------------------------------------------------------


def _volume(cloud: Cloud, view: Reader, id: ResourceId) -> Volume | None:
    """The volume that holds the bytes in question now."""
    if id.kind == MACHINES.lower():
        os_disk = _os_disk(view, id)
        return None if os_disk is None else _volume(cloud, view, os_disk)
    held = view.held(id)
    if id.kind == IMAGES.lower():
        volume = _of_image(cloud, held)
    else:
        volume = held.get(blob.SLOT if id.kind == blob.KIND.lower() else DISK_SLOT)
    return None if volume is None else view.volume(volume)


def _os_disk(view: Reader, machine: ResourceId) -> ResourceId | None:
    record = view.resource(machine)
    return None if record is None else {**blobs_of(record), **disks_of(record)}.get(None)


def _of_image(cloud: Cloud, held: dict[str, VolumeId]) -> VolumeId | None:
    """Of a zone-resilient image the first copy whose pool is there; they are alike."""
    copies = {name.partition("@")[2]: each for name, each in sorted(held.items()) if name.partition("@")[0] == OS_SLOT}
    if not copies or "" in copies:
        return copies.get("")
    there = cloud.disks.pools()
    return next((each for pool, each in copies.items() if pool in there), next(iter(copies.values())))


def _check_idle(cloud: Cloud, view: Reader, id: ResourceId) -> None:
    """No guest is writing it. One that has switched itself off does not, though its process still stands."""
    owner = _owner(view, id)
    machine = None if owner is None else view.resource(owner)
    if machine is not None and cloud.hypervisor.state(vm_id_of(machine)) is MachineState.RUNNING:
        raise _machine_runs(id, machine.id)


def _owner(view: Reader, id: ResourceId) -> ResourceId | None:
    """The machine that has it as a disk."""
    if id.kind == MACHINES.lower():
        return id
    record = view.resource(id)
    if record is None:
        return None
    text = blob.owner_of(record) if id.kind == blob.KIND.lower() else text_at(record.extra, "managedBy")
    return None if text is None else ResourceId.parse(text)


# --- refusals --------------------------------------------------------------------------------------------------------

_WORDS = {MACHINES.lower(): "VM", disk.KIND.lower(): "Disk", SNAPSHOT_KIND.lower(): "Snapshot", IMAGES.lower(): "Image"}


def _called(id: ResourceId) -> str:
    name = blob_model.name_of(id.name) if id.kind == blob.KIND.lower() else id.name
    return f"{_WORDS.get(id.kind, 'Blob')} '{name}'"


def _no_blob(uri: str) -> ApiError:
    """Azure's code; the sentences are ours."""
    return ApiError(
        404,
        "BlobNotFound",
        f"The specified blob does not exist: {remote_blob.shown_uri(uri)[:300]}. Blobs of this service's storage "
        "accounts are inspected; any other one is downloaded first: calco vhd check FILE --format vpc.",
        "blobUri",
    )


def _machine_runs(id: ResourceId, machine: ResourceId) -> ApiError:
    """Ours."""
    instead = "make a snapshot of its OS disk and check that" if id == machine else "make a snapshot and check that"
    return errors.refused(
        f"{_called(id)} cannot be inspected while VM '{machine.name}' is running, for the VM is writing it. Deallocate "
        f"the VM, or {instead}."
    )


def _written_meanwhile(id: ResourceId) -> ApiError:
    """Ours."""
    return errors.refused(
        f"{_called(id)} was written while it was being inspected, so nothing can be said of it. Stop what writes it, "
        "then try again, or make a snapshot and check that."
    )


def _holds_nothing(resource: Resource) -> ApiError:
    """Ours."""
    state = text_at(resource.properties, "provisioningState") or "Succeeded"
    return errors.refused(
        f"{_called(resource.id)} holds no OS disk's bytes that could be inspected; its provisioning state is {state}."
    )
