"""What a volume holds, by marks at fixed places, and a file system for what can be read. The rest is named.

Source: util-linux, libblkid/src/superblocks: the marks and where they lie; BitLocker: see ``bitlocker``.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.files import bitlocker
from calco.inspection.files.ext import open_ext
from calco.inspection.files.fat import open_fat
from calco.inspection.files.file_system import FileSystem
from calco.inspection.files.ntfs import open_ntfs
from calco.inspection.files.volumes import Volume
from calco.inspection.files.xfs import open_xfs

KIB = 1024


@dataclass(frozen=True)
class Mark:
    """``why``: why what it marks is not read; empty for what is."""

    content: str
    offset: int
    bytes: bytes
    why: str = ""


_RAID = "a member of a software RAID, which is not assembled"
_SWAP = "swap space, which holds no files"
_ZFS = "a member of a ZFS pool, which is not read"

MARKS = (
    Mark("luks", 0, b"LUKS\xba\xbe\x00\x01", "encrypted by LUKS 1"),
    Mark("luks", 0, b"LUKS\xba\xbe\x00\x02", "encrypted by LUKS 2"),
    Mark("luks", 0, b"LUKS\xba\xbe", "encrypted by LUKS"),
    *(Mark("lvm", at * 512, b"LABELONE", "a physical volume of LVM, which is not read") for at in range(4)),
    *(Mark("raid", at, b"\xfc\x4e\x2b\xa9", _RAID) for at in (0, 4 * KIB)),
    Mark("refs", 0, b"\0\0\0ReFS\0", "ReFS, which is not read"),
    Mark("refs", 3, b"ReFS\0", "ReFS, which is not read"),
    Mark("ntfs", 3, b"NTFS    "),
    Mark("exfat", 3, b"EXFAT   ", "exFAT, which is not read"),
    Mark("fat", 0x52, b"FAT32   "),
    Mark("fat", 0x36, b"FAT12   "),
    Mark("fat", 0x36, b"FAT16   "),
    Mark("xfs", 0, b"XFSB"),
    Mark("ext4", 0x438, b"\x53\xef"),
    Mark("btrfs", 64 * KIB + 0x40, b"_BHRfS_M", "btrfs, which is not read"),
    Mark("f2fs", KIB, b"\x10\x20\xf5\xf2", "F2FS, which is not read"),
    Mark("bcachefs", 4 * KIB + 24, bytes.fromhex("c68573f64e1a45ca8265f57f48ba6d81"), "bcachefs, which is not read"),
    Mark("erofs", KIB, b"\xe2\xe1\xf5\xe0", "EROFS, which is not read"),
    Mark("squashfs", 0, b"hsqs", "SquashFS, which is not read"),
    Mark("apfs", 32, b"NXSB", "APFS, which is not read"),
    Mark("jfs", 32 * KIB, b"JFS1", "JFS, which is not read"),
    Mark("iso9660", 32 * KIB + 1, b"CD001", "ISO 9660, which is not read"),
    *(Mark("reiserfs", 64 * KIB + 52, word, "ReiserFS, which is not read") for word in (b"ReIsErFs", b"ReIsEr2F")),
    *(Mark("swap", page * KIB - 10, word, _SWAP) for page in (4, 8, 16, 64) for word in (b"SWAPSPACE2", b"SWAP-SPACE")),
    *(
        Mark("luks", at * KIB, b"SKUL\xba\xbe", "encrypted by LUKS 2, its first header damaged")
        for at in (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
    ),
    *(
        Mark("zfs", (128 + at) * KIB, word, _ZFS)
        for at in range(128)
        for word in (struct.pack("<Q", 0x00BAB10C), struct.pack(">Q", 0x00BAB10C))
    ),
)
"""The first that is found counts: what encrypts or spreads comes before what may show through it."""

OPEN: Mapping[str, Callable[[Blocks], FileSystem]] = MappingProxyType(
    {"ext4": open_ext, "ntfs": open_ntfs, "fat": open_fat, "xfs": open_xfs}
)

_START_BYTES = 8 * KIB
_EMPTY_BYTES = 1024 * KIB


def volume(blocks: Blocks, name: str, offset: int, number: int, uuid: str = "") -> Volume:
    """What is in those blocks, which begin at ``offset`` of the disk. Never raises for what is in them."""
    content = "unknown"
    try:
        content, why = content_of(blocks)
        files = OPEN[content](blocks) if content in OPEN else None
        content = files.type if files else content
    except Unreadable as damage:
        files, why = None, str(damage)
    except (struct.error, IndexError):
        files, why = None, "it is damaged, or cut short"
    return Volume(name, offset, blocks.size_bytes, content, files, why, uuid, number)


def content_of(blocks: Blocks) -> tuple[str, str]:
    """What it is, and why it is not read; empty when it is. Raises Unreadable."""
    start = blocks.read(0, _START_BYTES)
    if bitlocker.is_bitlocker(start[:512]):
        return "bitlocker", bitlocker.state(blocks)
    if _is_raid_at_end(blocks):
        return "raid", _RAID
    for mark in MARKS:
        end = mark.offset + len(mark.bytes)
        if (start[mark.offset : end] if end <= len(start) else blocks.read(mark.offset, len(mark.bytes))) == mark.bytes:
            return mark.content, mark.why
    if not any(start) and not any(blocks.read(0, _EMPTY_BYTES)):
        return "empty", "it holds nothing that is known"
    return "unknown", "it holds nothing that is known"


def is_file_system(start: bytes) -> bool:
    """Whether a disk's first sector is a file system's, which may end like that of a partition table."""
    marks = (
        each for each in MARKS if each.offset + len(each.bytes) <= 512 and each.content in {"ntfs", "exfat", "fat"}
    )
    jumps = start[:1] in {b"\xeb", b"\xe9"}
    return bitlocker.is_bitlocker(start) or any(
        jumps and start[each.offset : each.offset + len(each.bytes)] == each.bytes for each in marks
    )


def _is_raid_at_end(blocks: Blocks) -> bool:
    """Version 0.90 and 1.0 of md lie at the end, and what they hold shows through. Source: md(4), util-linux."""
    sectors = blocks.size_bytes // 512
    for at in ((sectors & ~127) - 128, (sectors & ~7) - 16):
        if at > 0 and blocks.read(at * 512, 4) in {b"\xfc\x4e\x2b\xa9", b"\xa9\x2b\x4e\xfc"}:
            return True
    return False
