"""The parent's side of a look at a disk: starts the child, hands it what it asks for, and ends it when it is enough.

The child reads what strangers wrote, with libraries in C: whatever it says may have been said by them. So every limit
is held here too, and an answer that is not one of ours is refused as a whole.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

from calco.inspection import checks_container, handover
from calco.inspection.catalogue import by_code, outcome
from calco.inspection.check import printable, run
from calco.inspection.checks_container import DiskFile
from calco.inspection.sighting import Implausible, Sighting, decode, unknown
from calco.model.inspection import Container, Report
from calco.model.volume import GIB, MIB
from calco.ports import VolumeView
from calco.process import wait_gone

log = logging.getLogger(__name__)

_START = "import sys; sys.path[:] = sys.argv[3:]; from calco.inspection.child import main; main()"
_LAST_WORDS_SECONDS = 2
"""How long a child that hung up may take to end by itself."""
_COMPLAINT_BYTES = 64 << 10


@dataclass(frozen=True)
class Limits:
    """Of one look at a disk. ``cpu_seconds`` and ``memory_bytes`` (of address space) are the child's own, and the
    kernel's to hold; the others are held here."""

    seconds: float = 20
    cpu_seconds: int = 20
    memory_bytes: int = GIB
    read_bytes: int = 4 * GIB
    requests: int = 200_000
    answer_bytes: int = 4 * MIB


class _Stopped(Exception):
    """There will be no answer; says why, in words that follow on a colon."""


class ChildInspector:
    """``ports.Inspector`` with a child for each disk. Any number of threads may use one; ``at_once`` look at the same
    time, the others wait. ``start`` are the words that start a child, before its limits and where it imports from."""

    def __init__(
        self,
        limits: Limits | None = None,
        at_once: int = 2,
        monotonic: Callable[[], float] = time.monotonic,
        start: Sequence[str] = (sys.executable, "-I", "-S", "-c", _START),
    ) -> None:
        self._limits = limits or Limits()
        self._room = BoundedSemaphore(at_once)
        self._monotonic = monotonic
        self.start = start

    def inspect(self, disk: VolumeView, container: Container | None = None) -> Report:
        """Waits for its turn, then answers within ``limits.seconds`` and one read of ``disk``."""
        with self._room:
            sighting, ended = self._looked(disk)
        of_file = [] if container is None else run(checks_container.CHECKS, DiskFile(container, disk.size_bytes))
        return Report(
            sighting.verdict,
            sighting.evidence,
            sighting.os,
            tuple(outcome(each) for each in (*of_file, *sighting.seen)),
            ended,
        )

    def _looked(self, disk: VolumeView) -> tuple[Sighting, bool]:
        """What was seen, and whether the look came to its end."""
        of_file = {each.code for each in checks_container.CHECKS}
        try:
            return decode(self._answer(disk), by_code().keys() - of_file), True
        except _Stopped as stopped:
            return unknown(f"The disk was not looked at to its end: {stopped}."), False
        except Implausible as why:
            return unknown(f"The disk was not looked at to its end: the answer makes no sense, {why}."), False

    def _answer(self, disk: VolumeView) -> bytearray:
        here, there = socket.socketpair()
        with here, there:
            served = _Served(here, disk, self._limits, self._monotonic)
            with _started([*self.start, *self._arguments()], there) as child:
                try:
                    return served.answer()
                except handover.HungUp:
                    raise _Stopped(f"the process that reads it {child.ending(self._limits)}") from None
                finally:
                    child.end()
                    log.debug("looked at a disk: %d reads, %d bytes, %.2f CPU-s", *served.cost, child.cpu_seconds)

    def _arguments(self) -> Iterator[str]:
        """What the child finds behind its name. It imports what we would, but never from where we just happen to be."""
        yield str(self._limits.cpu_seconds)
        yield str(self._limits.memory_bytes)
        yield from (each for each in sys.path if Path(each).is_absolute())


