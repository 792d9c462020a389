"""The client keeps to the protocol, and whatever a server says is bytes in their place or an OSError."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.ports import Extent
from calco.storage.nbd import BadAnswer, NbdView

SIZE = 1 << 20


def option_reply(option: int, type: int, data: bytes = b"") -> bytes:
    return struct.pack(">QIII", 0x3E889045565A9, option, type, len(data)) + data


HANDSHAKE = (
    b"NBDMAGICIHAVEOPT\0\3"
    + option_reply(8, 1)
    + option_reply(10, 4, struct.pack(">I", 1) + b"base:allocation")
    + option_reply(10, 1)
    + option_reply(7, 3, struct.pack(">HQH", 0, SIZE, 3))
    + option_reply(7, 3, struct.pack(">HIII", 3, 1, 4096, 1 << 25))
    + option_reply(7, 1)
)


def chunk(type: int, data: bytes = b"", *, done: bool = True, length: int | None = None) -> bytes:
    return struct.pack(">IHHQI", 0x668E33EF, int(done), type, 1, len(data) if length is None else length) + data


def data_at(offset: int, data: bytes, *, done: bool = True) -> bytes:
    return chunk(1, struct.pack(">Q", offset) + data, done=done)


def status(*extents: tuple[int, int]) -> bytes:
    return chunk(5, struct.pack(">I", 1) + b"".join(struct.pack(">II", *each) for each in extents))


@contextmanager
def server(said: bytes) -> Iterator[NbdView]:
    """A client of a server that says just this, whatever it is asked, and hangs up."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(60)
        speaker = Thread(target=_say, args=(theirs, said))  # it may be more than the sockets hold
        speaker.start()
        try:
            yield NbdView(ours)
        finally:
            ours.close()
            speaker.join()


def _say(there: socket.socket, said: bytes) -> None:
    with suppress(OSError):
        there.sendall(said)
        there.shutdown(socket.SHUT_WR)


def test_parts_of_an_answer_are_put_in_their_places() -> None:
    said = data_at(2048, b"b" * 2048, done=False) + chunk(2, struct.pack(">QI", 1024, 1024), done=False)
    with server(HANDSHAKE + said + data_at(0, b"a" * 1024)) as view:
        assert view.size_bytes == SIZE
        assert view.read(0, 4096) == b"a" * 1024 + bytes(1024) + b"b" * 2048


def test_extents_that_touch_are_one_and_none_reaches_beyond_what_was_asked() -> None:
    first = status((4096, 0), (4096, 0), (4096, 3), (4096, 2), (4096, 1))
    with server(HANDSHAKE + first + status((SIZE, 0))) as view:
        assert list(view.extents(0, 65536)) == [Extent(0, 8192), Extent(16384, 49152)]


def test_an_error_of_the_server_keeps_its_number() -> None:
    said = chunk(1 << 15 | 1, struct.pack(">IH", 5, 4) + b"oops")
    with server(HANDSHAKE + said) as view, pytest.raises(OSError, match="oops") as failed:
        view.read(0, 512)

    assert failed.value.errno == 5


def test_what_was_asked_beside_an_error_is_never_taken_for_the_answer_to_the_next_question() -> None:
    piece = SIZE // 4
    error = chunk(1 << 15 | 1, struct.pack(">IH", 5, 4) + b"oops")
    first = error + data_at(piece, b"b" * piece)
    with server(HANDSHAKE + first + data_at(piece, b"b" * piece) + data_at(2 * piece, b"c" * piece)) as view:
        with pytest.raises(OSError, match="oops"):
            view.read(0, 2 * piece)

        assert view.read(piece, 2 * piece) == b"b" * piece + b"c" * piece


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"NBDMAGIC" + bytes(8) + b"\0\3",
        b"NBDMAGICIHAVEOPT\0\0",
        HANDSHAKE[:40],
        HANDSHAKE[:18] + option_reply(8, 1 << 31 | 1, b"not today"),
        HANDSHAKE[:18] + option_reply(7, 1),
        HANDSHAKE[:18] + option_reply(8, 1) + option_reply(10, 1),
        HANDSHAKE[:18] + option_reply(8, 1) + HANDSHAKE[38:93] + option_reply(7, 1),
    ],
    ids=["silence", "old style", "not fixed", "cut", "refuses", "answers another", "no contexts", "no size"],
)
def test_a_server_of_another_kind_is_refused(said: bytes) -> None:
    with pytest.raises(BadAnswer), server(said):
        pass


@pytest.mark.parametrize(
    "said",
    [
        data_at(0, b"x" * 511),
        data_at(512, b"x" * 512),
        data_at(2**64 - 1, b"x" * 512),
        data_at(0, b"x" * 513),
        chunk(2, struct.pack(">QI", 0, 2**32 - 1)),
        chunk(2, struct.pack(">QI", 0, 512), length=2**31),
        chunk(1, length=2**31),
        chunk(1, b"1234"),
        chunk(0, b"words"),
        chunk(0),
        chunk(7, b"what"),
        status((512, 0)),
        struct.pack(">I", 0x67446698) + bytes(16),
    ],
)
def test_a_read_is_what_was_asked_for_or_an_error(said: bytes) -> None:
    with server(HANDSHAKE + said) as view, pytest.raises(BadAnswer):
        view.read(0, 512)


@pytest.mark.parametrize("said", [status(), status((0, 0)), status((512, 0), (0, 2)), chunk(5, b"123"), chunk(0)])
def test_a_status_tells_something_or_is_an_error(said: bytes) -> None:
    with server(HANDSHAKE + said) as view, pytest.raises(BadAnswer):
        list(view.extents(0, 512))


@given(st.data())
def test_damaged_words_are_never_taken_for_bytes(data: st.DataObject) -> None:
    good = bytearray(HANDSHAKE + data_at(0, b"a" * 512) + status((512, 0)))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))

    with suppress(OSError), server(bytes(good)) as view:
        assert view.size_bytes >= 0
        with suppress(ValueError):  # a size that was damaged
            assert len(view.read(0, 512)) == 512
            assert all(each.offset + each.length <= 512 for each in view.extents(0, 512))
