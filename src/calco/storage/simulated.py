"""Volumes that are only names: what ``Qcow2Store`` does, in memory, for the simulated hypervisor and for crash loops.

It forgets what a power cut would make files forget: what was made, grown, moved or synced stays, while a deletion or a
freeze that was never followed by an fsync may come back undone. ``power_cut`` is the worst case.
"""

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from calco.model.volume import Volume, VolumeId
from calco.ports import Clock, StoreFull
from calco.storage.volumes import checked_id, importable_bytes

_NEW_BYTES = 256 * 1024
"""What an empty qcow2 file takes, about."""


@dataclass(frozen=True)
class _File:
    size_bytes: int
    used_bytes: int
    frozen: bool
    whole: bool = True


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

    def create(self, volume: Volume) -> None:
        with self._lock:
            if volume.backing is not None and not self._is_whole(volume.id):
                self._whole(volume.backing)
            self._make(volume, _NEW_BYTES)

    def import_base(self, volume: Volume, source: Path, format: str) -> None:
        with self._lock:
            if not self._is_whole(volume.id):
                source = source.resolve(strict=True)
                importable_bytes(source, format, volume.size_bytes)
                self._make(volume, source.stat().st_blocks * 512)

    def grow(self, volume: VolumeId, size_bytes: int) -> None:
        with self._lock:
            file = self._whole(volume)
            if file.frozen:
                raise PermissionError(f"volume {volume} is frozen")
            self._keep(volume, replace(file, size_bytes=max(file.size_bytes, size_bytes)))

    def freeze(self, volume: VolumeId) -> None:
        with self._lock:
            if self._is_whole(volume):
                self._files[volume] = replace(self._files[volume], frozen=True)

    def sync(self, volume: VolumeId) -> None:
        with self._lock:
            self._keep(volume, self._whole(volume))

    def delete(self, volume: VolumeId) -> None:
        with self._lock:
            self._files.pop(checked_id(volume), None)

    def trash(self, volume: VolumeId) -> None:
        with self._lock:
            if self._is_whole(volume):
                self._trash.append((self._clock.now(), volume))
                self._durable.pop(volume, None)
            self._files.pop(volume, None)

    def empty_trash(self, older_than: datetime) -> list[VolumeId]:
        with self._lock:
            gone = [volume for moved_at, volume in sorted(self._trash) if moved_at < older_than]
            self._trash = [each for each in self._trash if each[0] >= older_than]
            return gone

    def volumes(self) -> set[VolumeId]:
        with self._lock:
            return set(self._files)

    def path(self, volume: VolumeId) -> Path:
        return self._folder / f"{checked_id(volume)}.qcow2"

    def used_bytes(self, volume: VolumeId) -> int:
        with self._lock:
            file = self._files.get(checked_id(volume))
            return 0 if file is None else file.used_bytes

    # --- for tests ---

    def size_bytes(self, volume: VolumeId) -> int:
        """What the guest would see. Raises FileNotFoundError."""
        with self._lock:
            return self._whole(volume).size_bytes

    def power_cut(self) -> None:
        """Lose everything that was not on disk."""
        with self._lock:
            self._files = dict(self._durable)

    # --- within ---

    def _make(self, volume: Volume, used_bytes: int) -> None:
        if self._is_whole(volume.id):
            return
        if self.room is not None and self.room <= 0:
            self._files[volume.id] = _File(volume.size_bytes, 0, frozen=False, whole=False)
            raise StoreFull(f"no room in {self._folder}")
        if self.room is not None:
            self.room -= 1
        self._keep(volume.id, _File(volume.size_bytes, used_bytes, volume.frozen))

    def _keep(self, volume: VolumeId, file: _File) -> None:
        self._files[volume] = self._durable[volume] = file

    def _is_whole(self, volume: VolumeId) -> bool:
        file = self._files.get(checked_id(volume))
        return file is not None and file.whole

    def _whole(self, volume: VolumeId) -> _File:
        if not self._is_whole(volume):
            raise FileNotFoundError(f"volume {volume} has no file")
        return self._files[volume]
