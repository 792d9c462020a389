"""Opening the records of a data directory: only a database that is surely ours is touched.

It is looked at first, without writing: absent, ours and of today, ours and older, or none of these. An older one is
migrated in one transaction, after a copy of it was put beside it. Anything else is refused with a sentence that says
what to do, for a wrong guess here would cost every disk.
"""

import os
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Connection, update

from calco.storage import places, schema, sqlite
from calco.storage.durable import publish
from calco.storage.records import SqlRecords

Migration = Callable[[Connection], None]
"""Changes tables and rows of one version into those of the next, inside a transaction that is not its own."""


def _say_format_and_pool(connection: Connection) -> None:
    """1 to 2: volumes were all qcow2 files in the one folder there was."""
    connection.exec_driver_sql("ALTER TABLE volumes ADD COLUMN format TEXT NOT NULL DEFAULT 'qcow2'")
    connection.exec_driver_sql("ALTER TABLE volumes ADD COLUMN pool TEXT NOT NULL DEFAULT ''")


def _say_who_asked(connection: Connection) -> None:
    """2 to 3: there was one caller, and nothing beside resources."""
    for column in (
        "caller TEXT",
        "action TEXT NOT NULL DEFAULT ''",
        "correlation TEXT NOT NULL DEFAULT ''",
        "parent TEXT",
    ):
        connection.exec_driver_sql(f"ALTER TABLE operations ADD COLUMN {column}")
    for statement in (
        "CREATE INDEX operations_by_start ON operations (started_at)",
        "CREATE INDEX operations_by_parent ON operations (parent)",
        (
            "CREATE TABLE entries (ordinal INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,"
            " id TEXT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, subject TEXT NOT NULL, document TEXT NOT NULL)"
        ),
        "CREATE INDEX entries_by_kind ON entries (kind, subject)",
        "CREATE INDEX entries_by_scope ON entries (scope)",
        (
            "CREATE TABLE events (ordinal INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,"
            " resource TEXT NOT NULL, document TEXT NOT NULL)"
        ),
        "CREATE INDEX events_by_time ON events (at)",
    ):
        connection.exec_driver_sql(statement)


def _say_when_steps_were(connection: Connection) -> None:
    """3 to 4: nobody asked how long a step took."""
    connection.exec_driver_sql("ALTER TABLE steps ADD COLUMN at TEXT")


MIGRATIONS: Mapping[int, Migration] = MappingProxyType(
    {1: _say_format_and_pool, 2: _say_who_asked, 3: _say_when_steps_were}
)
"""By the version they start from. A migration, once released, is never edited."""

DATABASE = "calco.db"


class CannotOpen(Exception):
    """The records cannot be opened; nothing was touched. The message says why and what to do."""


class MissingDatabase(CannotOpen):
    """Volumes are there, but not the database that knows whose they are."""


class ForeignDatabase(CannotOpen):
    """What bears the database's name was not made by calco, or is damaged."""


class NewerDatabase(CannotOpen):
    """A newer calco has used this data directory."""


class OlderDatabase(CannotOpen):
    """The database is older than any this version can bring up to date."""


