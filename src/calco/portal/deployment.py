"""One deployment: what it makes and how far each of it is, what went wrong, and its cancellation.

The page only looks on. It can be left, loaded again, and found after the service was started again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from starlette.responses import Response

from calco.model.document import Document, object_at, objects_at, text_at
from calco.portal.api import Refused
from calco.portal.operation import kind_of
from calco.portal.visit import Page, Visit, explained

TYPE = "Microsoft.Resources/deployments"
CANCEL = f"{TYPE}/cancel/action"
ENDED = frozenset({"Succeeded", "Failed", "Canceled"})
MACHINE = "Microsoft.Compute/virtualMachines"
WAITING = "NotStarted"
"""What has not been begun; the API has no operation for it yet."""


@dataclass(frozen=True)
class Part:
    """One resource. ``step`` is what is being done to make it, ``says`` more of that in the API's words, ``elapsed``
    how long it goes on; ``error`` its refusal or failure."""

    id: str
    type: str
    state: str
    kind: str = "off"
    step: str = ""
    says: str = ""
    elapsed: str = ""
    error: str = ""


async def show(visit: Visit) -> Response:
    return await _shown(visit)


async def cancel(visit: Visit) -> Response:
    try:
        await visit.api.send("POST", f"{visit.id(TYPE)}/cancel")
    except Refused as refusal:
        if refusal.status == 401:
            raise
        return await _shown(visit, explained(visit.words, refusal))
    return visit.go(visit.request.url.path)


async def _shown(visit: Visit, fault: str = "") -> Response:
    id = visit.id(TYPE)
    deployment = await visit.api.get(id)
    begun = {
        (text_at(each, "properties", "targetResource", "id") or "").lower(): object_at(each, "properties")
        for each in await visit.api.list(f"{id}/operations")
    }
    state = text_at(deployment, "properties", "provisioningState") or ""
    parts = [
        await _part(visit, target, begun.get(target["id"].lower()), state) for target in _targets(deployment, begun)
    ]
    machines = [each for each in parts if each.type.lower() == MACHINE.lower()]
    return visit.page(
        "deployment.html",
        status=400 if fault else 200,
        deployment=deployment,
        state=state,
        kind=kind_of(state) if state in ENDED else "busy",
        goes_on=state not in ENDED,
        parts=parts,
        machines=machines,
        done=sum(each.state == "Succeeded" for each in parts),
        errors=[*_errors(object_at(deployment, "properties", "error"))] if state == "Failed" else [],
        may_cancel=state not in ENDED and await visit.may(CANCEL, id),
        fault=fault,
    )


def _targets(deployment: Document, begun: dict[str, Document]) -> list[dict[str, str]]:
    """Everything it makes, what others depend on first: what was begun, and what the template's dependencies name."""
    dependencies = objects_at(deployment, "properties", "dependencies")
    named = [
        *(object_at(each, "targetResource") for each in begun.values()),
        *(below for each in dependencies for below in objects_at(each, "dependsOn")),
        *dependencies,
        *objects_at(deployment, "properties", "outputResources"),
    ]
    found: dict[str, dict[str, str]] = {}
    for each in named:
        id = text_at(each, "id")
        if id:
            found.setdefault(id.lower(), {"id": id, "type": text_at(each, "resourceType") or ""})
    return list(found.values())


async def _part(visit: Visit, target: dict[str, str], operation: Document | None, whole: str) -> Part:
    part = Part(target["id"], target["type"], "" if whole in ENDED else WAITING)
    if operation is None:
        return part
    state = text_at(operation, "provisioningState") or ""
    if state == "Running":
        return await _running(
            visit, replace(part, state=state, kind="busy"), text_at(operation, "serviceRequestId") or ""
        )
    error = object_at(operation, "statusMessage", "error")
    said = f"{text_at(error, 'code')}: {text_at(error, 'message')}" if error else ""
    return replace(part, state=state, kind=kind_of(state), error=said)


async def _running(visit: Visit, part: Part, operation: str) -> Part:
    """With what its operation says of itself now: that it waits for its turn, say, or which step it is at."""
    api = visit.api
    story = await api.find(f"{api.subscription}/providers/Calco/operations/{operation}") if operation else None
    if story is None:
        return part
    steps = (text_at(each, "name") for each in objects_at(story, "steps") if each.get("status") == "InProgress")
    return replace(
        part,
        says=text_at(story, "progress", "message") or "",
        step=next(steps, None) or "",
        elapsed=visit.since(text_at(story, "startTime")),
    )


def _errors(error: Document) -> Iterator[str]:
    """What is wrong, the innermost of it: what lies around only says that something was."""
    details = objects_at(error, "details")
    for each in details:
        yield from _errors(each)
    if not details and error:
        yield f"{text_at(error, 'code')}: {text_at(error, 'message')}"


PAGES = (Page("/deployments/{group}/{name}", show, cancel, live_seconds=1),)
