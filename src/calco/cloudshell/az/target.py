"""Which resource a call means: by group and name, by its id, or by an object that came along the pipeline."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from calco.cloudshell.api import Api
from calco.cloudshell.az.record import group_of, text
from calco.cloudshell.cmdlet import Call
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects.pattern import has_wildcard
from calco.cloudshell.values import Record
from calco.model.document import Document, text_at
from calco.model.ids import ResourceId


def argument(message: str) -> Terminating:
    """What a cmdlet says of arguments that do not go together, or are none."""
    return Terminating(
        Fault(message, id="ArgumentException", category="CloseError", exception="System.ArgumentException")
    )


def subscription(api: Api) -> str:
    return f"/subscriptions/{api.subscription_id}"


def group_path(api: Api, group: str) -> str:
    return f"{subscription(api)}/resourceGroups/{segment(group, 'ResourceGroupName')}"


def path(api: Api, group: str, type: str, *names: str) -> str:
    """The address of a resource; ``type`` has its namespace, e.g. "Microsoft.Compute/images". Raises Terminating when
    a name cannot stand in an address."""
    namespace, *types = type.split("/")
    pairs = "".join(f"/{each}/{segment(name, 'Name')}" for each, name in zip(types, names, strict=True))
    return f"{group_path(api, group)}/providers/{namespace}{pairs}"


def segment(name: str, parameter: str) -> str:
    """``name`` if it can stand in an address: letters, digits and ._-() are in names. Raises Terminating."""
    if name and name.strip(".") and all(each.isalnum() or each in "._-() " for each in name):
        return name
    raise argument(f"Cannot validate argument on parameter '{parameter}': '{name[:90]}' cannot be a resource's name.")


def parsed(id: str, type: str = "") -> ResourceId:
    """``id`` read; of ``type``, if one is named. Raises Terminating."""
    try:
        known = ResourceId.parse(id)
    except ValueError:
        raise argument(f"'{id[:200]}' is not the id of a resource.") from None
    if type and known.kind != type.lower():
        raise argument(f"'{id[:200]}' is not the id of a {type}: it is one of {known.type}.")
    for each in (known.group, *known.names):
        segment(each, "ResourceId")
    return known


def target(
    call: Call,
    type: str,
    *,
    name: str = "Name",
    group: str = "ResourceGroupName",
    ids: tuple[str, ...] = ("ResourceId", "Id"),
    objects: tuple[str, ...] = ("InputObject",),
) -> str:
    """The address of the resource that ``call`` means: by the first of the parameters ``ids`` or ``objects`` that was
    given, else by ``group`` and ``name``. Raises Terminating."""
    for each in ids:
        if call.given(each):
            return str(parsed(call.text(each), type))
    for each in objects:
        if call.given(each):
            return str(parsed(id_of(call.record(each)), type))
    return path(call.shell.api, call.text(group), type, call.text(name))


def id_of(record: Record) -> str:
    """The id of an object; empty when it was never created."""
    return text(record, "Id") or text(record, "ResourceId")


def matches(name: str, pattern: str) -> bool:
    """As -like does: without case. An empty pattern fits all. Source: about_Wildcards."""
    return not pattern or fnmatchcase(name.casefold(), pattern.casefold())


def found(call: Call, type: str, group: str, name: str, query: Mapping[str, str] | None = None) -> list[Document]:
    """The resources that group and name mean, either of them with wildcards or empty; one that is named in full must
    be there (Refused). ``query`` goes with both."""
    api = call.shell.api
    if group and name and not has_wildcard(group) and not has_wildcard(name):
        return [api.get(path(api, group, type, name), query)]
    namespace, kind = type.split("/")
    within = group_path(api, group) if group and not has_wildcard(group) else subscription(api)
    there = api.list(f"{within}/providers/{namespace}/{kind}", query)
    return [
        each for each in there if matches(text_at(each, "name") or "", name) and matches(group_of(each) or "", group)
    ]


def region(location: str) -> str:
    """How a region is spelled in addresses, and compared: ``East US`` is eastus."""
    return location.replace(" ", "").lower()


def place_path(api: Api, location: str) -> str:
    """The address of what Az.Compute has in a region. Raises Terminating."""
    place = segment(region(location), "Location")
    return f"{subscription(api)}/providers/Microsoft.Compute/locations/{place}"
