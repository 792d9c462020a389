"""Whether what a right or a lock shall hang on is there."""

from calco.model import errors
from calco.model.document import objects_at, text_at
from calco.model.ids import ResourceId
from calco.ports import Reader
from calco.work.common import check_group


def check_there(view: Reader, on: ResourceId | None) -> None:
    """Raises ApiError 404 when the group or resource is missing, 409 when its group is being deleted. None is the
    subscription. What a resource keeps inside itself, a network its subnets, is looked for in it."""
    if on is None:
        return
    check_group(view, on)
    if not on.types or view.resource(on) is not None or _is_inside(view, on):
        return
    raise errors.resource_not_found(on)


def _is_inside(view: Reader, id: ResourceId) -> bool:
    parent = view.resource(id.parent) if len(id.types) > 1 else None
    if parent is None:
        return False
    children = objects_at(parent.properties, id.types[-1])
    return any((text_at(each, "name") or "").lower() == id.name.lower() for each in children)
