"""Processes that outlive the service: started detached, known again later, ended only when they are surely ours.

A pid alone proves nothing, for pids are used again. A mark is a pid with the kernel's start time of that process; it is
written beside what the process serves, and a process is ours when both match and its command line names our directory.
"""

import os
import select
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec


@dataclass(frozen=True)
class Mark:
    """``start_ticks`` is field 22 of /proc/{pid}/stat: clock ticks between boot and start. Source: proc(5)."""

    pid: int
    start_ticks: int


def mark(pid: int) -> Mark | None:
    """The mark of a process that lives now; None when it does not (a zombie does not live)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] in "ZX" else Mark(pid, int(fields[19]))


def is_alive(known: Mark) -> bool:
    """Whether the very process that was marked still lives."""
    return mark(known.pid) == known


def belongs_to(known: Mark, folder: Path) -> bool:
    """Whether the marked process lives and its command line names ``folder``."""
    try:
        words = Path(f"/proc/{known.pid}/cmdline").read_bytes()
    except OSError:
        return False
    return is_alive(known) and os.fsencode(folder) in words


def keep(known: Mark, file: Path) -> None:
    """Write the mark, whole or not at all."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_bytes(msgspec.json.encode(known))
    fresh.replace(file)


def kept(file: Path) -> Mark | None:
    """The mark in ``file``; None when it is absent or damaged."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Mark)
    except (OSError, msgspec.MsgspecError):
        return None


def spawn(argv: Sequence[str | os.PathLike[str]], *, log: Path, pass_fds: Sequence[int] = ()) -> Mark:
    """Start a process that outlives this one, in a session of its own; what it prints goes to ``log``.

    Raises OSError when it cannot be started.
    """
    with log.open("ab") as out:
        process = subprocess.Popen(
            [os.fspath(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
            close_fds=True,
        )
    known = mark(process.pid)
    # Never waited for through this object: whoever ends it reaps it (see ``end``); init reaps it after the service.
    process.returncode = 0
    return known or Mark(process.pid, -1)


def end(known: Mark, *, grace_seconds: float) -> None:
    """End the marked process: SIGTERM, then SIGKILL after ``grace_seconds``; returns when it is gone. Absent: fine."""
    try:
        descriptor = os.pidfd_open(known.pid)
    except ProcessLookupError:
        return
    try:
        # Looked at after the pidfd holds the process: from here on the pid cannot become someone else's.
        if is_alive(known):
            signal.pidfd_send_signal(descriptor, signal.SIGTERM)
            if not wait_gone(descriptor, grace_seconds):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                wait_gone(descriptor, 30)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)
    reap(known)


def wait_gone(pidfd: int, seconds: float) -> bool:
    """Whether the process behind ``pidfd`` ends within ``seconds``."""
    return bool(select.select([pidfd], [], [], seconds)[0])


def reap(known: Mark) -> None:
    """Take the exit status if the process was a child of this one."""
    with suppress(ChildProcessError):
        os.waitpid(known.pid, os.WNOHANG)
