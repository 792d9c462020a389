"""Virtual machines: looking at them, starting and stopping, marking as generalized, changing, removing.

Sources: Azure/azure-powershell, Az.Compute's reference of each cmdlet and its VirtualMachine operations: which call
each makes, what each asks before it does something, and what it gives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from calco.cloudshell.az.answer import ANSWERS, LONG_RUNNING, RESPONSE, change, long_running, response
from calco.cloudshell.az.declaration import FORCE, NO_WAIT, Takes, cmdlet, columns, optional, switch
from calco.cloudshell.az.expanded import expanded
from calco.cloudshell.az.given import tag_table
from calco.cloudshell.az.machine_parameters import GROUP_NAME, ID, LIST, LIST_STATUS, MACHINE, TYPE, VM, named
from calco.cloudshell.az.record import at, inner, items, members, read, sent, text
from calco.cloudshell.az.shapes import COMPUTE
from calco.cloudshell.az.target import found, path, region, target
from calco.cloudshell.cmdlet import Call, Cmdlet, Column, Module, Parameter, Run, View
from calco.cloudshell.objects.pattern import has_wildcard
from calco.cloudshell.values import Hashtable, Record, Value
from calco.model.document import Document, object_at, objects_at, text_at

VIEW_KIND = COMPUTE["PSVirtualMachineInstanceView"]


# --- looking ---------------------------------------------------------------------------------------------------------


def get(call: Call) -> Iterable[Value]:
    group, name, status = call.text("ResourceGroupName"), call.text("Name"), call.switch("Status")
    one = bool(group and name) and not has_wildcard(group) and not has_wildcard(name)
    if one and status:
        where = path(call.shell.api, group, TYPE, name)
        yield instance_view(call.shell.api.get(where, {"$expand": "instanceView"}))
        return
    if one:
        asked = {"$expand": "userData"} if call.switch("UserData") else None
        yield read(MACHINE, call.shell.api.get(path(call.shell.api, group, TYPE, name), asked))
        return
    wanted = region(call.text("Location"))
    for each in found(call, TYPE, group, name, _expansion(group) if status else None):
        if wanted in ("", region(text_at(each, "location") or "")):
            yield _listed(each, status=status)


def _expansion(group: str) -> Mapping[str, str]:
    """What has a list carry instance views: by group, or of the subscription. Source: Azure, "Virtual Machines"."""
    return {"$expand": "instanceView"} if group and not has_wildcard(group) else {"statusOnly": "true"}


def instance_view(machine: Document) -> Record:
    """What -Status gives of one machine."""
    view: Document = {**object_at(machine, "properties", "instanceView"), "name": machine.get("name")}
    shown = read(VIEW_KIND, view)
    shown.members["ResourceGroupName"] = read(MACHINE, machine).get("ResourceGroupName")
    return shown


def _listed(machine: Document, *, status: bool) -> Record:
    shown = read(MACHINE, machine)
    shown.type = LIST_STATUS if status else LIST
    if status:
        shown.members["PowerState"] = power_state(machine)
    return shown


def power_state(machine: Document) -> str | None:
    """ "VM running", "VM deallocated": the second of a machine's statuses, as people read it."""
    for each in objects_at(machine, "properties", "instanceView", "statuses"):
        if (text_at(each, "code") or "").startswith("PowerState/"):
            return text_at(each, "displayStatus")
    return None


