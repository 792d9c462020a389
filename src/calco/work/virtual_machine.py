"""Virtual machines: what may be asked of them, in Azure's words where it may not. Making and changing them have files
of their own, the slow part is ``power``'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from calco.model import errors
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.operation import Claim, Family, Operation
from calco.model.virtual_machine import Act, Condition, NewVirtualMachine, Urn, after
from calco.model.vm_size import VmSize, find
from calco.model.volume import VolumeId
from calco.ports import Reader, Resource, Writer
from calco.work import (
    access,
    catalogue,
    inspection,
    machine_create,
    machine_delete,
    machine_secrets,
    machine_update,
    power,
    power_up,
    volume,
)
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    existing_here,
    found,
    hand_over,
    listed,
    normal_location,
    settled,
    told,
    with_internal,
    with_properties,
)
from calco.work.machine_create import Setting
from calco.work.machine_state import (
    LEAVING,
    claims_of,
    condition_of,
    disks_of,
    is_provisioned,
    is_running,
    vm_id_of,
    with_condition,
)
from calco.work.power_down import PowerOff
from calco.work.power_up import in_line

KIND = "Microsoft.Compute/virtualMachines"


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return found(view, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    with cloud.records.read() as view:
        return listed(view, KIND, group)


def put(cloud: Cloud, wanted: NewVirtualMachine) -> Accepted:
    """Create a machine, or change one that is there."""
    location = normal_location(cloud, wanted.location, KIND)
    size = _size(wanted)
    if isinstance(wanted.image, Urn):
        wanted = replace(wanted, image=catalogue.resolve(cloud, wanted.image))
    base: VolumeId | None = None
    try:
        while (accepted := _put(cloud, wanted, Setting(location, size, base))) is None:
            assert isinstance(wanted.image, Urn)
            base = volume.base_of(cloud, wanted.image)
    except Exception:
        if base is not None:
            volume.drop_unused(cloud, base)
        raise
    return told(cloud, accepted)


def _put(cloud: Cloud, wanted: NewVirtualMachine, setting: Setting) -> Accepted | None:
    """None: the platform image has to be brought in first, which may copy a file and so is not done in here. Its last
    user may take it away again before the next look."""
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, setting.location)
        if there is not None:
            return machine_update.update(cloud, tx, there, wanted, setting.size)
        if isinstance(wanted.image, Urn) and (setting.base is None or tx.volume(setting.base) is None):
            return None
        return machine_create.create(cloud, tx, wanted, setting)


def update(cloud: Cloud, wanted: NewVirtualMachine) -> Accepted:
    """Change a machine that is there."""
    size = _size(wanted)
    with cloud.records.write() as tx:
        accepted = machine_update.update(cloud, tx, found(tx, wanted.id), wanted, size)
    return told(cloud, accepted)


def _size(wanted: NewVirtualMachine) -> VmSize:
    size = find(wanted.size)
    if size is None:
        raise errors.invalid(
            "vmSize", f"The size '{wanted.size[:100]}' is not known here; Standard_B1s is, for example."
        )
    return size


def patch(cloud: Cloud, id: ResourceId, tags: Mapping[str, str] | None) -> Accepted:
    """Change the tags."""
    with cloud.records.write() as tx:
        machine = found(tx, id)
        accepted = machine_update.settle_change(cloud, tx, machine if tags is None else replace(machine, tags=tags))
    return told(cloud, accepted)


def act(cloud: Cloud, id: ResourceId, what: Act, *, skip_shutdown: bool = False) -> Accepted:
    """Start, restart, power off, deallocate or generalize. Refused acts change nothing.

    A machine that was never provisioned is provisioned by its next start. A generalized one never starts, so what only
    its guest might have read is forgotten. And its disk is looked at, for a capture is next: that is waited for, some
    0.3 s where Azure takes as long, and changes nothing of the answer.
    """
    accepted = _act(cloud, id, what, skip_shutdown=skip_shutdown)
    if what is Act.GENERALIZE:
        inspection.look_ahead(cloud, id)
    return accepted


def _act(cloud: Cloud, id: ResourceId, what: Act, *, skip_shutdown: bool) -> Accepted:
    with cloud.records.write() as tx:
        machine = found(tx, id)
        check_free(tx, (Claim(id),), lambda _: errors.machine_busy(what, machine.id.name))
        condition = after(condition_of(machine), what, machine.id.name)
        if what is Act.GENERALIZE:
            marked = machine_secrets.without(with_condition(machine, condition, cloud.clock.now()))
            tx.put(marked)
            return Accepted(marked, None)
        if what is Act.START and _runs(cloud, machine):
            return Accepted(machine, settled(cloud, tx, machine, Family.COMPUTE))
        accepted = _hand_over_act(cloud, tx, machine, what, condition, skip_shutdown=skip_shutdown)
    return told(cloud, accepted)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete a machine in any condition; None when there is none. One that is being made is not made any further."""
    with cloud.records.write() as tx:
        machine = tx.resource(id)
        if machine is None:
            return None
        leaving = with_properties(machine, {"provisioningState": "Deleting"})
        claims = claims_of(machine)
        creation = _creation_under_way(tx, machine, claims)
        if creation is None:
            check_free(tx, claims, lambda _: errors.machine_busy(Act.DELETE, machine.id.name))
        else:
            leaving = with_internal(leaving, {LEAVING: True})
        tx.put(leaving)
        removal = machine_delete.removal_of(tx, machine, creation)
        operation = hand_over(cloud, tx, machine_delete.DELETE, removal, subject=leaving, claims=claims)
    accepted = told(cloud, Accepted(None, operation))
    if creation is not None:
        cloud.wake(creation.id)
    return accepted


