"""What a qcow2 file says of itself, read without opening anything it names.

QEMU's own tools open a file's external data file when asked for information, so a hostile file must be looked at by
something that only reads bytes. Source: QEMU, docs/interop/qcow2.rst, "Header".
"""

import struct
from dataclasses import dataclass
from pathlib import Path

_FIXED = struct.Struct(">4sIQIIQIIQQIIQ")
"""Magic to ``snapshots_offset``: what versions 2 and 3 share, 72 bytes."""
_FEATURES = struct.Struct(">QQQII")
"""What version 3 adds: incompatible, compatible and autoclear features, refcount order, header length."""

_EXTERNAL_DATA = 1 << 2
_BACKING_FORMAT = 0xE2792ACA
_END = 0
_READ_BYTES = 128 * 1024
"""More than header, extensions and a name of 1023 bytes ever take in a file that QEMU wrote: all are in its first
cluster, and names there lie right behind the extensions."""


@dataclass(frozen=True)
class Qcow2Header:
    """``virtual_bytes`` is what the guest sees. ``backing`` and ``backing_format`` are as written, never resolved."""

    virtual_bytes: int
    backing: str | None
    backing_format: str | None
    has_data_file: bool
    is_encrypted: bool


def read_qcow2_header(file: Path) -> Qcow2Header:
    """The header of ``file``. Raises ValueError when it is no qcow2 file, OSError when it cannot be read."""
    with file.open("rb") as opened:
        return parse_qcow2_header(opened.read(_READ_BYTES))


def parse_qcow2_header(start: bytes) -> Qcow2Header:
    """The header at the beginning of ``start``. Raises ValueError on anything QEMU would not write."""
    try:
        magic, version, name_at, name_bytes, _, virtual_bytes, encryption, *_ = _FIXED.unpack_from(start)
        if magic != b"QFI\xfb" or version not in {2, 3}:
            raise ValueError("not a qcow2 file of version 2 or 3")
        incompatible, extensions_at = 0, _FIXED.size
        if version == 3:
            incompatible, _, _, _, extensions_at = _FEATURES.unpack_from(start, _FIXED.size)
        extensions = _extensions(start, extensions_at)
    except struct.error as cut_short:
        raise ValueError("a qcow2 header is cut short") from cut_short
    return Qcow2Header(
        virtual_bytes=virtual_bytes,
        backing=_name(start, name_at, name_bytes) if name_at else None,
        backing_format=extensions.get(_BACKING_FORMAT),
        has_data_file=bool(incompatible & _EXTERNAL_DATA),
        is_encrypted=encryption != 0,
    )


def _extensions(start: bytes, at: int) -> dict[int, str]:
    """The header extensions that hold text, by type; each is padded to a multiple of 8 bytes."""
    found: dict[int, str] = {}
    while True:
        type, length = struct.unpack_from(">II", start, at)
        if type == _END:
            return found
        if type == _BACKING_FORMAT:
            found[type] = _name(start, at + 8, length)
        at += 8 + (length + 7) // 8 * 8


def _name(start: bytes, at: int, length: int) -> str:
    if not 0 < length <= 1023 or at + length > len(start):
        raise ValueError("a name in a qcow2 header is empty, too long or elsewhere")
    return start[at : at + length].decode()  # UnicodeDecodeError is a ValueError
