"""Builds the smallest Windows binary that has a version.

Source: Microsoft, "PE Format"; "VS_VERSIONINFO structure"."""

import struct

RESOURCES_AT, RESOURCES_ADDRESS = 0x200, 0x1000


def binary(version: str, is_64: bool = True) -> bytes:
    """``6.3.9600.17415``."""
    resources = _resources(version)
    header = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 240, 0x22)
    directories = [(0, 0), (0, 0), (RESOURCES_ADDRESS, len(resources))]
    kind, length = (0x20B, 112) if is_64 else (0x10B, 96)
    optional = struct.pack("<H", kind).ljust(length, b"\0") + b"".join(
        struct.pack("<II", *each) for each in directories
    )
    section = struct.pack("<8sIIII", b".rsrc", len(resources), RESOURCES_ADDRESS, len(resources), RESOURCES_AT)
    return (header + coff + optional.ljust(240, b"\0") + section.ljust(40, b"\0")).ljust(
        RESOURCES_AT, b"\0"
    ) + resources


def _resources(version: str) -> bytes:
    """Three folders of one entry each (version, its only name, English), the place of the data, the data."""
    first, second, third, fourth = map(int, version.split("."))
    folders = b"".join(
        struct.pack("<12xHHII", 0, 1, number, offset)
        for number, offset in ((16, 24 | 1 << 31), (1, 48 | 1 << 31), (0x409, 72))
    )
    fixed = struct.pack("<IIII", 0xFEEF04BD, 0x10000, first << 16 | second, third << 16 | fourth)
    data = struct.pack("<HHH", 92, 52, 0) + "VS_VERSION_INFO\0".encode("utf-16-le") + b"\0\0" + fixed.ljust(52, b"\0")
    return folders + struct.pack("<IIII", RESOURCES_ADDRESS + 88, len(data), 0, 0) + data
