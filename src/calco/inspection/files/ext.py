"""Opens ext2 to ext4, after the journal's replay."""

from collections.abc import Iterator

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.files.ext4 import KINDS, ROOT, Ext4
from calco.inspection.files.ext4_journal import replayed
from calco.inspection.files.file_system import Entry, FileSystem, Kind
from calco.inspection.files.nodes import Name, Node, NodeFileSystem, text

CLOSED, HAS_ERRORS = 0x1, 0x2

_KINDS = {0x8000: Kind.FILE, 0x4000: Kind.FOLDER, 0xA000: Kind.LINK}


def open_ext(blocks: Blocks) -> FileSystem:
    """Raises Unreadable."""
    blocks, stale = replayed(blocks)
    structures = Ext4(blocks)
    found = structures.superblock
    if found.state & HAS_ERRORS:
        stale = stale or "its system found errors in it, and it was not repaired since"
    if not found.state & CLOSED:  # without a journal this is all that says so
        stale = stale or "it was not unmounted"
    return NodeFileSystem(_Driver(structures), found.type, uuid=structures.uuid, label=found.label, stale=stale)


class _Driver:
    folds = False
    root = ROOT

    def __init__(self, structures: Ext4) -> None:
        self._structures = structures

    def names(self, folder: Node) -> Iterator[Name]:
        for name, inode, kind in self._structures.folder(folder.number, folder.parent):
            yield Name(text(name), inode, kind)

    def node(self, name: Name, folder: Node) -> Node:
        inode = self._structures.inode(name.number)
        if name.stamp and KINDS.get(name.stamp) != inode.mode & 0xF000:
            raise Unreadable(f"ext: {name.text} is not what its folder says it is")
        kind = _KINDS.get(inode.mode & 0xF000, Kind.OTHER)
        entry = Entry(name.text, kind, inode.size_bytes, inode.mode & 0o7777, inode.owner, inode.modified)
        return Node(entry, inode.number, folder.number)

    def target(self, link: Node) -> str:
        return text(self._structures.target(self._structures.inode(link.number)))

    def content(self, file: Node, offset: int, length: int) -> bytes:
        return self._structures.content(self._structures.inode(file.number), offset, length)
