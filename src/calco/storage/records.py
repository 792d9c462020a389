"""The records on SQL: everything calco knows, in one place that survives kill -9 and power loss.

SQLite in WAL mode, ``synchronous=FULL``: a write is one fsync of the log, and readers see the last commit without
waiting for anybody. Writers of this process queue at a lock and then take SQLite's own write lock at once (BEGIN
IMMEDIATE), so that "database is locked" cannot happen halfway. PostgreSQL is reached by URL with the same statements.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import Engine, Row, Select, bindparam, create_engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.operation import (
    Cause,
    Claim,
    Failure,
    Family,
    NewOperation,
    Operation,
    OperationEnd,
    Status,
    StepEvent,
)
from calco.model.principal import Caller
from calco.model.volume import Format, Volume, VolumeId, volume_scope
from calco.ports import Logged, Resource
from calco.storage import schema, sqlite
from calco.storage.entries import EntryReader, EntryWriter, stamp, text
from calco.storage.schema import claims, holds, notes, operations, places, resources, steps, volumes
from calco.storage.tally import tally

FORGOTTEN_AT_ONCE = 500
"""Few enough that nobody else's write waits for long."""


class BrokenRule(Exception):
    """A write contradicts what is recorded: an operation id taken twice, a hold or backing that points at nothing, an
    operation that was never accepted. The whole write was undone; it is a defect of the caller."""


# --- rows and values -------------------------------------------------------------------------------------------------


# Made once: a list of resources decodes three documents for each.
_decode = msgspec.json.Decoder().decode
_decode_tags = msgspec.json.Decoder(dict[str, str]).decode
_decode_failure = msgspec.json.Decoder(Failure).decode
_decode_caller = msgspec.json.Decoder(Caller).decode


def _document(text: str) -> Document:
    document: Document = _decode(text)
    return document


def _resource(row: Row[str, str, str, str | None, str, str]) -> Resource:
    id, location, properties, tags, internal, extra = row
    return Resource(
        id=ResourceId.parse(id),
        location=location,
        properties=_document(properties),
        tags=None if tags is None else _decode_tags(tags),
        internal=_document(internal),
        extra=_document(extra),
    )


def _volume(row: Row[str, int, str | None, bool, str, str]) -> Volume:
    id, size_bytes, backing, frozen, format, pool = row
    return Volume(id, size_bytes, backing, frozen, Format(format), pool)


def _operation(row: Sequence[Any]) -> Operation:
    sequence, id, plan, params, subject, family, location, started_at, status, progress, ended_at, *rest = row
    failure, output, caller, action, correlation, parent = rest
    end = None
    if ended_at is not None:
        end = OperationEnd(
            status=Status(status),
            ended_at=datetime.fromisoformat(ended_at),
            failure=None if failure is None else _decode_failure(failure),
            output=None if output is None else _document(output),
        )
    return Operation(
        id=id,
        sequence=sequence,
        plan=plan,
        params=_document(params),
        subject=ResourceId.parse(subject),
        family=Family(family),
        location=location,
        started_at=datetime.fromisoformat(started_at),
        status=Status(status),
        progress=_document(progress),
        end=end,
        cause=Cause(None if caller is None else _decode_caller(caller), action, correlation, parent),
    )


# --- statements: built once, compiled once per engine ----------------------------------------------------------------

_R = resources.c
_RESOURCES = select(_R.id, _R.location, _R.properties, _R.tags, _R.internal, _R.extra).order_by(_R.ordinal)
_RESOURCE_BY_KEY = _RESOURCES.order_by(None).where(_R.key == bindparam("key"))
_RESOURCES_BY_KIND = _RESOURCES.where(_R.kind == bindparam("kind"))
_RESOURCES_BY_KIND_IN_GROUP = _RESOURCES_BY_KIND.where(_R.group_key == bindparam("group"))
_RESOURCES_IN_GROUP = _RESOURCES.where(_R.group_key == bindparam("group"), _R.key != bindparam("group"))
_RESOURCES_BETWEEN = _RESOURCES.where(_R.key >= bindparam("first"), _R.key < bindparam("last"))
_UPDATE_RESOURCE = update(resources).where(_R.key == bindparam("this_key"))
_INSERT_RESOURCE = insert(resources)

