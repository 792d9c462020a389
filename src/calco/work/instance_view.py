"""A machine as it is right now: asked, not remembered. Order and words of the lines as recorded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from calco.model.disk import OsType
from calco.model.document import flag_at, number_at, object_at, objects_at, text_at
from calco.model.guest import Health
from calco.model.ids import ResourceId
from calco.model.inspection import Verdict
from calco.model.instance_view import InstanceView, ViewStatus
from calco.model.machine import MachineState
from calco.model.operation import Operation
from calco.model.virtual_machine import Condition
from calco.ports import Reader, Resource
from calco.work import boot_diagnostics, deployments, disk, inspection, power, virtual_machine
from calco.work.capture_verdict import evidence
from calco.work.cloud import Cloud
from calco.work.common import found, listed
from calco.work.inspection import Inspected
from calco.work.machine_state import RENEWS_MACHINE_ID, condition_of, disks_of, is_provisioned, vm_id_of
from calco.work.provisioning import Heard, agent_of

_POWER = {
    "running": ViewStatus("PowerState/running", "Info", "VM running"),
    "stopped": ViewStatus("PowerState/stopped", "Info", "VM stopped"),
    "deallocated": ViewStatus("PowerState/deallocated", "Info", "VM deallocated"),
    "starting": ViewStatus("PowerState/starting", "Info", "VM starting"),
    "stopping": ViewStatus("PowerState/stopping", "Info", "VM stopping"),
    "deallocating": ViewStatus("PowerState/deallocating", "Info", "VM deallocating"),
}
_ON_THE_WAY_UP = {power.CREATE.name: "starting", power.START.name: "starting"}
_ON_THE_WAY_DOWN = {power.POWER_OFF.name: "stopping", power.DEALLOCATE.name: "deallocating"}
_GENERALIZED = ViewStatus("OSState/generalized", "Info", "VM generalized")
_SHARED_MACHINE_ID = ViewStatus(
    "MachineId/inherited",
    "Warning",
    "Machine-id may be shared",
    "waagent leaves /etc/machine-id in an image, and this machine's image does not come from calco's base image, which "
    "renews it: machines of one image may share it. Empty it before the next capture: sudo truncate -s 0 "
    "/etc/machine-id",
)
"""Ours. Last in the list: Az PowerShell reads the second status as the power state."""
_VERDICTS = {
    Verdict.GENERALIZED: ("Info", "OS disk looks generalized"),
    Verdict.SPECIALIZED: ("Warning", "OS disk is not generalized"),
    Verdict.UNKNOWN: ("Warning", "Not known whether the OS disk is generalized"),
}
_STATE_WORDS = {"Succeeded": "Provisioning succeeded", "Creating": "Creating", "Updating": "Updating"}


Find = Callable[[ResourceId], Resource | None]
"""A disk's record."""


def get(cloud: Cloud, id: ResourceId) -> tuple[Resource, InstanceView]:
    """The machine and its view of now."""
    with cloud.records.read() as view:
        machine = found(view, id)
        kept = _kept(cloud, view, machine, view.resource, _underway(view, machine))
        seen = inspection.glance(cloud, view, machine.id)
    return machine, _seen(cloud, machine, cloud.hypervisor.state(vm_id_of(machine)), kept, seen)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[tuple[Resource, InstanceView]]:
    """Every machine in the group, or everywhere, and its view of now; O(machines and disks), read by type and not
    machine by machine. What their disks were found to be is told of each by itself alone."""
    with cloud.records.read() as view:
        machines = listed(view, virtual_machine.KIND, group)
        disks = {each.id.key: each for each in view.resources(disk.KIND)}
        busy = {each.subject.key for each in view.unfinished()}
        every = [
            (machine, _kept(cloud, view, machine, lambda each: disks.get(each.key), underway))
            for machine in machines
            for underway in [_underway(view, machine) if machine.id.key in busy else None]
        ]
    return [
        (machine, _seen(cloud, machine, cloud.hypervisor.state(vm_id_of(machine)), kept, None))
        for machine, kept in every
    ]


@dataclass(frozen=True)
class _Kept:
    """What the records say of a machine beside its own: the operation that is at it, why that waits, its disks."""

    underway: Operation | None
    waits: str | None
    disks: Mapping[str, ViewStatus]


def _kept(cloud: Cloud, view: Reader, machine: Resource, find: Find, underway: Operation | None) -> _Kept:
    waits = None if underway is None else deployments.waits(cloud, view, underway)
    return _Kept(underway, waits, dict(_disk_lines(find, machine)))


