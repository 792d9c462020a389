"""The benchmark's arithmetic and its table; and the shape of what it promises, small enough for every change."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import capture, clones, images, vhds
from bench.capture import Captures, Copy, Measured
from bench.clones import Flood
from bench.durations import spell
from bench.host import Cpu, FsyncProbe, cpu_of
from bench.report import BEGIN, END, Report, Row, keep, table
from bench.samples import median, quantile, ratio
from calco.model.ids import ResourceId
from calco.model.volume import MIB
from calco.storage.volumes import Qcow2Store
from calco.work import virtual_machine, volume
from calco.work.machine_state import disks_of
from tests.standing import StandingClock
from tests.world import World

pytestmark = pytest.mark.slow

# --- arithmetic ------------------------------------------------------------------------------------------------------


def test_a_median_is_not_moved_by_one_slow_moment() -> None:
    assert median([1.0, 1.1, 0.9, 60.0, 1.0]) == 1.0


def test_a_quantile_is_a_value_that_was_measured() -> None:
    values = [float(each) for each in range(1, 101)]

    assert [quantile(values, share) for share in (0.01, 0.5, 0.99, 1.0)] == [1.0, 50.0, 99.0, 100.0]
    assert quantile([7.0], 0.99) == 7.0


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0.01, 1))
def test_no_more_than_the_rest_lies_above_a_quantile(values: list[float], share: float) -> None:
    found = quantile(values, share)

    assert found in values
    assert sum(1 for each in values if each <= found) >= share * len(values) * (1 - 1e-9)


def test_a_ratio_is_one_of_medians() -> None:
    assert ratio([2.0, 2.2, 90.0], [1.1, 0.1, 1.1]) == pytest.approx(2.0)


def test_nothing_measured_is_no_number() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        median([])
    with pytest.raises(ValueError, match="nothing was measured"):
        quantile([], 0.5)
    with pytest.raises(ValueError, match="nothing was measured"):
        ratio([1.0], [])


@pytest.mark.parametrize(("of", "to", "share"), [([1.0], [0.0], 0.5), ([1.0], [1.0], 0.0), ([1.0], [1.0], 1.5)])
def test_what_has_no_answer_is_refused(of: list[float], to: list[float], share: float) -> None:
    with pytest.raises(ValueError, match=r"ratio to nothing|not a share"):
        quantile(of, share) / ratio(of, to)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.00013, "0.13 ms"),
        (0.0254, "25.4 ms"),
        (0.25, "250.0 ms"),
        (3.21, "3.2 s"),
        (59.97, "60.0 s"),
        (80, "1 min 20 s"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert spell(seconds) == text


def test_cpu_time_of_a_process_is_its_own_and_of_what_it_ran() -> None:
    spent = Cpu(3.0, 2.0) - Cpu(1.0, 0.5)

    assert (spent.own, spent.children, spent.total) == (2.0, 1.5, 3.5)
    assert cpu_of(1).own >= 0


def test_a_probe_of_fsync_leaves_nothing(tmp_path: Path) -> None:
    with FsyncProbe(tmp_path) as probe:
        assert probe.seconds() > 0

    assert list(tmp_path.iterdir()) == []


# --- the table -------------------------------------------------------------------------------------------------------

ROW = Row("how long", "p50 1 ms", "2 ms", "cp 3 s", "≤ 25 ms", True)


def test_a_table_is_markdown_with_every_cell_in_its_column() -> None:
    lines = table([ROW, Row("a | b\nc", "x", kept=False)]).splitlines()

    assert [each.strip() for each in lines[0].strip("|").split("|")] == [
        "question", "wall", "CPU", "beside it", "promised", "kept",
    ]  # fmt: skip
    assert set(lines[1]) <= {"|", "-", " "}
    assert lines[2].split(" | ")[-1].strip(" |") == "yes"
    assert "a \\| b c" in lines[3]
    assert "**no**" in lines[3]
    assert len({len(line) for line in lines}) == 1


def test_a_run_takes_the_place_of_the_last_one_and_of_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text(f"# Before\n\n{BEGIN}\nan old run\n{END}\n\nAfter\n")

    for _ in range(2):
        keep(Report("2026-03-14", ["two cores"], [ROW], ["no guests"]), document)

    text = document.read_text()
    assert text.startswith(f"# Before\n\n{BEGIN}\nMeasured 2026-03-14 ")
    assert text.endswith(f"- no guests\n{END}\n\nAfter\n")
    assert text.count("how long") == 1
    assert "an old run" not in text
    assert [each.name for each in tmp_path.iterdir()] == ["benchmarks.md"]


@pytest.mark.parametrize("text", ["", BEGIN, f"{END} {BEGIN}", f"{BEGIN} {END} {BEGIN} {END}"])
def test_a_document_without_its_markers_is_left_alone(tmp_path: Path, text: str) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text(text)

    with pytest.raises(ValueError, match="markers"):
        keep(Report("2026-03-14", [], [ROW]), document)

    assert document.read_text() == text


def test_the_document_has_room_for_a_run() -> None:
    text = (Path(__file__).parents[2] / "docs/benchmarks.md").read_text()

    assert text.count(BEGIN) == text.count(END) == 1


# --- what counts as kept ---------------------------------------------------------------------------------------------


def measured(small: float, large: float, fsync: float) -> Measured:
    captures = {1: Captures([small] * 3, [0.001] * 3), 16: Captures([large] * 3, [0.001] * 3)}
    copies: dict[int, Mapping[str, Copy]] = {1: {"cp": Copy(2.0, 0.5)}, 16: {}}
    return Measured(captures, [fsync] * 3, copies, None)


@pytest.mark.parametrize(
    ("small", "large", "fsync", "kept"),
    [
        (0.020, 0.021, 0.0001, [True, True, True]),
        (0.026, 0.026, 0.0001, [False, False, True]),
        (0.035, 0.036, 0.009, [True, True, True]),
        (0.010, 0.024, 0.0001, [True, True, False]),
    ],
    ids=["quick", "too slow", "four slow fsyncs", "not flat"],
)
def test_a_capture_is_promised_in_time_and_flat(small: float, large: float, fsync: float, kept: list[bool]) -> None:
    answers = list(capture.rows(measured(small, large, fsync)))

    assert [row.kept for row in answers] == [*kept, None]
    assert "cp 2.0 s" in answers[0].beside
    assert answers[1].beside == "no room for copies"


def test_clones_are_counted_in_disks_and_by_the_median_of_their_floods() -> None:
    slow, quick = Flood(20, 1.0, [0.1], [0.5], 0.4, 0.4), Flood(20, 0.5, [0.1], [0.5], 0.4, 0.4)

    answers = list(clones.rows([[slow, quick, slow], [quick, slow, quick]]))

    assert [row.kept for row in answers] == [False, True]
    assert [row.wall.split(";")[0] for row in answers] == ["40 disks/s", "80 disks/s"]


# --- the shape -------------------------------------------------------------------------------------------------------


def machine_with_data(world: World, name: str, written_bytes: int) -> ResourceId:
    """A generalized machine whose data disk's file really holds that much."""
    machine = world.generalized_machine(name)
    with world.records.read() as view:
        held = view.held(disks_of(world.resource(machine))[3])[volume.DISK_SLOT]
    file = world.cloud.disks.path(held)
    capture.fill(file, written_bytes)
    assert file.stat().st_blocks * 512 >= written_bytes
    return machine


