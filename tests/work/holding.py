"""Guests that hold their boot until they are let go, counted at the hypervisor's port; and a service on real files that
can be killed in the middle of it."""

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from calco.compute.simulated import SimulatedHypervisor
from calco.model.errors import ApiError
from calco.model.guest import Agent, Health, Report
from calco.model.ids import ResourceId
from calco.model.machine import Machine
from calco.model.virtual_machine import Act, NewVirtualMachine
from calco.operations.engine import Engine
from calco.operations.runner import Runner
from calco.storage.migrations import open_records
from calco.storage.volumes import Qcow2Store
from calco.system import SystemChance
from calco.work import plans, reconcile, virtual_machine
from calco.work.cloud import Cloud, Rules
from calco.work.guest_directory import Directory
from tests.world import SUBSCRIPTION, World

PATIENCE = 30.0
RULES = Rules(subscription=SUBSCRIPTION, boots_at_once=1000)


class Held(SimulatedHypervisor):
    """Machines whose guests are ready when ``release`` says so. ``started`` is every first start in order, ``most`` how
    many had been started and not released at once."""

    def __init__(self, world: World) -> None:
        super().__init__(world.folder / "machines")
        self._world = world
        self.changed = threading.Condition()
        self.started: list[str] = []
        self.inside: dict[str, str] = {}
        """vm_ids of those that boot, by name."""
        self.most = 0
        self.blocks = False
        """Whether a start returns only when its machine is released."""
        self.booting = 0
        """Starts that have returned."""

    def start(self, machine: Machine) -> None:
        with self.changed:
            again = machine.name in self.started
            if not again:
                self.started.append(machine.name)
                self.inside[machine.name] = machine.vm_id
                self.most = max(self.most, len(self.inside))
        super().start(machine)
        with self.changed:
            self.booting += not again
            self.changed.notify_all()
            if self.blocks:
                assert self.changed.wait_for(lambda: machine.name not in self.inside, PATIENCE)

    def release(self, name: str, health: Health = Health.READY) -> None:
        """Its guest is ready, or has failed."""
        with self.changed:
            vm_id = self.inside.pop(name)
            self.changed.notify_all()
        failed = "ProvisioningFailed" if health is Health.NOT_READY else ""
        self._world.directory.heard(vm_id, Report(Agent.WAAGENT, health, substatus=failed))

    def wait(self, until: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(until, PATIENCE), (len(self.started), sorted(self.inside))


class Running:
    """The world's cloud with a runner behind it and guests that hold their boot."""

    def __init__(self, world: World, *, workers: int = 8) -> None:
        self.world = world
        self.held = Held(world)
        self.ended: list[str] = []
        self.changed = threading.Condition()
        self.cloud: Cloud = replace(world.cloud, hypervisor=self.held, accepted=self._accepted, wake=self._wake)
        world.directory = Directory(self.cloud)
        engine = Engine(self.cloud, self.cloud.records, plans.BOOK, world.clock)
        self.runner = Runner(engine.advance, world.clock, ended=self._end, workers=workers)

    def __enter__(self) -> "Running":
        with self.cloud.records.read() as view:
            unfinished = [each.id for each in view.unfinished()]
        self.runner.start(unfinished)
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.stop(PATIENCE)

    def _accepted(self, operation: str) -> None:
        self.runner.accepted(operation)

    def _wake(self, operation: str) -> None:
        self.runner.wake(operation)

    def _end(self, operation: str) -> None:
        with self.changed:
            self.ended.append(operation)
            self.changed.notify_all()

    def wait_for_ends(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.ended) >= count, PATIENCE), len(self.ended)

    def put_at_once(self, wanted: list[NewVirtualMachine]) -> list[str]:
        """One thread for each request; the machines' names in the order they were accepted."""
        threads = [threading.Thread(target=virtual_machine.put, args=(self.cloud, each)) for each in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        return self.accepted()

    def accepted(self) -> list[str]:
        """Machines whose operations have not ended, in the order of acceptance."""
        with self.cloud.records.read() as view:
            return [each.subject.name for each in view.unfinished()]


def on_files(folder: Path) -> World:
    """A world whose records and volumes are files, as a service's are."""
    world = World(folder, RULES)
    world.records = open_records(folder)
    world.disks = Qcow2Store(folder / "volumes", world.clock)  # type: ignore[assignment]
    world.cloud = replace(world.cloud, records=world.records, disks=world.disks, chance=SystemChance())
    world.directory = Directory(world.cloud)
    return world


def golden_without_data(world: World) -> ResourceId:
    """An image of an OS disk alone, whose machine is gone."""
    wanted = replace(world.new_machine("source"), data_disks=())
    world.done(virtual_machine.put(world.cloud, wanted))
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
    virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)
    golden = world.captured_image("golden", wanted.id)
    world.done(virtual_machine.delete(world.cloud, wanted.id))
    return golden


def main(folder: Path, count: int) -> None:
    """Accept ``count`` deployments of the image there, say so when as many boot as may, and hold them for ever."""
    world = on_files(folder)
    golden = world.id("images", "golden")
    wanted = [world.clone(f"web{number}", golden) for number in range(count)]
    reconcile.reconcile(world.cloud, start_again=False)
    with Running(world) as running:
        with suppress(ApiError):
            running.put_at_once(wanted)
        running.held.wait(lambda: running.held.booting == RULES.deployments_at_once)
        print("held", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
