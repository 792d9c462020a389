"""Opening a data directory: only a database that is surely ours is touched, and none is ever lost."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from calco.model.ids import ResourceId
from calco.model.operation import NOBODY, Cause, Failure, Family, NewOperation, StepEvent
from calco.model.principal import Caller
from calco.model.volume import GIB, REGIONAL, Format, Volume
from calco.ports import Entry, Event, Logged
from calco.storage.migrations import (
    CannotOpen,
    ForeignDatabase,
    Migration,
    MissingDatabase,
    NewerDatabase,
    OlderDatabase,
    open_records,
)
from calco.storage.schema import CURRENT_VERSION

LATER = CURRENT_VERSION + 1
COPY = f"calco.db.before-{CURRENT_VERSION}-to-{LATER}"
Listing = dict[str, tuple[bytes, int, int]]


def listing(folder: Path) -> Listing:
    """Every file with its bytes, mode and time."""
    return {
        os.fspath(each.relative_to(folder)): (each.read_bytes(), each.stat().st_mode, each.stat().st_mtime_ns)
        for each in folder.rglob("*")
        if each.is_file()
    }


def with_a_note(data: Path, value: str = "kept") -> Path:
    """A data directory of today, closed cleanly."""
    data.mkdir(exist_ok=True)
    records = open_records(data)
    with records.write() as change:
        change.put_note("word", value)
    records.close()
    return data


def as_if_killed(data: Path, to: Path) -> Path:
    """A copy of the data directory while it is open: what kill -9 leaves, a log that is not folded in."""
    records = open_records(data)
    with records.write() as change:
        change.put_note("late", "in the log")
    to.mkdir()
    for name in ("calco.db", "calco.db-wal"):
        (to / name).write_bytes((data / name).read_bytes())
    records.close()
    return to


def set_version(data: Path, version: str) -> None:
    with closing(sqlite3.connect(data / "calco.db")) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'version'", [version])


def shout(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE notes ADD COLUMN loud TEXT")
    connection.exec_driver_sql("UPDATE notes SET value = value || '!', loud = 'yes'")


def test_a_new_directory_gets_a_database_for_our_eyes_only(tmp_path: Path) -> None:
    records = open_records(tmp_path, new_guid=lambda: "guid-1")

    assert records.meta("version") == str(CURRENT_VERSION)
    assert records.meta("data_directory") == "guid-1"
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}
    records.close()


def test_what_was_written_is_there_when_opened_again_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    with_a_note(tmp_path)

    records = open_records(tmp_path, new_guid=lambda: "another")

    with records.read() as view:
        assert view.note("word") == "kept"
    assert records.meta("data_directory") != "another"
    records.close()
    assert [each.name for each in tmp_path.iterdir()] == ["calco.db"]


def test_what_a_killed_service_had_committed_is_there(tmp_path: Path) -> None:
    killed = as_if_killed(with_a_note(tmp_path / "a"), tmp_path / "b")

    records = open_records(killed)

    with records.read() as view:
        assert (view.note("word"), view.note("late")) == ("kept", "in the log")
    records.close()


def test_a_making_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "calco.db.making").write_bytes(b"half")
    (tmp_path / "calco.db.making-journal").write_bytes(b"half")

    open_records(tmp_path).close()

    assert [each.name for each in tmp_path.iterdir()] == ["calco.db"]


# --- refusals --------------------------------------------------------------------------------------------------------


def lost(data: Path) -> None:
    (data / "calco.db").unlink()
    (data / "volumes").mkdir()
    (data / "volumes" / "x.qcow2").write_bytes(b"disk")


def lost_with_only_trash_left(data: Path) -> None:
    (data / "calco.db").unlink()
    (data / "volumes" / "trash").mkdir(parents=True)
    (data / "volumes" / "trash" / "x.qcow2").write_bytes(b"disk")


def lost_but_for_its_log(data: Path) -> None:
    (data / "calco.db").rename(data / "calco.db-wal")


def emptied(data: Path) -> None:
    (data / "calco.db").write_bytes(b"")


def some_text(data: Path) -> None:
    (data / "calco.db").write_text("calco's database, surely " * 100)


def of_another_application(data: Path) -> None:
    with closing(sqlite3.connect(data / "calco.db")) as connection:
        connection.execute("PRAGMA application_id=1")


def without_meta(data: Path) -> None:
    with closing(sqlite3.connect(data / "calco.db")) as connection:
        connection.execute("DROP TABLE meta")


def of_a_nonsense_version(data: Path) -> None:
    set_version(data, "twelve")


def damaged(data: Path) -> None:
    whole = (data / "calco.db").read_bytes()
    (data / "calco.db").write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


def a_folder(data: Path) -> None:
    (data / "calco.db").unlink()
    (data / "calco.db").mkdir()


def a_dangling_link(data: Path) -> None:
    (data / "calco.db").unlink()
    (data / "calco.db").symlink_to(data / "elsewhere.db")


def newer(data: Path) -> None:
    set_version(data, str(LATER))


def older_than_any(data: Path) -> None:
    set_version(data, "0")


@pytest.mark.parametrize(
    ("harm", "refusal"),
    [
        (lost, MissingDatabase),
        (lost_with_only_trash_left, MissingDatabase),
        (lost_but_for_its_log, MissingDatabase),
        (emptied, ForeignDatabase),
        (some_text, ForeignDatabase),
        (of_another_application, ForeignDatabase),
        (without_meta, ForeignDatabase),
        (of_a_nonsense_version, ForeignDatabase),
        (damaged, ForeignDatabase),
        (a_folder, ForeignDatabase),
        (a_dangling_link, ForeignDatabase),
        (newer, NewerDatabase),
        (older_than_any, OlderDatabase),
    ],
)
def test_what_is_not_surely_ours_is_refused_untouched(
    tmp_path: Path, harm: Callable[[Path], None], refusal: type[CannotOpen]
) -> None:
    harm(with_a_note(tmp_path))
    before = listing(tmp_path)

    for _ in range(2):
        with pytest.raises(refusal) as refused:
            open_records(tmp_path)

    assert listing(tmp_path) == before
    assert os.fspath(tmp_path) in str(refused.value)


def test_a_version_that_only_the_log_knows_counts(tmp_path: Path) -> None:
    data, killed = with_a_note(tmp_path / "a"), tmp_path / "b"
    killed.mkdir()
    with closing(sqlite3.connect(data / "calco.db")) as connection:
        with connection:
            connection.execute("UPDATE meta SET value = ? WHERE name = 'version'", [str(LATER)])
        for name in ("calco.db", "calco.db-wal"):
            (killed / name).write_bytes((data / name).read_bytes())
    before = listing(killed)

    with pytest.raises(NewerDatabase):
        open_records(killed)

    assert listing(killed) == before


# --- migrations ------------------------------------------------------------------------------------------------------


def test_an_older_database_is_migrated_after_a_copy_was_kept(tmp_path: Path) -> None:
    killed = as_if_killed(with_a_note(tmp_path / "a"), tmp_path / "b")

    records = open_records(killed, migrations={CURRENT_VERSION: shout}, version=LATER)

    assert records.meta("version") == str(LATER)
    with records.read() as view:
        assert (view.note("word"), view.note("late")) == ("kept!", "in the log!")
    records.close()
    assert sorted(each.name for each in killed.iterdir()) == ["calco.db", COPY]
    assert (killed / COPY).stat().st_mode & 0o777 == 0o600


def test_the_copy_is_a_database_of_the_older_version(tmp_path: Path) -> None:
    data = with_a_note(tmp_path)
    open_records(data, migrations={CURRENT_VERSION: shout}, version=LATER).close()

    (data / COPY).replace(data / "calco.db")
    records = open_records(data)

    with records.read() as view:
        assert view.note("word") == "kept"
    records.close()


def test_migrations_run_in_order_and_once(tmp_path: Path) -> None:
    data = with_a_note(tmp_path)
    ran: list[int] = []

    def noting(step: int) -> Migration:
        return lambda _: ran.append(step)

    table = {step: noting(step) for step in reversed(range(CURRENT_VERSION, CURRENT_VERSION + 3))}
    for _ in range(2):
        open_records(data, migrations=table, version=CURRENT_VERSION + 3).close()

    assert ran == [CURRENT_VERSION, CURRENT_VERSION + 1, CURRENT_VERSION + 2]


def test_a_migration_that_fails_leaves_the_older_database(tmp_path: Path) -> None:
    data = with_a_note(tmp_path)

    def fails(_: Connection) -> None:
        raise LookupError("half done")

    with pytest.raises(LookupError):
        open_records(data, migrations={CURRENT_VERSION: shout, LATER: fails}, version=LATER + 1)

    records = open_records(data)
    with records.read() as view:
        assert view.note("word") == "kept"
    records.close()


def test_a_migration_that_breaks_a_reference_is_undone(tmp_path: Path) -> None:
    data = with_a_note(tmp_path)

    def dangles(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO holds VALUES ('nobody', 'os', 'nothing')")

    with pytest.raises(RuntimeError, match="references"):
        open_records(data, migrations={CURRENT_VERSION: dangles}, version=LATER)

    records = open_records(data)
    assert records.meta("version") == str(CURRENT_VERSION)
    records.close()


# --- what older versions wrote ---------------------------------------------------------------------------------------


def of_version(number: int, data: Path) -> Path:
    """A data directory as that version left it."""
    data.mkdir()
    with closing(sqlite3.connect(data / "calco.db")) as connection:
        connection.executescript((Path(__file__).parent / f"version_{number}.sql").read_text())
    return data


def shape_of(database: Path) -> dict[str, set[tuple[object, ...]]]:
    """Every table's columns (name, type, not null, default, part of the key), and every index's with its uniqueness."""
    shape: dict[str, set[tuple[object, ...]]] = {}
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            shape[table] = {row[1:] for row in connection.execute(f"PRAGMA table_info({table})")}
            indexes = [(row[1], row[2]) for row in connection.execute(f"PRAGMA index_list({table})")]
            shape[f"indexes of {table}"] = {
                (unique, *(row[2] for row in connection.execute(f"PRAGMA index_info({name})")))
                for name, unique in indexes
            }
    return shape


def test_volumes_of_version_1_are_qcow2_files_in_the_regional_pool(tmp_path: Path) -> None:
    data = of_version(1, tmp_path / "old")

    records = open_records(data)

    base, copy = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "12")
    disk = ResourceId("s", "rg").sibling("Microsoft.Compute", "disks", "web1")
    with records.read() as view:
        assert view.volumes() == [
            Volume(base, GIB, frozen=True, format=Format.QCOW2, pool=REGIONAL),
            Volume(copy, GIB, backing=base, format=Format.QCOW2, pool=REGIONAL),
        ]
        assert view.held(disk) == {"disk": copy}
    with records.write() as change:
        change.put_volume(Volume(copy, 2 * GIB, format=Format.FLAT, pool="eastus-1"))
    with records.read() as view:
        assert view.volume(copy) == Volume(copy, 2 * GIB, format=Format.FLAT, pool="eastus-1")
    records.close()
    assert (data / f"calco.db.before-1-to-{CURRENT_VERSION}").exists()


OLD_ENDED, OLD_RUNNING = (f"aaaaaaaa-0000-4000-8000-00000000000{digit}" for digit in "12")


def test_operations_of_version_2_were_asked_for_by_nobody_and_go_on(tmp_path: Path) -> None:
    records = open_records(of_version(2, tmp_path / "old"))

    golden = ResourceId("s", "Rg").sibling("Microsoft.Compute", "images", "golden")
    with records.read() as view:
        ended, running = view.operation(OLD_ENDED), view.operation(OLD_RUNNING)
        assert ended is not None
        assert ended.cause == NOBODY
        assert ended.end is not None
        assert ended.end.failure == Failure("OperationNotAllowed", "Not now.", "disk")
        assert running is not None
        assert view.unfinished() == [running]
        assert view.claims(golden) == [OLD_RUNNING]
        assert view.line("boot") == [OLD_RUNNING]
        assert view.steps(OLD_RUNNING) == [("forget", StepEvent.STARTED)]
        assert view.operations_between(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)) == []
    records.close()


def test_what_came_with_version_3_can_be_kept_in_a_database_of_version_2(tmp_path: Path) -> None:
    records = open_records(of_version(2, tmp_path / "old"))
    now = datetime(2026, 11, 23, tzinfo=UTC)
    group = ResourceId("s", "Rg")
    lock = Entry(f"{group}/locks/keep", "locks", group.key, {"level": "ReadOnly"})
    asked = Cause(Caller("object", "client", "tenant"), "Microsoft.Compute/disks/write", "chain", OLD_RUNNING)
    event = Event(now, str(group), asked, 403, Failure("AuthorizationFailed", "No."))

    with records.write() as change:
        change.put_entry(lock)
        change.tell(event)
        change.accept(NewOperation("new", "disk.create", {}, group, Family.DISK, "eastus", now, cause=asked))

    with records.read() as view:
        assert view.entries("LOCKS") == [lock]
        assert view.events_between(now, now + timedelta(days=1)) == [event]
        assert [each.id for each in view.asked_by(OLD_RUNNING)] == ["new"]
        assert view.volumes()[1] == Volume(view.volumes()[1].id, GIB, format=Format.FLAT, pool="eastus-1")
    records.close()


def test_steps_of_version_3_have_no_time_and_later_ones_do(tmp_path: Path) -> None:
    records = open_records(of_version(3, tmp_path / "old"))
    now = datetime(2026, 11, 23, tzinfo=UTC)

    with records.write() as change:
        change.log(OLD_RUNNING, "drop files", StepEvent.STARTED, now)

    with records.read() as view:
        assert view.history(OLD_RUNNING) == [
            Logged("forget", StepEvent.STARTED, None),
            Logged("forget", StepEvent.DONE, None),
            Logged("drop files", StepEvent.STARTED, now),
        ]
        running = view.operation(OLD_RUNNING)
    assert running is not None
    assert running.cause.action == "Microsoft.Compute/images/delete"
    records.close()


@pytest.mark.parametrize("version", range(1, CURRENT_VERSION))
def test_a_migrated_database_has_the_shape_of_a_new_one(tmp_path: Path, version: int) -> None:
    for data in (of_version(version, tmp_path / "old"), tmp_path / "new"):
        data.mkdir(exist_ok=True)
        open_records(data).close()

    assert shape_of(tmp_path / "old" / "calco.db") == shape_of(tmp_path / "new" / "calco.db")
    assert (tmp_path / "old" / f"calco.db.before-{version}-to-{CURRENT_VERSION}").exists()
