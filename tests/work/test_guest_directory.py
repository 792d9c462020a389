"""Who asks the metadata service: always what the records say now, never what was remembered."""

from pathlib import Path

import pytest

from calco.model.guest import Agent, Guest, Health, Report
from calco.model.ids import ResourceId
from calco.work import network_interface, virtual_machine
from calco.work.guest_directory import Directory
from calco.work.machine_state import vm_id_of
from calco.work.provisioning import reports_of
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).with_network()


def place_of(world: World, machine: str) -> tuple[str, str]:
    internal = world.resource(world.id("networkInterfaces", f"{machine}-nic")).internal
    return str(internal[network_interface.NETWORK]), str(internal[network_interface.ADDRESS])


def asked(world: World, place: tuple[str, str]) -> Guest | None:
    return world.directory.who(*place)


def gone(world: World, machine: ResourceId) -> None:
    world.done(virtual_machine.delete(world.cloud, machine))
    nic = network_interface.delete(world.cloud, world.id("networkInterfaces", f"{machine.name}-nic"))
    world.drive()
    assert nic is not None


def test_a_guest_is_known_by_its_place_again_and_again(world: World) -> None:
    web1, web2 = world.running_machine("web1"), world.running_machine("web2")

    for _ in range(2):
        for machine in (web1, web2):
            guest = asked(world, place_of(world, machine.name))
            assert guest is not None
            assert guest.vm_id == vm_id_of(world.resource(machine))


def test_an_address_that_another_machine_has_now_is_that_machines(world: World) -> None:
    place = (world.running_machine("web1"), place_of(world, "web1"))[1]
    assert asked(world, place) is not None
    gone(world, world.id("virtualMachines", "web1"))
    assert asked(world, place) is None

    heir = world.running_machine("web2")

    assert place_of(world, "web2") == place
    guest = asked(world, place)
    assert guest is not None
    assert guest.vm_id == vm_id_of(world.resource(heir))


def test_a_machine_made_again_under_its_name_does_not_hear_reports_of_the_old_one(world: World) -> None:
    first = world.running_machine("web1")
    old, directory = vm_id_of(world.resource(first)), Directory(world.cloud)
    directory.heard(old, Report(Agent.WAAGENT, Health.READY))
    gone(world, first)
    world.running_machine("web1")
    before = world.resource(first)

    directory.heard(old, Report(Agent.OTHER, Health.NOT_READY, "ProvisioningFailed", "too late"))

    assert world.resource(first) == before
    assert Agent.OTHER not in reports_of(before)
