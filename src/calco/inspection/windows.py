"""Windows on a disk: which one, and whether it is generalized."""

from calco.inspection import checks_azure_windows, checks_windows
from calco.inspection.check import run
from calco.inspection.setup_state import setup_state
from calco.inspection.sighting import Sighting
from calco.inspection.windows_system import Windows, find
from calco.inspection.windows_verdict import described, last_failure, verdict_of

__all__ = ["Windows", "find", "sighting"]


def sighting(system: Windows) -> Sighting:
    """Verdict with its evidence, the system, and every check."""
    state = setup_state(system)
    verdict, evidence = verdict_of(state, system.stale, system.others)
    evidence = (*evidence, *last_failure(system))
    checks = (*checks_windows.CHECKS, *checks_azure_windows.CHECKS)
    return Sighting(verdict, evidence, described(system, state), tuple(run(checks, system)))
