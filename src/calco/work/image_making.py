"""A machine made into an image in one go, as the portal's "Create an image" does it: one operation for many requests.

Make the group, deallocate, generalize, capture, delete the machine: each is asked of the API in the name of who asked
for the whole, with that person's rights, when the one before it is done. What takes time is an operation of its own
which names this one as its parent: killed at any moment it finds them again by that, so nothing is asked for twice.
The first refusal or failure ends it, nothing behind that is asked for and nothing is taken back; so no machine is
deleted of which there is no image.

It is accepted when a rehearsal of all of it was: who may not delete the machine learns that while it still runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from calco.model import errors
from calco.model.document import Document, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Operation, OperationEnd, Status
from calco.model.virtual_machine import Act as MachineAct
from calco.operations.plan import Act, Ended, Job, Plan, Wait, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import capture_verdict, image_capture, power, power_down
from calco.work.cloud import Accepted, Cloud, Submitted
from calco.work.common import check_free, failure_of, found, hand_over, on_behalf, state_of, told
from calco.work.look import ANY_VERSION
from calco.work.machine_state import blobs_of, condition_of, disks_of, vm_id_of
from calco.work.rehearsal import trial

LOOK_AGAIN_SECONDS = 5
"""At the latest: the end of any operation makes it look again."""


@dataclass(frozen=True)
class Wish:
    """A request, read. ``creates_group``: the image's, when it is not there."""

    machine: ResourceId
    image: ResourceId
    creates_group: bool = False
    deletes_machine: bool = False
    zone_resilient: bool = False
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Making:
    """``steps`` are the names of those that were needed when it was accepted. ``vm_id`` tells the machine from another
    that bears its name by then; ``location`` and ``generation`` are the machine's."""

    machine: str
    vm_id: str
    image: str
    location: str
    generation: str
    zone_resilient: bool
    tags: dict[str, str] | None
    steps: tuple[str, ...] = ()

    @property
    def machine_id(self) -> ResourceId:
        return ResourceId.parse(self.machine)

    @property
    def image_id(self) -> ResourceId:
        return ResourceId.parse(self.image)


# --- the steps -------------------------------------------------------------------------------------------------------


def _put_group(cloud: Cloud, making: Making) -> Submitted:
    return cloud.front.put(cloud, making.image_id.group_id, ANY_VERSION, {"location": making.location})


def _deallocate(cloud: Cloud, making: Making) -> Submitted:
    return cloud.front.post(cloud, making.machine_id, "deallocate", ANY_VERSION, {})


def _generalize(cloud: Cloud, making: Making) -> Submitted:
    return cloud.front.post(cloud, making.machine_id, "generalize", ANY_VERSION, {})


def _put_image(cloud: Cloud, making: Making) -> Submitted:
    body: Document = {
        "location": making.location,
        "properties": {
            "sourceVirtualMachine": {"id": making.machine},
            "storageProfile": {"zoneResilient": making.zone_resilient},
            "hyperVGeneration": making.generation,
        },
    }
    if making.tags is not None:
        body["tags"] = {**making.tags}
    return cloud.front.put(cloud, making.image_id, ANY_VERSION, body)


def _delete_machine(cloud: Cloud, making: Making) -> Submitted:
    return cloud.front.delete(cloud, making.machine_id, ANY_VERSION)


def _group_is_there(view: Reader, making: Making) -> bool:
    return view.resource(making.image_id.group_id) is not None


def _is_deallocated(view: Reader, making: Making) -> bool:
    return condition_of(_machine(view, making)).is_deallocated


def _is_generalized(view: Reader, making: Making) -> bool:
    return condition_of(_machine(view, making)).is_generalized


def _image_is_there(view: Reader, making: Making) -> bool:
    """Never: an image of that name is somebody else's. Raises ApiError then. One that failed may be tried again."""
    _machine(view, making)
    image = view.resource(making.image_id)
    if image is not None and state_of(image) != "Failed":
        raise image_taken(making.image_id)
    return False


