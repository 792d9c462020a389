"""Finding a resource by the name people know it by."""

import difflib
from typing import TYPE_CHECKING

from calco.cli.common import Failure
from calco.model.document import Document, text_at
from calco.model.ids import ResourceId

if TYPE_CHECKING:
    from calco.cli.client import Client


def named(client: "Client", type: str, what: str, name: str, group: str | None) -> Document:
    """The one resource of ``type`` with that name, without regard to case. Raises Failure when there is none, or when
    several groups have one and ``group`` does not say which."""
    scope = f"{client.subscription}/resourceGroups/{group}" if group else client.subscription
    every = client.list(f"{scope}/providers/{type}")
    found = [each for each in every if (text_at(each, "name") or "").lower() == name.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        groups = ", ".join(sorted(group_of(each) or "?" for each in found))
        raise Failure(f"there are {len(found)} {what}s named {name!r}", f"Say which with --resource-group: {groups}")
    names = [text_at(each, "name") or "" for each in every]
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        raise Failure(f"there is no {what} {name!r}", f"Did you mean {near[0]!r}?")
    raise Failure(f"there is no {what} {name!r}", f"There are: {', '.join(names)}" if names else "")


def group_of(resource: Document) -> str | None:
    """The resource group in a resource's id."""
    try:
        return ResourceId.parse(text_at(resource, "id") or "").group
    except ValueError:
        return None
