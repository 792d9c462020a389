"""Checks of a Linux system: what an image must not carry. Source: WALinuxAgent, pa/deprovision/default.py."""

from calco.inspection.check import Check
from calco.inspection.linux import Linux

CHECKS: tuple[Check[Linux], ...] = ()
