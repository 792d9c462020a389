"""What the child saw, on its way to the parent, which believes little of it: known codes, bounded printable lines."""

from dataclasses import dataclass

from calco.inspection.check import Seen
from calco.model.inspection import OperatingSystem, Verdict


@dataclass(frozen=True)
class Sighting:
    """Everything that comes from the disk, and nothing else."""

    verdict: Verdict
    evidence: tuple[str, ...]
    os: OperatingSystem
    seen: tuple[Seen, ...] = ()
