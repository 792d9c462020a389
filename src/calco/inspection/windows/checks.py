"""Checks of a Windows system: what keeps it from being generalized, and what an image of it must not carry."""

from calco.inspection.check import Check
from calco.inspection.windows import checks_fitness, checks_setup, checks_traces
from calco.inspection.windows.system import Windows

CHECKS: tuple[Check[Windows], ...] = (
    *checks_setup.CHECKS,
    *checks_fitness.CHECKS,
    *checks_traces.CHECKS,
)
