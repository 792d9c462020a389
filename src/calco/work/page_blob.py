"""Page blobs: created empty, written in ranges of 512-byte pages, resized.

A page goes straight into the flat volume; no record changes. When the volume is frozen, because an image or disk holds
it too, the blob first gets a volume of its own: a whole copy, which is rare, slow and said in the log.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from calco.model import blob as model
from calco.model.blob import PAGE_BLOB_BYTES_MAX, PAGE_BYTES, BlobType
from calco.model.conditions import Conditions
from calco.model.document import Document, number_at
from calco.model.volume import Format, Volume
from calco.ports import Extent, VolumeFrozen, Writer
from calco.work import blob, loose, stored_blob
from calco.work.cloud import Cloud
from calco.work.stored_blob import Content, State, Target
from calco.work.turns import Turns

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a write tries to get behind a freeze that came between."""


@dataclass(frozen=True)
class SequenceRule:
    """Conditions on a page blob's own number: below or equal, below, equal. None: not asked for."""

    at_most: int | None = None
    below: int | None = None
    equal: int | None = None

    def check(self, number: int) -> None:
        """Raises ApiError 412."""
        if (
            (self.at_most is not None and number > self.at_most)
            or (self.below is not None and number >= self.below)
            or (self.equal is not None and number != self.equal)
        ):
            raise model.sequence_not_met()


def sequence_number(found: State) -> int:
    return number_at(found.resource.properties, "sequenceNumber") or 0


def check_length(length: int) -> None:
    """Raises ApiError: a page blob has whole pages, and 8 TiB at most."""
    if length < 0 or length % PAGE_BYTES or length > PAGE_BLOB_BYTES_MAX:
        raise model.bad_header("x-ms-blob-content-length", str(length))


def create(cloud: Cloud, target: Target, length: int, content: Content, asked: Conditions) -> State:
    """An empty page blob of ``length`` bytes, in place of what was there; O(metadata). Raises ApiError."""
    check_length(length)
    stored_blob.check_place(cloud, target, asked)
    row = Volume(cloud.chance.guid(), length, format=Format.FLAT)
    loose.make(cloud, row)
    try:
        return stored_blob.publish(cloud, target, row, content, asked)
    except Exception:
        loose.drop(cloud, [row.id])
        raise


@dataclass(frozen=True)
class Pages:
    """A range of whole pages, ``offset`` and ``length`` in bytes. Raises ApiError when it is none."""

    offset: int
    length: int

    def __post_init__(self) -> None:
        if self.offset < 0 or self.length <= 0 or self.offset % PAGE_BYTES or self.length % PAGE_BYTES:
            raise model.bad_page_range()


def check(cloud: Cloud, target: Target, pages: Pages, asked: Conditions, rule: SequenceRule) -> State:
    """Before a byte is received: whether these pages may be written. Raises ApiError."""
    with cloud.records.read() as view:
        found = stored_blob.get(cloud, view, target)
    if not found.is_page:
        raise model.wrong_type()
    stored_blob.check_write(cloud, found, asked)
    rule.check(sequence_number(found))
    if pages.offset + pages.length > found.length:
        raise model.bad_page_range()
    return found


def write(cloud: Cloud, turns: Turns, found: State, pages: Pages, data: memoryview | None) -> State:
    """Write ``data``, or zeros when it is None, which gives their room back; on disk when it returns.

    ``found`` is what ``check`` answered. Raises ApiError.
    """
    for _ in range(ATTEMPTS):
        try:
            if data is None:
                cloud.disks.clear(found.volume.id, pages.offset, pages.length)
            else:
                cloud.disks.write(found.volume.id, pages.offset, data)
            return replace(found, version=stored_blob.version_of(cloud, found.resource, found.volume))
        except VolumeFrozen:
            _make_writable(cloud, turns, found)
        except ValueError as outside:
            raise model.bad_page_range() from outside
        except FileNotFoundError:  # replaced or deleted just now
            log.debug("volume %s went away while it was written", found.volume.id)
        found = _again(cloud, found)
    raise model.busy()


def _again(cloud: Cloud, found: State) -> State:
    """The same blob as it is now. Raises ApiError 404."""
    with cloud.records.read() as view:
        there = view.resource(found.resource.id)
        now = None if there is None else stored_blob.state_of(cloud, view, there)
    if now is None:
        raise model.blob_not_found()
    return now


