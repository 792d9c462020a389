"""How a template is deployed: one operation that asks the API for each resource when those it depends on are there.

What it asked for are operations of their own, which name it as their parent: killed at any moment it finds them again
by that, so nothing is made twice, whatever it had noted. A resource that fails ends it, but not before those that were
begun have ended too; nothing is taken back, as in Azure. It holds no thread while it waits.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calco import template
from calco.model import deployment as model
from calco.model import errors
from calco.model.deployment import Part, PartState, State, ready, under_way
from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Failure, Operation, OperationEnd, Status
from calco.operations.plan import Act, Change, Ended, Job, Plan, Wait, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.template import Item, Prepared
from calco.work.cloud import Cloud
from calco.work.common import GROUP_DELETING, failure_of, on_behalf
from calco.work.deployment_record import in_state, is_canceled, parts_of, timestamp, unsealed, with_parts
from calco.work.look import Sight

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 5
"""At the latest: the end of any operation makes a deployment look again."""
OUTPUTS = "outputs"
"""``internal`` member, from the last resource's end to the deployment's."""


@dataclass(frozen=True)
class Deploy:
    """``sealed`` is a ``deployment_record.Recipe``."""

    deployment: str
    sealed: str


def _deploy(cloud: Cloud, job: Job[Deploy]) -> Wait | None:
    """Look at what goes on, begin what may begin, and put the outputs together when all is there."""
    id = ResourceId.parse(job.params.deployment)
    with cloud.records.read() as view:
        deployment, me = _found(view, id), view.operation(job.id)
        assert me is not None, "an operation that is carried out is there"
        parts = parts_now(view, deployment, job.id)
        _check_wanted(view, deployment)
    there = on_behalf(cloud, me, me.cause.action)
    prepared = _prepared(there, job) if ready(parts) or not _anything_left(parts) else None
    if prepared is not None:
        parts = _with_begun(there, prepared, parts)
    _note(cloud, id, parts)
    if under_way(parts):
        return Wait(LOOK_AGAIN_SECONDS, f"{id.key}/{job.id}")
    if any(each.state is PartState.FAILED for each in parts):
        raise Ended(_failed_in_short(id, parts))
    if _anything_left(parts):
        return Wait(0)  # some were done at once, and others may begin
    _keep_outputs(there, id, prepared or _prepared(there, job))
    return None


def _check_wanted(view: Reader, deployment: Resource) -> None:
    """Whether it is to go on. One whose group is on its way out would only be in the way."""
    group = view.resource(deployment.id.group_id)
    if is_canceled(deployment) or group is None or group.internal.get(GROUP_DELETING):
        raise Ended(model.canceled(deployment.id.name))


def _prepared(cloud: Cloud, job: Job[Deploy]) -> Prepared:
    recipe = unsealed(cloud, job.params.sealed)
    return template.prepare(recipe.template, recipe.parameters, recipe.context)


def _anything_left(parts: Sequence[Part]) -> bool:
    return any(each.state is not PartState.SUCCEEDED for each in parts)


def _found(view: Reader, id: ResourceId) -> Resource:
    deployment = view.resource(id)
    if deployment is None:
        raise model.not_found(id.name)
    return deployment


# --- one resource ----------------------------------------------------------------------------------------------------


def parts_now(view: Reader, deployment: Resource, operation: str) -> list[Part]:
    """How far each resource is, noted or not; also of a deployment that was canceled, for what it began goes on."""
    asked = _Asked.of(view.asked_by(operation))
    return [_looked_at(each, asked) for each in parts_of(deployment)]


@dataclass(frozen=True)
class _Asked:
    """What was asked for on the deployment's behalf. A subnet's operation is about its network and not found by its own
    name: putting it again changes nothing."""

    by_id: Mapping[str, Operation]
    by_wish: Mapping[tuple[str, str], Operation]

    @classmethod
    def of(cls, operations: Sequence[Operation]) -> "_Asked":
        wishes = {(each.subject.key, each.cause.action.lower()): each for each in operations}
        return cls({each.id: each for each in operations}, wishes)


def _looked_at(part: Part, asked: _Asked) -> Part:
    """The part as its operation says; one that a killed service had asked for, and not noted, is found again."""
    if part.state is PartState.WAITING:
        known = asked.by_wish.get((part.key, f"{part.resource.kind}/write"))
        if known is None:
            return part
        part = replace(part, state=PartState.RUNNING, operation=known.id, began=timestamp(known.started_at))
    if part.state is not PartState.RUNNING:
        return part
    operation = asked.by_id.get(part.operation or "")
    return part if operation is None or operation.end is None else _ended(part, operation.end)


def _ended(part: Part, end: OperationEnd) -> Part:
    ended = timestamp(end.ended_at)
    if end.status is Status.SUCCEEDED:
        return replace(part, state=PartState.SUCCEEDED, ended=ended)
    return replace(
        part,
        state=PartState.FAILED,
        ended=ended,
        status=409,
        error=model.ended_badly(part.resource, _why(end)),
    )


def _why(end: OperationEnd) -> Document:
    """A nested deployment keeps its whole error; of others there are code and message."""
    if end.output is not None and isinstance(whole := end.output.get("error"), dict):
        return whole
    return error_document(failure_of(end))


def _begun(cloud: Cloud, prepared: Prepared, item: Item, part: Part) -> Part:
    """Ask for one resource. What is refused fails the part."""
    began = timestamp(cloud.clock.now())
    part = replace(part, began=began)
    try:
        body = template.body(prepared, item, Sight(cloud))
        submitted = cloud.front.put(cloud, item.id, item.version, body)
    except ApiError as refusal:
        return _refused(cloud, part, refusal)
    except Exception:
        log.exception("deployment %s: %s", prepared.context.deployment, part.id)
        return _refused(cloud, part, errors.internal())
    if submitted.operation is None:
        return replace(part, state=PartState.SUCCEEDED, ended=timestamp(cloud.clock.now()))
    with cloud.records.read() as view:
        operation = view.operation(submitted.operation)
    begun = replace(part, state=PartState.RUNNING, operation=submitted.operation)
    return begun if operation is None or operation.end is None else _ended(begun, operation.end)


def _with_begun(cloud: Cloud, prepared: Prepared, parts: Sequence[Part]) -> list[Part]:
    """Ask for all that may begin, in the template's order; when one is refused, for none behind it."""
    items, begun = {each.id.key: each for each in prepared.items}, dict[str, Part]()
    for each in ready(parts):
        begun[each.key] = _begun(cloud, prepared, items[each.key], each)
        if begun[each.key].state is PartState.FAILED:
            break
    return [begun.get(each.key, each) for each in parts]


