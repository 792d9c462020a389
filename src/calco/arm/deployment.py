"""Deployments of templates: PUT, GET, HEAD, list, DELETE, cancel, validate, what-if, and the operations of each."""

from collections.abc import Mapping, Sequence
from itertools import islice

from msgspec import Struct

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.reply import deleted
from calco.model import deployment as model
from calco.model import errors, names
from calco.model.deployment import KIND, Mode, NewDeployment, Part, PartState, State
from calco.model.document import Document, Json, object_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId, is_guid
from calco.model.operation import Family, Status
from calco.ports import Resource
from calco.work import deployment as work
from calco.work import operation as operation_work
from calco.work import what_if
from calco.work.deployment_record import parts_of, target_of, took
from calco.work.what_if import Change, ChangeType, Delta, PropertyChange


class Properties(Struct, rename="camel"):
    template: dict[str, object] | None = None
    template_link: dict[str, object] | None = None
    parameters: dict[str, object] | None = None
    parameters_link: dict[str, object] | None = None
    mode: Mode = Mode.INCREMENTAL
    on_error_deployment: dict[str, object] | None = None


class NewGroup(Struct):
    location: str | None = None


class Body(Struct, rename="camel"):
    """``create_resource_group`` is ours, and heard by validate alone."""

    properties: Properties | None = None
    create_resource_group: NewGroup | None = None


def put(call: Call) -> Answer:
    accepted = work.put(call.cloud, read(call))
    assert accepted.resource is not None, "a PUT leaves a deployment"
    assert accepted.operation is not None, "a deployment goes on"
    kind = operations.Kind.DEPLOYMENT_PUT
    return operations.started(call, kind, accepted.operation, show(accepted.resource), created=accepted.created)


def get(call: Call) -> Answer:
    return ok(show(work.get(call.cloud, call.id)))


def head(call: Call) -> Answer:
    """204 or 404, both without a body."""
    return Answer(204 if work.exists(call.cloud, call.id) else 404)


def list_group(call: Call) -> Answer:
    """``$filter=provisioningState eq '...'`` and ``$top`` as Azure has them."""
    wanted = _state_wanted(call.query.get("$filter", ""))
    found = [show(each) for each in work.list(call.cloud, call.id)]
    shown = [each for each in found if wanted is None or _state(each).lower() == wanted]
    return listed([*islice(shown, _top(call))])


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.DEPLOYMENT_DELETE, work.delete(call.cloud, call.id))


def cancel(call: Call) -> Answer:
    work.cancel(call.cloud, call.id)
    return Answer(204)


def validate(call: Call) -> Answer:
    """What a PUT of the same body would be shown as when all went well; nothing is made. With ``createResourceGroup``
    in a group that is not there: as if it had been made there first."""
    wanted = read(call)
    body, _ = reading.fit(call.body, Body)
    new_group = None if body.create_resource_group is None else body.create_resource_group.location or ""
    checked = work.validate(call.cloud, wanted, new_group)
    shown = show(checked)
    resources: Sequence[Json] = [{"id": each.id} for each in parts_of(checked)]
    properties: Document = {**object_at(shown, "properties"), "validatedResources": [*resources]}
    return ok({**shown, "properties": properties})


def preview(call: Call) -> Answer:
    """``whatIf``: answered at once, which Azure's clients take as well as the slow way."""
    found = what_if.changes(call.cloud, read(call))
    only_ids = (text_at(call.body, "properties", "whatIfSettings", "resultFormat") or "").lower() == "resourceidonly"
    shown: Sequence[Json] = [_show_change(each, only_ids=only_ids) for each in found]
    return ok({"status": State.SUCCEEDED.value, "properties": {"correlationId": call.correlation, "changes": [*shown]}})


def get_status(call: Call) -> Answer:
    """What ``Azure-AsyncOperation`` of a deployment shows."""
    id = call.variables["operation"].lower()
    operation = operation_work.get(call.cloud, id) if is_guid(id) else None
    if operation is None or operation.family is not Family.DEPLOYMENT or operation.subject.key != _deployment(call).key:
        raise operations.not_found()
    if operation.status is Status.IN_PROGRESS:
        headers = {"Retry-After": operations.RETRY_AFTER}
        return Answer(200, {"status": State.RUNNING.value}, headers, unfinished=operation.id)
    shown: Document = {"status": operation.status.value}
    if operation.end is not None and operation.end.output is not None:
        shown |= operation.end.output
    return ok(shown)


# --- its operations --------------------------------------------------------------------------------------------------


def list_operations(call: Call) -> Answer:
    """One for each resource that was begun, and at last that for the outputs. ``$top`` counts."""
    deployment, parts = work.operations(call.cloud, _deployment(call))
    return listed([*islice(_operations(deployment, parts), _top(call))])


def get_operation(call: Call) -> Answer:
    deployment, parts = work.operations(call.cloud, _deployment(call))
    wanted = call.variables["part"].lower()
    for each in _operations(deployment, parts):
        if str(each["operationId"]).lower() == wanted:
            return ok(each)
    raise ApiError(
        404, "DeploymentOperationNotFound", f"The deployment operation '{call.variables['part'][:100]}' is not found."
    )


