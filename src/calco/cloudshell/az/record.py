"""From the API's JSON to the object that a script reads, and back without losing what no table names.

A shape is a row of a table: the members that Az's object has, in its order. ``properties`` disappears: what is in it
stands beside id and name. Names differ from JSON's by case alone, and where they do not the shape says so. Sources:
Azure/azure-powershell, the PS* classes of each module's Models; Microsoft.Azure.Management.*'s reference.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import zip_longest

from calco.cloudshell.values import CUSTOM, Hashtable, Record, SecureString, Value
from calco.model.document import Document, Json
from calco.model.ids import ResourceId

ENVELOPE = frozenset(
    {"id", "name", "type", "location", "tags", "zones", "sku", "plan", "identity", "etag", "extendedLocation"}
    | {"managedBy", "kind", "resources"}
)
"""Members that stand beside ``properties``. Source: Azure, Resource Manager's common envelope."""

_WORD = re.compile(r"(?P<name>\w+)(=(?P<json>[\w.]+))?(:(?P<shape>\w+)(?P<many>\*?)|(?P<map>\{\})|(?P<date>~))?")


@dataclass(frozen=True)
class Shape:
    """``words`` are the members, parted by spaces: ``Name`` alone, ``Name:Shape`` with an object in it, ``Name:Shape*``
    with a list of objects, ``Tags{}`` with a table of words, ``TimeCreated~`` with a time, and before any of these
    ``Name=jsonName`` where the names differ by more than case. ``flat``: what is no envelope is in "properties".
    ``type`` is the .NET name in full, when it is not the family's prefix and the shape's own name."""

    words: str
    flat: bool = False
    type: str = ""


@dataclass(frozen=True)
class Family:
    """Shapes by name, and what begins the .NET name of each. ``also`` is another family to look in."""

    prefix: str
    shapes: Mapping[str, Shape] = field(hash=False)
    also: "Family | None" = None

    def __getitem__(self, name: str) -> "Kind":
        """The shape with its nested ones in reach. Raises KeyError."""
        if name not in self.shapes and self.also:
            return self.also[name]
        shape = self.shapes[name]
        return Kind(self, shape, shape.type or self.prefix + name)


@dataclass(frozen=True)
class Kind:
    """A shape that knows the family in which its nested shapes are named."""

    family: Family
    shape: Shape
    type: str


@dataclass(frozen=True)
class Member:
    """One word of a shape, read. ``json`` is the way to it from the top of the document."""

    name: str
    json: tuple[str, ...]
    shape: str = ""
    many: bool = False
    map: bool = False
    date: bool = False


@dataclass(frozen=True)
class Source:
    """What a Record keeps that no script sees: its kind, and the document it was read from."""

    kind: Kind | None
    document: Document = field(repr=False)


def read(kind: Kind, document: Document) -> Record:
    """The object that ``document`` is to a script. The document is not kept: a copy is."""
    made = Record(kind.type, held=Source(kind, deepcopy(document)))
    for member in members(kind.shape):
        made.members[member.name] = _read_member(kind, member, document)
    return made


def blank(kind: Kind, given: Mapping[str, Value] | None = None) -> Record:
    """An object that was never sent: every member is there, those of ``given`` hold something."""
    made = Record(kind.type, held=Source(kind, {}))
    for member in members(kind.shape):
        made.members[member.name] = None
    for name, value in (given or {}).items():
        made.members[name] = value
    return made


def write(record: Record) -> Document:
    """The JSON of ``record`` to send: what it was read from, with what a script made of it. A member that is null is
    left out. Secrets are spelled out: the result is for the wire alone."""
    source = record.held if isinstance(record.held, Source) else Source(None, {})
    document = deepcopy(source.document)
    if source.kind is None:
        return _write_any(record, document)
    for member in members(source.kind.shape):
        if member.name in COMPUTED and len(member.json) == 1 and not _at(document, member.json):
            continue
        _put(document, member.json, _write_value(record.get(member.name), _at(document, member.json)))
    return document


READ_ONLY = frozenset(
    {("id",), ("name",), ("type",), ("etag",), ("systemData",), ("resources",)}
    | {("properties", each) for each in ("provisioningState", "vmId", "timeCreated", "instanceView")}
)
"""What only the API says of a resource. Source: the readOnly members of Azure's Compute specifications."""


def sent(record: Record) -> Document:
    """``write`` for a resource of its own that is to be put: without what only the API says of it."""
    document = write(record)
    for way in READ_ONLY:
        _put(document, way, None)
    return document


def reference(record: Record, name: str, id: str) -> None:
    """Have member ``name`` (a SubResource, a managed disk) point at the resource with that id."""
    child(record, name).members["Id"] = id


COMPUTED = frozenset({"ResourceGroupName"})
"""Members that Az makes from others."""


def child(record: Record, name: str) -> Record:
    """The object in member ``name``, made when there is none. Raises KeyError when the shape has no such object."""
    there = record.get(name)
    if isinstance(there, Record):
        return there
    made = blank(nested(record, name))
    record.members[name] = made
    return made


def nested(record: Record, name: str) -> Kind:
    """The kind of object that member ``name`` of ``record`` holds, or holds a list of. Raises KeyError."""
    source = record.held
    if not isinstance(source, Source) or source.kind is None:
        raise KeyError(name)
    found = {each.name: each.shape for each in members(source.kind.shape)}[name]
    return source.kind.family[found]


