"""The proxy that Windows' services use, as the registry holds it.

A binary value: version, a number nobody explains, flags, then proxy and the list of what goes without it, each after
its length. The format is not documented; Microsoft shows the bytes of direct access, which it agrees with.
Source: Microsoft, "Use Group Policy to apply WinHTTP proxy settings to Windows clients"; the rest was read off values.
"""

import re
import struct
from dataclasses import dataclass

from calco.inspection.blocks import Unreadable

BY_PROXY = 2
"""Among the flags; 1 (direct access) is always set."""
SHOWN = 200
TEXT_BYTES_MAX = 16 * 1024


@dataclass(frozen=True)
class Proxy:
    """``bypass``: patterns of what is asked directly."""

    server: str
    bypass: tuple[str, ...]


def parse(data: bytes) -> Proxy | None:
    """None for direct access. Raises Unreadable."""
    try:
        (flags,) = struct.unpack_from("<8xI", data)
        if not flags & BY_PROXY:
            return None
        server, end = _text(data, 12)
        bypass, _ = _text(data, end)
    except struct.error as cut:
        raise Unreadable("WinHttpSettings ends too early") from cut
    return Proxy(server[:SHOWN], tuple(each for each in re.split(r"[;\s]+", bypass) if each))


def _text(data: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", data, at)
    end = at + 4 + length
    if length > TEXT_BYTES_MAX:
        raise Unreadable(f"WinHttpSettings has a text of {length} bytes")
    if end > len(data):
        raise Unreadable("WinHttpSettings ends too early")
    return data[at + 4 : end].decode("latin-1"), end
