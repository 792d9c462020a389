"""Switching on and off, and the generalized mark."""

import pytest

from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.virtual_machine import Act
from calco.work import disk, virtual_machine
from tests.work.looking import power, refused, rows, vm_id
from tests.world import GROUP, World


def do(world: World, id: ResourceId, *acts: Act) -> None:
    for each in acts:
        accepted = virtual_machine.act(world.cloud, id, each)
        if accepted.operation is not None:
            world.done(accepted)


def ask(world: World, id: ResourceId, act: Act) -> None:
    virtual_machine.act(world.cloud, id, act)


def test_generalize_needs_a_stopped_machine(world: World) -> None:
    web1 = world.running_machine("web1")
    words = "since the VM is running. Please power off explicitly"
    refused(world, lambda: ask(world, web1, Act.GENERALIZE), 409, "OperationNotAllowed", words)
    assert power(world, web1) is MachineState.RUNNING


def test_a_machine_whose_guest_shut_itself_down_is_not_generalized_until_it_is_powered_off(world: World) -> None:
    web1 = world.running_machine("web1")
    world.hypervisor.shut_down(vm_id(world, web1))
    refused(world, lambda: ask(world, web1, Act.GENERALIZE), 409, "OperationNotAllowed", "Please power off explicitly")

    do(world, web1, Act.POWER_OFF, Act.GENERALIZE)

    assert world.resource(web1).internal["condition"] == "generalized"


@pytest.mark.parametrize("first", [Act.POWER_OFF, Act.DEALLOCATE], ids=["stopped", "deallocated"])
def test_a_generalized_machine_never_starts_again(world: World, first: Act) -> None:
    web1 = world.running_machine("web1")
    do(world, web1, first, Act.GENERALIZE)

    words = "Operation 'Start VM' is not allowed on VM 'web1' since the VM is generalized."
    refused(world, lambda: ask(world, web1, Act.START), 409, "OperationNotAllowed", words)
    refused(world, lambda: ask(world, web1, Act.RESTART), 409, "OperationNotAllowed", "since the VM is generalized.")
    same = world.new_machine("web1")
    refused(world, lambda: virtual_machine.put(world.cloud, same), 409, "OperationNotAllowed", "generalized")
    do(world, web1, Act.GENERALIZE, Act.DEALLOCATE)
    refused(world, lambda: ask(world, web1, Act.START), 409, "OperationNotAllowed", words)
    assert power(world, web1) is MachineState.ABSENT
    world.done(virtual_machine.delete(world.cloud, web1))
    assert world.find(web1) is None


def test_a_machine_that_was_deallocated_starts_with_the_same_disks(world: World) -> None:
    web1 = world.running_machine("web1")
    files = world.disks.volumes()
    do(world, web1, Act.DEALLOCATE)
    assert {each.properties["diskState"] for each in disk.list(world.cloud, GROUP)} == {"Reserved"}

    do(world, web1, Act.START)

    assert power(world, web1) is MachineState.RUNNING
    assert {each.properties["diskState"] for each in disk.list(world.cloud, GROUP)} == {"Attached"}
    assert world.disks.volumes() == files


def test_starting_a_machine_that_runs_is_nothing(world: World) -> None:
    web1 = world.running_machine("web1")
    before = world.resource(web1)
    console = world.hypervisor.console_log(vm_id(world, web1))

    accepted = virtual_machine.act(world.cloud, web1, Act.START)

    world.done(accepted)
    assert world.resource(web1) == before
    assert world.hypervisor.console_log(vm_id(world, web1)) == console


def test_a_guest_that_shut_itself_down_is_started_by_start(world: World) -> None:
    web1 = world.running_machine("web1")
    world.hypervisor.shut_down(vm_id(world, web1))

    do(world, web1, Act.START)

    assert power(world, web1) is MachineState.RUNNING
    assert world.resource(web1).internal["incarnation"] == 2


def test_a_failed_start_of_a_guest_that_shut_itself_down_leaves_a_stopped_machine(world: World) -> None:
    web1 = world.running_machine("web1")
    world.hypervisor.shut_down(vm_id(world, web1))
    world.hypervisor._capacity_mib = 1

    assert world.ended(virtual_machine.act(world.cloud, web1, Act.START)).end is not None

    assert world.resource(web1).internal["condition"] == "stopped"
    assert power(world, web1) is MachineState.ABSENT
    assert world.leftovers() == []


def test_a_restart_boots_the_guest_again(world: World) -> None:
    web1 = world.running_machine("web1")
    do(world, web1, Act.RESTART)
    assert power(world, web1) is MachineState.RUNNING
    assert world.resource(web1).internal["incarnation"] == 2


def test_only_a_machine_that_runs_is_restarted(world: World) -> None:
    web1 = world.running_machine("web1")
    do(world, web1, Act.POWER_OFF)
    refused(world, lambda: ask(world, web1, Act.RESTART), 409, "OperationNotAllowed", "to be running")
    do(world, web1, Act.DEALLOCATE)
    refused(world, lambda: ask(world, web1, Act.RESTART), 409, "OperationNotAllowed", "deallocated")
    refused(world, lambda: ask(world, web1, Act.POWER_OFF), 409, "OperationNotAllowed", "deallocated")


@pytest.mark.parametrize("second", [Act.START, Act.RESTART, Act.POWER_OFF, Act.DEALLOCATE, Act.GENERALIZE])
@pytest.mark.parametrize("first", [Act.RESTART, Act.POWER_OFF, Act.DEALLOCATE])
def test_a_machine_is_one_operations_at_a_time(world: World, first: Act, second: Act) -> None:
    web1 = world.running_machine("web1")
    accepted = virtual_machine.act(world.cloud, web1, first)

    words = f"Operation '{second}' is not allowed on VM 'web1' since another operation is in progress."
    refused(world, lambda: ask(world, web1, second), 409, "OperationNotAllowed", words)
    refused(world, lambda: virtual_machine.delete(world.cloud, web1), 409, "OperationNotAllowed", "in progress")
    refused(world, lambda: virtual_machine.patch(world.cloud, web1, {}), 409, "OperationNotAllowed", "in progress")

    world.done(accepted)


def test_a_disk_that_is_being_changed_holds_its_machine_up(world: World) -> None:
    web1 = world.running_machine("web1")
    do(world, web1, Act.DEALLOCATE)
    (data,) = [each.id for each in disk.list(world.cloud, GROUP) if "_disk2_" in each.id.name]
    accepted = disk.patch(world.cloud, data, disk.DiskChange(size_gb=5))
    refused(world, lambda: ask(world, web1, Act.START), 409, "Conflict")
    world.done(accepted)
    do(world, web1, Act.START)


def test_acts_on_nothing_are_refused(world: World) -> None:
    nobody = world.id("virtualMachines", "nobody")
    for each in (Act.START, Act.RESTART, Act.POWER_OFF, Act.DEALLOCATE, Act.GENERALIZE):
        refused(world, lambda each=each: ask(world, nobody, each), 404, "ResourceNotFound")  # type: ignore[misc]


def test_generalizing_again_changes_no_mark(world: World) -> None:
    web1 = world.generalized_machine("web1")
    before = rows(world)["resources"]
    virtual_machine.act(world.cloud, web1, Act.GENERALIZE)
    assert rows(world)["resources"] == before


def test_power_off_can_skip_the_guests_own_way_down(world: World) -> None:
    web1 = world.running_machine("web1")
    accepted = virtual_machine.act(world.cloud, web1, Act.POWER_OFF, skip_shutdown=True)
    assert accepted.operation is not None
    assert accepted.operation.params["grace_seconds"] == 0
    world.done(accepted)