def _creation_under_way(view: Reader, machine: Resource, claims: Sequence[Claim]) -> Operation | None:
    """The machine's creation, when nothing else is at it: a deletion does not wait for its end but brings it about."""
    busy = {each for claim in claims for each in view.claims(claim.resource)}
    found = view.operation(busy.pop()) if len(busy) == 1 else None
    if found is None or found.plan != power.CREATE.name or found.subject.key != machine.id.key:
        return None
    return found


def _hand_over_act(
    cloud: Cloud, tx: Writer, machine: Resource, what: Act, condition: Condition, *, skip_shutdown: bool
) -> Accepted:
    claims = claims_of(machine)
    check_free(tx, claims)
    if what is Act.START:
        access.check_no_access(tx, disks_of(machine).values(), cloud.clock.now())
    start = partial(hand_over, cloud, tx, subject=machine, claims=claims)
    if what is Act.START:
        # Whatever stands under its name does not run: if starting fails, nothing does.
        before = Condition.STOPPED if condition_of(machine) is Condition.RUNNING else condition_of(machine)
        params = power_up.creation(cloud, tx, machine, before)
        if is_provisioned(machine):
            operation = in_line(cloud, tx, start(power.START, replace(params, image=None)))
        else:
            tx.put(with_properties(machine, {"provisioningState": "Updating"}))
            operation = in_line(cloud, tx, start(power.CREATE, params), params.image)
    else:
        grace = 0.0 if skip_shutdown else cloud.rules.power_off_grace_seconds
        plan = {Act.RESTART: power.RESTART, Act.POWER_OFF: power.POWER_OFF, Act.DEALLOCATE: power.DEALLOCATE}[what]
        operation = start(plan, PowerOff(str(machine.id), condition, grace))
        if what is Act.RESTART:
            in_line(cloud, tx, operation)
    return Accepted(machine, operation)


def _runs(cloud: Cloud, machine: Resource) -> bool:
    return is_running(machine) and cloud.hypervisor.state(vm_id_of(machine)) is MachineState.RUNNING
