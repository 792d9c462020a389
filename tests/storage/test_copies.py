"""A copy holds what its source and all below it hold, in another format or pool; whole, or not there."""

import json
import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calco.model.vhd import FOOTER_BYTES, guest_bytes_of
from calco.model.volume import GIB, MIB, Format, Volume, VolumeId
from calco.ports import DiskStore, Extent, StoreFull
from calco.storage.qemu_block import Layer
from calco.storage.simulated import SimulatedDiskStore
from calco.storage.volumes import ForeignVolume, Qcow2Store
from tests.storage.stores import BASE, COPY, NEW, OTHER, HandClock, World, an_image, nothing, read, run

Heard = list[tuple[int, int]]


def an_overlay(world: World, over: Format) -> None:
    """COPY over OTHER over BASE, 4 MiB for the guest, each with a KiB of its own."""
    flat = over is Format.FLAT
    world.store.create(Volume(BASE, 4 * MIB + FOOTER_BYTES * flat, format=over))
    world.guest_writes(BASE, 0, b"\x01" * 3072)
    world.store.freeze(BASE)
    world.store.create(Volume(OTHER, 4 * MIB, backing=BASE))
    world.guest_writes(OTHER, 1024, b"\x02" * 2048)
    world.store.create(Volume(COPY, 4 * MIB, backing=OTHER))
    world.guest_writes(COPY, 2048, b"\x03" * 1024)


WHOLE = b"\x01" * 1024 + b"\x02" * 1024 + b"\x03" * 1024


@pytest.mark.parametrize("over", list(Format))
def test_a_copy_holds_all_layers_and_needs_none(world: World, over: Format) -> None:
    an_overlay(world, over)

    world.store.copy(Volume(NEW, 4 * MIB, frozen=True), COPY, nothing)
    for below in (COPY, OTHER, BASE):
        world.store.delete(below)

    assert world.store.volumes() == {NEW}
    assert world.size_bytes(NEW) == 4 * MIB
    assert read(world.store, NEW, 0, 4 * MIB) == WHOLE + bytes(4 * MIB - len(WHOLE))
    with pytest.raises(PermissionError):
        world.store.grow(NEW, 8 * MIB)


def test_a_flat_copy_of_a_disk_is_a_fixed_vhd(world: World) -> None:
    an_overlay(world, Format.QCOW2)

    world.store.copy(Volume(NEW, 6 * MIB + FOOTER_BYTES, format=Format.FLAT), COPY, nothing)

    with world.store.view(NEW) as view:
        assert view.size_bytes == 6 * MIB + FOOTER_BYTES
        assert view.read(0, 6 * MIB) == WHOLE + bytes(6 * MIB - len(WHOLE))
        footer = view.read(6 * MIB, FOOTER_BYTES)
    assert guest_bytes_of(footer, 6 * MIB + FOOTER_BYTES, "d", "u") == 6 * MIB
    assert world.store.used_bytes(NEW) < MIB
    world.store.write(NEW, 0, b"x" * 512)


def test_a_disk_from_a_blob_has_no_footer(world: World) -> None:
    world.store.create(Volume(BASE, 4 * MIB + FOOTER_BYTES, format=Format.FLAT))
    world.store.write(BASE, 4 * MIB - 512, b"\x01" * 1024)

    world.store.copy(Volume(NEW, 8 * MIB), BASE, nothing)

    assert world.size_bytes(NEW) == 8 * MIB
    assert read(world.store, NEW, 4 * MIB - 1024, 2048) == bytes(512) + b"\x01" * 512 + bytes(1024)


