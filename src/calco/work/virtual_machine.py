"""Virtual machines: what may be made and done, in Azure's words where it may not. The slow part is ``power``'s."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import msgspec

from calco.model import errors, os_profile
from calco.model.document import Document, Json, object_at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import Generation, MachineState
from calco.model.operation import Claim, Family, Operation
from calco.model.virtual_machine import Act, Condition, NewVirtualMachine, NicWish, OsProfile, Urn, after
from calco.model.vm_size import VmSize, find
from calco.model.volume import VolumeId
from calco.operations.plan import Change, Job, Plan, no_change
from calco.ports import Resource, Writer
from calco.work import disk, machine_disks, network_interface, power, volume
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
    with_properties,
)
from calco.work.machine_disks import DiskPlan, Order
from calco.work.machine_state import (
    RENEWS_MACHINE_ID,
    condition_of,
    disks_of,
    is_provisioned,
    nics_of,
    vm_id_of,
    with_condition,
)
from calco.work.provisioning import without_secrets

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
    size = find(wanted.size)
    if size is None:
        raise errors.invalid(
            "vmSize", f"The size '{wanted.size[:100]}' is not known here; Standard_B1s is, for example."
        )
    base: VolumeId | None = None
    try:
        while (accepted := _put(cloud, wanted, _Setting(location, size, base))) is None:
            assert isinstance(wanted.image, Urn)
            base = volume.base_of(cloud, wanted.image)
    except ApiError:
        if base is not None:
            volume.drop_unused(cloud, base)
        raise
    return told(cloud, accepted)


def _put(cloud: Cloud, wanted: NewVirtualMachine, setting: "_Setting") -> Accepted | None:
    """None: the platform image has to be brought in first, which may copy a file and so is not done in here. Its last
    user may take it away again before the next look."""
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, setting.location)
        if there is not None:
            return _update(cloud, tx, there, wanted, setting.size)
        if isinstance(wanted.image, Urn) and (setting.base is None or tx.volume(setting.base) is None):
            return None
        return _create(cloud, tx, wanted, setting)


def patch(cloud: Cloud, id: ResourceId, tags: Mapping[str, str] | None) -> Accepted:
    """Change the tags."""
    with cloud.records.write() as tx:
        machine = found(tx, id)
        accepted = _settle_change(cloud, tx, machine if tags is None else replace(machine, tags=tags))
    return told(cloud, accepted)


def act(cloud: Cloud, id: ResourceId, what: Act, *, skip_shutdown: bool = False) -> Accepted:
    """Start, restart, power off, deallocate or generalize. Refused acts change nothing.

    A machine that was never provisioned is provisioned by its next start. A generalized one never starts, so what only
    its guest might have read is forgotten.
    """
    with cloud.records.write() as tx:
        machine = found(tx, id)
        check_free(tx, (Claim(id),), lambda _: errors.machine_busy(what, machine.id.name))
        condition = after(condition_of(machine), what, machine.id.name)
        if what is Act.GENERALIZE:
            marked = without_secrets(with_condition(machine, condition, cloud.clock.now()))
            tx.put(marked)
            return Accepted(marked, None)
        if what is Act.START and _runs(cloud, machine):
            return Accepted(machine, settled(cloud, tx, machine, Family.COMPUTE))
        accepted = _hand_over_act(cloud, tx, machine, what, condition, skip_shutdown=skip_shutdown)
    return told(cloud, accepted)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete a machine in any condition; None when there is none."""
    with cloud.records.write() as tx:
        machine = tx.resource(id)
        if machine is None:
            return None
        leaving = with_properties(machine, {"provisioningState": "Deleting"})
        claims = _claims(machine)
        check_free(tx, claims, lambda _: errors.machine_busy(Act.DELETE, machine.id.name))
        tx.put(leaving)
        operation = hand_over(cloud, tx, power.DELETE, power.removal_of(tx, machine), subject=leaving, claims=claims)
    return told(cloud, Accepted(None, operation))


