"""How resources are shown: Azure's order of members, the casing of lists, and what each api-version knows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

import msgspec

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.ports import Resource

ETERNITY = "9999-12-31"


@dataclass(frozen=True)
class Field:
    """A member that only some versions know: from ``since`` on, before ``until``. ``path`` begins at the resource;
    arrays on the way are walked through."""

    path: str
    since: str = ""
    until: str = ETERNITY


def cut(document: Document, fields: Iterable[Field], version: str) -> Document:
    """``document`` without what ``version`` does not know; the original is left alone."""
    date = version[:10]
    for field in fields:
        if not field.since <= date < field.until:
            document = _without(document, field.path.split("."))
    return document


def _without(document: Document, path: Sequence[str]) -> Document:
    name, *rest = path
    if name not in document:
        return document
    if not rest:
        return {each: value for each, value in document.items() if each != name}
    return {each: _below(value, rest) if each == name else value for each, value in document.items()}


def _below(value: Json, path: Sequence[str]) -> Json:
    if isinstance(value, list):
        return [_below(each, path) for each in value]
    return _without(value, path) if isinstance(value, dict) else value


def resource(it: Resource, properties: Document, *, etag: str | None = None) -> Document:
    """The envelope in the order Compute uses since 2019: name, id, type, location, tags, others, properties."""
    shown: Document = {"name": it.id.name, "id": str(it.id)}
    if etag is not None:
        shown["etag"] = etag
    shown |= {"type": it.id.type, "location": it.location}
    if it.tags is not None:
        shown["tags"] = dict(it.tags)
    return {**shown, **it.extra, "properties": properties}


def ordered(document: Document, first: Sequence[str], last: Sequence[str] = ()) -> Document:
    """The same members: those in ``first`` before, those in ``last`` behind the others."""
    if last:
        document = {name: each for name, each in document.items() if name not in last} | _picked(document, last)
    return {**_picked(document, first), **document}


def _picked(document: Document, names: Sequence[str]) -> Document:
    return {name: document[name] for name in names if name in document}


_GROUP = re.compile(r"(/resourceGroups/)([^/]+)", re.IGNORECASE)


def upper_group(shown: Document) -> Document:
    """As Compute shows resources in lists of a whole subscription: the group's name in upper case inside the id.
    Source: recorded traffic, 154 of 154 ids."""
    id = shown.get("id")
    if not isinstance(id, str):
        return shown
    return {**shown, "id": _GROUP.sub(lambda found: found[1] + found[2].upper(), id, count=1)}


def time(moment: datetime) -> str:
    """Seven fractional digits and an explicit offset, as .NET writes them. Source: recorded operation documents."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}0+00:00"


GATEWAY = frozenset(
    {
        "AuthorizationFailed",
        "InvalidResourceGroup",
        "InvalidTemplate",
        "LinkedAuthorizationFailed",
        "MissingSubscriptionRegistration",
        "ParentResourceNotFound",
        "ResourceGroupNotFound",
        "ResourceNotFound",
        "ScopeLocked",
    }
)
"""Refusals that ARM's gateway makes itself and marks so. Source: recorded traffic."""


def error(refusal: ApiError) -> Document:
    """``{"error": {...}}``, details first where there are any, as recorded."""
    return {"error": _error(refusal)}


def _error(refusal: ApiError) -> Document:
    inner: Document = {}
    if refusal.details:
        inner["details"] = [_error(each) for each in refusal.details]
    return {**inner, **_members(refusal)}


def _members(refusal: ApiError) -> Mapping[str, Json]:
    members: dict[str, Json] = {"code": refusal.code, "message": refusal.message}
    if refusal.target is not None:
        members["target"] = refusal.target
    return members


def etag(resource: Resource | None) -> str:
    """Changes when the resource does; the network provider shows one on everything."""
    return f'W/"{_digest(resource, ())}"'


MACHINE_ETAGS = "2023-09-01"
"""The version from which on machines show one. Source: azure-mgmt-compute 33.1.0, models by api-version."""


def machine_etag(machine: Resource) -> str:
    """Changes with what people say of the machine, not with what it does."""
    return f'"{_digest(machine, ("provisioningState", "instanceView"))}"'


def _digest(resource: Resource | None, passing: Sequence[str]) -> str:
    kept: Document = {}
    if resource is not None:
        properties: Document = {name: each for name, each in resource.properties.items() if name not in passing}
        tags: Document = dict(resource.tags or {})
        kept = {**resource.extra, "tags": tags, "properties": properties}
    return str(uuid5(NAMESPACE_OID, msgspec.json.encode(kept, order="sorted").decode()))
