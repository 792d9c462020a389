"""Makes hives: hivex writes them, on an empty one that is written here."""

import struct
import tempfile
from collections.abc import Mapping
from functools import reduce
from operator import xor
from pathlib import Path

from calco.inspection.windows.hive import Data
from calco.inspection.windows.registry import header_sum
from calco.inspection.windows.registry_log import marvin32
from tests.inspection.disks import run
from tests.inspection.windows.registry_data import Expand, Identifier


def empty_hive() -> bytes:
    """A hive with a root and nothing else: hivex edits hives and makes none.

    Source: M. Suhanov, "Windows registry file format specification"."""
    nothing = 0xFFFFFFFF
    security_at = 0x20 + 88
    descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
    names = (0, nothing, 0, 0, nothing, nothing, 0, nothing, security_at, nothing, 4, 0)
    key = struct.pack("<2sH8xIIIIIIIIII20xHH", b"nk", 0x2C, *names)
    cells = _cell(key + b"ROOT") + _cell(
        struct.pack("<2sHIIII", b"sk", 0, security_at, security_at, 1, len(descriptor)) + descriptor
    )
    bin = struct.pack("<4sIIQQI", b"hbin", 0, 4096, 0, 0, 0) + cells
    bin += struct.pack("<i", 4096 - len(bin))
    head = struct.pack("<4sIIQIIIIIII", b"regf", 1, 1, 0, 1, 5, 0, 1, 0x20, 4096, 1).ljust(508, b"\0")
    total = reduce(xor, struct.unpack("<127I", head))
    return (head + struct.pack("<I", total)).ljust(4096, b"\0") + bin.ljust(4096, b"\0")


def _cell(record: bytes) -> bytes:
    length = -(-(len(record) + 4) // 8) * 8
    return struct.pack("<i", -length) + record.ljust(length - 4, b"\0")


def hive(keys: Mapping[str, Mapping[str, Data]], base: bytes | None = None) -> bytes:
    """A hive with those keys and values, and nothing but them; or ``base`` with these keys' values in their place."""
    lines: list[str] = []
    made: set[str] = set()
    for path, values in keys.items():
        parts = path.split("\\") if path else []
        lines += ["cd \\"]
        for depth, name in enumerate(parts, 1):
            above = "\\".join(parts[:depth]).lower()
            if base is None and above not in made:
                lines += [f"add {name}"]
                made.add(above)
            lines += [f"cd {name}"]
        lines += [f"setval {len(values)}"]
        for name, data in values.items():
            lines += [name or "@", _typed(data)]
    with tempfile.TemporaryDirectory() as folder:
        file, script = Path(folder, "hive"), Path(folder, "script")
        file.write_bytes(empty_hive() if base is None else base)
        script.write_text("\n".join([*lines, "commit", ""]))
        run("hivexsh", "-w", "-f", script, file)
        return file.read_bytes()


def _typed(data: Data) -> str:
    """As hivexsh's setval takes it."""
    number, content = _encoded(data)
    return f"hex:{number}:{','.join(f'{each:02x}' for each in content)}"


def _encoded(data: Data) -> tuple[int, bytes]:
    match data:
        case Identifier():
            return int(data), b""
        case int():
            return (4, data.to_bytes(4, "little")) if data <= 0xFFFFFFFF else (11, data.to_bytes(8, "little"))
        case bytes():
            return 3, data
        case tuple():
            return 7, "".join(f"{each}\0" for each in (*data, "")).encode("utf-16-le")
    return (2 if isinstance(data, Expand) else 1), f"{data}\0".encode("utf-16-le")


# ----- hives that were not closed

PAGE = 512
WAITS_FOR = 41
"""The number of the log entry that ``open_after`` waits for."""


def open_after(content: bytes, first: int = WAITS_FOR) -> bytes:
    """A hive that Windows was writing to: it waits for entry ``first``."""
    dirty = bytearray(content)
    struct.pack_into("<II", dirty, 4, first + 1, first)
    struct.pack_into("<I", dirty, 508, header_sum(bytes(dirty)))
    return bytes(dirty)


def entry(before: bytes, after: bytes, number: int = WAITS_FOR, shift: int = 0) -> bytes:
    """What leads from one to the other. ``shift`` moves its pages by that many bytes."""
    pages = [
        (at, after[4096 + at : 4096 + at + PAGE])
        for at in range(0, len(after) - 4096, PAGE)
        if before[4096 + at : 4096 + at + PAGE] != after[4096 + at : 4096 + at + PAGE]
    ]
    places = b"".join(struct.pack("<II", at + shift, PAGE) for at, _ in pages)
    rest = places + b"".join(content for _, content in pages)
    size = -(-(40 + len(rest)) // 512) * 512
    rest = rest.ljust(size - 40, b"\0")
    head = struct.pack("<4sIIIII", b"HvLE", size, 0, number, len(after) - 4096, len(pages))
    head += struct.pack("<Q", marvin32(rest))
    return head + struct.pack("<Q", marvin32(head)) + rest


def log(*entries: bytes) -> bytes:
    return bytes(512) + b"".join(entries) + bytes(1024)
