"""Copies of blobs. Of a blob here no byte is copied: both hold the same volume, frozen, until one of them is written.

Bytes move only where they must: a disk or snapshot (by its SAS) becomes a page blob, or the source is the disk of a
machine, which goes on writing. That goes on behind the answer, in this process; when it is killed, the copy is shown as
failed.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from calco.model import blob as model
from calco.model.blob import BlobType
from calco.model.conditions import NONE, Conditions
from calco.model.document import Document, object_at, text_at
from calco.model.errors import ApiError
from calco.model.volume import Format, Volume
from calco.ports import PoolGone, StoreFull, Writer
from calco.tool import ToolFailed
from calco.work import blob, loose, page_blob, stored_blob
from calco.work.cloud import Cloud
from calco.work.common import with_properties
from calco.work.stored_blob import Content, State, Target

log = logging.getLogger(__name__)

AT_ONCE = 1
"""Copies of bytes: a second one would only halve the speed of the first."""


class _Stopped(Exception):
    """The caller of Abort Copy wants no more of it."""


@dataclass
class _Copy:
    done: int = 0
    all: int = 0
    stopped: bool = False


class Copies:
    """The copies of bytes that this process has under way."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "copy")
        self._lock = threading.Lock()
        self._copies: dict[str, _Copy] = {}

    def begin(self, id: str, length: int, work: Callable[[Callable[[int, int], None]], None]) -> None:
        with self._lock:
            self._copies[id] = _Copy(0, length)
        self._threads.submit(self._run, id, work)

    def _run(self, id: str, work: Callable[[Callable[[int, int], None]], None]) -> None:
        def moved(done: int, all: int) -> None:
            with self._lock:
                copy = self._copies[id]
                copy.done, copy.all = done, all
            if copy.stopped:
                raise _Stopped

        try:
            work(moved)
        finally:
            with self._lock:
                del self._copies[id]

    def progress(self, id: str) -> tuple[int, int] | None:
        """Bytes done and in all; None when this process knows of no such copy."""
        with self._lock:
            copy = self._copies.get(id)
            return None if copy is None else (copy.done, copy.all)

    def stop(self, id: str) -> bool:
        """Whether there was one to stop."""
        with self._lock:
            copy = self._copies.get(id)
            if copy is not None:
                copy.stopped = True
            return copy is not None

    def close(self) -> None:
        with self._lock:
            for each in self._copies.values():
                each.stopped = True
        self._threads.shutdown(wait=False, cancel_futures=True)


def share(cloud: Cloud, source: State, target: Target, asked: Conditions, content: Content) -> State:
    """``target`` holds the source's own volume from now on; O(metadata). Raises ApiError.

    ``content.more["copy"]`` has the copy's ``id`` and ``source``, here and in ``move``.
    """
    stored_blob.check_place(cloud, target, asked)
    frozen, length = replace(source.volume, frozen=True), source.length

    def still_there(tx: Writer) -> None:
        stored_blob.check_unclaimed(tx, source.resource.id)
        row = tx.volume(source.volume.id)
        if tx.held(source.resource.id).get(blob.SLOT) != source.volume.id or row is None or row.size_bytes != length:
            raise model.busy()
        # Once more: a write that came in between has thawed it, and it may not now.
        cloud.disks.freeze(source.volume.id)

    # The file before the row: a crash between leaves a file that the next write thaws. And before the transaction: who
    # waits for writes that are under way keeps nobody waiting.
    cloud.disks.freeze(source.volume.id)
    told = stored_blob.member(content.more, "copy")
    copied: Document = {**told, "status": "success", "progress": f"{length}/{length}"}
    made = replace(content, type=_type(source), more={**content.more, "copy": copied})
    return stored_blob.publish(cloud, target, frozen, made, asked, first=still_there)


def _type(source: State) -> BlobType:
    return BlobType.PAGE if source.is_page else BlobType.BLOCK


def is_shared(source: State) -> bool:
    """Whether a copy may hold the source's volume itself: not when a machine writes it."""
    return source.lease.owner is None


def move(
    cloud: Cloud,
    copies: Copies,
    source: Volume,
    target: Target,
    *,
    asked: Conditions,
    content: Content,
    length: int,
) -> State:
    """Copy ``source``'s bytes into a page blob of ``length``, behind the answer. Raises ApiError."""
    told = stored_blob.member(content.more, "copy")
    id = text_at(told, "id") or ""
    pending: Document = {**told, "status": "pending", "progress": f"0/{length}"}
    begun = page_blob.create(cloud, target, length, replace(content, more={**content.more, "copy": pending}), asked)
    own = Volume(cloud.chance.guid(), length, format=Format.FLAT)

    def carry(moved: Callable[[int, int], None]) -> None:
        try:
            loose.make_by(cloud, own, lambda: cloud.disks.copy(own, source.id, moved))
        except (_Stopped, OSError, StoreFull, PoolGone, ToolFailed, ApiError, ValueError) as why:
            log.warning("copy %s did not end well: %s", id, why)
            _end(cloud, target, id, "aborted" if isinstance(why, _Stopped) else "failed")
            return
        _arrived(cloud, target, begun, own, id)

    copies.begin(id, length, carry)
    return begun


def _arrived(cloud: Cloud, target: Target, begun: State, own: Volume, id: str) -> None:
    try:
        stored_blob.swap(cloud, target, begun.volume, own, NONE)
    except ApiError as gone:  # the blob was deleted, replaced or leased meanwhile
        log.warning("copy %s has no place any more: %s", id, gone)
        loose.drop(cloud, [own.id])
        return
    _end(cloud, target, id, "success")


def _end(cloud: Cloud, target: Target, id: str, status: str) -> None:
    with cloud.records.write() as tx:
        there = tx.resource(target.id)
        copy = {} if there is None else object_at(there.properties, "copy")
        if there is None or copy.get("id") != id:
            return
        progress = text_at(copy, "progress") or ""
        length = progress.partition("/")[2]
        ended: Document = {
            **copy,
            "status": status,
            "progress": f"{length}/{length}" if status == "success" else progress,
        }
        tx.put(with_properties(there, {"copy": ended, "changed": blob.now_ns(cloud)}))


def seen(copies: Copies, found: State) -> State:
    """The blob with what is true of its copy now: how far it is, or that it failed with the process that made it."""
    copy = object_at(found.resource.properties, "copy")
    if copy.get("status") != "pending":
        return found
    progress = copies.progress(text_at(copy, "id") or "")
    now: Document = (
        {**copy, "status": "failed"} if progress is None else {**copy, "progress": f"{progress[0]}/{progress[1]}"}
    )
    return replace(found, resource=with_properties(found.resource, {"copy": now}))


def abort(copies: Copies, found: State, id: str) -> None:
    """Raises ApiError when that copy is not under way."""
    copy = object_at(found.resource.properties, "copy")
    if copy.get("id") != id or not copies.stop(id):
        raise ApiError(409, "NoPendingCopyOperation", "There is currently no pending copy operation.")
