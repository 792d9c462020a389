"""Checks of a Windows system: what keeps it from being generalized, and what an image of it must not carry."""

from calco.inspection import checks_windows_fitness, checks_windows_setup, checks_windows_traces
from calco.inspection.check import Check
from calco.inspection.windows_system import Windows

CHECKS: tuple[Check[Windows], ...] = (
    *checks_windows_setup.CHECKS,
    *checks_windows_fitness.CHECKS,
    *checks_windows_traces.CHECKS,
)