def test_a_blob_s_copy_is_its_equal_and_its_own(world: World) -> None:
    size = 4 * MIB + FOOTER_BYTES
    world.store.create(Volume(BASE, size, format=Format.FLAT))
    world.store.write(BASE, 512, b"\x01" * 1024)
    world.store.write(BASE, 4 * MIB, b"\x02" * FOOTER_BYTES)
    world.store.freeze(BASE)
    heard: Heard = []

    world.store.copy(Volume(COPY, size, format=Format.FLAT), BASE, lambda *said: heard.append(said))
    world.store.write(COPY, 0, b"\x03" * 512)

    assert read(world.store, COPY, 0, 2048) == b"\x03" * 512 + b"\x01" * 1024 + bytes(512)
    assert read(world.store, COPY, 4 * MIB, FOOTER_BYTES) == b"\x02" * FOOTER_BYTES
    assert read(world.store, BASE, 0, 512) == bytes(512)
    assert world.store.used_bytes(COPY) < MIB
    assert heard[-1][0] == heard[-1][1] > 0
    assert heard == sorted(heard)


def test_a_copy_repeated_is_made_once_even_without_its_source(world: World) -> None:
    world.store.create(Volume(BASE, 4 * MIB))
    world.store.copy(Volume(COPY, 4 * MIB), BASE, nothing)
    world.guest_writes(COPY, 0, b"\x05" * 1024)
    world.store.delete(BASE)

    world.store.copy(Volume(COPY, 4 * MIB), BASE, nothing)

    assert read(world.store, COPY, 0, 1024) == b"\x05" * 1024


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Volume(BASE, 8 * MIB), Volume(COPY, 4 * MIB)),
        (Volume(BASE, 8 * MIB), Volume(COPY, 8 * MIB, format=Format.FLAT)),
        (Volume(BASE, 8 * MIB + 512, format=Format.FLAT), Volume(COPY, 4 * MIB)),
        (Volume(BASE, 4 * MIB, format=Format.FLAT), Volume(COPY, 8 * MIB, format=Format.FLAT)),
        (Volume(BASE, 4 * MIB), Volume(COPY, 4 * MIB, backing=BASE)),
    ],
    ids=["smaller", "no room for a footer", "smaller than the guest's", "blob of another length", "over another"],
)
def test_a_copy_that_would_not_be_whole_is_refused(store: DiskStore, source: Volume, target: Volume) -> None:
    store.create(source)

    with pytest.raises(ValueError, match=r"fit|cannot have|over nothing"):
        store.copy(target, BASE, nothing)

    assert store.volumes() == {BASE}


def test_a_copy_of_nothing_is_nothing(store: DiskStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.copy(Volume(COPY, 4 * MIB), BASE, nothing)

    assert store.volumes() == set()


class Stop(Exception):
    pass


@pytest.mark.parametrize("source", list(Format))
@pytest.mark.parametrize("target", list(Format))
def test_who_hears_of_progress_may_stop_it(world: World, source: Format, target: Format) -> None:
    world.store.create(Volume(BASE, 4 * MIB + FOOTER_BYTES * (source is Format.FLAT), format=source))
    world.guest_writes(BASE, 0, b"\x01" * 1024)

    def stop(_done: int, _total: int) -> None:
        raise Stop

    wanted = Volume(COPY, 4 * MIB + FOOTER_BYTES * (target is Format.FLAT), format=target)
    with pytest.raises(Stop):
        world.store.copy(wanted, BASE, stop)
    with pytest.raises(FileNotFoundError):
        world.store.sync(COPY)
    world.store.copy(wanted, BASE, nothing)

    assert read(world.store, COPY, 0, 2048) == b"\x01" * 1024 + bytes(1024)


def test_without_room_there_is_no_copy(world: World) -> None:
    world.store.create(Volume(BASE, 4 * MIB))
    world.fill()

    with pytest.raises(StoreFull):
        world.store.copy(Volume(COPY, 4 * MIB), BASE, nothing)
    with pytest.raises(FileNotFoundError):
        world.store.sync(COPY)
    world.store.delete(COPY)

    assert world.store.volumes() == {BASE}


Writes = list[tuple[int, int, int]]
"""Layer, KiB, byte."""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 255), st.integers(1, 255)), max_size=12),
    st.sampled_from(Format),
)
def test_simulated_layers_read_as_they_were_written(clock: HandClock, writes: Writes, target: Format) -> None:
    simulated = SimulatedDiskStore(Path("/nowhere"), clock)
    expected = bytearray(256 * 1024)
    ids = (BASE, OTHER, COPY)
    below: VolumeId | None = None
    for layer, id in enumerate(ids):
        simulated.create(Volume(id, 256 * 1024, backing=below))
        for each, kib, byte in writes:
            if each == layer:
                simulated.guest_writes(id, kib * 1024, bytes([byte]) * 1024)
                expected[kib * 1024 : kib * 1024 + 1024] = bytes([byte]) * 1024
        below = id
    wanted = Volume(NEW, 256 * 1024 + FOOTER_BYTES * (target is Format.FLAT), format=target)

    simulated.copy(wanted, COPY, nothing)

    for volume in (COPY, NEW):
        with simulated.view(volume) as view:
            assert view.read(0, 256 * 1024) == expected
            told = bytearray(256 * 1024)
            for extent in view.extents(0, 256 * 1024):
                told[extent.offset : extent.offset + extent.length] = view.read(extent.offset, extent.length)
            assert told == expected


