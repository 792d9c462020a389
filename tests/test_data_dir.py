"""The data directory: one holder at a time, and an announcement that can be trusted."""

import os
from pathlib import Path

import msgspec
import pytest

from calco import process
from calco.data_dir import DataDir, DataDirTaken, DataDirUnfit, Running
from calco.private_file import write_private
from calco.process import Mark


def announcement(mark: Mark) -> Running:
    return Running("https://localhost:1", mark, "0", "simulated")


def own_mark() -> Mark:
    mark = process.mark(os.getpid())
    assert mark is not None
    return mark


@pytest.fixture
def data(tmp_path: Path):  # type: ignore[no-untyped-def]
    found = DataDir(tmp_path / "data")
    found.prepare()
    yield found
    found.run_dir.rmdir()


def test_only_one_holds_the_lock_and_the_next_gets_it_afterwards(data: DataDir) -> None:
    with data.lock():
        with pytest.raises(DataDirTaken, match="just starting or stopping"), DataDir(data.root).lock():
            pytest.fail("two held the lock at once")
        data.announce(announcement(own_mark()))
        with pytest.raises(DataDirTaken, match=f"process {os.getpid()}, https://localhost:1"), data.lock():
            pytest.fail("two held the lock at once")

    with data.lock():
        pass


def test_what_an_ended_process_announced_is_not_believed(data: DataDir) -> None:
    mine = own_mark()
    data.announce(announcement(mine))
    assert data.running() == announcement(mine)

    data.announce(announcement(Mark(mine.pid, mine.start_ticks + 1)))
    assert data.running() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"url": 3}'])
def test_a_damaged_announcement_is_none(data: DataDir, content: bytes) -> None:
    data.service_note.write_bytes(content)

    assert data.running() is None


def test_the_announcement_is_for_its_owner_only_and_can_be_taken_back_twice(data: DataDir) -> None:
    data.announce(announcement(own_mark()))
    assert data.service_note.stat().st_mode & 0o777 == 0o600
    assert msgspec.json.decode(data.service_note.read_bytes())["url"] == "https://localhost:1"

    data.withdraw()
    data.withdraw()
    assert data.running() is None


def test_secrets_and_sockets_lie_where_no_one_else_may_look(data: DataDir) -> None:
    assert [folder.stat().st_mode & 0o777 for folder in (data.root, data.secrets, data.run_dir)] == [0o700] * 3


def test_a_secrets_folder_open_to_others_is_refused(data: DataDir) -> None:
    data.secrets.chmod(0o755)

    with pytest.raises(DataDirUnfit, match="chmod 700"):
        data.prepare()


def test_a_run_directory_that_is_a_link_is_refused(data: DataDir, tmp_path: Path) -> None:
    data.run_dir.rmdir()
    data.run_dir.symlink_to(tmp_path, target_is_directory=True)
    try:
        with pytest.raises(DataDirUnfit, match="not a directory of this user"):
            data.prepare()
    finally:
        data.run_dir.unlink()
        data.run_dir.mkdir(mode=0o700)


def test_a_data_directory_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataDirUnfit, match="cannot be used"):
        DataDir(tmp_path / "file").prepare()


def test_sockets_fit_into_107_bytes_however_deep_the_data_lies() -> None:
    deep = DataDir(Path("/" + "x" * 200) / ("y" * 200))

    assert len(os.fsencode(deep.run_dir / ("0" * 36 + ".agent"))) <= 107
    assert deep.run_dir == DataDir(deep.root).run_dir != DataDir(deep.root.parent).run_dir


def test_a_private_file_replaces_another_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    (tmp_path / ".secret.new").write_text("left by a crash")

    write_private(file, b"new")

    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [file]
