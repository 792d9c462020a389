"""Windows on a disk: which one, and whether it is generalized."""

from calco.inspection.check import run
from calco.inspection.sighting import Sighting
from calco.inspection.windows import checks, checks_azure
from calco.inspection.windows.setup_state import setup_state
from calco.inspection.windows.system import Windows, find
from calco.inspection.windows.verdict import described, last_failure, verdict_of

__all__ = ["Windows", "find", "sighting"]


def sighting(system: Windows) -> Sighting:
    """Verdict with its evidence, the system, and every check."""
    state = setup_state(system)
    verdict, evidence = verdict_of(state, system.stale, system.others)
    evidence = (*evidence, *last_failure(system))
    every = (*checks.CHECKS, *checks_azure.CHECKS)
    return Sighting(verdict, evidence, described(system, state), tuple(run(every, system)))
