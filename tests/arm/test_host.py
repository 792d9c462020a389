"""The host: its room, and what is wrong with it."""

from dataclasses import replace
from pathlib import Path

import pytest

from calco import __version__
from calco.model.host import Examination, HostWarning
from tests.arm.api import SUB, Api
from tests.arm.people import People, refused
from tests.standing import GIB, StandingHost
from tests.standing import HOST as STANDING
from tests.world import World

HOST = f"{SUB}/providers/Calco/host"
MIB = 1024**2


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_host_tells_its_room(world: World) -> None:
    assert Api(world).get(HOST) == {
        "cpus": 4,
        "load": [0.5, 0.25, 0.0],
        "memory": {"totalBytes": 16 * GIB, "availableBytes": 8 * GIB, "reservedBytes": 0},
        "disk": {"totalBytes": 100 * GIB, "freeBytes": 60 * GIB},
        "accelerator": {"name": "none", "reason": "machines are simulated"},
        "hypervisor": "simulated",
        "version": __version__,
        "examinedAt": None,
        "warnings": [],
    }


def test_machines_that_run_have_reserved_their_memory_and_those_that_are_off_have_not(world: World) -> None:
    api = Api(world).with_network()
    api.machine("one")
    two = api.machine("two")
    assert api.get(HOST)["memory"]["reservedBytes"] == 2 * 1024 * MIB  # Standard_B1s has 1 GiB

    api.post(f"{two}/deallocate")

    assert api.get(HOST)["memory"]["reservedBytes"] == 1024 * MIB


def test_warnings_are_told_with_what_mends_them(world: World) -> None:
    poor = HostWarning("kvm", "limited", "KVM: no; slow", "sudo modprobe kvm", {"state": "absent"})
    seen = replace(STANDING, examination=Examination(world.clock.now(), (poor,)))
    world.cloud = replace(world.cloud, host=StandingHost(seen))

    told = Api(world).get(HOST)

    assert told["examinedAt"] == "2026-11-22T13:05:09.0000000+00:00"
    shown = {"code": "kvm", "level": "limited", "message": "KVM: no; slow", "mend": "sudo modprobe kvm"}
    assert told["warnings"] == [{**shown, "arguments": {"state": "absent"}}]


def test_a_reader_of_the_subscription_may_look_and_one_of_a_group_may_not(world: World) -> None:
    people = People(world)
    group = f"{SUB}/resourceGroups/lab"
    people.api.with_group()
    people.with_role("ana", "Reader", SUB).with_role("ben", "Owner", group)

    assert people.ask("ana", "GET", HOST).status_code == 200
    refused(people.ask("ben", "GET", HOST), 403, "AuthorizationFailed")
