"""When a new machine's guest has set itself up, what is said when it has not, and what becomes of its secrets."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calco.model.document import text_at
from calco.model.guest import Agent, Health, Report, Subject
from calco.model.ids import ResourceId
from calco.model.machine import Machine, MachineState
from calco.model.operation import Status
from calco.model.virtual_machine import Act, NewVirtualMachine
from calco.operations.engine import Engine
from calco.work import machine_secrets, plans, virtual_machine
from calco.work.cloud import Rules
from calco.work.common import with_internal
from tests.work.looking import failure, power, text, vm_id
from tests.world import SUBSCRIPTION, World

PASSWORD, CUSTOM_DATA = "Sesame-0pen-Up", "c2VjcmV0IG9mIHRoZSBjYXZl"
READY, NOT_READY = Health.READY, Health.NOT_READY


def silent(_machine: Machine) -> None:
    """A guest that never reports."""


def quiet_world(folder: Path, seconds: float = 600) -> World:
    rules = Rules(subscription=SUBSCRIPTION, provisioning_seconds=seconds)
    return World(folder, rules, guest=silent).with_network()


def with_secrets(world: World, name: str = "web1") -> NewVirtualMachine:
    wanted = world.new_machine(name)
    assert wanted.os_profile is not None
    return replace(wanted, os_profile=replace(wanted.os_profile, admin_password=PASSWORD, custom_data=CUSTOM_DATA))


def begun(world: World) -> tuple[ResourceId, str]:
    """A machine that is on and has not reported; its id and its creation's."""
    wanted = with_secrets(world)
    accepted = virtual_machine.put(world.cloud, wanted)
    assert accepted.operation is not None
    look(world)
    assert power(world, wanted.id) is MachineState.RUNNING
    return wanted.id, accepted.operation.id


def look(world: World) -> None:
    """Each unfinished operation goes on as far as it goes now."""
    engine = Engine(world.cloud, world.cloud.records, plans.BOOK, world.clock)
    for each in world.unfinished():
        engine.advance(each.id)


def say(world: World, machine: ResourceId, *reports: Report) -> None:
    for each in reports:
        world.directory.heard(vm_id(world, machine), each)
    look(world)


# --- ready -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reports", "is_enough"),
    [
        ([], False),
        ([Report(Agent.CLOUD_INIT, NOT_READY)], False),
        ([Report(Agent.WAAGENT, NOT_READY)], False),
        ([Report(Agent.CLOUD_INIT, NOT_READY), Report(Agent.WAAGENT, READY)], False),
        ([Report(Agent.WAAGENT, READY, subject=Subject.AGENT)], False),
        ([Report(Agent.CLOUD_INIT, READY), Report(Agent.WAAGENT, READY)], True),
        ([Report(Agent.WAAGENT, READY)], True),
        ([Report(Agent.OTHER, READY)], True),
        ([Report(Agent.CLOUD_INIT, READY)], True),  # the simulated network answers with an SSH banner
    ],
    ids=[
        "silent",
        "cloud-init at work",
        "waagent at work",
        "waagent before cloud-init",
        "an agent that tells of itself only",
        "cloud-init, then waagent",
        "waagent alone",
        "a script alone",
        "cloud-init, then SSH",
    ],
)
def test_a_machine_is_provisioned_when_its_guest_has_set_itself_up(
    tmp_path: Path, reports: list[Report], is_enough: bool
) -> None:
    world = quiet_world(tmp_path)
    web1, operation = begun(world)

    say(world, web1, *reports)

    assert world.operation(operation).status is (Status.SUCCEEDED if is_enough else Status.IN_PROGRESS)
    assert world.state(web1) == ("Succeeded" if is_enough else "Creating")


