"""Which processes of this host are our machines: told by their marks, and where a mark was lost by their command lines.

A mark is lost when the service is killed between starting QEMU and writing the mark. The words on QEMU's command line
(``-uuid`` and the console log's path) say whose it is all the same.
"""

import os
from pathlib import Path

from calco import process
from calco.compute.host_room import Promise
from calco.process import Mark


def find(vm_id: str, folder: Path) -> Mark | None:
    """The process that runs ``vm_id`` with its files in ``folder``; O(processes of this host), about a millisecond
    per hundred."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _runs(_words(int(entry.name)), vm_id, folder):
            return process.mark(int(entry.name))
    return None


def promise(known: Mark, *, overhead_mib: int) -> Promise:
    """What a machine's process was given, QEMU's own ``overhead_mib`` included, and what it uses; zeros when it is
    gone."""
    given = _given_mib(_words(known.pid))
    return Promise(given + overhead_mib, _resident_mib(known.pid)) if given else Promise(0, 0)


def age_seconds(known: Mark) -> float:
    """How long ago the process was started. Source: proc(5), uptime; start times count from boot."""
    up = float(Path("/proc/uptime").read_text().split()[0])
    return up - known.start_ticks / os.sysconf("SC_CLK_TCK")


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _after(words: list[bytes], option: bytes) -> bytes:
    """What follows ``option`` among QEMU's own words: those before -uuid may be the way into a namespace."""
    own = words[words.index(b"-uuid") :] if b"-uuid" in words else []
    return own[own.index(option) + 1] if option in own[:-1] else b""


def _runs(words: list[bytes], vm_id: str, folder: Path) -> bool:
    place = os.fsencode(folder / "console.log").replace(b",", b",,")
    return _after(words, b"-uuid") == vm_id.encode() and any(place in word for word in words)


def _given_mib(words: list[bytes]) -> int:
    given = _after(words, b"-m").removesuffix(b"M")
    return int(given) if given.isdigit() else 0


def _resident_mib(pid: int) -> int:
    """Source: proc(5), statm: the second field is resident pages."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20
