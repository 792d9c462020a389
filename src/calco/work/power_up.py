"""The way up, step by step: a place among those that boot, writable disks, NICs plugged in, power, the guest's word.

Each step names what it makes before it makes it, so a service that dies anywhere goes on or takes back what it began.
The plans these steps make up are ``power``'s.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from calco.model import errors
from calco.model.disk import DiskEvent
from calco.model.document import flag_at, text_at
from calco.model.errors import ApiError
from calco.model.guest import Provisioning, PublicKey
from calco.model.ids import ResourceId
from calco.model.machine import Machine
from calco.model.operation import Operation
from calco.model.virtual_machine import Condition
from calco.operations.plan import Ended, Job, Wait
from calco.ports import Reader, Resource, Writer
from calco.work import (
    boots,
    deployments,
    disk,
    machine_blobs,
    machine_links,
    machine_secrets,
    operation,
    provisioning,
    volume,
)
from calco.work.cloud import Cloud
from calco.work.common import with_internal, with_properties
from calco.work.machine_state import (
    LEAVING,
    OfMachine,
    awaits_provisioning,
    disks_of,
    hardware_of,
    image_of,
    machine_in,
    vm_id_of,
    with_condition,
)
from calco.work.power_down import move_disks

P = TypeVar("P", bound=OfMachine)


@dataclass(frozen=True)
class PowerOn:
    """A machine to be switched on, and the volumes its disks and blobs need before that. ``before`` is the condition it
    goes back to when that fails; ``image`` is the managed image it is being deployed from, if it is."""

    machine: str
    fresh: tuple[volume.Fresh, ...]
    before: Condition
    image: str | None = None
    blobs: tuple[machine_blobs.Making, ...] = ()


def _provisioning(cloud: Cloud, machine: Resource) -> Provisioning:
    secrets = machine_secrets.opened(cloud.sealer, machine)
    keys = secrets.get("public_keys")
    return Provisioning(
        host_name=text_at(secrets, "computer_name") or machine.id.name,
        admin_username=text_at(secrets, "admin_username") or "azureuser",
        admin_password=text_at(secrets, "admin_password"),
        public_keys=tuple(
            PublicKey(path, data)
            for pair in (keys if isinstance(keys, list) else [])
            if isinstance(pair, list) and len(pair) == 2
            for path, data in [pair]
            if isinstance(path, str) and isinstance(data, str)
        ),
        disable_password_authentication=flag_at(secrets, "disable_password_authentication") is not False,
        custom_data=text_at(secrets, "custom_data"),
        provision_vm_agent=flag_at(secrets, "provision_vm_agent") is not False,
    )


def fresh_volumes(cloud: Cloud, view: Reader, machine: Resource) -> tuple[volume.Fresh, ...]:
    """What the machine's disks need before they may be written to."""
    wanted = []
    for id in disks_of(machine).values():
        record = view.resource(id)
        if record is not None:
            wanted.append(volume.fresh_for(cloud, view, id, disk.size_bytes_of(record)))
    return tuple(each for each in wanted if each is not None)


def creation(cloud: Cloud, view: Reader, machine: Resource, before: Condition) -> PowerOn:
    """What a plan needs that makes the machine real, for the first time or once more."""
    fresh = fresh_volumes(cloud, view, machine)
    blobs = machine_blobs.makings(cloud, view, machine)
    return PowerOn(str(machine.id), fresh, before, image_of(machine), blobs)


def in_line(cloud: Cloud, tx: Writer, accepted: Operation, image: str | None = None) -> Operation:
    """It stands in its lines from the moment it is accepted: machines boot in that order, whichever operation a worker
    happens to look at first. Who waits for an image's turn does not stand in the way of those that boot."""
    if deployments.stand(cloud, tx, accepted.id, image):
        boots.stand(tx, accepted.id)
    return accepted


