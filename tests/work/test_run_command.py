"""Scripts for a machine's guest: who may have one run, when, and what is told of it."""

from datetime import timedelta
from typing import Any

import pytest

from calco.model.document import objects_at, text_at
from calco.model.errors import ApiError
from calco.model.machine import Machine
from calco.model.operation import Operation
from calco.model.run_command import OUTPUT_BYTES_MAX, SECONDS_MAX, Ran, Script
from calco.model.virtual_machine import Act
from calco.ports import NoGuestAgent
from calco.work import run_command, virtual_machine
from calco.work.run_command import Wish
from tests.world import World

WISH_TEXT = "echo secret-word"


@pytest.fixture
def running(world: World) -> World:
    world.with_network().running_machine("web1")
    return world


def wish(world: World) -> Wish:
    return Wish(world.id("virtualMachines", "web1"), WISH_TEXT, (("a", "secret-value"),))


def vm_id(world: World) -> str:
    return str(world.resource(world.id("virtualMachines", "web1")).internal["vmId"])


def failure(operation: Operation) -> tuple[str, str]:
    assert operation.end is not None
    assert operation.end.failure is not None
    return operation.end.failure.code, operation.end.failure.message


def test_what_a_script_printed_is_the_operations_output(running: World) -> None:
    operation = running.done(run_command.run(running.cloud, wish(running)))

    output = run_command.output_of(running.cloud, operation)
    (value,) = objects_at(output, "value")
    assert value == {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": "Enable succeeded: \n[stdout]\nout\n\n[stderr]\n",
    }
    assert running.hypervisor.runs(vm_id(running)) == (operation.id,)


