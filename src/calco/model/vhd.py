"""A fixed VHD: what the guest sees, then one footer of 512 bytes. Azure takes no other kind.

The footer is written for disks that leave and read from blobs that come in. What a blob says of itself is hostile until
read: cookie, kind, checksum and sizes must agree before anything opens the bytes, and the format is never guessed.

Source: "Virtual Hard Disk Image Format Specification" 1.0, "Hard Disk Footer Format" and "CHS Calculation".
"""

import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from calco.model.errors import ApiError
from calco.model.volume import GIB, MIB

FOOTER_BYTES = 512
COOKIE = b"conectix"

OS_DISK_MAX_BYTES = 4095 * GIB
DATA_DISK_MAX_BYTES = 32767 * GIB
"""Source: Azure, "Scalability targets for VM disks"."""
DISK_MIN_BYTES = MIB
"""Ours: the least that is a whole number of MiB. Azure asks 20 MiB of an upload, and that is the upload's rule."""

_FOOTER = struct.Struct(">8s I I Q I 4s I 4s Q Q HBB I I 16s B 427x")
_CHECKSUM_AT = 64
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_RESERVED_FEATURE = 2
"""The one bit that every footer has set."""
_VERSION_1_0 = 0x00010000
_NO_HEADER = 0xFFFFFFFFFFFFFFFF
_CREATOR = b"qem2"
"""The mark by which readers know that the size counts and not the geometry; without one QEMU cuts the disk to CHS.
Source: QEMU, block/vpc.c, vpc_open."""
_CREATOR_VERSION = 0x00010000
_WINDOWS = b"Wi2k"

Geometry = tuple[int, int, int]
"""Cylinders, heads, sectors a track."""


class Kind(IntEnum):
    """Disk types that a footer may name."""

    FIXED = 2
    DYNAMIC = 3
    DIFFERENCING = 4


@dataclass(frozen=True)
class Footer:
    """``guest_bytes`` is the footer's "current size", ``kind`` its "disk type" as written: it may be no ``Kind``."""

    guest_bytes: int
    kind: int
    unique_id: str
    geometry: Geometry
    created: datetime


class WrongCookie(ValueError):
    """The bytes are no VHD footer at all."""


class WrongChecksum(ValueError):
    """A VHD footer that was changed after it was written, or damaged."""


def footer(guest_bytes: int, unique_id: str, created: datetime) -> bytes:
    """The footer of a fixed VHD whose guest sees ``guest_bytes``, a positive multiple of 512.

    ``unique_id`` is a GUID. The same arguments always give the same bytes. Raises ValueError.
    """
    if guest_bytes <= 0 or guest_bytes % 512:
        raise ValueError(f"a disk of {guest_bytes} bytes is no whole number of sectors")
    seconds = min(max(int((created - _EPOCH).total_seconds()), 0), 2**32 - 1)
    unsigned = _FOOTER.pack(
        COOKIE, _RESERVED_FEATURE, _VERSION_1_0, _NO_HEADER, seconds, _CREATOR, _CREATOR_VERSION, _WINDOWS,
        guest_bytes, guest_bytes, *geometry(guest_bytes), Kind.FIXED, 0, uuid.UUID(unique_id).bytes, 0,
    )  # fmt: skip
    return unsigned[:_CHECKSUM_AT] + _checksum(unsigned).to_bytes(4) + unsigned[_CHECKSUM_AT + 4 :]


def read_footer(raw: bytes) -> Footer:
    """What a footer says. Raises ValueError: WrongCookie, WrongChecksum, or plainly when it is not 512 bytes long."""
    if len(raw) != FOOTER_BYTES:
        raise ValueError(f"a VHD footer has {FOOTER_BYTES} bytes, not {len(raw)}")
    cookie, _, _, _, seconds, *_, size, cylinders, heads, sectors, kind, checksum, guid, _ = _FOOTER.unpack(raw)
    if cookie != COOKIE:
        raise WrongCookie("no VHD footer")
    if checksum != _checksum(raw):
        raise WrongChecksum("a VHD footer with a wrong checksum")
    created = _EPOCH + timedelta(seconds=seconds)
    return Footer(size, kind, str(uuid.UUID(bytes=guid)), (cylinders, heads, sectors), created)