def _deployment(call: Call) -> ResourceId:
    """The deployment in the path, which some clients write without its provider."""
    namespace, _, type = KIND.partition("/")
    return call.id.sibling(namespace, type, call.variables["name"])


def _operations(deployment: Resource, parts: Sequence[Part]) -> list[Document]:
    shown = [_show_operation(deployment.id, each, deployment) for each in parts]
    if _state(show(deployment)) == State.SUCCEEDED:
        shown.append(_outputs_operation(deployment))
    return shown


def _show_operation(deployment: ResourceId, part: Part, record: Resource) -> Document:
    """Source: Azure, REST reference of deployment operations; az's own use of them."""
    number = part.tracking.replace("-", "")[:16].upper()
    ended = part.ended or str(record.properties["timestamp"])
    properties: Document = {
        "provisioningOperation": "Create",
        "provisioningState": part.state.value,
        "timestamp": ended,
        "duration": took(part.began or ended, ended),
        "trackingId": part.tracking,
        "serviceRequestId": part.operation,
    }
    if part.state is not PartState.RUNNING:
        properties["statusCode"] = model.status_code(part.status)
    if part.error is not None:
        properties["statusMessage"] = {"status": "Failed", "error": part.error}
    properties["targetResource"] = {**target_of(part.resource)}
    return {"id": f"{deployment}/operations/{number}", "operationId": number, "properties": properties}


def _outputs_operation(deployment: Resource) -> Document:
    number = str(deployment.properties["templateHash"])
    properties: Document = {
        "provisioningOperation": "EvaluateDeploymentOutput",
        "provisioningState": State.SUCCEEDED.value,
        "timestamp": deployment.properties["timestamp"],
        "duration": "PT0.0000000S",
        "trackingId": str(deployment.properties["correlationId"]),
        "statusCode": "OK",
    }
    return {"id": f"{deployment.id}/operations/{number}", "operationId": number, "properties": properties}


# --- reading ---------------------------------------------------------------------------------------------------------


def read(call: Call) -> NewDeployment:
    """The request as a wish. Raises ApiError."""
    id = _deployment(call)
    names.check(id)
    body, document = reading.fit(call.body, Body)
    properties = body.properties or Properties()
    if properties.template_link is not None or properties.parameters_link is not None:
        raise errors.not_supported("properties.templateLink (send the template itself as properties.template)")
    if properties.on_error_deployment is not None:
        raise errors.not_supported("properties.onErrorDeployment")
    if properties.template is None:
        raise errors.bad_content("Required property 'template' not found in JSON. Path 'properties'")
    return NewDeployment(
        id=id,
        template=object_at(document, "properties", "template"),
        parameters=object_at(document, "properties", "parameters"),
        mode=properties.mode,
        tenant=call.tenant,
        base=call.base,
        tags=reading.tags(document),
    )


def _state_wanted(filter: str) -> str | None:
    """The state that ``provisioningState eq 'Failed'`` names, in lower case. Raises ApiError for any other filter."""
    words = filter.split()
    if not words:
        return None
    if len(words) != 3 or [each.lower() for each in words[:2]] != ["provisioningstate", "eq"]:
        raise errors.bad_request(
            f"Invalid $filter '{filter[:100]}' in the query string. It may be: provisioningState eq 'Failed'.",
            "$filter",
        )
    return words[2].strip("'").lower()


def _top(call: Call) -> int | None:
    raw = call.query.get("$top")
    if raw is None:
        return None
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise errors.bad_request(f"Invalid $top '{raw[:100]}': a whole number is expected.", "$top")
    return int(raw)


# --- showing ---------------------------------------------------------------------------------------------------------

LAST = ("outputs", "outputResources", "error")


def show(deployment: Resource) -> Document:
    """A group's deployment has no location."""
    shown: Document = {"id": str(deployment.id), "name": deployment.id.name, "type": deployment.id.type}
    if deployment.tags is not None:
        shown["tags"] = dict(deployment.tags)
    return {**shown, "properties": showing.ordered(deployment.properties, (), LAST)}


def _state(shown: Document) -> str:
    return text_at(shown, "properties", "provisioningState") or ""


def _show_change(change: Change, *, only_ids: bool) -> Document:
    shown: Document = {"resourceId": str(change.resource), "changeType": change.type.value}
    if only_ids:
        return {**shown, "changeType": "Deploy" if change.after is not None else change.type.value}
    if change.before is not None:
        shown["before"] = change.before
    if change.after is not None and change.type is not ChangeType.NO_CHANGE:
        shown["after"] = change.after
    elif change.type is ChangeType.NO_CHANGE:
        shown["after"] = change.before
    if change.delta:
        shown["delta"] = [_show_delta(each) for each in change.delta]
    return shown


def _show_delta(delta: Delta) -> Document:
    shown: Document = {"path": delta.path, "propertyChangeType": delta.type.value}
    if delta.type is not PropertyChange.ARRAY:
        sides: Mapping[str, Json] = {"before": delta.before, "after": delta.after}
        shown |= {name: each for name, each in sides.items() if each is not None}
    if delta.children:
        shown["children"] = [_show_delta(each) for each in delta.children]
    return shown
