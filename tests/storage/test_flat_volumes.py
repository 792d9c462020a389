"""Flat volumes: a blob's bytes, written in place until they are frozen. One suite for every disk store."""

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from calco.model.vhd import FOOTER_BYTES
from calco.model.volume import GIB, MIB, Format, Volume, VolumeId
from calco.ports import DiskStore, Extent, StoreFull, VolumeFrozen
from calco.storage import flat
from calco.storage.volumes import ForeignVolume, Qcow2Store
from tests.storage.stores import BASE, COPY, HandClock, World, an_image, holds, read

SIZE = 4 * MIB + FOOTER_BYTES


def a_blob(volume: VolumeId = BASE, size_bytes: int = SIZE) -> Volume:
    return Volume(volume, size_bytes, format=Format.FLAT)


def test_a_flat_volume_begins_as_zeros_that_take_no_room(world: World) -> None:
    for _ in range(2):
        world.store.create(a_blob(size_bytes=127 * GIB + FOOTER_BYTES))

    assert world.store.volumes() == {BASE}
    assert world.size_bytes(BASE) == 127 * GIB + FOOTER_BYTES
    assert world.store.used_bytes(BASE) < MIB
    assert read(world.store, BASE, 127 * GIB, 512) == bytes(512)
    with world.store.view(BASE) as view:
        assert list(view.extents(0, view.size_bytes)) == []
    assert world.store.path(BASE).name == f"{BASE}.flat"


def test_a_flat_volume_lies_over_nothing(store: DiskStore) -> None:
    store.create(Volume(BASE, 4 * MIB))

    with pytest.raises(ValueError, match="over nothing"):
        store.create(Volume(COPY, SIZE, backing=BASE, format=Format.FLAT))

    assert store.volumes() == {BASE}


def test_what_was_written_is_read_wherever_it_lies(store: DiskStore) -> None:
    store.create(a_blob())

    store.write(BASE, 0, b"a" * 512)
    store.write(BASE, MIB - 512, memoryview(b"b" * 1024))
    store.write(BASE, SIZE - FOOTER_BYTES, b"f" * FOOTER_BYTES)
    store.write(BASE, SIZE, b"")

    with store.view(BASE) as view:
        assert view.size_bytes == SIZE
        assert view.read(0, 513) == b"a" * 512 + b"\0"
        assert view.read(MIB - 513, 1026) == b"\0" + b"b" * 1024 + b"\0"
        assert view.read(SIZE - FOOTER_BYTES, FOOTER_BYTES) == b"f" * FOOTER_BYTES
        assert view.read(SIZE, 0) == b""


def test_a_view_tells_where_data_is_and_where_none_is(store: DiskStore) -> None:
    store.create(a_blob())
    store.write(BASE, 0, b"a" * 4096)
    store.write(BASE, MIB, b"b" * 65536)

    with store.view(BASE) as view:
        assert list(view.extents(0, SIZE)) == [Extent(0, 4096), Extent(MIB, 65536)]
        assert list(view.extents(2048, MIB)) == [Extent(2048, 2048), Extent(MIB, 2048)]
        assert list(view.extents(2 * MIB, MIB)) == []


def test_what_was_cleared_is_zeros_and_gives_its_room_back(store: DiskStore) -> None:
    store.create(a_blob())
    store.write(BASE, 0, b"a" * MIB)
    full = store.used_bytes(BASE)

    store.clear(BASE, 512, MIB - 1024)

    assert read(store, BASE, 0, MIB) == b"a" * 512 + bytes(MIB - 1024) + b"a" * 512
    assert full >= MIB
    assert store.used_bytes(BASE) <= 4 * 4096
    store.clear(BASE, 0, SIZE)
    store.clear(BASE, SIZE, 0)
    assert store.used_bytes(BASE) == 0
    with store.view(BASE) as view:
        assert view.size_bytes == SIZE


@pytest.mark.parametrize(("offset", "length"), [(-512, 512), (SIZE, 512), (SIZE - 511, 512), (0, SIZE + 1)])
def test_nothing_is_done_outside_a_volume(store: DiskStore, offset: int, length: int) -> None:
    store.create(a_blob())

    with pytest.raises(ValueError, match="not within"):
        store.write(BASE, offset, b"x" * length)
    with pytest.raises(ValueError, match="not within"):
        store.clear(BASE, offset, length)
    with store.view(BASE) as view:
        with pytest.raises(ValueError, match="not within"):
            view.read(offset, length)
        with pytest.raises(ValueError, match="not within"):
            list(view.extents(offset, length))
        assert list(view.extents(0, SIZE)) == []


def test_a_frozen_volume_is_read_but_not_written(store: DiskStore) -> None:
    store.create(a_blob())
    store.write(BASE, 0, b"a" * 512)
    store.freeze(BASE)
    store.freeze(BASE)

    with pytest.raises(VolumeFrozen):
        store.write(BASE, 0, b"b" * 512)
    with pytest.raises(VolumeFrozen):
        store.clear(BASE, 0, 512)
    with pytest.raises(PermissionError):
        store.grow(BASE, 2 * SIZE)

    assert read(store, BASE, 0, 512) == b"a" * 512
    store.thaw(BASE)
    store.thaw(BASE)
    store.write(BASE, 0, b"b" * 512)
    assert read(store, BASE, 0, 512) == b"b" * 512


