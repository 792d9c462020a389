"""A volume: the bytes of one disk or image disk, shared copy-on-write.

A frozen volume is never written again, so it may be read by any number of disks and images and may lie under other
volumes. Freezing is therefore a fact in the records, not an act on a file; the overlay that a disk writes to is made
when the disk is next opened for writing.
"""

from dataclasses import dataclass

MIB = 1024 * 1024
GIB = 1024 * MIB

VolumeId = str
"""A GUID in lower case: also the stem of the file's name, so nothing from outside ever becomes a path."""


@dataclass(frozen=True)
class Volume:
    """``size_bytes`` is what the guest sees: a whole number of MiB. ``backing`` is the frozen volume below, if any."""

    id: VolumeId
    size_bytes: int
    backing: VolumeId | None = None
    frozen: bool = False
