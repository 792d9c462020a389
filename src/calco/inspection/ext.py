"""Opens ext2 to ext4: names by ``ext4``, with its checks, bytes by The Sleuth Kit, after the journal's replay."""

from collections.abc import Iterator

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.ext4 import ROOT, Ext4
from calco.inspection.ext4_journal import replayed
from calco.inspection.file_system import FileSystem
from calco.inspection.nodes import TARGET_MAX, Name, Node, NodeFileSystem, text
from calco.inspection.tsk import Tsk

HAS_ERRORS = 0x2

IN_INODE = 60
"""A link's target that is shorter lies in its inode. Source: Linux, Documentation/filesystems/ext4/ifork.rst."""


def open_ext(blocks: Blocks) -> FileSystem:
    """Raises Unreadable."""
    blocks, stale = replayed(blocks)
    structures = Ext4(blocks)
    found = structures.superblock
    if found.state & HAS_ERRORS:
        stale = stale or "its system found errors in it, and it was not repaired since"
    driver = _Driver(structures, Tsk(blocks, "ext"))
    return NodeFileSystem(driver, found.type, uuid=structures.uuid, label=found.label, stale=stale)


class _Driver:
    folds = False
    root = ROOT

    def __init__(self, structures: Ext4, tsk: Tsk) -> None:
        self._structures = structures
        self._tsk = tsk

    def names(self, folder: Node) -> Iterator[Name]:
        for name, inode in self._structures.folder(folder.number, folder.parent):
            yield Name(text(name), inode)

    def node(self, name: Name, folder: Node) -> Node:
        inode = self._structures.inode(name.number)
        entry, _ = self._tsk.entry(name.number, name.text)
        return Node(entry, inode.number, folder.number)

    def target(self, link: Node) -> str:
        if link.entry.size_bytes < IN_INODE:
            return self._tsk.link(link.number)
        if link.entry.size_bytes > TARGET_MAX:
            raise Unreadable(f"link {link.entry.name} is {link.entry.size_bytes} bytes long")
        return text(self.content(link, 0, link.entry.size_bytes))

    def content(self, file: Node, offset: int, length: int) -> bytes:
        inode = self._structures.inode(file.number)
        for _ in self._structures.runs(inode):
            pass  # the library does not check what leads to the blocks
        return self._tsk.content(file.number, offset, length)
