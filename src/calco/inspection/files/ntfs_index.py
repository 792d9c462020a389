"""The names in a folder of NTFS, out of its index, every block of which must be whole.

An index is a tree: its root lies in the folder's record, its blocks in an attribute of their own. Each block carries a
number of its own and, at the end of each of its sectors, two bytes that tell whether it was written as a whole.

Source: Linux, fs/ntfs3/ntfs.h: INDEX_ROOT, INDEX_BUFFER, NTFS_DE, ATTR_FILE_NAME; fs/ntfs3/fsntfs.c, fixups.
"""

import struct
from collections.abc import Callable, Iterator

from calco.inspection.blocks import Unreadable
from calco.inspection.files.nodes import ENTRIES_MAX, Name
from calco.inspection.text import utf_16

SECTOR = 512
HAS_BELOW, IS_LAST = 0x1, 0x2
DOS_NAME = 2
"""The second, short name of something: ``PROGRA~1``."""

ReadBlock = Callable[[int, int], bytes]
"""Offset and length in the attribute that holds the index's blocks. Raises Unreadable."""


def names(root: bytes, block: ReadBlock, cluster_bytes: int, folder: int) -> Iterator[Name]:
    """Of the folder of that number, out of its $INDEX_ROOT. Raises Unreadable."""
    if len(root) < 32:
        raise Unreadable("NTFS: the root of an index is cut short")
    (block_bytes,) = struct.unpack_from("<I", root, 8)
    if not 512 <= block_bytes <= 65536 or block_bytes & (block_bytes - 1):
        raise Unreadable("NTFS: an index with blocks that cannot be")
    unit = cluster_bytes if block_bytes >= cluster_bytes else SECTOR
    todo, seen = [root[16:]], set[int]()
    while todo:
        for name, below in _entries(todo.pop(), folder):
            if name is not None:
                yield name
            if below is not None:
                if below in seen or len(seen) > ENTRIES_MAX:
                    raise Unreadable("NTFS: an index leads in a circle")
                seen.add(below)
                todo.append(_whole(block(below * unit, block_bytes), below))


def _whole(block: bytes, number: int) -> bytes:
    """The entries of an index's block, from their header on, its sectors put right."""
    magic, at, count, _, told = struct.unpack_from("<4sHHQQ", block)
    if magic != b"INDX" or told != number or count != len(block) // SECTOR + 1 or at + 2 * count > SECTOR - 2:
        raise Unreadable("NTFS: a block of an index is damaged")
    mark, whole = block[at : at + 2], bytearray(block)
    for sector in range(1, count):
        end = sector * SECTOR
        if block[end - 2 : end] != mark:
            raise Unreadable("NTFS: a block of an index was written half")
        whole[end - 2 : end] = block[at + 2 * sector : at + 2 * sector + 2]
    return bytes(whole[24:])


def _entries(node: bytes, folder: int) -> Iterator[tuple[Name | None, int | None]]:
    """Each entry's name, and the block below it. The last entry has no name."""
    at, end, _, flags = struct.unpack_from("<IIIB", node)
    end = min(end, len(node))
    while True:
        if at < 16 or at + 16 > end:
            raise Unreadable("NTFS: an index has no end")
        reference, length, key_bytes, what = struct.unpack_from("<QHHH", node, at)
        if length < 16 or length % 8 or at + length > end or 16 + key_bytes > length:
            raise Unreadable("NTFS: an index is damaged")
        below = int.from_bytes(node[at + length - 8 : at + length], "little") if what & HAS_BELOW else None
        if below is not None and not flags & HAS_BELOW:
            raise Unreadable("NTFS: an index is damaged")
        if what & IS_LAST:
            yield None, below
            return
        yield _name(node[at + 16 : at + 16 + key_bytes], reference, folder), below
        at += length


def _name(key: bytes, reference: int, folder: int) -> Name | None:
    """None for the short name of what has a long one."""
    if len(key) < 66 or len(key) < 66 + 2 * key[64]:
        raise Unreadable("NTFS: a name in an index is cut short")
    if int.from_bytes(key[:6], "little") != folder:
        raise Unreadable("NTFS: an index holds the name of something elsewhere")
    if key[65] == DOS_NAME:
        return None
    text = utf_16(key[66 : 66 + 2 * key[64]])
    return Name(text, reference & 0xFFFFFFFFFFFF, reference >> 48)
