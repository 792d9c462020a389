"""Checks of the file that a disk came in: what Azure takes as a VHD. Made by the parent, which knows the file."""

from dataclasses import dataclass

from calco.inspection.check import Check
from calco.model.inspection import Container


@dataclass(frozen=True)
class DiskFile:
    """``size_bytes`` is what the guest sees."""

    container: Container
    size_bytes: int


CHECKS: tuple[Check[DiskFile], ...] = ()
