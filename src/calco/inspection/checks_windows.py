"""Checks of a Windows system: what keeps it from being generalized, and what an image of it must not carry."""

from calco.inspection.check import Check
from calco.inspection.windows_system import Windows

CHECKS: tuple[Check[Windows], ...] = ()
