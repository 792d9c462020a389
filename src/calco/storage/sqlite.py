"""Connections to SQLite as the records want them, and the two ways a transaction begins."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, insert
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

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
    both = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
    # Overflow without limit: a reader never waits for another reader's connection.
    readers = create_engine(
        "sqlite://",
        creator=lambda: connect(file, *both),
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=-1,
    )
    writer = create_engine("sqlite://", creator=lambda: connect(file, *both), poolclass=QueuePool, pool_size=1)
    event.listen(readers, "begin", _begin_reading)
    event.listen(writer, "begin", _begin_writing)
    return readers, writer


def memory_engines() -> tuple[Engine, Engine]:
    """Readers and the writer of one connection to a new database in memory; they must take turns."""
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA foreign_keys=ON")
    readers = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    writer = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    event.listen(writer, "begin", _begin_writing)
    return readers, writer


def plain_engine(file: Path) -> Engine:
    """One connection at a time, no WAL, references unchecked until the caller asks: for making and migrating."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(file, "synchronous=FULL", "foreign_keys=OFF"),
        poolclass=NullPool,
    )
    event.listen(engine, "begin", _begin_writing)
    return engine


def create_tables(engine: Engine, *, data_directory: str) -> None:
    """Make an empty database ours."""
    with engine.begin() as connection:
        schema.metadata.create_all(connection, checkfirst=False)
        facts = {"version": str(schema.CURRENT_VERSION), "data_directory": data_directory}
        connection.execute(insert(schema.meta), [{"name": name, "value": value} for name, value in facts.items()])


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
