"""A disk or snapshot as whoever has its SAS sees it: a page blob that is a fixed VHD.

To read: the volume's bytes as they are, zeros behind them where the disk has grown, and a footer made on the fly;
nothing is copied. To write: the flat volume of an upload disk.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from calco.model import vhd
from calco.model.access import Grant
from calco.model.conditions import Version
from calco.model.document import text_at
from calco.model.ids import is_guid
from calco.model.vhd import FOOTER_BYTES
from calco.model.volume import Format, Volume, VolumeId
from calco.ports import Extent, Reader, Resource, VolumeView
from calco.work import access
from calco.work.cloud import Cloud

_NS = 1_000_000_000


@dataclass(frozen=True)
class SharedDisk:
    """``guest_bytes`` is what a guest sees; ``footer`` what is shown behind it. Of an upload the volume is the blob:
    ``footer`` is empty."""

    grant: Grant
    volume: Volume
    length: int
    guest_bytes: int
    footer: bytes
    version: Version

    @property
    def may_write(self) -> bool:
        return self.grant.write


def find(cloud: Cloud, view: Reader, account: str, container: str) -> Grant | None:
    """The grant whose URL begins so; one that has ended is not there."""
    return access.find(view, account, container, cloud.clock.now())


def shared(cloud: Cloud, view: Reader, grant: Grant) -> SharedDisk:
    """What the grant shows now. Raises ApiError when its disk has no volume."""
    resource = view.resource(grant.resource)
    if grant.write:
        row = view.volume(access.upload_volume(view, grant.resource))
        assert row is not None, "what is held has a row"
        return SharedDisk(grant, row, row.size_bytes, row.size_bytes, b"", version_of(cloud, row))
    volume, guest_bytes = access.source_for_reading(view, grant.resource)
    row = view.volume(volume)
    assert row is not None, "what is held has a row"
    footer = vhd.footer(guest_bytes, _unique_id(resource), _created(resource))
    return SharedDisk(grant, row, guest_bytes + FOOTER_BYTES, guest_bytes, footer, version_of(cloud, row))


def _unique_id(resource: Resource | None) -> str:
    known = None if resource is None else text_at(resource.properties, "uniqueId")
    return known if known is not None and is_guid(known) else "00000000-0000-0000-0000-000000000000"


def _created(resource: Resource | None) -> datetime:
    text = None if resource is None else text_at(resource.properties, "timeCreated")
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return datetime(2000, 1, 1, tzinfo=UTC)  # always the same: a footer is read piece by piece


def version_of(cloud: Cloud, row: Volume) -> Version:
    """By the file's time alone."""
    try:
        written = cloud.disks.path(row.id).stat().st_mtime_ns
    except FileNotFoundError:
        written = 0
    return Version(f'"0x{written:X}"', written // _NS)


@contextmanager
def opened(disk: SharedDisk, open: Callable[[VolumeId], AbstractContextManager[VolumeView]]) -> Iterator[VolumeView]:
    """Its bytes as a blob's; ``open`` opens a volume's."""
    with open(disk.volume.id) as below:
        has = below.size_bytes - (FOOTER_BYTES if disk.volume.format is Format.FLAT else 0)
        yield below if not disk.footer else _WithFooter(below, min(has, disk.guest_bytes), disk)


class _WithFooter:
    """``has`` bytes of a view, zeros up to the guest's size, then the footer."""

    def __init__(self, below: VolumeView, has: int, disk: SharedDisk) -> None:
        self.size_bytes = disk.length
        self._below = below
        self._has = has
        self._guest_bytes = disk.guest_bytes
        self._footer = disk.footer

    def read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self.size_bytes:
            raise ValueError(f"{length} bytes at {offset} are not within {self.size_bytes}")
        end = offset + length
        parts = []
        if offset < self._has:
            parts.append(self._below.read(offset, min(end, self._has) - offset))
        zeros = min(end, self._guest_bytes) - max(offset, self._has)
        if zeros > 0:
            parts.append(bytes(zeros))
        if end > self._guest_bytes:
            parts.append(self._footer[max(0, offset - self._guest_bytes) : end - self._guest_bytes])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        end = offset + length
        if offset < self._has:
            yield from self._below.extents(offset, min(end, self._has) - offset)
        begin = max(offset, self._guest_bytes)
        if begin < end:
            yield Extent(begin, end - begin)
