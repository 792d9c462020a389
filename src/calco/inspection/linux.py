"""Linux on a disk: which one, and whether it is generalized."""

from dataclasses import dataclass

from calco.inspection.sighting import Sighting
from calco.inspection.volumes import Disk


@dataclass(frozen=True)
class Linux:
    """A Linux system as checks see it."""

    disk: Disk


def find(disk: Disk) -> Linux | None:
    """The system whose root is on the disk; None when there is none."""
    del disk
    return None


def sighting(system: Linux) -> Sighting:
    """Verdict with its evidence, the system, and every check."""
    raise NotImplementedError
