"""Changes to a machine that is there: what may change, what is fixed for life, and what is made again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calco.model import errors
from calco.model.document import Document, Json, at, number_at, object_at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.machine import Generation
from calco.model.operation import Claim
from calco.model.virtual_machine import Act, NewVirtualMachine, after
from calco.model.vm_size import VmSize
from calco.operations.plan import Change, Job, Plan, no_change
from calco.ports import Resource, Writer
from calco.work import machine_attachment, machine_blobs, power, power_up, quota
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, hand_over, with_properties
from calco.work.machine_state import claims_of, condition_of, disks_of, is_provisioned, is_running, machine_in, nics_of
from calco.work.power_down import PowerOff
from calco.work.power_up import in_line

_FIXED: Sequence[tuple[tuple[str, ...], str]] = (
    (("storageProfile", "imageReference", "id"), "imageReference"),
    (("storageProfile", "imageReference", "publisher"), "imageReference"),
    (("storageProfile", "imageReference", "offer"), "imageReference"),
    (("storageProfile", "imageReference", "sku"), "imageReference"),
    (("storageProfile", "osDisk", "createOption"), "osDisk.createOption"),
    (("osProfile", "adminUsername"), "osProfile.adminUsername"),
    (("osProfile", "computerName"), "osProfile.computerName"),
    (("availabilitySet", "id"), "availabilitySet.id"),
)
"""What a machine keeps for life. Source: recording net-vm-errors-PropertyChangeNotAllowed."""


def update(cloud: Cloud, tx: Writer, machine: Resource, wanted: NewVirtualMachine, size: VmSize) -> Accepted:
    after(condition_of(machine), Act.UPDATE, machine.id.name)
    for path, name in _FIXED:
        now, then = text_at(machine.properties, *path), text_at(wanted.properties, *path)
        if then is not None and (now or "").lower() != then.lower():
            raise errors.property_change(name)
    _check_price(machine, wanted)
    _check_size(machine, size)
    quota.check(cloud, tx, machine.location, size, instead_of=machine)
    if _was_never_on(machine):
        changed = _changed(machine, wanted, _same_disks(machine, wanted))
        if _goes_otherwise(machine, changed):
            return settle_change(cloud, tx, changed)
        if (why := machine_blobs.unlicensed(wanted)) is not None:
            return machine_blobs.refuse_later(cloud, tx, machine, why, created=False)
        return _create_again(cloud, tx, changed)
    changes = machine_attachment.changes_of(cloud, tx, machine, wanted, size)
    changed = _changed(machine, wanted, changes.profile)
    for each in changes.skus:
        tx.put(each)
    resizes = is_running(machine) and _is_other_size(machine, size)
    if resizes and changes.is_slow:
        raise errors.refused("Change a running VM's size and its disks one after the other.", "vmSize")
    if resizes:
        return _restart_resized(cloud, tx, changed)
    if changes.is_slow:
        changed, operation = machine_attachment.accept(cloud, tx, machine, changed, changes)
        return Accepted(changed, operation)
    return settle_change(cloud, tx, changed)


_NOT_BY_UPDATE = ("osProfile", "storageProfile", "networkProfile", "vmId", "timeCreated", "provisioningState")


def _changed(machine: Resource, wanted: NewVirtualMachine, storage_profile: Document) -> Resource:
    """The machine as the request wants it; what is not sent stays."""
    sent = {name: each for name, each in wanted.properties.items() if name not in _NOT_BY_UPDATE}
    network = _network_profile(machine, wanted)
    then: Document = {**machine.properties, **sent, "storageProfile": storage_profile, "networkProfile": network}
    if not then.get("userData"):
        then.pop("userData", None)  # sent empty: it is taken away
    return replace(machine, tags=machine.tags if wanted.tags is None else wanted.tags, properties=then)


def _network_profile(machine: Resource, wanted: NewVirtualMachine) -> Document:
    """The NICs it has, each with the ``deleteOption`` that the request gives it. Source: Azure, "Delete a VM and
    attached resources", which changes it by a PATCH of the machine."""
    profile = object_at(machine.properties, "networkProfile")
    asked = {each.nic.key: each.delete_option for each in wanted.nics if each.nic is not None and each.delete_option}
    if not asked:
        return profile
    nics: list[Json] = []
    for each in objects_at(profile, "networkInterfaces"):
        option = asked.get((text_at(each, "id") or "").lower())
        inner = object_at(each, "properties")
        nics.append({**each, "properties": {**inner, "deleteOption": option}} if option else each)
    return {**profile, "networkInterfaces": nics}


def _was_never_on(machine: Resource) -> bool:
    """Its creation failed and was taken back: nothing is left of it but its record and those of its disks and NICs."""
    return machine.properties.get("provisioningState") == "Failed" and "poweredOnAt" not in machine.internal


def _same_disks(machine: Resource, wanted: NewVirtualMachine) -> Document:
    """The disks of a machine that was never made are settled, for nothing of them is there yet; what becomes of them
    with it is not. Raises ApiError."""
    profile = object_at(machine.properties, "storageProfile")
    data = objects_at(profile, "dataDisks")
    options = {each.lun: each.delete_option for each in (wanted.os_disk, *wanted.data_disks) if each is not None}
    if wanted.data_disks and options.keys() - {None} != {number_at(each, "lun") for each in data}:
        raise errors.not_supported("storageProfile.dataDisks (other ones, of a machine whose creation failed)")

    def kept(disk: Document) -> Document:
        option = options.get(number_at(disk, "lun"))
        return disk if option is None else {**disk, "deleteOption": str(option)}

    disks: Document = {"dataDisks": [kept(each) for each in data]} if data else {}
    return {**profile, "osDisk": kept(object_at(profile, "osDisk")), **disks}


