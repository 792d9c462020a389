"""What is known: resources, volumes, operations and what hangs on them, in one durable place."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.operation import Cause, Failure, NewOperation, Operation, OperationEnd, StepEvent
from calco.model.volume import Volume, VolumeId


@dataclass(frozen=True)
class Entry:
    """What is kept of things that are no resource of a group: role assignments, locks, users. ``id`` is unique in any
    case and keeps its first casing. ``scope`` is what it hangs on, without which it goes (the id of a subscription, a
    group or a resource, or ``model.volume.volume_scope``; empty: nothing); ``subject`` is what else it is looked up by,
    a principal's object id say. Kind and scope come back in lower case: what is shown of them belongs into the
    document."""

    id: str
    kind: str
    scope: str
    document: Document
    subject: str = ""


@dataclass(frozen=True)
class Event:
    """Something that was done at once, or refused: what leaves no operation behind. ``resource`` is the scope it was
    asked of, ``failure`` why it was refused with HTTP ``status``."""

    at: datetime
    resource: str
    cause: Cause
    status: int
    failure: Failure | None = None


@dataclass(frozen=True)
class Logged:
    """An entry of an operation's log; ``at`` is None for what was logged before times were."""

    step: str
    event: StepEvent
    at: datetime | None


@dataclass(frozen=True)
class Resource:
    """One resource as it is kept. ``properties`` and the other top-level members are what clients see; ``internal`` is
    ours alone (volume names, MAC addresses, secrets until they are used) and is never shown."""

    id: ResourceId
    location: str
    properties: Document
    tags: Mapping[str, str] | None = None
    internal: Document = field(default_factory=dict)
    extra: Document = field(default_factory=dict)
    """Other top-level members: ``sku``, ``zones``, ``identity``, ``plan``, ``managedBy``..."""


class Reader(Protocol):
    """One consistent view of the records. Single look-ups cost microseconds; lists are O(result)."""

    def resource(self, id: ResourceId) -> Resource | None: ...

    def resources(self, kind: str, *, group: ResourceId | None = None) -> list[Resource]:
        """All resources of a type (``Microsoft.Compute/images``, any case), in order of creation."""

    def tally(self, kind: str, *path: str) -> Mapping[tuple[str, str], int]:
        """How many resources of a type there are by location and by the text at ``path`` in their properties; those
        that have none there are left out. Microseconds a resource: none is brought out of the records."""

    def in_group(self, group: ResourceId) -> list[Resource]:
        """Every resource in the group, in order of creation; the group itself is not among them."""

    def children(self, parent: ResourceId) -> list[Resource]:
        """Resources nested in ``parent``, at any depth."""

    def volume(self, id: VolumeId) -> Volume | None: ...

    def volumes(self) -> list[Volume]: ...

    def held(self, holder: ResourceId) -> dict[str, VolumeId]:
        """Which volumes ``holder`` uses, by slot (``os``, ``0``, ``disk``...)."""

    def holders(self, volume: VolumeId) -> list[tuple[ResourceId, str]]:
        """Who uses ``volume`` directly; volumes over it are not counted here: see ``is_used``."""

    def is_used(self, volume: VolumeId) -> bool:
        """Whether any resource holds ``volume`` or any volume lies over it. Counted by query, never stored."""

    def operation(self, id: str) -> Operation | None: ...

    def claims(self, key: ResourceId) -> list[str]:
        """Unfinished operations that claim ``key``, oldest first."""

    def is_claimed_alone(self, key: ResourceId) -> bool:
        """Whether an unfinished operation claims ``key`` for itself alone."""

    def line(self, queue: str) -> list[str]:
        """The operations that stand in ``queue``, in the order they were accepted; O(result)."""

    def steps(self, operation: str) -> list[tuple[str, StepEvent]]:
        """The operation's log, oldest first."""

    def history(self, operation: str) -> list[Logged]:
        """``steps``, each with its time."""

    def unfinished(self) -> list[Operation]:
        """Operations that have not ended, in the order they were accepted."""

    def asked_by(self, operation: str) -> list[Operation]:
        """Operations that another one asked for (``Cause.parent``), in the order they were accepted."""

    def operations_between(self, since: datetime, until: datetime) -> list[Operation]:
        """Operations that somebody asked for and that were accepted or ended in that time, newest first; O(result)."""

    def events_between(self, since: datetime, until: datetime) -> list[Event]:
        """Events of that time, newest first; O(result)."""

    def entry(self, id: str) -> Entry | None:
        """The entry of that id in any case."""

    def entries(self, kind: str, *, subject: str | None = None) -> list[Entry]:
        """Entries of a kind (in any case), all or those about ``subject`` (its exact spelling), oldest first."""

    def entries_on(self, scope: str) -> list[Entry]:
        """Entries of any kind that hang on that very scope, oldest first."""

    def entries_below(self, scope: str) -> list[Entry]:
        """Entries of any kind that hang on what lies below that scope, oldest first."""

    def note(self, name: str) -> str | None:
        """A small fact kept beside the resources: allocated ports, the schema's version, keys' ids."""


class Writer(Reader, Protocol):
    """A view that may change things. Everything becomes durable together when the block ends, or nothing does."""

    def put(self, resource: Resource) -> None:
        """Create or replace by id. A replaced resource keeps the casing of its first id and its place in lists."""

    def delete(self, id: ResourceId) -> None:
        """Forget a resource, what it holds, and the entries on and below it; absent is fine."""

    def put_volume(self, volume: Volume) -> None: ...

    def delete_volume(self, id: VolumeId) -> None:
        """Forget a volume's row and the entries that hang on it; absent is fine. The file is another matter: row first,
        then file."""

    def hold(self, holder: ResourceId, slot: str, volume: VolumeId) -> None:
        """Record that ``holder`` uses ``volume``; replaces what the slot held."""

    def release(self, holder: ResourceId, slot: str | None = None) -> None:
        """Undo ``hold`` for one slot, or for all of them; absent is fine."""

    def accept(self, operation: NewOperation) -> Operation:
        """Write a new operation, give it the next sequence number and record its claims."""

    def log(self, operation: str, step: str, event: StepEvent, at: datetime | None = None) -> None:
        """Append to the operation's log what happened to a step, and when."""

    def progress(self, operation: str, document: Document) -> None:
        """Replace what the operation keeps for itself between steps (never secrets)."""

    def end(self, operation: str, end: OperationEnd) -> None:
        """Close the operation and drop its claims and places."""

    def take_place(self, queue: str, operation: str, limit: int) -> bool:
        """Stand in ``queue`` and answer whether the operation is among the first ``limit`` by acceptance that have not
        left. Repeating it changes nothing."""

    def leave_place(self, queue: str, operation: str) -> None:
        """Leave ``queue``; absent is fine."""

    def put_note(self, name: str, value: str | None) -> None: ...

    def put_entry(self, entry: Entry) -> None:
        """Create or replace by id; a replaced entry keeps its place and its first casing."""

    def delete_entry(self, id: str) -> None:
        """Forget an entry; absent is fine."""

    def tell(self, event: Event) -> None:
        """Add to the log of events."""


class Records(Protocol):
    """All that is known, durable: a committed write survives kill -9 and power loss (one fsync each)."""

    def read(self) -> AbstractContextManager[Reader]: ...

    def write(self) -> AbstractContextManager[Writer]: ...
