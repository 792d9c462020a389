"""Which blocks of a disk travel, and what their digest stands for."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.page_transfer import BLOCK, Range, blocks, digest_of, starts


@dataclass
class Memory:
    """A disk in memory; ``extents`` as somebody may tell them, in order, however cut."""

    data: bytes
    told: list[Range]

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        assert offset + length <= len(self.data)
        return self.data[offset : offset + length]

    def extents(self, offset: int, length: int) -> Iterator[Range]:
        assert (offset, length) == (0, len(self.data))
        return iter(self.told)


SIZE = 2 * BLOCK + 1000
cuts = st.lists(st.integers(0, SIZE), min_size=2, max_size=8).map(sorted)


@given(cuts=cuts)
def test_every_block_that_an_extent_touches_comes_once_and_in_order(cuts: list[int]) -> None:
    extents = [Range(begin, end - begin) for begin, end in zip(cuts[::2], cuts[1::2], strict=False)]

    found = list(starts(extents, SIZE))

    touched = {at // BLOCK for each in extents for at in (each.offset, each.offset + each.length - 1) if each.length}
    numbers = [offset // BLOCK for offset, _ in found]
    assert numbers == sorted(set(numbers))
    assert touched <= set(numbers)
    assert all(offset % BLOCK == 0 and offset + length <= SIZE for offset, length in found)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(at=st.integers(0, SIZE - 1), cuts=cuts)
def test_the_digest_is_of_what_a_disk_holds_and_not_of_how_it_is_told(at: int, cuts: list[int]) -> None:
    data = bytes(at) + b"x" + bytes(SIZE - at - 1)
    whole = Memory(data, [Range(0, SIZE)])
    places = sorted({0, *cuts, SIZE})
    cut = Memory(data, [Range(begin, end - begin) for begin, end in pairwise(places)])
    longer = Memory(data + bytes(BLOCK), [Range(0, SIZE + BLOCK)])
    assert digest_of(whole) == digest_of(cut) == digest_of(longer)
    moved = Memory(data[1:] + b"\0" if at else b"\0x" + bytes(SIZE - 2), [Range(0, SIZE)])
    assert digest_of(whole) != digest_of(moved)


def test_blocks_of_zeros_do_not_travel() -> None:
    data = bytes(BLOCK) + b"x" + bytes(BLOCK)
    assert list(blocks(Memory(data, [Range(0, len(data))]))) == [(BLOCK, b"x")]