def _goes_otherwise(machine: Resource, changed: Resource) -> bool:
    """Whether all that is asked for is what goes with the machine: nobody who is about to delete it wants its creation
    tried again."""
    is_said = _bare(changed.properties) == _bare(machine.properties) and changed.tags == machine.tags
    return is_said and changed.properties != machine.properties


def _bare(value: Json) -> Json:
    """Without delete options, and without what had nothing else in it."""
    if isinstance(value, list):
        return [_bare(each) for each in value]
    if not isinstance(value, dict):
        return value
    bare = {name: _bare(each) for name, each in value.items() if name != "deleteOption"}
    return {name: each for name, each in bare.items() if each != {}}


def _create_again(cloud: Cloud, tx: Writer, machine: Resource) -> Accepted:
    claims = (*claims_of(machine), *(Claim(nic) for nic in nics_of(machine)))
    check_free(tx, claims, lambda _: errors.machine_busy(Act.UPDATE, machine.id.name))
    machine = with_properties(machine, {"provisioningState": "Updating"})
    tx.put(machine)
    params = power_up.creation(cloud, tx, machine, condition_of(machine))
    operation = hand_over(cloud, tx, power.CREATE, params, subject=machine, claims=claims)
    return Accepted(machine, in_line(cloud, tx, operation, params.image))


_CHEAP = ("low", "spot")
"""Two names of one thing. Source: recording net-vm-errors-PropertyChangeNotAllowed."""


def _check_price(machine: Resource, wanted: NewVirtualMachine) -> None:
    """What a machine may cost at most is settled while it is deallocated. Raises ApiError. Source: the same."""
    now, then = ((text_at(each.properties, "priority") or "Regular").lower() for each in (machine, wanted))
    if "priority" in wanted.properties and now != then and not (now in _CHEAP and then in _CHEAP):
        raise errors.property_change("priority")
    prices = [at(each.properties, "billingProfile", "maxPrice") for each in (machine, wanted)]
    if prices[1] is not None and prices[0] != prices[1] and not condition_of(machine).is_deallocated:
        more = "For more information, see https://aka.ms/low-priority/errormessages."
        why = errors.refused(
            f"Billing Profile change is not allowed when the VM '{machine.id.name}' is currently allocated. Please "
            f"deallocate and try again. {more}",
            machine.id.name,
        )
        raise replace(errors.refused(f"Billing Profile change is not allowed. {more}"), details=(why,))


def _is_other_size(machine: Resource, size: VmSize) -> bool:
    return size.name.lower() != (text_at(machine.properties, "hardwareProfile", "vmSize") or "").lower()


def _check_size(machine: Resource, size: VmSize) -> None:
    if not _is_other_size(machine, size):
        return
    generation = Generation(text_at(machine.internal, "generation") or Generation.V1)
    if generation not in size.generations:
        raise errors.wrong_generation(size.name, generation)
    if len(disks_of(machine)) - 1 > size.max_data_disks:
        raise errors.too_many_disks(size.max_data_disks)


@dataclass(frozen=True)
class Changed:
    """A machine whose record was changed at acceptance already."""

    machine: str


def _restart_resized(cloud: Cloud, tx: Writer, changed: Resource) -> Accepted:
    """A guest gets another size by being switched off and on again. Source: Azure, "Change the size of a virtual
    machine": a running one is restarted."""
    claims = claims_of(changed)
    check_free(tx, claims, lambda _: errors.machine_busy(Act.UPDATE, changed.id.name))
    changed = with_properties(changed, {"provisioningState": "Updating"})
    tx.put(changed)
    params = PowerOff(str(changed.id), condition_of(changed), cloud.rules.power_off_grace_seconds)
    operation = hand_over(cloud, tx, RESIZE, params, subject=changed, claims=claims)
    return Accepted(changed, in_line(cloud, tx, operation))


def settle_change(cloud: Cloud, tx: Writer, changed: Resource) -> Accepted:
    claims = (Claim(changed.id),)
    check_free(tx, claims, lambda _: errors.machine_busy(Act.UPDATE, changed.id.name))
    if changed.properties.get("provisioningState") == "Succeeded" or is_provisioned(changed):
        changed = with_properties(changed, {"provisioningState": "Updating"})
    tx.put(changed)
    operation = hand_over(cloud, tx, UPDATE, Changed(str(changed.id)), subject=changed, claims=claims)
    return Accepted(changed, operation)


def _settle(_cloud: Cloud, tx: Writer, job: Job[Changed] | Job[PowerOff]) -> None:
    machine = machine_in(tx, job.params.machine)
    if machine.properties.get("provisioningState") == "Updating":
        tx.put(with_properties(machine, {"provisioningState": "Succeeded"}))


def _resize_failed(_cloud: Cloud, tx: Writer, job: Job[PowerOff], _error: ApiError) -> None:
    """It keeps the size it was to have: another one can be sent, and it can be started."""
    tx.put(with_properties(machine_in(tx, job.params.machine), {"provisioningState": "Failed"}))


RESIZE: Plan[Cloud, PowerOff] = Plan(
    "machine.resize",
    PowerOff,
    (*power.RESTART.steps, Change("settle", _settle, no_change)),
    failed=_resize_failed,
)
UPDATE: Plan[Cloud, Changed] = Plan("machine.update", Changed, (Change("settle", _settle, no_change),))