def _claims(machine: Resource) -> tuple[Claim, ...]:
    return (Claim(machine.id), *(Claim(each) for each in disks_of(machine).values()))


def _hand_over_act(
    cloud: Cloud, tx: Writer, machine: Resource, what: Act, condition: Condition, *, skip_shutdown: bool
) -> Accepted:
    claims = _claims(machine)
    check_free(tx, claims)
    start = partial(hand_over, cloud, tx, subject=machine, claims=claims)
    if what is Act.START:
        # Whatever stands under its name does not run: if starting fails, nothing does.
        before = Condition.STOPPED if condition_of(machine) is Condition.RUNNING else condition_of(machine)
        params = power.PowerOn(str(machine.id), power.fresh_volumes(cloud, tx, machine), before)
        if not is_provisioned(machine):
            tx.put(with_properties(machine, {"provisioningState": "Updating"}))
        operation = _in_line(cloud, tx, start(power.START if is_provisioned(machine) else power.CREATE, params))
    else:
        grace = 0.0 if skip_shutdown else cloud.rules.power_off_grace_seconds
        plan = {Act.RESTART: power.RESTART, Act.POWER_OFF: power.POWER_OFF, Act.DEALLOCATE: power.DEALLOCATE}[what]
        operation = start(plan, power.PowerOff(str(machine.id), condition, grace))
        if what is Act.RESTART:
            _in_line(cloud, tx, operation)
    return Accepted(machine, operation)


def _in_line(cloud: Cloud, tx: Writer, operation: Operation) -> Operation:
    """It stands in the line of those that boot from the moment it is accepted: machines boot in that order, whichever
    operation a worker happens to look at first."""
    tx.take_place(power.BOOT_QUEUE, operation.id, cloud.rules.boots_at_once)
    return operation


def _runs(cloud: Cloud, machine: Resource) -> bool:
    return power.is_running(machine) and cloud.hypervisor.state(vm_id_of(machine)) is MachineState.RUNNING


# --- create ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Setting:
    """What was found out about the request before the records were opened for writing."""

    location: str
    size: VmSize
    base: VolumeId | None


def _create(cloud: Cloud, tx: Writer, wanted: NewVirtualMachine, setting: _Setting) -> Accepted:
    source = machine_disks.source_of(cloud, tx, wanted, setting.base, setting.location)
    if source.generation not in setting.size.generations:
        raise errors.wrong_generation(setting.size.name, source.generation)
    if wanted.os_profile is None:
        raise ApiError(400, "InvalidParameter", "Required parameter 'osProfile' is missing (null).", "osProfile")
    os_profile.check(wanted.os_profile)
    order = machine_disks.Order(wanted, source, setting.size, setting.location)
    disks = machine_disks.plan(cloud, tx, order)
    nics = _nics(cloud, tx, wanted, setting.location)
    machine = _record(cloud, order, disks, nics)
    claims = (
        *_claims(machine),
        *(Claim(nic) for nic in nics_of(machine)),
        *(Claim(image, sole=False) for image in [wanted.image] if isinstance(image, ResourceId)),
    )
    check_free(tx, claims)
    tx.put(machine)
    for position, id in enumerate(nics_of(machine)):
        tx.put(network_interface.attached(found(tx, id), machine.id, primary=position == 0))
    for each in disks:
        tx.put(each.record)
        if each.volume is not None:
            tx.hold(each.record.id, volume.DISK_SLOT, each.volume)
    params = power.PowerOn(str(machine.id), power.fresh_volumes(cloud, tx, machine), Condition.DEALLOCATED)
    operation = _in_line(cloud, tx, hand_over(cloud, tx, power.CREATE, params, subject=machine, claims=claims))
    return Accepted(machine, operation, created=True)


