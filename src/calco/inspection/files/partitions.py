"""Reads what lies where on a disk: the partition table, then what is in each partition.

A table is hostile until read: what is damaged, lies outside of the disk or over something else is said as trouble, and
what lies there is not read. Tables are bounded; a chain of logical partitions ends when it comes back to itself.

Source: UEFI specification 2.10, chapter 5 (GPT, the protective MBR and its place); util-linux, libfdisk/src/dos.c
(logical partitions); Linux, block/partitions/efi.c (which of two tables counts); Microsoft,
"PARTITION_INFORMATION_GPT".
"""

import struct
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.files.part import Part
from calco.inspection.files.signatures import is_file_system, volume
from calco.inspection.files.volumes import Disk, Volume
from calco.inspection.text import utf_16

SECTORS = (512, 4096)
ENTRIES_MAX = 1024
LOGICAL_MAX = 128
TROUBLE_MAX = 5

PROTECTIVE = 0xEE
EXTENDED = frozenset({0x05, 0x0F, 0x85})
DYNAMIC = 0x42

NAMED = MappingProxyType(
    {
        "E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D": ("storage spaces", "a member of Storage Spaces, which is not read"),
        "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3": ("dynamic disk", "where a dynamic disk keeps its own table"),
        "AF9B60A0-1431-4F62-BC68-3311714A69AD": ("dynamic disk", "volumes of a dynamic disk, which are not read"),
        "E3C9E316-0B5C-4DB8-817D-F92DF00215AE": ("reserved", "kept free by Windows"),
        "21686148-6449-6E6F-744E-656564454649": ("boot loader", "a boot loader's own, without files"),
    }
)
"""Partitions that their type tells, whatever they hold."""


@dataclass(frozen=True)
class Extent:
    """Where a table says that a partition lies, in bytes. ``named``: what its type tells of it, and why."""

    number: int
    offset: int
    size_bytes: int
    uuid: str = ""
    named: tuple[str, str] = ("", "")
    label: str = ""


@dataclass(frozen=True)
class Table:
    type: str
    extents: tuple[Extent, ...] = ()
    trouble: tuple[str, ...] = ()


def volumes_of(blocks: Blocks) -> Disk:
    """What is on the disk. Never raises for what is on it."""
    try:
        table = _table(blocks)
    except Unreadable as why:
        return Disk(blocks, "", (), str(why))
    if not table.type:
        return Disk(blocks, "", (volume(blocks, "the whole disk", 0, 0),), "; ".join(table.trouble))
    bad = _misplaced(table.extents, blocks.size_bytes)
    trouble = [*table.trouble, *(f"partition {number} {why}" for number, why in bad.items())]
    if len(trouble) > TROUBLE_MAX:
        trouble = [*trouble[:TROUBLE_MAX], f"and {len(trouble) - TROUBLE_MAX} more like it"]
    return Disk(
        blocks,
        table.type,
        tuple(_volume(blocks, each, bad.get(each.number, "")) for each in table.extents),
        "; ".join(trouble),
    )


def _volume(blocks: Blocks, extent: Extent, trouble: str) -> Volume:
    content, why = ("unknown", f"it {trouble}") if trouble else extent.named
    name = f"partition {extent.number}"
    if content:
        found = Volume(name, extent.offset, extent.size_bytes, content, None, why, extent.uuid, extent.number)
    else:
        part = Part(blocks, extent.offset, extent.size_bytes)
        found = volume(part, name, extent.offset, extent.number, extent.uuid)
    return replace(found, label=extent.label)


def _misplaced(extents: Sequence[Extent], size_bytes: int) -> dict[int, str]:
    """What is wrong with where they lie, by number: of two that overlap it is both."""
    found: dict[int, str] = {}
    furthest: Extent | None = None
    for each in sorted(extents, key=lambda each: each.offset):
        if each.size_bytes <= 0 or each.offset + each.size_bytes > size_bytes:
            found[each.number] = "lies outside of the disk"
        if furthest is not None and each.offset < furthest.offset + furthest.size_bytes:
            found.setdefault(each.number, f"overlaps partition {furthest.number}")
            found.setdefault(furthest.number, f"overlaps partition {each.number}")
        if furthest is None or each.offset + each.size_bytes > furthest.offset + furthest.size_bytes:
            furthest = each
    return found


def _table(blocks: Blocks) -> Table:
    first = blocks.read(0, 512)
    if is_file_system(first):
        return Table("")
    entries = _mbr_entries(first)
    if entries and all(each.type != PROTECTIVE for each in entries):
        return _mbr(blocks, entries)
    gpt = _gpt(blocks)
    if gpt is not None:
        missing = () if entries else ("the protective MBR of the GPT is missing",)
        return Table("gpt", gpt.extents, (*missing, *gpt.trouble))
    if entries:
        return Table("gpt", (), ("both copies of the GPT are damaged or missing",))
    return Table("")