def _machine_is_gone(view: Reader, making: Making) -> bool:
    """Or another one bears its name. Raises ApiError when there is no image of it after all."""
    machine = view.resource(making.machine_id)
    if machine is None or vm_id_of(machine) != making.vm_id:
        return True
    image = view.resource(making.image_id)
    if image is None or state_of(image) != "Succeeded":
        raise errors.resource_not_found(making.image_id)
    return False


def _machine(view: Reader, making: Making) -> Resource:
    """The machine that was to be made into an image. Raises ApiError."""
    machine = view.resource(making.machine_id)
    if machine is None or vm_id_of(machine) != making.vm_id:
        raise errors.resource_not_found(making.machine_id)
    return machine


@dataclass(frozen=True)
class Step:
    """One request. ``action`` and ``about`` are what its operation is found again by; ``is_done`` whether there is
    nothing to ask for, and raises ApiError when nothing may be asked for any more."""

    name: str
    action: str
    about: Callable[[Making], ResourceId]
    ask: Callable[[Cloud, Making], Submitted]
    is_done: Callable[[Reader, Making], bool]

    def operation(self, asked: Sequence[Operation], making: Making) -> Operation | None:
        """What was asked for in this step, of all that was."""
        about = self.about(making).key
        mine = (each for each in asked if each.cause.action == self.action and each.subject.key == about)
        return next(mine, None)


_MACHINE = "Microsoft.Compute/virtualMachines"
GROUP = Step(
    "make resource group",
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    lambda making: making.image_id.group_id,
    _put_group,
    _group_is_there,
)
DEALLOCATE = Step(
    "deallocate", f"{_MACHINE}/deallocate/action", lambda making: making.machine_id, _deallocate, _is_deallocated
)
GENERALIZE = Step(
    "generalize", f"{_MACHINE}/generalize/action", lambda making: making.machine_id, _generalize, _is_generalized
)
IMAGE = Step(
    "create image", "Microsoft.Compute/images/write", lambda making: making.image_id, _put_image, _image_is_there
)
DELETE = Step(
    "delete machine", f"{_MACHINE}/delete", lambda making: making.machine_id, _delete_machine, _machine_is_gone
)
STEPS = (GROUP, DEALLOCATE, GENERALIZE, IMAGE, DELETE)


# --- asking for it ---------------------------------------------------------------------------------------------------


def rehearse(cloud: Cloud, wish: Wish) -> Making:
    """What would be done, found out by doing all of it and keeping nothing. Raises ApiError: the first refusal."""
    with cloud.records.read() as view:
        machine = found(view, wish.machine)
    _look_first(cloud, machine)
    wanted = [
        each
        for each in STEPS
        if (each is not GROUP or wish.creates_group) and (each is not DELETE or wish.deletes_machine)
    ]
    with trial(cloud) as (on_trial, tx):
        machine = found(tx, wish.machine)
        making = _making(wish, machine)
        _check_turn(tx, making)
        steps: list[str] = []
        for step in wanted:
            if step is DELETE or not step.is_done(tx, making):
                _pretend(on_trial, tx, step.ask(on_trial, making))
                steps.append(step.name)
    return _making(wish, machine, steps)


def make(cloud: Cloud, wish: Wish) -> tuple[Accepted, Making]:
    """Begin, when nothing would be refused. Raises ApiError, and nothing was done."""
    making = rehearse(cloud, wish)
    with cloud.records.write() as tx:
        machine = found(tx, wish.machine)
        claims = _check_turn(tx, making)
        operation = hand_over(cloud, tx, MAKE, making, subject=machine, claims=claims)
    return told(cloud, Accepted(machine, operation)), making


def _making(wish: Wish, machine: Resource, steps: Sequence[str] = ()) -> Making:
    return Making(
        machine=str(machine.id),
        vm_id=vm_id_of(machine),
        image=str(wish.image),
        location=machine.location,
        generation=text_at(machine.internal, "generation") or "V1",
        zone_resilient=wish.zone_resilient,
        tags=None if wish.tags is None else dict(wish.tags),
        steps=tuple(steps),
    )


