"""The story of an operation, for whoever watches it: its steps and when each was, how many bytes went where and by
which path, and the operations that it asked for in turn.

Told from what is kept anyway when somebody asks: the log of steps, what the operation says of itself, what it holds.
O(steps and operations below it).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from calco.model.document import number_at, text_at
from calco.model.operation import Operation, Status, StepEvent
from calco.operations.plan import Act, Plan
from calco.ports import Logged, Reader
from calco.work import capture_verdict, deployments, image_capture, image_making, volume
from calco.work.cloud import Cloud
from calco.work.operation import percent
from calco.work.plans import BOOK

DEEPEST = 3
"""Operations below operations are told so far down: a template in a template, and what that asked for."""

MOST = 100
"""Running operations that are told at once."""


class StepState(StrEnum):
    NOT_STARTED = "NotStarted"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNDONE = "Undone"


class Path(StrEnum):
    """How an image came by its bytes: its disks lie over its sources' volumes, or are whole copies."""

    SHARED = "shared"
    COPIED = "copied"


@dataclass(frozen=True)
class Step:
    """``operation``: what was asked for in this step."""

    name: str
    state: StepState = StepState.NOT_STARTED
    began: datetime | None = None
    ended: datetime | None = None
    operation: str | None = None


@dataclass(frozen=True)
class Progress:
    """``says`` is a sentence; bytes are of the part that is moved now, the ``part``-th of ``parts``; ``percent`` is of
    all. What is shared and copied is known at the end."""

    says: str | None = None
    percent: int | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None
    part: int | None = None
    parts: int | None = None
    path: Path | None = None
    bytes_shared: int | None = None
    bytes_copied: int | None = None


@dataclass(frozen=True)
class Story:
    """``about`` is the plan in words. ``warnings`` are those of the operations below it too, each once."""

    operation: Operation
    about: str
    steps: Sequence[Step]
    progress: Progress
    warnings: Sequence[str]
    children: Sequence["Story"]


def get(cloud: Cloud, id: str, sees: Callable[[str], bool]) -> Story | None:
    """None when there is no such operation. ``sees``: whether what an operation is about may be shown to who asks."""
    with cloud.records.read() as view:
        operation = view.operation(id)
        return None if operation is None else _story(cloud, view, operation, sees, DEEPEST)


def running(cloud: Cloud, sees: Callable[[str], bool]) -> Sequence[Story]:
    """What goes on now, in the order of acceptance, the first ``MOST`` of it; what another one of these asked for is
    told with that."""
    with cloud.records.read() as view:
        unfinished = view.unfinished()
        theirs = {each.id for each in unfinished}
        own = [each for each in unfinished if each.cause.parent not in theirs and sees(str(each.subject))]
        return [_story(cloud, view, each, sees, 1) for each in own[:MOST]]


def _story(cloud: Cloud, view: Reader, operation: Operation, sees: Callable[[str], bool], deeper: int) -> Story:
    asked = view.asked_by(operation.id) if deeper else []
    children = [_story(cloud, view, each, sees, deeper - 1) for each in asked if sees(str(each.subject))]
    warning = capture_verdict.warning_of(operation)
    warnings = dict.fromkeys(
        [*([] if warning is None else [warning]), *(w for each in children for w in each.warnings)]
    )
    return Story(
        operation,
        WORDS.get(operation.plan, DONE_AT_ONCE),
        _steps(view, operation, asked),
        _progress(cloud, view, operation, children),
        [*warnings],
        children,
    )


# --- steps -----------------------------------------------------------------------------------------------------------


def _steps(view: Reader, operation: Operation, asked: Sequence[Operation]) -> list[Step]:
    plan = BOOK.plans.get(operation.plan)
    if plan is None:
        return []
    history = view.history(operation.id)
    failed = next((each for each in history if each.event is StepEvent.FAILED), None)
    told = [_step(each, history, failed) for each in _needed(plan, operation)]
    if failed is not None and not any(each.state is StepState.FAILED for each in told):
        told = _with_the_failed_one(told, failed)
    return [replace(each, operation=_operation_of(operation, each.name, asked)) for each in told]


def _needed(plan: Plan[Cloud, object], operation: Operation) -> list[str]:
    job = plan.job(operation)
    return [each.name for each in plan.steps if not isinstance(each, Act) or each.needed(job)]


