"""How far something is that goes on in the service: its steps, what was copied and what is shared, and what came of it.

The page only looks on. It can be left, loaded again, and found after the service was started again.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from starlette.responses import Response

from calco.model.document import Document, number_at, object_at, objects_at, text_at
from calco.portal.activity import deed_of
from calco.portal.machine_create import may_create
from calco.portal.page import portal_path
from calco.portal.visit import Page, Visit

IMAGE_WRITE, MACHINE_DELETE = "Microsoft.Compute/images/write", "Microsoft.Compute/virtualMachines/delete"


@dataclass(frozen=True)
class Step:
    """One line of the page. ``kind`` is the colour of its state; ``done`` and ``total`` count bytes, or are None."""

    name: str
    status: str
    kind: str
    seconds: float | None
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
    shown = visit.page(
        "operation.html",
        story=story,
        deed=deed_of(text_at(story, "action") or ""),
        state=status,
        kind=kind_of(status),
        steps=[_step(each, children) for each in objects_at(story, "steps")],
        progress=_progress(story, children),
        subject=subject,
        subject_page="" if deleted else portal_path(subject),
        image_page=portal_path(image or ""),
        image=image or "",
        may_create=bool(image) and status == "Succeeded" and await may_create(visit),
        fault=object_at(story, "error"),
        warnings=[text_at(each, "message") or "" for each in objects_at(story, "warnings")],
    )
    return shown if status == "InProgress" else visit.last(shown)


def _step(step: Document, children: list[Document]) -> Step:
    child = next((each for each in children if each.get("name") == step.get("operation")), None)
    progress = object_at(child or {}, "progress")
    status = text_at(step, "status") or ""
    return Step(
        name=text_at(step, "name") or "",
        status=status,
        kind=kind_of(status),
        seconds=_seconds(step),
        said=text_at(progress, "message") or "",
        done=number_at(progress, "bytesDone"),
        total=number_at(progress, "bytesTotal"),
    )


def _seconds(step: Document) -> float | None:
    began, ended = text_at(step, "startTime"), text_at(step, "endTime")
    if not began or not ended:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def _progress(story: Document, children: list[Document]) -> Document:
    """What tells which path was taken, the operation's own or that of the capture it asked for."""
    all = [object_at(each, "progress") for each in (story, *children)]
    return next((each for each in all if "path" in each), {})


PAGES = (Page("/operations/{id}", show, live_seconds=1),)
