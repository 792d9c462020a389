"""Where volumes' files lie: one folder, and in it a folder for each pool.

The folder itself is the regional pool; ``eastus-1/`` in it is a zone's, and may be a mount point, but not a symbolic
link, for overlays name their backing files by relative paths. A file ``pools`` lists the pools that were made here. A
pool is made at its first use; one that is listed and has no folder is gone, and is never silently made again: what was
in it would be missed without a word.

Files: ``{guid}.qcow2`` and ``{guid}.flat``; ``{guid}.making`` while one is made, and after a crash until it is deleted
or made again; ``trash/{guid}.{time}.{kind}`` in each pool for what nobody owned.
"""

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from calco.model.ids import is_guid
from calco.model.volume import REGIONAL, Format, VolumeId
from calco.ports import PoolGone
from calco.storage.durable import sync_file, sync_folder

LIST = "pools"
TRASH = "trash"
MAKING = "making"

_POOL = re.compile(r"[a-z0-9]{1,40}-[a-z0-9]{1,8}")
_BACKING = re.compile(r"(?P<up>\.\./)?(?:(?P<pool>[a-z0-9-]+)/)?(?P<volume>[0-9a-f-]{36})\.(?P<kind>qcow2|flat)")

BACKING_FORMATS = {Format.QCOW2: "qcow2", Format.FLAT: "raw"}
"""QEMU's names for what lies below an overlay."""


@dataclass(frozen=True)
class Place:
    """A volume's file."""

    volume: VolumeId
    pool: str
    format: Format
    file: Path


class Places:
    """Finds and names the files of one data directory. Any number of processes may use one folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        (folder / TRASH).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._listed = self._read_list()

    # --- pools ---

    def there(self) -> set[str]:
        """The pools that are there; the regional one always is."""
        self._listed = self._read_list()
        return {REGIONAL, *(each for each in self._listed if self._is_folder(each))}

    def gone(self) -> list[str]:
        """The pools that were made here and are not there."""
        return sorted(set(self._listed) - self.there())

    def folder_for(self, pool: str) -> Path:
        """The folder of a pool that something will be made in, made if it is the first. Raises PoolGone."""
        folder = self._folder(pool)
        if pool != REGIONAL and (pool not in self._listed or not self._is_folder(pool)):
            self._begin(pool)
        return folder

    def folders(self) -> Iterator[tuple[str, Path]]:
        """Every pool that is there, with its folder."""
        yield REGIONAL, self.root
        for pool in self._listed:
            if self._is_folder(pool):
                yield pool, self._folder(pool)

    def _folder(self, pool: str) -> Path:
        return self.root if pool == REGIONAL else self.root / checked_pool(pool)

    def _is_folder(self, pool: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(self.root / pool).st_mode)
        except FileNotFoundError:
            return False

    def _begin(self, pool: str) -> None:
        """Folder first, then its line in the list: a crash in between leaves one that is listed at the next use."""
        list_file = self.root / LIST
        with list_file.open("a+") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            self._listed = self._read_list()
            if pool in self._listed:
                if not self._is_folder(pool):
                    raise PoolGone(f"pool {pool} is gone: {self.root / pool} is not there", pool)
                return
            (self.root / pool / TRASH).mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.root / pool).chmod(0o700)
            sync_folder(self.root / pool)
            sync_folder(self.root)
            opened.truncate(sum(len(each) + 1 for each in self._listed))  # what a power cut left half written
            opened.write(f"{pool}\n")
            opened.flush()
            sync_file(list_file)
        self._listed = (*self._listed, pool)

    def _read_list(self) -> tuple[str, ...]:
        """A line that a power cut left half written is no pool."""
        try:
            *lines, _half = (self.root / LIST).read_text().split("\n")
        except FileNotFoundError:
            return ()
        return tuple(checked_pool(each) for each in lines)

    # --- files ---

    def find(self, volume: VolumeId) -> Place | None:
        """Where the volume's file is; None when it is in no pool that is there."""
        checked_id(volume)
        return self._look(volume) or (self._look(volume) if self._has_news() else None)

    def found(self, volume: VolumeId) -> Place:
        """Like ``find``, but raises FileNotFoundError, or PoolGone when it may lie in a pool that is not there."""
        place = self.find(volume)
        if place is None:
            gone = self.gone()
            if gone:
                raise PoolGone(f"volume {volume} is not here, and pool {', '.join(gone)} is gone", *gone)
            raise FileNotFoundError(f"volume {volume} has no file")
        return place

    def _look(self, volume: VolumeId) -> Place | None:
        for pool in (REGIONAL, *self._listed):
            for format in Format:
                file = self.root / pool / f"{volume}.{format}"
                if file.exists():
                    return Place(volume, pool, format, file)
        return None

    def _has_news(self) -> bool:
        """Whether another process has begun a pool since we looked."""
        before, self._listed = self._listed, self._read_list()
        return before != self._listed

    def name(self, volume: VolumeId, pool: str, format: Format) -> Place:
        """Where a volume's file shall be."""
        return Place(volume, pool, format, self._folder(pool) / f"{checked_id(volume)}.{format}")

    def making(self, volume: VolumeId, pool: str) -> Path:
        """What a volume's file is called while it is made."""
        return self._folder(pool) / f"{checked_id(volume)}.{MAKING}"

    def all_files(self, volume: VolumeId) -> list[Path]:
        """Every name that the volume's file, or what an attempt left of it, may have in the pools that are there."""
        checked_id(volume)
        kinds = (*Format, MAKING)
        return [folder / f"{volume}.{kind}" for _, folder in self.folders() for kind in kinds]

    def volumes(self) -> set[VolumeId]:
        """Every volume that has a file in a pool that is there, half-made ones included."""
        kinds = {*Format, MAKING}
        names = (file.name.partition(".") for _, folder in self.folders() for file in folder.iterdir())
        return {stem for stem, _, kind in names if kind in kinds and _is_volume_id(stem)}

    # --- what lies below ---

    def name_below(self, below: Place, pool: str) -> str:
        """What an overlay in ``pool`` calls the file below it: relative, so that the data directory may move."""
        if below.pool == pool:
            return below.file.name
        up = "" if pool == REGIONAL else "../"
        return f"{up}{below.pool}/{below.file.name}" if below.pool else f"{up}{below.file.name}"

    def below(self, overlay: Place, name: str, format: str | None) -> Place | None:
        """The volume that an overlay's header names, if it is named exactly as we name it; else None."""
        shape = _BACKING.fullmatch(name)
        if (
            shape is None
            or not _is_volume_id(shape["volume"])
            or (shape["pool"] and not _POOL.fullmatch(shape["pool"]))
        ):
            return None
        pool = shape["pool"] or (REGIONAL if shape["up"] else overlay.pool)
        place = self.name(shape["volume"], pool, Format(shape["kind"]))
        is_ours = self.name_below(place, overlay.pool) == name and BACKING_FORMATS[place.format] == format
        return place if is_ours else None


def _is_volume_id(text: str) -> bool:
    return is_guid(text) and text == text.lower()


def checked_id(volume: VolumeId) -> VolumeId:
    """``volume``, if it is a GUID in lower case. Raises ValueError."""
    if not _is_volume_id(volume):
        raise ValueError(f"not a volume id: {volume[:80]!r}")
    return volume


def checked_pool(pool: str) -> str:
    """``pool``, if it has the shape of a zone's name. Raises ValueError."""
    if not _POOL.fullmatch(pool):
        raise ValueError(f"not a pool: {pool[:80]!r}")
    return pool
