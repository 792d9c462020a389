"""What every hypervisor promises, the simulated one included."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calco.model.machine import MachineState
from calco.ports import NoRoom
from calco.tool import ToolFailed
from tests.compute.machines import OTHER, VM, QemuRig, Rig, SimulatedRig, machine, qemu_rig


@pytest.fixture(params=["simulated", "qemu"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "simulated":
        yield SimulatedRig(tmp_path / "machines")
    else:
        with qemu_rig(tmp_path) as real:
            yield real


def test_a_machine_that_was_never_started_is_absent(rig: Rig) -> None:
    assert rig.hypervisor.state(VM) is MachineState.ABSENT
    assert rig.hypervisor.machines() == set()
    assert rig.hypervisor.console_log(VM) == b""
    assert rig.hypervisor.screenshot(VM) is None
    assert not rig.folder.exists() or not any(rig.folder.iterdir())


def test_a_started_machine_runs_and_starting_it_again_leaves_it_alone(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    first = rig.incarnation(VM)

    rig.hypervisor.start(machine())

    assert rig.hypervisor.state(VM) is MachineState.RUNNING
    assert rig.hypervisor.machines() == {VM}
    assert rig.incarnation(VM) == first


def test_a_running_machine_has_a_screen(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    picture = rig.hypervisor.screenshot(VM)
    assert picture is not None
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")


def test_a_stopped_machine_is_absent_and_keeps_its_console_until_it_is_forgotten(rig: Rig) -> None:
    rig.hypervisor.start(machine())

    rig.hypervisor.stop(VM, grace_seconds=0)
    rig.hypervisor.stop(VM, grace_seconds=0)

    assert rig.hypervisor.state(VM) is MachineState.ABSENT
    assert rig.hypervisor.machines() == {VM}
    rig.hypervisor.forget(VM)
    rig.hypervisor.forget(VM)
    assert rig.hypervisor.machines() == set()
    assert list(rig.folder.iterdir()) == []


def heard(line: socket.socket, what: bytes, seconds: float = 20) -> bool:
    """Whether that is said next; firmware may have said something before."""
    found = b""
    line.settimeout(seconds)
    while what not in found and (said := line.recv(4096)):
        found += said
    return found.endswith(what)


def test_what_is_typed_at_the_serial_port_is_heard_and_what_is_said_is_in_the_log(rig: Rig) -> None:
    rig.hypervisor.start(machine(disk="parrot"))

    with rig.hypervisor.serial(VM) as line:
        line.sendall(b"Hello")
        assert heard(line, b"Hello")
        line.sendall(b"!")  # QEMU says a byte, and logs it then: what came before this one is logged
        assert heard(line, b"!")

    assert b"Hello" in rig.hypervisor.console_log(VM)


def test_a_serial_port_is_free_again_once_a_line_is_closed_and_stays_through_a_reset(rig: Rig) -> None:
    rig.hypervisor.start(machine(disk="parrot"))
    with rig.hypervisor.serial(VM) as line:
        line.sendall(b"one")
        assert heard(line, b"one")

    with rig.hypervisor.serial(VM) as line:
        line.sendall(b"two")
        assert heard(line, b"two")
        rig.hypervisor.reset(VM)
        while True:
            line.sendall(b"x")  # may be lost: the firmware reads the port too
            with suppress(TimeoutError):
                assert heard(line, b"x", seconds=1)
                break


def test_a_line_to_a_serial_port_ends_with_the_machine(rig: Rig) -> None:
    rig.hypervisor.start(machine(disk="parrot"))
    with rig.hypervisor.serial(VM) as line:
        rig.hypervisor.stop(VM, grace_seconds=0)
        assert not heard(line, b"never said")


def test_a_machine_that_does_not_run_has_no_serial_port(rig: Rig) -> None:
    with pytest.raises(OSError, match="does not run"):
        rig.hypervisor.serial(VM)
    rig.hypervisor.start(machine())
    rig.let_the_guest_shut_down(VM)
    with pytest.raises(OSError, match="does not run"):
        rig.hypervisor.serial(VM)
    rig.hypervisor.stop(VM, grace_seconds=0)
    with pytest.raises(OSError, match="does not run"):
        rig.hypervisor.serial(VM)


def test_stopping_forgetting_and_resetting_what_is_absent(rig: Rig) -> None:
    rig.hypervisor.stop(VM, grace_seconds=5)
    rig.hypervisor.forget(VM)
    with pytest.raises(ToolFailed):
        rig.hypervisor.reset(VM)
    assert rig.hypervisor.state(VM) is MachineState.ABSENT
    assert rig.hypervisor.machines() == set()


def test_a_machine_outlives_the_service(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    before = rig.incarnation(VM)

    rig.restart_the_service()

    assert rig.hypervisor.state(VM) is MachineState.RUNNING
    rig.hypervisor.start(machine())
    assert rig.incarnation(VM) == before
    rig.hypervisor.stop(VM, grace_seconds=0)
    assert rig.hypervisor.state(VM) is MachineState.ABSENT


def test_a_machine_whose_process_ends_unasked_has_crashed_and_is_replaced_by_a_start(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    before = rig.incarnation(VM)

    rig.crash(VM)

    assert rig.hypervisor.state(VM) is MachineState.CRASHED
    assert rig.hypervisor.screenshot(VM) is None
    rig.restart_the_service()
    assert rig.hypervisor.state(VM) is MachineState.CRASHED
    with pytest.raises(ToolFailed):
        rig.hypervisor.reset(VM)
    rig.hypervisor.start(machine())
    assert rig.hypervisor.state(VM) is MachineState.RUNNING
    assert rig.incarnation(VM) != before


def test_a_crashed_machine_that_is_stopped_is_absent(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    rig.crash(VM)
    rig.hypervisor.stop(VM, grace_seconds=5)
    assert rig.hypervisor.state(VM) is MachineState.ABSENT


def test_a_guest_that_switches_itself_off_is_shut_down_and_neither_gone_nor_crashed(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    before = rig.incarnation(VM)

    rig.let_the_guest_shut_down(VM)

    assert rig.hypervisor.state(VM) is MachineState.SHUT_DOWN
    rig.restart_the_service()
    assert rig.hypervisor.state(VM) is MachineState.SHUT_DOWN
    assert rig.incarnation(VM) == before
    rig.hypervisor.start(machine())
    assert rig.hypervisor.state(VM) is MachineState.RUNNING
    assert rig.incarnation(VM) != before


def test_the_reset_button_makes_a_shut_down_guest_boot_again(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    rig.hypervisor.reset(VM)
    assert rig.hypervisor.state(VM) is MachineState.RUNNING

    rig.let_the_guest_shut_down(VM)
    rig.hypervisor.reset(VM)

    assert rig.hypervisor.state(VM) is MachineState.RUNNING
    rig.let_the_guest_shut_down(VM)  # it can, so it booted
    assert rig.hypervisor.state(VM) is MachineState.SHUT_DOWN


def test_a_machine_that_runs_cannot_be_forgotten(rig: Rig) -> None:
    rig.hypervisor.start(machine())
    with pytest.raises(ValueError, match="has a process"):
        rig.hypervisor.forget(VM)
    assert rig.hypervisor.state(VM) is MachineState.RUNNING


def test_a_host_without_room_refuses_and_nothing_is_left_of_the_attempt(rig: Rig) -> None:
    rig.limit(machines=1)
    rig.hypervisor.start(machine())

    with pytest.raises(NoRoom):
        rig.hypervisor.start(machine(OTHER))

    assert rig.hypervisor.machines() == {VM}
    assert rig.hypervisor.state(OTHER) is MachineState.ABSENT
    assert rig.hypervisor.state(VM) is MachineState.RUNNING
    rig.hypervisor.stop(VM, grace_seconds=0)
    rig.hypervisor.start(machine(OTHER))
    assert rig.hypervisor.state(OTHER) is MachineState.RUNNING


def test_a_crashed_machine_has_room_for_itself(rig: Rig) -> None:
    rig.limit(machines=1)
    rig.hypervisor.start(machine())
    rig.crash(VM)
    rig.hypervisor.start(machine())
    assert rig.hypervisor.state(VM) is MachineState.RUNNING


@pytest.mark.parametrize("vm_id", ["", "..", "../../etc", VM + "/..", VM.replace("-", "")])
def test_only_guids_name_machines(rig: Rig, vm_id: str) -> None:
    with pytest.raises(ValueError, match="not a vmId"):
        rig.hypervisor.start(machine(vm_id))
    with pytest.raises(ValueError, match="not a vmId"):
        rig.hypervisor.console_log(vm_id)
    assert rig.hypervisor.machines() == set()


def test_a_machine_that_cannot_be_is_refused_and_nothing_is_left_of_it(rig: Rig) -> None:
    with pytest.raises(ValueError, match="exactly one OS disk"):
        rig.hypervisor.start(replace(machine(), drives=()))
    assert rig.hypervisor.machines() == set()


DEEDS = st.lists(
    st.sampled_from(["start", "start", "start", "stop", "reset", "crash", "shut down", "restart the service"]),
    min_size=1,
    max_size=8,
)


def expected(state: MachineState, deed: str) -> MachineState:
    match deed, state:
        case "start", _:
            return MachineState.RUNNING
        case "stop", _:
            return MachineState.ABSENT
        case "reset", MachineState.RUNNING | MachineState.SHUT_DOWN:
            return MachineState.RUNNING
        case "crash", MachineState.RUNNING | MachineState.SHUT_DOWN:
            return MachineState.CRASHED
        case "shut down", MachineState.RUNNING:
            return MachineState.SHUT_DOWN
    return state


def do(rig: Rig, deed: str, state: MachineState) -> None:
    lives = state in {MachineState.RUNNING, MachineState.SHUT_DOWN}
    if deed == "start":
        rig.hypervisor.start(machine())
    elif deed == "stop":
        rig.hypervisor.stop(VM, grace_seconds=0)
    elif deed == "reset" and lives:
        rig.hypervisor.reset(VM)
    elif deed == "crash" and lives:
        rig.crash(VM)
    elif deed == "shut down" and state is MachineState.RUNNING:
        rig.let_the_guest_shut_down(VM)
    elif deed == "restart the service":
        rig.restart_the_service()


def walk(rig: Rig, deeds: list[str]) -> None:
    """Never ABSENT while a process lives, and never anything else than what was done to it."""
    state = MachineState.ABSENT
    for deed in deeds:
        do(rig, deed, state)
        state = expected(state, deed)
        assert rig.hypervisor.state(VM) is state, (deed, deeds)


@given(deeds=DEEDS)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_simulated_machine_is_always_what_was_done_to_it(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[str]
) -> None:
    walk(SimulatedRig(tmp_path_factory.mktemp("walk")), deeds)


@pytest.mark.slow
@given(deeds=DEEDS)
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_real_machine_is_always_what_was_done_to_it(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[str]
) -> None:
    with qemu_rig(tmp_path_factory.mktemp("walk")) as rig:
        real: QemuRig = rig
        walk(real, deeds)