def _make_writable(cloud: Cloud, turns: Turns, found: State) -> None:
    """See to it that the next attempt may write: thaw a file whose row never was frozen, else copy. Raises ApiError
    when an operation is at the blob."""
    with turns.of(found.volume.id):
        with cloud.records.write() as tx:
            if _thawed(cloud, tx, found):
                return
        own = Volume(cloud.chance.guid(), found.length, format=Format.FLAT)
        log.warning("blob %s is shared with images or disks: copying %d bytes", found.resource.id, found.length)
        loose.make_by(cloud, own, lambda: cloud.disks.copy(own, found.volume.id, _unheard))
        try:
            with cloud.records.write() as tx:
                stored_blob.check_unclaimed(tx, found.resource.id)
                if tx.held(found.resource.id).get(blob.SLOT) == found.volume.id:
                    tx.put_volume(own)
                    tx.hold(found.resource.id, blob.SLOT, own.id)
                    loose.forget(tx, [own.id])
                gone = loose.let_go(tx, [found.volume.id])
        except Exception:
            loose.drop(cloud, [own.id])
            raise
        loose.drop(cloud, [*gone, own.id])


def _thawed(cloud: Cloud, tx: Writer, found: State) -> bool:
    """Whether there is nothing (more) to copy: the blob has another volume, or its own may be written after all."""
    row, id = tx.volume(found.volume.id), found.resource.id
    if row is None or tx.held(id).get(blob.SLOT) != row.id:
        return True
    stored_blob.check_unclaimed(tx, id)
    alone = len(tx.holders(row.id)) == 1 and all(each.backing != row.id for each in tx.volumes())
    if row.frozen and not alone:
        return False
    tx.put_volume(replace(row, frozen=False))
    cloud.disks.thaw(row.id)
    return True


def _unheard(_done: int, _all: int) -> None:
    """Nobody asks how far the copy is."""


def joined(extents: Iterator[Extent]) -> Iterator[Extent]:
    """The same ranges, neighbours as one; as exact as the file system is."""
    last: Extent | None = None
    for each in extents:
        if last is not None and last.offset + last.length == each.offset:
            last = Extent(last.offset, last.length + each.length)
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def resize(cloud: Cloud, turns: Turns, target: Target, length: int, asked: Conditions) -> State:
    """Make the blob longer, or shorter. Raises ApiError."""
    check_length(length)
    with cloud.records.read() as view:
        found = stored_blob.get(cloud, view, target)
    if not found.is_page:
        raise model.wrong_type()
    stored_blob.check_write(cloud, found, asked)
    if length < found.length:
        return _shortened(cloud, target, found, length, asked)
    for _ in range(ATTEMPTS):
        try:
            cloud.disks.grow(found.volume.id, length)
            break
        except PermissionError:
            _make_writable(cloud, turns, found)
        found = _again(cloud, found)
    else:
        raise model.busy()

    def grown(now: State, tx: Writer) -> Document:
        stored_blob.check_unclaimed(tx, now.resource.id)
        tx.put_volume(replace(now.volume, size_bytes=max(length, now.length)))
        return {}

    return stored_blob.change(cloud, target, asked, grown)


def _shortened(cloud: Cloud, target: Target, found: State, length: int, asked: Conditions) -> State:
    """What remains is copied into a new volume: a file never shrinks under a reader."""
    own = Volume(cloud.chance.guid(), length, format=Format.FLAT)
    loose.make(cloud, own)
    try:
        with cloud.disks.view(found.volume.id) as content:
            for part in content.extents(0, length):
                for at in range(part.offset, part.offset + part.length, model.PAGE_WRITE_BYTES_MAX):
                    size = min(model.PAGE_WRITE_BYTES_MAX, part.offset + part.length - at)
                    cloud.disks.write(own.id, at, content.read(at, size))
        return stored_blob.swap(cloud, target, found.volume, own, asked)
    except Exception:
        loose.drop(cloud, [own.id])
        raise


def set_sequence_number(found: State, action: str, number: int | None) -> Document:
    """The property after ``max``, ``update`` or ``increment``. Raises ApiError."""
    now = sequence_number(found)
    match action.lower():
        case "increment" if number is None:
            after = now + 1
        case "update" if number is not None:
            after = number
        case "max" if number is not None:
            after = max(now, number)
        case _:
            raise model.bad_header("x-ms-sequence-number-action", action)
    if not 0 <= after < 2**63:
        raise model.bad_header("x-ms-blob-sequence-number", str(after))
    return {"sequenceNumber": after}


def content(headers: Document, metadata: dict[str, str], number: int) -> Content:
    """A new page blob's content."""
    return Content(BlobType.PAGE, headers, metadata, {"sequenceNumber": number})
