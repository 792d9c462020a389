"""Blobs as the endpoint serves them: found with their state, checked against what a request asks, replaced, deleted.

A blob's ETag and time of change come from its file and its record together, so that writing a page costs no record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from calco.model import blob as model
from calco.model import conditions, lease
from calco.model.blob import BlobType
from calco.model.conditions import Conditions, Version
from calco.model.document import Document, number_at, object_at
from calco.model.ids import ResourceId
from calco.model.lease import Lease
from calco.model.volume import Volume
from calco.ports import Reader, Resource, Writer
from calco.work import blob, container, loose
from calco.work.cloud import Cloud
from calco.work.common import with_properties

_NS = 1_000_000_000


@dataclass(frozen=True)
class Target:
    """What a request names: a blob that may be there or not."""

    account: ResourceId
    container: str
    name: str

    @property
    def id(self) -> ResourceId:
        return blob.blob_id(blob.container_id(self.account, self.container), self.name)


@dataclass(frozen=True)
class State:
    """A blob with content, as it is at one moment. ``volume`` holds its bytes."""

    resource: Resource
    volume: Volume
    version: Version
    lease: Lease

    @property
    def is_page(self) -> bool:
        return blob.is_page(self.resource)

    @property
    def length(self) -> int:
        return self.volume.size_bytes


@dataclass(frozen=True)
class Content:
    """What a blob is created with. ``headers``: ``contentType`` and its kin, answered as they were given."""

    type: BlobType
    headers: Document = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    more: Document = field(default_factory=dict)
    """Further properties of the record."""


# --- finding ---------------------------------------------------------------------------------------------------------


def get(cloud: Cloud, view: Reader, target: Target) -> State:
    """The blob. Raises ApiError 404: the container's, or the blob's."""
    found = find(cloud, view, target)
    if found is None:
        container.get(view, target.account, target.container)
        raise model.blob_not_found()
    return found


def find(cloud: Cloud, view: Reader, target: Target) -> State | None:
    """The blob, if it is there with content (blocks that were never put together are none)."""
    resource = view.resource(target.id)
    return None if resource is None else state_of(cloud, view, resource)


def state_of(cloud: Cloud, view: Reader, resource: Resource) -> State | None:
    held = view.held(resource.id).get(blob.SLOT)
    row = None if held is None else view.volume(held)
    if row is None:
        return None
    return State(resource, row, version_of(cloud, resource, row), lease_of(resource))


def version_of(cloud: Cloud, resource: Resource, row: Volume) -> Version:
    """Both times count: a page written changes the file's, anything else the record's."""
    changed = number_at(resource.properties, "changed") or 0
    try:
        written = cloud.disks.path(row.id).stat().st_mtime_ns
    except FileNotFoundError:
        written = 0
    # In whole the file's time, of the record's what tells one change from the next.
    return Version(f'"0x{written:X}{changed // 1000 % 2**40:010X}"', max(changed, written) // _NS)


def lease_of(resource: Resource) -> Lease:
    return lease.read(object_at(resource.properties, "lease"))


def check_read(cloud: Cloud, found: State, asked: Conditions) -> None:
    """Raises ApiError 304 or 412."""
    conditions.check_lease(asked, found.lease, blob.now_ns(cloud), writing=False)
    conditions.check_read(asked, found.version)


def check_write(cloud: Cloud, found: State | None, asked: Conditions) -> None:
    """Raises ApiError 409 or 412."""
    if found is not None:
        conditions.check_lease(asked, found.lease, blob.now_ns(cloud), writing=True)
    conditions.check_write(asked, None if found is None else found.version)


# --- changing --------------------------------------------------------------------------------------------------------


def check_place(cloud: Cloud, target: Target, asked: Conditions) -> None:
    """Before a byte is received: whether a blob may be put there. Raises ApiError."""
    if not model.is_blob_name(target.name):
        raise model.bad_name()
    with cloud.records.read() as view:
        container.get(view, target.account, target.container)
        check_write(cloud, find(cloud, view, target), asked)


def publish(
    cloud: Cloud,
    target: Target,
    row: Volume,
    content: Content,
    asked: Conditions,
    *,
    first: Callable[[Writer], None] = lambda _: None,
) -> State:
    """Let the blob be what ``row``'s file holds, in place of what was there; all at once, or not at all.

    ``row`` is noted as loose, or held by another blob, which ``first`` makes sure of in the same transaction. Raises
    ApiError; then ``row`` is as it was.
    """
    with cloud.records.write() as tx:
        first(tx)
        home = container.get(tx, target.account, target.container)
        there = tx.resource(target.id)
        state = None if there is None else state_of(cloud, tx, there)
        check_write(cloud, state, asked)
        check_unclaimed(tx, target.id)
        before = tx.held(target.id)
        made = blob.new(
            cloud, target.id, home.location, content.type, content=content.headers, metadata=content.metadata
        )
        kept = None if state is None else lease.write(state.lease)
        made = with_properties(made, {**content.more, "lease": kept})
        tx.release(target.id)
        tx.put_volume(row)
        tx.put(made)
        tx.hold(target.id, blob.SLOT, row.id)
        loose.forget(tx, [row.id])
        gone = loose.let_go(tx, [each for each in before.values() if each != row.id])
        now = State(made, row, version_of(cloud, made, row), lease_of(made))
    loose.drop(cloud, gone)
    return now


def check_unclaimed(view: Reader, id: ResourceId) -> None:
    """No operation is at the blob. Raises ApiError."""
    if view.claims(id):
        raise model.busy()


def change(cloud: Cloud, target: Target, asked: Conditions, act: Callable[[State, Writer], Document]) -> State:
    """Change the record: ``act`` answers the properties that become others (None takes one away). Raises ApiError."""
    with cloud.records.write() as tx:
        found = get(cloud, tx, target)
        check_write(cloud, found, asked)
        changed = with_properties(found.resource, {"changed": blob.now_ns(cloud), **act(found, tx)})
        tx.put(changed)
        row = tx.volume(found.volume.id) or found.volume
        return State(changed, row, version_of(cloud, changed, row), lease_of(changed))


LeaseChange = Callable[[Lease, int], Lease]


def change_lease(cloud: Cloud, target: Target, asked: Conditions, act: LeaseChange) -> State:
    """The lease after ``act``, which gets it and the time. It is no change of the blob: the ETag stays. Raises
    ApiError: also when the lease is a machine's, which ends with the machine."""
    with cloud.records.write() as tx:
        found = get(cloud, tx, target)
        conditions.check_write(asked, found.version)
        if found.lease.owner is not None:
            raise model.used_by_machine(found.lease.owner)
        after = act(found.lease, blob.now_ns(cloud))
        changed = with_properties(found.resource, {"lease": lease.write(after)})
        tx.put(changed)
        return replace(found, resource=changed, lease=after)


