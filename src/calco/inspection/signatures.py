"""What a volume holds, by its first bytes, and a file system for what can be read."""

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.ext import open_ext
from calco.inspection.file_system import FileSystem
from calco.inspection.nodes import Name, Node, NodeFileSystem
from calco.inspection.tsk import Tsk
from calco.inspection.volumes import Volume


def volume(blocks: Blocks, name: str, offset: int, number: int, uuid: str = "") -> Volume:
    """What is in those blocks, which begin at ``offset`` of the disk. Never raises for what is in them."""
    content = "unknown"
    try:
        content = _content(blocks)
        files: FileSystem | None = None
        if content == "ext4":
            files = open_ext(blocks)
        elif content in {"ntfs", "fat"}:
            files = NodeFileSystem(_Driver(Tsk(blocks, content)), content)
        return Volume(name, offset, blocks.size_bytes, content, files, "", uuid, number)
    except Unreadable as why:
        return Volume(name, offset, blocks.size_bytes, content, None, str(why), uuid, number)


class _Driver:
    folds = True

    def __init__(self, tsk: Tsk) -> None:
        self._tsk = tsk
        self.root = tsk.root

    def names(self, folder: Node) -> list[Name]:
        return [Name(text, number) for text, number in self._tsk.folder(folder.number) if text not in {".", ".."}]

    def node(self, name: Name, folder: Node) -> Node:
        entry, _ = self._tsk.entry(name.number, name.text)
        return Node(entry, name.number, folder.number)

    def target(self, link: Node) -> str:
        return self._tsk.link(link.number)

    def content(self, file: Node, offset: int, length: int) -> bytes:
        return self._tsk.content(file.number, offset, length)


def _content(blocks: Blocks) -> str:
    start = blocks.read(0, 2048)
    if start[3:11] == b"NTFS    ":
        return "ntfs"
    if start[3:11] == b"-FVE-FS-":
        return "bitlocker"
    if start[0x438:0x43A] == b"\x53\xef":
        return "ext4"
    if start[0x36:0x39] == b"FAT" or start[0x52:0x55] == b"FAT":
        return "fat"
    return "unknown"
