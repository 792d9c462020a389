"""What a running ext3 or ext4 had promised but not yet put in its place: its journal, replayed in memory.

A snapshot of a running machine has such a journal, and so has a machine that was switched off. Read without it, a
folder may be older than what its system had been told was written, and a block may belong to two things. Nothing is
written: the blocks of complete transactions are laid over the disk. What a journal holds that this does not understand,
or whose checksum does not match, leaves the file system as it is, and it says so (``stale``).

Source: Linux, Documentation/filesystems/ext4/journal.rst (the layout), fs/jbd2/recovery.c (which transactions count,
and when a revoked block is left out).
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.files.ext4 import RECOVER, Ext4, Run, crc32c

MAGIC = 0xC03B3998
DESCRIPTOR, COMMIT, SUPERBLOCK_1, SUPERBLOCK_2, REVOKE = 1, 2, 3, 4, 5
REVOKES, LONG, CSUM_2, CSUM_3 = 0x1, 0x2, 0x8, 0x10
ESCAPED, SAME_UUID, LAST_TAG = 0x1, 0x2, 0x8
CRC32C = 4

NOT_UNMOUNTED = "it was not unmounted; its journal was replayed as far as it goes"


class NotReplayed(Exception):
    """Why the journal was left as it is."""


@dataclass(frozen=True)
class Tag:
    """One block of a transaction: where it belongs, and where in the journal it lies."""

    block: int
    source: int
    is_escaped: bool
    checksum: int


@dataclass
class Transaction:
    sequence: int
    tags: list[Tag] = field(default_factory=list)
    revoked: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Log:
    """The journal's own superblock."""

    block_bytes: int
    length: int
    first: int
    sequence: int
    start: int
    features: int
    seed: int

    @property
    def has_checksums(self) -> bool:
        return bool(self.features & (CSUM_2 | CSUM_3))

    @property
    def tag_bytes(self) -> int:
        if self.features & CSUM_3:
            return 16
        return (12 if self.features & LONG else 8) + (2 if self.features & CSUM_2 else 0)


