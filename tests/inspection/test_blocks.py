"""Bytes of a disk that are kept: the same bytes, with fewer requests."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.inspection.blocks import PIECE_BYTES, KeptBlocks, Unreadable

SIZE = 6 * PIECE_BYTES + 100
DISK = random.Random(5).randbytes(SIZE)  # noqa: S311 - not for secrets


class Counted:
    def __init__(self, bad: range = range(0)) -> None:
        self.size_bytes = SIZE
        self.reads: list[tuple[int, int]] = []
        self._bad = bad

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        if offset < self._bad.stop and self._bad.start < offset + length:
            raise Unreadable("a bad sector")
        return DISK[offset : offset + length]


@given(st.lists(st.tuples(st.integers(0, SIZE + 10), st.integers(0, SIZE + 10)), max_size=20), st.integers(1, 3))
def test_what_is_read_is_what_is_there(ranges: list[tuple[int, int]], pieces: int) -> None:
    blocks = KeptBlocks(Counted(), pieces)

    for offset, length in ranges:
        assert blocks.read(offset, length) == DISK[offset : offset + length]


def test_small_reads_of_one_neighbourhood_are_one_request() -> None:
    below = Counted()
    blocks = KeptBlocks(below)

    for offset in range(0, PIECE_BYTES, 512):
        blocks.read(offset, 512)

    assert below.reads == [(0, PIECE_BYTES)]


def test_only_so_much_is_kept_and_what_was_read_last_stays() -> None:
    below = Counted()
    blocks = KeptBlocks(below, pieces=2)

    for piece in (0, 1, 0, 2, 0, 1):
        blocks.read(piece * PIECE_BYTES, 1)

    assert [offset // PIECE_BYTES for offset, _ in below.reads] == [0, 1, 2, 1]


def test_a_large_read_does_not_drive_out_what_is_kept() -> None:
    below = Counted()
    blocks = KeptBlocks(below, pieces=2)
    blocks.read(0, 1)

    blocks.read(0, 5 * PIECE_BYTES)
    blocks.read(0, 1)

    assert below.reads == [(0, PIECE_BYTES), (0, 5 * PIECE_BYTES)]


def test_a_bad_sector_does_not_take_its_neighbours_with_it_and_is_remembered() -> None:
    blocks = KeptBlocks(Counted(bad=range(1024, 1536)))

    assert blocks.read(100, 512) == DISK[100:612]
    assert blocks.unreadable == ""
    with pytest.raises(Unreadable):
        blocks.read(1024, 10)
    assert blocks.unreadable == "a bad sector"
