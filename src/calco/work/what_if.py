"""What a deployment would change, without changing it: each resource of the template beside what is there.

Only what the template says is compared. What it leaves open (defaults, what the service fills in) is not known before;
what must be asked of resources that are not there yet stays the expression that it is and counts as no change. Values
of secure parameters are not shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from calco import template
from calco.model.deployment import KIND, Mode, NewDeployment
from calco.model.document import Document, Json, object_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.template import Item, Prepared
from calco.work.cloud import Cloud
from calco.work.deployment import prepared_for
from calco.work.look import ANY_VERSION


class ChangeType(StrEnum):
    """As Azure spells them. Source: Azure, REST reference of what-if."""

    CREATE = "Create"
    MODIFY = "Modify"
    NO_CHANGE = "NoChange"
    IGNORE = "Ignore"
    DELETE = "Delete"


class PropertyChange(StrEnum):
    CREATE = "Create"
    DELETE = "Delete"
    MODIFY = "Modify"
    ARRAY = "Array"


@dataclass(frozen=True)
class Delta:
    path: str
    type: PropertyChange
    before: Json = None
    after: Json = None
    children: "tuple[Delta, ...]" = ()


@dataclass(frozen=True)
class Change:
    resource: ResourceId
    type: ChangeType
    before: Document | None = None
    after: Document | None = None
    delta: tuple[Delta, ...] = ()


def changes(cloud: Cloud, wanted: NewDeployment) -> Sequence[Change]:
    """In the order of the template, then what it does not name. Raises ApiError for a template that is not valid."""
    prepared, _ = prepared_for(cloud, wanted)
    secrets = _secrets(wanted, prepared)
    found = [_hidden(each, secrets) for each in _of_template(cloud, wanted, prepared)]
    named = {each.resource.key for each in found}
    return [*found, *_others(cloud, wanted, named)]


def _of_template(cloud: Cloud, wanted: NewDeployment, prepared: Prepared) -> Iterator[Change]:
    for item in prepared.items:
        after = template.preview(prepared, item)
        inner = object_at(after, "properties", "template")
        if item.nested and inner:
            yield from _of_nested(cloud, wanted, item, after)
        else:
            yield _change(cloud, item, after)


def _of_nested(cloud: Cloud, outer: NewDeployment, item: Item, body: Document) -> Iterator[Change]:
    """A nested template's resources are shown as if they were the outer one's. Its group's tags are in the template's
    reach, so whoever asks must be allowed to read another group."""
    if item.id.group_id.key != outer.id.group_id.key:
        _shown(cloud, item.id.group_id, ANY_VERSION)
    inner, parameters = object_at(body, "properties", "template"), object_at(body, "properties", "parameters")
    wanted = NewDeployment(item.id, inner, parameters, Mode.INCREMENTAL, outer.tenant, outer.base)
    try:
        prepared, _ = prepared_for(cloud, wanted)
    except ApiError:  # it needs what only a real resource tells
        yield _change(cloud, item, body)
        return
    yield from _of_template(cloud, wanted, prepared)


def _change(cloud: Cloud, item: Item, body: Document) -> Change:
    before = _shown(cloud, item.id, item.version)
    after: Document = {**_head(item.id, item.version), **body}
    if before is None:
        return Change(item.id, ChangeType.CREATE, after=after)
    before = {**_head(item.id, item.version), **before}
    delta = tuple(_compared(before, body, ""))
    return Change(item.id, ChangeType.MODIFY if delta else ChangeType.NO_CHANGE, before, after, delta)


def _head(id: ResourceId, version: str) -> Document:
    return {"apiVersion": version, "id": str(id), "name": id.name, "type": id.type}


def _shown(cloud: Cloud, id: ResourceId, version: str) -> Document | None:
    """What is there, as the caller sees it. Asked even where there is nothing: who may not read it is not told so."""
    try:
        return cloud.front.get(cloud, id, version)
    except ApiError as refusal:
        if refusal.status == 404:
            return None
        raise


def _others(cloud: Cloud, wanted: NewDeployment, named: set[str]) -> Iterator[Change]:
    """What is in the group and not in the template: kept, or with mode Complete deleted."""
    fate = ChangeType.DELETE if wanted.mode is Mode.COMPLETE else ChangeType.IGNORE
    with cloud.records.read() as view:
        there = [each.id for each in view.in_group(wanted.id)]
    for id in there:
        if id.key in named or id.kind == KIND.lower() or len(id.types) != 1:
            continue
        try:
            shown = cloud.front.get(cloud, id, ANY_VERSION)
        except ApiError:  # not this caller's to see
            continue
        yield Change(id, fate, before={**_head(id, ANY_VERSION), **shown})


# --- comparing -------------------------------------------------------------------------------------------------------

WHOLE = ("tags",)
"""Members that a PUT replaces: what it leaves out goes."""


def _compared(before: Document, after: Document, path: str) -> Iterator[Delta]:
    for name, wanted in after.items():
        here = f"{path}.{name}" if path else name
        there = before.get(name)
        if name in ("apiVersion", "dependsOn", "comments"):
            continue
        yield from _value(here, there, wanted)
    for name in WHOLE if not path else ():
        gone, kept = object_at(before, name), object_at(after, name)
        if name in after:
            for each in gone.keys() - kept.keys():
                yield Delta(f"{name}.{each}", PropertyChange.DELETE, before=gone[each])


def _value(path: str, before: Json, after: Json) -> Iterator[Delta]:
    if after is None or _is_expression(after) or _same(path, before, after):
        return
    if before is None:
        if after not in ({}, []):
            yield Delta(path, PropertyChange.CREATE, after=after)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _compared(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        children = tuple(_elements(before, after))
        if children:
            yield Delta(path, PropertyChange.ARRAY, children=children)
    else:
        yield Delta(path, PropertyChange.MODIFY, before, after)


def _elements(before: Sequence[Json], after: Sequence[Json]) -> Iterator[Delta]:
    for place in range(max(len(before), len(after))):
        if place >= len(after):
            yield Delta(str(place), PropertyChange.DELETE, before=before[place])
        elif place >= len(before):
            yield Delta(str(place), PropertyChange.CREATE, after=after[place])
        else:
            yield from _value(str(place), before[place], after[place])


def _same(path: str, before: Json, after: Json) -> bool:
    if isinstance(before, str) and isinstance(after, str):
        if path == "location":
            return before.replace(" ", "").lower() == after.replace(" ", "").lower()
        return before.lower() == after.lower()
    return before == after


def _is_expression(value: Json) -> bool:
    return isinstance(value, str) and value.startswith("[") and value.endswith("]") and not value.startswith("[[")


# --- secrets ---------------------------------------------------------------------------------------------------------

STARS = "*******"


def _secrets(wanted: NewDeployment, prepared: Prepared) -> frozenset[str]:
    names = template.secure_names(wanted.template)
    values = [each for name, each in prepared.parameters.items() if name.lower() in names]
    return frozenset(text for each in values for text in _texts(each) if text)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _hidden(change: Change, secrets: frozenset[str]) -> Change:
    if not secrets:
        return change
    after = _starred(change.after, secrets)
    return Change(
        change.resource,
        change.type,
        change.before,
        after if isinstance(after, dict) else None,
        tuple(_hidden_delta(each, secrets) for each in change.delta),
    )


def _hidden_delta(delta: Delta, secrets: frozenset[str]) -> Delta:
    children = tuple(_hidden_delta(each, secrets) for each in delta.children)
    return Delta(delta.path, delta.type, delta.before, _starred(delta.after, secrets), children)


def _starred(value: Json, secrets: frozenset[str]) -> Json:
    if isinstance(value, str):
        return STARS if any(each in value for each in secrets) else value
    if isinstance(value, dict):
        return {name: _starred(each, secrets) for name, each in value.items()}
    if isinstance(value, list):
        return [_starred(each, secrets) for each in value]
    return value
