"""Switching machines on and off: the plans behind create, start, restart, power off, deallocate and delete.

The way up: take a place among those that boot, make every disk writable, plug the NICs in, power on, wait for the
guest. Each step names what it makes before it makes it, so a service that dies anywhere goes on or takes back what it
began.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from calco.model import errors
from calco.model.disk import DiskEvent
from calco.model.document import flag_at, object_at, text_at
from calco.model.errors import ApiError
from calco.model.guest import Provisioning, PublicKey
from calco.model.ids import ResourceId
from calco.model.machine import Link, MachineState
from calco.model.subnet import Port, Subnet
from calco.model.virtual_machine import Condition
from calco.model.volume import VolumeId
from calco.operations.plan import Act, Change, Job, Plan, Wait, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import disk, network_interface, volume
from calco.work.cloud import Cloud
from calco.work.common import with_internal, with_properties
from calco.work.machine_state import (
    condition_of,
    disks_of,
    hardware_of,
    is_provisioned,
    nics_of,
    secrets_of,
    vm_id_of,
    with_condition,
)
from calco.work.provisioning import await_guest, settle_provisioned

BOOT_QUEUE = "boot"
LOOK_AGAIN_SECONDS = 30.0
"""Who stands in line is woken when a place is free; this is for wake-ups that were lost."""


@dataclass(frozen=True)
class PowerOn:
    """A machine to be switched on, and the volumes its disks need before that. ``before`` is the condition it goes back
    to when that fails."""

    machine: str
    fresh: tuple[volume.Fresh, ...]
    before: Condition


@dataclass(frozen=True)
class PowerOff:
    """A machine to be switched off; ``grace_seconds`` is how long its guest may take to do so itself."""

    machine: str
    condition: Condition
    grace_seconds: float


@dataclass(frozen=True)
class Removal:
    """A machine to be deleted. ``disks`` and ``nics`` go with it (their deleteOption says so), the others are detached;
    ``files`` are all volumes that may turn out to be used by nobody then."""

    machine: str
    vm_id: str
    disks: tuple[str, ...]
    nics: tuple[str, ...]
    files: tuple[VolumeId, ...]


P = TypeVar("P", PowerOn, PowerOff)
Q = TypeVar("Q", PowerOff, Removal)

# --- reading ---------------------------------------------------------------------------------------------------------


def machine_in(view: Reader, id: str) -> Resource:
    """The machine an operation is about. It claims the machine, so it is there."""
    machine = view.resource(ResourceId.parse(id))
    if machine is None:
        raise errors.resource_not_found(ResourceId.parse(id))
    return machine


def nics_in(view: Reader, machine: Resource) -> list[Resource]:
    """The machine's NICs; those that are gone are left out."""
    return [nic for id in nics_of(machine) if (nic := view.resource(id)) is not None]


@dataclass(frozen=True)
class Plug:
    """One NIC on its way into its network: the network's subnets, the NIC's place, its public address if it has one."""

    port: Port
    subnets: Sequence[Subnet]
    public: str | None


def plugs_of(view: Reader, machine: Resource) -> list[Plug]:
    """Where the machine's NICs belong, the primary one first."""
    return [
        Plug(
            network_interface.port_of(view, nic),
            network_interface.network_of(view, nic)[1],
            network_interface.public_address_of(view, nic),
        )
        for nic in nics_in(view, machine)
    ]


def _provisioning(machine: Resource) -> Provisioning:
    secrets = secrets_of(machine)
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


# --- the way up ------------------------------------------------------------------------------------------------------


def _take_place(cloud: Cloud, tx: Writer, job: Job[P]) -> Wait | None:
    if tx.take_place(BOOT_QUEUE, job.id, cloud.rules.boots_at_once):
        return None
    return Wait(LOOK_AGAIN_SECONDS, BOOT_QUEUE)


def _leave_place(_cloud: Cloud, tx: Writer, job: Job[P]) -> None:
    tx.leave_place(BOOT_QUEUE, job.id)


def _make_volumes(cloud: Cloud, job: Job[PowerOn]) -> None:
    volume.make(cloud, job.params.fresh)


