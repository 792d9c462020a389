"""The way down, step by step: the guest is asked, the plug is pulled, what was written is on disk.

Power that is gone does not come back by undoing. The plans these steps make up are ``power``'s.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from calco.model.disk import DiskEvent
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.virtual_machine import Condition
from calco.model.volume import VolumeId
from calco.operations.plan import Job
from calco.ports import Reader, Resource, Writer
from calco.work import disk, machine_links
from calco.work.cloud import Cloud
from calco.work.machine_state import OfMachine, blobs_of, condition_of, disks_of, machine_in, vm_id_of, with_condition

P = TypeVar("P", bound=OfMachine)


@dataclass(frozen=True)
class PowerOff:
    """A machine to be switched off; ``grace_seconds`` is how long its guest may take to do so itself."""

    machine: str
    condition: Condition
    grace_seconds: float


def switch_off(cloud: Cloud, machine: Resource, grace_seconds: float) -> None:
    """Power the machine off and make sure that what it wrote is on disk; may be repeated."""
    cloud.hypervisor.stop(vm_id_of(machine), grace_seconds=grace_seconds)
    with cloud.records.read() as view:
        written = volumes_of(view, [*disks_of(machine).values(), *blobs_of(machine).values()])
    for each in written:
        cloud.disks.sync(each)


def volumes_of(view: Reader, disks: Iterable[ResourceId]) -> list[VolumeId]:
    return [held for each in disks for held in view.held(each).values()]


def power_off(cloud: Cloud, job: Job[PowerOff]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    switch_off(cloud, machine, job.params.grace_seconds)
    # The password and the user data on the DVD have been read, or never will be.
    cloud.media.delete(vm_id_of(machine))


def deallocate(cloud: Cloud, job: Job[PowerOff]) -> None:
    power_off(cloud, job)
    machine_links.unplug(cloud, job.params.machine)


def note_loss(cloud: Cloud, job: Job[P]) -> None:
    """Power that is gone does not come back by undoing: a machine whose process has ended is stopped, and says so."""
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    if cloud.hypervisor.state(vm_id_of(machine)) is not MachineState.ABSENT:
        return
    with cloud.records.write() as tx:
        machine = machine_in(tx, job.params.machine)
        if condition_of(machine) is Condition.RUNNING:
            tx.put(with_condition(machine, Condition.STOPPED, cloud.clock.now()))


def now_off(cloud: Cloud, tx: Writer, job: Job[PowerOff]) -> None:
    machine = machine_in(tx, job.params.machine)
    tx.put(with_condition(machine, job.params.condition, cloud.clock.now()))
    if job.params.condition.is_deallocated:
        move_disks(cloud, tx, machine, DiskEvent.DEALLOCATE)


def move_disks(cloud: Cloud, tx: Writer, machine: Resource, event: DiskEvent) -> None:
    """Every disk of the machine goes the way the machine goes."""
    for id in disks_of(machine).values():
        record = tx.resource(id)
        if record is not None:
            tx.put(disk.moved(record, event, cloud.clock.now()))
