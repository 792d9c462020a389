"""What can be told of a BitLocker volume without its key: whether it is encrypted, suspended or decrypted.

Source: libyal, libbde, "BitLocker Drive Encryption (BDE) format specification"; checked against the volumes that
dissect.fve is tested with.
"""

import struct

from calco.inspection.blocks import Blocks, Unreadable

MARK = b"-FVE-FS-"
TO_GO = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
"""4967D63B-2E29-4AD8-8399-F6A339E3D001, of a volume that Windows Vista to 11 or BitLocker To Go encrypts."""

DECRYPTED, ENCRYPTED = 1, 4
CLEAR_KEY = 0x0000
VOLUME_KEY = 0x0002
"""An entry that holds the volume's key, and how it is protected."""

_BLOCK_BYTES = 65536


def is_bitlocker(start: bytes) -> bool:
    """By a volume's first 512 bytes."""
    return start[3:11] == MARK or (start[3:11] == b"MSWIN4.1" and start[0x1A8:0x1B8] == TO_GO)


def state(blocks: Blocks) -> str:
    """In words. What makes no sense is said to be BitLocker and no more."""
    try:
        return _state(blocks)
    except (Unreadable, struct.error):
        return "encrypted by BitLocker, or was: its state cannot be read"


def _state(blocks: Blocks) -> str:
    metadata = next((each for each in _copies(blocks) if each[:8] == MARK), None)
    if metadata is None:
        raise Unreadable("BitLocker: none of its three copies is where it should be")
    now, next_ = struct.unpack_from("<HH", metadata, 12)
    if now != next_:
        return "being encrypted or decrypted by BitLocker"
    if now == DECRYPTED:
        return "decrypted, yet still in BitLocker's format"
    if now != ENCRYPTED:
        raise Unreadable("BitLocker: a state that is not known")
    if CLEAR_KEY in _protections(metadata):
        return "encrypted by BitLocker, its protection suspended"
    return "encrypted by BitLocker"


def _copies(blocks: Blocks) -> list[bytes]:
    start = blocks.read(0, 512)
    if start[:2] == b"\xebR":  # Vista: one place, in clusters
        sector, sectors = struct.unpack_from("<HB", start, 0x0B)
        (first,) = struct.unpack_from("<Q", start, 0x38)
        places = [first * sector * sectors]
    else:
        places = [*struct.unpack_from("<QQQ", start, 0x1B8 if start[3:11] == b"MSWIN4.1" else 0xB0)]
    return [blocks.read(each, _BLOCK_BYTES) for each in places if 0 < each < blocks.size_bytes]


def _protections(metadata: bytes) -> set[int]:
    """How each copy of the volume's key is protected."""
    size, _, header = struct.unpack_from("<III", metadata, 64)
    at, end, found = 64 + header, min(64 + size, len(metadata)), set[int]()
    while at + 8 <= end:
        length, kind = struct.unpack_from("<HH", metadata, at)
        if length < 8:
            break
        if kind == VOLUME_KEY and length >= 36:
            found.add(struct.unpack_from("<H", metadata, at + 8 + 26)[0])
        at += length
    return found
