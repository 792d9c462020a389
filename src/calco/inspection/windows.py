"""Windows on a disk: which one, and whether it is generalized."""

from dataclasses import dataclass

from calco.inspection.hive import OpenHive
from calco.inspection.sighting import Sighting
from calco.inspection.volumes import Disk


@dataclass(frozen=True)
class Windows:
    """A Windows system as checks see it."""

    disk: Disk


def find(disk: Disk, open_hive: OpenHive) -> Windows | None:
    """The system that is on the disk; None when there is none."""
    del disk, open_hive
    return None


def sighting(system: Windows) -> Sighting:
    """Verdict with its evidence, the system, and every check."""
    raise NotImplementedError