# --- acting ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """One request for a machine or for an ``action`` of it. ``question`` is asked first, unless -Force; ``doing`` is
    told with -WhatIf."""

    action: str
    doing: str
    question: str = ""
    method: str = "POST"


def act(call: Call, act: Act, query: dict[str, str] | None = None) -> Iterable[Value]:
    """Do it, and give how it ended; with -NoWait, that it was accepted."""
    where = target(call, TYPE)
    name = where.rpartition("/")[2]
    if not call.should(name, act.doing) or (act.question and not call.agreed(act.question)):
        return
    wait = not call.switch("NoWait")
    ended = change(call, f"{act.doing} {name}", act.method, f"{where}{act.action}", query=query, wait=wait)
    yield long_running(ended) if wait else response("Accepted", "Accepted")


_SURE = "Do you want to continue?"
_STOPPING = f"Virtual machine stopping operation\nThis cmdlet will stop the specified virtual machine. {_SURE}"
_REMOVING = f"Virtual machine removal operation\nThis cmdlet will remove the specified virtual machine. {_SURE}"
_DEALLOCATE = Act("/deallocate", "Stop", _STOPPING)
_POWER_OFF = Act("/powerOff", "Stop", _STOPPING)
_SETTINGS = {
    "Generalized": Act("/generalize", "Generalize"),
    "Redeploy": Act("/redeploy", "Redeploy"),
    "Reapply": Act("/reapply", "Reapply"),
    "SimulateEviction": Act("/simulateEviction", "Simulate the eviction of"),
}


def start(call: Call) -> Iterable[Value]:
    return act(call, Act("/start", "Start"))


def stop(call: Call) -> Iterable[Value]:
    if call.switch("Hibernate"):
        return act(call, _DEALLOCATE, {"hibernate": "true"})
    if call.switch("StayProvisioned"):
        return act(call, _POWER_OFF, {"skipShutdown": "true"} if call.switch("SkipShutdown") else None)
    return act(call, _DEALLOCATE)


def restart(call: Call) -> Iterable[Value]:
    return act(call, Act("/performMaintenance" if call.switch("PerformMaintenance") else "/restart", "Restart"))


def set_state(call: Call) -> Iterable[Value]:
    return act(call, next(each for name, each in _SETTINGS.items() if call.switch(name)))


def remove(call: Call) -> Iterable[Value]:
    query = {"forceDeletion": "true"} if call.switch("ForceDeletion") else None
    return act(call, Act("", "Remove", _REMOVING, "DELETE"), query)


# --- changing --------------------------------------------------------------------------------------------------------


def update(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    if call.given("Tag"):
        machine.members["Tags"] = tag_table(call)
    name = text(machine, "Name")
    where = call.text("Id") or path(call.shell.api, call.text("ResourceGroupName"), TYPE, name)
    if call.should(name, "Update"):
        ended = change(call, f"Update {name}", "PUT", where, sent(machine), wait=not call.switch("NoWait"))
        yield response() if ended.status == "Succeeded" else response("Accepted", "Accepted")


# --- what people see -------------------------------------------------------------------------------------------------


def tags_text(record: Record) -> Value:
    """Tags as Az.Compute's list shows them: ``{"a":"b"}``."""
    held = record.get("Tags")
    pairs = held.pairs() if isinstance(held, Hashtable) else []
    return "{" + ",".join(f'"{key}":"{value}"' for key, value in pairs) + "}"


def _interfaces(record: Record) -> Value:
    names = [
        text(each, "Id").rpartition("/")[2] for each in items(inner(record, "NetworkProfile"), "NetworkInterfaces")
    ]
    return names[0] if len(names) == 1 else [*names]


def _zone(record: Record) -> Value:
    zones = record.get("Zones")
    return zones[0] if isinstance(zones, list) and len(zones) == 1 else zones


def _columns(state: str) -> tuple[Column, ...]:
    return (
        *columns("ResourceGroupName"),
        *columns("Name Location", right=True),
        Column("VmSize", lambda machine: text(machine, "HardwareProfile", "VmSize"), right=True),
        Column("OsType", lambda machine: text(machine, "StorageProfile", "OsDisk", "OsType"), right=True),
        Column("NIC", _interfaces, right=True),
        Column(state, "ProvisioningState", right=True),
        Column("Zone", _zone, right=True),
    )


_REDEPLOYED = ("MaintenanceRedeployStatus", "IsCustomerInitiatedMaintenanceAllowed")
_VIEWS = (
    View(
        MACHINE.type,
        tuple(
            Column(each.name, tags_text if each.name == "Tags" else each.name)
            for each in members(MACHINE.shape)
            if each.name not in ("InstanceView", "TimeCreated", "Etag")
        ),
        compact=True,
    ),
    View(LIST, _columns("ProvisioningState"), table=True),
    View(
        LIST_STATUS,
        (
            *_columns("Provisioning"),
            *columns("PowerState", right=True),
            Column("MaintenanceAllowed", lambda machine: at(machine, *_REDEPLOYED), right=True),
        ),
        table=True,
    ),
    View(VIEW_KIND.type, (), text=expanded),
    View(
        COMPUTE["DataDisk"].type,
        (
            *columns("Name DiskSizeGB Lun Caching CreateOption"),
            Column("SourceImage", lambda disk: text(disk, "Image", "Uri") or None),
            Column("VirtualHardDisk", lambda disk: text(disk, "Vhd", "Uri") or None),
        ),
    ),
    *ANSWERS,
)


# --- declarations ----------------------------------------------------------------------------------------------------


