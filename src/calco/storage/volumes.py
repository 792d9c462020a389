"""Volumes as files, sharing their bytes copy-on-write: qcow2, and flat files that are blobs as well.

A volume's name is its GUID, so nothing from outside becomes a path; an overlay names its backing file by that name
relative to its own folder, with its format, so the data directory may move and nobody guesses. A file is made under
another name, fsynced, renamed, and its folder fsynced: under its own name it is whole or not there.

An overlay over a flat volume is as long as what the guest sees, so the footer behind that is never seen. Where which
files lie is ``places``' matter, what is inside a flat one ``flat``'s.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from calco.model.vhd import FOOTER_BYTES, footer
from calco.model.volume import REGIONAL, Format, Volume, VolumeId
from calco.ports import Clock, StoreFull, VolumeView
from calco.storage import flat
from calco.storage.durable import publish, sync_file, sync_folder
from calco.storage.places import BACKING_FORMATS, TRASH, Place, Places, checked_id
from calco.storage.qcow2_header import Qcow2Header, read_qcow2_header
from calco.storage.qemu_block import Layer, QemuBlock
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
    """A file that names other files than those of its store, or is not what the records say. It is not opened."""


class Qcow2Store:
    """``ports.DiskStore`` on files. A qcow2 volume costs one qemu-img (some 7 ms) and two fsyncs to make, a flat one
    the fsyncs; nothing is cached, so any number of threads and processes may work on different volumes."""

    def __init__(self, folder: Path, clock: Clock, *, qemu_img: str = "qemu-img") -> None:
        self._places = Places(folder)
        self._clock = clock
        self._qemu_img = qemu_img
        self._qemu_block = QemuBlock(qemu_img)

    # --- making ---

    def create(self, volume: Volume) -> None:
        """An empty volume or an overlay. Raises StoreFull, PoolGone, FileNotFoundError when the backing has no file,
        ValueError for a flat volume that should lie over another."""
        if self._is_there(volume):
            return
        if volume.format is Format.FLAT:
            self._create_flat(volume)
            return
        below = None if volume.backing is None else self._places.found(volume.backing)
        making = self._begin(volume)
        backing: list[str] = []
        if below is not None:
            # -u: the backing file is neither opened nor its lock asked for; that it is there was seen above.
            name = self._places.name_below(below, volume.pool)
            backing = ["-u", "-b", name, "-F", BACKING_FORMATS[below.format]]
        argv: Words = ["create", "-q", "-f", "qcow2", "-o", OPTIONS, *backing, making, str(volume.size_bytes)]
        self._qemu(argv, METADATA_SECONDS)
        if below is not None and below.format is Format.FLAT:
            self._hide_footer(making, _guest_end(below), volume.size_bytes)
        self._finish(volume, making)

    def _create_flat(self, volume: Volume) -> None:
        if volume.backing is not None:
            raise ValueError("a flat volume lies over nothing")
        making = self._begin(volume)
        with flat.room():
            os.truncate(making, volume.size_bytes)
        self._finish(volume, making)

    def import_base(self, volume: Volume, source: Path, format: str) -> None:
        """A qcow2 volume with the bytes of ``source``.

        A frozen volume of the image's own size shares the file itself by a hard link where it can, so ``source`` must
        never be written again, and loses its write permission here. Raises StoreFull, PoolGone, FileNotFoundError,
        ValueError for an unknown format or a volume smaller than the image, ForeignVolume for an image that names other
        files.
        """
        if volume.format is not Format.QCOW2:
            raise ValueError("an image file becomes a qcow2 volume")
        if self._is_there(volume):
            return
        source = source.resolve(strict=True)
        image_bytes = importable_bytes(source, format, volume.size_bytes)
        is_the_same = format == "qcow2" and volume.frozen and image_bytes == volume.size_bytes
        making = self._begin(volume)
        if is_the_same and _link(source, making):
            self._finish(volume, making)
            return
        making = self._begin(volume)
        if format == "qcow2":
            # A reflink where the file system has them.
            self._run(["cp", "--reflink=auto", "--sparse=auto", source, making], COPY_SECONDS)
        else:
            argv: Words = ["convert", "-q", "-f", "raw", "-O", "qcow2", "-o", OPTIONS, source, making]
            self._qemu(argv, COPY_SECONDS)
        if image_bytes < volume.size_bytes:
            self._resize(making, volume.size_bytes)
        self._finish(volume, making)

    def copy(self, volume: Volume, source: VolumeId, moved: Callable[[int, int], None]) -> None:
        """Raises StoreFull, PoolGone, FileNotFoundError, ForeignVolume, ValueError when it does not fit, or both are
        flat and not of one length."""
        if self._is_there(volume):
            return
        layers = self._layers(source)
        whole = layers[0]
        source_bytes = whole.file.stat().st_size if whole.format is Format.FLAT else self.inspect(source).virtual_bytes
        guest_bytes = checked_copy(volume, whole.format, source_bytes)
        making = self._begin(volume)
        if guest_bytes is None:
            flat.copy(whole.file, making, moved)
        else:
            self._convert(layers, making, volume, moved)
        self._finish(volume, making)

    def receive(self, volume: Volume, pages: Iterable[tuple[int, bytes]]) -> None:
        """Raises StoreFull, PoolGone, ValueError for a page outside the volume or a volume that is not flat, and what
        ``pages`` raises."""
        if volume.format is not Format.FLAT or volume.backing is not None:
            raise ValueError("pages are received into a flat volume that lies over nothing")
        if self._is_there(volume):
            return
        making = self._begin(volume)
        with flat.room():
            os.truncate(making, volume.size_bytes)
            flat.fill(making, pages)
        self._finish(volume, making)

    def _convert(
        self, layers: Sequence[Place], making: Path, volume: Volume, moved: Callable[[int, int], None]
    ) -> None:
        is_flat = volume.format is Format.FLAT
        options = ["-O", "raw"] if is_flat else ["-O", "qcow2", "-o", OPTIONS]
        with self._room():
            self._qemu_block.convert(_chain(layers), making, options, moved)
            if not is_flat:
                self._resize(making, volume.size_bytes)
                return
        guest_bytes = volume.size_bytes - FOOTER_BYTES
        with flat.room(), making.open("r+b") as opened:
            opened.truncate(guest_bytes)
            opened.seek(guest_bytes)
            opened.write(footer(guest_bytes, volume.id, self._clock.now()))

    @contextmanager
    def view(self, volume: VolumeId) -> Iterator[VolumeView]:
        """Raises FileNotFoundError, PoolGone, ForeignVolume, ToolFailed when QEMU cannot open it."""
        layers = self._layers(volume)
        if layers[0].format is Format.FLAT:
            with flat.view(layers[0].file) as flat_view:
                yield flat_view
            return
        # No lock: who downloads a disk must not keep its machine from starting when the signed URL has ended.
        with self._qemu_block.view(_chain(layers), locked=False) as qemu_view:
            yield qemu_view

    def stamp(self, volume: VolumeId) -> str:
        """By what the kernel keeps of the file. Raises FileNotFoundError, PoolGone."""
        found = self._places.found(volume).file.stat()
        return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"

    # --- changing ---

    def write(self, volume: VolumeId, offset: int, data: bytes | memoryview) -> None:
        """Raises VolumeFrozen, ValueError outside it or when it is no flat volume, StoreFull, FileNotFoundError."""
        flat.write(self._flat(volume), offset, data)

    def clear(self, volume: VolumeId, offset: int, length: int) -> None:
        """Raises like ``write``."""
        flat.clear(self._flat(volume), offset, length)

    def grow(self, volume: VolumeId, size_bytes: int) -> None:
        """Raises FileNotFoundError when absent, PoolGone, PermissionError when frozen, StoreFull."""
        place = self._places.found(volume)
        if place.format is Format.FLAT:
            flat.grow(place.file, size_bytes)
            return
        if not place.file.stat().st_mode & stat.S_IWUSR:
            raise PermissionError(f"volume {volume} is frozen")
        layers = self._layers(volume)
        if self.inspect(volume).virtual_bytes < size_bytes:
            self._resize(place.file, size_bytes)
        if len(layers) > 1 and layers[1].format is Format.FLAT:
            self._hide_footer(place.file, _guest_end(layers[1]), size_bytes)
        sync_file(place.file)

    def freeze(self, volume: VolumeId) -> None:
        self._set_writable(volume, False)

    def thaw(self, volume: VolumeId) -> None:
        self._set_writable(volume, True)

    def sync(self, volume: VolumeId) -> None:
        """Raises FileNotFoundError when absent: what should have been written is not there. Raises PoolGone."""
        sync_file(self._places.found(volume).file)

    # --- ending ---

    def delete(self, volume: VolumeId) -> None:
        for file in self._places.all_files(volume):
            file.unlink(missing_ok=True)

    def trash(self, volume: VolumeId) -> None:
        """A half-made file is removed at once: nobody ever wrote to it."""
        place = self._places.find(volume)
        if place is not None:
            trash = place.file.parent / TRASH
            trash.mkdir(mode=0o700, exist_ok=True)
            moved_at = self._clock.now()
            while (kept := trash / f"{volume}.{moved_at.astimezone(UTC):{_MOVED_AT}}.{place.format}").exists():
                moved_at += timedelta(microseconds=1)
            place.file.rename(kept)
            sync_folder(trash)
            sync_folder(place.file.parent)
        self.delete(volume)

    def empty_trash(self, older_than: datetime) -> list[VolumeId]:
        gone = []
        for volume, moved_at, file in self._trashed():
            if moved_at < older_than:
                file.unlink(missing_ok=True)
                gone.append(volume)
        return gone

    # --- looking ---

    def pools(self) -> set[str]:
        return self._places.there()

    def volumes(self) -> set[VolumeId]:
        return self._places.volumes()

    def path(self, volume: VolumeId) -> Path:
        """Where the file is, or, when there is none, where a regional qcow2 file would be. Some microseconds a pool.

        Raises ValueError on anything that is not a GUID in lower case, PoolGone when the file may be in one.
        """
        try:
            return self._places.found(volume).file
        except FileNotFoundError:
            return self._places.name(volume, REGIONAL, Format.QCOW2).file

    def used_bytes(self, volume: VolumeId) -> int:
        for file in self._places.all_files(volume):
            with suppress(FileNotFoundError):
                return file.stat().st_blocks * 512
        return 0

    def inspect(self, volume: VolumeId) -> Qcow2Header:
        """What the qcow2 volume's file says of itself; microseconds, opens nothing else.

        Raises ForeignVolume when it names a file that is not a volume of this store, FileNotFoundError when absent,
        PoolGone.
        """
        return self._header(self._places.found(volume))[0]

    # --- within ---

    def _header(self, place: Place) -> tuple[Qcow2Header, Place | None]:
        """The header of a qcow2 volume and the place of what it lies over."""
        if place.format is not Format.QCOW2:
            raise ForeignVolume(f"volume {place.volume} is no qcow2 file")
        header = _inside(place.file)
        if header.backing is None:
            return header, None
        below = self._places.below(place, header.backing, header.backing_format)
        if below is None:
            raise ForeignVolume(f"volume {place.volume} lies over a file that is no volume of its store")
        return header, below

    def _layers(self, volume: VolumeId) -> list[Place]:
        """The volume and what lies below it, each file found and looked at. Raises ForeignVolume, PoolGone."""
        layers: list[Place] = []
        next: VolumeId | None = volume
        while next is not None:
            place = self._places.found(next)
            if place in layers:
                raise ForeignVolume(f"volume {volume} lies over itself")
            below = None if place.format is Format.FLAT else self._header(place)[1]
            layers.append(place)
            next = None if below is None else below.volume
        return layers

    def _flat(self, volume: VolumeId) -> Path:
        place = self._places.found(volume)
        if place.format is not Format.FLAT:
            raise ValueError(f"volume {volume} is not flat")
        return place.file

    def _set_writable(self, volume: VolumeId, writable: bool) -> None:
        place = self._places.find(volume)
        if place is not None and place.format is Format.FLAT:
            flat.set_writable(place.file, writable)
        elif place is not None:
            with suppress(FileNotFoundError):
                place.file.chmod(0o600 if writable else 0o400)

    def _is_there(self, volume: Volume) -> bool:
        """Whether the volume was made before."""
        place = self._places.find(volume.id)
        if place is not None:
            sync_folder(place.file.parent)  # a crash may have come between the rename and this
        return place is not None

    def _begin(self, volume: Volume) -> Path:
        """An empty file only we can read, in place of what an earlier attempt left; tools that write it keep that."""
        self._places.folder_for(volume.pool)
        making = self._places.making(volume.id, volume.pool)
        making.unlink(missing_ok=True)
        os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return making

    def _finish(self, volume: Volume, making: Path) -> None:
        making.chmod(0o400 if volume.frozen else 0o600)
        publish(making, self._places.name(volume.id, volume.pool, volume.format).file)

    def _resize(self, file: Path, size_bytes: int) -> None:
        self._qemu(["resize", "-q", "-f", "qcow2", file, str(size_bytes)], METADATA_SECONDS)

    def _hide_footer(self, overlay: Path, guest_end: int, size_bytes: int) -> None:
        """An overlay that is longer than the disk below it would show that one's footer: it gets zeros there.

        Not again when it has anything of its own there, for a guest may have written since.
        """
        if size_bytes <= guest_end:
            return
        where = [f"--start-offset={guest_end}", f"--max-length={FOOTER_BYTES}"]
        mapped = self._qemu(["map", "-f", "qcow2", "--output=json", *where, overlay], METADATA_SECONDS)
        if any(each.depth > 0 for each in msgspec.json.decode(mapped, type=list[_Mapped])):
            zeros = f"write -z {guest_end} {FOOTER_BYTES}"
            self._run(["qemu-io", "-f", "qcow2", "-c", zeros, overlay], METADATA_SECONDS)

    def _qemu(self, argv: Words, timeout_seconds: float) -> bytes:
        return self._run([self._qemu_img, *argv], timeout_seconds)

    def _run(self, argv: Words, timeout_seconds: float) -> bytes:
        with self._room():
            return run_tool(argv, timeout_seconds=timeout_seconds, env={**os.environ, "LC_ALL": "C"})

    @contextmanager
    def _room(self) -> Iterator[None]:
        """What tools say when there is no room becomes StoreFull."""
        try:
            yield
        except ToolFailed as failed:
            if any(words in failed.stderr for words in ("No space left on device", "Disk quota exceeded")):
                raise StoreFull(f"no room in {self._places.root}") from failed
            raise

    def _trashed(self) -> Iterator[tuple[VolumeId, datetime, Path]]:
        """What lies in the trash, oldest first; files that are not ours are left alone."""
        trash = (folder / TRASH for _, folder in self._places.folders())
        files = [file for each in trash if each.is_dir() for file in each.iterdir()]
        for file in sorted(files, key=lambda each: each.name.partition(".")[2]):
            volume, _, rest = file.name.partition(".")
            moved, _, kind = rest.rpartition(".")
            with suppress(ValueError):
                moved_at = datetime.strptime(moved, _MOVED_AT).replace(tzinfo=UTC)
                Format(kind)
                yield checked_id(volume), moved_at, file


class _Mapped(msgspec.Struct):
    """One line of what ``qemu-img map`` says: how far down the bytes lie, 0 being the file itself."""

    depth: int


def _chain(layers: Sequence[Place]) -> list[Layer]:
    """The same for QEMU: of a flat file only what the guest sees."""
    return [Layer(each.file, _guest_end(each) if each.format is Format.FLAT else None) for each in layers]


def _guest_end(flat_volume: Place) -> int:
    """Where the footer of a flat volume begins."""
    return flat_volume.file.stat().st_size - FOOTER_BYTES


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


def checked_copy(volume: Volume, source: Format, source_bytes: int) -> int | None:
    """What the guest sees of ``source_bytes`` of that format; None when both are flat and alike to the last byte.

    Raises ValueError when the copy would not fit into ``volume``, or ``volume`` should lie over another.
    """
    if volume.backing is not None:
        raise ValueError("a copy lies over nothing")
    if source is volume.format is Format.FLAT:
        if source_bytes != volume.size_bytes:
            raise ValueError(f"a flat copy of {source_bytes} bytes cannot have {volume.size_bytes}")
        return None
    from_bytes = source_bytes - FOOTER_BYTES if source is Format.FLAT else source_bytes
    into_bytes = volume.size_bytes - FOOTER_BYTES if volume.format is Format.FLAT else volume.size_bytes
    if from_bytes > into_bytes:
        raise ValueError(f"{from_bytes} bytes do not fit into {into_bytes}")
    return from_bytes


def _inside(file: Path) -> Qcow2Header:
    """The header of a file that keeps all its data in itself, unencrypted."""
    try:
        header = read_qcow2_header(file)
    except ValueError as malformed:
        raise ForeignVolume(f"{file.name}: {malformed}") from malformed
    if header.has_data_file or header.is_encrypted:
        raise ForeignVolume(f"{file.name} keeps its data in another file or encrypted")
    return header


def _link(source: Path, making: Path) -> bool:
    """Whether ``making`` now is ``source`` under another name: not across file systems, nor for others' files."""
    making.unlink(missing_ok=True)
    try:
        os.link(source, making)
    except OSError:
        return False
    return True