def _step(name: str, history: Sequence[Logged], failed: Logged | None) -> Step:
    mine = {each.event: each.at for each in history if each.step == name and each.event is not StepEvent.FAILED}
    if not mine:
        return Step(name)
    began = mine.get(StepEvent.STARTED, mine.get(StepEvent.DONE))
    if StepEvent.DONE not in mine:  # what it had done by then was undone, if it was
        ended = None if failed is None else failed.at
        return Step(name, StepState.IN_PROGRESS if failed is None else StepState.FAILED, began, ended)
    if StepEvent.UNDONE in mine:
        return Step(name, StepState.UNDONE, began, mine[StepEvent.UNDONE])
    return Step(name, StepState.SUCCEEDED, began, mine[StepEvent.DONE])


def _with_the_failed_one(told: Sequence[Step], failed: Logged) -> list[Step]:
    """A change that failed leaves no entry of its own: it is the first one behind those that were begun."""
    steps = [*told]
    for at, each in enumerate(steps):
        if each.state is StepState.NOT_STARTED:
            steps[at] = replace(each, state=StepState.FAILED, ended=failed.at)
            break
    return steps


def _operation_of(operation: Operation, step: str, asked: Sequence[Operation]) -> str | None:
    if operation.plan != image_making.MAKE.name:
        return None
    making = image_making.MAKE.job(operation).params
    found = next((each.operation(asked, making) for each in image_making.STEPS if each.name == step), None)
    return None if found is None else found.id


# --- bytes -----------------------------------------------------------------------------------------------------------


def _progress(cloud: Cloud, view: Reader, operation: Operation, children: Sequence[Story]) -> Progress:
    """Its own; of one that only asks others, that of the last of them that has any."""
    own = _own(cloud, view, operation)
    if own != Progress():
        return own
    return next((each.progress for each in reversed(children) if each.progress != Progress()), own)


def _own(cloud: Cloud, view: Reader, operation: Operation) -> Progress:
    kept = operation.progress
    moved = image_capture.moved(view, operation)
    told = Progress(says=deployments.waits(cloud, view, operation))
    if operation.end is None and "says" in kept:
        told = Progress(
            text_at(kept, "says"),
            percent(operation),
            number_at(kept, "done"),
            number_at(kept, "total"),
            number_at(kept, "part"),
            number_at(kept, "parts"),
        )
    if moved is None:
        return told
    told = replace(told, path=Path.COPIED if moved.copied else Path.SHARED)
    if operation.status is not Status.SUCCEEDED:
        return told
    shared = [each for each in volume.chain(view, moved.held) if each not in moved.copied]
    return replace(
        told,
        percent=100,
        bytes_shared=sum(cloud.disks.used_bytes(each) for each in shared),
        bytes_copied=sum(cloud.disks.used_bytes(each) for each in moved.copied),
    )


# --- words -----------------------------------------------------------------------------------------------------------

DONE_AT_ONCE = "Make a change"
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "access.end": "End access to a disk",
        "deployment.deploy": "Deploy a template",
        "disk.create": "Create a disk",
        "disk.delete": "Delete a disk",
        "disk.fromSource": "Create a disk from a source",
        "disk.update": "Update a disk",
        "image.capture": "Create an image",
        "image.delete": "Delete an image",
        "image.fromBlobs": "Create an image from blobs",
        "image.replicate": "Create a zone-resilient image",
        "machine.capture": "Capture a virtual machine's blobs",
        "machine.convert": "Convert a virtual machine to managed disks",
        "machine.create": "Create a virtual machine",
        "machine.createImage": "Create an image of a virtual machine",
        "machine.deallocate": "Stop (deallocate) a virtual machine",
        "machine.delete": "Delete a virtual machine",
        "machine.powerOff": "Power off a virtual machine",
        "machine.resize": "Resize a virtual machine",
        "machine.restart": "Restart a virtual machine",
        "machine.rewire": "Attach and detach data disks",
        "machine.runCommand": "Run a script in a virtual machine",
        "machine.start": "Start a virtual machine",
        "machine.update": "Update a virtual machine",
        "resourceGroup.delete": "Delete a resource group",
        "snapshot.create": "Create a snapshot",
        "snapshot.delete": "Delete a snapshot",
        "virtualNetwork.delete": "Delete a virtual network",
    }
)
