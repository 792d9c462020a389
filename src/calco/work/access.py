"""Access to the bytes of disks and snapshots by a shared access signature: given, found, ended.

One grant at a time, kept in ``internal`` of what it is for, so that it goes with it. A grant ends by itself: one that
has run out is not there, and the state it gives (ActiveSAS, ActiveUpload) is read from clock and grant, never stored.
A note leads from the account in the URL to the resource. The URL itself is never kept: it is put together again for
whoever polls the operation that gave it.

An upload ends with its grant: its file is locked, its footer checked, and from then on the disk is one as any other. A
file that is no fixed VHD stays as it is, and the disk waits for another upload.

``internal`` of a disk or snapshot: ``access``: ``operation``, ``account``, ``container``, ``write``, ``identifier``,
``until``, ``key``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from calco.model import disk as model
from calco.model import errors
from calco.model.access import MAX_SECONDS, Access, Grant
from calco.model.disk import DiskEvent, DiskState, Use, size_gb
from calco.model.document import Document, flag_at, number_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family, Operation
from calco.model.vhd import DATA_DISK_MAX_BYTES, FOOTER_BYTES, OS_DISK_MAX_BYTES, guest_bytes_of
from calco.model.volume import VolumeId
from calco.operations.plan import Act, Change, Job, Plan, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, found, hand_over, listed, settled, told, with_internal, with_properties
from calco.work.volume import DISK_SLOT

BEGIN = "access.begin"
"""The name under which grants are in the log; nothing is left to do when they are accepted."""


# --- looking ---------------------------------------------------------------------------------------------------------


def grant_of(resource: Resource, now: datetime) -> Grant | None:
    """The grant that is out on it; one that has run out is none."""
    texts = [text_at(resource.internal, "access", name) for name in ("identifier", "until", "key")]
    identifier, until, key = texts
    if identifier is None or until is None or key is None or datetime.fromisoformat(until) <= now:
        return None
    return Grant(
        resource.id,
        flag_at(resource.internal, "access", "write") is True,
        identifier,
        datetime.fromisoformat(until),
        key.encode(),
        text_at(resource.internal, "access", "account") or "",
        text_at(resource.internal, "access", "container") or "",
    )


def find(view: Reader, account: str, container: str, now: datetime) -> Grant | None:
    """The grant whose URL names that account and container; None when there is none or it has run out."""
    id = view.note(f"access/{account}")
    resource = None if id is None else view.resource(ResourceId.parse(id))
    grant = None if resource is None else grant_of(resource, now)
    return grant if grant is not None and (grant.account, grant.container) == (account, container) else None


def source_for_reading(view: Reader, id: ResourceId) -> tuple[VolumeId, int]:
    """The volume whose bytes a read grant on a disk or snapshot shows, and how many a guest sees of it. The volume may
    hold fewer (the disk has grown over a frozen one: the rest is zeros); a flat one has its own footer behind them."""
    resource, held = view.resource(id), view.held(id).get(DISK_SLOT)
    if resource is None or held is None:
        raise errors.linked_not_found(id.name)
    return held, number_at(resource.properties, "diskSizeBytes") or 0


def upload_volume(view: Reader, id: ResourceId) -> VolumeId:
    """The flat volume that a write grant on an upload disk writes."""
    held = view.held(id).get(DISK_SLOT)
    if held is None:
        raise errors.linked_not_found(id.name)
    return held


def state_of(resource: Resource, now: datetime) -> DiskState:
    """``diskState`` as it is at this moment: what is stored, unless a signed URL is out."""
    state = DiskState(text_at(resource.properties, "diskState") or DiskState.UNATTACHED)
    grant = grant_of(resource, now)
    return state if grant is None else model.while_granted(state, write=grant.write)


def read_one(cloud: Cloud, id: ResourceId) -> Resource:
    """A disk or snapshot as it is now. Raises ApiError 404."""
    with cloud.records.read() as view:
        return shown(found(view, id), cloud.clock.now())


def read_all(cloud: Cloud, kind: str, group: ResourceId | None) -> Sequence[Resource]:
    """All disks or all snapshots as they are now. Raises ApiError 404 for a group that is missing."""
    now = cloud.clock.now()
    with cloud.records.read() as view:
        return [shown(each, now) for each in listed(view, kind, group)]


def shown(resource: Resource, now: datetime) -> Resource:
    """The disk or snapshot as it is shown at this moment."""
    if "diskState" not in resource.properties or not resource.internal.get("access"):
        return resource
    return with_properties(resource, {"diskState": state_of(resource, now).value})


def check_use(resource: Resource, use: Use, now: datetime) -> None:
    """Raises Azure's refusal when the disk's state forbids ``use`` at this moment."""
    owner = text_at(resource.extra, "managedBy")
    machine = None if owner is None else ResourceId.parse(owner)
    model.check_use(resource.id.name, state_of(resource, now), use, machine)


def check_no_access(view: Reader, disks: Iterable[ResourceId], now: datetime, use: Use = Use.START) -> None:
    """Raises when a signed URL is out for one of the disks."""
    for id in disks:
        record = view.resource(id)
        if record is not None and grant_of(record, now) is not None:
            raise errors.access_outstanding(record.id.name, use)


# --- giving ----------------------------------------------------------------------------------------------------------


def begin(cloud: Cloud, id: ResourceId, access: Access, seconds: int) -> Accepted:
    """Give out a signed URL for so many seconds. The operation has ended when it is accepted; ``output_of`` has the
    URL."""
    if not 1 <= seconds <= MAX_SECONDS:
        raise errors.invalid("durationInSeconds", f"Access is granted for 1 to {MAX_SECONDS} seconds (60 days).")
    with cloud.records.write() as tx:
        record = found(tx, id)
        check_free(tx, (Claim(record.id),))
        now = cloud.clock.now()
        _check_grant(tx, record, access, now)
        operation = settled(cloud, tx, record, Family.DISK, plan=BEGIN)
        account = f"md-{cloud.chance.guid().replace('-', '')[:20]}"
        kept: Document = {
            "operation": operation.id,
            "account": account,
            "container": cloud.chance.guid().replace("-", "")[:12],
            "write": access is Access.WRITE,
            "identifier": cloud.chance.guid(),
            "until": (now + timedelta(seconds=seconds)).isoformat(),
            "key": cloud.chance.token(32),
        }
        granted = with_internal(_closed(tx, record), {"access": kept})
        tx.put(granted)
        tx.put_note(_note(account), str(record.id))
    return Accepted(granted, operation)


def _check_grant(view: Reader, record: Resource, access: Access, now: datetime) -> None:
    if access is Access.NONE:
        raise errors.invalid("access", "The access level is 'Read' or 'Write'.")
    if grant_of(record, now) is not None:
        raise errors.access_outstanding(record.id.name, "asking for another one")
    name, state = record.id.name, state_of(record, now)
    if state is DiskState.ATTACHED:
        raise attached(name, text_at(record.extra, "managedBy"))
    if access is Access.WRITE and state is not DiskState.READY_TO_UPLOAD:
        raise no_upload(name)
    if access is Access.READ and state is DiskState.READY_TO_UPLOAD:
        raise model.not_uploaded(name)
    if "DenyAll" in _policies(record) or "Disabled" in _policies(record):
        raise denied(name)
    if DISK_SLOT not in view.held(record.id):
        raise errors.linked_not_found(name)


def _policies(record: Resource) -> set[str | None]:
    return {text_at(record.properties, name) for name in ("networkAccessPolicy", "publicNetworkAccess")}


def output_of(cloud: Cloud, view: Reader, operation: Operation) -> Document | None:
    """What polls of a grant's operation show: the URL, as long as it leads anywhere."""
    record = view.resource(operation.subject)
    grant = None if record is None else grant_of(record, cloud.clock.now())
    if record is None or grant is None or text_at(record.internal, "access", "operation") != operation.id:
        return None
    return {"accessSAS": grant.url(cloud.rules.blob_url)}


