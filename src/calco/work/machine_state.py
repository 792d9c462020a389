"""What a machine's record keeps for itself: its condition, its hardware.

``internal`` of a virtual machine:

- ``vmId``: GUID, SMBIOS UUID of the guest; ``generation``: ``V1`` or ``V2``
- ``condition``: a ``Condition``; ``changedAt``: when it became so; ``poweredOnAt``: when the guest was last switched on
- ``provisioned``: whether the guest has set itself up once; until then ``sealed`` holds what only the guest may read
  (``machine_secrets``)
- ``reports``: what the guest said last of its provisioning, by agent; ``agent``: what waagent said last of itself;
  ``failure``: code and message of a failed provisioning
- ``incarnation``: of the goal state; grows with every power-on
- ``renewsMachineId``: whether its guest makes a new /etc/machine-id when its vmId is new; an image inherits it
- ``specialized``: whether its guest had been set up before there was a machine: nobody waits for it to do so
- ``blobs``: of a machine whose disks are blobs, see ``machine_blobs``
- ``image``: id of the managed image it was made from
- ``leaving``: whether its deletion waits for its creation to end, which it does at the next look
"""

from datetime import datetime
from typing import Protocol

from calco.model import errors
from calco.model.document import flag_at, number_at, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.machine import Drive, Generation, Machine
from calco.model.operation import Claim
from calco.model.vhd import FOOTER_BYTES
from calco.model.virtual_machine import Condition
from calco.model.vm_size import find
from calco.model.volume import Format
from calco.ports import Reader, Resource
from calco.work.cloud import Rules
from calco.work.common import with_internal
from calco.work.volume import DISK_SLOT

RENEWS_MACHINE_ID = "renewsMachineId"
LEAVING = "leaving"
SPECIALIZED = "specialized"
BLOBS = "blobs"


class OfMachine(Protocol):
    """What an operation's parameters have in common when it is about one machine."""

    @property
    def machine(self) -> str:
        """The machine's resource id."""


def machine_in(view: Reader, id: str) -> Resource:
    """The machine an operation is about. It claims the machine, so it is there."""
    machine = view.resource(ResourceId.parse(id))
    if machine is None:
        raise errors.resource_not_found(ResourceId.parse(id))
    return machine


def vm_id_of(machine: Resource) -> str:
    return text_at(machine.internal, "vmId") or ""


def condition_of(machine: Resource) -> Condition:
    return Condition(text_at(machine.internal, "condition") or Condition.DEALLOCATED)


def with_condition(machine: Resource, condition: Condition, now: datetime) -> Resource:
    return with_internal(machine, {"condition": condition.value, "changedAt": now.isoformat()})


def is_provisioned(machine: Resource) -> bool:
    return flag_at(machine.internal, "provisioned") is True


def awaits_provisioning(machine: Resource) -> bool:
    """Whether its guest is to set itself up at the next boot."""
    return not is_provisioned(machine) and flag_at(machine.internal, SPECIALIZED) is not True


def image_of(machine: Resource) -> str | None:
    """The managed image the machine was made from; None for a platform image or no image at all."""
    return text_at(machine.internal, "image")


def disks_of(machine: Resource) -> dict[int | None, ResourceId]:
    """The machine's disks by LUN, the OS disk under None, in the machine's order."""
    profile = object_at(machine.properties, "storageProfile")
    disks: dict[int | None, ResourceId] = {}
    for each in [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]:
        id = text_at(each, "managedDisk", "id")
        if id is not None:
            disks[number_at(each, "lun")] = ResourceId.parse(id)
    return disks


def blobs_of(machine: Resource) -> dict[int | None, ResourceId]:
    """The blobs that are the machine's disks, by LUN, the OS disk under None."""
    return {
        number_at(each, "lun"): ResourceId.parse(id)
        for each in objects_at(machine.internal, BLOBS)
        if (id := text_at(each, "id")) is not None
    }


def nics_of(machine: Resource) -> list[ResourceId]:
    """The machine's NICs, the primary one first."""
    named = objects_at(machine.properties, "networkProfile", "networkInterfaces")
    ordered = sorted(named, key=lambda each: flag_at(each, "properties", "primary") is not True)
    return [ResourceId.parse(id) for each in ordered if (id := text_at(each, "id")) is not None]


def drive_of(view: Reader, disk: ResourceId, lun: int | None) -> Drive | None:
    """What the machine writes as that disk; None while the disk has no volume."""
    held = view.held(disk).get(DISK_SLOT)
    return None if held is None else Drive(held, lun)


def _flat_drive_of(view: Reader, blob: ResourceId, lun: int | None) -> Drive | None:
    held = [row for each in view.held(blob).values() if (row := view.volume(each)) is not None]
    return Drive(held[0].id, lun, Format.FLAT, held[0].size_bytes - FOOTER_BYTES) if held else None


def hardware_of(machine: Resource, view: Reader, rules: Rules) -> Machine:
    """What the hypervisor is to run, but for links and media. Cores and memory are the size's, capped by the rules."""
    size = find(text_at(machine.properties, "hardwareProfile", "vmSize") or "")
    drives = [
        *(drive_of(view, disk, lun) for lun, disk in disks_of(machine).items()),
        *(_flat_drive_of(view, blob, lun) for lun, blob in blobs_of(machine).items()),
    ]
    return Machine(
        vm_id=vm_id_of(machine),
        name=machine.id.name,
        generation=Generation(text_at(machine.internal, "generation") or Generation.V1),
        cores=min(rules.cores_max, size.cores if size else 1),
        memory_mib=memory_mib_of(machine, rules),
        drives=tuple(each for each in drives if each is not None),
        links=(),
        media=None,
    )


def memory_mib_of(machine: Resource, rules: Rules) -> int:
    """The size's, capped by the rules."""
    size = find(text_at(machine.properties, "hardwareProfile", "vmSize") or "")
    return min(rules.memory_mib_max, size.memory_mib if size else 1024)


def is_running(machine: Resource) -> bool:
    return condition_of(machine) is Condition.RUNNING


def claims_of(machine: Resource) -> tuple[Claim, ...]:
    """An operation that switches the machine on or off, or more than that, has it and its disks for itself."""
    disks = (*disks_of(machine).values(), *blobs_of(machine).values())
    return (Claim(machine.id), *(Claim(each) for each in disks))
