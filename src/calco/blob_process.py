"""The blob endpoint's process as the service sees it: started when somebody first knocks, and again when it is gone.

Moving blobs' bytes is work for a processor, and the API is not to wait for it. The service holds the listening sockets
and watches them; the process gets them, and works on the same records and volumes. Who never uses blobs pays nothing.
The process ends when its standard input does, that is with the service, however that ends; a lock makes the next one
wait for the last one's end. A kill in the middle of anything is harmless: see ``work/loose.py``.
"""

import fcntl
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from calco.ports import Clock
from calco.process import wait_gone
from calco.server import GRACE_SECONDS, PortTaken, listen
from calco.work.cloud import Rules

log = logging.getLogger(__name__)

USUAL_PORTS = range(10000, 10100)
"""Where a free one is looked for first: 10000 is where clients expect an emulator, and none of these is given to
outgoing connections."""
LOCK_SECONDS = 15.0
LOCK_LOOK_SECONDS = 0.05
SHORT_LIFE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30.0
LOCK_FILE = "blob.lock"


@dataclass(frozen=True)
class Orders:
    """What the process is told on its standard input: one line of JSON."""

    data_dir: Path
    certificate: Path
    key: Path
    rules: Rules
    log_level: str
    descriptors: tuple[int, ...]


class LastOneLives(Exception):
    """The process of an earlier service still holds the endpoint's lock."""


def sockets_for(port: int, kept: int | None) -> list[socket.socket]:
    """Sockets of the endpoint: at ``port``, or when that is 0 at the port it had (``kept``), or at a free one.

    Raises PortTaken when ``port`` was asked for and is taken.
    """
    if port:
        return listen(port, flag="--blob-port")
    for each in (*([kept] if kept else []), *USUAL_PORTS):
        with suppress(PortTaken):
            found = listen(each)
            if kept is not None and each != kept:
                log.warning("port %d is taken: the blob endpoint moves to %d, and its URLs change", kept, each)
            return found
    return listen(0)


class BlobProcess:
    """Starts the process when a connection comes, and again when it has ended; after a short life only after a pause.

    ``wait_for_last`` is for before anything is served, ``start`` for when all is ready, ``stop`` for the end.
    """

    def __init__(self, sockets: Sequence[socket.socket], orders: Orders, clock: Clock) -> None:
        self._sockets = sockets
        self._orders = orders
        self._clock = clock
        self._read_end, self._write_end = os.pipe()
        self._thread = threading.Thread(target=self._watch, name="blob process", daemon=True)
        self._stopping = threading.Event()

    def wait_for_last(self) -> None:
        """Until no process of an earlier service is left. Raises LastOneLives."""
        with locked(self._orders.data_dir, self._clock):
            pass

    def start(self) -> None:
        self._thread.start()

    def begin_stop(self) -> None:
        """Tell the process to end once what it is answering is answered; returns at once, may be repeated."""
        if not self._stopping.is_set():
            self._stopping.set()
            os.write(self._write_end, b"x")

    def stop(self) -> None:
        """Wait until the process has ended; close the sockets."""
        self.begin_stop()
        if self._thread.ident is not None:
            self._thread.join()
        for each in (self._read_end, self._write_end):
            os.close(each)
        for each_socket in self._sockets:
            each_socket.close()

    def _watch(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            if not self._knocked():
                return
            began = self._clock.monotonic()
            try:
                status = self._run_one()
            except OSError:
                log.exception("the blob process cannot be started")
                status = -1
            if self._stopping.is_set():
                return
            short = self._clock.monotonic() - began < SHORT_LIFE_SECONDS
            pause = min(max(1.0, pause * 2), LONGEST_PAUSE_SECONDS) if short else 0.0
            log.error("the blob process ended with %d; the next connection starts another", status)

    def _knocked(self) -> bool:
        """Wait for a connection; False when the service stops first."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._read_end, selectors.EVENT_READ)
            for each in self._sockets:
                selector.register(each, selectors.EVENT_READ)
            selector.select()
        return not self._stopping.is_set()

    def _run_one(self) -> int:
        """One life of the process; its exit status. Raises OSError when it cannot begin."""
        said = self._orders.data_dir / "logs" / "blob.out"
        with said.open("ab") as out:
            child = subprocess.Popen(
                [sys.executable, "-m", "calco.blob_worker", os.fspath(self._orders.data_dir)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
                pass_fds=self._orders.descriptors,
            )
        assert child.stdin is not None
        descriptor = os.pidfd_open(child.pid)
        try:
            with suppress(BrokenPipeError):
                child.stdin.write(msgspec.json.encode(self._orders, enc_hook=os.fspath) + b"\n")
                child.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(self._read_end, selectors.EVENT_READ)
                selector.register(descriptor, selectors.EVENT_READ)
                selector.select()
            if self._stopping.is_set():
                child.send_signal(signal.SIGTERM)
                if not wait_gone(descriptor, GRACE_SECONDS + 5):
                    child.kill()
            return child.wait()
        finally:
            os.close(descriptor)
            with suppress(BrokenPipeError):
                child.stdin.close()


@contextmanager
def locked(data_dir: Path, clock: Clock) -> Iterator[None]:
    """Alone with the endpoint. Raises LastOneLives when another is not gone in time."""
    descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until, pause = clock.monotonic() + LOCK_SECONDS, threading.Event()
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as held:
                if clock.monotonic() > until:
                    raise LastOneLives(
                        f"{data_dir / LOCK_FILE} is still held by the blob process of an earlier service"
                    ) from held
                pause.wait(LOCK_LOOK_SECONDS)
        yield
    finally:
        os.close(descriptor)
