"""How parent and child speak: the child asks for bytes until it has an answer, the parent hands them over.

First the parent says how large the disk is (``SIZE``). Then the child asks (``ASK``: offset, length) and gets one
byte, ``HANDED`` with exactly that many bytes behind it or ``UNREADABLE`` with none, as often as it likes. An ``ASK`` of
length 0 means: my answer, in so many bytes (``COUNT``), then it ends. Each side only ever speaks when it is its turn.
"""

import struct
from collections.abc import Callable

from calco.model.volume import MIB

SIZE = struct.Struct(">Q")
ASK = struct.Struct(">QI")
COUNT = struct.Struct(">I")
HANDED, UNREADABLE = b"\0", b"\1"

REQUEST_BYTES = MIB
"""The most of one request."""


class HungUp(Exception):
    """The other side is gone."""


def exactly(receive: Callable[[memoryview], int], length: int) -> bytearray:
    """``receive`` fills what it is given and says how far. Raises HungUp when that is nowhere, and what it raises."""
    buffer = bytearray(length)
    window = memoryview(buffer)
    while window:
        count = receive(window)
        if not count:
            raise HungUp
        window = window[count:]
    return buffer
