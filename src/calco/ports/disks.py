"""Volumes and page blobs: where bytes lie and come from."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from calco.model.volume import Volume, VolumeId


class StoreFull(Exception):
    """No room for a volume; what was begun may half exist until ``delete``."""


class PoolGone(Exception):
    """The storage pool that was asked for, or one that a volume lies over, is not there; ``pools`` names it, or those
    that it may be."""

    def __init__(self, said: str, *pools: str) -> None:
        super().__init__(said)
        self.pools = pools


class VolumeFrozen(Exception):
    """A flat volume that was to be written is frozen."""


@dataclass(frozen=True)
class Extent:
    """A range of bytes that holds data; what no extent names reads as zeros."""

    offset: int
    length: int


class VolumeView(Protocol):
    """The bytes of one volume, what lies below included, as one reads them now. Not for several threads at once."""

    size_bytes: int
    """Of a qcow2 volume what the guest sees, of a flat one the length of its file."""

    def read(self, offset: int, length: int) -> bytes:
        """Exactly those bytes. Raises ValueError outside the volume, OSError when they cannot be read."""

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Where that range holds data, in order, each extent within it; O(metadata)."""


@dataclass
class Beginning:
    """The first ``size_bytes`` of a view: what a guest sees of a fixed VHD, which is all but its footer."""

    whole: VolumeView
    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        self._check(offset, length)
        return self.whole.read(offset, length)

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        self._check(offset, length)
        return self.whole.extents(offset, length)

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size_bytes:
            raise ValueError(f"{length} bytes at {offset} are not within {self.size_bytes}")


class DiskStore(Protocol):
    """Copy-on-write volumes. Every method may be repeated with the same arguments and then does nothing more.

    When a method that makes something returns, it is on disk: file and folder are fsynced. Volumes lie in pools that
    may be gone one by one; what has to do with a pool that is gone raises PoolGone, everything else goes on.
    """

    def create(self, volume: Volume) -> None:
        """Make an empty volume (flat: all zeros), or an overlay when ``volume.backing`` is set; O(metadata). Raises
        StoreFull, PoolGone."""

    def copy(self, volume: Volume, source: VolumeId, moved: Callable[[int, int], None]) -> None:
        """Make ``volume`` a whole copy of ``source`` and everything below it, in the format and pool of ``volume``;
        O(data), by reflink where it can be. qcow2 to flat ends with a VHD footer, flat to qcow2 leaves that out.
        ``moved`` hears bytes done and bytes in all, and may raise to stop. Raises StoreFull, PoolGone."""

    def view(self, volume: VolumeId) -> AbstractContextManager[VolumeView]:
        """Read the bytes of a volume that nobody writes (flat ones may be written meanwhile); nothing is copied. For a
        qcow2 volume it costs a process while it is open. Raises FileNotFoundError, PoolGone."""

    def stamp(self, volume: VolumeId) -> str:
        """The same text as long as nobody has written to the volume itself, another once its bytes have changed, as
        fine as the file system tells times (some ms); what lies below is frozen. Freezing changes no stamp.
        Microseconds. Raises FileNotFoundError, PoolGone."""

    def write(self, volume: VolumeId, offset: int, data: bytes | memoryview) -> None:
        """Write into a flat volume; on disk when it returns. Raises VolumeFrozen, ValueError outside it, StoreFull."""

    def clear(self, volume: VolumeId, offset: int, length: int) -> None:
        """Make a range of a flat volume zeros and give its room back. Raises VolumeFrozen, ValueError outside it."""

    def thaw(self, volume: VolumeId) -> None:
        """Undo ``freeze`` for a volume whose row never said frozen; absent is fine."""

    def pools(self) -> set[str]:
        """The pools that are there: the regional one always, a zone's from the first thing that was made in it."""

    def receive(self, volume: Volume, pages: Iterable[tuple[int, bytes]]) -> None:
        """Make a flat volume of ``pages``, each an offset and the bytes there, zeros elsewhere. What they raise ends
        it, and nothing is there then. Raises StoreFull, PoolGone, ValueError for a page outside the volume."""

    def import_base(self, volume: Volume, source: Path, format: str) -> None:
        """Make ``volume`` from an image file of a stated format (``qcow2``, ``raw``); hard-linked where it can be,
        else copied, O(data)."""

    def grow(self, volume: VolumeId, size_bytes: int) -> None:
        """Make what the guest sees larger (of a flat volume the file); O(metadata). Never shrinks."""

    def freeze(self, volume: VolumeId) -> None:
        """Take write permission off the file, a second lock beside the row; absent is fine. When it returns no
        ``write`` or ``clear`` of it is under way and none will begin until ``thaw``."""

    def sync(self, volume: VolumeId) -> None:
        """fsync the volume: called when its last writer has closed it."""

    def delete(self, volume: VolumeId) -> None:
        """Drop the file; absent is fine."""

    def trash(self, volume: VolumeId) -> None:
        """Move the file to the trash, where it is kept for a while; absent is fine."""

    def empty_trash(self, older_than: datetime) -> list[VolumeId]:
        """Remove what was moved to the trash before then; answers what went."""

    def volumes(self) -> set[VolumeId]:
        """Every volume that has a file here, half-made ones included."""

    def path(self, volume: VolumeId) -> Path:
        """Where the file is, for QEMU."""

    def used_bytes(self, volume: VolumeId) -> int:
        """Bytes the file takes on disk; 0 when absent."""


@dataclass(frozen=True)
class RemoteBlob:
    """A page blob of another host, as it was when it was looked at."""

    uri: str
    length: int
    etag: str
    footer: bytes
    """Its last 512 bytes, fewer when it is shorter."""


class NoRemoteBlob(Exception):
    """A remote blob cannot be had: one of the kinds below. Says why; names no secret."""


class HostRefused(NoRemoteBlob):
    """A URI's host is not on the list, or its address is one that the list does not open."""


class BlobAbsent(NoRemoteBlob):
    """The host has no such blob."""


class BlobOfOtherType(NoRemoteBlob):
    """The blob is no page blob; the message is its type."""


class BlobUnreadable(NoRemoteBlob):
    """The host did not answer as a blob endpoint does, or not at all."""


class RemoteBlobs(Protocol):
    """Page blobs of other hosts, read only where a list names the host. All raise NoRemoteBlob."""

    def lists(self, uri: str) -> bool:
        """Whether the list names the URI's host and port; nothing is looked up."""

    def look(self, uri: str) -> RemoteBlob:
        """Two requests, no content but the footer."""

    def pages(self, blob: RemoteBlob) -> tuple[int, Iterator[tuple[int, bytes]]]:
        """How many bytes its page ranges hold, and those, in order, in pieces; nothing else is transferred. Raises
        BlobUnreadable too when the blob is not what ``look`` saw any more."""
