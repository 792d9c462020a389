"""One look at a disk: what lies where, which system, its verdict and every check. Pure reading."""

from dataclasses import replace

from calco.inspection import checks_disk, linux, windows
from calco.inspection.blocks import Blocks
from calco.inspection.check import run
from calco.inspection.partitions import volumes_of
from calco.inspection.registry import open_hive
from calco.inspection.sighting import Sighting
from calco.inspection.volumes import Disk
from calco.model.inspection import OperatingSystem, Verdict


def look(blocks: Blocks) -> Sighting:
    """Never raises for what is on the disk."""
    disk = volumes_of(blocks)
    seen = _system(disk)
    return replace(seen, seen=(*run(checks_disk.CHECKS, disk), *seen.seen))


def _system(disk: Disk) -> Sighting:
    """A disk with two systems is neither's: its verdict is unknown."""
    on_linux, on_windows = linux.find(disk), windows.find(disk, open_hive)
    if on_linux is not None and on_windows is not None:
        return _unknown("Both a Linux and a Windows system are on the disk.")
    if on_linux is not None:
        return linux.sighting(on_linux)
    if on_windows is not None:
        return windows.sighting(on_windows)
    return _unknown(*(_shown(disk)))


def _shown(disk: Disk) -> list[str]:
    """What is there instead of a system."""
    return [
        "No system was found on the disk.",
        *([disk.trouble] if disk.trouble else []),
        *(f"{each.name}: {each.content}{', ' if each.why else ''}{each.why}" for each in disk.volumes[:20]),
    ]


def _unknown(*evidence: str) -> Sighting:
    return Sighting(Verdict.UNKNOWN, evidence, OperatingSystem())