_V = volumes.c
_VOLUMES = select(_V.id, _V.size_bytes, _V.backing, _V.frozen, _V.format, _V.pool).order_by(_V.ordinal)
_VOLUME_BY_ID = _VOLUMES.order_by(None).where(_V.id == bindparam("volume"))
_UPDATE_VOLUME = update(volumes).where(_V.id == bindparam("this_id"))
_INSERT_VOLUME = insert(volumes)

_H = holds.c
_HELD = select(_H.slot, _H.volume).where(_H.holder == bindparam("holder")).order_by(_H.slot)
_HOLDERS = (
    select(_R.id, _H.slot)
    .join_from(holds, resources, _R.key == _H.holder)
    .where(_H.volume == bindparam("volume"))
    .order_by(_R.ordinal, _H.slot)
)
_IS_USED = select(
    select(_H.slot).where(_H.volume == bindparam("volume")).exists()
    | select(_V.id).where(_V.backing == bindparam("volume")).exists()
)
_INSERT_HOLD = insert(holds)
_UPDATE_HOLD = update(holds).where(_H.holder == bindparam("this_holder"), _H.slot == bindparam("this_slot"))

_O = operations.c
_OPERATIONS = select(
    _O.sequence, _O.id, _O.plan, _O.params, _O.subject, _O.family, _O.location, _O.started_at, _O.status, _O.progress,
    _O.ended_at, _O.failure, _O.output, _O.caller, _O.action, _O.correlation, _O.parent,
)  # fmt: skip
_OPERATION_BY_ID = _OPERATIONS.where(_O.id == bindparam("operation"))
_ASKED_BY = _OPERATIONS.where(_O.parent == bindparam("parent")).order_by(_O.sequence)
_OPERATIONS_BETWEEN = _OPERATIONS.where(
    _O.caller.is_not(None),
    ((_O.started_at >= bindparam("since")) & (_O.started_at < bindparam("until")))
    | ((_O.ended_at >= bindparam("since")) & (_O.ended_at < bindparam("until"))),
).order_by(_O.sequence.desc())
_UNFINISHED = _OPERATIONS.where(_O.ended_at.is_(None)).order_by(_O.sequence)
_INSERT_OPERATION = insert(operations)
_UPDATE_PROGRESS = update(operations).where(_O.id == bindparam("this_id"))
_END_OPERATION = _UPDATE_PROGRESS.where(_O.ended_at.is_(None))
_ENDED_BEFORE = select(_O.id).where(_O.ended_at < bindparam("moment")).order_by(_O.ended_at)

_S = steps.c
_STEPS = select(_S.step, _S.event).where(_S.operation == bindparam("operation")).order_by(_S.ordinal)
_HISTORY = select(_S.step, _S.event, _S.at).where(_S.operation == bindparam("operation")).order_by(_S.ordinal)
_INSERT_STEP = insert(steps)

_C = claims.c
_CLAIMS = (
    select(_C.operation)
    .join_from(claims, operations, _O.id == _C.operation)
    .where(_C.resource == bindparam("key"))
    .order_by(_O.sequence)
)
_SOLE_CLAIM = _CLAIMS.where(_C.sole.is_(True))
_INSERT_CLAIMS = insert(claims)
_DROP_CLAIMS = delete(claims).where(_C.operation == bindparam("this_id"))

_P = places.c
_HAS_PLACE = select(_P.queue).where(_P.queue == bindparam("queue"), _P.operation == bindparam("operation"))
_BEFORE_ME = (
    select(func.count())
    .select_from(places.join(operations, _O.id == _P.operation))
    .where(_P.queue == bindparam("queue"), _O.sequence < bindparam("sequence"))
)
_LINE = (
    select(_P.operation)
    .select_from(places.join(operations, _O.id == _P.operation))
    .where(_P.queue == bindparam("queue"))
    .order_by(_O.sequence)
)
_INSERT_PLACE = insert(places)
_DROP_PLACES = delete(places).where(_P.operation == bindparam("this_id"))
_DROP_PLACE = _DROP_PLACES.where(_P.queue == bindparam("this_queue"))

_NOTE = select(notes.c.value).where(notes.c.name == bindparam("note"))
_META = select(schema.meta.c.value).where(schema.meta.c.name == bindparam("name"))


# --- views -----------------------------------------------------------------------------------------------------------