def _nics(cloud: Cloud, tx: Writer, wanted: NewVirtualMachine, location: str) -> Sequence[Document]:
    """``networkInterfaces`` as the machine will show them; inline ones are made."""
    if not wanted.nics:
        raise errors.missing("networkProfile.networkInterfaces")
    names = [wish.nic.key for wish in wanted.nics if wish.nic is not None]
    if len(set(names)) < len(names):
        raise errors.invalid("networkProfile.networkInterfaces", "A NIC is named twice.")
    shown: Sequence[Document] = []
    for wish in wanted.nics:
        if wish.nic is None:
            id = network_interface.put_inline(cloud, tx, wanted.id, location, wish).id
        else:
            id = _existing_nic(tx, wish.nic, wanted.id, location)
        shown = [*shown, {"id": str(id), **_nic_properties(wish, len(wanted.nics))}]
    return shown


def _existing_nic(tx: Writer, id: ResourceId, machine: ResourceId, location: str) -> ResourceId:
    nic = tx.resource(id)
    if nic is None or nic.id.kind != network_interface.KIND.lower() or nic.location != location:
        raise errors.reference_not_found(id, machine)
    owner = network_interface.machine_of(nic)
    if owner is not None and owner.key != machine.key:
        raise errors.nic_in_use(id, owner)
    return nic.id


def _nic_properties(wish: NicWish, count: int) -> Document:
    properties: Document = {}
    if wish.primary is not None or count == 1:
        properties["primary"] = wish.primary is not False
    if wish.delete_option is not None:
        properties["deleteOption"] = wish.delete_option
    return {"properties": properties} if properties else {}


def _record(cloud: Cloud, order: Order, disks: Sequence[DiskPlan], nics: Sequence[Document]) -> Resource:
    wanted = order.wanted
    profile = object_at(wanted.properties, "storageProfile")
    os_disk = next(each.shown for each in disks if each.lun is None)
    data: Sequence[Json] = [each.shown for each in disks if each.lun is not None]
    network: Document = {
        name: each
        for name, each in object_at(wanted.properties, "networkProfile").items()
        if name not in ("networkInterfaceConfigurations", "networkApiVersion")
    }
    properties: Document = {
        "vmId": cloud.chance.guid(),
        **wanted.properties,
        "storageProfile": {**profile, "osDisk": os_disk, "dataDisks": [*data]},
        "networkProfile": {**network, "networkInterfaces": [*nics]},
        "provisioningState": "Creating",
        "timeCreated": disk.timestamp(cloud.clock.now()),
    }
    internal: Document = {
        "vmId": properties["vmId"],
        "generation": order.source.generation.value,
        "condition": Condition.DEALLOCATED.value,
        "changedAt": cloud.clock.now().isoformat(),
        "provisioned": False,
        RENEWS_MACHINE_ID: order.source.renews_machine_id,
        "secrets": _secrets(wanted.os_profile),
    }
    return Resource(wanted.id, order.location, properties, wanted.tags, internal, wanted.extra)


def _secrets(profile: OsProfile | None) -> Document:
    kept: Document = msgspec.to_builtins(profile)
    return {name: each for name, each in kept.items() if each is not None}


# --- change ----------------------------------------------------------------------------------------------------------

_FIXED: Sequence[tuple[tuple[str, ...], str]] = (
    (("storageProfile", "imageReference", "id"), "imageReference"),
    (("storageProfile", "imageReference", "publisher"), "imageReference"),
    (("storageProfile", "imageReference", "offer"), "imageReference"),
    (("storageProfile", "imageReference", "sku"), "imageReference"),
    (("storageProfile", "osDisk", "createOption"), "osDisk.createOption"),
    (("storageProfile", "osDisk", "name"), "osDisk.name"),
    (("storageProfile", "osDisk", "managedDisk", "id"), "osDisk.managedDisk.id"),
    (("osProfile", "adminUsername"), "osProfile.adminUsername"),
    (("osProfile", "computerName"), "osProfile.computerName"),
    (("priority",), "priority"),
)
"""What a machine keeps for life. Source: recording net-vm-errors-PropertyChangeNotAllowed."""


