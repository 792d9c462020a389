"""The process that reads a disk, and can do nothing else. Its one descriptor leads to the parent.

Requests go out as ``>QI`` (offset, length; a length of 0: the answer is ready), bytes come back; then a length and the
sighting as JSON.
"""

import socket
import struct
import sys

import msgspec

from calco.inspection.blocks import Unreadable
from calco.inspection.look import look
from calco.inspection.sighting import Sighting

ASK = struct.Struct(">QI")


class HandedBlocks:
    """``Blocks`` that the parent hands over."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        (self.size_bytes,) = struct.unpack(">Q", _exactly(parent, 8))

    def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self.size_bytes - offset))
        if length == 0:
            return b""
        self._parent.sendall(ASK.pack(offset, length))
        if _exactly(self._parent, 1) != b"\0":
            raise Unreadable(f"bytes {offset} to {offset + length} cannot be read")
        return _exactly(self._parent, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts: list[bytes] = []
    while length:
        part = connection.recv(length)
        if not part:
            raise SystemExit(1)
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def main() -> None:
    parent = socket.socket(fileno=int(sys.argv[1]))
    answer = msgspec.json.encode(look(HandedBlocks(parent)))
    parent.sendall(ASK.pack(0, 0) + struct.pack(">I", len(answer)) + answer)


def decode(answer: bytes) -> Sighting:
    """Raises msgspec.ValidationError for anything else."""
    return msgspec.json.decode(answer, type=Sighting)


if __name__ == "__main__":
    main()
