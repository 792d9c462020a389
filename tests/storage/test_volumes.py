"""One suite for every disk store, the simulated one included; then what only files can show."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calco.model.volume import GIB, MIB, Format, Volume
from calco.ports import DiskStore, StoreFull
from calco.storage.volumes import ForeignVolume, Qcow2Store
from calco.tool import ToolFailed
from tests.storage.stores import BASE, COPY, OTHER, HandClock, World, an_image, holds, qemu_io, run

# --- every store -----------------------------------------------------------------------------------------------------


def test_a_volume_that_was_made_is_there(world: World) -> None:
    world.store.create(Volume(BASE, 3 * GIB))

    assert world.store.volumes() == {BASE}
    assert world.size_bytes(BASE) == 3 * GIB
    assert 0 < world.store.used_bytes(BASE) < MIB
    assert world.store.used_bytes(COPY) == 0


def test_making_repeated_is_making_once(world: World) -> None:
    for _ in range(2):
        world.store.create(Volume(BASE, 4 * MIB))
        world.store.create(Volume(COPY, 8 * MIB, backing=BASE))

    assert world.store.volumes() == {BASE, COPY}
    assert world.size_bytes(COPY) == 8 * MIB


def test_an_overlay_needs_what_lies_below(store: DiskStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.create(Volume(COPY, 4 * MIB, backing=BASE))

    assert store.volumes() == set()


def test_an_overlay_that_is_there_is_not_made_again_without_its_base(store: DiskStore) -> None:
    store.create(Volume(BASE, 4 * MIB))
    store.create(Volume(COPY, 4 * MIB, backing=BASE))
    store.delete(BASE)

    store.create(Volume(COPY, 4 * MIB, backing=BASE))

    assert store.volumes() == {COPY}


@pytest.mark.parametrize("id", ["", "..", "base", BASE.upper(), f"../{BASE}", f"{BASE}/x", f"{BASE}\n"])
def test_only_a_guid_becomes_a_path(store: DiskStore, id: str) -> None:
    for attempt in (store.path, store.delete, store.freeze, store.trash, store.used_bytes, store.sync):
        with pytest.raises(ValueError, match="not a volume id"):
            attempt(id)
    with pytest.raises(ValueError, match="not a volume id"):
        store.create(Volume(id, 4 * MIB))
    with pytest.raises(ValueError, match="not a volume id"):
        store.create(Volume(COPY, 4 * MIB, backing=id))

    assert store.volumes() == set()


def test_growing_only_grows(world: World) -> None:
    world.store.create(Volume(BASE, 8 * MIB))

    world.store.grow(BASE, 16 * MIB)
    world.store.grow(BASE, 16 * MIB)
    world.store.grow(BASE, 4 * MIB)

    assert world.size_bytes(BASE) == 16 * MIB


def test_an_overlay_grows_beyond_its_base(world: World) -> None:
    world.store.create(Volume(BASE, 8 * MIB))
    world.store.create(Volume(COPY, 8 * MIB, backing=BASE))

    world.store.grow(COPY, 3 * GIB)

    assert (world.size_bytes(BASE), world.size_bytes(COPY)) == (8 * MIB, 3 * GIB)


def test_a_frozen_volume_does_not_grow(world: World) -> None:
    world.store.create(Volume(BASE, 8 * MIB))
    world.store.freeze(BASE)

    with pytest.raises(PermissionError):
        world.store.grow(BASE, 16 * MIB)

    assert world.size_bytes(BASE) == 8 * MIB


@pytest.mark.parametrize("format", Format)
def test_a_stamp_changes_with_the_bytes_and_with_nothing_else(world: World, format: Format) -> None:
    store = world.store
    for id in (BASE, OTHER):
        store.create(Volume(id, 8 * MIB, format=format))
        with suppress(FileNotFoundError):  # long ago: a file system's clock stands still for some milliseconds
            os.utime(store.path(id), ns=(1, 1))
    before = store.stamp(BASE)

    with store.view(BASE) as content:
        content.read(0, 512)
    store.sync(BASE)
    store.freeze(BASE)
    world.guest_writes(OTHER, 0, b"x" * 4096)
    frozen = store.stamp(BASE)
    store.thaw(BASE)
    thawed = store.stamp(BASE)
    world.guest_writes(BASE, 0, b"x" * 4096)

    assert (frozen, thawed) == (before, before)
    assert store.stamp(BASE) != before


def test_growing_changes_the_stamp_and_what_is_absent_has_none(store: DiskStore) -> None:
    store.create(Volume(BASE, 8 * MIB))
    before = store.stamp(BASE)

    store.grow(BASE, 16 * MIB)

    assert store.stamp(BASE) != before
    with pytest.raises(FileNotFoundError):
        store.stamp(OTHER)


def test_what_is_absent_may_be_frozen_deleted_and_trashed_but_not_grown_or_synced(store: DiskStore) -> None:
    store.freeze(BASE)
    store.delete(BASE)
    store.trash(BASE)
    with pytest.raises(FileNotFoundError):
        store.grow(BASE, 8 * MIB)
    with pytest.raises(FileNotFoundError):
        store.sync(BASE)

    assert store.volumes() == set()


def test_a_deleted_volume_is_gone_and_stays_gone(store: DiskStore) -> None:
    store.create(Volume(BASE, 4 * MIB))
    store.sync(BASE)
    store.delete(BASE)
    store.delete(BASE)

    assert store.volumes() == set()
    assert store.used_bytes(BASE) == 0


def test_without_room_a_volume_is_half_made_until_it_is_deleted_or_made_again(world: World) -> None:
    world.fill()
    for volume in (BASE, COPY):
        with pytest.raises(StoreFull):
            world.store.create(Volume(volume, 4 * MIB))
    half_made = world.store.volumes()
    with pytest.raises(FileNotFoundError):
        world.store.grow(BASE, 8 * MIB)
    with pytest.raises(FileNotFoundError):
        world.store.create(Volume(OTHER, 4 * MIB, backing=BASE))

    world.store.delete(COPY)
    world.make_room()
    world.store.create(Volume(BASE, 4 * MIB))

    assert half_made == {BASE, COPY}
    assert world.store.volumes() == {BASE}
    assert world.size_bytes(BASE) == 4 * MIB


def test_the_trash_keeps_what_is_younger(store: DiskStore, clock: HandClock) -> None:
    store.create(Volume(BASE, 4 * MIB))
    store.create(Volume(COPY, 4 * MIB))
    store.trash(BASE)
    clock.pass_days(5)
    store.trash(COPY)
    clock.pass_days(3)

    gone = store.empty_trash(clock.now() - timedelta(days=7))

    assert gone == [BASE]
    assert store.volumes() == set()
    assert store.empty_trash(clock.now() + timedelta(days=1)) == [COPY]
    assert store.empty_trash(clock.now() + timedelta(days=1)) == []


def test_a_half_made_volume_goes_without_the_trash(world: World, clock: HandClock) -> None:
    world.fill()
    with pytest.raises(StoreFull):
        world.store.create(Volume(BASE, 4 * MIB))

    world.store.trash(BASE)

    assert world.store.volumes() == set()
    assert world.store.empty_trash(clock.now() + timedelta(days=1)) == []


def test_an_image_becomes_a_volume(world: World, tmp_path: Path) -> None:
    image = an_image(tmp_path / "image.qcow2", 8 * MIB)

    for _ in range(2):
        world.store.import_base(Volume(BASE, 8 * MIB, frozen=True), image, "qcow2")
    image.unlink()
    world.store.import_base(Volume(BASE, 8 * MIB, frozen=True), image, "qcow2")

    assert world.store.volumes() == {BASE}
    assert world.size_bytes(BASE) == 8 * MIB
    with pytest.raises(PermissionError):
        world.store.grow(BASE, 16 * MIB)


def test_a_volume_may_be_larger_than_its_image_and_is_then_its_own(world: World, tmp_path: Path) -> None:
    image = an_image(tmp_path / "image.qcow2", 8 * MIB)
    before = image.read_bytes()

    world.store.import_base(Volume(BASE, 16 * MIB), image, "qcow2")

    assert world.size_bytes(BASE) == 16 * MIB
    assert image.read_bytes() == before


@pytest.mark.parametrize("format", ["vpc", "", "QCOW2"])
def test_an_image_of_another_format_is_refused(store: DiskStore, tmp_path: Path, format: str) -> None:
    with pytest.raises(ValueError, match="format"):
        store.import_base(Volume(BASE, 8 * MIB), an_image(tmp_path / "image.qcow2"), format)

    assert store.volumes() == set()


def test_an_image_is_what_it_is_said_to_be(store: DiskStore, tmp_path: Path) -> None:
    raw = tmp_path / "image.raw"
    raw.write_bytes(bytes(4 * MIB))

    with pytest.raises(ForeignVolume):
        store.import_base(Volume(BASE, 4 * MIB), raw, "qcow2")

    assert store.volumes() == set()


def test_an_image_larger_than_its_volume_is_refused(store: DiskStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only"):
        store.import_base(Volume(BASE, 4 * MIB), an_image(tmp_path / "image.qcow2", 8 * MIB), "qcow2")

    assert store.volumes() == set()


def test_an_image_over_another_file_is_refused(store: DiskStore, tmp_path: Path) -> None:
    below = an_image(tmp_path / "secret.qcow2")
    image = an_image(tmp_path / "image.qcow2", 4 * MIB, "-b", os.fspath(below), "-F", "qcow2")

    with pytest.raises(ForeignVolume, match="flatten"):
        store.import_base(Volume(BASE, 4 * MIB), image, "qcow2")

    assert store.volumes() == set()


def test_an_image_with_its_data_elsewhere_is_refused(store: DiskStore, tmp_path: Path) -> None:
    image = an_image(tmp_path / "image.qcow2", 4 * MIB, "-o", f"data_file={tmp_path / 'data'}")

    with pytest.raises(ForeignVolume):
        store.import_base(Volume(BASE, 4 * MIB), image, "qcow2")

    assert store.volumes() == set()


def test_many_volumes_are_made_at_once(store: DiskStore) -> None:
    store.create(Volume(BASE, 4 * MIB, frozen=True))
    ids = [f"{number:08x}-bbbb-4bbb-8bbb-{number:012x}" for number in range(20)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: store.create(Volume(each, 4 * MIB, backing=BASE)), ids))

    assert store.volumes() == {BASE, *ids}


# --- files -----------------------------------------------------------------------------------------------------------


def test_clones_share_the_bytes_of_their_base_and_keep_their_own(files: Qcow2Store) -> None:
    files.create(Volume(BASE, 4 * MIB))
    qemu_io(files.path(BASE), "write -P 1 0 64k")
    files.freeze(BASE)
    files.create(Volume(COPY, 4 * MIB, backing=BASE))
    files.create(Volume(OTHER, 4 * MIB, backing=BASE))

    qemu_io(files.path(COPY), "write -P 2 4k 4k")

    assert holds(files.path(COPY), "read -P 1 0 4k", "read -P 2 4k 4k", "read -P 1 8k 4k")
    assert holds(files.path(OTHER), "read -P 1 0 64k")
    assert not holds(files.path(OTHER), "read -P 2 4k 4k")
    run("qemu-img", "check", "-q", "-f", "qcow2", os.fspath(files.path(COPY)))


def test_the_folder_may_move(tmp_path: Path, clock: HandClock) -> None:
    before = Qcow2Store(tmp_path / "here", clock)
    before.create(Volume(BASE, 4 * MIB))
    qemu_io(before.path(BASE), "write -P 7 0 64k")
    before.create(Volume(COPY, 4 * MIB, backing=BASE))

    (tmp_path / "here").rename(tmp_path / "there")
    after = Qcow2Store(tmp_path / "there", clock)

    assert holds(after.path(COPY), "read -P 7 0 64k")
    assert after.inspect(COPY).backing == f"{BASE}.qcow2"


def test_a_volume_is_for_us_alone_and_read_only_once_frozen(files: Qcow2Store) -> None:
    old = os.umask(0)
    try:
        files.create(Volume(BASE, 4 * MIB))
    finally:
        os.umask(old)
    fresh = mode(files.path(BASE))

    files.freeze(BASE)

    assert (fresh, mode(files.path(BASE))) == (0o600, 0o400)


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_what_a_crash_left_half_made_is_seen_and_made_anew(files: Qcow2Store, tmp_path: Path) -> None:
    left = tmp_path / "volumes" / f"{BASE}.making"
    left.write_bytes(b"x" * 1000)
    seen, used = files.volumes(), files.used_bytes(BASE)

    files.create(Volume(BASE, 4 * MIB))

    assert seen == {BASE}
    assert used > 0
    assert sorted(each.name for each in left.parent.iterdir()) == [f"{BASE}.qcow2", "trash"]


def test_files_that_are_no_volumes_are_left_alone(files: Qcow2Store, tmp_path: Path) -> None:
    strangers = [tmp_path / "volumes" / name for name in ("notes.qcow2", f"{BASE}.txt", "trash/x")]
    for each in strangers:
        each.write_text("mine")

    assert files.volumes() == set()
    assert files.empty_trash(datetime(2100, 1, 1, tzinfo=UTC)) == []
    assert [each.read_text() for each in strangers] == ["mine"] * 3


def test_a_hard_link_costs_nothing_and_freezes_the_image(files: Qcow2Store, tmp_path: Path) -> None:
    image = an_image(tmp_path / "image.qcow2", 8 * MIB)

    files.import_base(Volume(BASE, 8 * MIB, frozen=True), image, "qcow2")

    assert files.path(BASE).samefile(image)
    assert mode(image) == 0o400


def test_a_volume_that_will_be_written_never_shares_its_image(files: Qcow2Store, tmp_path: Path) -> None:
    image = an_image(tmp_path / "image.qcow2", 8 * MIB)

    files.import_base(Volume(BASE, 8 * MIB), image, "qcow2")

    assert not files.path(BASE).samefile(image)
    assert mode(files.path(BASE)) == 0o600


def test_a_raw_image_keeps_its_bytes(files: Qcow2Store, tmp_path: Path) -> None:
    raw = tmp_path / "image.raw"
    raw.write_bytes(b"\x05" * 1000 + bytes(MIB))

    files.import_base(Volume(BASE, 4 * MIB, frozen=True), raw, "raw")

    assert files.inspect(BASE).virtual_bytes == 4 * MIB
    assert holds(files.path(BASE), "read -P 5 0 1000", "read -P 0 1000 3000")


def test_a_volume_over_a_foreign_file_is_not_trusted(files: Qcow2Store, tmp_path: Path) -> None:
    secret = an_image(tmp_path / "secret.qcow2")
    an_image(files.path(BASE), 4 * MIB, "-b", os.fspath(secret), "-F", "qcow2")
    an_image(files.path(COPY), 4 * MIB, "-u", "-b", f"json:{{}}{OTHER}.qcow2", "-F", "qcow2")
    an_image(files.path(OTHER), 4 * MIB, "-o", f"data_file={tmp_path / 'data'}")

    for volume in (BASE, COPY, OTHER):
        with pytest.raises(ForeignVolume):
            files.inspect(volume)


def test_a_volume_over_a_base_of_another_format_is_not_trusted(files: Qcow2Store) -> None:
    files.create(Volume(BASE, 4 * MIB))
    an_image(files.path(COPY), 4 * MIB, "-u", "-b", f"{BASE}.qcow2", "-F", "raw")

    with pytest.raises(ForeignVolume):
        files.inspect(COPY)


def test_a_file_of_another_format_is_not_grown(files: Qcow2Store) -> None:
    files.path(BASE).write_bytes(bytes(MIB))

    with pytest.raises(ForeignVolume):
        files.grow(BASE, 8 * MIB)

    assert files.path(BASE).read_bytes() == bytes(MIB)


def test_the_same_volume_trashed_twice_is_kept_twice(files: Qcow2Store, tmp_path: Path) -> None:
    for _ in range(2):
        files.create(Volume(BASE, 4 * MIB))
        files.trash(BASE)

    assert len(list((tmp_path / "volumes" / "trash").iterdir())) == 2


def test_a_qemu_img_that_fails_for_another_reason_says_so(tmp_path: Path, clock: HandClock) -> None:
    store = Qcow2Store(tmp_path, clock, qemu_img="false")

    with pytest.raises(ToolFailed):
        store.create(Volume(BASE, 4 * MIB))


def test_a_chain_of_any_size_costs_the_same(files: Qcow2Store) -> None:
    files.create(Volume(BASE, 1 * GIB))
    files.create(Volume(OTHER, 1024 * GIB))
    files.create(Volume(COPY, 1024 * GIB, backing=OTHER))

    assert files.used_bytes(COPY) <= files.used_bytes(BASE) + MIB