def geometry(guest_bytes: int) -> Geometry:
    """Cylinders, heads and sectors for readers that still ask; at most some 127 GiB, whatever the disk's size.

    Source: the specification's appendix "CHS Calculation".
    """
    total = min(guest_bytes // 512, 65535 * 16 * 255)
    if total >= 65535 * 16 * 63:
        return total // 255 // 16, 16, 255
    sectors, tracks = 17, total // 17
    heads = max((tracks + 1023) // 1024, 4)
    if tracks >= heads * 1024 or heads > 16:
        sectors, heads, tracks = 31, 16, total // 31
    if tracks >= heads * 1024:
        sectors, heads, tracks = 63, 16, total // 63
    return tracks // heads, heads, sectors


def _checksum(raw: bytes) -> int:
    """One's complement of the sum of all bytes but the checksum's own."""
    return ~(sum(raw) - sum(raw[_CHECKSUM_AT : _CHECKSUM_AT + 4])) & 0xFFFFFFFF


# --- what a blob must be to become a disk ----------------------------------------------------------------------------


def guest_bytes_of(
    raw_footer: bytes, file_bytes: int, disk: str, uri: str, *, max_bytes: int = DATA_DISK_MAX_BYTES
) -> int:
    """What the guest sees of a page blob of ``file_bytes`` whose last 512 bytes are ``raw_footer``.

    ``disk`` and ``uri`` are for the sentence. ``max_bytes``: ``OS_DISK_MAX_BYTES`` for an OS disk. Raises ApiError with
    Azure's code when the blob is no fixed VHD that Azure would take.
    """
    try:
        found = read_footer(raw_footer)
    except WrongChecksum as damaged:
        raise wrong_checksum(disk, uri) from damaged
    except ValueError as foreign:
        raise wrong_cookie(disk, uri) from foreign
    if found.kind != Kind.FIXED:
        raise wrong_kind(uri, found.kind)
    if found.guest_bytes + FOOTER_BYTES != file_bytes:
        raise wrong_length(disk, uri, found.guest_bytes, file_bytes)
    if found.guest_bytes % MIB:
        raise unaligned(uri, found.guest_bytes)
    if not DISK_MIN_BYTES <= found.guest_bytes <= max_bytes:
        raise wrong_size(disk, uri, found.guest_bytes, max_bytes)
    return found.guest_bytes


_CONVERT = "`qemu-img convert -O vpc -o subformat=fixed,force_size=on`"


def _invalid(message: str) -> ApiError:
    return ApiError(400, "InvalidVhd", message, "disks")


def wrong_cookie(disk: str, uri: str) -> ApiError:
    return _invalid(
        f"The specified cookie value in VHD footer indicates that disk '{disk}' with blob {uri} is not a supported "
        "VHD. Disk is expected to have cookie value 'conectix'. "
        f"Convert the disk with {_CONVERT} and upload the whole file as a page blob."
    )


def wrong_kind(uri: str, kind: int) -> ApiError:
    """The sentence is Azure's for the dynamic kind; for the others ours, in its manner."""
    name = Kind(kind).name.capitalize() if kind in set(Kind) else f"unknown ({kind})"
    return _invalid(
        f"The source blob {uri} is of {name} VHD type. Please retry with fixed VHD type. "
        f"Convert the disk with {_CONVERT} and upload it again."
    )


def wrong_checksum(disk: str, uri: str) -> ApiError:
    """Ours."""
    return _invalid(
        f"The checksum in VHD footer of disk '{disk}' with blob {uri} does not match the footer. "
        f"The blob was damaged or changed on its way: upload it again, or write it anew with {_CONVERT}."
    )


def wrong_length(disk: str, uri: str, guest_bytes: int, file_bytes: int) -> ApiError:
    """Ours."""
    return _invalid(
        f"The VHD footer of disk '{disk}' with blob {uri} tells of {guest_bytes} bytes, but the blob has {file_bytes} "
        f"bytes where {guest_bytes + FOOTER_BYTES} are expected. Upload the whole file and nothing behind it; if "
        f"it was made that way, convert the disk with {_CONVERT}."
    )


def unaligned(uri: str, guest_bytes: int) -> ApiError:
    """Source of the first two sentences: Azure, "Prepare Linux for imaging", "Resizing VHDs"."""
    whole = -(-guest_bytes // MIB) * MIB
    return ApiError(
        400,
        "InvalidParameter",
        f"The VHD {uri} has an unsupported virtual size of {guest_bytes} bytes. The size must be a whole number (in "
        f"MBs). Run `qemu-img resize` with {whole} on the raw disk, convert it with {_CONVERT} and upload it again.",
        "disks",
    )


def wrong_size(disk: str, uri: str, guest_bytes: int, max_bytes: int) -> ApiError:
    return ApiError(
        409,
        "VHDSizeInvalid",
        f"The specified disk size value of {guest_bytes} for disk '{disk}' with blob {uri} is invalid. Disk size must "
        f"be between {DISK_MIN_BYTES} and {max_bytes}. Shrink the file systems in it and the disk, or spread what it "
        "holds over several disks.",
        "disks",
    )
