"""Opens XFS: read by libfsxfs, and checked here where it does not: version 5 keeps a checksum in every inode and block.

An XFS whose log was not put in its place (a running machine's) says so: ``stale``. The log is not replayed.

Source: XFS Algorithms & Data Structures, 3rd edition: superblock, inodes, directories, the log; Linux,
fs/xfs/xfs_log_recover.c (where a log ends, and what a clean one ends with).
"""

import struct
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import Any

import google_crc32c
import pyfsxfs

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.files.file_system import Entry, FileSystem, Kind
from calco.inspection.files.library import ask
from calco.inspection.files.nodes import ENTRIES_MAX, TARGET_MAX, Name, Node, NodeFileSystem
from calco.inspection.files.xfs_log import is_clean

VERSION_5 = 5
FILE_TYPES, SPARSE_INODES, META_UUID, BIG_TIME, NEEDS_REPAIR = 0x1, 0x2, 0x4, 0x8, 0x10
LONG_COUNTS, EXCHANGE = 0x20, 0x40
UNDERSTOOD = FILE_TYPES | SPARSE_INODES | META_UUID | BIG_TIME | LONG_COUNTS | EXCHANGE
FOLDS = 0x4000  # of the version's number
LEAVES_AT = 32 << 30
"""From here on a folder's blocks hold hashes, not names."""

_KINDS = {0x8000: Kind.FILE, 0x4000: Kind.FOLDER, 0xA000: Kind.LINK}
_IN_INODE = 1
_CHECKSUM_AT = {b"XDD3": 4, b"XDB3": 4}


@dataclass(frozen=True)
class Superblock:
    block_bytes: int
    blocks: int
    groups_blocks: int
    inode_bytes: int
    inodes_per_block_bits: int
    group_bits: int
    folder_block_bytes: int
    version: int
    features: int
    log_start: int
    log_blocks: int
    uuid: str
    label: str

    @property
    def has_checksums(self) -> bool:
        return self.version == VERSION_5

    def byte_of_block(self, block: int) -> int:
        """Of a block counted as XFS does: the group, then within it."""
        group, within = block >> self.group_bits, block & ((1 << self.group_bits) - 1)
        return (group * self.groups_blocks + within) * self.block_bytes

    def byte_of_inode(self, inode: int) -> int:
        block, index = inode >> self.inodes_per_block_bits, inode & ((1 << self.inodes_per_block_bits) - 1)
        return self.byte_of_block(block) + index * self.inode_bytes


def open_xfs(blocks: Blocks) -> FileSystem:
    """Raises Unreadable."""
    found = superblock(blocks)
    driver = _Driver(blocks, found)
    return NodeFileSystem(driver, "xfs", uuid=found.uuid, label=found.label, stale=_stale(blocks, found))


def superblock(blocks: Blocks) -> Superblock:
    """Raises Unreadable."""
    raw = blocks.read(0, 4096)
    if len(raw) < 512 or raw[:4] != b"XFSB":
        raise Unreadable("XFS: no superblock")
    (sector,) = struct.unpack_from(">H", raw, 102)
    (version,) = struct.unpack_from(">H", raw, 100)
    if version & FOLDS:
        raise Unreadable("XFS: it takes upper and lower case for the same, which is not read")
    version &= 0xF
    (features,) = struct.unpack_from(">I", raw, 216)
    if version == VERSION_5 and (not 512 <= sector <= 4096 or not _matches(raw[:sector], 224)):
        raise Unreadable("XFS: the superblock's checksum does not match")
    if version == VERSION_5 and features & NEEDS_REPAIR:
        raise Unreadable("XFS: it is marked as in need of repair")
    if version not in {4, VERSION_5} or (version == VERSION_5 and features & ~UNDERSTOOD):
        raise Unreadable("XFS: it has features that are not read")
    block_bytes, total = struct.unpack_from(">IQ", raw, 4)
    (start,) = struct.unpack_from(">Q", raw, 48)
    (group,) = struct.unpack_from(">I", raw, 84)
    (log,) = struct.unpack_from(">I", raw, 96)
    (inode_bytes,) = struct.unpack_from(">H", raw, 104)
    if not 512 <= block_bytes <= 65536 or not 256 <= inode_bytes <= block_bytes or raw[192] > 7:
        raise Unreadable("XFS: a superblock that makes no sense")
    if total * block_bytes > blocks.size_bytes:
        raise Unreadable("XFS: the file system is larger than its volume")
    return Superblock(
        block_bytes=block_bytes,
        blocks=total,
        groups_blocks=group,
        inode_bytes=inode_bytes,
        inodes_per_block_bits=raw[123],
        group_bits=raw[124],
        folder_block_bytes=block_bytes << raw[192],
        version=version,
        features=features if version == VERSION_5 else 0,
        log_start=start,
        log_blocks=log,
        uuid=str(uuid.UUID(bytes=raw[32:48])),
        label=raw[108:120].split(b"\0")[0].decode(errors="replace"),
    )


def _matches(content: bytes, at: int) -> bool:
    told = int.from_bytes(content[at : at + 4], "little")
    return int(google_crc32c.value(content[:at] + bytes(4) + content[at + 4 :])) == told


def _stale(blocks: Blocks, found: Superblock) -> str:
    if not found.log_start:
        return "its log is on another device"
    try:
        start = found.byte_of_block(found.log_start)
        clean = is_clean(blocks, start, found.log_blocks * found.block_bytes)
    except Unreadable as why:
        return f"its log cannot be read: {why}"
    return "" if clean else "its log was not put in its place, and is not replayed here"