class SqlReader(EntryReader):
    """``ports.Reader`` over one open transaction."""

    def resource(self, id: ResourceId) -> Resource | None:
        row = self._connection.execute(_RESOURCE_BY_KEY, {"key": id.key}).first()
        return None if row is None else _resource(row)

    def resources(self, kind: str, *, group: ResourceId | None = None) -> list[Resource]:
        if group is None:
            return self._resources(_RESOURCES_BY_KIND, kind=kind.lower())
        return self._resources(_RESOURCES_BY_KIND_IN_GROUP, kind=kind.lower(), group=group.group_id.key)

    def tally(self, kind: str, *path: str) -> Mapping[tuple[str, str], int]:
        return tally(self._connection, kind, path)

    def in_group(self, group: ResourceId) -> list[Resource]:
        return self._resources(_RESOURCES_IN_GROUP, group=group.group_id.key)

    def children(self, parent: ResourceId) -> list[Resource]:
        # Keys below the parent start with its key and a slash; "0" is the character after the slash.
        return self._resources(_RESOURCES_BETWEEN, first=f"{parent.key}/", last=f"{parent.key}0")

    def _resources(self, query: Select[str, str, str, str | None, str, str], **values: str) -> list[Resource]:
        """All rows in one go: lists are long."""
        return [_resource(row) for row in self._connection.execute(query, values).all()]

    def volume(self, id: VolumeId) -> Volume | None:
        row = self._connection.execute(_VOLUME_BY_ID, {"volume": id}).first()
        return None if row is None else _volume(row)

    def volumes(self) -> list[Volume]:
        return [_volume(row) for row in self._connection.execute(_VOLUMES)]

    def held(self, holder: ResourceId) -> dict[str, VolumeId]:
        return {row.slot: row.volume for row in self._connection.execute(_HELD, {"holder": holder.key})}

    def holders(self, volume: VolumeId) -> list[tuple[ResourceId, str]]:
        rows = self._connection.execute(_HOLDERS, {"volume": volume})
        return [(ResourceId.parse(row.id), row.slot) for row in rows]

    def is_used(self, volume: VolumeId) -> bool:
        return bool(self._connection.execute(_IS_USED, {"volume": volume}).scalar())

    def operation(self, id: str) -> Operation | None:
        row = self._connection.execute(_OPERATION_BY_ID, {"operation": id}).first()
        return None if row is None else _operation(row)

    def claims(self, key: ResourceId) -> list[str]:
        return list(self._connection.execute(_CLAIMS, {"key": key.key}).scalars())

    def is_claimed_alone(self, key: ResourceId) -> bool:
        return self._connection.execute(_SOLE_CLAIM, {"key": key.key}).first() is not None

    def line(self, queue: str) -> list[str]:
        return list(self._connection.execute(_LINE, {"queue": queue}).scalars())

    def steps(self, operation: str) -> list[tuple[str, StepEvent]]:
        rows = self._connection.execute(_STEPS, {"operation": operation})
        return [(row.step, StepEvent(row.event)) for row in rows]

    def history(self, operation: str) -> list[Logged]:
        rows = self._connection.execute(_HISTORY, {"operation": operation})
        return [
            Logged(row.step, StepEvent(row.event), None if row.at is None else datetime.fromisoformat(row.at))
            for row in rows
        ]

    def unfinished(self) -> list[Operation]:
        return [_operation(row) for row in self._connection.execute(_UNFINISHED)]

    def asked_by(self, operation: str) -> list[Operation]:
        return [_operation(row) for row in self._connection.execute(_ASKED_BY, {"parent": operation})]

    def operations_between(self, since: datetime, until: datetime) -> list[Operation]:
        between = {"since": stamp(since), "until": stamp(until)}
        return [_operation(row) for row in self._connection.execute(_OPERATIONS_BETWEEN, between)]

    def note(self, name: str) -> str | None:
        return self._connection.execute(_NOTE, {"note": name}).scalar()


