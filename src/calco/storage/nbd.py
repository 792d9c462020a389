"""A small NBD client: reads an export and asks where it holds data. Nothing is ever written.

Fixed newstyle handshake, structured replies, the ``base:allocation`` context: what QEMU's servers have
spoken since 4.0. What the server says is read strictly, with bounded sizes: it is a program of our own choosing, but
the files that it reads were written by guests. Source: NBD, doc/proto.md.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from calco.model.volume import MIB
from calco.ports import Extent
from calco.storage.flat import check_range

_HELLO = b"NBDMAGICIHAVEOPT"
_FIXED_NEWSTYLE, _NO_ZEROES = 1, 2
_OPTION_REPLY = 0x3E889045565A9
_GO, _STRUCTURED, _SET_CONTEXT = 7, 8, 10
_ACK, _INFO, _CONTEXT = 1, 3, 4
_INFO_EXPORT = 0
_CONTEXT_NAME = b"base:allocation"

_REQUEST = struct.Struct(">IHHQQI")
_CHUNK = struct.Struct(">IHHQI")
_REQUEST_MAGIC, _CHUNK_MAGIC = 0x25609513, 0x668E33EF
_READ, _DISCONNECT, _BLOCK_STATUS = 0, 2, 7
_DONE = 1
_NONE, _DATA, _HOLE, _STATUS = 0, 1, 2, 5
_ERROR = 1 << 15
_READS_AS_ZEROS = 2

_READ_BYTES = MIB // 4
"""Of one request; some go out before the first answer is awaited, and the server works on them side by side. Larger
ones take longer: they do not fit the processors' caches."""
_AT_ONCE = 8
_STATUS_BYTES = 1 << 30
_WORDS_BYTES = MIB + 64
"""The most of any answer but data: a status of 2**17 extents. Source: QEMU, nbd/server.c."""


class BadAnswer(OSError):
    """The server did not keep to the protocol, refused, or hung up."""


class _Refused(OSError):
    """One request ended in an error, with the server's own number; ``done``: nothing more of its answer follows."""

    done: bool


@dataclass(frozen=True)
class _Chunk:
    type: int
    done: bool
    length: int


