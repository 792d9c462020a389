"""A file system on a disk, read and never written, as checks see it.

Paths begin with a slash, whatever the system; Windows' have no drive letter. Links are followed within the file system,
boundedly. Absent and unreadable are two things: what is absent is None, what cannot be read raises Unreadable, so that
a damaged folder never looks like an empty one.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol


class Kind(Enum):
    FILE = auto()
    FOLDER = auto()
    LINK = auto()
    OTHER = auto()
    """A device, a pipe, a socket."""


@dataclass(frozen=True)
class Entry:
    """``mode`` holds the permission bits and ``owner`` the uid; 0 where the file system has none. ``size_bytes`` of a
    link is the length of its target. ``modified``: seconds since 1970, 0 when unknown."""

    name: str
    kind: Kind
    size_bytes: int
    mode: int = 0
    owner: int = 0
    modified: float = 0


class FileSystem(Protocol):
    """``type``: ``ext4``, ``xfs``, ``ntfs``, ``fat``. ``uuid`` and ``label`` as fstab writes them (an NTFS or FAT
    serial as ``blkid`` prints it), empty when there is none. ``stale``: why what is read may be older than what its
    system wrote last (a journal that was not replayed, a hibernated Windows); empty when it was closed cleanly."""

    type: str
    uuid: str
    label: str
    stale: str

    def entry(self, path: str) -> Entry | None:
        """What is at ``path``, links followed."""

    def link(self, path: str) -> str | None:
        """Where the link at ``path`` points to, as written; None when there is no link."""

    def list(self, path: str) -> list[Entry] | None:
        """What a folder holds, without ``.`` and ``..``, nothing deleted; None when there is no such folder."""

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        """A file's bytes, at most that many from its beginning; None when there is no such file."""

    def tail(self, path: str, limit_bytes: int) -> bytes | None:
        """A file's last bytes, at most that many; None when there is no such file."""
