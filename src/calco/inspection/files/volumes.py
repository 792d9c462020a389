"""What lies where on a disk: partitions, file systems, and what cannot be read, by name."""

from dataclasses import dataclass

from calco.inspection.blocks import Blocks
from calco.inspection.files.file_system import FileSystem


@dataclass(frozen=True)
class Volume:
    """One partition, or the whole disk where there are none. ``name``: ``partition 2``, or ``the whole disk``.
    ``content``: ``ext4``, ``xfs``, ``ntfs``, ``fat``, ``swap``, ``lvm``, ``btrfs``, ``luks``, ``bitlocker``, ``raid``,
    ``zfs``, ``refs``, ``empty``, ``unknown``... ``files`` is None where it cannot be read; ``why`` says why."""

    name: str
    offset: int
    size_bytes: int
    content: str
    files: FileSystem | None = None
    why: str = ""
    uuid: str = ""
    """Of the partition (GPT)."""
    number: int = 0
    """As Linux counts them, 0 for the whole disk."""
    label: str = ""
    """Of the partition (GPT): what ``PARTLABEL=`` names."""


@dataclass(frozen=True)
class Disk:
    """``table``: ``gpt``, ``mbr``, or empty for a bare file system. ``trouble``: what makes no sense of the table."""

    blocks: Blocks
    table: str
    volumes: tuple[Volume, ...]
    trouble: str = ""
