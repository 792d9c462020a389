"""Answer files of Windows' setup: where setup looks for one, and whether a password stands in it.

Setup writes a fixed text over passwords in the copies it has used up. Source: Microsoft, "Windows Setup Automation
Overview" (the search order).
"""

import re
from dataclasses import dataclass

from calco.inspection.text import text_of_file
from calco.inspection.windows.system import Windows

PLACES = (
    "/Windows/Panther/Unattend/Unattend.xml",
    "/Windows/Panther/Unattend/Autounattend.xml",
    "/Windows/Panther/Unattend.xml",
    "/Windows/Panther/Autounattend.xml",
    "/Windows/System32/Sysprep/Unattend.xml",
    "/Windows/System32/Sysprep/Autounattend.xml",
    "/Windows/System32/Sysprep/Panther/Unattend.xml",
    "/Windows/System32/Sysprep/Panther/Unattend/Unattend.xml",
    "/Unattend.xml",
    "/Autounattend.xml",
)
BYTES_MAX = 4 << 20

_PASSWORD = re.compile(r"<(?:\w+:)?(\w*Password)\b[^>]*>\s*(?:<(?:\w+:)?Value>)?\s*([^<\s][^<]*)", re.IGNORECASE)
_ERASED = "*SENSITIVE*DATA*DELETED*"


@dataclass(frozen=True)
class AnswerFile:
    """``path`` as Windows writes it; ``passwords``: the names of the elements that hold one, never what they hold."""

    path: str
    passwords: tuple[str, ...]


def answer_files(windows: Windows) -> list[AnswerFile]:
    """Those that setup would find on this disk. Raises Unreadable."""
    found = {path: windows.files.read(path, BYTES_MAX) for path in PLACES}
    return [
        AnswerFile("C:" + path.replace("/", "\\"), _passwords(text_of_file(content)))
        for path, content in found.items()
        if content
    ]


def _passwords(text: str) -> tuple[str, ...]:
    found = (match[1] for match in _PASSWORD.finditer(text) if match[2].strip() != _ERASED)
    return tuple(dict.fromkeys(found))
