"""Linux on a disk: which one, and whether it is generalized."""

from calco.inspection.check import run
from calco.inspection.linux import checks
from calco.inspection.linux.root import Linux, find
from calco.inspection.linux.system import described
from calco.inspection.linux.verdict import verdict_of
from calco.inspection.sighting import Sighting

__all__ = ["Linux", "find", "sighting"]


def sighting(system: Linux) -> Sighting:
    """Verdict with its evidence, the system, and every check."""
    verdict, evidence = verdict_of(system)
    return Sighting(verdict, evidence, described(system), tuple(run(checks.CHECKS, system)))
