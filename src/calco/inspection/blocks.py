"""The bytes of a disk, as everything here reads them."""

from collections import OrderedDict
from typing import Protocol

PIECE_BYTES = 64 << 10
PIECES = 512


class Unreadable(Exception):
    """Something is there and cannot be read, or makes no sense; the text says what and why. Never means absent."""


class Blocks(Protocol):
    """The bytes of a disk or of a part of it."""

    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        """Those bytes; fewer only at the end. Raises Unreadable when they cannot be read, or no more may be."""


class KeptBlocks:
    """Blocks of which the pieces read last are kept: file systems read in small steps, and each would be a request.

    Keeps at most ``pieces`` of ``PIECE_BYTES``. ``unreadable`` says what could not be read first, empty while all
    could be: libraries between here and a check may make an absent file of it.
    """

    def __init__(self, below: Blocks, pieces: int = PIECES) -> None:
        self.size_bytes = below.size_bytes
        self.unreadable = ""
        self._below = below
        self._pieces = pieces
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, offset: int, length: int) -> bytes:
        offset, length = max(0, offset), min(length, self.size_bytes - max(0, offset))
        if length <= 0:
            return b""
        first, last = offset // PIECE_BYTES, (offset + length - 1) // PIECE_BYTES
        if first == last:
            begin = offset - first * PIECE_BYTES
            return self._piece(first, offset, length)[begin : begin + length]
        if length > 4 * PIECE_BYTES:
            return self._read(offset, length)
        return b"".join(self._part(number, offset, length) for number in range(first, last + 1))

    def _part(self, number: int, offset: int, length: int) -> bytes:
        """What of a range lies in one piece."""
        begin = max(offset, number * PIECE_BYTES)
        end = min(offset + length, (number + 1) * PIECE_BYTES)
        return self.read(begin, end - begin)

    def _piece(self, number: int, offset: int, length: int) -> bytes:
        piece = self._kept.get(number)
        if piece is not None:
            self._kept.move_to_end(number)
            return piece
        at = number * PIECE_BYTES
        try:
            piece = self._below.read(at, min(PIECE_BYTES, self.size_bytes - at))
        except Exception:
            # Perhaps only its neighbours cannot be read.
            return bytes(offset - at) + self._read(offset, length)
        self._kept[number] = piece
        if len(self._kept) > self._pieces:
            self._kept.popitem(last=False)
        return piece

    def _read(self, offset: int, length: int) -> bytes:
        try:
            return self._below.read(offset, length)
        except Exception as why:
            self.unreadable = self.unreadable or str(why) or type(why).__name__
            raise
