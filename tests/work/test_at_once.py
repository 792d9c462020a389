"""Many requests at once, carried out by a real runner's threads; every wait is for an event."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from calco.compute.simulated import SimulatedHypervisor
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.guest import Agent, Health, Report
from calco.model.ids import ResourceId
from calco.model.machine import Machine
from calco.model.operation import Status
from calco.model.virtual_machine import Act, NewVirtualMachine
from calco.operations.engine import Engine
from calco.operations.runner import Runner
from calco.ports import Reader, Records, Writer
from calco.work import disk, plans, virtual_machine
from calco.work.cloud import Cloud, Rules
from calco.work.guest_directory import Directory
from tests.world import GROUP, SUBSCRIPTION, World

PATIENCE = 30.0
CLONES = 20


@dataclass
class Boots:
    """Guests that hold their boot until the test lets them go, counted at the hypervisor's port."""

    gate: threading.Event = field(default_factory=threading.Event)
    lock: threading.Condition = field(default_factory=threading.Condition)
    inside: int = 0
    most: int = 0
    drives: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, machine: Machine) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.drives += [(machine.vm_id, each.volume) for each in machine.drives]
            self.lock.notify_all()
        assert self.gate.wait(PATIENCE)
        with self.lock:
            self.inside -= 1

    def full(self, count: int) -> None:
        with self.lock:
            assert self.lock.wait_for(lambda: self.inside == count, PATIENCE)


class Service:
    """The world's cloud with a runner behind it."""

    def __init__(self, world: World) -> None:
        self.ended: list[str] = []
        self._changed = threading.Condition()
        self.cloud: Cloud = replace(world.cloud, accepted=self._accepted, wake=self._wake)
        world.directory = Directory(self.cloud)
        engine = Engine(self.cloud, self.cloud.records, plans.BOOK, world.clock)
        self.runner = Runner(engine.advance, world.clock, ended=self._end, workers=8)

    def _accepted(self, operation: str) -> None:
        self.runner.accepted(operation)

    def _wake(self, operation: str) -> None:
        self.runner.wake(operation)

    def _end(self, operation: str) -> None:
        with self._changed:
            self.ended.append(operation)
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.ended) >= count, PATIENCE), self.ended


@contextmanager
def served(world: World) -> Iterator[Service]:
    service = Service(world)
    service.runner.start([])
    yield service
    service.runner.stop(PATIENCE)


def asked_at_once(service: Service, wanted: list[NewVirtualMachine]) -> list[ApiError]:
    """One thread for each request; what was refused."""
    refusals: list[ApiError] = []

    def ask(each: NewVirtualMachine) -> None:
        try:
            virtual_machine.put(service.cloud, each)
        except ApiError as refusal:
            refusals.append(refusal)

    threads = [threading.Thread(target=ask, args=(each,)) for each in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return refusals


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, Rules(subscription=SUBSCRIPTION, boots_at_once=3)).with_network()


def golden_in(world: World) -> ResourceId:
    source = world.generalized_machine("source")
    golden = world.captured_image("golden", source)
    world.done(virtual_machine.delete(world.cloud, source))
    return golden


def test_twenty_clones_of_one_image_at_once_and_no_more_boots_at_once_than_the_rule_says(world: World) -> None:
    golden = golden_in(world)
    wanted = [world.clone(f"web{number}", golden) for number in range(CLONES)]
    with world.records.read() as view:
        frozen = {row.id for row in view.volumes() if row.frozen}
    boots = Boots()

    with served(world) as service:
        world.guest = ReadyAfter(boots, world)
        assert asked_at_once(service, wanted) == []
        boots.full(3)
        boots.gate.set()
        service.wait_for(CLONES)

    assert boots.most == 3
    machines = [world.resource(each.id) for each in wanted]
    assert {each.properties["provisioningState"] for each in machines} == {"Succeeded"}
    assert len({each.internal["vmId"] for each in machines}) == CLONES
    written = [volume for _, volume in boots.drives]
    assert len(set(written)) == len(written) == 2 * CLONES
    assert not set(written) & frozen
    assert world.leftovers() == []


@dataclass
class ReadyAfter:
    """A guest that holds its boot, and then becomes ready."""

    boots: Boots
    world: World

    def __call__(self, machine: Machine) -> None:
        self.boots(machine)
        self.world.directory.heard(machine.vm_id, Report(Agent.WAAGENT, Health.READY))


def test_machines_boot_in_the_order_they_were_accepted(world: World) -> None:
    order: list[str] = []
    wanted = [world.new_machine(f"web{number}") for number in range(6)]

    def boot(machine: Machine) -> None:
        order.append(machine.name)
        world.directory.heard(machine.vm_id, Report(Agent.WAAGENT, Health.READY))

    world.guest = boot
    world.cloud = replace(world.cloud, rules=replace(world.rules, boots_at_once=1))
    with served(world) as service:
        for each in wanted:
            virtual_machine.put(service.cloud, each)
        service.wait_for(6)

    assert order == [each.id.name for each in wanted]


