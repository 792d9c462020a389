"""What is true of real QEMU processes beyond what every hypervisor promises."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from calco import process
from calco.compute import qemu_process
from calco.compute.accelerator import tcg
from calco.compute.qemu import UEFI, QemuHypervisor
from calco.compute.qemu_control import Monitor
from calco.model.machine import Drive, Generation, Link, MachineState
from calco.tool import ToolFailed, run_tool
from tests.compute.machines import VM, QemuRig, machine, qemu_rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[QemuRig]:
    with qemu_rig(tmp_path) as real:
        yield real


def test_a_guest_that_obeys_its_power_button_ends_within_the_grace(
    rig: QemuRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rig.qemu.start(machine())
    rig.wait_until_it_ticks(VM)

    rig.qemu.stop(VM, grace_seconds=20)

    assert rig.qemu.state(VM) is MachineState.ABSENT
    assert "did not switch itself off" not in caplog.text
    assert rig.qemu.console_log(VM).startswith(b"U")


def test_a_guest_that_does_not_obey_has_its_plug_pulled_and_its_disk_is_whole(
    rig: QemuRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rig.qemu.start(machine(disk="deaf"))

    rig.qemu.stop(VM, grace_seconds=0.05)

    assert rig.qemu.state(VM) is MachineState.ABSENT
    assert "did not switch itself off" in caplog.text
    run_tool(["qemu-img", "check", "-f", "qcow2", rig.volumes / "deaf.qcow2"], timeout_seconds=20)


def test_nothing_but_the_console_and_qemus_words_stays_of_a_stopped_machine(rig: QemuRig) -> None:
    rig.qemu.start(machine())
    assert len(list(rig.run_dir.iterdir())) == 5

    rig.qemu.stop(VM, grace_seconds=0)

    assert {file.name for file in (rig.folder / VM).iterdir()} == {"console.log", "qemu.log"}
    assert list(rig.run_dir.iterdir()) == []


def test_a_guest_that_switches_itself_off_at_once_can_be_started_again_and_again(rig: QemuRig) -> None:
    for _ in range(2):
        rig.qemu.start(machine(disk="tired"))
        Monitor(rig.qemu.monitor_socket(VM), 10).press_power(10)  # returns when the guest is off
        assert rig.qemu.state(VM) is MachineState.SHUT_DOWN


def test_a_machine_whose_mark_was_lost_is_found_and_not_started_twice(rig: QemuRig) -> None:
    rig.qemu.start(machine())
    pid = rig.pid(VM)
    (rig.folder / VM / "qemu.mark").unlink()  # the service died between starting QEMU and writing the mark
    rig.restart_the_service()

    rig.qemu.start(machine())

    assert rig.qemu.state(VM) is MachineState.RUNNING
    assert rig.pid(VM) == pid


def test_a_mark_of_somebody_elses_process_is_not_believed(rig: QemuRig) -> None:
    rig.qemu.start(machine())
    rig.crash(VM)
    stranger = process.mark(os.getpid())
    assert stranger is not None
    process.keep(stranger, rig.folder / VM / "qemu.mark")

    assert rig.qemu.state(VM) is MachineState.CRASHED
    rig.qemu.stop(VM, grace_seconds=0)  # and this test lives on
    assert rig.qemu.state(VM) is MachineState.ABSENT


def test_a_service_that_dies_while_it_stops_a_machine_leaves_no_crashed_one(rig: QemuRig) -> None:
    rig.qemu.start(machine())
    monitor = rig.qemu.monitor_socket(VM).with_suffix(".m1")
    monitor.unlink()
    with socket.socket(socket.AF_UNIX) as deaf, ThreadPoolExecutor() as threads:
        deaf.bind(str(monitor))
        deaf.listen()
        stopping = threads.submit(rig.qemu.stop, VM, grace_seconds=0)
        connection, _ = deaf.accept()  # this is where it says "quit"
        with connection:
            rig.restart_the_service()
            assert rig.qemu.state(VM) is MachineState.RUNNING
            known = process.kept(rig.folder / VM / "qemu.stopping")
            assert known is not None
            process.end(known, grace_seconds=10)

            assert rig.qemu.state(VM) is MachineState.ABSENT
        stopping.result(30)


def test_a_start_after_a_stop_that_was_cut_short_starts_anew(rig: QemuRig) -> None:
    rig.qemu.start(machine())
    before = rig.pid(VM)
    (rig.folder / VM / "qemu.mark").replace(rig.folder / VM / "qemu.stopping")
    rig.restart_the_service()

    rig.qemu.start(machine())

    assert rig.pid(VM) != before
    assert rig.qemu.state(VM) is MachineState.RUNNING


def test_the_way_into_a_network_leads_to_qemu_itself(rig: QemuRig) -> None:
    link = Link("00:0d:3a:00:00:01", "user,restrict=on", ("env", "CALCO_TEST=1"))
    rig.qemu.start(machine(links=(link,)))

    assert Path(f"/proc/{rig.pid(VM)}/comm").read_text().startswith("qemu-system")
    assert b"CALCO_TEST=1" in Path(f"/proc/{rig.pid(VM)}/environ").read_bytes()
    assert qemu_process.find(VM, rig.folder / VM) == process.kept(rig.folder / VM / "qemu.mark")


def test_a_volume_that_is_not_there_is_told_in_qemus_words_and_leaves_nothing_running(rig: QemuRig) -> None:
    with pytest.raises(ToolFailed, match=r"missing\.qcow2"):
        rig.qemu.start(machine(disk="missing"))

    assert rig.qemu.state(VM) is MachineState.ABSENT
    assert qemu_process.find(VM, rig.folder / VM) is None
    assert list(rig.run_dir.iterdir()) == []
    rig.qemu.forget(VM)
    assert rig.qemu.machines() == set()


def test_a_volume_of_another_format_is_not_guessed_at(rig: QemuRig) -> None:
    (rig.volumes / "raw.qcow2").write_bytes(bytes(1 << 20))
    with pytest.raises(ToolFailed, match="qcow2"):
        rig.qemu.start(machine(disk="raw"))
    assert rig.qemu.state(VM) is MachineState.ABSENT


def test_two_machines_cannot_write_to_one_volume(rig: QemuRig) -> None:
    rig.qemu.start(machine())
    other = VM.replace("5e", "6e")
    with pytest.raises(ToolFailed, match="another process using the image"):
        rig.qemu.start(machine(other))
    assert rig.qemu.state(other) is MachineState.ABSENT
    assert rig.qemu.state(VM) is MachineState.RUNNING


@pytest.mark.slow
def test_a_qemu_that_does_not_answer_counts_as_running_and_is_killed_by_a_stop(
    rig: QemuRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.qemu.start(machine())
    rig.restart_the_service(answer_seconds=0.3)
    os.kill(rig.pid(VM), signal.SIGSTOP)

    assert rig.qemu.state(VM) is MachineState.RUNNING
    assert "does not answer" in caplog.text
    assert rig.qemu.screenshot(VM) is None
    with pytest.raises(ToolFailed, match="not reset"):
        rig.qemu.reset(VM)
    rig.qemu.stop(VM, grace_seconds=0.3)
    assert rig.qemu.state(VM) is MachineState.ABSENT
    assert qemu_process.find(VM, rig.folder / VM) is None


def test_somebody_who_looks_at_a_machine_by_hand_blocks_nobody(rig: QemuRig) -> None:
    rig.qemu.start(machine())
    with socket.socket(socket.AF_UNIX) as human:
        human.connect(str(rig.qemu.monitor_socket(VM)))
        human.settimeout(10)
        assert b"QMP" in human.recv(1000)

        assert rig.qemu.state(VM) is MachineState.RUNNING
        rig.qemu.reset(VM)
        rig.qemu.stop(VM, grace_seconds=0)


def test_a_guest_cannot_fill_the_disk_through_its_console(rig: QemuRig) -> None:
    rig.qemu.start(machine())
    rig.wait_until_it_ticks(VM)
    console = rig.folder / VM / "console.log"
    with console.open("ab") as log:
        log.write(b"x" * (5 << 20))

    rig.qemu.state(VM)

    assert console.stat().st_size < 2 << 20
    for _ in range(2):  # QEMU says a byte, and logs it then: what came before the second is logged
        rig.wait_until_it_ticks(VM)
    assert rig.qemu.console_log(VM).endswith(b"U")  # QEMU goes on behind what was kept
    assert len(rig.qemu.console_log(VM)) <= 1 << 20


@pytest.mark.skipif(not any(pair.code.exists() for pair in UEFI), reason="package ovmf is not installed")
def test_a_machine_of_generation_2_keeps_its_own_firmware_variables_until_it_is_forgotten(rig: QemuRig) -> None:
    rig.qemu.start(machine(generation=Generation.V2))
    variables = rig.folder / VM / "firmware-variables.fd"
    assert variables.exists()
    rig.qemu.stop(VM, grace_seconds=0)
    variables.write_bytes(variables.read_bytes()[:-1] + b"\x01")
    before = variables.read_bytes()

    rig.qemu.start(machine(generation=Generation.V2))
    rig.qemu.stop(VM, grace_seconds=0)

    assert variables.read_bytes()[-1] == before[-1]
    rig.qemu.forget(VM)
    assert not variables.exists()


def test_a_provisioning_dvd_is_its_makers_to_remove(rig: QemuRig) -> None:
    media = rig.folder / VM / "provisioning.iso"
    media.parent.mkdir(parents=True)
    media.write_bytes(bytes(1 << 20))
    rig.qemu.start(replace(machine(), media=media))
    rig.qemu.stop(VM, grace_seconds=0)

    rig.qemu.forget(VM)

    assert media.exists()
    assert rig.qemu.machines() == {VM}


def test_64_data_disks_are_too_many_for_nobody(rig: QemuRig) -> None:
    for lun in range(64):
        (rig.volumes / f"data{lun}.qcow2").write_bytes((rig.volumes / "empty.qcow2").read_bytes())
    drives = (Drive("empty", None), *(Drive(f"data{lun}", lun) for lun in range(64)))
    rig.qemu.start(replace(machine(), drives=drives))
    assert rig.qemu.state(VM) is MachineState.RUNNING


def test_sockets_that_would_not_fit_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too long"):
        QemuHypervisor(tmp_path, tmp_path / ("x" * 90), lambda volume: tmp_path / volume, tcg(""))