def _note(account: str) -> str:
    return f"access/{account}"


def forget(tx: Writer, id: ResourceId) -> None:
    """The way to a resource that goes is forgotten; absent is fine."""
    record = tx.resource(id)
    if record is not None:
        _closed(tx, record)


def _closed(tx: Writer, record: Resource) -> Resource:
    """The resource without a grant; its note is forgotten."""
    account = text_at(record.internal, "access", "account")
    if account is not None:
        tx.put_note(_note(account), None)
    return with_internal(record, {"access": None})


# --- ending ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ending:
    """The end of an upload into ``volume``; ``uri`` is where its pages were put, without the signature."""

    disk: str
    volume: VolumeId
    uri: str

    @property
    def id(self) -> ResourceId:
        return ResourceId.parse(self.disk)


def end(cloud: Cloud, id: ResourceId) -> Accepted:
    """Take the signed URL back; without one that is fine. An upload is looked at and becomes the disk's content."""
    with cloud.records.write() as tx:
        record = found(tx, id)
        claims = (Claim(record.id),)
        check_free(tx, claims)
        grant = grant_of(record, cloud.clock.now())
        if grant is not None and grant.write:
            params = Ending(str(record.id), upload_volume(tx, record.id), _uri(cloud, grant))
            operation = hand_over(cloud, tx, END, params, subject=record, claims=claims, family=Family.DISK)
        else:
            record = _closed(tx, record)
            tx.put(record)
            operation = settled(cloud, tx, record, Family.DISK, plan=END.name)
    return told(cloud, Accepted(record, operation))


