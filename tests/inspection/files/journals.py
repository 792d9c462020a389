"""Writes journals of ext as Linux lays them out, so that any can be held against what e2fsck makes of it.

Source: Linux, Documentation/filesystems/ext4/journal.rst.
"""

import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import google_crc32c

from tests.inspection.disks import block_bytes_of, changed_by, run

MAGIC = 0xC03B3998
DESCRIPTOR, COMMIT, REVOKE = 1, 2, 5
REVOKES, LONG, CSUM_2, CSUM_3 = 0x1, 0x2, 0x8, 0x10
ESCAPED, SAME_UUID, LAST = 0x1, 0x2, 0x8


@dataclass(frozen=True)
class Written:
    """One transaction: what belongs where, and which blocks it takes back. ``late``: how far its number is off."""

    blocks: Mapping[int, bytes] = field(default_factory=dict)
    revoked: Sequence[int] = ()
    is_committed: bool = True
    late: int = 0


def with_journal(disk: bytes, transactions: Sequence[Written], *, features: int, start: int, sequence: int) -> bytes:
    """A bare ext4 with those transactions from block ``start`` of its journal on."""
    return _Writer(_in_use(disk), _places(disk), features, start, sequence).written(transactions)


@cache
def _in_use(disk: bytes) -> bytes:
    return changed_by(disk, "debugfs", "-w", "-f", "-", stdin="feature needs_recovery\n")


def journal_length(disk: bytes) -> int:
    """In blocks."""
    return int(struct.unpack_from(">I", disk, _journal(disk) + 16)[0])


def _journal(disk: bytes) -> int:
    return disk.index(struct.pack(">II", MAGIC, 4))


@cache
def _places(disk: bytes) -> tuple[int, ...]:
    """Where each of its blocks lies."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(disk)
        file.flush()
        return tuple(map(int, run("debugfs", "-R", "blocks <8>", file.name).split()))


def _crc32c(seed: int, content: bytes) -> int:
    return int(google_crc32c.extend(seed ^ 0xFFFFFFFF, content)) ^ 0xFFFFFFFF


class _Writer:
    def __init__(self, disk: bytes, places: Sequence[int], features: int, start: int, sequence: int) -> None:
        self._disk = bytearray(disk)
        self._at = _journal(disk)
        self._size = block_bytes_of(disk)
        self._length = journal_length(disk)
        self._places = places
        assert len(places) == self._length
        self._features = features
        self._where = start
        self._sequence = sequence
        self._seed = _crc32c(0xFFFFFFFF, disk[self._at + 0x30 : self._at + 0x40])
        head = bytearray(self._disk[self._at : self._at + 1024])
        struct.pack_into(">II", head, 0x18, sequence, start)
        struct.pack_into(">III", head, 0x24, 0, features, 0)
        head[0x50] = 4 if self._sums else 0
        struct.pack_into(">I", head, 0xFC, 0)
        struct.pack_into(">I", head, 0xFC, _crc32c(0xFFFFFFFF, bytes(head)) if self._sums else 0)
        self._disk[self._at : self._at + 1024] = head

    @property
    def _sums(self) -> bool:
        return bool(self._features & (CSUM_2 | CSUM_3))

    def written(self, transactions: Sequence[Written]) -> bytes:
        for each in transactions:
            self._transaction(each)
            self._sequence += 1
        return bytes(self._disk)

    def _transaction(self, what: Written) -> None:
        sequence = (self._sequence - what.late) & 0xFFFFFFFF
        if what.blocks:
            self._put(self._descriptor(what.blocks, sequence), tail=True)
            for content in what.blocks.values():
                self._put(bytes(4) + content[4:] if _is_escaped(content) else content)
        if what.revoked:
            form = ">Q" if self._features & LONG else ">I"
            words = b"".join(struct.pack(form, each) for each in what.revoked)
            self._put(struct.pack(">IIII", MAGIC, REVOKE, sequence, 16 + len(words)) + words, tail=True)
        if what.is_committed:
            block = struct.pack(">III", MAGIC, COMMIT, sequence).ljust(self._size, b"\0")
            sum = _crc32c(self._seed, block) if self._sums else 0
            self._put(block[:16] + struct.pack(">I", sum) + block[20:])

    def _descriptor(self, blocks: Mapping[int, bytes], sequence: int) -> bytes:
        words = struct.pack(">III", MAGIC, DESCRIPTOR, sequence)
        for index, (number, content) in enumerate(blocks.items()):
            kept = bytes(4) + content[4:] if _is_escaped(content) else content
            flags = ESCAPED * _is_escaped(content) | SAME_UUID * (index > 0) | LAST * (index == len(blocks) - 1)
            sum = _crc32c(_crc32c(self._seed, struct.pack(">I", sequence)), kept) if self._sums else 0
            low, high = number & 0xFFFFFFFF, number >> 32
            if self._features & CSUM_3:
                words += struct.pack(">IIII", low, flags, high, sum)
            else:
                words += struct.pack(">IHH", low, sum & 0xFFFF, flags)
                words += struct.pack(">I", high) if self._features & LONG else b""
                words += bytes(2) if self._features & CSUM_2 else b""
            words += b"" if index else bytes(16)
        return words

    def _put(self, block: bytes, *, tail: bool = False) -> None:
        block = block.ljust(self._size, b"\0")
        if tail and self._sums:
            block = block[:-4] + struct.pack(">I", _crc32c(self._seed, block[:-4] + bytes(4)))
        at = self._places[self._where] * self._size
        self._disk[at : at + self._size] = block
        self._where = self._where + 1 if self._where + 1 < self._length else 1


def _is_escaped(content: bytes) -> bool:
    return content[:4] == struct.pack(">I", MAGIC)
