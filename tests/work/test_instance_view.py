"""The machine as it is right now: which lines there are, and in which order."""

from dataclasses import replace
from pathlib import Path

import pytest

from calco.model.guest import Agent, Health, Report, Subject
from calco.model.ids import ResourceId
from calco.model.instance_view import InstanceView
from calco.model.machine import Machine
from calco.model.virtual_machine import Act
from calco.operations.engine import Engine
from calco.work import instance_view, plans, virtual_machine
from calco.work.common import found
from tests.work.looking import vm_id
from tests.world import World


def codes(world: World, id: ResourceId) -> list[str]:
    return [each.code for each in view(world, id).statuses]


def view(world: World, id: ResourceId) -> InstanceView:
    return instance_view.get(world.cloud, id)[1]


SUCCEEDED = "ProvisioningState/succeeded"


def test_the_lines_of_a_machine_on_its_way_from_running_to_generalized(world: World) -> None:
    web1 = world.running_machine("web1")
    assert codes(world, web1) == [SUCCEEDED, "PowerState/running"]

    world.done(virtual_machine.act(world.cloud, web1, Act.POWER_OFF))
    assert codes(world, web1) == [SUCCEEDED, "PowerState/stopped"]
    virtual_machine.act(world.cloud, web1, Act.GENERALIZE)
    assert codes(world, web1) == [SUCCEEDED, "OSState/generalized", "PowerState/stopped"]
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))

    assert codes(world, web1) == [SUCCEEDED, "OSState/generalized", "PowerState/deallocated"]
    lines = view(world, web1).statuses
    assert [each.display for each in lines] == ["Provisioning succeeded", "VM generalized", "VM deallocated"]
    assert [each.time is None for each in lines] == [False, True, True]
    assert {each.level for each in lines} == {"Info"}


def test_a_guest_that_shut_itself_down_shows_as_stopped(world: World) -> None:
    web1 = world.running_machine("web1")
    world.hypervisor.shut_down(vm_id(world, web1))
    assert codes(world, web1) == [SUCCEEDED, "PowerState/stopped"]


def test_what_is_known_of_the_machine_is_shown_with_it(world: World) -> None:
    web1 = world.running_machine("web1")
    seen = view(world, web1)
    assert (seen.computer_name, seen.generation, seen.agent_version) == ("web1", "V1", "2.7.3.0")
    assert [each.display for each in seen.agent] == ["Ready"]
    assert [name.split("_")[1] for name in seen.disks] == ["OsDisk", "disk2"]
    assert {each.code for each in seen.disks.values()} == {SUCCEEDED}


def test_the_agents_line_is_the_agents_own_report(world: World) -> None:
    web1 = world.running_machine("web1")

    def agent(health: Health, version: str) -> tuple[str, str]:
        said = Report(Agent.WAAGENT, health, agent_version=version, subject=Subject.AGENT)
        world.directory.heard(vm_id(world, web1), said)
        seen = view(world, web1)
        return seen.agent[0].display, seen.agent_version

    assert agent(Health.READY, "2.9.0.4") == ("Ready", "2.9.0.4")
    assert agent(Health.NOT_READY, "2.9.0.4") == ("Not Ready", "2.9.0.4")
    assert world.state(web1) == "Succeeded"


@pytest.mark.parametrize("act", [Act.POWER_OFF, Act.DEALLOCATE, Act.RESTART])
def test_nothing_an_agent_said_before_the_power_went_counts_after(world: World, act: Act) -> None:
    web1 = world.running_machine("web1")
    world.guest = silent
    world.done(virtual_machine.act(world.cloud, web1, act))
    assert view(world, web1).agent[0].display == "Not Ready"
    if act is not Act.RESTART:
        world.done(virtual_machine.act(world.cloud, web1, Act.START))
        assert view(world, web1).agent[0].display == "Not Ready"
    assert view(world, web1).agent_version == "Unknown"


def silent(_machine: Machine) -> None:
    """A guest that never reports."""


def test_a_machine_whose_guest_is_at_it_says_so(tmp_path: Path) -> None:
    world = World(tmp_path, guest=silent).with_network()
    accepted = virtual_machine.put(world.cloud, world.new_machine("web1"))
    web1 = world.id("virtualMachines", "web1")
    assert codes(world, web1) == ["ProvisioningState/creating", "PowerState/starting"]
    assert accepted.operation is not None

    Engine(world.cloud, world.records, plans.BOOK, world.clock).advance(accepted.operation.id)

    assert codes(world, web1) == ["ProvisioningState/creating/osProvisioningInProgress", "PowerState/running"]
    assert view(world, web1).agent_version == "Unknown"
    world.drive()
    failed, power = view(world, web1).statuses
    assert (failed.code, failed.level) == ("ProvisioningState/failed/OSProvisioningTimedOut", "Error")
    assert failed.message is not None
    assert "allotted time" in failed.message
    assert power.code == "PowerState/running"


@pytest.mark.parametrize(
    ("act", "word"), [(Act.POWER_OFF, "stopping"), (Act.DEALLOCATE, "deallocating")], ids=["power off", "deallocate"]
)
def test_a_machine_on_its_way_down_says_so(world: World, act: Act, word: str) -> None:
    web1 = world.running_machine("web1")
    accepted = virtual_machine.act(world.cloud, web1, act)
    assert codes(world, web1)[-1] == f"PowerState/{word}"
    world.done(accepted)


def test_a_machine_on_its_way_up_says_so(world: World) -> None:
    web1 = world.running_machine("web1")
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))
    accepted = virtual_machine.act(world.cloud, web1, Act.START)
    assert codes(world, web1)[-1] == "PowerState/starting"
    world.done(accepted)


def test_a_machine_whose_image_keeps_the_machine_id_is_warned_of_last(world: World) -> None:
    ours = world.captured_image("ours", world.generalized_machine("web1"))
    foreign = world.captured_image("foreign", world.generalized_machine("web2"))
    with world.records.write() as tx:  # as an image from elsewhere has it: nothing is known of its machine-id
        image = found(tx, foreign)
        tx.put(replace(image, internal={**image.internal, "renewsMachineId": None}))
    world.done(virtual_machine.put(world.cloud, world.clone("good", ours)))
    world.done(virtual_machine.put(world.cloud, world.clone("bad", foreign)))

    good, bad = world.id("virtualMachines", "good"), world.id("virtualMachines", "bad")
    assert codes(world, good) == [SUCCEEDED, "PowerState/running"]
    assert codes(world, bad) == [SUCCEEDED, "PowerState/running", "MachineId/inherited"]
    assert view(world, bad).statuses[-1].level == "Warning"
    assert "truncate -s 0 /etc/machine-id" in (view(world, bad).statuses[-1].message or "")
