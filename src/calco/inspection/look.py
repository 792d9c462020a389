"""One look at a disk: what lies where, which system, its verdict and every check. Pure reading.

Whatever the libraries below raise ends here, part by part: a system that cannot be read hides no other and no check of
the disk, and a verdict that could not be computed is unknown.
"""

from collections.abc import Iterator
from dataclasses import replace

from calco.inspection import checks_disk
from calco.inspection.blocks import Blocks, KeptBlocks
from calco.inspection.check import attempt, run
from calco.inspection.files.partitions import volumes_of
from calco.inspection.files.volumes import Disk
from calco.inspection.linux import look as linux
from calco.inspection.sighting import LINES_MAX, Sighting, unknown
from calco.inspection.windows import look as windows
from calco.inspection.windows.registry import open_hive
from calco.model.inspection import Verdict

SMALL_BYTES = 32 << 20
_NO_SYSTEMS = frozenset({"boot loader", "empty", "exfat", "fat", "iso9660", "reserved", "swap"})
"""What a volume may hold beside a system, and nobody needs to read."""


def look(blocks: Blocks) -> Sighting:
    """Never raises for what is on the disk."""
    kept = KeptBlocks(blocks)
    disk = attempt(lambda: volumes_of(kept), lambda why: Disk(kept, "", (), f"What lies where: {why}."))
    seen = _system(disk)
    seen = replace(seen, seen=(*run(checks_disk.CHECKS, disk), *seen.seen))
    for doubt in _unseen(disk) if seen.verdict is not Verdict.UNKNOWN else ():
        seen = _doubted(seen, doubt)
    if kept.unreadable:
        seen = _doubted(seen, f"Not all of the disk could be read: {kept.unreadable}.")
    return replace(seen, evidence=seen.evidence[:LINES_MAX])


def _doubted(seen: Sighting, why: str) -> Sighting:
    """A system that is in use is so whatever else could not be read; that it is not stands on everything."""
    verdict = Verdict.UNKNOWN if seen.verdict is Verdict.GENERALIZED else seen.verdict
    return replace(seen, verdict=verdict, evidence=(*seen.evidence[: LINES_MAX - 1], why))


def _system(disk: Disk) -> Sighting:
    """A disk with two systems is neither's: its verdict is unknown."""
    doubts: list[str] = []
    on_linux = attempt(lambda: linux.find(disk), lambda why: doubts.append(f"Looking for Linux: {why}."))
    on_windows = attempt(
        lambda: windows.find(disk, open_hive), lambda why: doubts.append(f"Looking for Windows: {why}.")
    )
    if on_linux is not None and on_windows is not None:
        return unknown("Both a Linux and a Windows system are on the disk.")
    if on_linux is not None:
        seen = attempt(lambda: linux.sighting(on_linux), lambda why: unknown(f"The Linux on the disk: {why}."))
    elif on_windows is not None:
        seen = attempt(lambda: windows.sighting(on_windows), lambda why: unknown(f"The Windows on the disk: {why}."))
    else:
        seen = unknown(*_shown(disk))
    for doubt in doubts:
        seen = _doubted(seen, doubt)
    return seen


def _unseen(disk: Disk) -> Iterator[str]:
    """Where another system may be that was not seen: the one that boots, perhaps."""
    if disk.trouble:
        yield f"What lies where on the disk is not sure: {disk.trouble}."
    for each in disk.volumes:
        is_rest = each.content == "unknown" and each.size_bytes <= SMALL_BYTES
        if each.files is None and each.content not in _NO_SYSTEMS and not is_rest:
            yield f"Another system may be where nothing can be read, {each.name}: {each.content}."


def _shown(disk: Disk) -> list[str]:
    """What is there instead of a system."""
    return [
        "No system was found on the disk.",
        *([disk.trouble] if disk.trouble else []),
        *(f"{each.name}: {each.content}{', ' if each.why else ''}{each.why}" for each in disk.volumes[:20]),
    ]
