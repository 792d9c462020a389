"""What whoever has a disk's SAS reads: its bytes, zeros where it has grown, a footer; in whatever pieces."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model import vhd
from calco.model.access import Grant
from calco.model.conditions import Version
from calco.model.volume import Format, Volume, VolumeId
from calco.ports import Extent, VolumeView
from calco.work import shared_disk
from calco.work.shared_disk import SharedDisk
from tests.standing import StandingClock
from tests.world import GROUP, World

NOW = StandingClock().now()
GRANT = Grant(
    GROUP.sibling("Microsoft.Compute", "disks", "d"), False, "id", NOW + timedelta(hours=1), b"k", "md-1", "c"
)


class Bytes:
    """A view of bytes; data is where they are not zero."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size_bytes = len(content)

    def read(self, offset: int, length: int) -> bytes:
        assert offset + length <= len(self.content), "read outside of the volume"
        return self.content[offset : offset + length]

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        for at in range(offset, offset + length):
            if self.content[at]:
                yield Extent(at, 1)


def disk_of(content: bytes, guest_bytes: int, format: Format) -> tuple[SharedDisk, bytes]:
    """The disk, and all that is to be seen of it. A flat volume has a footer of its own, which is never shown."""
    footer = vhd.footer(guest_bytes, "11111111-2222-3333-4444-555555555555", NOW)
    row = Volume("11111111-2222-4333-8444-555555555555", len(content), format=format)
    own = 512 if format is Format.FLAT else 0
    shown = content[: len(content) - own][:guest_bytes].ljust(guest_bytes, b"\0") + footer
    return SharedDisk(GRANT, row, guest_bytes + 512, guest_bytes, footer, Version("", 0)), shown


@given(
    data=st.binary(min_size=512, max_size=2048),
    grown=st.integers(0, 3),
    format=st.sampled_from(Format),
    cut=st.tuples(st.integers(0, 4000), st.integers(0, 4000)),
)
def test_every_piece_is_a_piece_of_the_whole(data: bytes, grown: int, format: Format, cut: tuple[int, int]) -> None:
    content = data.ljust(-(-len(data) // 512) * 512, b"\0")
    has = len(content)
    content += b"F" * 512 if format is Format.FLAT else b""
    disk, whole = disk_of(content, has + grown * 512, format)
    first, last = min(cut[0], len(whole)), min(sum(cut), len(whole))

    @contextmanager
    def open(_volume: VolumeId) -> Iterator[VolumeView]:
        yield Bytes(content)

    with shared_disk.opened(disk, open) as view:
        assert view.size_bytes == len(whole)
        assert view.read(first, last - first) == whole[first:last]
        told = bytearray(len(whole))
        for each in view.extents(first, last - first):
            assert first <= each.offset
            assert each.offset + each.length <= last
            told[each.offset : each.offset + each.length] = whole[each.offset : each.offset + each.length]
        assert bytes(told[first:last]) == whole[first:last], "an extent is missing"
        with pytest.raises(ValueError, match="not within"):
            view.read(len(whole), 1)


def test_a_grant_that_has_ended_is_not_found(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.records.read() as view:
        assert shared_disk.find(world.cloud, view, "md-0", "c") is None
