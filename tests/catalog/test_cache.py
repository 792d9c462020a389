"""The folder of built images: an image is there whole or not at all, whoever was killed."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from calco.catalog import cache as cache_module
from calco.catalog import debian, disk_image
from calco.catalog.cache import ImageCache, content_hash
from calco.catalog.progress import BuildFailed, BuildProgress
from calco.catalog.recipes import DEBIAN_12, Recipe

CONTENT = b"a disk"


class Maker:
    """Stands for mmdebstrap and all that follows: writes a few bytes, unless told to fail."""

    def __init__(self, fail: Callable[[Path], None] | None = None) -> None:
        self.made = 0
        self._fail = fail

    def __call__(self, recipe: Recipe, target: Path, scratch: Path, lock: int, progress: BuildProgress) -> None:
        del recipe, lock
        self.made += 1
        (scratch / "tree").mkdir()
        (scratch / "tree" / "file").write_bytes(CONTENT)
        progress("install packages", 0.5)
        target.write_bytes(CONTENT)
        if self._fail:
            self._fail(scratch)


def names(folder: Path) -> list[str]:
    """What is in the folder but lock files, which stay."""
    return sorted(entry.name for entry in folder.iterdir() if entry.suffix != ".lock")


def test_an_image_is_found_only_after_it_was_built(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path / "images", Maker())

    assert cache.lookup(DEBIAN_12) is None
    built = cache.build(DEBIAN_12)

    assert cache.lookup(DEBIAN_12) == built
    assert built.read_bytes() == CONTENT
    assert names(tmp_path / "images") == [built.name]


def test_an_image_cannot_be_written_to(tmp_path: Path) -> None:
    built = ImageCache(tmp_path, Maker()).build(DEBIAN_12)

    assert stat.S_IMODE(built.stat().st_mode) == 0o444


def test_an_image_that_is_there_is_not_built_again(tmp_path: Path) -> None:
    maker = Maker()
    ImageCache(tmp_path, maker).build(DEBIAN_12)

    ImageCache(tmp_path, maker).build(DEBIAN_12)

    assert maker.made == 1


def test_looking_makes_nothing(tmp_path: Path) -> None:
    assert ImageCache(tmp_path / "images", Maker()).lookup(DEBIAN_12) is None

    assert not (tmp_path / "images").exists()


def test_progress_never_goes_back_and_ends_at_one(tmp_path: Path) -> None:
    heard: list[float | None] = []

    ImageCache(tmp_path, Maker()).build(DEBIAN_12, lambda _step, fraction: heard.append(fraction))

    told = [fraction for fraction in heard if fraction is not None]
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    "changed",
    [
        replace(DEBIAN_12, packages=(*DEBIAN_12.packages, "vim")),
        replace(DEBIAN_12, left_out=()),
        replace(DEBIAN_12, suite="trixie"),
        replace(DEBIAN_12, size_bytes=8 << 30),
        replace(DEBIAN_12, name="debian-13"),
    ],
    ids=["packages", "left out", "suite", "size", "name"],
)
def test_every_field_of_a_recipe_makes_another_image(changed: Recipe, tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, Maker())

    assert cache.build(DEBIAN_12) != cache.build(changed)


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (cache_module, "BUILD_VERSION", 2),
        (debian, "OPTIONS", ("--variant=minbase",)),
        (debian, "EXECUTABLE", frozenset[str]()),
        (disk_image, "GRUB_CONFIG", "configfile /other\n"),
        (disk_image, "GRUB_MODULES", ("linux",)),
        (disk_image, "ROOT_NAME", "other"),
    ],
    ids=["version", "options", "modes", "start", "modules", "partition name"],
)
def test_every_fact_of_the_build_makes_another_image(
    owner: object, name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content_hash(DEBIAN_12)

    monkeypatch.setattr(owner, name, value)

    assert content_hash(DEBIAN_12) != before


def test_every_byte_of_our_own_files_makes_another_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_hash(DEBIAN_12)
    script = tmp_path / "setup.sh"
    script.write_bytes(debian.SETUP_SCRIPT.read_bytes() + b"\n")

    monkeypatch.setattr(debian, "SETUP_SCRIPT", script)

    assert content_hash(DEBIAN_12) != before


def test_the_hash_is_the_same_in_every_process() -> None:
    code = "from calco.catalog.cache import content_hash as h; from calco.catalog.recipes import DEBIAN_12 as d"
    other = subprocess.run(
        [sys.executable, "-c", f"{code}; print(h(d))"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )

    assert other.stdout.strip() == content_hash(DEBIAN_12)


def fail(_scratch: Path) -> None:
    raise BuildFailed("install packages", "no such mirror")


def full(_scratch: Path) -> None:
    raise OSError(28, "No space left on device")


def interrupted(_scratch: Path) -> None:
    raise KeyboardInterrupt


def make_read_only(scratch: Path) -> None:
    (scratch / "tree").chmod(0o500)
    fail(scratch)


@pytest.mark.parametrize(
    ("cause", "error"),
    [(fail, BuildFailed), (full, BuildFailed), (interrupted, KeyboardInterrupt), (make_read_only, BuildFailed)],
)
def test_a_build_that_fails_leaves_nothing(
    cause: Callable[[Path], None], error: type[BaseException], tmp_path: Path
) -> None:
    cache = ImageCache(tmp_path, Maker(cause))

    with pytest.raises(error):
        cache.build(DEBIAN_12)

    assert cache.lookup(DEBIAN_12) is None
    assert names(tmp_path) == []


KILLED = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from calco.catalog.cache import ImageCache
    from calco.catalog.recipes import DEBIAN_12

    def make(recipe, target, scratch, lock, progress):
        target.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)

    ImageCache(Path(sys.argv[1]), make).build(DEBIAN_12)
""")


