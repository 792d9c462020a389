"""Looking at a disk that nobody uses: what is on it, whatever anybody says."""

from typing import Protocol

from calco.model.inspection import Container, Report
from calco.ports.disks import VolumeView


class Inspector(Protocol):
    """Looks at disks offline: read-only, without root, without mounting, in a process that can do nothing else."""

    def inspect(self, disk: VolumeView, container: Container | None = None) -> Report:
        """What is on the disk; ``container`` adds the checks of the file it came in. Costs a process and some 0.3
        CPU-s, at most a few of them at once, and ends within its time limit. Never raises for what is on the disk:
        what cannot be read is told, with the verdict unknown."""
