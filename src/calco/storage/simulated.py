"""Volumes in memory: what ``Qcow2Store`` does, for the simulated hypervisor and for crash loops.

It forgets what a power cut would make files forget: what was made, grown, moved, written or synced stays, while a
deletion or the freeze of a qcow2 volume that was never followed by an fsync may come back undone. ``power_cut`` is the
worst case; ``lose_pool`` takes a zone away.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from calco.model.vhd import FOOTER_BYTES, footer
from calco.model.volume import REGIONAL, Format, Volume, VolumeId
from calco.ports import Clock, Extent, PoolGone, StoreFull, VolumeFrozen, VolumeView
from calco.storage.flat import check_range
from calco.storage.places import checked_id, checked_pool
from calco.storage.volumes import checked_copy, importable_bytes

_NEW_BYTES = 256 * 1024
"""What an empty qcow2 file takes, about."""
_PAGE = 4096
_ZEROS = bytes(_PAGE)


@dataclass(frozen=True)
class _File:
    size_bytes: int
    used_bytes: int
    frozen: bool
    whole: bool = True
    format: Format = Format.QCOW2
    pool: str = REGIONAL
    backing: VolumeId | None = None
    pages: dict[int, bytes] = field(default_factory=dict)
    """What was written into the volume itself, by number of page."""

    @property
    def guest_bytes(self) -> int:
        return self.size_bytes - FOOTER_BYTES if self.format is Format.FLAT else self.size_bytes


class SimulatedDiskStore:
    """``ports.DiskStore`` in memory. ``room`` is how many more volumes fit; None means any number."""

    def __init__(self, folder: Path, clock: Clock, *, room: int | None = None) -> None:
        self.room = room
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._files: dict[VolumeId, _File] = {}
        self._durable: dict[VolumeId, _File] = {}
        self._trash: list[tuple[datetime, VolumeId]] = []
        self._pools = {REGIONAL}
        self._lost: set[str] = set()

    # --- making ---

    def create(self, volume: Volume) -> None:
        with self._lock:
            if not self._is_whole(volume.id):
                if volume.backing is not None:
                    self._whole(volume.backing)
                    if volume.format is Format.FLAT:
                        raise ValueError("a flat volume lies over nothing")
                self._make(volume, 0 if volume.format is Format.FLAT else _NEW_BYTES, {})

    def import_base(self, volume: Volume, source: Path, format: str) -> None:
        with self._lock:
            if volume.format is not Format.QCOW2:
                raise ValueError("an image file becomes a qcow2 volume")
            if not self._is_whole(volume.id):
                source = source.resolve(strict=True)
                importable_bytes(source, format, volume.size_bytes)
                self._make(volume, source.stat().st_blocks * 512, {})

    def copy(self, volume: Volume, source: VolumeId, moved: Callable[[int, int], None]) -> None:
        with self._lock:
            if self._is_whole(volume.id):
                return
            whole = self._whole(source)
            guest_bytes = checked_copy(volume, whole.format, whole.size_bytes)
            end = guest_bytes if guest_bytes is not None else whole.size_bytes
            pages = self._pages(source, end)
            total = len(pages) * _PAGE
            moved(0, total)
            self._make(volume, total + (0 if volume.format is Format.FLAT else _NEW_BYTES), pages)
            if volume.format is Format.FLAT and whole.format is Format.QCOW2:
                guest_end = volume.size_bytes - FOOTER_BYTES
                self._put(self._files[volume.id], guest_end, footer(guest_end, volume.id, self._clock.now()))
            moved(total, total)

    def receive(self, volume: Volume, pages: Iterable[tuple[int, bytes]]) -> None:
        if volume.format is not Format.FLAT or volume.backing is not None:
            raise ValueError("pages are received into a flat volume that lies over nothing")
        with self._lock:
            if self._is_whole(volume.id):
                return
        received = _File(volume.size_bytes, 0, frozen=False)
        for offset, data in pages:
            check_range(offset, len(data), volume.size_bytes)
            self._put(received, offset, data)
        with self._lock:
            self._make(volume, 0, received.pages)

    # --- changing ---

    def write(self, volume: VolumeId, offset: int, data: bytes | memoryview) -> None:
        with self._lock:
            self._put(self._writable(volume, offset, len(data)), offset, bytes(data))

    def clear(self, volume: VolumeId, offset: int, length: int) -> None:
        with self._lock:
            file = self._writable(volume, offset, length)
            for page in sorted(file.pages):
                begin, end = max(offset, page * _PAGE), min(offset + length, (page + 1) * _PAGE)
                if end - begin == _PAGE:
                    del file.pages[page]
                elif begin < end:
                    self._put(file, begin, bytes(end - begin))

    def grow(self, volume: VolumeId, size_bytes: int) -> None:
        with self._lock:
            file = self._whole(volume)
            if file.frozen:
                raise PermissionError(f"volume {volume} is frozen")
            self._keep(volume, replace(file, size_bytes=max(file.size_bytes, size_bytes)))

    def freeze(self, volume: VolumeId) -> None:
        self._set_frozen(volume, True)

    def thaw(self, volume: VolumeId) -> None:
        self._set_frozen(volume, False)

    def sync(self, volume: VolumeId) -> None:
        with self._lock:
            self._keep(volume, self._whole(volume))

    # --- ending ---

    def delete(self, volume: VolumeId) -> None:
        with self._lock:
            if self._is_here(volume):
                self._files.pop(volume, None)

    def trash(self, volume: VolumeId) -> None:
        with self._lock:
            if self._is_whole(volume):
                self._trash.append((self._clock.now(), volume))
                self._durable.pop(volume, None)
            self.delete(volume)

    def empty_trash(self, older_than: datetime) -> list[VolumeId]:
        with self._lock:
            gone = [volume for moved_at, volume in sorted(self._trash) if moved_at < older_than]
            self._trash = [each for each in self._trash if each[0] >= older_than]
            return gone

    # --- looking ---

    def pools(self) -> set[str]:
        with self._lock:
            return self._pools - self._lost

    def volumes(self) -> set[VolumeId]:
        with self._lock:
            return {each for each in self._files if self._is_here(each)}

    def path(self, volume: VolumeId) -> Path:
        with self._lock:
            if not self._is_whole(volume):
                if self._lost:
                    raise self._gone(volume)
                return self._folder / f"{volume}.qcow2"
            file = self._files[volume]
            return self._folder / file.pool / f"{volume}.{file.format}"

    def used_bytes(self, volume: VolumeId) -> int:
        with self._lock:
            if not self._is_here(volume):
                return 0
            file = self._files[volume]
            return len(file.pages) * _PAGE if file.format is Format.FLAT else file.used_bytes

    def view(self, volume: VolumeId) -> AbstractContextManager[VolumeView]:
        with self._lock:
            return nullcontext(_View(self, volume, self._whole(volume).size_bytes))

    def stamp(self, volume: VolumeId) -> str:
        """By the bytes themselves: there are few."""
        with self._lock:
            file = self._whole(volume)
            seen = sha256(str(file.size_bytes).encode())
            for number, page in sorted(file.pages.items()):
                seen.update(number.to_bytes(8) + page)
            return seen.hexdigest()

    # --- for tests ---

    def size_bytes(self, volume: VolumeId) -> int:
        """What the guest would see, of a flat volume the length of the file. Raises FileNotFoundError."""
        with self._lock:
            return self._whole(volume).size_bytes

    def guest_writes(self, volume: VolumeId, offset: int, data: bytes) -> None:
        """What a machine does that has the volume for a disk."""
        with self._lock:
            file = self._whole(volume)
            for page in range(offset // _PAGE, -(-(offset + len(data)) // _PAGE)):
                file.pages.setdefault(page, self._page(volume, page))
            self._put(file, offset, data)

    def power_cut(self) -> None:
        """Lose everything that was not on disk."""
        with self._lock:
            self._files = dict(self._durable)

    def lose_pool(self, pool: str) -> None:
        """Take a pool away with all that is in it."""
        self._lost.add(pool)

    def bring_back_pool(self, pool: str) -> None:
        self._lost.discard(pool)

    # --- within ---

    def _make(self, volume: Volume, used_bytes: int, pages: dict[int, bytes]) -> None:
        if volume.pool in self._lost:
            raise PoolGone(f"pool {volume.pool} is gone", volume.pool)
        if volume.pool != REGIONAL:
            self._pools.add(checked_pool(volume.pool))
        if self.room is not None and self.room <= 0:
            self._files[volume.id] = _File(volume.size_bytes, 0, frozen=False, whole=False, pool=volume.pool)
            raise StoreFull(f"no room in {self._folder}")
        if self.room is not None:
            self.room -= 1
        made = _File(volume.size_bytes, used_bytes, volume.frozen, True, volume.format, volume.pool, volume.backing)
        made.pages.update(pages)
        self._keep(volume.id, made)

    def _keep(self, volume: VolumeId, file: _File) -> None:
        self._files[volume] = self._durable[volume] = file

    def _set_frozen(self, volume: VolumeId, frozen: bool) -> None:
        with self._lock:
            if self._is_whole(volume):
                changed = replace(self._files[volume], frozen=frozen)
                self._files[volume] = changed
                if changed.format is Format.FLAT:
                    self._keep(volume, changed)

    def _is_here(self, volume: VolumeId) -> bool:
        file = self._files.get(checked_id(volume))
        return file is not None and file.pool not in self._lost

    def _is_whole(self, volume: VolumeId) -> bool:
        return self._is_here(volume) and self._files[volume].whole

    def _whole(self, volume: VolumeId) -> _File:
        if not self._is_whole(volume):
            raise self._gone(volume) if self._lost else FileNotFoundError(f"volume {volume} has no file")
        return self._files[volume]

    def _gone(self, volume: VolumeId) -> PoolGone:
        gone = sorted(self._lost)
        return PoolGone(f"volume {volume} is not here, and pool {', '.join(gone)} is gone", *gone)

    def _writable(self, volume: VolumeId, offset: int, length: int) -> _File:
        file = self._whole(volume)
        if file.format is not Format.FLAT:
            raise ValueError(f"volume {volume} is not flat")
        if file.frozen:
            raise VolumeFrozen(f"volume {volume} is frozen")
        check_range(offset, length, file.size_bytes)
        return file

    @staticmethod
    def _put(file: _File, offset: int, data: bytes) -> None:
        at = 0
        while at < len(data):
            page, start = divmod(offset + at, _PAGE)
            part = data[at : at + _PAGE - start]
            old = file.pages.get(page, _ZEROS)
            file.pages[page] = old[:start] + part + old[start + len(part) :]
            at += len(part)

    def _page(self, volume: VolumeId, page: int) -> bytes:
        """That page as one reads it, what lies below included."""
        file = self._whole(volume)
        if page in file.pages or file.backing is None:
            return file.pages.get(page, _ZEROS)
        below = self._whole(file.backing)
        return _cut(self._page(file.backing, page), below.guest_bytes - page * _PAGE)

    def _pages(self, volume: VolumeId, end: int) -> dict[int, bytes]:
        """The pages before ``end`` that hold anything, what lies below included."""
        numbers: set[int] = set()
        each: VolumeId | None = volume
        while each is not None:
            numbers |= set(self._whole(each).pages)
            each = self._files[each].backing
        found = {page: _cut(self._page(volume, page), end - page * _PAGE) for page in sorted(numbers)}
        return {page: data for page, data in found.items() if page * _PAGE < end}

    def read(self, volume: VolumeId, offset: int, length: int) -> bytes:
        """What a view of it reads."""
        with self._lock:
            first, last = offset // _PAGE, -(-(offset + length) // _PAGE)
            whole = b"".join(self._page(volume, page) for page in range(first, last))
            return whole[offset - first * _PAGE :][:length]

    def extents(self, volume: VolumeId, offset: int, length: int) -> list[Extent]:
        """What a view of it tells."""
        with self._lock:
            found: list[Extent] = []
            for page in self._pages(volume, offset + length):
                begin, end = max(offset, page * _PAGE), min(offset + length, (page + 1) * _PAGE)
                if found and found[-1].offset + found[-1].length == begin:
                    found[-1] = Extent(found[-1].offset, end - found[-1].offset)
                elif begin < end:
                    found.append(Extent(begin, end - begin))
            return found


def _cut(page: bytes, at: int) -> bytes:
    """The page with zeros from ``at`` on."""
    return page if at >= _PAGE else page[: max(at, 0)].ljust(_PAGE, b"\0")


@dataclass
class _View:
    """``ports.VolumeView`` of a simulated volume."""

    store: SimulatedDiskStore
    volume: VolumeId
    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        check_range(offset, length, self.size_bytes)
        return self.store.read(self.volume, offset, length)

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        check_range(offset, length, self.size_bytes)
        return iter(self.store.extents(self.volume, offset, length))