# --- files -----------------------------------------------------------------------------------------------------------


def test_qemu_finds_a_flat_copy_the_same_as_its_source(files: Qcow2Store) -> None:
    an_image(files.path(BASE), 64 * MIB)
    commands = [f"write -P {each} {each * 5 * MIB + each * 4096} 70k" for each in range(1, 12)]
    run("qemu-io", "-f", "qcow2", *(word for each in commands for word in ("-c", each)), os.fspath(files.path(BASE)))

    files.copy(Volume(COPY, 64 * MIB + FOOTER_BYTES, format=Format.FLAT), BASE, nothing)

    flat = os.fspath(files.path(COPY))
    run("qemu-img", "compare", "-f", "qcow2", "-F", "vpc", os.fspath(files.path(BASE)), flat)
    told = json.loads(run("qemu-img", "info", "-f", "vpc", "--output", "json", flat))
    assert told["virtual-size"] == 64 * MIB


def test_a_source_over_a_foreign_file_is_not_copied(files: Qcow2Store, tmp_path: Path) -> None:
    secret = an_image(tmp_path / "secret.qcow2")
    an_image(files.path(BASE), 4 * MIB, "-b", os.fspath(secret), "-F", "qcow2")

    with pytest.raises(ForeignVolume):
        files.copy(Volume(COPY, 4 * MIB), BASE, nothing)

    assert files.volumes() == {BASE}


def test_a_view_reads_only_what_it_was_told_to(files: Qcow2Store, tmp_path: Path) -> None:
    """Between the look at a header and QEMU's opening nobody can slip another file in: QEMU does not ask the header."""
    secret = an_image(tmp_path / "secret.qcow2")
    run("qemu-io", "-f", "qcow2", "-c", "write -P 9 0 64k", os.fspath(secret))
    an_image(files.path(BASE), 4 * MIB, "-b", os.fspath(secret), "-F", "qcow2")
    place = files._places.found(BASE)

    with files._qemu_block.view([_layer(place.file)]) as view:
        assert view.read(0, 65536) == bytes(65536)


def _layer(file: Path) -> Layer:
    return Layer(file, None)


@pytest.mark.slow
def test_a_large_view_reads_every_byte_in_its_place(files: Qcow2Store) -> None:
    files.create(Volume(BASE, 64 * MIB))
    pattern = os.urandom(40 * MIB)
    raw = files.path(BASE).with_suffix(".raw")
    raw.write_bytes(pattern)
    files.delete(BASE)
    files.import_base(Volume(BASE, 64 * MIB), raw, "raw")

    with files.view(BASE) as view:
        assert view.size_bytes == 64 * MIB
        assert view.read(0, 64 * MIB) == pattern + bytes(24 * MIB)
        assert view.read(123_457, 21 * MIB + 1) == pattern[123_457 : 123_457 + 21 * MIB + 1]
        assert view.read(64 * MIB, 0) == b""
        assert sum(each.length for each in view.extents(0, 64 * MIB)) == 40 * MIB
        assert [(each.offset, each.length) for each in view.extents(MIB, 2 * MIB)] == [(MIB, 2 * MIB)]


