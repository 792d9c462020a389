"""Disks given to, taken from and switched under running machines: by every hypervisor, and how QEMU does it."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from uuid import uuid4

import pytest

from calco.compute import qemu_drives
from calco.compute.qemu_control import Monitor
from calco.model.machine import Drive, MachineState
from calco.model.volume import Format
from calco.tool import ToolFailed, run_tool
from tests.compute.machines import VM, QemuRig, Rig, SimulatedRig, machine, qemu_rig

OS = {None: "empty"}
PAUSE_SECONDS = 0.1


@pytest.fixture(params=["simulated", "qemu"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "simulated":
        yield SimulatedRig(tmp_path / "machines")
    else:
        with qemu_rig(tmp_path) as real:
            yield real


@pytest.fixture
def real(tmp_path: Path) -> Iterator[QemuRig]:
    with qemu_rig(tmp_path) as rig:
        yield rig


# --- every hypervisor ------------------------------------------------------------------------------------------------


def test_disks_are_given_to_a_running_machine_and_taken_away_again(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    before = rig.incarnation(VM)
    for lun in (0, 63):
        rig.volume(f"data{lun}")
        rig.hypervisor.plug(VM, Drive(f"data{lun}", lun))
    assert rig.hypervisor.writes(VM) == OS | {0: "data0", 63: "data63"}

    rig.restart_the_service()
    rig.hypervisor.unplug(VM, 0)

    assert rig.hypervisor.writes(VM) == OS | {63: "data63"}
    assert rig.incarnation(VM) == before


def test_giving_and_taking_may_be_repeated(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    rig.volume("data3")
    for _ in range(2):
        rig.hypervisor.plug(VM, Drive("data3", 3))
    assert rig.hypervisor.writes(VM) == OS | {3: "data3"}
    for _ in range(2):
        rig.hypervisor.unplug(VM, 3)
    assert rig.hypervisor.writes(VM) == OS
    rig.hypervisor.plug(VM, Drive("data3", 3))
    assert rig.hypervisor.writes(VM) == OS | {3: "data3"}


def test_a_lun_that_is_taken_is_refused(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    rig.volume("first")
    rig.volume("second")
    rig.hypervisor.plug(VM, Drive("first", 3))

    with pytest.raises(ToolFailed, match="first"):
        rig.hypervisor.plug(VM, Drive("second", 3))

    assert rig.hypervisor.writes(VM) == OS | {3: "first"}


@pytest.mark.parametrize("drive", [Drive("data", 64), Drive("data", -1), Drive("data", 1, Format.FLAT)], ids=str)
def test_a_drive_that_cannot_be_is_refused(rig: Rig, drive: Drive) -> None:
    rig.hypervisor.start(machine())
    with pytest.raises(ValueError, match=r"LUNs|guest sees"):
        rig.hypervisor.plug(VM, drive)
    with pytest.raises(ValueError, match=r"LUNs|guest sees"):
        rig.hypervisor.switch(VM, drive)
    assert rig.hypervisor.writes(VM) == OS


def test_a_running_machine_writes_an_overlay_from_one_moment_to_the_next(rig: Rig) -> None:
    rig.volume("data3")
    rig.hypervisor.start(replace(machine(), drives=(Drive("empty", None), Drive("data3", 3))))
    before = rig.incarnation(VM)
    for over, below, lun in (("os2", "empty", None), ("data3b", "data3", 3), ("data3c", "data3b", 3)):
        rig.volume(over, below)
        rig.hypervisor.switch(VM, Drive(over, lun))
        rig.hypervisor.switch(VM, Drive(over, lun))

    rig.restart_the_service()

    assert rig.hypervisor.writes(VM) == {None: "os2", 3: "data3c"}
    assert rig.incarnation(VM) == before
    rig.hypervisor.unplug(VM, 3)
    assert rig.hypervisor.writes(VM) == {None: "os2"}


def test_a_lun_without_a_disk_is_not_switched(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    rig.hypervisor.switch(VM, Drive("nothing", 3))
    assert rig.hypervisor.writes(VM) == OS


def test_a_machine_that_is_reset_keeps_its_disks(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    rig.volume("data3")
    rig.hypervisor.plug(VM, Drive("data3", 3))
    rig.volume("os2", "empty")
    rig.hypervisor.switch(VM, Drive("os2", None))
    rig.hypervisor.reset(VM)
    assert rig.hypervisor.writes(VM) == {None: "os2", 3: "data3"}


def test_a_machine_that_is_started_anew_has_the_disks_it_is_started_with(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    rig.volume("data3")
    rig.hypervisor.plug(VM, Drive("data3", 3))
    rig.hypervisor.stop(VM, grace_seconds=0)
    assert rig.hypervisor.writes(VM) == {}

    rig.hypervisor.start(machine())

    assert rig.hypervisor.writes(VM) == OS


def test_a_guest_that_switched_itself_off_still_has_its_disks_open(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    rig.volume("data3")
    rig.hypervisor.plug(VM, Drive("data3", 3))
    rig.let_the_guest_shut_down(VM)
    rig.volume("data3b", "data3")
    rig.hypervisor.switch(VM, Drive("data3b", 3))
    assert rig.hypervisor.writes(VM) == OS | {3: "data3b"}
    rig.hypervisor.unplug(VM, 3)
    assert rig.hypervisor.writes(VM) == OS


@pytest.mark.parametrize("crashed", [False, True], ids=["never started", "crashed"])
def test_an_absent_machine_is_left_alone(rig: Rig, crashed: bool) -> None:
    if crashed:
        rig.hypervisor.start(machine())
        rig.crash(VM)
    rig.hypervisor.plug(VM, Drive("data3", 3))
    rig.hypervisor.unplug(VM, 3)
    rig.hypervisor.switch(VM, Drive("os2", None))
    assert rig.hypervisor.writes(VM) == {}
    assert rig.hypervisor.state(VM) is (MachineState.CRASHED if crashed else MachineState.ABSENT)


# --- QEMU ------------------------------------------------------------------------------------------------------------


def test_what_is_taken_away_is_closed_and_what_was_switched_is_open_for_reading_only(real: QemuRig) -> None:
    real.hypervisor.start(machine())
    real.volume("data3")
    real.hypervisor.plug(VM, Drive("data3", 3))
    real.volume("data3b", "data3")

    real.hypervisor.switch(VM, Drive("data3b", 3))

    now = {"empty.qcow2": os.O_RDWR, "data3.qcow2": os.O_RDONLY, "data3b.qcow2": os.O_RDWR}
    assert real.open_files(VM) == now
    real.hypervisor.unplug(VM, 3)
    assert real.open_files(VM) == {"empty.qcow2": os.O_RDWR}


def test_the_old_volume_has_what_was_written_before_and_the_overlay_what_came_after(real: QemuRig) -> None:
    real.volume("data3")
    real.hypervisor.start(replace(machine(), drives=(Drive("empty", None), Drive("data3", 3))))
    real.io(VM, "disk-lun3.data3", "write -P 0x11 0 64k")
    real.volume("data3b", "data3")

    real.hypervisor.switch(VM, Drive("data3b", 3))
    real.io(VM, "disk-lun3.data3", "write -P 0x22 0 4k")

    real.io(VM, "disk-lun3.data3", "write -P 0x33 128k 4k")
    read(real, "data3", 0x11, "0 64k")  # while QEMU goes on: nobody writes it, so nobody's lock is in the way
    read(real, "data3", 0x00, "64k 128k")
    real.hypervisor.stop(VM, grace_seconds=0)
    read(real, "data3b", 0x22, "0 4k")
    read(real, "data3b", 0x11, "4k 60k")
    read(real, "data3b", 0x33, "128k 4k")
    run_tool(["qemu-img", "check", "-q", "-f", "qcow2", real.file("data3")], timeout_seconds=20)


def test_a_flat_volume_shows_the_guest_no_footer_and_is_switched_as_any_other(real: QemuRig) -> None:
    flat = real.volumes / "blob.flat"
    flat.write_bytes(bytes(1 << 20) + b"conectix" * 64)
    real.hypervisor.start(machine())
    real.hypervisor.plug(VM, Drive("blob", 3, Format.FLAT, 1 << 20))
    real.io(VM, "disk-lun3.blob", "write -P 0x99 1M 512")  # behind the end: refused
    real.io(VM, "disk-lun3.blob", "write -P 0x11 1020k 4k")
    real.volume("over", "blob")

    real.hypervisor.switch(VM, Drive("over", 3))
    real.io(VM, "disk-lun3.blob", "write -P 0x22 1020k 4k")

    assert real.hypervisor.writes(VM) == OS | {3: "over"}
    assert flat.read_bytes() == bytes(1020 << 10) + b"\x11" * 4096 + b"conectix" * 64
    real.hypervisor.stop(VM, grace_seconds=0)
    read(real, "over", 0x22, "1020k 4k")


def read(real: QemuRig, volume: str, pattern: int, where: str) -> None:
    argv: list[str | Path] = ["qemu-io", "-r", "-f", "qcow2", "-c", f"read -P {pattern} {where}", real.file(volume)]
    assert b"verification failed" not in run_tool(argv, timeout_seconds=20)


def test_a_plug_that_was_cut_short_is_carried_on_or_taken_back(real: QemuRig) -> None:
    real.hypervisor.start(machine())
    real.volume("data3")
    half_plugged(real, Drive("data3", 3))  # the service was killed between the two commands

    real.hypervisor.plug(VM, Drive("data3", 3))

    assert real.hypervisor.writes(VM) == OS | {3: "data3"}
    real.say(VM, "device_del", id="disk-lun3.data3")  # and killed again
    real.hypervisor.unplug(VM, 3)
    assert real.open_files(VM) == {"empty.qcow2": os.O_RDWR}
    half_plugged(real, Drive("data3", 3))
    real.hypervisor.unplug(VM, 3)
    assert real.open_files(VM) == {"empty.qcow2": os.O_RDWR}


@pytest.mark.slow
def test_a_disk_over_many_volumes_is_switched_as_quickly_as_any(real: QemuRig) -> None:
    """QEMU's list of all nodes takes half a second at that depth. Others may keep this machine busy: that lengthens the
    list too, and not each of several tries."""
    real.hypervisor.start(machine())
    volumes = [str(uuid4()) for _ in range(81)]
    real.volume(volumes[0])
    deepest = Drive(volumes[-1], 3)
    real.hypervisor.plug(VM, Drive(volumes[0], 3))
    switches, unplugs, lists = list[float](), list[float](), list[float]()
    for below, over in pairwise(volumes):
        real.volume(over, below)
        with timed(switches):
            real.hypervisor.switch(VM, Drive(over, 3))
    for _ in range(3):
        with timed(lists):
            real.say(VM, "query-named-block-nodes", flat=True)
    print("milliseconds, the first ten and the last ten:", 1000 * median(switches[:10]), 1000 * median(switches[-10:]))
    assert min(switches[-10:]) < max(min(lists) / 2, PAUSE_SECONDS)
    assert real.hypervisor.writes(VM) == OS | {3: volumes[-1]}
    for _ in range(3):
        with timed(unplugs):
            real.hypervisor.unplug(VM, 3)
        assert real.open_files(VM) == {"empty.qcow2": os.O_RDWR}
        real.hypervisor.plug(VM, deepest)
    print("milliseconds of unplugging and of the lists:", *(1000 * each for each in (*unplugs, *lists)))
    assert min(unplugs) < max(min(lists) / 2, PAUSE_SECONDS)


@contextmanager
def timed(seconds: list[float]) -> Iterator[None]:
    """Adds how long the block takes."""
    began = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - began)


def test_an_overlay_gives_back_what_the_guest_discards(real: QemuRig) -> None:
    real.hypervisor.start(machine())
    real.volume("data3", mib=64)
    real.hypervisor.plug(VM, Drive("data3", 3))
    real.volume("over", "data3", mib=64)
    real.hypervisor.switch(VM, Drive("over", 3))
    real.io(VM, "disk-lun3.data3", "write -P 0x11 0 32M")
    full = real.file("over").stat().st_blocks

    real.io(VM, "disk-lun3.data3", "discard 0 32M")

    assert real.file("over").stat().st_blocks < full / 4


def half_plugged(real: QemuRig, drive: Drive) -> None:
    option, blocks, *_ = qemu_drives.arguments(drive, real.file(drive.volume))
    assert option == "-blockdev"
    real.say(VM, "blockdev-add", **json.loads(blocks))


def test_a_switch_that_qemu_refuses_changes_nothing(real: QemuRig) -> None:
    real.hypervisor.start(machine())
    with pytest.raises(ToolFailed, match="os2"):
        real.hypervisor.switch(VM, Drive("os2", None))  # no such file
    assert real.hypervisor.writes(VM) == OS
    assert real.open_files(VM) == {"empty.qcow2": os.O_RDWR}


def test_a_machine_that_was_started_by_an_older_version_is_understood(real: QemuRig) -> None:
    """It named its nodes ``os`` and ``data3``."""
    real.hypervisor.start(machine())
    real.volume("data3")
    file = {"driver": "file", "filename": str(real.file("data3"))}
    real.say(VM, "blockdev-add", **{"driver": "qcow2", "node-name": "data3", "file": file})
    place = {"id": "disk-data3", "bus": "scsi1.0", "scsi-id": 0, "lun": 3}
    real.say(VM, "device_add", driver="scsi-hd", drive="data3", **place)
    assert real.hypervisor.writes(VM) == OS | {3: "data3"}
    real.volume("data3b", "data3")

    real.hypervisor.switch(VM, Drive("data3b", 3))

    assert real.hypervisor.writes(VM) == OS | {3: "data3b"}
    real.hypervisor.unplug(VM, 3)
    assert real.open_files(VM) == {"empty.qcow2": os.O_RDWR}


def test_a_qemu_that_does_not_answer_is_not_taken_for_one_without_disks(real: QemuRig) -> None:
    real.hypervisor.start(machine())
    real.restart_the_service(answer_seconds=0.3)
    with real.standing_still(VM), pytest.raises(ToolFailed, match="not asked for its disks"):
        real.hypervisor.writes(VM)
    real.restart_the_service()
    assert real.hypervisor.writes(VM) == OS


def test_a_disk_under_load_is_switched_without_a_pause_one_would_notice(real: QemuRig) -> None:
    """There are 16 MiB in the page cache each time: but for ``flush`` the switch itself would wait for the disk. Others
    may keep this machine busy, but not in each of five conversations."""
    real.hypervisor.start(machine())
    real.volume("big0", mib=64)
    real.hypervisor.plug(VM, Drive("big0", 3))
    pauses = list[float]()
    for turn in range(5):
        real.io(VM, "disk-lun3.big0", f"write -P {turn + 1} {turn}M 16M")
        below, over = f"big{turn}", f"big{turn + 1}"
        real.volume(over, below, mib=64)
        qemu_drives.flush(real.file(below))
        with timed(pauses):
            qemu_drives.switch(Monitor(real.qemu.monitor_socket(VM), 10), Drive(over, 3), real.file(over))
    print("milliseconds of the whole conversation:", [round(1000 * each, 1) for each in pauses])
    assert min(pauses) < PAUSE_SECONDS