def _uri(cloud: Cloud, grant: Grant) -> str:
    return grant.url(cloud.rules.blob_url).partition("?")[0]


def _lock(cloud: Cloud, job: Job[Ending]) -> None:
    """Every page that is under way is written before, none after."""
    cloud.disks.freeze(job.params.volume)


def _unlock(cloud: Cloud, job: Job[Ending]) -> None:
    cloud.disks.thaw(job.params.volume)


def _check_footer(cloud: Cloud, job: Job[Ending]) -> None:
    with cloud.records.read() as view:
        record = found(view, job.params.id)
    most = OS_DISK_MAX_BYTES if "osType" in record.properties else DATA_DISK_MAX_BYTES
    with cloud.disks.view(job.params.volume) as content:
        raw = content.read(content.size_bytes - FOOTER_BYTES, FOOTER_BYTES)
        guest_bytes_of(raw, content.size_bytes, record.id.name, job.params.uri, max_bytes=most)


def _finish(_cloud: Cloud, tx: Writer, job: Job[Ending]) -> None:
    """The volume is frozen: the disk gets one of its own over it when it is next opened for writing."""
    record, row = tx.resource(job.params.id), tx.volume(job.params.volume)
    if record is None or row is None:
        raise errors.internal()
    tx.put_volume(replace(row, frozen=True))
    size_bytes = row.size_bytes - FOOTER_BYTES
    state = model.after(DiskState(text_at(record.properties, "diskState") or ""), DiskEvent.UPLOADED)
    changes: Document = {
        "diskState": state.value,
        "diskSizeGB": size_gb(size_bytes),
        "diskSizeBytes": size_bytes,
    }
    tx.put(with_properties(_closed(tx, record), changes))


def _not_finished(_cloud: Cloud, tx: Writer, job: Job[Ending], _error: ApiError) -> None:
    """What is no VHD is no disk: the URL ends, and the disk waits for another one and another upload."""
    record = tx.resource(job.params.id)
    if record is not None:
        tx.put(_closed(tx, record))


END: Plan[Cloud, Ending] = Plan(
    "access.end",
    Ending,
    (
        Act("lock file", _lock, _unlock),
        Act("check footer", _check_footer, nothing),
        Change("settle", _finish, no_change),
    ),
    failed=_not_finished,
)


# --- refusals --------------------------------------------------------------------------------------------------------


def attached(disk: str, machine: str | None) -> ApiError:
    """Source: behaviour C; the code is not in the source."""
    return errors.refused(
        f"Access not permitted because disk {disk} is currently attached to running VM {machine}. Deallocate the VM, "
        "or make a snapshot of the disk and ask for access to that."
    )


def no_upload(name: str) -> ApiError:
    """Ours."""
    return errors.refused(
        f"Access 'Write' not permitted because {name} was not created with createOption 'Upload', or its upload has "
        "ended. Create a new disk with 'Upload' and uploadSizeBytes, and ask for 'Write' access to that."
    )


def denied(name: str) -> ApiError:
    """Ours."""
    return errors.refused(
        f"Access not permitted because {name} has networkAccessPolicy 'DenyAll' or publicNetworkAccess 'Disabled'. Set "
        "them to 'AllowAll' and 'Enabled' to export or upload."
    )
