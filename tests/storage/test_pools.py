"""Pools: each keeps what is its own, and may be gone without the others. One suite for every disk store, then files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calco.model.volume import MIB, Format, Volume
from calco.ports import DiskStore, PoolGone
from calco.storage.places import BACKING_FORMATS, Places
from calco.storage.volumes import Qcow2Store
from tests.storage.stores import BASE, COPY, ELSEWHERE, NEW, OTHER, ZONE, HandClock, World, nothing, read, run


def test_each_pool_keeps_a_copy_that_outlives_the_others(world: World) -> None:
    world.store.create(Volume(BASE, 4 * MIB))
    world.guest_writes(BASE, 0, b"\x01" * 1024)
    world.store.copy(Volume(COPY, 4 * MIB, pool=ZONE), BASE, nothing)
    world.store.copy(Volume(OTHER, 4 * MIB, pool=ELSEWHERE), BASE, nothing)
    assert world.store.pools() == {"", ZONE, ELSEWHERE}

    world.lose_pool(ZONE)

    assert world.store.pools() == {"", ELSEWHERE}
    assert world.store.volumes() == {BASE, OTHER}
    assert read(world.store, OTHER, 0, 1024) == b"\x01" * 1024
    world.store.create(Volume(NEW, 4 * MIB, backing=OTHER, pool=ELSEWHERE))
    world.bring_back_pool(ZONE)
    assert world.store.volumes() == {BASE, OTHER, COPY, NEW}
    assert read(world.store, COPY, 0, 1024) == b"\x01" * 1024


Attempt = Callable[[DiskStore], object]


@pytest.mark.parametrize(
    "attempt",
    [
        lambda store: store.create(Volume(NEW, 4 * MIB, pool=ZONE)),
        lambda store: store.create(Volume(NEW, 4 * MIB, pool=ZONE, format=Format.FLAT)),
        lambda store: store.create(Volume(NEW, 4 * MIB, backing=COPY)),
        lambda store: store.copy(Volume(NEW, 4 * MIB), COPY, nothing),
        lambda store: store.copy(Volume(NEW, 4 * MIB, pool=ZONE), BASE, nothing),
        lambda store: store.copy(Volume(NEW, 4 * MIB), OTHER, nothing),
        lambda store: read(store, COPY, 0, 1),
        lambda store: read(store, OTHER, 0, 1),
        lambda store: store.path(COPY),
        lambda store: store.sync(COPY),
        lambda store: store.grow(COPY, 8 * MIB),
    ],
    ids=[
        "make in it", "make a blob in it", "make over it", "copy from it", "copy into it", "copy what lies over it",
        "read it", "read what lies over it", "name it", "sync it", "grow it",
    ],
)  # fmt: skip
def test_what_has_to_do_with_a_pool_that_is_gone_says_so(world: World, attempt: Attempt) -> None:
    world.store.create(Volume(BASE, 4 * MIB))
    world.store.create(Volume(COPY, 4 * MIB, pool=ZONE))
    world.store.create(Volume(OTHER, 4 * MIB, backing=COPY))
    world.lose_pool(ZONE)

    with pytest.raises(PoolGone, match=ZONE):
        attempt(world.store)

    assert world.store.volumes() == {BASE, OTHER}
    assert world.store.pools() == {""}


def test_deleting_and_freezing_go_on_without_a_pool(world: World) -> None:
    world.store.create(Volume(BASE, 4 * MIB))
    world.store.create(Volume(COPY, 4 * MIB, pool=ZONE))
    world.lose_pool(ZONE)

    for volume in (BASE, COPY):
        world.store.freeze(volume)
        world.store.thaw(volume)
        world.store.delete(volume)
        world.store.trash(volume)
    assert world.store.used_bytes(COPY) == 0

    assert world.store.volumes() == set()
    world.bring_back_pool(ZONE)
    assert world.store.volumes() == {COPY}


@pytest.mark.parametrize("pool", ["..", "trash", "eastus-1/..", "/", "eastus", "EASTUS-1", "eastus-1\n", "a-b-c-d/"])
def test_only_a_zone_s_name_becomes_a_folder(store: DiskStore, tmp_path: Path, pool: str) -> None:
    with pytest.raises(ValueError, match="not a pool"):
        store.create(Volume(BASE, 4 * MIB, pool=pool))

    assert store.volumes() == set()


@pytest.mark.parametrize(
    ("pool", "below", "name"),
    [
        ("", "", f"{BASE}.qcow2"),
        (ZONE, ZONE, f"{BASE}.qcow2"),
        (ZONE, "", f"../{BASE}.qcow2"),
        (ZONE, ELSEWHERE, f"../{ELSEWHERE}/{BASE}.qcow2"),
        ("", ZONE, f"{ZONE}/{BASE}.qcow2"),
    ],
)
def test_an_overlay_finds_its_base_in_another_pool(files: Qcow2Store, pool: str, below: str, name: str) -> None:
    files.create(Volume(BASE, 4 * MIB, pool=below))
    files.create(Volume(COPY, 4 * MIB, backing=BASE, pool=pool))

    assert files.inspect(COPY).backing == name
    assert read(files, COPY, 0, 4096) == bytes(4096)
    run("qemu-img", "info", "-f", "qcow2", "--backing-chain", os.fspath(files.path(COPY)))


def test_a_pool_is_made_at_its_first_use_and_never_again(tmp_path: Path, clock: HandClock) -> None:
    first = Qcow2Store(tmp_path, clock)
    assert first.pools() == {""}
    for volume, pool in ((BASE, ZONE), (COPY, ELSEWHERE)):
        first.create(Volume(volume, 4 * MIB, pool=pool))
    (tmp_path / ZONE).rename(tmp_path.parent / "lost")

    again = Qcow2Store(tmp_path, clock)

    assert (tmp_path / ELSEWHERE).stat().st_mode & 0o777 == 0o700
    assert again.pools() == {"", ELSEWHERE}
    for store in (first, again):
        with pytest.raises(PoolGone):
            store.create(Volume(OTHER, 4 * MIB, pool=ZONE))
    assert not (tmp_path / ZONE).exists()


def test_a_pool_whose_making_was_cut_short_is_listed_at_its_next_use(tmp_path: Path, clock: HandClock) -> None:
    store = Qcow2Store(tmp_path, clock)
    (tmp_path / ZONE).mkdir()
    (tmp_path / "pools").write_text("eastus-")  # a line that a power cut left half written

    store.create(Volume(BASE, 4 * MIB, pool=ZONE))

    assert Qcow2Store(tmp_path, clock).pools() == {"", ZONE}


def test_another_process_s_new_pool_is_seen(tmp_path: Path, clock: HandClock) -> None:
    ours, theirs = Qcow2Store(tmp_path, clock), Qcow2Store(tmp_path, clock)
    theirs.create(Volume(BASE, 4 * MIB, pool=ZONE))

    assert ours.path(BASE) == tmp_path / ZONE / f"{BASE}.qcow2"
    assert ours.pools() == {"", ZONE}


def test_a_pool_that_is_a_link_is_not_there(tmp_path: Path, clock: HandClock) -> None:
    """Overlays in it would look for ``../x`` beside the link's target."""
    store = Qcow2Store(tmp_path / "volumes", clock)
    store.create(Volume(COPY, 4 * MIB, pool=ZONE))
    (tmp_path / "volumes" / ZONE).rename(tmp_path / "elsewhere")
    (tmp_path / "volumes" / ZONE).symlink_to(tmp_path / "elsewhere")

    assert store.pools() == {""}
    with pytest.raises(PoolGone):
        store.create(Volume(BASE, 4 * MIB, pool=ZONE))


