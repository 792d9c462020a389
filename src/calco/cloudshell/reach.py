"""What a session can reach besides the API: blobs behind signed URLs, and in a terminal the files of its machine.

Whoever makes a session gives it a ``Reach``; the portal's pane is given one without files, so that a cmdlet that wants
one says so. What is not given cannot be reached: no cmdlet opens a file or a connection by itself.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from calco.cloudshell.cmdlet import Shell
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.values import Names, Record
from calco.page_transfer import Content
from calco.signed_url import Resource


class NoFile(Exception):
    """A file cannot be used: the sentence says which, and why."""


class Files(Protocol):
    """Files of the machine where the session runs; a relative path begins where it was started. Raise NoFile."""

    def disk(self, path: str) -> AbstractContextManager[Content]:
        """What a guest would see of the disk in a file: a VHD or VHDX, as the ending of its name says."""

    def whole(self, path: str) -> AbstractContextManager[Content]:
        """The bytes of a file as they lie there."""

    def new(self, path: str, *, replace: bool) -> AbstractContextManager[BinaryIO]:
        """A file to write, under its name once the block ends well; in place of another only to ``replace`` it."""

    def full_name(self, path: str) -> str:
        """The path from the root."""


@dataclass(frozen=True)
class Reach:
    """``open``: the blob, container or disk behind a signed URL of this calco's endpoint."""

    open: Callable[[str], Resource]
    files: Files | None = None


_KEY = "calco.reach"


def give(state: Names, reach: Reach) -> None:
    """What the session may reach from now on; ``state`` is its own (``Shell.state``)."""
    state[_KEY] = Record("Calco.Reach", held=reach)


def of(shell: Shell) -> Reach:
    """What the session may reach. Raises Terminating when it is nothing."""
    kept = shell.state.get(_KEY)
    reach = kept.held if isinstance(kept, Record) else None
    if not isinstance(reach, Reach):
        raise _missing("This session cannot reach the blob endpoint.")
    return reach


def files(shell: Shell) -> Files:
    """Raises Terminating where there are none."""
    there = of(shell).files
    if there is None:
        raise _missing(
            "There are no files in this session: it runs in the portal. Run the script where the file is, with "
            "`calco shell`."
        )
    return there


def _missing(what: str) -> Terminating:
    return Terminating(
        Fault(what, id="NotSupported", category="NotImplemented", exception="System.NotSupportedException")
    )