def await_turn(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> Wait | None:
    _check_wanted(tx, job)
    image = job.params.image
    if image is not None and not deployments.stand(cloud, tx, job.id, image):
        return deployments.wait_for_turn(cloud, job, image, job.params.machine)
    boots.stand(tx, job.id)
    return None


def leave_turn(_cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    deployments.leave(tx, job.id, job.params.image)
    boots.leave(tx, job.id)


def take_place(cloud: Cloud, tx: Writer, job: Job[P]) -> Wait | None:
    return boots.take(tx, job, cloud.rules.boots_at_once)


def leave_place(_cloud: Cloud, tx: Writer, job: Job[P]) -> None:
    boots.leave(tx, job.id)


def take_place_in_turn(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> Wait | None:
    """Only after those of the same image that were accepted earlier: they would wait for each other otherwise."""
    _check_wanted(tx, job)
    return deployments.wait_to_start(tx, job, job.params.image) or take_place(cloud, tx, job)


def _check_wanted(view: Reader, job: Job[PowerOn]) -> None:
    """A machine that is to be deleted is not made any further. Raises ApiError."""
    if flag_at(machine_in(view, job.params.machine).internal, LEAVING) is True:
        raise errors.preempted()


def make_volumes(cloud: Cloud, job: Job[PowerOn]) -> None:
    volume.make(cloud, job.params.fresh)
    machine_blobs.make(cloud, job.params.blobs, partial(operation.speaker, cloud, job.id))


def drop_volumes(cloud: Cloud, job: Job[PowerOn]) -> None:
    volume.unmake(cloud, job.params.fresh)
    machine_blobs.unmake(cloud, job.params.blobs)


def adopt_volumes(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    tx.progress(job.id, {})  # no bytes move any more
    volume.adopt(tx, job.params.fresh)
    machine_blobs.adopt(cloud, tx, machine_in(tx, job.params.machine), job.params.blobs)
    for each in job.params.fresh:
        record = tx.resource(ResourceId.parse(each.disk))
        if record is not None:
            tx.put(with_properties(record, {"provisioningState": "Succeeded"}))


def disown_volumes(_cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    volume.disown(tx, job.params.fresh)
    machine_blobs.disown(tx, job.params.blobs)


def make_media(cloud: Cloud, job: Job[PowerOn]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    if awaits_provisioning(machine):
        cloud.media.make(vm_id_of(machine), _provisioning(cloud, machine))


def drop_media(cloud: Cloud, job: Job[PowerOn]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    cloud.media.delete(vm_id_of(machine))


def plug_in(cloud: Cloud, job: Job[PowerOn]) -> None:
    machine_links.plug_in(cloud, job.params.machine)


def unplug(cloud: Cloud, job: Job[PowerOn]) -> None:
    machine_links.unplug(cloud, job.params.machine)


def ready_to_run(cloud: Cloud, id: str) -> Machine:
    """The machine as its record has it now, plugged in. A guest that has not set itself up yet finds its DVD."""
    with cloud.records.read() as view:
        machine = machine_in(view, id)
        hardware = hardware_of(machine, view, cloud.rules)
    media = cloud.media.make(vm_id_of(machine), _provisioning(cloud, machine)) if awaits_provisioning(machine) else None
    links = tuple(machine_links.plug_in(cloud, id))
    return replace(hardware, links=links, media=media)


def power_on(cloud: Cloud, job: Job[P]) -> None:
    cloud.hypervisor.start(ready_to_run(cloud, job.params.machine))


def power_on_in_turn(cloud: Cloud, job: Job[PowerOn]) -> Wait | None:
    """Switch on a machine of an image after all that were accepted earlier; one that runs is left alone."""
    with cloud.records.read() as view:
        wait = deployments.wait_to_start(view, job, job.params.image)
    if wait is not None:
        return wait
    machine = ready_to_run(cloud, job.params.machine)
    deployments.starts_now(cloud, job.id, job.params.image)
    cloud.hypervisor.start(machine)
    return None


def power_off_again(cloud: Cloud, job: Job[P]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    cloud.hypervisor.stop(vm_id_of(machine), grace_seconds=0)


def power_off_and_forget(cloud: Cloud, job: Job[PowerOn]) -> None:
    power_off_again(cloud, job)
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    cloud.hypervisor.forget(vm_id_of(machine))


def announce_power_on(cloud: Cloud, tx: Writer, job: Job[P]) -> None:
    """What a guest says from here on is about this boot. Before the power comes on, for a guest may be quick."""
    machine = machine_in(tx, job.params.machine)
    incarnation = machine.internal.get("incarnation")
    tx.put(
        with_internal(
            machine,
            {
                "poweredOnAt": cloud.clock.now().isoformat(),
                "incarnation": (incarnation if isinstance(incarnation, int) else 0) + 1,
                "reports": {},
                "agent": None,
            },
        )
    )


def take_announcement_back(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    """What ran before under that name does not run any more: the machine is in the condition it was in before that."""
    machine = with_condition(machine_in(tx, job.params.machine), job.params.before, cloud.clock.now())
    tx.put(with_internal(machine, {"poweredOnAt": None}))


def now_running(cloud: Cloud, tx: Writer, job: Job[P]) -> None:
    machine = machine_in(tx, job.params.machine)
    tx.put(with_condition(machine, Condition.RUNNING, cloud.clock.now()))
    move_disks(cloud, tx, machine, DiskEvent.ALLOCATE)


def not_running(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    machine = machine_in(tx, job.params.machine)
    tx.put(with_condition(machine, job.params.before, cloud.clock.now()))
    if job.params.before.is_deallocated:
        move_disks(cloud, tx, machine, DiskEvent.DEALLOCATE)


def await_guest(cloud: Cloud, job: Job[PowerOn]) -> Wait | None:
    with cloud.records.read() as view:
        try:
            _check_wanted(view, job)
        except ApiError as preempted:
            raise Ended(preempted) from preempted
        machine = machine_in(view, job.params.machine)
    if job.params.blobs:
        machine_blobs.drop_sources(cloud, machine.id, job.params.blobs)
    return provisioning.await_guest(cloud, job.params.machine) if awaits_provisioning(machine) else None


def settle_created(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    tx.put(provisioning.settle_provisioned(machine_in(tx, job.params.machine), cloud.clock.now()))


def create_failed(cloud: Cloud, tx: Writer, job: Job[PowerOn], error: ApiError) -> None:
    """The machine stays, in ``Failed``: Azure leaves it to its owner to look at or delete."""
    machine = machine_in(tx, job.params.machine)
    failed = with_internal(machine, {"failure": {"code": error.code, "message": error.message}})
    tx.put(with_properties(_changed(failed, cloud.clock.now()), {"provisioningState": "Failed"}))
    for each in job.params.fresh:
        record = tx.resource(ResourceId.parse(each.disk))
        if record is not None and record.properties.get("provisioningState") == "Updating":
            tx.put(with_properties(record, {"provisioningState": "Failed"}))


def _changed(machine: Resource, now: datetime) -> Resource:
    return with_internal(machine, {"changedAt": now.isoformat()})
