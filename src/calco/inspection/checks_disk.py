"""Checks of a disk as such, whatever system is on it."""

from calco.inspection.check import Check
from calco.inspection.volumes import Disk

CHECKS: tuple[Check[Disk], ...] = ()
