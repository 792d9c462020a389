"""How far an operation is, step by step, for a page that shows it. Ours: Azure's clients poll, and learn less."""

from datetime import datetime

from calco.arm import operations, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.model.document import Document, Json
from calco.model.ids import is_guid
from calco.work import activity, capture_verdict
from calco.work import operation_story as work
from calco.work.operation_story import Progress, Step, Story


def get(call: Call) -> Answer:
    """Answered at once, whether or not it goes on."""
    id = call.variables["operation"].lower()
    story = work.get(call.cloud, id, call.sees) if is_guid(id) else None
    if story is None:
        raise operations.not_found()
    return ok(show(call, story))


def list_running(call: Call) -> Answer:
    """What goes on now and may be seen, the oldest first."""
    return listed([show(call, each) for each in work.running(call.cloud, call.sees)])


def path(call: Call, operation: str) -> str:
    """Where an operation's story is told."""
    return f"/subscriptions/{call.subscription}/providers/Calco/operations/{operation}"


def show(call: Call, story: Story) -> Document:
    operation = story.operation
    end = operation.end
    shown: Document = {
        "id": path(call, operation.id),
        "name": operation.id,
        "plan": operation.plan,
        "kind": story.about,
        "action": operation.cause.action,
        "subject": str(operation.subject),
        "status": operation.status.value,
        "startTime": showing.time(operation.started_at),
        "endTime": None if end is None else showing.time(end.ended_at),
        "error": None if end is None or end.failure is None else operations.failure(activity.told_of(end.failure)),
        "warnings": [{"code": capture_verdict.CODE, "message": each} for each in story.warnings],
        "steps": [_step(each) for each in story.steps],
        "progress": _progress(story.progress),
        "children": [show(call, each) for each in story.children],
    }
    return _without_none(shown)


def _step(step: Step) -> Document:
    return _without_none(
        {
            "name": step.name,
            "status": step.state.value,
            "startTime": _time(step.began),
            "endTime": _time(step.ended),
            "operation": step.operation,
        }
    )


def _progress(progress: Progress) -> Document:
    return _without_none(
        {
            "message": progress.says,
            "percent": progress.percent,
            "bytesDone": progress.bytes_done,
            "bytesTotal": progress.bytes_total,
            "part": progress.part,
            "parts": progress.parts,
            "path": None if progress.path is None else progress.path.value,
            "bytesShared": progress.bytes_shared,
            "bytesCopied": progress.bytes_copied,
        }
    )


def _time(moment: datetime | None) -> Json:
    return None if moment is None else showing.time(moment)


def _without_none(shown: Document) -> Document:
    return {name: each for name, each in shown.items() if each is not None}