def test_what_is_absent_is_neither_read_nor_written(store: DiskStore) -> None:
    store.thaw(BASE)
    store.freeze(BASE)
    for attempt in (
        lambda: store.write(BASE, 0, b""),
        lambda: store.clear(BASE, 0, 0),
        lambda: read(store, BASE, 0, 0),
    ):
        with pytest.raises(FileNotFoundError):
            attempt()

    assert store.volumes() == set()


def test_a_qcow2_volume_is_not_written_like_a_blob(store: DiskStore) -> None:
    store.create(Volume(BASE, SIZE))

    with pytest.raises(ValueError, match="not flat"):
        store.write(BASE, 0, b"x")
    with pytest.raises(ValueError, match="not flat"):
        store.clear(BASE, 0, 512)


def test_a_flat_volume_grows_by_zeros(world: World) -> None:
    world.store.create(a_blob())
    world.store.write(BASE, SIZE - 512, b"f" * 512)

    world.store.grow(BASE, 2 * SIZE)
    world.store.grow(BASE, SIZE)

    assert world.size_bytes(BASE) == 2 * SIZE
    assert read(world.store, BASE, SIZE - 512, 1024) == b"f" * 512 + bytes(512)


def test_a_flat_volume_is_kept_in_the_trash_like_any_other(store: DiskStore, clock: HandClock) -> None:
    store.create(a_blob())

    store.trash(BASE)

    assert store.volumes() == set()
    assert store.empty_trash(clock.now() + timedelta(days=1)) == [BASE]


class CutOff(Exception):
    pass


def test_pages_that_are_received_make_a_volume_whole_or_not_at_all(store: DiskStore) -> None:
    def pages() -> Iterator[tuple[int, bytes]]:
        yield 512, b"a" * 1024
        yield SIZE - 512, b"f" * 512

    def cut_off() -> Iterator[tuple[int, bytes]]:
        yield from pages()
        raise CutOff

    with pytest.raises(CutOff):
        store.receive(a_blob(), cut_off())
    with pytest.raises(FileNotFoundError):
        store.sync(BASE)
    with pytest.raises(ValueError, match="not within"):
        store.receive(a_blob(), [(SIZE - 511, b"x" * 512)])
    for given in (pages(), cut_off()):  # the second is not asked
        store.receive(a_blob(), given)

    assert store.volumes() == {BASE}
    assert read(store, BASE, 0, 2048) == bytes(512) + b"a" * 1024 + bytes(512)
    assert read(store, BASE, SIZE - 512, 512) == b"f" * 512
    assert store.used_bytes(BASE) <= 4 * 4096


@pytest.mark.parametrize("volume", [Volume(BASE, SIZE), Volume(BASE, SIZE, backing=COPY, format=Format.FLAT)])
def test_pages_are_received_into_a_flat_volume_only(store: DiskStore, volume: Volume) -> None:
    with pytest.raises(ValueError, match="flat volume"):
        store.receive(volume, [])

    assert store.volumes() == set()


# --- overlays --------------------------------------------------------------------------------------------------------


def test_an_overlay_is_as_long_as_what_the_guest_sees(world: World) -> None:
    world.store.create(a_blob())
    world.store.write(BASE, 0, b"\x01" * 4096)
    world.store.write(BASE, 4 * MIB, b"\x02" * FOOTER_BYTES)
    world.store.freeze(BASE)
    world.store.create(Volume(COPY, 4 * MIB, backing=BASE))

    world.guest_writes(COPY, 1024, b"\x03" * 1024)

    assert world.size_bytes(COPY) == 4 * MIB
    assert read(world.store, COPY, 0, 4096) == b"\x01" * 1024 + b"\x03" * 1024 + b"\x01" * 2048
    assert read(world.store, BASE, 0, 4096) == b"\x01" * 4096


@pytest.mark.parametrize("make_larger", ["made", "grown"])
def test_a_footer_is_never_seen_through_an_overlay(world: World, make_larger: str) -> None:
    world.store.create(a_blob())
    world.store.write(BASE, 4 * MIB, b"\x02" * FOOTER_BYTES)
    world.store.freeze(BASE)

    world.store.create(Volume(COPY, (8 if make_larger == "made" else 4) * MIB, backing=BASE))
    world.store.grow(COPY, 8 * MIB)

    assert world.size_bytes(COPY) == 8 * MIB
    assert read(world.store, COPY, 4 * MIB - 512, 2048) == bytes(2048)


