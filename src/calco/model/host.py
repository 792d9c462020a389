"""The host: the one machine that all machines run on, how much room it has, and what it cannot do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Accelerator:
    """What runs guests' instructions: ``kvm``, ``tcg``, or ``none`` where machines are simulated; and why that one."""

    name: str
    reason: str


@dataclass(frozen=True)
class Room:
    """What there is and what of it is free now. ``load`` are the averages of 1, 5 and 15 minutes; ``disk`` is the file
    system of the volumes."""

    cpus: int
    load: tuple[float, float, float]
    memory_bytes: int
    memory_available_bytes: int
    disk_bytes: int
    disk_free_bytes: int


@dataclass(frozen=True)
class HostWarning:
    """What is worse than it could be. ``code`` is for programs and stays what it is, ``level`` is ``limited`` or
    ``missing``, ``mend`` the command that would change it, empty when none is known. ``arguments`` are what of the
    message is this host's own, for who has words of their own for the code."""

    code: str
    level: str
    message: str
    mend: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Examination:
    """What `calco doctor` would warn of, and when it looked."""

    at: datetime
    warnings: tuple[HostWarning, ...] = ()


@dataclass(frozen=True)
class HostView:
    """The host as it is now. ``hypervisor`` is ``qemu`` or ``simulated``; ``examination`` is None until the first one
    has ended."""

    hypervisor: str
    accelerator: Accelerator
    room: Room
    examination: Examination | None = None