# ----- GPT


def _gpt(blocks: Blocks) -> Table | None:
    """By its first copy, else by the second, at the end of the disk. None when there is neither."""
    for sector in SECTORS:
        found = _gpt_at(blocks, sector, 1)
        if found is not None:
            return found
    for sector in SECTORS:
        found = _gpt_at(blocks, sector, blocks.size_bytes // sector - 1)
        if found is not None:
            said = "the first copy of the GPT is damaged; the second was read"
            return Table("gpt", found.extents, (said, *found.trouble))
    return None


def _gpt_at(blocks: Blocks, sector: int, at: int) -> Table | None:
    header = blocks.read(at * sector, sector)
    if at < 1 or len(header) < 92 or header[:8] != b"EFI PART":
        return None
    (header_bytes, told) = struct.unpack_from("<II", header, 12)
    if not 92 <= header_bytes <= sector or zlib.crc32(header[:16] + bytes(4) + header[20:header_bytes]) != told:
        return None
    (mine,) = struct.unpack_from("<Q", header, 24)
    lba, count, size, told = struct.unpack_from("<QIII", header, 72)
    if mine != at or not 128 <= size <= 4096 or size % 128:
        return None
    if count > ENTRIES_MAX:
        return Table("gpt", (), (f"the GPT has {count} entries, which is too many",))
    entries = blocks.read(lba * sector, count * size)
    if len(entries) != count * size or zlib.crc32(entries) != told:
        return None
    return Table("gpt", tuple(_gpt_extents(entries, size, sector)))


def _gpt_extents(entries: bytes, size: int, sector: int) -> Iterator[Extent]:
    for index in range(len(entries) // size):
        type, id, start, end = struct.unpack_from("<16s16sQQ", entries, index * size)
        if any(type):
            named = NAMED.get(str(uuid.UUID(bytes_le=type)).upper(), ("", ""))
            label = utf_16(entries[index * size + 56 : index * size + 128]).split("\0")[0]
            size_bytes = (end - start + 1) * sector
            yield Extent(index + 1, start * sector, size_bytes, str(uuid.UUID(bytes_le=id)), named, label)


# ----- MBR


@dataclass(frozen=True)
class _Entry:
    number: int
    type: int
    start: int
    count: int


def _mbr_entries(sector: bytes) -> list[_Entry]:
    """Those in use; none when it is no such table."""
    if len(sector) < 512 or sector[510:512] != b"\x55\xaa":
        return []
    found = []
    for number in range(1, 5):
        flag, type, start, count = struct.unpack_from("<B3xB3xII", sector, 430 + 16 * number)
        if flag not in {0, 0x80}:
            return []
        if type and count:
            found.append(_Entry(number, type, start, count))
    return found


def _mbr(blocks: Blocks, entries: list[_Entry]) -> Table:
    extents: list[Extent] = []
    trouble: list[str] = []
    for each in entries:
        if each.type not in EXTENDED:
            extents.append(_mbr_extent(each.number, each, 0))
            continue
        try:
            extents.extend(_logical(blocks, each))  # what it finds before the chain breaks is kept
        except Unreadable as why:
            trouble.append(str(why))
    return Table("mbr", tuple(extents), tuple(trouble))


def _mbr_extent(number: int, entry: _Entry, base: int) -> Extent:
    named = ("dynamic disk", "part of a dynamic disk, which is not read") if entry.type == DYNAMIC else ("", "")
    return Extent(number, (base + entry.start) * 512, entry.count * 512, "", named)


def _logical(blocks: Blocks, extended: _Entry) -> Iterator[Extent]:
    """A chain of tables, each with one partition, and where the next table lies within the extended one."""
    at, number, seen = extended.start, 5, set[int]()
    while True:
        if at in seen or len(seen) >= LOGICAL_MAX:
            raise Unreadable("the chain of logical partitions has no end")
        seen.add(at)
        sector = blocks.read(at * 512, 512)
        entries = _mbr_entries(sector)
        if not entries and (sector[510:512] != b"\x55\xaa" or any(sector[446:510])):
            raise Unreadable("the chain of logical partitions is broken")
        for each in entries:
            if each.type not in EXTENDED:
                yield _mbr_extent(number, each, at)
                number += 1
        below = [each for each in entries if each.type in EXTENDED]
        if not below:
            return
        at = extended.start + below[0].start
