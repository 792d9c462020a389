"""The bytes of a disk, as everything here reads them."""

from typing import Protocol


class Unreadable(Exception):
    """Something is there and cannot be read, or makes no sense; the text says what and why. Never means absent."""


class Blocks(Protocol):
    """The bytes of a disk or of a part of it."""

    @property
    def size_bytes(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes:
        """Those bytes; fewer only at the end. Raises Unreadable when they cannot be read, or no more may be."""