def test_one_machine_asked_for_many_times_at_once_is_made_once(world: World) -> None:
    wanted = world.new_machine("web1")
    boots = Boots()
    with served(world) as service:
        world.guest = ReadyAfter(boots, world)
        refusals = asked_at_once(service, [wanted] * 6)
        boots.gate.set()
        service.wait_for(1)

    assert {each.code for each in refusals} == {"OperationNotAllowed"}
    assert len(refusals) == 5
    assert world.state(wanted.id) == "Succeeded"
    assert len(disk.list(world.cloud, GROUP)) == 2
    assert world.leftovers() == []


def test_restarts_count_among_the_boots(world: World) -> None:
    ids = [world.running_machine(f"web{number}") for number in range(5)]
    boots = Boots()
    with served(world) as service:
        world.guest = boots
        for each in ids:
            virtual_machine.act(service.cloud, each, Act.RESTART)
        boots.full(3)
        boots.gate.set()
        service.wait_for(5)

    assert boots.most == 3
    assert world.leftovers() == []


def test_the_base_image_is_brought_in_once_however_many_ask_for_it_first(world: World) -> None:
    wanted = [world.new_machine(f"web{number}") for number in range(6)]
    with served(world) as service:
        assert asked_at_once(service, wanted) == []
        service.wait_for(6)

    with world.records.read() as view:
        assert len([row for row in view.volumes() if row.frozen]) == 1
        assert {each.end.status for id in service.ended if (each := view.operation(id)) and each.end} == {
            Status.SUCCEEDED
        }
    assert world.leftovers() == []


def test_the_last_user_of_the_base_image_may_leave_while_another_comes(world: World) -> None:
    for round in range(5):
        first = world.new_machine(f"old{round}")
        world.done(virtual_machine.put(world.cloud, with_it_go_its_disks(first)))
        wanted = world.new_machine(f"new{round}")
        with served(world) as service:
            leaving = threading.Thread(target=virtual_machine.delete, args=(service.cloud, first.id))
            leaving.start()
            assert asked_at_once(service, [with_it_go_its_disks(wanted)]) == []
            leaving.join(PATIENCE)
            service.wait_for(2)
        assert world.state(wanted.id) == "Succeeded"
        assert world.leftovers() == []
        world.done(virtual_machine.delete(world.cloud, wanted.id))
        assert world.disks.volumes() == set()


class Meddling:
    """Records between whose first look and the next write something else happens."""

    def __init__(self, records: Records, meddle: Callable[[], object]) -> None:
        self._records = records
        self._meddle: Callable[[], object] | None = meddle

    @contextmanager
    def read(self) -> Iterator[Reader]:
        with self._records.read() as view:
            yield view
        meddle, self._meddle = self._meddle, None
        if meddle is not None:
            meddle()

    def write(self) -> AbstractContextManager[Writer]:
        return self._records.write()


def test_a_base_image_that_was_there_a_moment_ago_is_brought_in_again(world: World) -> None:
    last_user, wanted = (with_it_go_its_disks(world.new_machine(name)) for name in ("web1", "web2"))
    world.done(virtual_machine.put(world.cloud, last_user))

    def leave() -> None:
        world.done(virtual_machine.delete(world.cloud, last_user.id))
        assert world.disks.volumes() == set()

    virtual_machine.put(replace(world.cloud, records=Meddling(world.records, leave)), wanted)
    world.drive()

    assert world.find(last_user.id) is None
    assert world.state(wanted.id) == "Succeeded"
    assert world.leftovers() == []


def with_it_go_its_disks(wanted: NewVirtualMachine) -> NewVirtualMachine:
    profile: Document = {"osDisk": {"deleteOption": "Delete"}}
    return replace(wanted, data_disks=(), properties={**wanted.properties, "storageProfile": profile})


def test_a_hypervisor_is_never_given_a_frozen_volume_or_one_that_another_machine_writes(world: World) -> None:
    """Looked at where it counts: every drive of every start, while machines are made, captured and made again."""
    seen: list[tuple[str, str]] = []

    class Watched(SimulatedHypervisor):
        def start(self, machine: Machine) -> None:
            with world.records.read() as view:
                for each in machine.drives:
                    row = view.volume(each.volume)
                    assert row is not None
                    assert not row.frozen
                    assert not view.is_used(row.id) or len(view.holders(row.id)) == 1
            seen.extend((machine.vm_id, each.volume) for each in machine.drives)
            super().start(machine)

    world.cloud = replace(world.cloud, hypervisor=Watched(world.folder / "machines", on_boot=world._on_boot))
    golden = golden_in(world)
    first, second = (world.clone(name, golden) for name in ("web1", "web2"))
    for each in (first, second):
        world.done(virtual_machine.put(world.cloud, each))
    for what in (Act.RESTART, Act.DEALLOCATE, Act.START, Act.DEALLOCATE, Act.GENERALIZE):
        accepted = virtual_machine.act(world.cloud, first.id, what)
        if accepted.operation is not None:
            world.done(accepted)
    world.done(virtual_machine.put(world.cloud, world.clone("web3", world.captured_image("second", first.id))))

    assert len(seen) >= 12
    writers: dict[str, set[str]] = {}
    for machine, volume in seen:
        writers.setdefault(volume, set()).add(machine)
    assert all(len(each) == 1 for each in writers.values())
