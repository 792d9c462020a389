"""Locks on any scope: PUT, GET, DELETE, list."""

import re

import msgspec

from calco.arm import reading
from calco.arm.call import Answer, Call, listed, ok
from calco.model import errors
from calco.model.document import Document
from calco.model.lock import NAME_LENGTH_MAX, NOTES_LENGTH_MAX, Level, Lock
from calco.model.scope import covers
from calco.work import lock as work

_NAME = re.compile(rf"[^<>%&:\\?/#\x00-\x1f]{{1,{NAME_LENGTH_MAX}}}")
OWNERS_MAX = 100


class _Owner(msgspec.Struct, rename="camel"):
    application_id: str = ""


class _Properties(msgspec.Struct):
    level: Level
    notes: str | None = None
    owners: list[_Owner] = []


class _Body(msgspec.Struct):
    properties: _Properties


def put(call: Call) -> Answer:
    name = call.variables["lock"]
    if not _NAME.fullmatch(name):
        raise errors.bad_resource_name(
            name, f"A lock's name has 1 to {NAME_LENGTH_MAX} characters, none of <>%&:\\?/#."
        )
    asked = reading.fit(call.body, _Body)[0].properties
    if asked.notes is not None and len(asked.notes) > NOTES_LENGTH_MAX:
        raise errors.invalid("properties.notes", f"Notes have at most {NOTES_LENGTH_MAX} characters.")
    if len(asked.owners) > OWNERS_MAX:
        raise errors.invalid("properties.owners", f"A lock has at most {OWNERS_MAX} owners.")
    lock = Lock(name, call.place, asked.level, asked.notes, tuple(each.application_id for each in asked.owners))
    return Answer(201 if work.put(call.cloud, call.resource, lock) else 200, show(lock))


def get(call: Call) -> Answer:
    return ok(show(work.get(call.cloud, call.place, call.variables["lock"])))


def delete(call: Call) -> Answer:
    return Answer(200 if work.delete(call.cloud, call.place, call.variables["lock"]) else 204)


def list_on(call: Call) -> Answer:
    """At, above and below the scope; ``atScope()`` leaves out those below."""
    asked = call.query.get("$filter", "").strip().lower()
    if asked not in ("", "atscope()"):
        raise errors.invalid("$filter", "It knows atScope().")
    place = call.place
    every = work.every(call.cloud)
    return listed(
        [show(each) for each in every if covers(each.scope, place) or (not asked and covers(place, each.scope))]
    )


def show(it: Lock) -> Document:
    properties: Document = {"level": it.level.value}
    if it.notes is not None:
        properties["notes"] = it.notes
    if it.owners:
        properties["owners"] = [{"applicationId": each} for each in it.owners]
    return {"properties": properties, "id": it.id, "type": work.KIND, "name": it.name}