def test_a_killed_build_leaves_no_image_and_the_next_one_sweeps_up(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = names(tmp_path)
    cache = ImageCache(tmp_path, Maker())
    assert cache.lookup(DEBIAN_12) is None
    assert left
    assert all(name.startswith(".building-") for name in left)

    built = cache.build(DEBIAN_12)

    assert names(tmp_path) == [built.name]


def test_sweeping_leaves_other_recipes_alone(tmp_path: Path) -> None:
    other = tmp_path / ".building-debian-13-0123456789abcdef-x"
    other.mkdir()

    ImageCache(tmp_path, Maker()).build(DEBIAN_12)

    assert other.is_dir()


def test_of_two_builders_one_builds_and_the_other_waits_for_it(tmp_path: Path) -> None:
    begun, go_on, waiting = threading.Event(), threading.Event(), threading.Event()

    def slow(_scratch: Path) -> None:
        begun.set()
        assert go_on.wait(20)

    first, second = Maker(slow), Maker()
    built: list[Path] = []
    one = threading.Thread(target=lambda: built.append(ImageCache(tmp_path, first).build(DEBIAN_12)))
    one.start()
    assert begun.wait(20)
    two = threading.Thread(
        target=lambda: built.append(ImageCache(tmp_path, second).build(DEBIAN_12, lambda *_: waiting.set()))
    )
    two.start()
    assert waiting.wait(20)
    assert built == []

    go_on.set()
    one.join(20)
    two.join(20)

    assert built[0] == built[1]
    assert (first.made, second.made) == (1, 0)


def test_the_lock_lasts_as_long_as_a_process_of_the_build(tmp_path: Path) -> None:
    children: list[subprocess.Popen[bytes]] = []

    def leave_a_child(recipe: Recipe, target: Path, scratch: Path, lock: int, progress: BuildProgress) -> None:
        del recipe, target, scratch, progress
        children.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock]))
        raise BuildFailed("install packages", "killed")

    with pytest.raises(BuildFailed):
        ImageCache(tmp_path, leave_a_child).build(DEBIAN_12)
    (child,) = children
    waiting = threading.Event()
    next_one = Maker()
    builder = threading.Thread(target=lambda: ImageCache(tmp_path, next_one).build(DEBIAN_12, lambda *_: waiting.set()))

    builder.start()
    assert waiting.wait(20)
    assert next_one.made == 0
    child.communicate()
    builder.join(20)

    assert next_one.made == 1


def test_without_room_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "ROOM_BYTES", 1 << 62)
    maker = Maker()

    with pytest.raises(BuildFailed, match="GiB are free"):
        ImageCache(tmp_path, maker).build(DEBIAN_12)

    assert maker.made == 0
    assert names(tmp_path) == []