def items(record: Record | None, name: str) -> list[Record]:
    """The objects in a list member; none when there is no such list."""
    there = record.get(name) if record else None
    return [each for each in there if isinstance(each, Record)] if isinstance(there, list) else []


def append(record: Record, name: str, given: Mapping[str, Value]) -> Record:
    """A new object at the end of a list member."""
    made = blank(nested(record, name), given)
    record.members[name] = [*items(record, name), made]
    return made


def at(record: Value, *way: str) -> Value:
    """What stands at the end of a way of members; None when it breaks off."""
    for name in way:
        record = record.get(name) if isinstance(record, Record) else None
    return record


def text(record: Record | None, *way: str) -> str:
    """The word at the end of a way of members; empty when it breaks off."""
    value = at(record, *way)
    return value if isinstance(value, str) else ""


def inner(record: Record, *way: str) -> Record | None:
    """The object at the end of a way of members, if it goes that far."""
    value = at(record, *way)
    return value if isinstance(value, Record) else None


def parse_time(text: str) -> datetime | None:
    """An ISO 8601 time as the API writes it (seven digits of a second at most), in UTC; None for anything else."""
    try:
        read = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def camel(name: str) -> str:
    """``OSProfile`` is osProfile, ``DiskSizeGB`` diskSizeGB, ``Id`` id: how JSON spells a member."""
    if name.isupper():
        return name.lower()
    head = re.match(r"[A-Z]+(?=[A-Z])|[A-Z]", name)
    return name[: head.end()].lower() + name[head.end() :] if head else name


def pascal(name: str) -> str:
    """How a member that no shape names is spelled for scripts."""
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=256)
def members(shape: Shape) -> tuple[Member, ...]:
    """The words of a shape, read. Raises ValueError on one that is none."""
    return tuple(_member(word, shape.flat) for word in shape.words.split())


def _member(word: str, flat: bool) -> Member:
    found = _WORD.fullmatch(word)
    if found is None:
        raise ValueError(f"not a member of a shape: {word!r}")
    name = found["name"]
    way = tuple((found["json"] or camel(name)).split("."))
    if flat and way[0] not in ENVELOPE and name not in COMPUTED:
        way = ("properties", *way)
    return Member(name, way, found["shape"] or "", bool(found["many"]), bool(found["map"]), bool(found["date"]))


def _read_member(kind: Kind, member: Member, document: Document) -> Value:
    if member.name in COMPUTED and _at(document, member.json) is None:
        return group_of(document)
    value = _at(document, member.json)
    if member.map:
        pairs = value if isinstance(value, dict) else {}
        return Hashtable.of({name: _read_any(each) for name, each in pairs.items()})
    if member.shape and isinstance(value, list):
        return [read(kind.family[member.shape], each) for each in value if isinstance(each, dict)]
    if member.shape and isinstance(value, dict):
        return read(kind.family[member.shape], value)
    if member.date and isinstance(value, str):
        return parse_time(value) or value
    return _read_any(value)


def _read_any(value: Json) -> Value:
    if isinstance(value, dict):
        made = Record(CUSTOM, held=Source(None, deepcopy(value)))
        for name, each in value.items():
            made.members[pascal(name)] = _read_any(each)
        return made
    if isinstance(value, list):
        return [_read_any(each) for each in value]
    return value


def group_of(document: Document) -> str | None:
    """The resource group in a document's id, as it is spelled there."""
    id = document.get("id")
    try:
        return ResourceId.parse(id).group if isinstance(id, str) else None
    except ValueError:
        return None


def _write_any(record: Record, document: Document) -> Document:
    spelled = {name.casefold(): name for name in document}
    written: Document = {}
    for name, value in record.members.items():
        json = spelled.get(name.casefold(), camel(name))
        each = _write_value(value, document.get(json))
        if each is not None:
            written[json] = each
    return written


def _write_value(value: Value, before: Json) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            written: Json = value
        case datetime():
            same = isinstance(before, str) and parse_time(before) == value
            written = before if same else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case SecureString():
            written = value.secret
        case Record():
            written = write(value)
        case Hashtable():
            olds = before if isinstance(before, dict) else {}
            pairs = {str(key): _write_value(each, olds.get(str(key))) for key, each in value.pairs()}
            written = pairs or (None if before is None else {})
        case list():
            earlier = before if isinstance(before, list) else []
            written = [_write_value(each, old) for each, old in zip_longest(value, earlier[: len(value)])]
        case _:
            written = str(value)
    return written


def _at(document: Document, way: tuple[str, ...]) -> Json:
    """The member at ``way``; its names are matched without case where the exact one is missing."""
    value: Json = document
    for name in way:
        if not isinstance(value, dict):
            return None
        value = value.get(_spelled(value, name))
    return value


def _put(document: Document, way: tuple[str, ...], value: Json) -> None:
    for name in way[:-1]:
        below = document.get(_spelled(document, name))
        if not isinstance(below, dict):
            if value is None:
                return
            below = document[name] = {}
        document = below
    last = _spelled(document, way[-1])
    if value is None:
        document.pop(last, None)
    else:
        document[last] = value


def _spelled(document: Document, name: str) -> str:
    if name in document:
        return name
    folded = name.casefold()
    return next((each for each in document if each.casefold() == folded), name)
