"""What The Sleuth Kit reads for us: where the bytes of a file lie. Its errors become ours.

It is made for evidence, and shows whatever it can find of a damaged disk. Names are therefore not asked of it (but for
FAT): a folder that it read half is, to us, unreadable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytsk3

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.files.file_system import Entry, Kind
from calco.inspection.files.library import ask

_TYPES = {
    "ntfs": pytsk3.TSK_FS_TYPE_NTFS,
    "fat": pytsk3.TSK_FS_TYPE_FAT_DETECT,
}
_KINDS = {
    int(pytsk3.TSK_FS_META_TYPE_REG): Kind.FILE,
    int(pytsk3.TSK_FS_META_TYPE_DIR): Kind.FOLDER,
    int(pytsk3.TSK_FS_META_TYPE_LNK): Kind.LINK,
}
_VIRTUAL = {int(pytsk3.TSK_FS_META_TYPE_VIRT), int(pytsk3.TSK_FS_META_TYPE_VIRT_DIR)}
_UNALLOCATED = int(pytsk3.TSK_FS_META_FLAG_UNALLOC)
_NAME_UNALLOCATED = int(pytsk3.TSK_FS_NAME_FLAG_UNALLOC)


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
class Attribute:
    """Of an NTFS file. ``type`` by number: 0x80 is data, 0x90 an index's root. Source: [MS-FSCC] 2.1.1, ntfs.h of
    Linux."""

    type: int
    id: int
    name: str
    size_bytes: int


class Tsk:
    """A file system of type ``ntfs`` or ``fat``. Everything raises Unreadable."""

    def __init__(self, blocks: Blocks, type: str) -> None:
        self._image = _Image(blocks)
        self._fs = self._ask("the file system", lambda: pytsk3.FS_Info(self._image, 0, _TYPES[type]))
        self.root = int(self._fs.info.root_inum)
        self._last: tuple[int, Any] | None = None

    def entry(self, number: int, name: str) -> tuple[Entry, int]:
        """What is kept under that number, and its stamp."""
        meta = self._file(number).info.meta
        if meta is None or int(meta.flags) & _UNALLOCATED:
            raise Unreadable(f"{name} leads to what was deleted")
        return _entry(name, meta), int(meta.seq)

    def content(self, number: int, offset: int, length: int, attribute: Attribute | None = None) -> bytes:
        """Exactly those bytes of a file, or of an attribute of it."""
        which = () if attribute is None else (attribute.type, attribute.id)
        read: bytes = self._ask(f"file {number}", lambda: self._file(number).read_random(offset, length, *which))
        if len(read) != length:
            raise Unreadable(f"file {number} is cut short")
        return read

    def attributes(self, number: int) -> list[Attribute]:
        file = self._file(number)
        return self._ask(f"file {number}", lambda: [*map(_attribute, file)])  # type: ignore[no-any-return]

    def folder(self, number: int) -> list[tuple[str, int]]:
        """Names and numbers, ``.`` and ``..`` too; nothing deleted, nothing that the library made up."""
        return self._ask(  # type: ignore[no-any-return]
            f"folder {number}",
            lambda: [each for each in map(_named, self._fs.open_dir(inode=number)) if each is not None],
        )

    def _file(self, number: int) -> Any:
        if self._last is None or self._last[0] != number:
            self._last = number, self._ask(f"file {number}", lambda: self._fs.open_meta(inode=number))
        return self._last[1]

    def _ask(self, what: str, question: Callable[[], Any]) -> Any:
        return ask(self._image, what, question)


def _entry(name: str, meta: Any) -> Entry:
    kind = _KINDS.get(int(meta.type), Kind.OTHER)
    size = int(meta.size)
    if size < 0:
        raise Unreadable(f"{name} has a size that cannot be")
    return Entry(name, kind, size, int(meta.mode) & 0o7777, int(meta.uid), float(meta.mtime))


def _attribute(attribute: Any) -> Attribute:
    info = attribute.info
    return Attribute(int(info.type), int(info.id), bytes(info.name or b"").decode(errors="replace"), int(info.size))


def _named(file: Any) -> tuple[str, int] | None:
    name, meta = file.info.name, file.info.meta
    if int(name.flags) & _NAME_UNALLOCATED or (meta is not None and int(meta.type) in _VIRTUAL):
        return None
    return bytes(name.name).decode(errors="replace"), int(name.meta_addr)
