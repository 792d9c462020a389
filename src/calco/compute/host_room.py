"""Whether this host has the memory for one more machine.

Two limits hold at once. A machine's memory is promised at its start and taken page by page, so what the kernel calls
available is first lessened by what running machines have not touched yet. And the sum of all promises stays under a
limit of the settings, where there is one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Promise:
    """Memory of a machine that runs, in MiB: what it was given, and what of it is already in use."""

    promised_mib: int
    resident_mib: int

    @property
    def outstanding_mib(self) -> int:
        return max(0, self.promised_mib - self.resident_mib)


def meminfo_kib(name: str) -> int:
    """One line of /proc/meminfo, ``MemTotal`` for example. Source: proc(5)."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise OSError(f"/proc/meminfo has no {name}")


def available_mib() -> int:
    """What could be given away without swapping, in MiB. Source: proc(5), MemAvailable."""
    return meminfo_kib("MemAvailable") // 1024


@dataclass(frozen=True)
class HostRoom:
    """``limit_mib`` is the most all machines together may be given, None for no such limit; ``spare_mib`` is left to
    the host; ``available`` answers what the host could give now."""

    limit_mib: int | None = None
    spare_mib: int = 256
    available: Callable[[], int] = available_mib

    def shortage(self, wanted_mib: int, running: Sequence[Promise], *, returned_mib: int = 0) -> str | None:
        """Why ``wanted_mib`` cannot be had beside ``running``; None when it can. ``returned_mib`` comes back first."""
        promised = sum(promise.promised_mib for promise in running)
        if self.limit_mib is not None and promised + wanted_mib > self.limit_mib:
            return f"{wanted_mib} MiB wanted, {promised} of the {self.limit_mib} MiB for machines are given away"
        outstanding = sum(promise.outstanding_mib for promise in running)
        free = self.available() + returned_mib - outstanding - self.spare_mib
        if wanted_mib > free:
            return f"{wanted_mib} MiB wanted, {max(0, free)} MiB free on this host"
        return None
