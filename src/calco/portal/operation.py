"""How far something is that goes on in the service: its steps, what was copied and what is shared, and what came of it.

The page only looks on. It can be left, loaded again, and found after the service was started again.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from starlette.responses import Response

from calco.model.document import Document, number_at, object_at, objects_at, text_at
from calco.portal.activity import deed_of, key_of
from calco.portal.machine_create import may_create
from calco.portal.page import portal_path
from calco.portal.visit import Page, Visit

IMAGE_WRITE, MACHINE_DELETE = "Microsoft.Compute/images/write", "Microsoft.Compute/virtualMachines/delete"
COPIED = "copied"


@dataclass(frozen=True)
class Step:
    """One line of the page. ``kind`` is the colour of its state; ``seconds`` is how long it took, ``elapsed`` how long
    it goes on; ``done`` and ``total`` count bytes, or are None."""

    name: str
    status: str
    kind: str
    seconds: float | None
    elapsed: str
    said: str
    done: int | None
    total: int | None


_KINDS = {"Succeeded": "good", "Failed": "bad", "Canceled": "bad", "InProgress": "busy"}


def kind_of(status: str) -> str:
    """The colour of a state, for ``ui.state``."""
    return _KINDS.get(status, "off")


async def show(visit: Visit) -> Response:
    id = quote(visit.path["id"], safe="")
    story = await visit.api.get(f"{visit.api.subscription}/providers/Calco/operations/{id}")
    children = objects_at(story, "children")
    image = next((text_at(each, "subject") for each in children if text_at(each, "action") == IMAGE_WRITE), None)
    deleted = any(text_at(each, "action") == MACHINE_DELETE for each in children)
    status = text_at(story, "status") or ""
    subject = text_at(story, "subject") or ""
    steps = [_step(visit, each, children) for each in objects_at(story, "steps")]
    mover = _mover(story, children)
    shown = visit.page(
        "operation.html",
        story=story,
        deed=deed_of(text_at(story, "action") or ""),
        state=status,
        kind=kind_of(status),
        elapsed=visit.since(text_at(story, "startTime")) if status == "InProgress" else "",
        steps=steps,
        progress=object_at(mover, "progress"),
        why=_why(mover),
        told_in_row=any(each.said for each in steps),
        subject=subject,
        subject_page="" if deleted else portal_path(subject),
        image_page=portal_path(image or ""),
        image=image or "",
        may_create=bool(image) and status == "Succeeded" and await may_create(visit),
        fault=object_at(story, "error"),
        warnings=[text_at(each, "message") or "" for each in objects_at(story, "warnings")],
    )
    return shown if status == "InProgress" else visit.last(shown)


def _step(visit: Visit, step: Document, children: list[Document]) -> Step:
    child = next((each for each in children if each.get("name") == step.get("operation")), None)
    progress = object_at(child or {}, "progress")
    status = text_at(step, "status") or ""
    return Step(
        name=text_at(step, "name") or "",
        status=status,
        kind=kind_of(status),
        seconds=_seconds(step),
        elapsed=visit.since(text_at(step, "startTime")) if status == "InProgress" else "",
        said=text_at(progress, "message") or "",
        done=number_at(progress, "bytesDone"),
        total=number_at(progress, "bytesTotal"),
    )


def _seconds(step: Document) -> float | None:
    began, ended = text_at(step, "startTime"), text_at(step, "endTime")
    if not began or not ended:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def _mover(story: Document, children: list[Document]) -> Document:
    """The operation whose path it is that is told: the capture that this one asked for, or itself."""
    return next((each for each in children if "path" in object_at(each, "progress")), story)


def _why(mover: Document) -> str:
    """Why the bytes are shared or copied, as a part of a key: sharing is the rule, what copies is a plan of its own."""
    path, plan = text_at(mover, "progress", "path") or "", text_at(mover, "plan") or ""
    return f"{path}_{key_of(plan)}" if path == COPIED else path


PAGES = (Page("/operations/{id}", show, live_seconds=1),)
