"""Connections to SQLite as the records want them, and the two ways a transaction begins."""

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.pool import NullPool, PoolProxiedConnection, QueuePool, StaticPool

from calco.storage import schema

BUSY_SECONDS = 30
"""How long a connection waits for another process (a backup, a curious sqlite3 shell) before it gives up."""


def connect(file: Path, *pragmas: str) -> sqlite3.Connection:
    """A connection to a file that exists (``mode=rw``: opening never makes a database).

    isolation_level None: BEGIN and COMMIT are said by us alone.
    """
    uri = f"{file.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def file_engines(file: Path) -> tuple[Engine, Engine]:
    """Readers and the writer of a database file that has today's schema."""
    # secure_delete: a password that was forgotten is not to lie on in a free page.
    both = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
    # Overflow without limit: a reader never waits for another reader's connection.
    readers = create_engine(
        "sqlite://",
        creator=lambda: connect(file, *both),
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=-1,
    )
    writer = create_engine("sqlite://", creator=lambda: connect(file, *both), poolclass=QueuePool, pool_size=1)
    return _beginning(readers, "BEGIN"), _beginning(writer, "BEGIN IMMEDIATE")


def memory_engines() -> tuple[Engine, Engine]:
    """Readers and the writer of one connection to a new database in memory; they must take turns."""
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA foreign_keys=ON")
    readers = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    writer = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    return readers, _beginning(writer, "BEGIN IMMEDIATE")


def plain_engine(file: Path) -> Engine:
    """One connection at a time, no WAL, references unchecked until the caller asks: for making and migrating."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(file, "synchronous=FULL", "foreign_keys=OFF"),
        poolclass=NullPool,
    )
    return _beginning(engine, "BEGIN IMMEDIATE")


def create_tables(engine: Engine, *, data_directory: str) -> None:
    """Make an empty database ours."""
    with engine.begin() as connection:
        schema.metadata.create_all(connection, checkfirst=False)
        facts = {"version": str(schema.CURRENT_VERSION), "data_directory": data_directory}
        connection.execute(insert(schema.meta), [{"name": name, "value": value} for name, value in facts.items()])


def _beginning(engine: Engine, words: str) -> Engine:
    """The engine, its transactions begun by these words.

    Not by an event listener, as SQLAlchemy's manual has it: an engine with one looks for listeners at each statement.
    """

    def begin(dbapi_connection: PoolProxiedConnection) -> None:
        cursor = dbapi_connection.cursor()
        cursor.execute(words)
        cursor.close()

    engine.dialect.do_begin = begin  # type: ignore[method-assign]
    return engine
