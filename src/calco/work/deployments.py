"""The document's limit: so many deployments of one managed image at once. The others wait in the order of arrival.

Each image has two lines, and a deployment stands in both from the moment its PUT is accepted. The first is of those
that are under way or will be: as many as the limit says have their turn, the first ones, and each stays until its
operation ends, that is from its first clone until its guest has set itself up. The second is of those whose machine has
not been switched on yet: it keeps the order in which they are, whichever operation a worker happens to look at first.

Places are rows, so a killed service goes on with the same lines. Disks made without a machine stand in no line, nor do
machines of platform images. Source: Azure, "Create a managed image of a generalized VM in Azure": 20 at once.
"""

from collections.abc import Iterable
from datetime import timedelta

from calco.model import errors
from calco.model.document import text_at
from calco.model.ids import ResourceId
from calco.model.operation import Operation, StepEvent
from calco.operations.plan import Job, P, Wait
from calco.ports import Reader, Writer
from calco.work.cloud import Cloud

POWER_ON = "power on"
"""The step that switches a new machine on."""

LOOK_AGAIN_SECONDS = 30.0
"""Who stands in line is woken when a place is free; this is for wake-ups that were lost."""


def _line(image: str) -> str:
    return f"image/{ResourceId.parse(image).key}"


def _start_line(image: str) -> str:
    return f"{_line(image)}/start"


def stand(cloud: Cloud, tx: Writer, operation: str, image: str | None) -> bool:
    """Stand in the image's lines; answers whether it is the operation's turn. Repeating it changes nothing."""
    if image is None:
        return True
    tx.take_place(_start_line(image), operation, 1)
    return tx.take_place(_line(image), operation, cloud.rules.deployments_at_once)


def leave(tx: Writer, operation: str, image: str | None) -> None:
    """Leave the image's lines; may be repeated."""
    if image is not None:
        tx.leave_place(_start_line(image), operation)
        tx.leave_place(_line(image), operation)


def wait_for_turn(cloud: Cloud, job: Job[P], image: str, machine: str) -> Wait:
    """How long to wait. In strict mode a wait that is longer than a guest may take to set itself up ends as it does in
    Azure, whose count begins at acceptance. Raises ApiError then."""
    seconds = LOOK_AGAIN_SECONDS
    if cloud.rules.strict:
        limit = job.started_at + timedelta(seconds=cloud.rules.provisioning_seconds)
        left = (limit - cloud.clock.now()).total_seconds()
        if left <= 0:
            raise errors.provisioning_timed_out(ResourceId.parse(machine).name, custom_image=True)
        seconds = min(seconds, left)
    return Wait(seconds, _line(image), job.sequence)


def wait_to_start(view: Reader, job: Job[P], image: str | None) -> Wait | None:
    """None when all that were accepted earlier have been switched on or have failed."""
    if image is None:
        return None
    for each in view.line(_start_line(image)):
        if each == job.id:
            return None
        if not _failed(view, each):
            return Wait(LOOK_AGAIN_SECONDS, _start_line(image), job.sequence)
    return None


def _failed(view: Reader, operation: str) -> bool:
    return any(event is StepEvent.FAILED for _, event in view.steps(operation))


def starts_now(cloud: Cloud, operation: str, image: str | None) -> None:
    """The machine is switched on this moment: the next one may be."""
    if image is None:
        return
    with cloud.records.write() as tx:
        tx.leave_place(_start_line(image), operation)
        following = tx.line(_start_line(image))
    if following:
        cloud.wake(following[0])


def stand_again(cloud: Cloud, unfinished: Iterable[Operation]) -> None:
    """After a kill: who left the line to be switched on, and perhaps was not, is the first in it again."""
    with cloud.records.write() as tx:
        for each in unfinished:
            image = text_at(each.params, "image")
            seen = tx.steps(each.id) if image is not None else []
            if image is not None and (POWER_ON, StepEvent.STARTED) in seen and (POWER_ON, StepEvent.DONE) not in seen:
                tx.take_place(_start_line(image), each.id, 1)


def waits(cloud: Cloud, view: Reader, operation: Operation) -> str | None:
    """What an operation that waits for its turn says of that; None when it does not."""
    image = text_at(operation.params, "image")
    line = view.line(_line(image)) if image is not None and operation.end is None else []
    if image is None or operation.id not in line:
        return None
    limit = cloud.rules.deployments_at_once
    place = line.index(operation.id) + 1 - limit
    if place < 1:
        return None
    return (
        f"Waiting for its turn: place {place} of {len(line) - limit}. Image '{ResourceId.parse(image).name}' is being "
        f"deployed to {limit} virtual machines, which is as many as one image may be deployed to at once."
    )
