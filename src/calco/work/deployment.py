"""Deployments of templates: what may be asked of them. What goes on after the answer is ``deployment_plan``'s.

A template is found valid twice before its deployment is accepted: by the language (``template.prepare``) and by what
the API would say to each of its resources (``rehearsal``).
"""

from collections.abc import Sequence

from calco import template
from calco.model import deployment as model
from calco.model import errors
from calco.model.deployment import ENDED, KIND, Mode, NewDeployment, Part, State
from calco.model.document import text_at
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family
from calco.ports import Reader, Resource, Writer
from calco.template import Context, Prepared
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, check_group, hand_over, settled, told, with_internal
from calco.work.deployment_plan import DEPLOY, Deploy, parts_now
from calco.work.deployment_record import (
    OPERATION,
    Recipe,
    began_at,
    canceled,
    in_state,
    new,
    sealed,
    timestamp,
)
from calco.work.look import ANY_VERSION
from calco.work.rehearsal import FORBIDDEN, refusals, trial


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return _found(view, id)


def exists(cloud: Cloud, id: ResourceId) -> bool:
    with cloud.records.read() as view:
        return view.resource(id) is not None


def list(cloud: Cloud, group: ResourceId) -> Sequence[Resource]:
    """The group's deployments, newest first."""
    with cloud.records.read() as view:
        if view.resource(group.group_id) is None:
            raise errors.group_not_found(group.group)
        found = view.resources(KIND, group=group)
    return sorted(found, key=began_at, reverse=True)


def operations(cloud: Cloud, id: ResourceId) -> tuple[Resource, Sequence[Part]]:
    """The deployment, and those of its resources that were begun, in the template's order."""
    with cloud.records.read() as view:
        deployment = _found(view, id)
        parts = parts_now(view, deployment, text_at(deployment.internal, OPERATION) or "")
    return deployment, [each for each in parts if each.began is not None]


def put(cloud: Cloud, wanted: NewDeployment) -> Accepted:
    """Deploy a template: the group gets what it names and keeps what it has. Raises ApiError, and nothing was made."""
    prepared, recipe = _valid(cloud, wanted)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = tx.resource(wanted.id)
        if there is not None:
            _check_ended(tx, there)
        _make_room(tx, wanted.id)
        deployment = new(cloud, wanted, prepared)
        tx.put(deployment)
        operation = hand_over(
            cloud,
            tx,
            DEPLOY,
            Deploy(str(wanted.id), sealed(cloud, recipe)),
            subject=deployment,
            claims=(Claim(wanted.id),),
            family=Family.DEPLOYMENT,
        )
        deployment = with_internal(deployment, {OPERATION: operation.id})
        tx.put(deployment)
    return told(cloud, Accepted(deployment, operation, created=there is None))


def validate(cloud: Cloud, wanted: NewDeployment, new_group: str | None = None) -> Resource:
    """What the deployment would be shown as. ``new_group``: where its group would be made first, if it is not there.
    Raises ApiError; makes nothing."""
    if new_group is not None and not exists(cloud, wanted.id.group_id):
        with trial(cloud) as (on_trial, _):
            on_trial.front.put(on_trial, wanted.id.group_id, ANY_VERSION, {"location": new_group})
            return validate(on_trial, wanted)
    prepared, _ = _valid(cloud, wanted)
    return in_state(new(cloud, wanted, prepared), State.SUCCEEDED, cloud.clock.now(), {})


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Forget a deployment that has ended; what it made stays. None when there is none."""
    with cloud.records.write() as tx:
        deployment = tx.resource(id)
        if deployment is None:
            return None
        _check_ended(tx, deployment)
        tx.delete(id)
        return Accepted(None, settled(cloud, tx, deployment, Family.RESOURCES))


def cancel(cloud: Cloud, id: ResourceId) -> None:
    """End a deployment that goes on: it begins nothing more. What it has begun goes on by itself, as in Azure."""
    with cloud.records.write() as tx:
        deployment = _found(tx, id)
        state = text_at(deployment.properties, "provisioningState") or ""
        if state in ENDED:
            raise model.not_active(id.name, state)
        tx.put(canceled(deployment))
    operation = text_at(deployment.internal, OPERATION)
    if operation is not None:
        cloud.wake(operation)


def _found(view: Reader, id: ResourceId) -> Resource:
    deployment = view.resource(id)
    if deployment is not None:
        return deployment
    if view.resource(id.group_id) is None:
        raise errors.group_not_found(id.group)
    raise model.not_found(id.name)


def _check_ended(view: Reader, deployment: Resource) -> None:
    since = timestamp(began_at(deployment))
    check_free(view, (Claim(deployment.id),), lambda each: model.active(each.name, since))


def _make_room(tx: Writer, id: ResourceId) -> None:
    """The oldest that have ended go when there are too many. Source: Azure, "Automatic deletions from deployment
    history"."""
    there = [each for each in tx.resources(KIND, group=id) if each.id.key != id.key]
    for each in sorted(there, key=began_at):
        if len(there) < model.GROUP_MAX:
            return
        if text_at(each.properties, "provisioningState") in ENDED:
            tx.delete(each.id)
            there.remove(each)


# --- what is wanted --------------------------------------------------------------------------------------------------


def _valid(cloud: Cloud, wanted: NewDeployment) -> tuple[Prepared, Recipe]:
    """The template with all that can be known of it now. Raises ApiError: of the language, then of what the resources'
    own providers say."""
    if wanted.mode is Mode.COMPLETE:
        raise model.not_complete()
    prepared, recipe = prepared_for(cloud, wanted)
    found = refusals(cloud, prepared)
    for each in found:
        if each.error.status == FORBIDDEN:
            raise model.not_authorized(each.item.id, each.error)
    if found:
        raise model.not_valid(wanted.id.name, cloud.chance.guid(), [each.error for each in found])
    return prepared, recipe


def prepared_for(cloud: Cloud, wanted: NewDeployment) -> tuple[Prepared, Recipe]:
    """The template as the language understands it, and what it takes to understand it so again. Raises ApiError."""
    with cloud.records.read() as view:
        check_group(view, wanted.id)
        group = view.resource(wanted.id.group_id)
    assert group is not None, "its group was looked at"
    context = Context(
        subscription=cloud.rules.subscription,
        tenant=wanted.tenant,
        group=group.id.group,
        location=group.location,
        deployment=wanted.id.name,
        now=cloud.clock.now(),
        seed=cloud.chance.guid(),
        tags={**(group.tags or {})},
        base=wanted.base,
        mode=wanted.mode.value,
        zones=cloud.rules.zones,
    )
    recipe = Recipe(wanted.template, wanted.parameters, context)
    return template.prepare(wanted.template, wanted.parameters, context), recipe
