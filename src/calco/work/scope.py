"""What rights and locks hang on: whether it is there, and what goes with it."""

from calco.model import errors
from calco.model.authorization import scope_locked
from calco.model.document import Json, text_at
from calco.model.ids import ResourceId
from calco.model.lock import Level
from calco.ports import Reader, Resource, Writer
from calco.work.common import check_group

LOCKS = "Microsoft.Authorization/locks"


def check_there(view: Reader, on: ResourceId | None) -> None:
    """Raises ApiError 404 when the group or resource is missing, 409 when its group is being deleted. None is the
    subscription. What a resource keeps inside itself, a network its subnets, is looked for in it."""
    if on is None:
        return
    check_group(view, on)
    if not on.types or view.resource(on) is not None or _is_inside(view, on):
        return
    raise errors.resource_not_found(on)


def forget_inside(tx: Writer, before: Resource | None, after: Resource) -> None:
    """Rights go with what a resource no longer keeps inside itself: another subnet of that name later is not what they
    were given for. The records see to it that they go with a resource. Raises ApiError ScopeLocked."""
    for type, name in sorted(_inside(before).keys() - _inside(after).keys()):
        gone = str(after.id.child(type, name))
        if any(each.kind == LOCKS.lower() for each in tx.entries_on(gone)):
            raise scope_locked(gone, "delete", [gone])
        tx.delete(after.id.child(type, name))
    _check_read_only(tx, before, after)


def _check_read_only(view: Reader, before: Resource | None, after: Resource) -> None:
    """What is locked inside a resource is not changed with the resource either."""
    was, becomes = _inside(before), _inside(after)
    for type, name in sorted(was.keys() & becomes.keys()):
        changed = str(after.id.child(type, name))
        if was[type, name] != becomes[type, name] and any(
            each.kind == LOCKS.lower() and text_at(each.document, "level") == Level.READ_ONLY
            for each in view.entries_on(changed)
        ):
            raise scope_locked(changed, "write", [changed])


def _inside(resource: Resource | None) -> dict[tuple[str, str], Json]:
    """What a resource keeps inside itself, by type and name in lower case."""
    properties = {} if resource is None else resource.properties
    return {
        (type.lower(), name.lower()): each
        for type, value in properties.items()
        if isinstance(value, list)
        for each in value
        if (name := text_at(each, "name"))
    }


def _is_inside(view: Reader, id: ResourceId) -> bool:
    parent = view.resource(id.parent) if len(id.types) > 1 else None
    return bool(id.types) and (id.types[-1].lower(), id.name.lower()) in _inside(parent)
