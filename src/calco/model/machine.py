"""What a hypervisor is told to run, and what it answers about it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from calco.model.volume import Format, VolumeId


class Generation(StrEnum):
    """Azure's names for the firmware: V1 is BIOS, V2 is UEFI."""

    V1 = "V1"
    V2 = "V2"


class MachineState(StrEnum):
    """What the hypervisor sees. ``SHUT_DOWN``: the guest switched itself off, the process still stands (Azure goes on
    billing such a machine). ``CRASHED``: the process is gone or in an internal error without anyone having asked."""

    RUNNING = "running"
    SHUT_DOWN = "shut down"
    CRASHED = "crashed"
    ABSENT = "absent"


@dataclass(frozen=True)
class Drive:
    """One disk of a machine. ``lun`` is None for the OS disk, Azure's LUN (0..63) for a data disk. ``size_bytes`` is
    what the guest sees of a flat volume, whose file has a footer after that; a qcow2 file says it itself."""

    volume: VolumeId
    lun: int | None
    format: Format = Format.QCOW2
    size_bytes: int | None = None


@dataclass(frozen=True)
class Link:
    """How a NIC reaches its network, as its network driver says it.

    ``netdev`` is the value of QEMU's -netdev option without its id (``tap,ifname=...``, ``user,...``). ``enter`` is the
    argv prefix under which the process has to be started (``nsenter ...``), empty when there is none.
    """

    mac: str
    netdev: str
    enter: tuple[str, ...] = ()


@dataclass(frozen=True)
class Machine:
    """Everything a hypervisor needs to power a machine on.

    ``vm_id`` is Azure's vmId: a GUID in lower case, SMBIOS system UUID of the guest. ``media`` is the provisioning DVD.
    """

    vm_id: str
    name: str
    generation: Generation
    cores: int
    memory_mib: int
    drives: tuple[Drive, ...]
    links: tuple[Link, ...]
    media: Path | None
