"""Block blobs: written whole, or in blocks that are put together afterwards. They hold logs.

A block that waits to be put together is a volume of its own, held by the blob, so it lives and goes with it. A blob
that has only such blocks is not there for anybody but who asks for its blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from calco.model import blob as model
from calco.model.blob import BLOCKS_MAX, BlobType
from calco.model.conditions import Conditions
from calco.model.document import Document, number_at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.volume import MIB, Format, Volume, VolumeId
from calco.ports import Reader
from calco.work import blob, container, loose, stored_blob
from calco.work.cloud import Cloud
from calco.work.stored_blob import Content, State, Target

_WAITING = "block/"
"""Slots of blocks that wait, before the block's id."""
_PIECE_BYTES = 4 * MIB


class From(StrEnum):
    """Where the block list looks for a block."""

    COMMITTED = "Committed"
    UNCOMMITTED = "Uncommitted"
    LATEST = "Latest"


@dataclass(frozen=True)
class Block:
    """``id`` is base64 text, as clients have it. ``length`` in bytes."""

    id: str
    length: int


def receive(cloud: Cloud, length: int) -> Volume:
    """An empty volume for a body of that length, which nobody holds yet. Raises StoreFull."""
    row = Volume(cloud.chance.guid(), length, format=Format.FLAT)
    loose.make(cloud, row)
    return row


def put(cloud: Cloud, target: Target, row: Volume, content: Content, asked: Conditions) -> State:
    """The blob is what ``row`` received. Raises ApiError; then ``row`` is still the caller's to drop."""
    return stored_blob.publish(cloud, target, row, replace(content, more={**content.more, "blocks": []}), asked)


def stage(cloud: Cloud, target: Target, id: str, row: Volume, asked: Conditions) -> None:
    """A block that waits; one of the same id is replaced. Raises ApiError; then ``row`` is the caller's to drop."""
    slot = f"{_WAITING}{id}"
    with cloud.records.write() as tx:
        home = container.get(tx, target.account, target.container)
        there = tx.resource(target.id)
        found = None if there is None else stored_blob.state_of(cloud, tx, there)
        stored_blob.check_write(cloud, found, Conditions(lease=asked.lease))
        if found is not None and found.is_page:
            raise model.wrong_type()
        held = tx.held(target.id)
        if len(held) > BLOCKS_MAX:
            raise _too_many()
        if there is None:
            tx.put(blob.new(cloud, target.id, home.location, BlobType.BLOCK, content={}))
        tx.put_volume(row)
        tx.hold(target.id, slot, row.id)
        loose.forget(tx, [row.id])
        gone = loose.let_go(tx, [held[slot]] if slot in held else [])
    loose.drop(cloud, gone)


def waiting(view: Reader, target: Target) -> Sequence[Block]:
    """Blocks that were not put together yet."""
    volumes = _waiting(view, target)
    rows = ((id, view.volume(each)) for id, each in volumes.items())
    return [Block(id, row.size_bytes) for id, row in rows if row is not None]


def _waiting(view: Reader, target: Target) -> dict[str, VolumeId]:
    return {slot.removeprefix(_WAITING): each for slot, each in view.held(target.id).items() if slot != blob.SLOT}


def committed(found: State) -> Sequence[Block]:
    """The blocks the blob was put together from; none when it was written whole."""
    blocks = objects_at(found.resource.properties, "blocks")
    return [Block(text_at(each, "id") or "", number_at(each, "length") or 0) for each in blocks]


def commit(
    cloud: Cloud, target: Target, wanted: Sequence[tuple[From, str]], content: Content, asked: Conditions
) -> State:
    """Put the named blocks together in that order; others that wait go. O(bytes). Raises ApiError."""
    if len(wanted) > BLOCKS_MAX:
        raise _too_many()
    pieces = _pieces(cloud, target, wanted, asked)
    row = receive(cloud, sum(each.length for each in pieces))
    try:
        at = 0
        for each in pieces:
            _append(cloud, row, at, each)
            at += each.length
        blocks: Document = {"blocks": [{"id": each.id, "length": each.length} for each in pieces]}
        made = replace(content, more={**content.more, **blocks})
        return stored_blob.publish(cloud, target, row, made, asked)
    except Exception:
        loose.drop(cloud, [row.id])
        raise


@dataclass(frozen=True)
class _Piece:
    """Bytes of a block, where they lie now."""

    id: str
    volume: VolumeId
    offset: int
    length: int


def _pieces(cloud: Cloud, target: Target, wanted: Sequence[tuple[From, str]], asked: Conditions) -> list[_Piece]:
    with cloud.records.read() as view:
        container.get(view, target.account, target.container)
        found = stored_blob.find(cloud, view, target)
        stored_blob.check_write(cloud, found, asked)
        volumes, sizes = _waiting(view, target), {each.id: each.length for each in waiting(view, target)}
    fresh = {id: _Piece(id, each, 0, sizes[id]) for id, each in volumes.items() if id in sizes}
    old: dict[str, _Piece] = {}
    if found is not None:
        at = 0
        for each in committed(found):
            old[each.id] = _Piece(each.id, found.volume.id, at, each.length)
            at += each.length
    places = {From.UNCOMMITTED: fresh, From.COMMITTED: old, From.LATEST: {**old, **fresh}}
    try:
        return [places[place][id] for place, id in wanted]
    except KeyError as missing:
        raise ApiError(400, "InvalidBlockList", "The specified block list is invalid.") from missing


def _append(cloud: Cloud, row: Volume, at: int, piece: _Piece) -> None:
    with cloud.disks.view(piece.volume) as content:
        for offset in range(0, piece.length, _PIECE_BYTES):
            length = min(_PIECE_BYTES, piece.length - offset)
            cloud.disks.write(row.id, at + offset, content.read(piece.offset + offset, length))


def _too_many() -> ApiError:
    limit = f"The committed block count cannot exceed the maximum limit of {BLOCKS_MAX} blocks."
    return ApiError(409, "BlockCountExceedsLimit", limit)
