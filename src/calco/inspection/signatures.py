"""What a volume holds, by its first bytes, and a file system for what can be read."""

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.ext import open_ext
from calco.inspection.fat import open_fat
from calco.inspection.file_system import FileSystem
from calco.inspection.ntfs import open_ntfs
from calco.inspection.volumes import Volume


def volume(blocks: Blocks, name: str, offset: int, number: int, uuid: str = "") -> Volume:
    """What is in those blocks, which begin at ``offset`` of the disk. Never raises for what is in them."""
    content = "unknown"
    try:
        content = _content(blocks)
        files: FileSystem | None = None
        if content == "ext4":
            files = open_ext(blocks)
        elif content == "ntfs":
            files = open_ntfs(blocks)
        elif content == "fat":
            files = open_fat(blocks)
        return Volume(name, offset, blocks.size_bytes, content, files, "", uuid, number)
    except Unreadable as why:
        return Volume(name, offset, blocks.size_bytes, content, None, str(why), uuid, number)


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