def _drop_volumes(cloud: Cloud, job: Job[PowerOn]) -> None:
    volume.unmake(cloud, job.params.fresh)


def _adopt_volumes(_cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    volume.adopt(tx, job.params.fresh)
    for each in job.params.fresh:
        record = tx.resource(ResourceId.parse(each.disk))
        if record is not None:
            tx.put(with_properties(record, {"provisioningState": "Succeeded"}))


def _disown_volumes(_cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    volume.disown(tx, job.params.fresh)


def _make_media(cloud: Cloud, job: Job[PowerOn]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    cloud.media.make(vm_id_of(machine), _provisioning(machine))


def _drop_media(cloud: Cloud, job: Job[PowerOn]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    cloud.media.delete(vm_id_of(machine))


def plug_in(cloud: Cloud, id: str) -> list[Link]:
    """Open the machine's networks and give its NICs their places; may be repeated, and answers the same then."""
    with cloud.records.read() as view:
        plugs = plugs_of(view, machine_in(view, id))
    links = []
    for each in plugs:
        cloud.networks.open(each.port.network, each.subnets)
        links.append(cloud.networks.plug(each.port))
        if each.public is not None:
            cloud.networks.publish(each.port, each.public, cloud.rules.public_ports)
    return links


def unplug(cloud: Cloud, id: str) -> None:
    """Take the machine's NICs out of their networks; may be repeated."""
    with cloud.records.read() as view:
        plugs = plugs_of(view, machine_in(view, id))
    for each in plugs:
        if each.public is not None:
            cloud.networks.unpublish(each.public)
        cloud.networks.unplug(each.port)


def _plug_in(cloud: Cloud, job: Job[PowerOn]) -> None:
    plug_in(cloud, job.params.machine)


def _unplug(cloud: Cloud, job: Job[PowerOn]) -> None:
    unplug(cloud, job.params.machine)


def switch_on(cloud: Cloud, id: str) -> None:
    """Power the machine on as its record has it now; one that runs is left alone. A guest that has not set itself up
    yet finds its DVD."""
    with cloud.records.read() as view:
        machine = machine_in(view, id)
        hardware = hardware_of(machine, view, cloud.rules)
    media = None if is_provisioned(machine) else cloud.media.make(vm_id_of(machine), _provisioning(machine))
    links = tuple(plug_in(cloud, id))
    cloud.hypervisor.start(replace(hardware, links=links, media=media))


def _power_on(cloud: Cloud, job: Job[P]) -> None:
    switch_on(cloud, job.params.machine)


def _power_off_again(cloud: Cloud, job: Job[P]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    cloud.hypervisor.stop(vm_id_of(machine), grace_seconds=0)


def _power_off_and_forget(cloud: Cloud, job: Job[PowerOn]) -> None:
    _power_off_again(cloud, job)
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    cloud.hypervisor.forget(vm_id_of(machine))


def _announce_power_on(cloud: Cloud, tx: Writer, job: Job[P]) -> None:
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


def _take_announcement_back(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    """What ran before under that name does not run any more: the machine is in the condition it was in before that."""
    machine = with_condition(machine_in(tx, job.params.machine), job.params.before, cloud.clock.now())
    tx.put(with_internal(machine, {"poweredOnAt": None}))


def _now_running(cloud: Cloud, tx: Writer, job: Job[P]) -> None:
    machine = machine_in(tx, job.params.machine)
    tx.put(with_condition(machine, Condition.RUNNING, cloud.clock.now()))
    _move_disks(tx, machine, DiskEvent.ALLOCATE)


def _not_running(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    machine = machine_in(tx, job.params.machine)
    tx.put(with_condition(machine, job.params.before, cloud.clock.now()))
    if job.params.before.is_deallocated:
        _move_disks(tx, machine, DiskEvent.DEALLOCATE)


def _move_disks(tx: Writer, machine: Resource, event: DiskEvent) -> None:
    for id in disks_of(machine).values():
        record = tx.resource(id)
        if record is not None:
            tx.put(disk.moved(record, event))


def _await_guest(cloud: Cloud, job: Job[PowerOn]) -> Wait | None:
    return await_guest(cloud, job.params.machine)


def _settle_created(cloud: Cloud, tx: Writer, job: Job[PowerOn]) -> None:
    tx.put(settle_provisioned(machine_in(tx, job.params.machine), cloud.clock.now()))


def _create_failed(cloud: Cloud, tx: Writer, job: Job[PowerOn], error: ApiError) -> None:
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


_WRITABLE: Sequence[Change[Cloud, PowerOn] | Act[Cloud, PowerOn]] = (
    Change("take a place", _take_place, _leave_place),
    Act("make volumes", _make_volumes, _drop_volumes),
    Change("adopt volumes", _adopt_volumes, _disown_volumes),
)

CREATE: Plan[Cloud, PowerOn] = Plan(
    "machine.create",
    PowerOn,
    (
        *_WRITABLE,
        Act("make media", _make_media, _drop_media),
        Act("plug in", _plug_in, _unplug),
        Change("announce power on", _announce_power_on, _take_announcement_back),
        Act("power on", _power_on, _power_off_and_forget),
        Change("running", _now_running, _not_running),
        # A machine that runs is not taken back because nobody could look at it for a moment.
        Act("await guest", _await_guest, nothing, insist=True),
        Change("settle", _settle_created, no_change),
    ),
    failed=_create_failed,
)
START: Plan[Cloud, PowerOn] = Plan(
    "machine.start",
    PowerOn,
    (
        *_WRITABLE,
        Act("plug in", _plug_in, _unplug),
        Change("announce power on", _announce_power_on, _take_announcement_back),
        Act("power on", _power_on, _power_off_and_forget),
        Change("running", _now_running, _not_running),
    ),
)


# --- the way down ----------------------------------------------------------------------------------------------------


def switch_off(cloud: Cloud, machine: Resource, grace_seconds: float) -> None:
    """Power the machine off and make sure that what it wrote is on disk; may be repeated."""
    cloud.hypervisor.stop(vm_id_of(machine), grace_seconds=grace_seconds)
    with cloud.records.read() as view:
        written = _volumes(view, disks_of(machine).values())
    for each in written:
        cloud.disks.sync(each)


def _volumes(view: Reader, disks: Iterable[ResourceId]) -> list[VolumeId]:
    return [held for each in disks for held in view.held(each).values()]


def _power_off(cloud: Cloud, job: Job[PowerOff]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    switch_off(cloud, machine, job.params.grace_seconds)
    # The password and the user data on the DVD have been read, or never will be.
    cloud.media.delete(vm_id_of(machine))


def _deallocate(cloud: Cloud, job: Job[PowerOff]) -> None:
    _power_off(cloud, job)
    unplug(cloud, job.params.machine)


def _note_loss(cloud: Cloud, job: Job[Q]) -> None:
    """Power that is gone does not come back by undoing: a machine whose process has ended is stopped, and says so."""
    with cloud.records.read() as view:
        machine = machine_in(view, job.params.machine)
    if cloud.hypervisor.state(vm_id_of(machine)) is not MachineState.ABSENT:
        return
    with cloud.records.write() as tx:
        machine = machine_in(tx, job.params.machine)
        if condition_of(machine) is Condition.RUNNING:
            tx.put(with_condition(machine, Condition.STOPPED, cloud.clock.now()))


def _now_off(cloud: Cloud, tx: Writer, job: Job[PowerOff]) -> None:
    machine = machine_in(tx, job.params.machine)
    tx.put(with_condition(machine, job.params.condition, cloud.clock.now()))
    if job.params.condition.is_deallocated:
        _move_disks(tx, machine, DiskEvent.DEALLOCATE)


POWER_OFF: Plan[Cloud, PowerOff] = Plan(
    "machine.powerOff",
    PowerOff,
    (Act("power off", _power_off, _note_loss), Change("stopped", _now_off, no_change)),
)
DEALLOCATE: Plan[Cloud, PowerOff] = Plan(
    "machine.deallocate",
    PowerOff,
    (Act("power off and unplug", _deallocate, _note_loss), Change("deallocated", _now_off, no_change)),
)
RESTART: Plan[Cloud, PowerOff] = Plan(
    "machine.restart",
    PowerOff,
    (
        Change("take a place", _take_place, _leave_place),
        Act("power off", _power_off, _note_loss),
        Change("announce power on", _announce_power_on, no_change),
        Act("power on", _power_on, _power_off_again),
        Change("running", _now_running, no_change),
    ),
)


# --- away ------------------------------------------------------------------------------------------------------------


def _switch_off_for_good(cloud: Cloud, job: Job[Removal]) -> None:
    cloud.hypervisor.stop(job.params.vm_id, grace_seconds=0)
    unplug(cloud, job.params.machine)
    cloud.media.delete(job.params.vm_id)
    cloud.hypervisor.forget(job.params.vm_id)


def _forget(_cloud: Cloud, tx: Writer, job: Job[Removal]) -> None:
    machine = machine_in(tx, job.params.machine)
    leaving = {ResourceId.parse(each).key for each in (*job.params.disks, *job.params.nics)}
    for id in (*disks_of(machine).values(), *nics_of(machine)):
        record = tx.resource(id)
        if record is None:
            continue
        if id.kind == disk.KIND.lower():
            _let_disk_go(tx, record, leaves=id.key in leaving)
        elif id.key in leaving:
            network_interface.forget(tx, record)
        else:
            tx.put(network_interface.detached(record))
    tx.delete(machine.id)
    volume.forget_unused(tx, job.params.files)


def _delete_failed(_cloud: Cloud, tx: Writer, job: Job[Removal], _error: ApiError) -> None:
    """The machine is switched off and still there; deleting it again goes on."""
    machine = tx.resource(ResourceId.parse(job.params.machine))
    if machine is not None:
        tx.put(with_properties(machine, {"provisioningState": "Failed"}))


def _let_disk_go(tx: Writer, record: Resource, *, leaves: bool) -> None:
    if leaves:
        tx.delete(record.id)
    else:
        tx.put(disk.moved(record, DiskEvent.DETACH))


def _drop_files(cloud: Cloud, job: Job[Removal]) -> None:
    volume.drop_files(cloud, job.params.files)


def removal_of(view: Reader, machine: Resource) -> Removal:
    """What goes with the machine: the disks and NICs whose ``deleteOption`` is ``Delete``."""
    profile = object_at(machine.properties, "storageProfile")
    data = profile.get("dataDisks")
    disks = [
        id
        for each in [object_at(profile, "osDisk"), *(data if isinstance(data, list) else [])]
        if text_at(each, "deleteOption") == "Delete" and (id := text_at(each, "managedDisk", "id")) is not None
    ]
    nics = object_at(machine.properties, "networkProfile").get("networkInterfaces")
    leaving = [
        id
        for each in (nics if isinstance(nics, list) else [])
        if text_at(each, "properties", "deleteOption") == "Delete" and (id := text_at(each, "id")) is not None
    ]
    files = volume.chain(view, _volumes(view, [ResourceId.parse(each) for each in disks]))
    return Removal(str(machine.id), vm_id_of(machine), tuple(disks), tuple(leaving), tuple(files))


DELETE: Plan[Cloud, Removal] = Plan(
    "machine.delete",
    Removal,
    (
        Act("power off", _switch_off_for_good, _note_loss),
        Change("forget", _forget, no_change),
        Act("drop files", _drop_files, nothing, insist=True),
    ),
    failed=_delete_failed,
)


def fresh_volumes(cloud: Cloud, view: Reader, machine: Resource) -> tuple[volume.Fresh, ...]:
    """What the machine's disks need before they may be written to."""
    wanted = []
    for id in disks_of(machine).values():
        record = view.resource(id)
        if record is not None:
            wanted.append(volume.fresh_for(cloud, view, id, disk.size_bytes_of(record)))
    return tuple(each for each in wanted if each is not None)


def is_running(machine: Resource) -> bool:
    return condition_of(machine) is Condition.RUNNING