class SqlWriter(EntryWriter, SqlReader):
    """``ports.Writer`` over one open transaction."""

    def put(self, resource: Resource) -> None:
        values = {
            "location": resource.location,
            "properties": text(resource.properties),
            "tags": None if resource.tags is None else text(resource.tags),
            "internal": text(resource.internal),
            "extra": text(resource.extra),
        }
        id = resource.id
        if not self._connection.execute(_UPDATE_RESOURCE, {"this_key": id.key, **values}).rowcount:
            names = {"key": id.key, "id": str(id), "kind": id.kind, "group_key": id.group_id.key}
            self._connection.execute(_INSERT_RESOURCE, names | values)

    def delete(self, id: ResourceId) -> None:
        self.release(id)
        self.delete_entries(id.key)
        self._connection.execute(delete(resources).where(_R.key == id.key))

    def put_volume(self, volume: Volume) -> None:
        values = {
            "size_bytes": volume.size_bytes,
            "backing": volume.backing,
            "frozen": volume.frozen,
            "format": volume.format.value,
            "pool": volume.pool,
        }
        if not self._connection.execute(_UPDATE_VOLUME, {"this_id": volume.id, **values}).rowcount:
            self._connection.execute(_INSERT_VOLUME, {"id": volume.id, **values})

    def delete_volume(self, id: VolumeId) -> None:
        self.delete_entries(volume_scope(id))
        self._connection.execute(delete(volumes).where(_V.id == id))

    def hold(self, holder: ResourceId, slot: str, volume: VolumeId) -> None:
        place = {"this_holder": holder.key, "this_slot": slot, "volume": volume}
        if not self._connection.execute(_UPDATE_HOLD, place).rowcount:
            self._connection.execute(_INSERT_HOLD, {"holder": holder.key, "slot": slot, "volume": volume})

    def release(self, holder: ResourceId, slot: str | None = None) -> None:
        statement = delete(holds).where(_H.holder == holder.key)
        self._connection.execute(statement if slot is None else statement.where(_H.slot == slot))

    def accept(self, operation: NewOperation) -> Operation:
        values = {
            "id": operation.id,
            "plan": operation.plan,
            "params": text(operation.params),
            "subject": str(operation.subject),
            "family": operation.family.value,
            "location": operation.location,
            "started_at": stamp(operation.started_at),
            "status": Status.IN_PROGRESS.value,
            "progress": "{}",
            "caller": None if operation.cause.caller is None else text(operation.cause.caller),
            "action": operation.cause.action,
            "correlation": operation.cause.correlation,
            "parent": operation.cause.parent,
        }
        self._connection.execute(_INSERT_OPERATION, values)
        if operation.claims:
            self._connection.execute(_INSERT_CLAIMS, _claim_rows(operation.id, operation.claims))
        accepted = self.operation(operation.id)
        if accepted is None:
            raise BrokenRule(f"operation {operation.id} is not there after its insert")
        return accepted

    def log(self, operation: str, step: str, event: StepEvent, at: datetime | None = None) -> None:
        row = {"operation": operation, "step": step, "event": event.value, "at": None if at is None else stamp(at)}
        self._connection.execute(_INSERT_STEP, row)

    def progress(self, operation: str, document: Document) -> None:
        if not self._connection.execute(_UPDATE_PROGRESS, {"this_id": operation, "progress": text(document)}).rowcount:
            raise BrokenRule(f"operation {operation} was never accepted")

    def end(self, operation: str, end: OperationEnd) -> None:
        values = {
            "status": end.status.value,
            "ended_at": stamp(end.ended_at),
            "failure": None if end.failure is None else text(end.failure),
            "output": None if end.output is None else text(end.output),
        }
        ended = self._connection.execute(_END_OPERATION, {"this_id": operation, **values}).rowcount
        if not ended and self.operation(operation) is None:
            raise BrokenRule(f"operation {operation} was never accepted")
        self._connection.execute(_DROP_CLAIMS, {"this_id": operation})
        self._connection.execute(_DROP_PLACES, {"this_id": operation})

    def take_place(self, queue: str, operation: str, limit: int) -> bool:
        me = self.operation(operation)
        if me is None or me.end is not None:
            raise BrokenRule(f"operation {operation} does not run")
        member = {"queue": queue, "operation": operation}
        if self._connection.execute(_HAS_PLACE, member).first() is None:
            self._connection.execute(_INSERT_PLACE, member)
        before = self._connection.execute(_BEFORE_ME, {"queue": queue, "sequence": me.sequence}).scalar_one()
        return before < limit

    def leave_place(self, queue: str, operation: str) -> None:
        self._connection.execute(_DROP_PLACE, {"this_queue": queue, "this_id": operation})

    def put_note(self, name: str, value: str | None) -> None:
        self._connection.execute(delete(notes).where(notes.c.name == name))
        if value is not None:
            self._connection.execute(insert(notes), {"name": name, "value": value})

    def forget_operations(self, ended_before: datetime, *, at_most: int) -> int:
        """Drop some of the operations that ended before then, oldest first, with their logs; answers how many went."""
        oldest = _ENDED_BEFORE.limit(at_most)
        old = list(self._connection.execute(oldest, {"moment": stamp(ended_before)}).scalars())
        self._connection.execute(delete(steps).where(_S.operation.in_(old)))
        self._connection.execute(delete(operations).where(_O.id.in_(old)))
        return len(old)


