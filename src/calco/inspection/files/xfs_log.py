"""Whether an XFS was unmounted: whether the last record of its log says so.

A log is a ring of 512-byte blocks; the first word of each tells the round in which it was written, so the log ends
where the round changes. What was unmounted ends with a record of one operation, an unmount.

Source: Linux, fs/xfs/xfs_log_recover.c: xlog_find_head, xlog_check_unmount_rec; fs/xfs/libxfs/xfs_log_format.h.
"""

import struct
from collections.abc import Callable

from calco.inspection.blocks import Blocks, Unreadable

BLOCK = 512
RECORD = b"\xfe\xed\xba\xbe"
UNMOUNT = 0x20
HEADER_COVERS = 32 << 10
BACK_MAX = 1024
"""Blocks of the longest record, 256 KiB, and its header."""


def is_clean(blocks: Blocks, start: int, size_bytes: int) -> bool:
    """Of the log of ``size_bytes`` at byte ``start``. Raises Unreadable."""
    count = size_bytes // BLOCK
    if count < 2 or start + size_bytes > blocks.size_bytes:
        raise Unreadable("it lies outside of the file system")

    def block(number: int) -> bytes:
        return blocks.read(start + (number % count) * BLOCK, BLOCK)

    def round_of(number: int) -> int:
        words = block(number)
        return int.from_bytes(words[4:8] if words[:4] == RECORD else words[:4], "big")

    head = _head(round_of(0), round_of(count - 1), count, round_of)
    for back in range(2, min(BACK_MAX, count)):
        header = block(head - back)
        if header[:4] == RECORD:
            return _is_unmount(header, back, block(head - 1))
    return False


def _head(first: int, last: int, count: int, round_of: Callable[[int], int]) -> int:
    """The first block that was not written in the first one's round."""
    if first == last:
        return count
    low, high = 0, count - 1
    while high - low > 1:
        middle = (low + high) // 2
        if round_of(middle) == first:
            low = middle
        else:
            high = middle
    return high


def _is_unmount(header: bytes, blocks: int, last: bytes) -> bool:
    """``blocks``: from the record's header to the end of the log; ``last`` is the last of them."""
    version, length = struct.unpack_from(">II", header, 8)
    (operations,) = struct.unpack_from(">I", header, 40)
    (size,) = struct.unpack_from(">I", header, 320)
    headers = max(1, -(-size // HEADER_COVERS)) if version & 2 else 1
    if operations != 1 or blocks != headers + -(-length // BLOCK) or length > BLOCK:
        return False
    return bool(last[9] & UNMOUNT)
