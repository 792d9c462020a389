"""What the records keep of a deployment: what everybody may see, how far each resource is, and, sealed, what it is made
from. Templates and their parameters may hold a password anywhere, so they lie nowhere in clear.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from calco.model.deployment import Mode, NewDeployment, Part, PartState, State
from calco.model.document import Document, Json, number_at, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.ports import Resource
from calco.template import Context, Item, Prepared, template_hash
from calco.work.cloud import Cloud
from calco.work.common import with_internal, with_properties

PARTS, CANCEL, OPERATION, BEGAN = "parts", "cancel", "operation", "began"
"""``internal`` members: how far each resource is, whether the deployment is to end early, which operation carries it
out, when it was accepted."""


@dataclass(frozen=True)
class Recipe:
    """Everything a deployment is made from: the same recipe gives the same resources, after a crash too."""

    template: Document
    parameters: Document
    context: Context


def sealed(cloud: Cloud, recipe: Recipe) -> str:
    return cloud.sealer.seal(msgspec.json.encode(recipe).decode())


def unsealed(cloud: Cloud, text: str) -> Recipe:
    kept: Json = msgspec.json.decode(cloud.sealer.unseal(text))
    where = object_at(kept, "context")
    context = Context(
        **{name: str(where[name]) for name in _TEXTS},
        now=datetime.fromisoformat(str(where["now"])),
        tags=object_at(where, "tags"),
        zones=msgspec.convert(where["zones"], dict[str, tuple[str, ...]]),
    )
    return Recipe(object_at(kept, "template"), object_at(kept, "parameters"), context)


_TEXTS = ("subscription", "tenant", "group", "location", "deployment", "seed", "subscription_name", "base", "mode")


def timestamp(moment: datetime) -> str:
    """As deployments show times. Source: recorded answers, seven digits and ``Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def duration(took: timedelta) -> str:
    """ISO 8601, in hours, minutes and seconds with seven digits."""
    minutes, seconds = divmod(max(took, timedelta()).total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"PT{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}{seconds:.7f}S"


def took(began: str, ended: str) -> str:
    """``duration`` between two ``timestamp``s."""
    return duration(datetime.fromisoformat(ended) - datetime.fromisoformat(began))


# --- the record ------------------------------------------------------------------------------------------------------


def new(cloud: Cloud, wanted: NewDeployment, prepared: Prepared) -> Resource:
    """The record of a deployment that was just accepted. Members in Azure's order."""
    now = cloud.clock.now()
    properties: Document = {
        "templateHash": template_hash(wanted.template),
        "parameters": prepared.shown_parameters,
        "mode": Mode.INCREMENTAL.value,
        "provisioningState": State.ACCEPTED.value,
        "timestamp": timestamp(now),
        "duration": duration(timedelta()),
        "correlationId": cloud.cause.correlation,
        "providers": [*_providers(prepared.items, prepared.context.location)],
        "dependencies": [*_dependencies(prepared.items)],
    }
    parts: Sequence[Json] = [msgspec.to_builtins(each) for each in _parts(cloud, prepared.items)]
    internal: Document = {PARTS: [*parts], BEGAN: now.isoformat()}
    return Resource(wanted.id, prepared.context.location, properties, wanted.tags, internal)


def _parts(cloud: Cloud, items: Sequence[Item]) -> list[Part]:
    known = {each.id.key for each in items}
    return [
        Part(str(each.id), cloud.chance.guid(), tuple(key for key in each.depends_on if key in known)) for each in items
    ]


def parts_of(deployment: Resource) -> list[Part]:
    """How far each resource of the deployment is, in the template's order."""
    return [_part(each) for each in objects_at(deployment.internal, PARTS)]


def _part(kept: Document) -> Part:
    error, depends_on = kept.get("error"), kept.get("depends_on")
    return Part(
        id=str(kept["id"]),
        tracking=str(kept["tracking"]),
        depends_on=tuple(str(each) for each in depends_on) if isinstance(depends_on, list) else (),
        state=PartState(str(kept["state"])),
        operation=text_at(kept, "operation"),
        began=text_at(kept, "began"),
        ended=text_at(kept, "ended"),
        status=number_at(kept, "status") or 0,
        error=error if isinstance(error, dict) else None,
    )


def with_parts(deployment: Resource, parts: Sequence[Part]) -> Resource:
    shown: Sequence[Json] = [msgspec.to_builtins(each) for each in parts]
    return with_internal(deployment, {PARTS: [*shown]})


def began_at(deployment: Resource) -> datetime:
    return datetime.fromisoformat(text_at(deployment.internal, BEGAN) or "1970-01-01T00:00:00+00:00")


def in_state(deployment: Resource, state: State, now: datetime, more: Mapping[str, Json]) -> Resource:
    """The deployment as it stands from ``now`` on; its time and how long it took go with that."""
    changes: Document = {
        "provisioningState": state.value,
        "timestamp": timestamp(now),
        "duration": duration(now - began_at(deployment)),
        **more,
    }
    return with_properties(deployment, changes)


def is_canceled(deployment: Resource) -> bool:
    return deployment.internal.get(CANCEL) is True


def canceled(deployment: Resource) -> Resource:
    return replace(deployment, internal={**deployment.internal, CANCEL: True})


# --- what Azure adds -------------------------------------------------------------------------------------------------


def _providers(items: Sequence[Item], location: str) -> list[Json]:
    types: dict[str, dict[str, None]] = {}
    for each in items:
        namespace, _, type = each.type.partition("/")
        types.setdefault(namespace, {})[type] = None
    return [
        {
            "namespace": namespace,
            "resourceTypes": [{"resourceType": each, "locations": [location]} for each in some],
        }
        for namespace, some in types.items()
    ]


def _dependencies(items: Sequence[Item]) -> list[Json]:
    by_key = {each.id.key: each for each in items}
    return [
        {"dependsOn": [_named(by_key[key]) for key in each.depends_on if key in by_key], **_named(each)}
        for each in items
        if not by_key.keys().isdisjoint(each.depends_on)
    ]


def _named(item: Item) -> dict[str, Json]:
    return target_of(item.id)


def target_of(id: ResourceId) -> dict[str, Json]:
    """A resource as dependencies and operations name it."""
    return {"id": str(id), "resourceType": id.type, "resourceName": "/".join(id.names)}
