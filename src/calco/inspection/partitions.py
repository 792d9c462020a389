"""Reads what lies where on a disk: the partition table, then what is in each partition.

Source: UEFI specification 2.10, chapter 5 (GPT, protective MBR); the MBR's layout is IBM's of 1983.
"""

import struct
import uuid
from dataclasses import dataclass

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.part import Part
from calco.inspection.signatures import volume
from calco.inspection.volumes import Disk

SECTOR = 512


@dataclass(frozen=True)
class Extent:
    """Where a table says that a partition lies, in bytes."""

    number: int
    offset: int
    size_bytes: int
    uuid: str = ""


def volumes_of(blocks: Blocks) -> Disk:
    """What is on the disk. Never raises for what is on it."""
    try:
        table, extents = _table(blocks)
    except Unreadable as why:
        return Disk(blocks, "", (), str(why))
    if not table:
        return Disk(blocks, "", (volume(blocks, "the whole disk", 0, 0),))
    return Disk(
        blocks,
        table,
        tuple(
            volume(
                Part(blocks, each.offset, each.size_bytes),
                f"partition {each.number}",
                each.offset,
                each.number,
                each.uuid,
            )
            for each in extents
        ),
    )


def _table(blocks: Blocks) -> tuple[str, list[Extent]]:
    first = blocks.read(0, 2 * SECTOR)
    if first[SECTOR : SECTOR + 8] == b"EFI PART":
        return "gpt", _gpt(blocks, first[SECTOR:])
    if first[510:512] != b"\x55\xaa" or first[3:11] in {b"NTFS    ", b"-FVE-FS-"} or first[0x36:0x39] == b"FAT":
        return "", []
    if first[0x52:0x55] == b"FAT":
        return "", []
    found = []
    for number in range(4):
        _, _, type_, _, start, count = struct.unpack_from("<B3sB3sII", first, 446 + 16 * number)
        if type_ and count:
            found.append(Extent(number + 1, start * SECTOR, count * SECTOR))
    return ("mbr", found) if found else ("", [])


def _gpt(blocks: Blocks, header: bytes) -> list[Extent]:
    lba, count, size = struct.unpack_from("<QII", header, 72)
    entries = blocks.read(lba * SECTOR, min(count, 128) * size)
    found = []
    for index in range(min(count, 128)):
        type_, id, start, end = struct.unpack_from("<16s16sQQ", entries, index * size)
        if any(type_):
            found.append(Extent(index + 1, start * SECTOR, (end - start + 1) * SECTOR, str(uuid.UUID(bytes_le=id))))
    return found