class Replayed:
    """``Blocks`` with the journal's blocks laid over them."""

    def __init__(self, below: Blocks, block_bytes: int, places: dict[int, tuple[int, bool]]) -> None:
        self.size_bytes = below.size_bytes
        self._below = below
        self._block_bytes = block_bytes
        self._places = places

    def read(self, offset: int, length: int) -> bytes:
        size = self._block_bytes
        length = max(0, min(length, self.size_bytes - offset))
        touched = [each for each in range(offset // size, -(-(offset + length) // size)) if each in self._places]
        content = bytearray(self._below.read(offset, length))
        for each in touched:
            source, is_escaped = self._places[each]
            block = self._below.read(source * size, size)
            if is_escaped:
                block = struct.pack(">I", MAGIC) + block[4:]
            begin, end = max(offset, each * size), min(offset + length, (each + 1) * size)
            content[begin - offset : end - offset] = block[begin - each * size : end - each * size]
        return bytes(content)


def replayed(blocks: Blocks) -> tuple[Blocks, str]:
    """The file system as its next mount would find it, and why it may yet be older: empty when it was unmounted.

    A log ends where a block is not the one that is next, and a block of it that is lost looks just so. What is found
    after a replay is there; what is not found may have been in what follows.

    Raises Unreadable when not even the superblock makes sense.
    """
    fs = Ext4(blocks)
    if not fs.superblock.incompatible & RECOVER:
        return blocks, ""
    try:
        return _Journal(fs).laid_over(blocks), NOT_UNMOUNTED
    except (NotReplayed, Unreadable) as why:
        return blocks, f"its journal was not replayed: {why}"


class _Journal:
    def __init__(self, fs: Ext4) -> None:
        if fs.superblock.journal_device or not fs.superblock.journal_inode:
            raise NotReplayed("it is on another device")
        self._fs = fs
        inode = fs.inode(fs.superblock.journal_inode)
        self._runs: list[Run] = [*fs.runs(inode)]
        self._begins = [each.logical for each in self._runs]
        self._log = _log(self._block(0), fs.superblock.block_bytes)
        if self._log.length * self._log.block_bytes > inode.size_bytes:
            raise NotReplayed("it is longer than its file")

    def laid_over(self, blocks: Blocks) -> Blocks:
        log = self._log
        if not log.start:
            return blocks
        done = [*self._transactions()]
        revoked: dict[int, int] = {}
        for transaction in done:
            revoked.update(dict.fromkeys(transaction.revoked, transaction.sequence))
        places: dict[int, tuple[int, bool]] = {}
        for transaction in done:
            for tag in transaction.tags:
                if transaction.sequence > revoked.get(tag.block, -1):
                    places[tag.block] = self._place(tag.source), tag.is_escaped
                    self._check(tag, transaction.sequence)
        return Replayed(blocks, log.block_bytes, places)

    def _transactions(self) -> Iterator[Transaction]:
        """The complete ones, in order. The log ends where a block is not of the sequence that is next."""
        log, at, seen = self._log, self._log.start, 0
        open_ = Transaction(log.sequence)
        while seen <= log.length:
            block = self._block(at)
            magic, kind, sequence = struct.unpack_from(">III", block)
            if magic != MAGIC or sequence != open_.sequence or kind not in {DESCRIPTOR, COMMIT, REVOKE}:
                return
            self._check_block(block, kind)
            at, seen = self._after(at, 1), seen + 1
            if kind == DESCRIPTOR:
                for tag in self._tags(block, at):
                    open_.tags.append(tag)
                    at, seen = self._after(at, 1), seen + 1
            elif kind == REVOKE:
                open_.revoked += self._revoked(block)
            else:
                yield open_
                open_ = Transaction((open_.sequence + 1) & 0xFFFFFFFF)
        raise NotReplayed("its log has no end")

    def _after(self, at: int, count: int) -> int:
        at += count
        return at if at < self._log.length else at - self._log.length + self._log.first

    def _tags(self, block: bytes, at: int) -> Iterator[Tag]:
        log, end = self._log, len(block) - (4 if self._log.has_checksums else 0)
        where = 12
        while where + log.tag_bytes <= end:
            if log.features & CSUM_3:
                low, flags, high, checksum = struct.unpack_from(">IIII", block, where)
            else:
                low, checksum, flags = struct.unpack_from(">IHH", block, where)
                high = int.from_bytes(block[where + 8 : where + 12], "big") if log.features & LONG else 0
            number = low | (high << 32 if log.features & LONG else 0)
            if number >= self._fs.superblock.blocks:
                raise NotReplayed(f"block {number} is outside of the file system")
            yield Tag(number, at, bool(flags & ESCAPED), checksum)
            at = self._after(at, 1)
            where += log.tag_bytes + (0 if flags & SAME_UUID else 16)
            if flags & LAST_TAG:
                return

    def _revoked(self, block: bytes) -> list[int]:
        (used,) = struct.unpack_from(">I", block, 12)
        if used < 16 or used > len(block) - (4 if self._log.has_checksums else 0):
            raise NotReplayed("a revocation makes no sense")
        form = ">Q" if self._log.features & LONG else ">I"
        whole = used - (used - 16) % struct.calcsize(form)
        return [number for (number,) in struct.iter_unpack(form, block[16:whole])]

    def _check_block(self, block: bytes, kind: int) -> None:
        if not self._log.has_checksums:
            return
        at = 16 if kind == COMMIT else len(block) - 4
        told = int.from_bytes(block[at : at + 4], "big")
        if crc32c(self._log.seed, block[:at] + bytes(4) + block[at + 4 :]) != told:
            raise NotReplayed("a checksum of it does not match")

    def _check(self, tag: Tag, sequence: int) -> None:
        if not self._log.has_checksums:
            return
        sum = crc32c(crc32c(self._log.seed, struct.pack(">I", sequence)), self._block(tag.source))
        if (sum if self._log.features & CSUM_3 else sum & 0xFFFF) != tag.checksum:
            raise NotReplayed(f"the checksum of block {tag.block} in it does not match")

    def _place(self, logical: int) -> int:
        run = self._runs[max(0, bisect_right(self._begins, logical) - 1)]
        if not run.logical <= logical < run.logical + run.count or not run.written:
            raise NotReplayed("it has a hole")
        return run.physical + logical - run.logical

    def _block(self, logical: int) -> bytes:
        return self._fs.block(self._place(logical))


def _log(block: bytes, block_bytes: int) -> Log:
    magic, kind, _, size, length, first, sequence, start = struct.unpack_from(">IIIIIIII", block)
    if magic != MAGIC or kind not in {SUPERBLOCK_1, SUPERBLOCK_2}:
        raise NotReplayed("it has no superblock")
    if size != block_bytes or not 0 < first < length or (start and not first <= start < length):
        raise NotReplayed("its superblock makes no sense")
    compatible, features = struct.unpack_from(">II", block, 0x24) if kind == SUPERBLOCK_2 else (0, 0)
    if compatible or features & ~(REVOKES | LONG | CSUM_2 | CSUM_3):
        raise NotReplayed("it has features that are not understood")
    log = Log(size, length, first, sequence, start, features, crc32c(0xFFFFFFFF, block[0x30:0x40]))
    if log.has_checksums:
        told = int.from_bytes(block[0xFC:0x100], "big")
        bare = block[:0xFC] + bytes(4) + block[0x100:1024]
        if block[0x50] != CRC32C or crc32c(0xFFFFFFFF, bare) != told:
            raise NotReplayed("the checksum of its superblock does not match")
    return log
