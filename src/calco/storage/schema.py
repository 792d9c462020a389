"""The tables of the records: what each row is, and what may point at what.

Documents are JSON in text columns, so a new field of a resource needs no migration; a column exists only where
something is looked up or ordered by it. References are deferred to the commit: the order inside one write does not
matter, but no write may leave a hold or a backing that points at nothing.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, Text

CURRENT_VERSION = 4
"""The schema this code reads and writes; see ``migrations`` for how older databases get here."""

APPLICATION_ID = 0x63616C63
"""``calc`` in ASCII. SQLite keeps it at byte 68 of the file, so a foreign file is known without opening it as a
database. Source: "SQLite Database File Format", section 1.3."""

# Keys are compared by code point, so that "everything below this prefix" is a range of the index.
_KEY = Text().with_variant(Text(collation="C"), "postgresql")
_ORDINAL = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()


def _refers_to(column: str) -> ForeignKey:
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


resources = Table(
    "resources",
    metadata,
    Column("ordinal", _ORDINAL, primary_key=True),  # order of creation; never used again
    Column("key", _KEY, nullable=False, unique=True),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("group_key", _KEY, nullable=False),
    Column("location", Text, nullable=False),
    Column("properties", Text, nullable=False),
    Column("tags", Text),
    Column("internal", Text, nullable=False),
    Column("extra", Text, nullable=False),
    Index("resources_by_kind", "kind", "group_key"),
    Index("resources_by_group", "group_key"),
    sqlite_autoincrement=True,
)

volumes = Table(
    "volumes",
    metadata,
    Column("ordinal", _ORDINAL, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("backing", Text, _refers_to("volumes.id"), index=True),
    Column("frozen", Boolean, nullable=False),
    Column("format", Text, nullable=False, server_default="qcow2"),  # since 2, like the next
    Column("pool", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

holds = Table(
    "holds",
    metadata,
    Column("holder", _KEY, _refers_to("resources.key"), primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("volume", Text, _refers_to("volumes.id"), nullable=False, index=True),
)

operations = Table(
    "operations",
    metadata,
    Column("sequence", _ORDINAL, primary_key=True),  # order of acceptance; never used again
    Column("id", Text, nullable=False, unique=True),
    Column("plan", Text, nullable=False),
    Column("params", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("ended_at", Text),  # null while it runs
    Column("failure", Text),
    Column("output", Text),
    Column("caller", Text),  # since 3, like the next three and the two indexes
    Column("action", Text, nullable=False, server_default=""),
    Column("correlation", Text, nullable=False, server_default=""),
    Column("parent", Text),
    Index("operations_by_end", "ended_at"),
    Index("operations_by_start", "started_at"),
    Index("operations_by_parent", "parent"),
    sqlite_autoincrement=True,
)

steps = Table(
    "steps",
    metadata,
    Column("ordinal", _ORDINAL, primary_key=True),
    Column("operation", Text, _refers_to("operations.id"), nullable=False, index=True),
    Column("step", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", Text),  # since 4
    sqlite_autoincrement=True,
)

claims = Table(
    "claims",
    metadata,
    Column("resource", _KEY, primary_key=True),  # may name what does not exist yet
    Column("operation", Text, _refers_to("operations.id"), primary_key=True, index=True),
    Column("sole", Boolean, nullable=False),
)

places = Table(
    "places",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("operation", Text, _refers_to("operations.id"), primary_key=True, index=True),
)

notes = Table(
    "notes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

entries = Table(  # since 3
    "entries",
    metadata,
    Column("ordinal", _ORDINAL, primary_key=True),
    Column("key", _KEY, nullable=False, unique=True),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("scope", _KEY, nullable=False),  # what it hangs on and goes with, in lower case; empty: nothing
    Column("subject", Text, nullable=False),
    Column("document", Text, nullable=False),
    Index("entries_by_kind", "kind", "subject"),
    Index("entries_by_scope", "scope"),
    sqlite_autoincrement=True,
)

events = Table(  # since 3
    "events",
    metadata,
    Column("ordinal", _ORDINAL, primary_key=True),
    Column("at", Text, nullable=False),
    Column("resource", _KEY, nullable=False),
    Column("document", Text, nullable=False),
    Index("events_by_time", "at"),
    sqlite_autoincrement=True,
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""``version``: the schema's number; ``data_directory``: the GUID this directory got when it was made."""