def _acting(name: str, synopsis: str, run: Run, *more: Parameter, examples: Mapping[str, str]) -> Cmdlet:
    return cmdlet(
        name,
        synopsis,
        run,
        *named(),
        *more,
        NO_WAIT,
        default_set=GROUP_NAME,
        output=LONG_RUNNING,
        confirms=True,
        as_job=True,
        examples={**examples, "The same for all machines of a group.": f"Get-AzVM -ResourceGroupName lab | {name}"},
    )


_BY = (GROUP_NAME, ID)


def _set() -> Cmdlet:
    words = {
        "Generalized": "Its disk was generalized: images can be made of it, and it starts no more.",
        "Redeploy": "Move it to another host.",
        "Reapply": "Apply its configuration anew.",
        "SimulateEviction": "Evict it, as a spot machine is.",
    }
    acts = {name: "Generalize" if name == "Generalized" else name for name in words}
    by_name, by_id = (" ".join(f"{act}{by}" for act in acts.values()) for by in _BY)
    return cmdlet(
        "Set-AzVM",
        "Marks a machine as generalized, or has it redeployed or reapplied.",
        set_state,
        *named(by_name, by_id),
        *(
            switch(name, words[name], " ".join(f"{act}{by}" for by in _BY), mandatory=True)
            for name, act in acts.items()
        ),
        replace(NO_WAIT, sets=tuple(f"{act}{by}" for act in ("Redeploy", "Reapply") for by in _BY)),
        default_set=by_name.partition(" ")[0],
        output=LONG_RUNNING,
        confirms=True,
        as_job=True,
        examples={"Mark one as generalized.": "Set-AzVM -ResourceGroupName lab -Name web -Generalized"},
    )


_GROUP, _, _ID = named()
MODULE = Module(
    (
        cmdlet(
            "Get-AzVM",
            "Gets virtual machines: one by group and name, those of a group, or all.",
            get,
            optional("ResourceGroupName", "The resource group, or a pattern.", 0, completes="resourceGroups"),
            optional(
                "Name",
                "The name of the machine, or a pattern.",
                1,
                aliases="ResourceName VMName",
                completes="virtualMachines",
            ),
            switch("Status", "What each is doing now: its instance view, or with a list its power state."),
            optional("Location", "Only those of this region.", completes="locations"),
            switch("UserData", "With its user data."),
            output=MACHINE.type,
            examples={
                "All machines, with their power states.": "Get-AzVM -Status",
                "The OS disk of one.": "(Get-AzVM -ResourceGroupName lab "
                "-Name web).StorageProfile.OsDisk.ManagedDisk.Id",
            },
        ),
        _acting(
            "Start-AzVM",
            "Starts a machine.",
            start,
            examples={"Start one.": "Start-AzVM -ResourceGroupName lab -Name web"},
        ),
        _acting(
            "Stop-AzVM",
            "Stops a machine and gives its host's memory back (deallocates it).",
            stop,
            FORCE,
            switch("StayProvisioned", "Power off and keep its place on the host."),
            switch("SkipShutdown", "With -StayProvisioned: pull the plug, without asking the guest to shut down."),
            switch("Hibernate", "Keep what is in its memory on its disk."),
            examples={"Stop one without being asked.": "Stop-AzVM -ResourceGroupName lab -Name web -Force"},
        ),
        _acting(
            "Restart-AzVM",
            "Restarts a machine.",
            restart,
            switch("PerformMaintenance", "Have the host's maintenance done now."),
            examples={"Restart one.": "Restart-AzVM -ResourceGroupName lab -Name web"},
        ),
        _set(),
        cmdlet(
            "Update-AzVM",
            "Sends a machine's changed configuration: disks, interfaces, size, tags.",
            update,
            _GROUP,
            _ID,
            replace(VM, position=1),
            optional("Tag", "All tags it has from then on.", kind=Takes.HASHTABLE),
            NO_WAIT,
            default_set=GROUP_NAME,
            output=RESPONSE,
            confirms=True,
            as_job=True,
            examples={
                "Make a machine larger.": '$vm = Get-AzVM lab web; $vm.HardwareProfile.VmSize = "Standard_B2s"; '
                "Update-AzVM lab -VM $vm"
            },
        ),
        _acting(
            "Remove-AzVM",
            "Removes a machine. Its disks, interfaces and addresses stay, unless they were made to go with it.",
            remove,
            FORCE,
            optional("ForceDeletion", "$true: without shutting the guest down.", kind=Takes.BOOL),
            examples={"Remove one without being asked.": "Remove-AzVM -ResourceGroupName lab -Name web -Force"},
        ),
    ),
    _VIEWS,
)

__all__ = ["MODULE", "instance_view", "power_state", "tags_text"]