def test_growing_again_takes_nothing_from_the_guest(world: World) -> None:
    world.store.create(a_blob())
    world.store.freeze(BASE)
    world.store.create(Volume(COPY, 8 * MIB, backing=BASE))
    world.guest_writes(COPY, 4 * MIB, b"\x07" * 1024)

    world.store.grow(COPY, 8 * MIB)
    world.store.grow(COPY, 16 * MIB)

    assert read(world.store, COPY, 4 * MIB, 2048) == b"\x07" * 1024 + bytes(1024)


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_flat_file_is_for_us_alone_and_read_only_once_frozen(files: Qcow2Store) -> None:
    files.create(a_blob())
    fresh = files.path(BASE).stat().st_mode & 0o777
    files.freeze(BASE)

    assert (fresh, files.path(BASE).stat().st_mode & 0o777) == (0o600, 0o400)


def test_freezing_waits_for_the_write_that_is_under_way(files: Qcow2Store) -> None:
    files.create(a_blob())
    frozen = threading.Event()

    def freeze() -> None:
        files.freeze(BASE)
        frozen.set()

    with files.path(BASE).open("r+b") as writer:
        fcntl.flock(writer, fcntl.LOCK_SH)
        freezing = threading.Thread(target=freeze)
        freezing.start()
        was_early = frozen.wait(0.1)
        files.write(BASE, 0, b"x" * 512)  # another writer is not held up
    freezing.join(10)

    assert not was_early
    assert frozen.is_set()
    with pytest.raises(VolumeFrozen):
        files.write(BASE, 0, b"y" * 512)


def test_an_overlay_names_a_flat_file_as_raw(files: Qcow2Store) -> None:
    files.create(a_blob())
    files.create(Volume(COPY, 4 * MIB, backing=BASE))

    header = files.inspect(COPY)

    assert (header.backing, header.backing_format) == (f"{BASE}.flat", "raw")
    assert holds(files.path(COPY), "read -P 0 0 4M")


@pytest.mark.parametrize("make_larger", ["made", "grown"])
def test_a_machine_does_not_see_the_footer_below_its_overlay_either(files: Qcow2Store, make_larger: str) -> None:
    """A view is told where the disk below ends; QEMU in a machine reads the overlay's own header."""
    files.create(a_blob())
    files.write(BASE, 4 * MIB - 512, b"\x01" * 512 + b"\x02" * FOOTER_BYTES)
    files.create(Volume(COPY, (8 if make_larger == "made" else 4) * MIB, backing=BASE))
    files.grow(COPY, 8 * MIB)

    assert holds(files.path(COPY), f"read -P 1 {4 * MIB - 512} 512", f"read -P 0 {4 * MIB} 4M")


@pytest.mark.parametrize(
    ("name", "format"),
    [
        (f"{BASE}.flat", "qcow2"),
        (f"{BASE}.qcow2", "raw"),
        (f"./{BASE}.flat", "raw"),
        (f"../{BASE}.flat", "raw"),
        (f"trash/{BASE}.flat", "raw"),
        (f"eastus-1/../{BASE}.flat", "raw"),
        (f"../../{BASE}.flat", "raw"),
        (f"eastus-1//{BASE}.flat", "raw"),
        (f"/eastus-1/{BASE}.flat", "raw"),
        (f"file:{BASE}.flat", "raw"),
        (f"{BASE}.making", "raw"),
        (f"{BASE}.flat\n", "raw"),
    ],
)
def test_a_backing_that_is_not_named_as_we_name_it_is_not_trusted(files: Qcow2Store, name: str, format: str) -> None:
    files.create(a_blob())
    an_image(files.path(COPY), 4 * MIB, "-u", "-b", name, "-F", format)

    with pytest.raises(ForeignVolume):
        files.inspect(COPY)
    with pytest.raises(ForeignVolume):
        files.grow(COPY, 8 * MIB)
    with pytest.raises(ForeignVolume), files.view(COPY):
        pass


def test_a_chain_that_bites_its_tail_is_not_followed(files: Qcow2Store) -> None:
    an_image(files.path(BASE), 4 * MIB, "-u", "-b", f"{COPY}.qcow2", "-F", "qcow2")
    an_image(files.path(COPY), 4 * MIB, "-u", "-b", f"{BASE}.qcow2", "-F", "qcow2")

    with pytest.raises(ForeignVolume, match="itself"):
        files.grow(COPY, 8 * MIB)


def test_a_link_in_place_of_a_flat_file_is_not_followed(files: Qcow2Store, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 1024)
    files.path(BASE).with_suffix(".flat").symlink_to(secret)

    with pytest.raises(OSError, match="symbolic"):
        files.write(BASE, 0, b"x")
    with pytest.raises(OSError, match="symbolic"), files.view(BASE):
        pass

    assert secret.read_bytes() == b"s" * 1024


@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_kernel_without_room_is_a_full_store(problem: int) -> None:
    with pytest.raises(StoreFull), flat.room():
        raise OSError(problem, os.strerror(problem))


def test_what_a_crash_left_of_a_flat_volume_is_made_anew(files: Qcow2Store, tmp_path: Path) -> None:
    (tmp_path / "volumes" / f"{BASE}.making").write_bytes(b"x" * 1000)

    files.create(a_blob())

    assert read(files, BASE, 0, 1000) == bytes(1000)
    assert sorted(each.name for each in (tmp_path / "volumes").iterdir()) == [f"{BASE}.flat", "trash"]