def delete(cloud: Cloud, target: Target, asked: Conditions) -> None:
    """The blob and its bytes, unless an image or disk holds them too. Raises ApiError."""
    with cloud.records.write() as tx:
        found = get(cloud, tx, target)
        if found.lease.owner is not None:
            raise model.used_by_machine(found.lease.owner)
        check_write(cloud, found, asked)
        check_unclaimed(tx, target.id)
        volumes = tx.held(target.id).values()
        tx.delete(target.id)
        gone = loose.let_go(tx, volumes)
    loose.drop(cloud, gone)


def swap(cloud: Cloud, target: Target, before: Volume, own: Volume, asked: Conditions) -> State:
    """The same blob with ``own`` for its bytes, if it still holds ``before``. Raises ApiError."""
    with cloud.records.write() as tx:
        found = get(cloud, tx, target)
        check_write(cloud, found, asked)
        check_unclaimed(tx, target.id)
        if found.volume.id != before.id:
            raise model.busy()
        changed = with_properties(found.resource, {"changed": blob.now_ns(cloud)})
        tx.put(changed)
        tx.put_volume(own)
        tx.hold(target.id, blob.SLOT, own.id)
        loose.forget(tx, [own.id])
        gone = loose.let_go(tx, [before.id])
        now = State(changed, own, version_of(cloud, changed, own), found.lease)
    loose.drop(cloud, gone)
    return now


# --- what others read of a record ------------------------------------------------------------------------------------


def member(properties: Document, name: str) -> Document:
    """An object among a blob's properties; empty when absent."""
    return object_at(properties, name)


def copy_of(found: State) -> Document:
    """What is known of the copy that made the blob."""
    return object_at(found.resource.properties, "copy")
