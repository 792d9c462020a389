"""Volumes as qcow2 files in one flat folder, sharing their bytes copy-on-write.

A volume's name is its GUID, so nothing from outside becomes a path; an overlay names its backing file by that name
alone, with its format, so the folder may move and nobody guesses. A file is made under another name, fsynced, renamed,
and its folder fsynced: under its own name it is whole or not there.

Files: ``{guid}.qcow2``; ``{guid}.making`` while it is made, and after a crash until it is deleted or made again;
``trash/{guid}.{time}.qcow2`` for what nobody owned.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from calco.model.ids import is_guid
from calco.model.volume import Volume, VolumeId
from calco.ports import Clock, StoreFull
from calco.storage.durable import publish, sync_file, sync_folder
from calco.storage.qcow2_header import Qcow2Header, read_qcow2_header
from calco.tool import ToolFailed, run_tool

# 128 KiB clusters with 32 subclusters: the first 4 KiB a guest writes into a cluster of an overlay cost 4 KiB, not a
# cluster read and written; scattered writes took a third of the time and a fifteenth of the space of 64 KiB clusters.
# No lazy refcounts: a file needs no repair after a power cut. No preallocation: making is O(metadata).
OPTIONS = "compat=1.1,cluster_size=128k,extended_l2=on,lazy_refcounts=off,preallocation=off"

Words = Sequence[str | os.PathLike[str]]

METADATA_SECONDS = 60
"""Limit for a qemu-img that only writes metadata; 10 ms are usual."""
COPY_SECONDS = 3600
"""Limit for a copy of a whole image."""

_MOVED_AT = "%Y%m%dT%H%M%S.%fZ"


class ForeignVolume(ValueError):
    """A file that names other files than those of its folder, or is not what the records say. It is not opened."""


class Qcow2Store:
    """``ports.DiskStore`` on files. A volume costs one qemu-img (some 7 ms) and two fsyncs to make; nothing is cached,
    so any number of threads may work on different volumes."""

    def __init__(self, folder: Path, clock: Clock, *, qemu_img: str = "qemu-img") -> None:
        self._folder = folder
        self._trash = folder / "trash"
        self._clock = clock
        self._qemu_img = qemu_img
        for each in (self._folder, self._trash):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)

    # --- making ---

    def create(self, volume: Volume) -> None:
        """An empty volume or an overlay. Raises StoreFull, and FileNotFoundError when the backing has no file."""
        making = self._making(volume.id)
        if self.path(volume.id).exists():
            sync_folder(self._folder)  # a crash may have come between the rename and this
            return
        backing: list[str] = []
        if volume.backing is not None:
            below = self.path(volume.backing)
            below.stat()
            # -u: the backing file is neither opened nor its lock asked for; that it is there was seen above.
            backing = ["-u", "-b", below.name, "-F", "qcow2"]
        _make_private(making)
        argv: Words = ["create", "-q", "-f", "qcow2", "-o", OPTIONS, *backing, making, str(volume.size_bytes)]
        self._qemu(argv, METADATA_SECONDS)
        self._finish(volume, making)

    def import_base(self, volume: Volume, source: Path, format: str) -> None:
        """A volume with the bytes of ``source``.

        A frozen volume of the image's own size shares the file itself by a hard link where it can, so ``source`` must
        never be written again, and loses its write permission here. Raises StoreFull, FileNotFoundError, ValueError
        for an unknown format or a volume smaller than the image, ForeignVolume for an image that names other files.
        """
        making = self._making(volume.id)
        if self.path(volume.id).exists():
            sync_folder(self._folder)
            return
        source = source.resolve(strict=True)
        image_bytes = importable_bytes(source, format, volume.size_bytes)
        if format == "qcow2" and volume.frozen and image_bytes == volume.size_bytes and _link(source, making):
            self._finish(volume, making)
            return
        _make_private(making)
        if format == "qcow2":
            # A reflink where the file system has them.
            self._run(["cp", "--reflink=auto", "--sparse=auto", source, making], COPY_SECONDS)
        else:
            argv: Words = ["convert", "-q", "-f", "raw", "-O", "qcow2", "-o", OPTIONS, source, making]
            self._qemu(argv, COPY_SECONDS)
        if image_bytes < volume.size_bytes:
            self._resize(making, volume.size_bytes)
        self._finish(volume, making)

    def grow(self, volume: VolumeId, size_bytes: int) -> None:
        """Raises FileNotFoundError when absent, PermissionError when frozen, StoreFull."""
        file = self.path(volume)
        if not file.stat().st_mode & stat.S_IWUSR:
            raise PermissionError(f"volume {volume} is frozen")
        if self.inspect(volume).virtual_bytes < size_bytes:
            self._resize(file, size_bytes)
        sync_file(file)

    def freeze(self, volume: VolumeId) -> None:
        with suppress(FileNotFoundError):
            self.path(volume).chmod(0o400)

    def sync(self, volume: VolumeId) -> None:
        """Raises FileNotFoundError when absent: what should have been written is not there."""
        sync_file(self.path(volume))

    # --- ending ---

    def delete(self, volume: VolumeId) -> None:
        for file in (self.path(volume), self._making(volume)):
            file.unlink(missing_ok=True)

    def trash(self, volume: VolumeId) -> None:
        """A half-made file is removed at once: nobody ever wrote to it."""
        self._making(volume).unlink(missing_ok=True)
        file = self.path(volume)
        if file.exists():
            moved_at = self._clock.now()
            while (place := self._trash / f"{volume}.{moved_at.astimezone(UTC):{_MOVED_AT}}.qcow2").exists():
                moved_at += timedelta(microseconds=1)
            file.rename(place)
            sync_folder(self._trash)
            sync_folder(self._folder)

    def empty_trash(self, older_than: datetime) -> list[VolumeId]:
        gone = []
        for volume, moved_at, file in self._trashed():
            if moved_at < older_than:
                file.unlink(missing_ok=True)
                gone.append(volume)
        return gone

    # --- looking ---

    def volumes(self) -> set[VolumeId]:
        names = (file.name.partition(".") for file in self._folder.iterdir())
        return {stem for stem, _, kind in names if kind in {"qcow2", "making"} and _is_volume_id(stem)}

    def path(self, volume: VolumeId) -> Path:
        """Raises ValueError on anything that is not a GUID in lower case."""
        return self._folder / f"{checked_id(volume)}.qcow2"

    def used_bytes(self, volume: VolumeId) -> int:
        for file in (self.path(volume), self._making(volume)):
            with suppress(FileNotFoundError):
                return file.stat().st_blocks * 512
        return 0

    def inspect(self, volume: VolumeId) -> Qcow2Header:
        """What the volume's file says of itself; microseconds, opens nothing else.

        Raises ForeignVolume when it names a file that is not a volume of this folder, FileNotFoundError when absent.
        """
        header = _inside(self.path(volume))
        if header.backing is not None:
            name, _, kind = header.backing.partition(".")
            if kind != "qcow2" or not _is_volume_id(name) or header.backing_format != "qcow2":
                raise ForeignVolume(f"volume {volume} lies over a file that is no volume of its folder")
        return header

    # --- within ---

    def _making(self, volume: VolumeId) -> Path:
        return self._folder / f"{checked_id(volume)}.making"

    def _finish(self, volume: Volume, making: Path) -> None:
        making.chmod(0o400 if volume.frozen else 0o600)
        publish(making, self.path(volume.id))

    def _resize(self, file: Path, size_bytes: int) -> None:
        self._qemu(["resize", "-q", "-f", "qcow2", file, str(size_bytes)], METADATA_SECONDS)

    def _qemu(self, argv: Words, timeout_seconds: float) -> None:
        self._run([self._qemu_img, *argv], timeout_seconds)

    def _run(self, argv: Words, timeout_seconds: float) -> None:
        try:
            run_tool(argv, timeout_seconds=timeout_seconds, env={**os.environ, "LC_ALL": "C"})
        except ToolFailed as failed:
            if any(words in failed.stderr for words in ("No space left on device", "Disk quota exceeded")):
                raise StoreFull(f"no room in {self._folder}") from failed
            raise

    def _trashed(self) -> Iterator[tuple[VolumeId, datetime, Path]]:
        """What lies in the trash, oldest first; files that are not ours are left alone."""
        for file in sorted(self._trash.iterdir(), key=lambda each: each.name.partition(".")[2]):
            volume, _, rest = file.name.partition(".")
            with suppress(ValueError):
                moved_at = datetime.strptime(rest.removesuffix(".qcow2"), _MOVED_AT).replace(tzinfo=UTC)
                yield checked_id(volume), moved_at, file


def importable_bytes(source: Path, format: str, size_bytes: int) -> int:
    """The virtual size of an image that may become a volume of ``size_bytes``.

    Raises ValueError, ForeignVolume among them, when it may not; FileNotFoundError when there is none.
    """
    match format:
        case "qcow2":
            image = _inside(source)
            if image.backing is not None:
                raise ForeignVolume("the image lies over another file; flatten it first")
            image_bytes = image.virtual_bytes
        case "raw":
            image_bytes = source.stat().st_size
        case _:
            raise ValueError(f"an image of format {format!r} cannot be imported")
    if image_bytes > size_bytes:
        raise ValueError(f"the image has {image_bytes} bytes, the volume only {size_bytes}")
    return image_bytes


def _inside(file: Path) -> Qcow2Header:
    """The header of a file that keeps all its data in itself, unencrypted."""
    try:
        header = read_qcow2_header(file)
    except ValueError as malformed:
        raise ForeignVolume(f"{file.name}: {malformed}") from malformed
    if header.has_data_file or header.is_encrypted:
        raise ForeignVolume(f"{file.name} keeps its data in another file or encrypted")
    return header


def _is_volume_id(text: str) -> bool:
    return is_guid(text) and text == text.lower()


def checked_id(volume: VolumeId) -> VolumeId:
    """``volume``, if it is a GUID in lower case. Raises ValueError."""
    if not _is_volume_id(volume):
        raise ValueError(f"not a volume id: {volume[:80]!r}")
    return volume


def _make_private(making: Path) -> None:
    """An empty file only we can read, in place of what an earlier attempt left; tools that write it keep its mode."""
    making.unlink(missing_ok=True)
    os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _link(source: Path, making: Path) -> bool:
    """Whether ``making`` now is ``source`` under another name: not across file systems, nor for others' files."""
    making.unlink(missing_ok=True)
    try:
        os.link(source, making)
    except OSError:
        return False
    return True
