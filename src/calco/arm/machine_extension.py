"""Extensions of a machine: there are none, and none can be made. Who looks is told so; who makes one, what to do."""

from calco.arm.call import Answer, Call, listed
from calco.model import errors
from calco.work import virtual_machine as work

INSTEAD = (
    "Nothing here runs inside a guest that its image does not bring. Have the guest run a script: az vm run-command "
    "invoke --command-id RunShellScript; or leave it customData for cloud-init when you create the VM."
)


def put(call: Call) -> Answer:
    work.get(call.cloud, call.id.parent)
    raise errors.not_here(f"extension '{call.id.name[:80]}'", INSTEAD)


def get(call: Call) -> Answer:
    work.get(call.cloud, call.id.parent)
    raise errors.resource_not_found(call.id)


def list_all(call: Call) -> Answer:
    work.get(call.cloud, call.id)
    return listed([])


def delete(call: Call) -> Answer:
    """204 for what is not there."""
    work.get(call.cloud, call.id.parent)
    return Answer(204)