class _File:
    """Blocks as the library reads them: a file. What went wrong below it is kept: it would lose the words."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._at = 0
        self.failed: Unreadable | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            content = self._blocks.read(self._at, size if size >= 0 else self._blocks.size_bytes - self._at)
        except Unreadable as why:
            self.failed = why
            raise OSError(str(why)) from why
        self._at += len(content)
        return content

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self._at = offset + {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._blocks.size_bytes}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def get_offset(self) -> int:
        return self._at

    def get_size(self) -> int:
        return self._blocks.size_bytes


class _Driver:
    folds = False

    def __init__(self, blocks: Blocks, superblock: Superblock) -> None:
        self._blocks = blocks
        self._superblock = superblock
        self._file = _File(blocks)
        self._volume = pyfsxfs.volume()
        self._ask("the file system", lambda: self._volume.open_file_object(self._file))
        root = self._ask("the root folder", lambda: self._volume.root_directory)
        self.root = int(self._ask("the root folder", lambda: root.inode_number))

    def names(self, folder: Node) -> Iterator[Name]:
        entry = self._entry(folder.number)
        self._check_folder(folder.number, entry)
        count = int(self._ask("a folder", lambda: entry.number_of_sub_file_entries))
        if count > ENTRIES_MAX:
            raise Unreadable(f"XFS: folder {folder.entry.name} has {count} names")
        for index in range(count):
            below = self._ask(f"folder {folder.number}", lambda: entry.get_sub_file_entry(index))  # noqa: B023
            name = self._ask("a name", lambda: (below.name, below.inode_number))  # noqa: B023
            if name[0] not in {".", ".."}:
                yield Name(str(name[0]), int(name[1]))

    def node(self, name: Name, folder: Node) -> Node:
        entry = self._entry(name.number)
        mode, size, owner, time = self._ask(
            name.text,
            lambda: (
                entry.file_mode,
                entry.size,
                entry.owner_identifier,
                entry.get_modification_time_as_integer(),
            ),
        )
        kind = _KINDS.get(int(mode) & 0xF000, Kind.OTHER)
        shown = Entry(name.text, kind, int(size), int(mode) & 0o7777, int(owner), int(time) / 1e9)
        return Node(shown, name.number, folder.number)

    def target(self, link: Node) -> str:
        if link.entry.size_bytes > TARGET_MAX:
            raise Unreadable(f"link {link.entry.name} is {link.entry.size_bytes} bytes long")
        entry = self._entry(link.number)
        found = self._ask(link.entry.name, lambda: entry.symbolic_link_target)
        if not found:
            raise Unreadable(f"link {link.entry.name} leads nowhere")
        return str(found)

    def content(self, file: Node, offset: int, length: int) -> bytes:
        entry = self._entry(file.number)
        read: bytes = self._ask(file.entry.name, lambda: entry.read_buffer_at_offset(length, offset))
        if len(read) != length:
            raise Unreadable(f"XFS: {file.entry.name} is cut short")
        return read

    def _entry(self, inode: int) -> Any:
        """What is kept under that number, once its inode was checked."""
        self._inode(inode)
        found = self._ask(f"inode {inode}", lambda: self._volume.get_file_entry_by_inode(inode))
        if found is None:
            raise Unreadable(f"XFS: inode {inode} is missing")
        return found

    def _inode(self, inode: int) -> bytes:
        fs = self._superblock
        raw = self._blocks.read(fs.byte_of_inode(inode), fs.inode_bytes)
        if len(raw) != fs.inode_bytes or raw[:2] != b"IN":
            raise Unreadable(f"XFS: inode {inode} is damaged")
        if fs.has_checksums and (not _matches(raw, 100) or int.from_bytes(raw[152:160], "big") != inode):
            raise Unreadable(f"XFS: the checksum of inode {inode} does not match")
        return raw

    def _check_folder(self, inode: int, entry: Any) -> None:
        """That the blocks which hold its names are all there, and are what was written."""
        raw = self._inode(inode)
        if raw[5] == _IN_INODE or not self._superblock.has_checksums:
            return
        size, step = int.from_bytes(raw[56:64], "big"), self._superblock.folder_block_bytes
        seen = 0
        for at in self._folder_blocks(inode, entry):
            self._check_block(inode, self._blocks.read(at, step))
            seen += step
        if seen != size or not size:
            raise Unreadable(f"XFS: folder {inode} is cut short")

    def _folder_blocks(self, inode: int, entry: Any) -> Iterator[int]:
        """Where the blocks with names lie. The library tells extents in order, as offset, size and flags."""
        what, step = f"folder {inode}", self._superblock.folder_block_bytes
        size = int.from_bytes(self._inode(inode)[56:64], "big")
        logical = 0
        for index in range(int(self._ask(what, lambda: entry.number_of_extents))):
            at, length, _ = self._ask(what, lambda: entry.get_extent(index))  # noqa: B023
            for within in range(0, int(length), step):
                if logical >= size:
                    return
                yield int(at) + within
                logical += step

    def _check_block(self, inode: int, block: bytes) -> None:
        if block[:4] not in _CHECKSUM_AT or not _matches(block, 4) or int.from_bytes(block[40:48], "big") != inode:
            raise Unreadable(f"XFS: the checksum of a block of folder {inode} does not match")

    def _ask(self, what: str, question: Callable[[], Any]) -> Any:
        return ask(self._file, what, question)
