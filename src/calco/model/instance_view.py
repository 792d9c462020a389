"""What Azure shows of a machine as it is right now. Source: behaviour of recorded instance views, 2017 to 2024."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ViewStatus:
    """One line of an instance view. ``level`` is Info, Warning or Error; ``time`` is absent for power and OS state."""

    code: str
    level: str
    display: str
    message: str | None = None
    time: datetime | None = None


@dataclass(frozen=True)
class InstanceView:
    """``disks`` are in the machine's order: name and status. ``agent_version`` is ``Unknown`` until waagent reports;
    ``os_name`` and ``os_version`` are what it says of the guest, empty until then."""

    computer_name: str | None
    os_name: str
    os_version: str
    generation: str
    agent_version: str
    agent: tuple[ViewStatus, ...]
    disks: Mapping[str, ViewStatus]
    statuses: tuple[ViewStatus, ...]
    boot_diagnostics: bool = False
    """Whether they are enabled."""