def moved_bytes() -> int:
    """What this process has read and written so far, caches included. Source: proc(5), ``rchar`` and ``wchar``."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["rchar"]) + int(lines["wchar"])


def allocated_bytes(folder: Path) -> int:
    return sum(each.stat().st_blocks * 512 for each in folder.rglob("*") if each.is_file())


def costs(folder: Path, act: Callable[[], object]) -> tuple[int, int]:
    """Bytes that went through this process, and bytes more that lie on disk."""
    moved, allocated = moved_bytes(), allocated_bytes(folder)
    act()
    return moved_bytes() - moved, allocated_bytes(folder) - allocated


def test_a_capture_costs_the_same_however_much_is_on_the_disk(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.cloud = replace(world.cloud, disks=Qcow2Store(tmp_path / "files", StandingClock()))
    world.with_network()
    empty, full = (machine_with_data(world, f"web{size}", size * MIB) for size in (0, 256))

    of_empty = costs(tmp_path, lambda: world.captured_image("empty", empty))
    of_full = costs(tmp_path, lambda: world.captured_image("full", full))

    assert of_full[0] < of_empty[0] + MIB
    assert of_full[1] <= of_empty[1]


def test_a_machine_from_an_image_costs_the_same_however_much_is_in_the_image(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.cloud = replace(world.cloud, disks=Qcow2Store(tmp_path / "files", StandingClock()))
    world.with_network()
    empty, full = (
        world.captured_image(f"image{size}", machine_with_data(world, f"web{size}", size * MIB)) for size in (0, 256)
    )
    wanted = {image: world.clone(name, image) for name, image in (("a", empty), ("b", full))}

    of_empty = costs(tmp_path, lambda: world.done(virtual_machine.put(world.cloud, wanted[empty])))
    of_full = costs(tmp_path, lambda: world.done(virtual_machine.put(world.cloud, wanted[full])))

    assert of_full[0] < of_empty[0] + MIB
    assert of_full[1] <= of_empty[1] + 64 * 1024


def test_images_are_promised_by_their_source_and_flat_in_size() -> None:
    quick, slow = images.Taken([0.01, 0.011, 0.9], [0.004] * 3), images.Taken([0.03] * 3, [0.004] * 3)
    measured = {(source, size): quick for source in images.SOURCES for size in (1, 16)}
    kept = [row.kept for row in images.rows(measured)]
    grown = list(images.rows({**measured, (images.SOURCES[2], 16): slow}))

    assert kept == [True] * 9
    assert [row.kept for row in grown] == [True] * 7 + [False] * 2
    assert "page blob" in grown[7].question


def test_a_vhd_is_promised_to_be_made_and_taken_in_as_fast_as_by_qemu_img() -> None:
    fast, slow = vhds.Taken([1.0, 1.1, 9.0], [0.5, 0.5, 0.5]), vhds.Taken([2.0, 2.2, 2.4], [1.0, 1.0, 1.0])
    measured = vhds.Measured(4, {"export": fast, "import": slow}, {"export": slow, "import": fast})

    there, back = vhds.rows(measured)

    assert (there.kept, back.kept) == (True, False)
    assert there.question == "a disk as a fixed VHD, 4 GiB of data, durable"
    assert (there.wall, there.promised) == ("1.1 s", "≥ 1 times as fast: 2.00")
    assert "qemu-img convert -f vpc 1.1 s" in back.beside
