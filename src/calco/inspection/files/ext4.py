"""ext2, ext3 and ext4: the superblock, inodes, files and folders, each checked as far as its checksums go.

The libraries that read ext check none of its checksums, and one of them took 23 s to list a sparse file: decision 26.

With the feature ``metadata_csum`` (mke2fs's default since 2018) each of these carries a checksum, and what does not
match is unreadable. Without it a folder must still be whole: no hole, every block's entries fill it exactly, and it
begins with itself and the folder it was found in.

Source: Linux, Documentation/filesystems/ext4 (super, group_descr, inodes, ifork, directory, checksums).
"""

import struct
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import google_crc32c

from calco.inspection.blocks import Blocks, Unreadable

ROOT = 2
RUNS_MAX = 100_000
FOLDER_BYTES_MAX = 64 << 20
TARGET_MAX = 4096
"""Bytes of a link. Source: limits.h, PATH_MAX."""

HAS_JOURNAL = 0x4  # compatible features
RECOVER, JOURNAL_DEV, META_BG, EXTENTS, LONG = 0x4, 0x8, 0x10, 0x40, 0x80
FILE_TYPES, CSUM_SEED, FLEX_BG = 0x2, 0x2000, 0x200
METADATA_CSUM = 0x400  # a feature that a reader may not know

UNDERSTOOD = 0x2 | RECOVER | EXTENTS | LONG | 0x100 | FLEX_BG | 0x400 | CSUM_SEED | 0x4000 | 0x8000 | 0x10000 | 0x20000
"""Also: multi-mount protection, values in inodes of their own, large folders, content in inodes, encrypted folders,
folders without regard to case. None of them changes what is read here, or what it changes is told by the inode."""

KINDS: Mapping[int, int] = MappingProxyType(
    {1: 0x8000, 2: 0x4000, 3: 0x2000, 4: 0x6000, 5: 0x1000, 6: 0xC000, 7: 0xA000}
)
"""What a folder says that something is, as its inode's mode says it. Source: directory.rst, the file_type."""

_ENCRYPTED, _INDEXED, _WITH_EXTENTS, _INLINE, _FOLDS = 0x800, 0x1000, 0x80000, 0x10000000, 0x40000000
"""Flags of an inode."""


@dataclass(frozen=True)
class Superblock:
    """``state``: 1 closed cleanly, 2 has errors. ``seed`` is what every other checksum begins with."""

    blocks: int
    block_bytes: int
    first_block: int
    blocks_per_group: int
    inodes: int
    inodes_per_group: int
    inode_bytes: int
    descriptor_bytes: int
    state: int
    compatible: int
    incompatible: int
    read_only: int
    uuid: bytes
    label: str
    journal_inode: int
    journal_device: int
    seed: int

    @property
    def has_checksums(self) -> bool:
        return bool(self.read_only & METADATA_CSUM)

    @property
    def type(self) -> str:
        """As blkid tells them: journal and what else is used."""
        if self.incompatible & (EXTENTS | LONG | FLEX_BG) or self.read_only & ~0x7:
            return "ext4"
        return "ext3" if self.compatible & HAS_JOURNAL else "ext2"


@dataclass(frozen=True)
class Inode:
    """``mode`` with what kind it is; ``modified``: seconds since 1970."""

    number: int
    mode: int
    owner: int
    size_bytes: int
    modified: float
    flags: int
    generation: int
    block_map: bytes


@dataclass(frozen=True)
class Run:
    """Blocks that lie in a row. ``written`` is False for those that read as zeros whatever is there."""

    logical: int
    physical: int
    count: int
    written: bool = True


def crc32c(seed: int, content: bytes) -> int:
    """As Linux counts it: without turning the bits at either end."""
    return int(google_crc32c.extend(seed ^ 0xFFFFFFFF, content)) ^ 0xFFFFFFFF


