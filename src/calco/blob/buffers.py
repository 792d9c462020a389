"""Memory for bodies, used again: a fresh buffer of 4 MiB costs a thousand page faults.

It begins at a page, so that a volume may be written from it directly, past the page cache.
"""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager


class Buffers:
    """Buffers of one size; ``kept`` of them at most wait for the next body. For one thread (the event loop's)."""

    def __init__(self, size: int, *, kept: int) -> None:
        self._size = size
        self._kept = kept
        self._free: list[mmap.mmap] = []

    @contextmanager
    def of(self, length: int) -> Iterator[memoryview]:
        """``length`` bytes of whatever was there before."""
        if length > self._size:
            yield memoryview(bytearray(length))
            return
        whole = self._free.pop() if self._free else mmap.mmap(-1, self._size)
        try:
            yield memoryview(whole)[:length]
        finally:
            if len(self._free) < self._kept:
                self._free.append(whole)
