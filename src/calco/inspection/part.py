"""A stretch of a disk, as a disk of its own."""

from dataclasses import dataclass

from calco.inspection.blocks import Blocks


@dataclass(frozen=True)
class Part:
    """``Blocks`` of ``size_bytes`` bytes from ``start`` on; what would lie outside of ``whole`` reads as not there."""

    whole: Blocks
    start: int
    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        length = min(length, self.size_bytes - offset)
        return self.whole.read(self.start + offset, length) if offset >= 0 and length > 0 else b""
