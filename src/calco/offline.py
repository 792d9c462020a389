"""What calco does with a disk file where no service runs: ``calco vhd ...``.

Beside ``service`` the one place that plugs drivers in, and kept apart from it: a look at a file must not wait for what
only a service needs.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calco.disk_file import DiskFormat, container, opened
from calco.inspection.inspector import ChildInspector
from calco.model.inspection import Container, Report
from calco.ports import Clock, Inspector
from calco.system import SystemClock


@dataclass(frozen=True)
class Look:
    """A look at a disk file. ``size_bytes`` is what a guest sees; ``at`` is UTC, aware."""

    file: Path
    container: Container
    size_bytes: int
    at: datetime
    report: Report


def look(file: Path, format: DiskFormat, inspector: Inspector | None = None, clock: Clock | None = None) -> Look:
    """Look at the disk in ``file``, which is only read. Raises WrongDiskFile, and OSError when it cannot be read."""
    with opened(file, format) as content:
        of_file = container(file, format)
        report = (inspector or ChildInspector()).inspect(content, of_file)
        return Look(file, of_file, content.size_bytes, (clock or SystemClock()).now(), report)
