"""What the nouns have in common when they answer changes."""

from collections.abc import Callable

from calco.arm import operations
from calco.arm.call import Answer, Call
from calco.model.document import Document
from calco.ports import Resource
from calco.work import resource_group
from calco.work.cloud import Accepted

Show = Callable[[Resource, str], Document]


def accepted_body(call: Call, kind: operations.Kind, accepted: Accepted, show: Show) -> Answer:
    """The answer to a PUT or PATCH: the resource as it stands, and the operation if one goes on."""
    assert accepted.resource is not None, "a PUT leaves a resource"
    body = show(accepted.resource, call.version)
    if accepted.operation is None:
        return operations.done(kind, body, created=accepted.created)
    return operations.started(call, kind, accepted.operation, body, created=accepted.created)


def deleted(call: Call, kind: operations.Kind, accepted: Accepted | None) -> Answer:
    """The answer to a DELETE: 204 for what was not there, but 404 when not even its group was."""
    if accepted is None or accepted.operation is None:
        if accepted is None:
            resource_group.get(call.cloud, call.id.group_id)
        return Answer(204)
    return operations.started(call, kind, accepted.operation, None)