def _check_turn(view: Reader, making: Making) -> tuple[Claim, ...]:
    """One at a time is made of a machine, and under a name. What is claimed is not the machine and not the image: those
    are for the operations that are asked for."""
    machine, image = (each.child("makings", "current") for each in (making.machine_id, making.image_id))
    claims = (Claim(machine), Claim(image))

    def busy(id: ResourceId) -> ApiError:
        if id == machine:
            return errors.machine_busy(MachineAct.CAPTURE, making.machine_id.name)
        return errors.resource_busy(making.image_id)

    check_free(view, claims, busy)
    return claims


def _look_first(cloud: Cloud, machine: Resource) -> None:
    """Where a generalized disk is required: before the machine is marked, as long as it does not run."""
    if capture_verdict.is_required(cloud) and condition_of(machine).value != "running":
        capture_verdict.look_first(cloud, {**blobs_of(machine), **disks_of(machine)}.get(None))


def _pretend(cloud: Cloud, tx: Writer, submitted: Submitted) -> None:
    """Go on in a rehearsal as if what was begun were done."""
    operation = None if submitted.operation is None else tx.operation(submitted.operation)
    if operation is None or operation.end is not None:
        return
    if operation.plan == power.DEALLOCATE.name:
        power_down.now_off(cloud, tx, power.DEALLOCATE.job(operation))
    tx.end(operation.id, OperationEnd(Status.SUCCEEDED, cloud.clock.now()))


# --- doing it --------------------------------------------------------------------------------------------------------


def _act(step: Step) -> Act[Cloud, Making]:
    def do(cloud: Cloud, job: Job[Making]) -> Wait | None:
        try:
            return _take(cloud, job, step)
        except ApiError as refusal:
            raise Ended(refusal) from refusal

    return Act(step.name, do, nothing, needed=lambda job: step.name in job.params.steps)


def _take(cloud: Cloud, job: Job[Making], step: Step) -> Wait | None:
    """Ask if nobody has asked yet, and see how far it is. Raises ApiError."""
    making = job.params
    with cloud.records.read() as view:
        me, asked = view.operation(job.id), step.operation(view.asked_by(job.id), making)
        assert me is not None, "an operation that is carried out is there"
        if asked is None and step.is_done(view, making):
            return None
    if asked is None:
        submitted = step.ask(on_behalf(cloud, me, me.cause.action), making)
        if submitted.operation is None:
            return None
        with cloud.records.read() as view:
            asked = view.operation(submitted.operation)
        assert asked is not None, "what was accepted is there"
    if asked.end is None:
        return Wait(LOOK_AGAIN_SECONDS, f"{making.machine_id.key}/{job.id}")
    if asked.status is not Status.SUCCEEDED:
        raise failure_of(asked.end)
    if step is IMAGE:
        _check_captured(cloud, job, asked)
    return None


def _check_captured(cloud: Cloud, job: Job[Making], asked: Operation) -> None:
    """That it was a capture, and not a change of an image that somebody else made meanwhile. What it warns of, this
    operation warns of. Raises ApiError."""
    if asked.plan not in image_capture.PLANS:
        raise image_taken(job.params.image_id)
    warning = capture_verdict.warning_of(asked)
    if warning is not None:
        with cloud.records.write() as tx:
            tx.progress(job.id, {capture_verdict.WARNING: warning})


def image_taken(image: ResourceId) -> ApiError:
    """Ours: Azure's portal refuses the name before it asks."""
    return ApiError(
        409,
        "ResourceAlreadyExists",
        f"The image '{image.name}' already exists in resource group '{image.group}'. Choose another name.",
        "image",
    )


MAKE: Plan[Cloud, Making] = Plan("machine.createImage", Making, tuple(_act(each) for each in STEPS))
