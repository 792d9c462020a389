"""ext2 to ext4, NTFS and FAT, read by The Sleuth Kit; what it does not tell apart (absent, damaged) is told apart here.

Folders are walked entry by entry: the library's own lookup answers the same for a name that is not there and for a
folder that cannot be read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytsk3

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.file_system import Entry, Kind

HOPS_MAX = 40
"""Links in one path. Source: path_resolution(7), as Linux."""

DEPTH_MAX = 100
ENTRIES_MAX = 200_000
"""In one folder."""

_KINDS = {
    int(pytsk3.TSK_FS_META_TYPE_REG): Kind.FILE,
    int(pytsk3.TSK_FS_META_TYPE_DIR): Kind.FOLDER,
    int(pytsk3.TSK_FS_META_TYPE_LNK): Kind.LINK,
}
_VIRTUAL = {int(pytsk3.TSK_FS_META_TYPE_VIRT), int(pytsk3.TSK_FS_META_TYPE_VIRT_DIR)}
_UNALLOCATED = int(pytsk3.TSK_FS_META_FLAG_UNALLOC)

TYPES = {
    "ext2": pytsk3.TSK_FS_TYPE_EXT_DETECT,
    "ext3": pytsk3.TSK_FS_TYPE_EXT_DETECT,
    "ext4": pytsk3.TSK_FS_TYPE_EXT_DETECT,
    "ntfs": pytsk3.TSK_FS_TYPE_NTFS,
    "fat": pytsk3.TSK_FS_TYPE_FAT_DETECT,
}


class _Image(pytsk3.Img_Info):  # type: ignore[misc]  # the library has no types
    """Blocks, as the library asks for them. What went wrong below it is kept: it would lose the words."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self.failed: Unreadable | None = None
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def close(self) -> None:
        """Nothing is held."""

    def read(self, offset: int, size: int) -> bytes:
        try:
            return self._blocks.read(offset, size)
        except Unreadable as why:
            self.failed = why
            raise OSError(str(why)) from why

    def get_size(self) -> int:
        return self._blocks.size_bytes


@dataclass(frozen=True)
class _Node:
    """A name that was found, and where what it names is kept."""

    entry: Entry
    inode: int


class TskFileSystem:
    """``FileSystem`` of a volume of one of TYPES. Raises Unreadable."""

    def __init__(self, blocks: Blocks, type: str, *, uuid: str = "", label: str = "", stale: str = "") -> None:
        self.type, self.uuid, self.label, self.stale = type, uuid, label, stale
        self._image = _Image(blocks)
        self._folds = type in {"ntfs", "fat"}
        self._fs = self._ask(f"the {type} file system", lambda: pytsk3.FS_Info(self._image, 0, TYPES[type]))
        self._root = int(self._fs.info.root_inum)
        self._folders: dict[int, dict[str, _Node]] = {}

    def entry(self, path: str) -> Entry | None:
        found = self._find(path)
        return found.entry if found else None

    def link(self, path: str) -> str | None:
        found = self._find(path, follow_last=False)
        return self._target(found) if found and found.entry.kind is Kind.LINK else None

    def list(self, path: str) -> list[Entry] | None:
        found = self._find(path)
        if found is None or found.entry.kind is not Kind.FOLDER:
            return None
        return [each.entry for each in self._folder(found.inode).values()]

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        found = self._file(path)
        return self._bytes(found, 0, min(limit_bytes, found.entry.size_bytes)) if found else None

    def tail(self, path: str, limit_bytes: int) -> bytes | None:
        found = self._file(path)
        if found is None:
            return None
        start = max(0, found.entry.size_bytes - limit_bytes)
        return self._bytes(found, start, found.entry.size_bytes - start)

    def _file(self, path: str) -> _Node | None:
        found = self._find(path)
        return found if found and found.entry.kind is Kind.FILE else None

    def _find(self, path: str, follow_last: bool = True) -> _Node | None:
        root = _Node(Entry("/", Kind.FOLDER, 0), self._root)
        way, todo, hops = [root], _names(path)[::-1], 0
        while todo:
            name = todo.pop()
            if name == "..":
                way = way[:-1] or [root]
                continue
            if way[-1].entry.kind is not Kind.FOLDER or len(way) > DEPTH_MAX:
                return None
            found = self._folder(way[-1].inode).get(self._key(name))
            if found is None:
                return None
            if found.entry.kind is not Kind.LINK or not (todo or follow_last):
                way.append(found)
                continue
            hops += 1
            if hops > HOPS_MAX:
                raise Unreadable(f"{path}: too many links")
            target = self._target(found)
            if target.startswith("/"):
                way = [root]
            todo += _names(target)[::-1]
        return way[-1]

    def _key(self, name: str) -> str:
        return name.upper() if self._folds else name

    def _target(self, node: _Node) -> str:
        return self._bytes(node, 0, min(node.entry.size_bytes, 4096)).decode(errors="replace")

    def _folder(self, inode: int) -> dict[str, _Node]:
        if inode not in self._folders:
            self._folders[inode] = {
                self._key(each.entry.name): each
                for each in self._ask(f"folder {inode}", lambda: [*map(_node, self._fs.open_dir(inode=inode))])
                if each is not None
            }
        return self._folders[inode]

    def _bytes(self, node: _Node, offset: int, length: int) -> bytes:
        if length == 0:
            return b""
        what = f"file {node.entry.name}"
        content: bytes = self._ask(what, lambda: self._fs.open_meta(inode=node.inode).read_random(offset, length))
        if len(content) != length:
            raise Unreadable(f"{what}: cut short")
        return content

    def _ask(self, what: str, question: Callable[[], Any]) -> Any:
        """The library's answer; its errors, and what went wrong below it, in our words."""
        self._image.failed = None
        try:
            answer = question()
        except (OSError, RuntimeError, ValueError, OverflowError) as why:
            raise self._image.failed or Unreadable(f"{what} cannot be read: {why}") from why
        if self._image.failed is not None:
            raise self._image.failed
        return answer


def _node(file: Any) -> _Node | None:
    """None for what is deleted, made up by the library, or the folder itself and its parent."""
    name, meta = file.info.name, file.info.meta
    words = bytes(name.name).decode(errors="replace")
    if words in {".", ".."} or int(name.flags) & int(pytsk3.TSK_FS_NAME_FLAG_UNALLOC):
        return None
    if meta is None or int(meta.flags) & _UNALLOCATED:
        raise OSError(f"{words} leads nowhere")
    if int(meta.type) in _VIRTUAL:
        return None
    kind = _KINDS.get(int(meta.type), Kind.OTHER)
    entry = Entry(words, kind, int(meta.size), int(meta.mode) & 0o7777, int(meta.uid), float(meta.mtime))
    return _Node(entry, int(meta.addr))


def _names(path: str) -> list[str]:
    return [each for each in path.split("/") if each not in {"", "."}]
