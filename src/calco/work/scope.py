"""What rights and locks hang on: whether it is there, and what goes with it."""

from calco.model import errors
from calco.model.authorization import scope_locked
from calco.model.document import text_at
from calco.model.ids import ResourceId
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
    for type, name in sorted(_inside(before) - _inside(after)):
        gone = str(after.id.child(type, name))
        if any(each.kind == LOCKS.lower() for each in tx.entries_on(gone)):
            raise scope_locked(gone, "delete", [gone])
        tx.delete(after.id.child(type, name))


def _inside(resource: Resource | None) -> set[tuple[str, str]]:
    """Type and name, in lower case, of what a resource keeps inside itself."""
    properties = {} if resource is None else resource.properties
    return {
        (type.lower(), name.lower())
        for type, value in properties.items()
        if isinstance(value, list)
        for each in value
        if (name := text_at(each, "name"))
    }


def _is_inside(view: Reader, id: ResourceId) -> bool:
    parent = view.resource(id.parent) if len(id.types) > 1 else None
    return bool(id.types) and (id.types[-1].lower(), id.name.lower()) in _inside(parent)