class NbdView:
    """``ports.VolumeView`` of the unnamed export of the server at the other end of ``connection``."""

    def __init__(self, connection: socket.socket) -> None:
        """Shakes hands. Raises BadAnswer, and OSError when nobody answers in time."""
        self._connection = connection
        self._cookie = 0
        self.size_bytes = self._shake_hands()

    # --- reading ---

    def read(self, offset: int, length: int) -> bytes:
        """Raises ValueError outside the export, OSError when the server cannot read it."""
        check_range(offset, length, self.size_bytes)
        buffer = bytearray(length)
        window = memoryview(buffer)
        for start in range(0, length, _READ_BYTES * _AT_ONCE):
            part = window[start : start + _READ_BYTES * _AT_ONCE]
            self._read_part(offset + start, part)
        return bytes(buffer)

    def _read_part(self, offset: int, into: memoryview) -> None:
        """Answers may come in any order: each says where its bytes belong. All of them are awaited, also behind an
        error: one that is left would be taken for the answer to what is asked next."""
        pieces = range(0, len(into), _READ_BYTES)
        for start in pieces:
            self._ask(_READ, offset + start, min(_READ_BYTES, len(into) - start))
        left, filled = len(pieces), 0
        refused: _Refused | None = None
        while left:
            try:
                chunk = self._next_chunk()
            except _Refused as why:
                refused = refused or why
                left -= why.done
                continue
            if chunk.type in {_DATA, _HOLE}:
                filled += self._fill(chunk, offset, into)
            elif chunk.type != _NONE or chunk.length:
                raise BadAnswer(errno.EPROTO, f"an NBD read was answered by chunk {chunk.type}")
            left -= chunk.done
        if refused is not None:
            raise refused
        if filled != len(into):
            raise BadAnswer(errno.EPROTO, f"an NBD read of {len(into)} bytes was answered by {filled}")

    def _fill(self, chunk: _Chunk, offset: int, into: memoryview) -> int:
        """How many bytes the chunk brought; holes need no writing, for the buffer began as zeros."""
        (at,) = struct.unpack(">Q", self._exactly(8))
        length = chunk.length - 8
        if chunk.type == _HOLE:
            (length,) = struct.unpack(">I", self._exactly(4))
        begin = at - offset
        if begin < 0 or length < 0 or begin + length > len(into):
            raise BadAnswer(errno.EPROTO, "an NBD server answered with bytes that were not asked for")
        if chunk.type == _DATA:
            self._exactly_into(into[begin : begin + length])
        return length

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Raises ValueError outside the export, OSError when the server cannot tell."""
        check_range(offset, length, self.size_bytes)
        return self._extents(offset, offset + length)

    def _extents(self, at: int, end: int) -> Iterator[Extent]:
        begin: int | None = None
        while at < end:
            for length, flags in self._statuses(at, min(end - at, _STATUS_BYTES)):
                if flags & _READS_AS_ZEROS and begin is not None:
                    yield Extent(begin, at - begin)
                    begin = None
                elif not flags & _READS_AS_ZEROS and begin is None:
                    begin = at
                at = min(at + length, end)
        if begin is not None:
            yield Extent(begin, end - begin)

    def _statuses(self, offset: int, length: int) -> list[tuple[int, int]]:
        """Lengths and flags of what follows ``offset``: at least one, perhaps not up to the end."""
        self._ask(_BLOCK_STATUS, offset, length)
        found: list[tuple[int, int]] = []
        refused: _Refused | None = None
        while True:
            try:
                chunk = self._next_chunk()
            except _Refused as why:
                refused = refused or why
                if why.done:
                    break
                continue
            if chunk.type == _STATUS and chunk.length % 8 == 4:
                pairs = self._exactly(chunk.length)[4:]
                found += [(each[0], each[1]) for each in struct.iter_unpack(">II", pairs)]
            elif chunk.type != _NONE or chunk.length:
                raise BadAnswer(errno.EPROTO, f"an NBD status was answered by chunk {chunk.type}")
            if chunk.done:
                break
        if refused is not None:
            raise refused
        if not found or not all(length for length, _ in found):
            raise BadAnswer(errno.EPROTO, "an NBD server told of no extent")
        return found

    def disconnect(self) -> None:
        """Say good-bye; a server that is gone already is fine."""
        try:
            self._ask(_DISCONNECT, 0, 0)
        except OSError:
            return

    # --- hands ---

    def _shake_hands(self) -> int:
        hello = self._exactly(18)
        (flags,) = struct.unpack(">H", hello[16:])
        if hello[:16] != _HELLO or not flags & _FIXED_NEWSTYLE:
            raise BadAnswer(errno.EPROTO, "no NBD server of today's kind")
        self._connection.sendall(struct.pack(">I", flags & (_FIXED_NEWSTYLE | _NO_ZEROES)))
        self._option(_STRUCTURED, b"")
        query = struct.pack(">II", 0, 1) + struct.pack(">I", len(_CONTEXT_NAME)) + _CONTEXT_NAME
        contexts = [data[4:] for type, data in self._option(_SET_CONTEXT, query) if type == _CONTEXT]
        if contexts != [_CONTEXT_NAME]:
            raise BadAnswer(errno.EPROTO, "an NBD server cannot tell where data is")
        for type, data in self._option(_GO, struct.pack(">IH", 0, 0)):
            if type == _INFO and len(data) == 12 and data[:2] == _INFO_EXPORT.to_bytes(2):
                return int.from_bytes(data[2:10])
        raise BadAnswer(errno.EPROTO, "an NBD server did not tell the size of its export")

    def _option(self, option: int, data: bytes) -> list[tuple[int, bytes]]:
        """What the server said to an option before it agreed."""
        self._connection.sendall(b"IHAVEOPT" + struct.pack(">II", option, len(data)) + data)
        said: list[tuple[int, bytes]] = []
        while True:
            magic, about, type, length = struct.unpack(">QIII", self._exactly(20))
            if magic != _OPTION_REPLY or about != option or length > _WORDS_BYTES:
                raise BadAnswer(errno.EPROTO, "an NBD server does not answer what was asked")
            words = self._exactly(length)
            if type == _ACK:
                return said
            if type & 1 << 31:
                raise BadAnswer(errno.EPROTO, f"an NBD server refused option {option}: {words[:200]!r}")
            said.append((type, words))

    # --- words ---

    def _ask(self, command: int, offset: int, length: int) -> None:
        self._cookie += 1
        self._connection.sendall(_REQUEST.pack(_REQUEST_MAGIC, 0, command, self._cookie, offset, length))

    def _next_chunk(self) -> _Chunk:
        """The head of the next part of an answer. Raises _Refused for an error."""
        magic, flags, type, _, length = _CHUNK.unpack(self._exactly(_CHUNK.size))
        if magic != _CHUNK_MAGIC or length > (_READ_BYTES + 8 if type == _DATA else _WORDS_BYTES):
            raise BadAnswer(errno.EPROTO, "an NBD server does not keep to the protocol")
        if (type == _DATA and length <= 8) or (type == _HOLE and length != 12):
            raise BadAnswer(errno.EPROTO, "an NBD server does not keep to the protocol")
        if type & _ERROR:
            words = self._exactly(length)
            refused = _Refused(int.from_bytes(words[:4]), f"NBD: {words[6:206]!r}")
            refused.done = bool(flags & _DONE)
            raise refused
        return _Chunk(type, bool(flags & _DONE), length)

    def _exactly(self, length: int) -> bytes:
        buffer = bytearray(length)
        self._exactly_into(memoryview(buffer))
        return bytes(buffer)

    def _exactly_into(self, buffer: memoryview) -> None:
        while buffer:
            count = self._connection.recv_into(buffer)
            if not count:
                raise BadAnswer(errno.ECONNRESET, "an NBD server hung up")
            buffer = buffer[count:]