def superblock(blocks: Blocks) -> Superblock:
    """Raises Unreadable."""
    raw = blocks.read(1024, 1024)
    if len(raw) < 1024 or raw[0x38:0x3A] != b"\x53\xef":
        raise Unreadable("ext: no superblock")
    compatible, incompatible, read_only = struct.unpack_from("<III", raw, 0x5C)
    if read_only & METADATA_CSUM and crc32c(0xFFFFFFFF, raw[:0x3FC]) != _u32(raw, 0x3FC):
        raise Unreadable("ext: the superblock's checksum does not match")
    id = raw[0x68:0x78]
    revision = _u32(raw, 0x4C)
    found = Superblock(
        blocks=_u32(raw, 4) + (_u32(raw, 0x150) << 32 if incompatible & LONG else 0),
        block_bytes=1024 << min(_u32(raw, 0x18), 16),
        first_block=_u32(raw, 0x14),
        blocks_per_group=_u32(raw, 0x20),
        inodes=_u32(raw, 0),
        inodes_per_group=_u32(raw, 0x28),
        inode_bytes=_u16(raw, 0x58) if revision else 128,
        descriptor_bytes=_u16(raw, 0xFE) if incompatible & LONG else 32,
        state=_u16(raw, 0x3A),
        compatible=compatible,
        incompatible=incompatible,
        read_only=read_only,
        uuid=id,
        label=raw[0x78:0x88].split(b"\0")[0].decode(errors="replace"),
        journal_inode=_u32(raw, 0xE0),
        journal_device=_u32(raw, 0xE4),
        seed=_u32(raw, 0x270) if incompatible & CSUM_SEED else crc32c(0xFFFFFFFF, id),
    )
    _sane(found, blocks.size_bytes)
    return found


def _sane(found: Superblock, size_bytes: int) -> None:
    if found.incompatible & JOURNAL_DEV:
        raise Unreadable("ext: the journal of another file system")
    if found.incompatible & META_BG:
        raise Unreadable("ext: meta block groups are not read")
    if found.incompatible & ~UNDERSTOOD:
        raise Unreadable("ext: it has features that are not read")
    if (
        not 1024 <= found.block_bytes <= 65536
        or not 0 < found.inodes_per_group <= 8 * found.block_bytes
        or found.blocks_per_group <= 0
        or found.inode_bytes not in {128, 256, 512, 1024, 2048, 4096}
        or found.inode_bytes > found.block_bytes
        or not 32 <= found.descriptor_bytes <= 1024
    ):
        raise Unreadable("ext: a superblock that makes no sense")
    if found.blocks * found.block_bytes > size_bytes:
        raise Unreadable("ext: the file system is larger than its volume")