def _seen(cloud: Cloud, machine: Resource, state: MachineState, kept: _Kept, seen: Inspected | None) -> InstanceView:
    # Of a machine that is off Azure says Unknown. Source: recorded instance view of a deallocated machine.
    heard = agent_of(machine) if state is MachineState.RUNNING else None
    profile_name = text_at(machine.properties, "osProfile", "computerName")
    return InstanceView(
        computer_name=None if heard is None else heard.report.computer_name or profile_name,
        os_name="" if heard is None else heard.report.os_name,
        os_version="" if heard is None else heard.report.os_version,
        generation=text_at(machine.internal, "generation") or "V1",
        agent_version="Unknown" if heard is None else heard.report.agent_version or "Unknown",
        agent=(_agent_status(cloud, heard),),
        disks=kept.disks,
        statuses=(*_statuses(machine, state, kept.underway, kept.waits), *_inspection_status(state, seen)),
        boot_diagnostics=boot_diagnostics.is_enabled(machine),
    )


def _underway(view: Reader, machine: Resource) -> Operation | None:
    operations = [view.operation(each) for each in view.claims(machine.id)]
    return next((each for each in operations if each is not None and each.subject.key == machine.id.key), None)


def _statuses(
    machine: Resource, state: MachineState, underway: Operation | None, waits: str | None
) -> tuple[ViewStatus, ...]:
    lines = [_provisioning_status(machine, state, waits)]
    if condition_of(machine).is_generalized:
        lines.append(_GENERALIZED)
    lines.append(_POWER[_power_word(machine, state, underway)])
    if flag_at(machine.internal, RENEWS_MACHINE_ID) is not True and _is_linux(machine):
        lines.append(_SHARED_MACHINE_ID)
    return tuple(lines)


def _inspection_status(state: MachineState, seen: Inspected | None) -> Iterator[ViewStatus]:
    """Ours, last in the list: what the OS disk was found to be, while that holds. A running machine is writing it."""
    if seen is not None and state is not MachineState.RUNNING:
        verdict = seen.report.verdict
        level, words = _VERDICTS[verdict]
        yield ViewStatus(f"Inspection/{verdict}", level, words, evidence(seen.report), seen.at)


def _is_linux(machine: Resource) -> bool:
    return text_at(machine.properties, "storageProfile", "osDisk", "osType") == OsType.LINUX


def _provisioning_status(machine: Resource, state: MachineState, waits: str | None) -> ViewStatus:
    word = text_at(machine.properties, "provisioningState") or "Succeeded"
    at = _moment(machine, "changedAt")
    if word == "Failed":
        failure = object_at(machine.internal, "failure")
        code, message = text_at(failure, "code") or "InternalExecutionError", text_at(failure, "message")
        return ViewStatus(f"ProvisioningState/failed/{code}", "Error", "Provisioning failed", message, at)
    if word == "Creating" and state is MachineState.RUNNING and not is_provisioned(machine):
        return ViewStatus("ProvisioningState/creating/osProvisioningInProgress", "Info", "OS provisioning in progress")
    return ViewStatus(f"ProvisioningState/{word.lower()}", "Info", _STATE_WORDS.get(word, word), waits, at)


def _power_word(machine: Resource, state: MachineState, underway: Operation | None) -> str:
    """Between two states what the hypervisor sees wins over what was asked for: a guest that switched itself off is
    stopped, and one that runs while its provisioning is awaited is running."""
    condition, plan = condition_of(machine), None if underway is None else underway.plan
    if plan in _ON_THE_WAY_DOWN:
        return _ON_THE_WAY_DOWN[plan]
    if condition is Condition.RUNNING and state is MachineState.RUNNING:
        return "running"
    if plan in _ON_THE_WAY_UP:
        return _ON_THE_WAY_UP[plan]
    return "deallocated" if condition.is_deallocated else "stopped"


def _agent_status(cloud: Cloud, heard: Heard | None) -> ViewStatus:
    """waagent's own report; what is not heard is not made up."""
    if heard is not None and heard.report.health is Health.READY:
        return ViewStatus("ProvisioningState/succeeded", "Info", "Ready", "Guest Agent is running", heard.at)
    return ViewStatus(
        "ProvisioningState/Unavailable",
        "Warning",
        "Not Ready",
        "VM status blob is found but not yet populated.",
        cloud.clock.now(),
    )


def _disk_lines(find: Find, machine: Resource) -> Iterator[tuple[str, ViewStatus]]:
    """Each disk's name and status. One that is a blob is as old as its machine."""
    managed = disks_of(machine)
    profile = object_at(machine.properties, "storageProfile")
    for each in [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]:
        id = managed.get(number_at(each, "lun"))
        record = machine if id is None else find(id)
        if record is not None:
            yield text_at(each, "name") or record.id.name, _disk_status(record)


def _disk_status(record: Resource) -> ViewStatus:
    word = text_at(record.properties, "provisioningState") or "Succeeded"
    made = text_at(record.properties, "timeCreated")
    at = None if made is None else datetime.fromisoformat(f"{made[:26]}+00:00")
    return ViewStatus(f"ProvisioningState/{word.lower()}", "Info", _STATE_WORDS.get(word, word), None, at)


def _moment(machine: Resource, name: str) -> datetime | None:
    text = text_at(machine.internal, name)
    return None if text is None else datetime.fromisoformat(text)
