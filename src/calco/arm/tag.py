"""``Microsoft.Resources/tags``: the tags of one group or resource, and the names in use in the subscription.

Source: Azure, "Tags - Create Or Update At Scope" and its siblings (2024-11-01): PUT replaces, PATCH merges, replaces or
deletes, and all of them answer with all tags as they are then.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from calco.arm import reading
from calco.arm.call import Answer, Call, ok
from calco.model import errors
from calco.model.document import Document, Json, object_at, text_at
from calco.ports import Resource
from calco.work import tag as work

ACTS: Mapping[str, Callable[[work.Tags, work.Tags], work.Tags]] = MappingProxyType(
    {"merge": work.merged, "replace": lambda _there, wanted: wanted, "delete": work.without}
)


def get(call: Call) -> Answer:
    return ok(show(work.get(call.cloud, call.id)))


def put(call: Call) -> Answer:
    return _change(call, "replace")


def patch(call: Call) -> Answer:
    act = text_at(call.body, "operation") or ""
    if act.lower() not in ACTS:
        raise errors.invalid("operation", "It is Merge, Replace or Delete.")
    return _change(call, act.lower())


def delete(call: Call) -> Answer:
    """Take all tags away; no body."""
    work.change(call.cloud, call.id, lambda _: {})
    return Answer(200)


def _change(call: Call, act: str) -> Answer:
    wanted = reading.tags(object_at(call.body, "properties")) or {}

    def changed(there: work.Tags) -> work.Tags:
        after = ACTS[act](there, wanted)
        # What is there already may be more than one request could say: the limit is on the sum.
        return reading.tags({"tags": dict(after)}) or {}

    return ok(show(work.change(call.cloud, call.id, changed)))


def show(resource: Resource) -> Document:
    return {
        "id": f"{resource.id}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": dict(resource.tags or {})},
    }


def list_names(call: Call) -> Answer:
    """``az tag list``: names and values in use, with how often."""
    root = f"/subscriptions/{call.subscription}/tagNames"
    names: list[Json] = [
        {
            "id": f"{root}/{name}",
            "tagName": name,
            "count": _count(sum(values.values())),
            "values": [
                {"id": f"{root}/{name}/tagValues/{value}", "tagValue": value, "count": _count(number)}
                for value, number in values.items()
            ],
        }
        for name, values in work.in_use(call.cloud).items()
    ]
    return ok({"value": names})


def _count(number: int) -> Document:
    return {"type": "Total", "value": number}
