"""Tags of a group or resource by themselves, whatever its type; and the names that are in use."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from calco.model import errors
from calco.model.ids import ResourceId
from calco.model.operation import Claim
from calco.ports import Resource
from calco.work import resource, resource_group
from calco.work.cloud import Cloud
from calco.work.common import GROUP_DELETING, check_free, found

Tags = Mapping[str, str]


def get(cloud: Cloud, id: ResourceId) -> Resource:
    """What bears the tags. Raises ApiError 404."""
    with cloud.records.read() as view:
        return found(view, id)


def change(cloud: Cloud, id: ResourceId, changed: Callable[[Tags], Tags]) -> Resource:
    """Give it the tags that ``changed`` makes of its tags, at once. Raises ApiError: it is missing, or an operation is
    at it."""
    with cloud.records.write() as tx:
        there = found(tx, id)
        if there.internal.get(GROUP_DELETING):
            raise errors.group_being_deleted(id.group)
        check_free(tx, (Claim(id),))
        tagged = replace(there, tags=changed(there.tags or {}))
        tx.put(tagged)
    return tagged


def merged(there: Tags, more: Tags) -> Tags:
    """Names compare without regard to case; one that is there keeps its spelling."""
    spelled = {name.lower(): name for name in there}
    return {**there, **{spelled.get(name.lower(), name): value for name, value in more.items()}}


def without(there: Tags, gone: Tags) -> Tags:
    """Those of ``gone`` go whose value is the same; an empty value there stands for any."""
    names = {name.lower(): value for name, value in gone.items()}
    return {
        name: value
        for name, value in there.items()
        if name.lower() not in names or names[name.lower()] not in ("", value)
    }


def in_use(cloud: Cloud) -> Mapping[str, Mapping[str, int]]:
    """Every tag's name, and how often it has which value, on groups and resources; O(all)."""
    counts: dict[str, dict[str, int]] = {}
    spelled: dict[str, str] = {}
    for each in (*resource_group.list(cloud), *resource.list(cloud, None)):
        for name, value in (each.tags or {}).items():
            of_name = counts.setdefault(spelled.setdefault(name.lower(), name), {})
            of_name[value] = of_name.get(value, 0) + 1
    return counts