def test_what_a_script_left_in_its_guest_is_taken_away(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[tuple[str, ...]] = []
    monkeypatch.setattr(running.hypervisor, "forget_run", lambda *of: forgotten.append(of))

    operation = running.done(run_command.run(running.cloud, wish(running)))

    assert forgotten == [(vm_id(running), operation.id)]


def test_a_script_that_fails_is_told_in_a_success(running: World) -> None:
    running.script = lambda _machine, _script: Ran(2, b"", b"no\n")

    operation = running.done(run_command.run(running.cloud, wish(running)))

    (value,) = objects_at(run_command.output_of(running.cloud, operation), "value")
    message = text_at(value, "message") or ""
    assert message.startswith("Enable failed: failed to execute command: command terminated with exit status=2\n")
    assert message.endswith("[stderr]\nno\n")


def test_whatever_bytes_it_prints_become_text(running: World) -> None:
    printed = "é".encode() * OUTPUT_BYTES_MAX
    running.script = lambda _machine, _script: Ran(0, printed[1:], b"\xff\xfe")

    operation = running.done(run_command.run(running.cloud, wish(running)))

    (value,) = objects_at(run_command.output_of(running.cloud, operation), "value")
    out, err = (text_at(value, "message") or "").removeprefix("Enable succeeded: \n[stdout]\n").split("\n[stderr]\n")
    assert out == "é" * (OUTPUT_BYTES_MAX // 2)
    assert err == "\ufffd\ufffd"


def test_neither_the_script_nor_what_it_printed_lies_open_in_the_records(running: World) -> None:
    running.script = lambda _machine, _script: Ran(0, b"secret-output", b"")

    running.done(run_command.run(running.cloud, wish(running)))

    database: Any = running.records._writer.raw_connection().driver_connection
    rows = "\n".join(database.iterdump())
    assert all(each not in rows for each in ("secret-word", "secret-value", "secret-output"))


def test_one_script_at_a_time(running: World) -> None:
    running.script = lambda _machine, _script: None
    first = run_command.run(running.cloud, wish(running))

    with pytest.raises(ApiError) as refusal:
        run_command.run(running.cloud, wish(running))

    assert (refusal.value.status, refusal.value.code) == (409, "Conflict")
    assert refusal.value.message.startswith("Run command extension execution is in progress.")
    running.script = lambda _machine, _script: Ran(0, b"", b"")
    running.done(first)
    running.done(run_command.run(running.cloud, wish(running)))


@pytest.mark.parametrize(
    ("acts", "words"),
    [
        ((Act.POWER_OFF,), "Cannot modify extensions in the VM when the VM is not running."),
        ((Act.DEALLOCATE,), "Cannot modify extensions in the VM when the VM is not running."),
        ((Act.DEALLOCATE, Act.GENERALIZE), "since the VM is generalized."),
    ],
    ids=["stopped", "deallocated", "generalized"],
)
def test_a_machine_that_does_not_run_runs_no_script(running: World, acts: tuple[Act, ...], words: str) -> None:
    for each in acts:
        accepted = virtual_machine.act(running.cloud, wish(running).machine, each)
        if accepted.operation is not None:
            running.done(accepted)

    with pytest.raises(ApiError) as refusal:
        run_command.run(running.cloud, wish(running))

    assert refusal.value.code == "OperationNotAllowed"
    assert refusal.value.message.endswith(words)


def test_a_machine_that_is_busy_runs_no_script(running: World) -> None:
    virtual_machine.act(running.cloud, wish(running).machine, Act.RESTART)

    with pytest.raises(ApiError, match="another operation is in progress"):
        run_command.run(running.cloud, wish(running))


def test_a_guest_without_an_agent_is_told_what_to_install(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(_vm_id: str) -> str:
        raise NoGuestAgent("nobody in the guest listens at the agent's port")

    monkeypatch.setattr(running.hypervisor, "guest_boot", deaf)
    began = running.clock.now()

    operation = running.ended(run_command.run(running.cloud, wish(running)))

    code, message = failure(operation)
    assert code == "VMAgentStatusCommunicationError"
    assert "apt-get install qemu-guest-agent" in message
    assert "nobody in the guest listens" in message
    assert timedelta(seconds=50) < running.clock.now() - began < timedelta(seconds=90)
    assert running.hypervisor.runs(vm_id(running)) == ()


def test_an_agent_that_is_late_is_waited_for(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    look, asked = running.hypervisor.guest_boot, []

    def late(vm_id: str) -> str:
        asked.append(vm_id)
        if len(asked) < 4:
            raise NoGuestAgent("not yet")
        return look(vm_id)

    monkeypatch.setattr(running.hypervisor, "guest_boot", late)

    running.done(run_command.run(running.cloud, wish(running)))

    assert len(asked) >= 4


def test_an_agent_that_goes_away_for_a_while_is_asked_again(running: World) -> None:
    asked: list[str] = []

    def restarts_its_agent(_machine: Machine, script: Script) -> Ran:
        asked.append(script.id)
        if len(asked) < 3:
            raise NoGuestAgent("hung up")
        return Ran(0, b"done", b"")

    running.script = restarts_its_agent

    running.done(run_command.run(running.cloud, wish(running)))

    assert len(set(asked)) == 1
    assert len(running.hypervisor.runs(vm_id(running))) == 1


def test_a_guest_that_booted_before_the_script_was_seen_to_begin_does_not_get_it(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = running.hypervisor.guest_boot

    def then_boots(vm_id: str) -> str:
        boot = look(vm_id)
        monkeypatch.undo()
        running.hypervisor.reset(vm_id)
        return boot

    monkeypatch.setattr(running.hypervisor, "guest_boot", then_boots)

    operation = running.ended(run_command.run(running.cloud, wish(running)))

    code, message = failure(operation)
    assert code == "OperationNotAllowed"
    assert "It may have run, wholly or in part." in message
    assert running.hypervisor.runs(vm_id(running)) == ()


def test_a_machine_is_switched_off_under_a_script_that_hangs(running: World) -> None:
    running.script = lambda _machine, _script: None
    hanging = run_command.run(running.cloud, wish(running))
    assert hanging.operation is not None
    power = virtual_machine.act(running.cloud, wish(running).machine, Act.POWER_OFF)

    running.done(power)

    code, message = failure(running.operation(hanging.operation.id))
    assert code == "OperationNotAllowed"
    assert "does not run any more" in message


def test_a_machine_is_deleted_under_a_script_that_hangs(running: World) -> None:
    running.script = lambda _machine, _script: None
    hanging = run_command.run(running.cloud, wish(running))
    assert hanging.operation is not None

    running.done(virtual_machine.delete(running.cloud, wish(running).machine))

    assert "does not run any more" in failure(running.operation(hanging.operation.id))[1]


def test_a_script_that_never_ends_is_given_up_a_while_after_its_time(running: World) -> None:
    running.script = lambda _machine, _script: None
    began = running.clock.now()

    operation = running.ended(run_command.run(running.cloud, wish(running)))

    assert "It may have run, wholly or in part." in failure(operation)[1]
    past = running.clock.now() - began
    assert timedelta(seconds=SECONDS_MAX) < past < timedelta(seconds=SECONDS_MAX + 300)
