"""What the records keep beside resources: entries (role assignments, locks, users) and the log of events."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from calco.model.document import Document
from calco.model.operation import Cause, Failure
from calco.ports import Entry, Event
from calco.storage.schema import entries, events


def text(value: object) -> str:
    """``value`` as it lies in a column."""
    return msgspec.json.encode(value).decode()


def stamp(moment: datetime) -> str:
    """UTC at a fixed width, so that text sorts as time does. Raises ValueError on a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class _EventDocument(msgspec.Struct):
    resource: str
    cause: Cause
    status: int
    failure: Failure | None = None


# Made once: what a type is made of is looked up when the decoder is made.
_decode_event = msgspec.json.Decoder(_EventDocument).decode

_E = entries.c
_ENTRIES = select(_E.id, _E.kind, _E.scope, _E.document, _E.subject).order_by(_E.ordinal)
_BY_KEY = _ENTRIES.order_by(None).where(_E.key == bindparam("key"))
_BY_KIND = _ENTRIES.where(_E.kind == bindparam("kind"))
_BY_SUBJECT = _BY_KIND.where(_E.subject == bindparam("subject"))
_ON = _ENTRIES.where(_E.scope == bindparam("scope"))
_BETWEEN = _ENTRIES.where(_E.scope >= bindparam("first"), _E.scope < bindparam("last"))
_UPDATE = update(entries).where(_E.key == bindparam("this_key"))
_INSERT = insert(entries)
_DELETE = delete(entries).where(_E.key == bindparam("key"))
_DELETE_BELOW = delete(entries).where(
    or_(
        _E.scope == bindparam("scope"),
        (_E.scope >= bindparam("first")) & (_E.scope < bindparam("last")),
    )
)

_V = events.c
_EVENTS_BETWEEN = (
    select(_V.at, _V.document)
    .where(_V.at >= bindparam("since"), _V.at < bindparam("until"))
    .order_by(_V.ordinal.desc())
)
_INSERT_EVENT = insert(events)
_OLDEST_EVENTS = select(_V.ordinal).where(_V.at < bindparam("moment")).order_by(_V.at)


def _below(scope: str) -> dict[str, str]:
    """Scopes below another begin with it and a slash; "0" is the character after the slash."""
    return {"first": f"{scope.lower()}/", "last": f"{scope.lower()}0"}


def _read(rows: Iterable[Row[str, str, str, str, str]]) -> list[Entry]:
    return [_entry(*row) for row in rows]


def _entry(id: str, kind: str, scope: str, document: str, subject: str) -> Entry:
    kept: Document = msgspec.json.decode(document)
    return Entry(id, kind, scope, kept, subject)


class EntryReader:
    """The part of ``ports.Reader`` that is about entries and events."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def entry(self, id: str) -> Entry | None:
        row = self._connection.execute(_BY_KEY, {"key": id.lower()}).first()
        return None if row is None else _entry(*row)

    def entries(self, kind: str, *, subject: str | None = None) -> list[Entry]:
        if subject is None:
            return _read(self._connection.execute(_BY_KIND, {"kind": kind.lower()}))
        return _read(self._connection.execute(_BY_SUBJECT, {"kind": kind.lower(), "subject": subject}))

    def entries_on(self, scope: str) -> list[Entry]:
        return _read(self._connection.execute(_ON, {"scope": scope.lower()}))

    def entries_below(self, scope: str) -> list[Entry]:
        return _read(self._connection.execute(_BETWEEN, _below(scope)))

    def events_between(self, since: datetime, until: datetime) -> list[Event]:
        rows = self._connection.execute(_EVENTS_BETWEEN, {"since": stamp(since), "until": stamp(until)})
        return [_event(row.at, row.document) for row in rows]


def _event(at: str, document: str) -> Event:
    kept = _decode_event(document)
    return Event(datetime.fromisoformat(at), kept.resource, kept.cause, kept.status, kept.failure)


class EntryWriter(EntryReader):
    """The part of ``ports.Writer`` that is about entries and events."""

    def put_entry(self, entry: Entry) -> None:
        values = {
            "kind": entry.kind.lower(),
            "scope": entry.scope.lower(),
            "subject": entry.subject,
            "document": text(entry.document),
        }
        key = entry.id.lower()
        if not self._connection.execute(_UPDATE, {"this_key": key, **values}).rowcount:
            self._connection.execute(_INSERT, {"key": key, "id": entry.id, **values})

    def delete_entry(self, id: str) -> None:
        self._connection.execute(_DELETE, {"key": id.lower()})

    def delete_entries(self, scope: str) -> None:
        """Forget every entry on or below a scope."""
        self._connection.execute(_DELETE_BELOW, {"scope": scope.lower(), **_below(scope)})

    def tell(self, event: Event) -> None:
        document = _EventDocument(event.resource, event.cause, event.status, event.failure)
        self._connection.execute(
            _INSERT_EVENT, {"at": stamp(event.at), "resource": event.resource.lower(), "document": text(document)}
        )

    def forget_events(self, before: datetime, *, at_most: int) -> int:
        """Drop some of the events of before then, oldest first; answers how many went."""
        oldest = list(self._connection.execute(_OLDEST_EVENTS.limit(at_most), {"moment": stamp(before)}).scalars())
        self._connection.execute(delete(events).where(_V.ordinal.in_(oldest)))
        return len(oldest)
