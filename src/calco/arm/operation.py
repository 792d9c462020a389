"""Polls: the status document behind Azure-AsyncOperation and the result behind Location."""

from calco.arm import disk, machine_disks, operations, snapshot, storage_account
from calco.arm.call import Answer, Call
from calco.model.document import Document
from calco.model.ids import is_guid
from calco.model.operation import Family, Operation, Status
from calco.work import access, machine_capture, run_command
from calco.work import operation as work


def get_compute(call: Call) -> Answer:
    return _poll(call, _find(call, Family.COMPUTE))


def get_disk(call: Call) -> Answer:
    return _poll(call, _find(call, Family.DISK))


def get_storage(call: Call) -> Answer:
    """How the making of a storage account is watched: by ``Location`` alone."""
    operation = _find(call, Family.STORAGE)
    return operations.monitor_answer(call, operation, storage_account.made(call, operation.subject))


def get_network(call: Call) -> Answer:
    return _poll(call, _find(call, Family.NETWORK))


def get_network_result(call: Call) -> Answer:
    operation = _find(call, Family.NETWORK)
    return operations.monitor_answer(call, operation, None)


def get_result(call: Call) -> Answer:
    """``operationresults``: how the deletion of a group is watched."""
    operation = _known(call, operations.operation_of_token(call.variables["token"]), Family.RESOURCES)
    return operations.monitor_answer(call, operation, None)


def _poll(call: Call, operation: Operation) -> Answer:
    output = _output(call, operation)
    if call.query.get("monitor", "").lower() == "true":
        return operations.monitor_answer(call, operation, output)
    return operations.status_answer(operation, output, work.waits(call.cloud, operation))


def _find(call: Call, family: Family) -> Operation:
    return _known(call, call.variables["operation"], family)


def _known(call: Call, id: str, family: Family) -> Operation:
    found = work.get(call.cloud, id.lower()) if is_guid(id) else None
    if found is None or found.family is not family:
        raise operations.not_found()
    return found


def _output(call: Call, operation: Operation) -> Document | None:
    """What the operation made. A disk's is the disk itself, as long as there is one: none after a deletion, and of
    access to it only the signed URL."""
    if operation.end is not None and operation.end.output is not None:
        return operation.end.output
    made_by_machine = (
        machine_capture.output_of(operation)
        or run_command.output_of(call.cloud, operation)
        or machine_disks.output_of(call, operation)
    )
    if made_by_machine is not None:
        return made_by_machine
    if operation.family is not Family.DISK or operation.status is not Status.SUCCEEDED:
        return None
    with call.cloud.records.read() as view:
        if operation.plan == access.BEGIN:
            return access.output_of(call.cloud, view, operation)
        made = view.resource(operation.subject)
    if made is None or operation.plan == access.END.name:
        return None
    made = access.shown(made, call.cloud.clock.now())
    show = snapshot.show if made.id.kind == "microsoft.compute/snapshots" else disk.show
    return show(made, call.version)
