"""Resources of every type at once: what lists of a group or of the whole subscription hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from calco.model.document import text_at
from calco.model.ids import ResourceId
from calco.ports import Resource
from calco.work import resource_group
from calco.work.cloud import Cloud
from calco.work.common import found

NOT_LISTED = frozenset({"microsoft.resources"})
"""Namespaces whose things are about resources and are none: groups and deployments."""


@dataclass(frozen=True)
class Wanted:
    """Which resources somebody wants; None is any. All but a tag's value compares without regard to case."""

    group: str | None = None
    type: str | None = None
    not_type: str | None = None
    name: str | None = None
    name_part: str | None = None
    location: str | None = None
    tag: str | None = None
    tag_start: str | None = None
    tag_value: str | None = None

    def has(self, resource: Resource) -> bool:
        id = resource.id
        return (
            _is(self.group, id.group)
            and _is(self.type, id.kind)
            and (self.not_type is None or not _is(self.not_type, id.kind))
            and _is(self.name, id.name)
            and (self.name_part is None or self.name_part.lower() in id.name.lower())
            and (self.location is None or _is(self.location.replace(" ", ""), resource.location))
            and self._is_tagged(resource)
        )

    def _is_tagged(self, resource: Resource) -> bool:
        if self.tag is self.tag_start is self.tag_value is None:
            return True
        return any(
            _is(self.tag, name)
            and (self.tag_start is None or name.lower().startswith(self.tag_start.lower()))
            and self.tag_value in (None, value)
            for name, value in (resource.tags or {}).items()
        )


def _is(wanted: str | None, there: str) -> bool:
    return wanted is None or wanted.lower() == there.lower()


def list(cloud: Cloud, group: ResourceId | None, wanted: Wanted | None = None) -> Sequence[Resource]:
    """Every resource that is nested in none, in the group or everywhere, group by group in order of creation; O(all).
    Raises ApiError 404 for a group that is not there."""
    wanted = wanted or Wanted()
    with cloud.records.read() as view:
        groups: Sequence[Resource]
        groups = view.resources(resource_group.KIND) if group is None else [found(view, group)]
        there = [
            each
            for one in groups
            if _is(wanted.group, one.id.group)
            for each in view.in_group(one.id)
            if len(each.id.types) == 1 and each.id.namespace.lower() not in NOT_LISTED
        ]
    return [each for each in there if wanted.has(each)]


def made_at(resource: Resource) -> str | None:
    """When it was made, where its type says so."""
    return text_at(resource.properties, "timeCreated") or text_at(resource.properties, "creationTime")