def _update(cloud: Cloud, tx: Writer, machine: Resource, wanted: NewVirtualMachine, size: VmSize) -> Accepted:
    after(condition_of(machine), Act.UPDATE, machine.id.name)
    for path, name in _FIXED:
        now, then = text_at(machine.properties, *path), text_at(wanted.properties, *path)
        if then is not None and (now or "").lower() != then.lower():
            raise errors.property_change(name)
    _check_same_disks(machine, wanted)
    _check_size(machine, size)
    changed = replace(
        machine,
        tags=machine.tags if wanted.tags is None else wanted.tags,
        properties={
            **wanted.properties,
            **{name: each for name, each in machine.properties.items() if name != "hardwareProfile"},
        },
    )
    if _was_never_on(machine):
        return _create_again(cloud, tx, changed)
    return _settle_change(cloud, tx, changed)


def _was_never_on(machine: Resource) -> bool:
    """Its creation failed and was taken back: nothing is left of it but its record and those of its disks and NICs."""
    return machine.properties.get("provisioningState") == "Failed" and "poweredOnAt" not in machine.internal


def _create_again(cloud: Cloud, tx: Writer, machine: Resource) -> Accepted:
    claims = (*_claims(machine), *(Claim(nic) for nic in nics_of(machine)))
    check_free(tx, claims, lambda _: errors.machine_busy(Act.UPDATE, machine.id.name))
    machine = with_properties(machine, {"provisioningState": "Updating"})
    tx.put(machine)
    params = power.PowerOn(str(machine.id), power.fresh_volumes(cloud, tx, machine), condition_of(machine))
    operation = hand_over(cloud, tx, power.CREATE, params, subject=machine, claims=claims)
    return Accepted(machine, _in_line(cloud, tx, operation))


def _check_size(machine: Resource, size: VmSize) -> None:
    now = text_at(machine.properties, "hardwareProfile", "vmSize") or ""
    if size.name.lower() == now.lower():
        return
    if power.is_running(machine):
        raise errors.refused(
            f"Unable to resize the VM '{machine.id.name}' to '{size.name}' while it is running. Deallocate it first.",
            "vmSize",
        )
    generation = Generation(text_at(machine.internal, "generation") or Generation.V1)
    if generation not in size.generations:
        raise errors.wrong_generation(size.name, generation)
    if len(disks_of(machine)) - 1 > size.max_data_disks:
        raise errors.too_many_disks(size.max_data_disks)


def _check_same_disks(machine: Resource, wanted: NewVirtualMachine) -> None:
    if "dataDisks" not in object_at(wanted.properties, "storageProfile"):
        return
    now = {each.get("lun") for each in objects_at(machine.properties, "storageProfile", "dataDisks")}
    then = {each.get("lun") for each in objects_at(wanted.properties, "storageProfile", "dataDisks")}
    if now != then:
        raise errors.not_supported("storageProfile.dataDisks (attaching or detaching disks of a machine that is there)")


@dataclass(frozen=True)
class Changed:
    """A machine whose record was changed at acceptance already."""

    machine: str


def _settle_change(cloud: Cloud, tx: Writer, changed: Resource) -> Accepted:
    claims = (Claim(changed.id),)
    check_free(tx, claims, lambda _: errors.machine_busy(Act.UPDATE, changed.id.name))
    if changed.properties.get("provisioningState") == "Succeeded":
        changed = with_properties(changed, {"provisioningState": "Updating"})
    tx.put(changed)
    operation = hand_over(cloud, tx, UPDATE, Changed(str(changed.id)), subject=changed, claims=claims)
    return Accepted(changed, operation)


def _settle(_cloud: Cloud, tx: Writer, job: Job[Changed]) -> None:
    machine = power.machine_in(tx, job.params.machine)
    if machine.properties.get("provisioningState") == "Updating":
        tx.put(with_properties(machine, {"provisioningState": "Succeeded"}))


UPDATE: Plan[Cloud, Changed] = Plan("machine.update", Changed, (Change("settle", _settle, no_change),))
