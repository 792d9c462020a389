"""``attachDetachDataDisks``: data disks of a machine by their ids, without sending the machine.

It is an update of the machine like any other; its result is the machine's storage profile.
"""

from collections.abc import Sequence

from msgspec import Struct

from calco.arm import operations, reading, virtual_machine
from calco.arm.call import Answer, Call
from calco.arm.virtual_machine_body import DISK, read
from calco.model import errors
from calco.model.delete_option import DeleteOption
from calco.model.disk import Caching
from calco.model.document import Document, number_at, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.operation import Operation, Status
from calco.ports import Resource
from calco.work import virtual_machine as work

ACTION = "Microsoft.Compute/virtualMachines/attachDetachDataDisks/action"
ATTACH, DETACH = "dataDisksToAttach", "dataDisksToDetach"


class ToAttach(Struct, rename="camel"):
    disk_id: str | None = None
    lun: int | None = None
    caching: Caching | None = None
    delete_option: DeleteOption | None = None
    write_accelerator_enabled: bool | None = None


class ToDetach(Struct, rename="camel"):
    """A forced detach is none of its own here: a guest that does not let go is told in the operation's end."""

    disk_id: str | None = None
    detach_option: str | None = None


class Body(Struct, rename="camel"):
    """Source: azure-mgmt-compute, AttachDetachDataDisksRequest."""

    data_disks_to_attach: list[ToAttach] | None = None
    data_disks_to_detach: list[ToDetach] | None = None


def attach_detach(call: Call) -> Answer:
    body, document = reading.fit(call.body, Body)
    if not body.data_disks_to_attach and not body.data_disks_to_detach:
        raise errors.missing(ATTACH)
    there = work.get(call.cloud, call.id)
    disks = _detached(call, there, body.data_disks_to_detach or [])
    for number, sent in enumerate(objects_at(document, ATTACH)):
        id = _id(call, text_at(sent, "diskId"), f"{ATTACH}[{number}]")
        disks.append(_attached(sent, id, disks))
    profile: Document = {**object_at(there.properties, "storageProfile"), "dataDisks": [*disks]}
    changed = virtual_machine.document_of(there, {"storageProfile": profile})
    accepted = work.update(call.cloud, read(call.id, changed, call.subscription))
    assert accepted.operation is not None
    return operations.started(call, operations.Kind.MACHINE_COMMAND, accepted.operation, None)


def _id(call: Call, text: str | None, place: str) -> ResourceId:
    if not text:
        raise errors.missing(f"{place}.diskId")
    return reading.reference(text, f"{place}.diskId", DISK, call.subscription)


def _detached(call: Call, there: Resource, going: Sequence[ToDetach]) -> list[Document]:
    """The machine's data disks without those. Raises ApiError for one that it has not."""
    disks = {
        (text_at(each, "managedDisk", "id") or "").lower(): each
        for each in objects_at(there.properties, "storageProfile", "dataDisks")
    }
    for number, each in enumerate(going):
        id = _id(call, each.disk_id, f"{DETACH}[{number}]")
        if disks.pop(id.key, None) is None:
            raise errors.invalid(
                f"{DETACH}[{number}].diskId", f"Disk '{id.name}' is not attached to VM '{there.id.name}'."
            )
    return list(disks.values())


def _attached(sent: Document, id: ResourceId, others: Sequence[Document]) -> Document:
    taken = {number_at(each, "lun") for each in others}
    lun = number_at(sent, "lun")
    kept: Document = {name: each for name, each in sent.items() if name not in ("diskId", "lun")}
    free = next(each for each in range(len(taken) + 1) if each not in taken)
    managed: Document = {"id": str(id)}
    return {**kept, "lun": free if lun is None else lun, "createOption": "Attach", "managedDisk": managed}


def output_of(call: Call, operation: Operation) -> Document | None:
    """The machine's storage profile, once the operation has succeeded; None for every other operation."""
    if operation.cause.action != ACTION or operation.status is not Status.SUCCEEDED:
        return None
    with call.cloud.records.read() as view:
        machine = view.resource(operation.subject)
    if machine is None:
        return None
    return object_at(virtual_machine.show(machine, call.version), "properties", "storageProfile")
