"""The process that reads a disk, and can do nothing else. Its standard input leads to the parent.

Started as ``[cpu_seconds, memory_bytes]`` in ``sys.argv[1:3]``. It imports everything first, then confines itself, and
only then asks for the first byte of the disk: it never looks unconfined.
"""

import codecs
import os
import socket
import sys

from calco.confinement import Unconfined, confine
from calco.inspection import handover
from calco.inspection.blocks import Unreadable
from calco.inspection.look import look
from calco.inspection.sighting import Sighting, encode, unknown

ENCODINGS = ("ascii", "latin-1", "cp437", "cp1252", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "idna")
"""Python imports these when they are first used, which is too late here."""


class HandedBlocks:
    """``Blocks`` that the parent hands over. Ends the process when there is no parent any more."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        (self.size_bytes,) = handover.SIZE.unpack(self._exactly(handover.SIZE.size))

    def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self.size_bytes - offset))
        steps = range(offset, offset + length, handover.REQUEST_BYTES)
        parts = [self._handed(at, min(handover.REQUEST_BYTES, offset + length - at)) for at in steps]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _handed(self, offset: int, length: int) -> bytes:
        say(self._parent, handover.ASK.pack(offset, length))
        if self._exactly(1) != handover.HANDED:
            raise Unreadable(f"bytes {offset} to {offset + length} of the disk cannot be read")
        return bytes(self._exactly(length))

    def _exactly(self, length: int) -> bytearray:
        try:
            return handover.exactly(self._parent.recv_into, length)
        except (handover.HungUp, OSError):
            os._exit(1)


def say(parent: socket.socket, words: bytes) -> None:
    try:
        parent.sendall(words)
    except OSError:
        os._exit(1)


def main() -> None:
    parent = socket.socket(fileno=0)
    for each in ENCODINGS:
        codecs.lookup(each)
    cpu_seconds, memory_bytes = map(int, sys.argv[1:3])
    answer = encode(_sighting(parent, cpu_seconds, memory_bytes))
    say(parent, handover.ASK.pack(0, 0) + handover.COUNT.pack(len(answer)) + answer)
    os._exit(0)  # nothing is left to be tidied up, and libraries' own endings need not run


def _sighting(parent: socket.socket, cpu_seconds: int, memory_bytes: int) -> Sighting:
    try:
        confine(cpu_seconds, memory_bytes)
    except Unconfined as why:
        return unknown(f"The disk was not looked at: the process that reads it could not be confined: {why}.")
    return look(HandedBlocks(parent))
