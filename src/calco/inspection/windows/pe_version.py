"""The version of a Windows binary, out of its bytes.

A portable executable names its resources' section; the folder of resources has three levels (type, name, language), and
the version is type 16. Every step is bounded: a file from a disk may say anything.
Source: Microsoft, "PE Format"; "VS_FIXEDFILEINFO structure".
"""

import struct
from dataclasses import dataclass

from calco.inspection.blocks import Unreadable

Version = tuple[int, int, int, int]

RESOURCES = 2
"""Which of the data directories."""
RT_VERSION = 16
FOLDER = 0x80000000
"""Set in an entry's offset when it leads to another folder."""
FIXED_SIGNATURE = 0xFEEF04BD
FIXED_AT = 40
"""In the version's data: three words and ``VS_VERSION_INFO`` in UTF-16 go before, padded to four bytes."""


@dataclass(frozen=True)
class _Section:
    address: int
    length: int
    at: int


def pe_version(content: bytes) -> Version:
    """The file version. Raises Unreadable when the bytes are no such file, end too early, or hold no version."""
    try:
        return _fixed(content, _version_at(content))
    except struct.error as cut:
        raise Unreadable("the binary ends too early, or its headers make no sense") from cut


def _version_at(content: bytes) -> int:
    if content[:2] != b"MZ":
        raise Unreadable("it is no Windows binary")
    (header,) = struct.unpack_from("<I", content, 0x3C)
    if content[header : header + 4] != b"PE\0\0":
        raise Unreadable("it is no Windows binary")
    count, optional_length, magic = struct.unpack_from("<2xH12xH2xH", content, header + 4)
    optional = header + 24
    directories = optional + {0x10B: 96, 0x20B: 112}.get(magic, 0)
    if directories == optional:
        raise Unreadable(f"its header is of no known kind ({magic:#x})")
    (address,) = struct.unpack_from("<I", content, directories + 8 * RESOURCES)
    table = optional + optional_length
    sections = [_section(content, table + 40 * index) for index in range(count)]
    root = _offset(sections, address)
    kinds = _entries(content, root)
    names = _entries(content, root + _folder(kinds, RT_VERSION))
    languages = _entries(content, root + _folder(names, next(iter(names), 0)))
    data = root + next(iter(languages.values()), FOLDER)
    return _offset(sections, struct.unpack_from("<I", content, data)[0])


def _section(content: bytes, at: int) -> _Section:
    length, address, raw_length, raw_at = struct.unpack_from("<IIII", content, at + 8)
    return _Section(address, max(length, raw_length), raw_at)


def _offset(sections: list[_Section], address: int) -> int:
    """Where in the file lies what is at that address in memory."""
    for section in sections:
        if address and section.address <= address < section.address + section.length:
            return section.at + address - section.address
    raise Unreadable("it holds no version")


def _entries(content: bytes, at: int) -> dict[int, int]:
    """What a folder of resources holds: offsets from their root by number. At most 131,070 of them."""
    named, numbered = struct.unpack_from("<HH", content, at + 12)
    if len(content) < at + 16 + 8 * (named + numbered):
        raise struct.error
    return dict(struct.iter_unpack("<II", content[at + 16 : at + 16 + 8 * (named + numbered)]))


def _folder(entries: dict[int, int], number: int) -> int:
    offset = entries.get(number, 0)
    if not offset & FOLDER:
        raise Unreadable("it holds no version")
    return offset & ~FOLDER


def _fixed(content: bytes, at: int) -> Version:
    signature, _, high, low = struct.unpack_from("<IIII", content, at + FIXED_AT)
    if signature != FIXED_SIGNATURE:
        raise Unreadable("its version makes no sense")
    return high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF
