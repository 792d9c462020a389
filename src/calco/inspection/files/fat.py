"""Opens FAT (12, 16, 32): read by The Sleuth Kit. FAT has no checks: a folder must at least begin with itself.

Source: Microsoft, FAT: General Overview of On-Disk Format 1.03; Linux, include/uapi/linux/msdos_fs.h (the state byte).
"""

import struct
from dataclasses import replace

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.files.file_system import FileSystem
from calco.inspection.files.nodes import Name, Node, NodeFileSystem
from calco.inspection.files.tsk import Tsk

NOT_CLOSED = 0x01


def open_fat(blocks: Blocks) -> FileSystem:
    """Raises Unreadable."""
    boot = blocks.read(0, 512)
    at = 0x41 if boot[0x52:0x55] == b"FAT" else 0x25
    state, _, serial, label = struct.unpack_from("<BBI11s", boot, at)
    stale = "it was not unmounted" if state & NOT_CLOSED else ""
    words = label.decode("ascii", errors="replace").rstrip()
    return NodeFileSystem(
        _Driver(Tsk(blocks, "fat")),
        "fat",
        uuid=f"{serial >> 16:04X}-{serial & 0xFFFF:04X}",
        label="" if words == "NO NAME" else words,
        stale=stale,
    )


class _Driver:
    folds = True

    def __init__(self, tsk: Tsk) -> None:
        self._tsk = tsk
        self.root = tsk.root

    def names(self, folder: Node) -> list[Name]:
        found = self._tsk.folder(folder.number)
        if folder.number != self.root and [text for text, _ in found[:2]] != [".", ".."]:
            raise Unreadable(f"FAT: folder {folder.entry.name} does not begin with itself and its parent")
        return [Name(text, number) for text, number in found if text not in {".", ".."}]

    def node(self, name: Name, folder: Node) -> Node:
        entry, _ = self._tsk.entry(name.number, name.text)
        return Node(replace(entry, mode=0, owner=0), name.number, folder.number)

    def target(self, link: Node) -> str:
        raise Unreadable(f"FAT has no links: {link.entry.name}")

    def content(self, file: Node, offset: int, length: int) -> bytes:
        return self._tsk.content(file.number, offset, length)