class _Served:
    """The child's requests, each answered or ended by a limit."""

    def __init__(self, child: socket.socket, disk: VolumeView, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._child = child
        self._disk = disk
        self._limits = limits
        self._monotonic = monotonic
        self._until = monotonic() + limits.seconds
        self._requests = 0
        self._bytes = 0

    @property
    def cost(self) -> tuple[int, int]:
        """Requests, and bytes handed over."""
        return self._requests, self._bytes

    def answer(self) -> bytearray:
        """Raises HungUp, and _Stopped at a limit."""
        self._say(handover.SIZE.pack(self._disk.size_bytes))
        while True:
            offset, length = handover.ASK.unpack(self._heard(handover.ASK.size))
            if length == 0:
                return self._heard(self._answer_bytes())
            self._count(offset, length)
            self._hand(offset, length)

    def _answer_bytes(self) -> int:
        (count,) = handover.COUNT.unpack(self._heard(handover.COUNT.size))
        if count > self._limits.answer_bytes:
            raise _Stopped(f"the answer would have more than {self._limits.answer_bytes} bytes")
        return int(count)

    def _count(self, offset: int, length: int) -> None:
        if length > handover.REQUEST_BYTES or offset + length > self._disk.size_bytes:
            raise _Stopped("the process that reads it asked for what there is not")
        self._requests += 1
        self._bytes += length
        if self._requests > self._limits.requests:
            raise _Stopped(f"it took more than {self._limits.requests} reads")
        if self._bytes > self._limits.read_bytes:
            raise _Stopped(f"more than {self._limits.read_bytes} bytes were read")

    def _hand(self, offset: int, length: int) -> None:
        try:
            held = self._disk.read(offset, length)
            if len(held) != length:  # one byte less, and everything behind it would be read as something else
                raise OSError(f"{len(held)} bytes were read")
        except OSError as why:
            log.debug("bytes %d to %d of a disk cannot be read: %s", offset, offset + length, why)
            self._say(handover.UNREADABLE)
            return
        self._say(handover.HANDED + held)

    def _say(self, words: bytes) -> None:
        with self._in_time():
            self._child.sendall(words)

    def _heard(self, length: int) -> bytearray:
        return handover.exactly(self._receive, length)

    def _receive(self, into: memoryview) -> int:
        with self._in_time():
            return self._child.recv_into(into)

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        left = self._until - self._monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self._child.settimeout(left)
            yield
        except TimeoutError:
            raise _Stopped(f"it took longer than {self._limits.seconds:g} s") from None
        except OSError:
            raise handover.HungUp from None


@contextmanager
def _started(argv: Sequence[str], there: socket.socket) -> Iterator["_Child"]:
    """A child whose standard input is ``there``, and the only one that holds it. It asks to be killed with the thread
    that starts it, which is the one that waits for it here. Raises _Stopped."""
    # A Python that was built with a shared library may need to be told where that is.
    needed = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    try:
        process = subprocess.Popen(
            argv, stdin=there.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=needed, cwd="/"
        )
    except OSError as why:
        raise _Stopped(f"the process that reads it could not be started: {why}") from why
    there.close()
    with process:
        child = _Child(process)
        try:
            yield child
        finally:
            child.end()


class _Child:
    """A started child, and how it ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.cpu_seconds = 0.0

    def ending(self, limits: Limits) -> str:
        """How a child ended that hung up, in words that follow on "the process that reads it"."""
        pidfd = os.pidfd_open(self._process.pid)
        try:
            if not wait_gone(pidfd, _LAST_WORDS_SECONDS):
                return "hung up"
        finally:
            os.close(pidfd)
        status = self.end()
        self._log_complaint()
        if status == -signal.SIGXCPU or (status == -signal.SIGKILL and self.cpu_seconds > limits.cpu_seconds):
            return f"used more than {limits.cpu_seconds} s of processor time"
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status} and no answer"

    def end(self) -> int:
        """Its status, negative for a signal; what it cost is known from here on."""
        if self._process.returncode is None:
            # Popen.kill would take the status, and with it what the child cost.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(self._process.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
        return self._process.returncode

    def _log_complaint(self) -> None:
        """It may be a library that is not installed. Nobody holds the other end any more."""
        assert self._process.stderr is not None
        said = os.read(self._process.stderr.fileno(), _COMPLAINT_BYTES).decode(errors="replace").strip()
        log.warning("a look at a disk ended without an answer: %s", printable(said.rpartition("\n")[2]))
