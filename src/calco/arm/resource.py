"""Lists of resources of every type: ``az resource list``.

Sources: Azure, "Resources - List" (2024-11-01): members of an element, what ``$filter`` and ``$expand`` know; and what
az 2.91 asks for. When a resource was changed last is not known here, and not told.
"""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from calco.arm.call import Answer, Call, ok
from calco.arm.odata import Term, bad_filter, read_filter, read_top
from calco.model.document import Document, text_at
from calco.model.errors import ApiError
from calco.ports import Resource
from calco.work import resource as work
from calco.work.resource import Wanted

PAGE = 1000
MEMBERS = ("kind", "managedBy", "sku", "plan", "identity", "extendedLocation", "zones")
"""What a list shows of a resource beside id, name, type, location and tags; the rest is for its own GET."""


def list_all(call: Call) -> Answer:
    """In the group that the path names, or everywhere; page by page."""
    wanted = _wanted(call.query.get("$filter", ""))
    start, size = _start(call), min(read_top(call.query.get("$top")) or PAGE, PAGE)
    there = [each for each in work.list(call.cloud, call.group, wanted) if call.sees(str(each.id))]
    expanded = frozenset(part.strip().lower() for part in call.query.get("$expand", "").split(","))
    body: Document = {"value": [show(each, expanded) for each in there[start : start + size]]}
    if start + size < len(there):
        body["nextLink"] = _next_link(call, start + size)
    return ok(body)


def show(resource: Resource, expanded: frozenset[str] = frozenset()) -> Document:
    """A resource as lists of all types show it. ``expanded`` is in lower case."""
    shown: Document = {
        "id": str(resource.id),
        "name": resource.id.name,
        "type": resource.id.type,
        **{name: resource.extra[name] for name in MEMBERS if name in resource.extra},
        "location": resource.location,
    }
    if resource.tags is not None:
        shown["tags"] = dict(resource.tags)
    more = {"createdtime": ("createdTime", work.made_at(resource)), "provisioningstate": _state(resource)}
    return shown | {name: value for key, (name, value) in more.items() if key in expanded and value is not None}


def _state(resource: Resource) -> tuple[str, str | None]:
    return "provisioningState", text_at(resource.properties, "provisioningState")


# --- what is asked for -----------------------------------------------------------------------------------------------

_TERMS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("resourcegroup", "eq"): "group",
        ("resourcetype", "eq"): "type",
        ("resourcetype", "ne"): "not_type",
        ("name", "eq"): "name",
        ("name", "substringof"): "name_part",
        ("location", "eq"): "location",
        ("tagname", "eq"): "tag",
        ("tagname", "startswith"): "tag_start",
        ("tagvalue", "eq"): "tag_value",
    }
)
"""A condition's name and act, and the member of ``Wanted`` that it is."""


def _wanted(text: str) -> Wanted:
    wanted: dict[str, str] = {}
    for term in read_filter(text):
        member = _TERMS.get((term.name, term.act))
        if member is None or member in wanted:
            raise bad_filter(text, _why(term, twice=member is not None))
        wanted[member] = term.value
    return Wanted(**wanted)


def _why(term: Term, *, twice: bool) -> str:
    if twice:
        return f"'{term.name} {term.act}' is there twice."
    return f"'{term.name} {term.act}' is not known; these are: {', '.join(f'{name} {act}' for name, act in _TERMS)}."


def _start(call: Call) -> int:
    text = call.query.get("$skiptoken", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ApiError(400, "InvalidSkipToken", f"The $skiptoken '{text[:100]}' is none that this service gave.")
    return int(text)


def _next_link(call: Call, start: int) -> str:
    asked = {name: value for name, value in call.query.items() if name != "$skiptoken"} | {"$skiptoken": str(start)}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
    return f"{call.base}{quote(call.path)}?{query}"
