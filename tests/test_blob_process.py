"""Where the blob endpoint listens, and when its process is there. How it serves is in tests/contract/test_blobs.py."""

import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from calco.blob_process import LOCK_FILE, BlobProcess, LastOneLives, Orders, sockets_for
from calco.data_dir import DataDir
from calco.server import PortTaken
from calco.system import SystemClock
from calco.work.cloud import Rules
from tests.reserved_port import reserved_port
from tests.standing import StandingClock


@contextmanager
def taken() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def port_of(sockets: list[socket.socket]) -> int:
    port: int = sockets[0].getsockname()[1]
    for each in sockets:
        each.close()
    return port


def test_the_port_is_what_was_asked_for_else_what_it_was_before() -> None:
    with reserved_port() as free:
        assert port_of(sockets_for(free, None)) == free
        assert port_of(sockets_for(0, free)) == free


def test_a_port_that_was_asked_for_and_is_taken_stops_the_start() -> None:
    with taken() as port, pytest.raises(PortTaken, match="--blob-port"):
        sockets_for(port, None)


def test_a_port_that_was_kept_and_is_taken_gives_way(caplog: pytest.LogCaptureFixture) -> None:
    with taken() as port:
        found = port_of(sockets_for(0, port))

    assert found != port
    assert str(port) in caplog.text


def orders(folder: Path) -> Orders:
    (folder / "logs").mkdir(exist_ok=True)
    return Orders(folder, folder / "none.pem", folder / "none.key", Rules("subscription"), "info", ())


def test_a_service_waits_for_the_process_of_the_last_one(tmp_path: Path) -> None:
    blobs = BlobProcess([], orders(tmp_path), SystemClock())
    descriptor = os.open(tmp_path / LOCK_FILE, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    went_on = threading.Event()

    def wait() -> None:
        blobs.wait_for_last()
        went_on.set()

    waiting = threading.Thread(target=wait)

    waiting.start()
    assert not went_on.wait(0.2)
    os.close(descriptor)

    assert went_on.wait(60)
    waiting.join()
    blobs.stop()


def test_a_process_that_does_not_end_stops_the_start(tmp_path: Path) -> None:
    class Racing(StandingClock):
        """Every look at it is ten seconds later."""

        def monotonic(self) -> float:
            self.seconds = getattr(self, "seconds", 0.0) + 10
            return self.seconds

    blobs = BlobProcess([], orders(tmp_path), Racing())
    descriptor = os.open(tmp_path / LOCK_FILE, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    with pytest.raises(LastOneLives):
        blobs.wait_for_last()

    os.close(descriptor)
    blobs.stop()


def test_a_process_that_cannot_live_is_started_again_after_a_pause_and_never_in_the_way_of_the_end(
    tmp_path: Path,
) -> None:
    listening = sockets_for(0, None)
    blobs = BlobProcess(listening, orders(tmp_path), SystemClock())
    blobs.start()
    with socket.create_connection(listening[0].getsockname()) as knock:
        knock.sendall(b"x")
        said = tmp_path / "logs/blob.out"
        while not (said.exists() and "Error" in said.read_text()):
            threading.Event().wait(0.05)

        blobs.stop()

    DataDir(tmp_path).run_dir.rmdir()
    assert said.read_text().count("Traceback") <= 4, "it was not started without end"
