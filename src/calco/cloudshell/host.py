"""Whoever sits at the shell: a terminal, a file, the portal's pane, a test."""

from typing import Protocol

from calco.cloudshell.errors import Fault


class NotWritten(Exception):
    """What is told has nowhere to go: a full disk. Its text says why."""


class NobodyToAsk(Exception):
    """There is no one to answer a prompt."""


class Host(Protocol):
    """Every text is one line or more, without a line break at its end, and may hold what guests chose: the host takes
    control characters out. It may be called from several threads."""

    @property
    def width(self) -> int:
        """Columns that tables may take."""

    def write(self, text: str, *, colour: str = "", end: str = "\n") -> None:
        """``colour`` is one of PowerShell's ConsoleColor names, or empty."""

    def clear(self) -> None:
        """Clears the screen, where there is one."""

    def error(self, fault: Fault) -> None: ...

    def warning(self, text: str) -> None: ...

    def verbose(self, text: str) -> None: ...

    def progress(self, activity: str, status: str, percent: int | None) -> None:
        """What takes time, told again and again; ``done`` ends it."""

    def done(self, activity: str) -> None: ...

    def ask(self, prompt: str, *, secret: bool = False) -> str:
        """One line from the person. Raises NobodyToAsk."""
