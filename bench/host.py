"""The machine that is measured on: what it is, what an fsync costs it, what a process spent.

All read from the kernel. Source: proc(5).
"""

import os
import platform
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    """CPU seconds of a process: its own, and of children it has waited for. The kernel counts in ticks of 10 ms."""

    own: float
    children: float

    def __sub__(self, before: "Cpu") -> "Cpu":
        return Cpu(self.own - before.own, self.children - before.children)

    @property
    def total(self) -> float:
        return self.own + self.children


def cpu_of(pid: int) -> Cpu:
    """Raises FileNotFoundError when there is no such process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, child_user, child_system = (int(each) * _TICK_SECONDS for each in fields[11:15])
    return Cpu(user + system, child_user + child_system)


def rss_mib(pid: int) -> float:
    """What a process and its children hold in memory now. Raises FileNotFoundError when there is no such process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _rss_mib(pid) + sum(rss_mib(int(each)) for each in children)


def _rss_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def free_port() -> int:
    """A port of this machine's loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_of_children() -> float:
    """CPU seconds of all children this process has waited for."""
    spent = os.times()
    return spent.children_user + spent.children_system


class FsyncProbe:
    """What it costs to make 4 KiB appended to a file durable, in ``folder``: the unit a durable capture is counted
    in. Used as a context manager; the file is gone afterwards."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "fsync-probe"
        self._descriptor = os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        self._bytes = os.urandom(4096)

    def __enter__(self) -> "FsyncProbe":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
        self._file.unlink(missing_ok=True)

    def seconds(self) -> float:
        """One more."""
        os.write(self._descriptor, self._bytes)
        began = time.perf_counter()
        os.fsync(self._descriptor)
        return time.perf_counter() - began


def describe(folder: Path) -> list[str]:
    """The machine in a few lines; ``folder`` is where the measured data lies."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return [
        f"{_cpu_model()}, {cores} cores, {memory_gib:.0f} GiB of memory; load {load:.1f} when it began",
        f"Linux {platform.release()}, {_file_system(folder)}; Python {platform.python_version()}, {_qemu_version()}",
    ]


def _cpu_model() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """Type of the file system ``folder`` lies on: that of the longest mount point above it."""
    best, found = -1, "an unknown file system"
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, point, kind = line.split()[:3]
        if folder.resolve().is_relative_to(point) and len(point) >= best:
            best, found = len(point), kind
    return found


def _qemu_version() -> str:
    said = subprocess.run(["qemu-img", "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    return "QEMU " + said.split()[2]