class Ext4:
    """Its structures, checked. Everything raises Unreadable."""

    def __init__(self, blocks: Blocks) -> None:
        self.superblock = superblock(blocks)
        self._blocks = blocks
        self._tables: dict[int, int] = {}

    @property
    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.superblock.uuid))

    def block(self, number: int, count: int = 1) -> bytes:
        size = self.superblock.block_bytes
        if not 0 <= number <= number + count <= self.superblock.blocks:
            raise Unreadable(f"ext: block {number} is outside of the file system")
        content = self._blocks.read(number * size, count * size)
        if len(content) != count * size:
            raise Unreadable(f"ext: block {number} is cut off")
        return content

    def inode(self, number: int) -> Inode:
        fs = self.superblock
        if not 0 < number <= fs.inodes:
            raise Unreadable(f"ext: inode {number} is none")
        group, index = divmod(number - 1, fs.inodes_per_group)
        at = self._table(group) * fs.block_bytes + index * fs.inode_bytes
        raw = self._blocks.read(at, fs.inode_bytes)
        if len(raw) != fs.inode_bytes:
            raise Unreadable(f"ext: inode {number} is cut off")
        if fs.has_checksums and not self._inode_matches(number, raw):
            raise Unreadable(f"ext: the checksum of inode {number} does not match")
        return Inode(
            number=number,
            mode=_u16(raw, 0),
            owner=_u16(raw, 2) | (_u16(raw, 0x78) << 16),
            size_bytes=_u32(raw, 4) | (_u32(raw, 0x6C) << 32),
            modified=_time(raw),
            flags=_u32(raw, 0x20),
            generation=_u32(raw, 0x64),
            block_map=raw[0x28:0x64],
        )

    def runs(self, inode: Inode) -> Iterator[Run]:
        """Where its content lies, in order; holes are left out."""
        if inode.flags & _INLINE:
            raise Unreadable(f"ext: inode {inode.number} keeps its content in itself, which is not read")
        found = self._extents(inode) if inode.flags & _WITH_EXTENTS else self._indirect(inode)
        end = 0
        for count, run in enumerate(found):
            if run.logical < end or run.count <= 0 or run.physical + run.count > self.superblock.blocks:
                raise Unreadable(f"ext: the blocks of inode {inode.number} make no sense")
            if count > RUNS_MAX:
                raise Unreadable(f"ext: inode {inode.number} is in more than {RUNS_MAX} pieces")
            end = run.logical + run.count
            yield run

    def content(self, inode: Inode, offset: int, length: int) -> bytes:
        """Those bytes of it; where nothing lies, zeros."""
        if inode.flags & _ENCRYPTED:
            raise Unreadable(f"ext: inode {inode.number} is encrypted")
        size, end = self.superblock.block_bytes, offset + length
        found = bytearray(length)
        for run in self.runs(inode):
            begin, stop = max(offset, run.logical * size), min(end, (run.logical + run.count) * size)
            if run.logical * size >= end:
                break
            if begin >= stop or not run.written:
                continue
            at = run.physical * size + begin - run.logical * size
            content = self._blocks.read(at, stop - begin)
            if len(content) != stop - begin:
                raise Unreadable(f"ext: inode {inode.number} is cut off")
            found[begin - offset : stop - offset] = content
        return bytes(found)

    def target(self, inode: Inode) -> bytes:
        """Of a link."""
        if inode.size_bytes > TARGET_MAX:
            raise Unreadable(f"ext: link {inode.number} is {inode.size_bytes} bytes long")
        if inode.size_bytes < len(inode.block_map) and not inode.flags & _WITH_EXTENTS:
            return inode.block_map[: inode.size_bytes]
        return self.content(inode, 0, inode.size_bytes)

    def folder(self, number: int, parent: int) -> Iterator[tuple[bytes, int, int]]:
        """Names, inodes and kinds (0 where the folder keeps none), without ``.`` and ``..``."""
        inode = self.inode(number)
        if inode.mode & 0xF000 != 0x4000:
            raise Unreadable(f"ext: inode {number} is no folder")
        if inode.flags & _ENCRYPTED:
            raise Unreadable(f"ext: folder {number} is encrypted")
        if inode.flags & _FOLDS:
            raise Unreadable(f"ext: folder {number} takes upper and lower case for the same, which is not read")
        for index, block in enumerate(self._folder_blocks(inode)):
            entries = [*self._entries(inode, index, block)]
            if index == 0 and [each[:2] for each in entries[:2]] != [(b".", number), (b"..", parent)]:
                raise Unreadable(f"ext: folder {number} does not begin with itself and its parent")
            yield from entries[2:] if index == 0 else entries

    def _table(self, group: int) -> int:
        """Where a group's inodes begin, by its descriptor."""
        if group not in self._tables:
            fs = self.superblock
            size = fs.descriptor_bytes
            at = (fs.first_block + 1) * fs.block_bytes + group * size
            raw = self._blocks.read(at, size)
            if len(raw) != size:
                raise Unreadable(f"ext: group {group} is cut off")
            if fs.has_checksums:
                sum = crc32c(crc32c(fs.seed, struct.pack("<I", group)), raw[:0x1E] + b"\0\0" + raw[0x20:])
                if sum & 0xFFFF != _u16(raw, 0x1E):
                    raise Unreadable(f"ext: the checksum of group {group} does not match")
            high = _u32(raw, 0x28) << 32 if size >= 64 else 0
            self._tables[group] = _u32(raw, 8) | high
        return self._tables[group]

    def _seed(self, number: int, generation: int) -> int:
        return crc32c(self.superblock.seed, struct.pack("<II", number, generation))

    def _inode_matches(self, number: int, raw: bytes) -> bool:
        has_high = len(raw) > 128 and _u16(raw, 0x80) >= 4
        bare = raw[:0x7C] + b"\0\0" + raw[0x7E:]
        if has_high:
            bare = bare[:0x82] + b"\0\0" + bare[0x84:]
        sum = crc32c(self._seed(number, _u32(raw, 0x64)), bare)
        told = _u16(raw, 0x7C) | (_u16(raw, 0x82) << 16 if has_high else 0)
        return (sum if has_high else sum & 0xFFFF) == told

    def _extents(self, inode: Inode) -> Iterator[Run]:
        """Walks the tree of extents; what lies below is never deeper than it says, hence never a loop."""
        todo = [(inode.block_map, 6)]
        while todo:
            node, above = todo.pop()
            magic, count, most, depth = struct.unpack_from("<HHHH", node)
            if magic != 0xF30A or count > most or 12 + 12 * most > len(node) or depth >= above:
                raise Unreadable(f"ext: the extents of inode {inode.number} make no sense")
            below: list[tuple[bytes, int]] = []
            for at in range(12, 12 + 12 * count, 12):
                if depth:
                    low, high = struct.unpack_from("<IH", node, at + 4)
                    below.append((self._extent_block(inode, low | high << 32), depth))
                    continue
                logical, length, high, low = struct.unpack_from("<IHHI", node, at)
                written = length <= 32768
                yield Run(logical, low | high << 32, length if written else length - 32768, written)
            todo += reversed(below)

    def _extent_block(self, inode: Inode, number: int) -> bytes:
        block = self.block(number)
        at = 12 + 12 * _u16(block, 4)
        if self.superblock.has_checksums and (
            at + 4 > len(block) or crc32c(self._seed(inode.number, inode.generation), block[:at]) != _u32(block, at)
        ):
            raise Unreadable(f"ext: the checksum of an extent block of inode {inode.number} does not match")
        return block

    def _indirect(self, inode: Inode) -> Iterator[Run]:
        each = self.superblock.block_bytes // 4
        total = -(-inode.size_bytes // self.superblock.block_bytes)
        logical = 0
        for slot, pointer in enumerate(struct.unpack("<15I", inode.block_map)):
            depth = max(0, slot - 11)
            if logical >= total:
                return
            if pointer:
                yield from self._pointed(pointer, depth, logical, total)
            logical += each**depth

    def _pointed(self, pointer: int, depth: int, logical: int, total: int) -> Iterator[Run]:
        if depth == 0:
            yield Run(logical, pointer, 1)
            return
        step = (self.superblock.block_bytes // 4) ** (depth - 1)
        for (below,) in struct.iter_unpack("<I", self.block(pointer)):
            if logical >= total:
                return
            if below:
                yield from self._pointed(below, depth - 1, logical, total)
            logical += step

    def _folder_blocks(self, inode: Inode) -> Iterator[bytes]:
        size = self.superblock.block_bytes
        count, rest = divmod(inode.size_bytes, size)
        if rest or not 0 < inode.size_bytes <= FOLDER_BYTES_MAX:
            raise Unreadable(f"ext: folder {inode.number} has a size that cannot be")
        end = 0
        for run in self.runs(inode):
            if run.logical >= count:
                break
            if run.logical != end or not run.written:
                raise Unreadable(f"ext: folder {inode.number} has a hole")
            end = min(count, run.logical + run.count)
            for number in range(run.physical, run.physical + end - run.logical):
                yield self.block(number)
        if end != count:
            raise Unreadable(f"ext: folder {inode.number} is cut short")

    def _entries(self, inode: Inode, index: int, block: bytes) -> Iterator[tuple[bytes, int, int]]:
        """The names in one block of a folder, which they fill exactly."""
        is_node = bool(inode.flags & _INDEXED) and (
            index == 0 or (_u32(block, 0) == 0 and _rest(_u16(block, 4), len(block)) == len(block))
        )
        if self.superblock.has_checksums and not self._folder_matches(inode, index, block, is_node):
            raise Unreadable(f"ext: the checksum of a block of folder {inode.number} does not match")
        at = 0
        while at < len(block):
            number, length, name_bytes, kind = struct.unpack_from("<IHBB", block, at)
            length = _rest(length, len(block))
            if length < 12 or length % 4 or at + length > len(block) or 8 + name_bytes > length:
                raise Unreadable(f"ext: folder {inode.number} is damaged")
            if number and name_bytes:
                kind = kind if self.superblock.incompatible & FILE_TYPES else 0
                yield block[at + 8 : at + 8 + name_bytes], number, kind
            at += length

    def _folder_matches(self, inode: Inode, index: int, block: bytes, is_node: bool) -> bool:
        seed = self._seed(inode.number, inode.generation)
        if not is_node:
            return block[-12:-4] == b"\0\0\0\0\x0c\0\0\xde" and crc32c(seed, block[:-12]) == _u32(
                block, -4 % len(block)
            )
        at = 0x20 if index == 0 else 8
        most, count = struct.unpack_from("<HH", block, at)
        tail = at + 8 * most
        if count > most or tail + 8 > len(block):
            return False
        return crc32c(crc32c(seed, block[: at + 8 * count]), block[tail : tail + 4] + bytes(4)) == _u32(block, tail + 4)


def _time(raw: bytes) -> float:
    """When it was changed last. The extra bits count rounds of 2**32 s, and nanoseconds. Source: inodes.rst."""
    (seconds,) = struct.unpack_from("<i", raw, 0x10)
    extra = _u32(raw, 0x88) if len(raw) > 128 and _u16(raw, 0x80) >= 12 else 0
    return float(seconds + ((extra & 3) << 32)) + (extra >> 2) / 1e9


def _rest(length: int, block_bytes: int) -> int:
    """The length of an entry: of 64 KiB where a block is that large."""
    return 65536 if block_bytes == 65536 and length in {0, 65535} else length


def _u16(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 2], "little")


def _u32(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