def test_a_huge_empty_volume_is_told_of_at_once(files: Qcow2Store) -> None:
    files.create(Volume(BASE, 32767 * GIB))

    with files.view(BASE) as view:
        assert list(view.extents(0, 100 * GIB)) == []
        assert view.read(32767 * GIB - 512, 512) == bytes(512)


def test_a_volume_in_ten_thousand_pieces_is_told_of_piece_by_piece(files: Qcow2Store) -> None:
    files.create(Volume(BASE, 80 * MIB + FOOTER_BYTES, format=Format.FLAT))
    with files.path(BASE).open("r+b") as opened:
        for at in range(0, 80 * MIB, 8192):
            os.pwrite(opened.fileno(), b"x" * 4096, at)
    files.create(Volume(COPY, 80 * MIB, backing=BASE))

    with files.view(COPY) as view:
        told = list(view.extents(0, 80 * MIB))

    assert told == [Extent(at, 4096) for at in range(0, 80 * MIB, 8192)]


def test_a_file_that_is_no_qcow2_is_not_viewed(files: Qcow2Store) -> None:
    files.path(BASE).write_bytes(b"QFI\xfb" + os.urandom(4096))

    with pytest.raises(ForeignVolume), files.view(BASE):
        pass


def test_when_a_view_is_left_its_process_is_gone(files: Qcow2Store) -> None:
    files.create(Volume(BASE, 4 * MIB))

    with files.view(BASE):
        while_open = servers_of(files.path(BASE))
    after = servers_of(files.path(BASE))
    with pytest.raises(Stop), files.view(BASE):
        raise Stop

    assert len(while_open) == 1
    assert after == servers_of(files.path(BASE)) == []


def servers_of(file: Path) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(file) in words and b"qemu-" in words:
            found.append(int(folder.name))
    return found


HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from calco.model.volume import MIB, Volume
from calco.storage.volumes import Qcow2Store

class Clock:
    def now(self): return datetime.now(UTC)
    def monotonic(self): return 0.0

def told(done, total):
    print("told", flush=True)
    sys.stdin.read()

store = Qcow2Store(Path(sys.argv[1]), Clock())
if sys.argv[2] == "view":
    with store.view(sys.argv[3]) as view:
        told(0, 0)
else:
    store.copy(Volume(sys.argv[4], 64 * MIB), sys.argv[3], told)
"""


@pytest.mark.parametrize("doing", ["view", "copy"])
def test_what_was_started_dies_with_who_started_it_and_leaves_nothing_whole(
    files: Qcow2Store, tmp_path: Path, doing: str
) -> None:
    files.create(Volume(BASE, 64 * MIB))
    run("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 60M", os.fspath(files.path(BASE)))
    words = [sys.executable, "-c", textwrap.dedent(HOLDER), os.fspath(tmp_path / "volumes"), doing, BASE, COPY]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"told\n"
        children = [os.pidfd_open(pid) for pid in servers_of(files.path(BASE)) if pid != holder.pid]
        assert children or doing == "copy"  # a copy may be done already
        holder.send_signal(signal.SIGKILL)
        for each in children:
            assert select.select([each], [], [], 10)[0]
            os.close(each)

    assert files.volumes() == ({BASE, COPY} if doing == "copy" else {BASE})
    with pytest.raises(FileNotFoundError):
        files.sync(COPY)
    files.copy(Volume(COPY, 64 * MIB), BASE, nothing)
    assert read(files, COPY, 60 * MIB - 512, 1024) == b"\x01" * 512 + bytes(512)


def test_who_reads_a_volume_does_not_keep_its_machine_from_starting(tmp_path: Path, clock: HandClock) -> None:
    """A download may still be open for a moment when its disk is attached and switched on."""
    store = Qcow2Store(tmp_path / "volumes", clock)
    store.create(Volume(BASE, 4 * MIB))
    store.create(Volume(OTHER, 4 * MIB, backing=BASE))

    with store.view(OTHER) as content:
        content.read(0, 512)
        run("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 512", str(store.path(OTHER)))
        run("qemu-io", "-f", "qcow2", "-c", "write -P 1 512 512", str(store.path(BASE)))