def _claim_rows(operation: str, wanted: Sequence[Claim]) -> list[dict[str, str | bool]]:
    """One row for each resource; a resource claimed twice is sole if either claim is."""
    sole: dict[str, bool] = {}
    for claim in wanted:
        sole[claim.resource.key] = claim.sole or sole.get(claim.resource.key, False)
    return [{"operation": operation, "resource": key, "sole": alone} for key, alone in sole.items()]


# --- the records -----------------------------------------------------------------------------------------------------


class SqlRecords:
    """``ports.Records`` on SQL. Safe for any number of threads.

    A look-up costs some 50 microseconds; a write costs the same plus one fsync. A write inside a write, and a read
    inside a write, are refused with RuntimeError: the first would wait for itself, the second would see the past.
    """

    def __init__(self, readers: Engine, writer: Engine, *, readers_take_turns: bool = False) -> None:
        self._readers = readers
        self._writer = writer
        self._write_lock = threading.RLock()
        self._read_lock: AbstractContextManager[object] = self._write_lock if readers_take_turns else nullcontext()
        self._writing: int | None = None
        """The thread inside ``write``, if any."""

    @classmethod
    def in_memory(cls) -> Self:
        """Empty records that live as long as this object: for tests. Readers and writers take turns."""
        readers, writer = sqlite.memory_engines()
        sqlite.create_tables(writer, data_directory="in memory")
        return cls(readers, writer, readers_take_turns=True)

    @classmethod
    def on_sqlite(cls, file: Path) -> Self:
        """Records in a SQLite file that exists and has today's schema; see ``migrations.open_records``."""
        return cls(*sqlite.file_engines(file))

    @classmethod
    def at_url(cls, url: str) -> Self:
        """Records in another database that has today's schema. Not tested on any but SQLite yet."""
        engine = create_engine(url, isolation_level="REPEATABLE READ")
        return cls(engine, engine)

    @contextmanager
    def read(self) -> Iterator[SqlReader]:
        self._refuse_inside_a_write()
        with self._read_lock, self._readers.connect() as connection:
            yield SqlReader(connection)

    @contextmanager
    def write(self) -> Iterator[SqlWriter]:
        self._refuse_inside_a_write()
        with self._write_lock:
            self._writing = threading.get_ident()
            try:
                with self._writer.begin() as connection:
                    yield SqlWriter(connection)
            except IntegrityError as broken:
                raise BrokenRule(str(broken.orig)) from broken
            finally:
                self._writing = None

    def meta(self, name: str) -> str | None:
        """A fact about the database itself: ``version``, ``data_directory``."""
        with self._read_lock, self._readers.connect() as connection:
            return connection.execute(_META, {"name": name}).scalar()

    def forget_operations(self, ended_before: datetime) -> int:
        """Drop the operations that ended before then, with their logs; answers how many went."""
        return self._forget(lambda change: change.forget_operations(ended_before, at_most=FORGOTTEN_AT_ONCE))

    def forget_events(self, before: datetime) -> int:
        """Drop the events of before then; answers how many went."""
        return self._forget(lambda change: change.forget_events(before, at_most=FORGOTTEN_AT_ONCE))

    def _forget(self, some: Callable[[SqlWriter], int]) -> int:
        dropped = 0
        while True:
            with self.write() as change:
                went = some(change)
            dropped += went
            if not went:
                return dropped

    def close(self) -> None:
        """Close every connection; SQLite folds its log into the file when the last one goes."""
        self._readers.dispose()
        self._writer.dispose()

    def _refuse_inside_a_write(self) -> None:
        if self._writing == threading.get_ident():
            raise RuntimeError("this thread is inside a write: ask the writer")