def open_records(
    data_directory: Path,
    *,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    version: int = schema.CURRENT_VERSION,
    new_guid: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> SqlRecords:
    """The records of ``data_directory``, made when it is new, migrated to ``version`` when they are older.

    The caller holds the data directory's lock. Raises CannotOpen.
    """
    file = data_directory / DATABASE
    if not os.path.lexists(file):
        _refuse_what_lost_its_database(data_directory)
        _make(file, new_guid())
    found = _version_of(file)
    if found > version:
        raise NewerDatabase(
            f"{file} has schema {found}, and this calco knows only up to {version}: a newer calco has used this data"
            f" directory. Install that one again, or put {DATABASE}.before-{version}-to-... in its place."
        )
    if found < version:
        _migrate(file, found, version, migrations)
    return SqlRecords.on_sqlite(file)


def _refuse_what_lost_its_database(data_directory: Path) -> None:
    leftover = [data_directory / f"{DATABASE}{suffix}" for suffix in ("-wal", "-journal")]
    # A log without its database would be replayed into the new one.
    if any(file.exists() and file.stat().st_size for file in leftover):
        raise MissingDatabase(
            f"{data_directory} holds the log of a database, but not {DATABASE} itself. Bring {DATABASE} back from"
            f" where it went, or choose another data directory."
        )
    volumes = data_directory / "volumes"
    if any(each.is_file() and each != volumes / places.LIST for each in volumes.rglob("*")):
        raise MissingDatabase(
            f"{volumes} holds volumes, but {data_directory / DATABASE}, which knows whose they are, is missing. Bring"
            f" it back from a backup, or move {volumes} away to start empty."
        )


def _make(file: Path, guid: str) -> None:
    """A new, empty database: under its name when it is whole, not before."""
    making = file.with_name(f"{file.name}.making")
    for begun in (making, making.with_name(f"{making.name}-journal")):
        begun.unlink(missing_ok=True)
    os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite.connect(making, "journal_mode=DELETE", f"application_id={schema.APPLICATION_ID}")):
        pass
    engine = sqlite.plain_engine(making)
    sqlite.create_tables(engine, data_directory=guid)
    engine.dispose()
    publish(making, file)


# --- looking without touching ----------------------------------------------------------------------------------------


def _version_of(file: Path) -> int:
    """The schema's version in ``file``. Raises ForeignDatabase; nothing is written, not even beside it."""
    _check_header(file)
    log = file.with_name(f"{file.name}-wal")
    shared = file.with_name(f"{file.name}-shm")
    had_shared = shared.exists()
    # Without a log nothing is newer than the file itself, and SQLite need not make a log to read it.
    how = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
        return int(row[0])
    except (sqlite3.DatabaseError, TypeError, ValueError) as error:
        raise _foreign(file, "does not say which version of calco's schema it has, or is damaged") from error
    finally:
        if not had_shared:
            shared.unlink(missing_ok=True)


def _check_header(file: Path) -> None:
    """Source: "SQLite Database File Format", section 1.3: 16 bytes of magic, the application's id at byte 68."""
    if file.is_symlink() or not file.is_file():
        raise _foreign(file, "is not a file")
    with file.open("rb") as opened:
        header = opened.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise _foreign(file, "is not an SQLite database")
    if int.from_bytes(header[68:72]) != schema.APPLICATION_ID:
        raise _foreign(file, "belongs to another application")


def _foreign(file: Path, what: str) -> ForeignDatabase:
    return ForeignDatabase(
        f"{file} {what}. Bring calco's own database back from a backup, or choose another data directory."
    )


# --- migrating -------------------------------------------------------------------------------------------------------


def _migrate(file: Path, found: int, version: int, migrations: Mapping[int, Migration]) -> None:
    missing = [step for step in range(found, version) if step not in migrations]
    if missing:
        raise OlderDatabase(
            f"{file} has schema {found}, and this calco cannot bring it to {version}: the step from {missing[0]} is"
            f" gone. Install an older calco first, start it once, then this one."
        )
    _keep_a_copy(file, file.with_name(f"{file.name}.before-{found}-to-{version}"))
    engine = sqlite.plain_engine(file)
    try:
        with engine.begin() as connection:
            for step in range(found, version):
                migrations[step](connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration from {found} to {version} broke {len(broken)} references")
            now = update(schema.meta).where(schema.meta.c.name == "version").values(value=str(version))
            connection.execute(now)
    finally:
        engine.dispose()


def _keep_a_copy(file: Path, copy: Path) -> None:
    """Everything that is committed in ``file``, its log included, whole under ``copy`` or not there."""
    making = copy.with_name(f"{copy.name}.making")
    making.unlink(missing_ok=True)
    os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite.connect(file)) as source, closing(sqlite.connect(making)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    publish(making, copy)