def _refused(cloud: Cloud, part: Part, refusal: ApiError) -> Part:
    return replace(
        part,
        state=PartState.FAILED,
        ended=timestamp(cloud.clock.now()),
        status=refusal.status,
        error=error_document(refusal),
    )


def error_document(refusal: ApiError) -> Document:
    """A refusal as deployments show one."""
    shown: Document = {"code": refusal.code, "message": refusal.message}
    if refusal.target is not None:
        shown["target"] = refusal.target
    if refusal.details:
        shown["details"] = [error_document(each) for each in refusal.details]
    return shown


# --- the whole -------------------------------------------------------------------------------------------------------


def _note(cloud: Cloud, id: ResourceId, parts: Sequence[Part]) -> None:
    """What is known now; nothing is written when nothing is new."""
    with cloud.records.write() as tx:
        deployment = _found(tx, id)
        if parts_of(deployment) != [*parts] or deployment.properties["provisioningState"] != State.RUNNING:
            tx.put(with_parts(in_state(deployment, State.RUNNING, cloud.clock.now(), {}), parts))


def _keep_outputs(cloud: Cloud, id: ResourceId, prepared: Prepared) -> None:
    try:
        found = template.outputs(prepared, Sight(cloud))
    except ApiError as refusal:
        raise Ended(
            ApiError(refusal.status, "DeploymentOutputEvaluationFailed", _outputs_failed(refusal), str(id))
        ) from refusal
    with cloud.records.write() as tx:
        deployment = _found(tx, id)
        tx.put(replace(deployment, internal={**deployment.internal, OUTPUTS: found}))


def _outputs_failed(refusal: ApiError) -> str:
    """Source: Azure, "Troubleshoot deployment errors": outputs are evaluated last."""
    return f"Unable to evaluate template outputs. Please see error details. {refusal.code}: {refusal.message}"


def _failed_in_short(id: ResourceId, parts: Sequence[Part]) -> ApiError:
    whole = model.failure(id, parts)
    return ApiError(409, str(whole["code"]), str(whole["message"]), str(id))


def _finish(cloud: Cloud, tx: Writer, job: Job[Deploy]) -> None:
    deployment = _found(tx, ResourceId.parse(job.params.deployment))
    resources: Sequence[Json] = [{"id": each.id} for each in parts_of(deployment)]
    more: Mapping[str, Json] = {
        "outputs": deployment.internal.get(OUTPUTS, {}),
        "outputResources": [*resources],
    }
    internal = {name: each for name, each in deployment.internal.items() if name != OUTPUTS}
    tx.put(replace(in_state(deployment, State.SUCCEEDED, cloud.clock.now(), more), internal=internal))


def _failed(cloud: Cloud, tx: Writer, job: Job[Deploy], cause: ApiError) -> None:
    """The whole error is kept with the deployment and with its operation: the engine's own words are shorter."""
    id, now = ResourceId.parse(job.params.deployment), cloud.clock.now()
    deployment = tx.resource(id)
    parts = [] if deployment is None else parts_of(deployment)
    whole = model.failure(id, parts) if cause.code == "DeploymentFailed" else error_document(cause)
    state = State.CANCELED if cause.code == model.CANCELED else State.FAILED
    if deployment is not None:
        tx.put(in_state(deployment, state, now, {"error": whole}))
    failure = Failure(cause.code, cause.message, cause.target)
    status = Status.CANCELED if state is State.CANCELED else Status.FAILED
    tx.end(job.id, OperationEnd(status, now, failure, {"error": whole}))


DEPLOY: Plan[Cloud, Deploy] = Plan(
    "deployment.deploy",
    Deploy,
    (Act("deploy", _deploy, nothing), Change("finish", _finish, no_change)),
    _failed,
)
