"""Resource groups: PUT, PATCH, GET, HEAD, list, DELETE."""

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.document import Document
from calco.ports import Resource
from calco.work import resource_group as work

FIELDS = (Field("type", since="2018-05-01"),)
"""Source: recorded bodies; 2017-05-10 and before have none."""


def put(call: Call) -> Answer:
    names.check_group(call.id.group)
    accepted = work.put(call.cloud, call.id, reading.location(call.body), reading.tags(call.body))
    assert accepted.resource is not None
    return Answer(201 if accepted.created else 200, show(accepted.resource, call.version))


def patch(call: Call) -> Answer:
    return ok(show(work.patch(call.cloud, call.id, reading.tags(call.body)), call.version))


def get(call: Call) -> Answer:
    names.check_group(call.id.group)
    return ok(show(work.get(call.cloud, call.id), call.version))


def head(call: Call) -> Answer:
    """204 or 404, both without a body."""
    return Answer(204 if work.exists(call.cloud, call.id) else 404)


def list_all(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list(call.cloud)])


def delete(call: Call) -> Answer:
    accepted = work.delete(call.cloud, call.id)
    if accepted is None or accepted.operation is None:
        raise errors.group_not_found(call.id.group)
    return operations.started(call, operations.Kind.GROUP_DELETE, accepted.operation, None)


def show(group: Resource, version: str) -> Document:
    """Groups come with the id first. Source: recorded traffic."""
    shown: Document = {
        "id": str(group.id),
        "name": group.id.group,
        "type": group.id.type,
        "location": group.location,
    }
    if group.tags is not None:
        shown["tags"] = dict(group.tags)
    return showing.cut({**shown, **group.extra, "properties": group.properties}, FIELDS, version)
