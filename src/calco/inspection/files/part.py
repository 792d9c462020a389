"""A stretch of a disk, as a disk of its own."""

from calco.inspection.blocks import Blocks


class Part:
    """``Blocks`` of ``size_bytes`` bytes from ``start`` on; what would lie outside of ``whole`` reads as not there."""

    def __init__(self, whole: Blocks, start: int, size_bytes: int) -> None:
        self._whole = whole
        self._start = start
        self.size_bytes = size_bytes

    def read(self, offset: int, length: int) -> bytes:
        length = min(length, self.size_bytes - offset)
        return self._whole.read(self._start + offset, length) if offset >= 0 and length > 0 else b""