# --- names -----------------------------------------------------------------------------------------------------------

POOLS = st.sampled_from(["", ZONE, ELSEWHERE])
anywhere = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


@anywhere
@given(POOLS, POOLS, st.sampled_from(Format))
def test_an_overlays_name_for_what_lies_below_is_read_back(
    tmp_path: Path, over: str, under: str, format: Format
) -> None:
    places = Places(tmp_path)
    overlay, below = places.name(COPY, over, Format.QCOW2), places.name(BASE, under, format)

    assert places.below(overlay, places.name_below(below, over), BACKING_FORMATS[format]) == below


NAMES = st.tuples(
    st.sampled_from(["", "../", "../../", "./", "/", "trash/../"]),
    st.sampled_from(["", f"{ZONE}/", f"{ELSEWHERE}/", "trash/", "eastus-3//"]),
    st.sampled_from([BASE, BASE.upper(), "x"]),
    st.sampled_from([".qcow2", ".flat", ".making", ""]),
).map("".join)


@anywhere
@given(POOLS, NAMES | st.text(), st.sampled_from(["raw", "qcow2", None]))
def test_any_other_name_leads_nowhere(tmp_path: Path, over: str, name: str, format: str | None) -> None:
    places = Places(tmp_path)
    overlay = places.name(COPY, over, Format.QCOW2)

    below = places.below(overlay, name, format)

    if below is not None:
        assert places.name_below(below, over) == name
        assert BACKING_FORMATS[below.format] == format
        assert Path(os.path.normpath(overlay.file.parent / name)) == below.file
        assert below.file.parent in {tmp_path, tmp_path / ZONE, tmp_path / ELSEWHERE}
        assert below.file.name in {f"{BASE}.qcow2", f"{BASE}.flat"}
