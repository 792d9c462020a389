"""A volume: the bytes of one disk or image disk, shared copy-on-write.

A frozen volume is never written again, so it may be read by any number of disks and images and may lie under other
volumes. Freezing is therefore a fact in the records, not an act on a file; the overlay that a disk writes to is made
when the disk is next opened for writing.
"""

from dataclasses import dataclass
from enum import StrEnum

MIB = 1024 * 1024
GIB = 1024 * MIB

VolumeId = str
"""A GUID in lower case: also the stem of the file's name, so nothing from outside ever becomes a path."""


def volume_scope(volume: VolumeId) -> str:
    """What an entry hangs on that is about a volume and goes with it; no scope of ARM's begins so."""
    return f"/volumes/{volume}"


class Format(StrEnum):
    """How a volume's file holds its bytes: a fact in the records, never guessed.

    ``FLAT`` is a blob's bytes as they are. Of a disk that is a fixed VHD: what the guest sees, then a footer of 512
    bytes, so a page blob and a disk's lowest volume are one file. A flat volume lies over nothing.
    """

    QCOW2 = "qcow2"
    FLAT = "flat"


REGIONAL = ""
"""The pool of what is in no zone."""


@dataclass(frozen=True)
class Volume:
    """``size_bytes``: of a qcow2 volume what the guest sees, of a flat one the length of its file. ``backing`` is the
    frozen volume below, if any. ``pool``: the storage pool the file lies in, ``REGIONAL`` or a zone's (``eastus-1``);
    a backing may lie in another one and is then lost with it."""

    id: VolumeId
    size_bytes: int
    backing: VolumeId | None = None
    frozen: bool = False
    format: Format = Format.QCOW2
    pool: str = REGIONAL