def test_a_guest_that_answers_no_ssh_is_waited_for(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, operation = begun(world)
    for file in (tmp_path / "networks").glob("*.json"):
        file.write_text('{"subnets":{},"ports":{}}')

    say(world, web1, Report(Agent.CLOUD_INIT, READY))

    assert world.operation(operation).status is Status.IN_PROGRESS
    say(world, web1, Report(Agent.WAAGENT, READY))
    assert world.operation(operation).status is Status.SUCCEEDED


def test_every_report_wakes_the_operation_that_waits_for_it(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, operation = begun(world)
    world.told.clear()
    world.directory.heard(vm_id(world, web1), Report(Agent.WAAGENT, NOT_READY))
    assert world.told == [operation]


# --- not ready -------------------------------------------------------------------------------------------------------


def test_a_guest_that_never_reports_ends_in_a_time_out_and_the_machine_stands(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, operation = begun(world)

    world.clock.move(timedelta(seconds=599))
    look(world)
    assert world.operation(operation).status is Status.IN_PROGRESS
    world.clock.move(timedelta(seconds=1))
    look(world)

    code, message = failure(world.operation(operation))
    assert code == "OSProvisioningTimedOut"
    assert message.startswith("OS Provisioning for VM 'web1' did not finish in the allotted time.")
    assert world.state(web1) == "Failed"
    assert power(world, web1) is MachineState.RUNNING
    assert world.leftovers() == []


def test_the_limit_is_a_rule(tmp_path: Path) -> None:
    world = quiet_world(tmp_path, seconds=5)
    web1, operation = begun(world)
    world.clock.move(timedelta(seconds=5))
    look(world)
    assert failure(world.operation(operation))[0] == "OSProvisioningTimedOut"
    assert world.state(web1) == "Failed"


@pytest.mark.parametrize("agent", list(Agent))
def test_a_late_ready_turns_failed_into_succeeded_and_forgets_the_secrets(tmp_path: Path, agent: Agent) -> None:
    world = quiet_world(tmp_path)
    web1, _ = begun(world)
    world.drive()
    assert world.state(web1) == "Failed"

    say(world, web1, Report(agent, NOT_READY))
    assert world.state(web1) == "Failed"
    say(world, web1, Report(agent, READY))

    assert world.state(web1) == "Succeeded"
    assert PASSWORD not in text(world)


def test_a_guest_that_says_it_failed_is_believed_and_stands(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, operation = begun(world)

    said = Report(Agent.CLOUD_INIT, NOT_READY, substatus="ProvisioningFailed", description="result=error|reason=DHCP")
    say(world, web1, said)

    code, message = failure(world.operation(operation))
    assert code == "OSProvisioningClientError"
    assert "result=error|reason=DHCP" in message
    assert world.state(web1) == "Failed"
    assert power(world, web1) is MachineState.RUNNING
    say(world, web1, Report(Agent.CLOUD_INIT, READY))
    assert world.state(web1) == "Failed", "only a time-out is turned"


def test_a_machine_whose_process_ends_while_it_is_awaited_has_failed(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, operation = begun(world)
    world.hypervisor.crash(vm_id(world, web1))
    look(world)
    assert failure(world.operation(operation))[0] == "OSProvisioningClientError"
    assert world.state(web1) == "Failed"


@pytest.mark.parametrize("first", [(), (Act.POWER_OFF,), (Act.DEALLOCATE,)], ids=["itself", "stopped", "freed"])
def test_a_machine_that_timed_out_is_provisioned_by_its_next_start(tmp_path: Path, first: tuple[Act, ...]) -> None:
    world = quiet_world(tmp_path)
    web1, _ = begun(world)
    world.drive()
    for each in first:
        world.done(virtual_machine.act(world.cloud, web1, each))
    if not first:
        world.hypervisor.shut_down(vm_id(world, web1))
    world.guest = None  # this time it becomes ready
    dvds: list[bool] = []
    world.guest = watching(world, dvds)

    world.done(virtual_machine.act(world.cloud, web1, Act.START))

    assert dvds == [True]
    assert world.state(web1) == "Succeeded"
    assert PASSWORD not in text(world)


def watching(world: World, dvds: list[bool]) -> Callable[[Machine], None]:
    """A guest that notes whether it has a DVD, and becomes ready."""

    def boot(machine: Machine) -> None:
        dvds.append(machine.media is not None and machine.media.exists())
        world.directory.heard(machine.vm_id, Report(Agent.WAAGENT, READY))

    return boot


def test_the_dvd_is_there_until_the_guest_has_set_itself_up_and_not_at_later_boots(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    dvds: list[bool] = []
    web1, _ = begun(world)
    world.guest = watching(world, dvds)
    world.drive()  # times out

    world.done(virtual_machine.act(world.cloud, web1, Act.RESTART))
    for each in (Act.RESTART, Act.DEALLOCATE, Act.START):
        world.done(virtual_machine.act(world.cloud, web1, each))

    assert dvds == [True, False, False]
    assert not list(tmp_path.rglob("provisioning.iso"))


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_are_in_the_records_under_seal_alone_and_gone_after_provisioning(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, _ = begun(world)
    assert PASSWORD not in text(world)
    assert CUSTOM_DATA not in text(world)
    waiting = machine_secrets.opened(world.sealer, world.resource(web1))
    assert (waiting["admin_password"], waiting["custom_data"]) == (PASSWORD, CUSTOM_DATA)

    say(world, web1, Report(Agent.WAAGENT, READY))

    assert machine_secrets.SEALED not in world.resource(web1).internal
    kept = machine_secrets.opened(world.sealer, world.resource(web1))
    assert {"computer_name", "public_keys"} <= kept.keys()
    assert {"admin_password", "custom_data"} & kept.keys() == set()


def test_what_a_record_from_before_there_were_seals_holds_is_still_read_and_still_forgotten(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, _ = begun(world)
    machine = world.resource(web1)
    clear = machine_secrets.opened(world.sealer, machine)
    with world.records.write() as tx:
        tx.put(with_internal(machine, {machine_secrets.OPEN: clear, machine_secrets.SEALED: None}))
    old = world.resource(web1)
    assert machine_secrets.opened(world.sealer, old)["admin_password"] == PASSWORD
    assert machine_secrets.has(old, "custom_data")

    say(world, web1, Report(Agent.WAAGENT, READY))

    assert PASSWORD not in text(world)
    assert CUSTOM_DATA not in text(world)


def test_a_machine_that_is_generalized_before_it_was_provisioned_keeps_no_secret(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, _ = begun(world)
    world.drive()
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))
    assert machine_secrets.has(world.resource(web1), "admin_password"), "it may be started yet"

    virtual_machine.act(world.cloud, web1, Act.GENERALIZE)

    assert not machine_secrets.has(world.resource(web1), "admin_password")
    assert not machine_secrets.has(world.resource(web1), "custom_data")


def test_a_deleted_machine_takes_its_secrets_along(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    web1, _ = begun(world)
    world.drive()
    sealed = text_at(world.resource(web1).internal, machine_secrets.SEALED, "admin_password") or ""
    assert sealed in text(world)
    world.done(virtual_machine.delete(world.cloud, web1))
    assert sealed not in text(world)


def test_reports_of_machines_nobody_knows_are_not_kept(tmp_path: Path) -> None:
    world = quiet_world(tmp_path)
    before = text(world)
    world.directory.heard("99999999-0000-4000-8000-000000000000", Report(Agent.WAAGENT, READY))
    assert text(world) == before
