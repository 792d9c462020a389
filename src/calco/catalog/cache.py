"""Built images, kept in one folder under the hash of everything that went in.

An image appears by one rename, after its bytes are on disk; so a file by an image's name is whole, whatever was killed.
Builders of one recipe queue at a lock, and the second finds the image made. The lock is a file that the longest child
inherits: a builder that was killed holds it until its last process is gone, and whoever gets it next may sweep up.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from calco.catalog import debian, disk_image
from calco.catalog.privilege import Privilege, probe
from calco.catalog.progress import BuildFailed, BuildProgress, silent
from calco.catalog.recipes import Recipe
from calco.catalog.sources import machine_sources

BUILD_VERSION = 1
"""To be raised when the same inputs would give another image by a change of code that is not data."""
ROOM_BYTES = 4 << 30
"""What a build needs while it runs: tree, archive, raw disk and image."""
BOOTSTRAP_SHARE = 0.8
"""How much of a build's time is spent on packages. Measured: 47 s of 60 on an idle machine with two cores."""

Make = Callable[[Recipe, Path, Path, int, BuildProgress], None]
"""Makes the file, given recipe, target, an empty scratch folder, a descriptor for the longest child, and who watches.
Raises BuildFailed."""


class ImageCache:
    """The folder of built images. Answers in microseconds unless told to build."""

    def __init__(self, folder: Path, make: Make) -> None:
        self._folder = folder
        self._make = make

    def lookup(self, recipe: Recipe) -> Path | None:
        """The image, if it is there."""
        path = self._path(recipe)
        return path if path.is_file() else None

    def build(self, recipe: Recipe, progress: BuildProgress = silent) -> Path:
        """The image, made now if it is not there; minutes. Safe to call from several processes at once.

        Raises BuildFailed; then nothing is left behind.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if found := self.lookup(recipe):
            return found
        with self._alone(recipe, progress) as lock:
            return self.lookup(recipe) or self._build(recipe, lock, progress)

    def _build(self, recipe: Recipe, lock: int, progress: BuildProgress) -> Path:
        self._sweep(recipe)
        if shutil.disk_usage(self._folder).free < ROOM_BYTES:
            raise BuildFailed("begin", f"less than {ROOM_BYTES >> 30} GiB are free in {self._folder}")
        target = self._path(recipe)
        scratch = Path(tempfile.mkdtemp(prefix=self._scratch_prefix(recipe), dir=self._folder))
        try:
            made = scratch / "image"
            self._make(recipe, made, scratch, lock, progress)
            made.chmod(0o444)
            _sync(made)
            made.rename(target)
            _sync(self._folder)
        except OSError as error:
            raise BuildFailed("keep the image", str(error)) from error
        finally:
            _remove(scratch)
        progress("done", 1.0)
        return target

    def _sweep(self, recipe: Recipe) -> None:
        """Remove what builds that were cut short left; the lock says that none of them lives."""
        for left in self._folder.glob(f"{self._scratch_prefix(recipe)}*"):
            _remove(left)

    @contextmanager
    def _alone(self, recipe: Recipe, progress: BuildProgress) -> Iterator[int]:
        with (self._folder / f".{self._stem(recipe)}.lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress("wait for another build", None)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock.fileno()

    def _stem(self, recipe: Recipe) -> str:
        return f"{recipe.name}-{content_hash(recipe)[:16]}"

    def _path(self, recipe: Recipe) -> Path:
        return self._folder / f"{self._stem(recipe)}.qcow2"

    def _scratch_prefix(self, recipe: Recipe) -> str:
        return f".building-{self._stem(recipe)}-"


def content_hash(recipe: Recipe) -> str:
    """SHA-256 over all that decides what is in an image, in hex. Not over package versions, nor where they come from:
    an image is as new as the day it was built, until somebody removes it."""
    inputs = {
        "build": BUILD_VERSION,
        "recipe": asdict(recipe),
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in debian.overlay_files().items()},
        "executable": sorted(debian.EXECUTABLE),
        "options": debian.OPTIONS,
        "layout": [asdict(disk_image.layout(recipe.size_bytes)), disk_image.ROOT_NAME],
        "grub": [disk_image.GRUB_CONFIG, disk_image.GRUB_MODULES, disk_image.BIOS_MODULES, disk_image.EFI_MODULES],
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def debian_maker(sources: Sequence[str] | None = None) -> Make:
    """Makes Debian images. ``sources`` are one-line apt sources; None for what this machine's own apt has."""

    def make(recipe: Recipe, target: Path, scratch: Path, lock: int, progress: BuildProgress) -> None:
        privilege: Privilege = probe()
        archive = scratch / "root.tar"
        packages = "install packages"
        progress(packages, 0.0)
        debian.bootstrap(
            recipe,
            archive,
            sources=sources or machine_sources(recipe.suite),
            privilege=privilege,
            scratch=scratch,
            tell=lambda done: progress(packages, done * BOOTSTRAP_SHARE),
            hold_open=[lock],
        )
        disk_image.make_disk_image(
            archive,
            target,
            size_bytes=recipe.size_bytes,
            privilege=privilege,
            scratch=scratch,
            tell=lambda step, done: progress(step, BOOTSTRAP_SHARE + done * (1 - BOOTSTRAP_SHARE)),
        )

    return make


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """Remove a scratch folder, read-only directories of a plain user's tree included. What cannot be removed now is
    tried again by the next build; nothing is touched while something is mounted in there."""
    if _is_mounted_below(folder):
        return

    def open_up(_function: object, path: str, _error: object) -> None:
        with suppress(OSError):
            Path(path).parent.chmod(0o700)
            Path(path).unlink()

    shutil.rmtree(folder, onerror=open_up)


def _is_mounted_below(folder: Path) -> bool:
    """Source: proc(5), /proc/PID/mountinfo: field 5 is the mount point, with blanks as octal numbers."""
    prefix = f"{os.fspath(folder)}/".replace(" ", "\\040")
    return any(line.split()[4].startswith(prefix) for line in Path("/proc/self/mountinfo").read_text().splitlines())
