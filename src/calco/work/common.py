"""What every noun's rules begin and end with: the group, the location, who else is at it, handing over to a plan."""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from calco.model import errors
from calco.model.document import Document, at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Failure, Family, NewOperation, Operation, OperationEnd, Status
from calco.operations.plan import P, Plan
from calco.ports import Reader, Resource, Writer
from calco.work.cloud import Accepted, Cloud

GROUP_DELETING = "deleting"
"""``internal`` member of a resource group whose deletion was accepted."""


def check_group(view: Reader, id: ResourceId) -> None:
    """The resource's group exists and is not on its way out."""
    group = view.resource(id.group_id)
    if group is None:
        raise errors.group_not_found(id.group)
    if group.internal.get(GROUP_DELETING):
        raise errors.group_being_deleted(id.group)
    if view.note(registration_note(id.namespace)) == UNREGISTERED:
        raise errors.not_registered(id.namespace)


UNREGISTERED = "Unregistered"


def registration_note(namespace: str) -> str:
    """Note: ``UNREGISTERED`` while the subscription does not use that resource provider."""
    return f"provider/{namespace.lower()}"


def normal_location(cloud: Cloud, location: str, type: str) -> str:
    """``West US`` and ``westus`` are one place; the answer is the short name. Refuses places that are not offered."""
    short = location.replace(" ", "").lower()
    if short not in cloud.rules.locations:
        raise errors.location_not_available(location, type, cloud.rules.locations)
    return short


def existing_here(view: Reader, id: ResourceId, location: str) -> Resource | None:
    """The resource that a PUT would replace; refuses one of the same name in another location."""
    there = view.resource(id)
    if there is not None and there.location != location:
        raise errors.other_location(id, there.location, location)
    return there


def found(view: Reader, id: ResourceId) -> Resource:
    """The resource, or Azure's 404: the group's when that is missing too."""
    resource = view.resource(id)
    if resource is not None:
        return resource
    if view.resource(id.group_id) is None:
        raise errors.group_not_found(id.group)
    raise errors.resource_not_found(id)


def listed(view: Reader, kind: str, group: ResourceId | None) -> list[Resource]:
    """Every resource of a type in the group, or everywhere; a group that is missing is refused."""
    if group is not None and view.resource(group) is None:
        raise errors.group_not_found(group.group)
    return view.resources(kind, group=group)


def check_free(view: Reader, claims: tuple[Claim, ...], busy: Callable[[ResourceId], ApiError] | None = None) -> None:
    """Nobody else is at what the operation needs. Shared claims get along with each other only."""
    for claim in claims:
        if view.is_claimed_alone(claim.resource) or (claim.sole and view.claims(claim.resource)):
            raise (busy or errors.resource_busy)(claim.resource)


def told(cloud: Cloud, accepted: Accepted) -> Accepted:
    """The same answer, once the runner knows of its operation. For after the transaction: it looks at once."""
    if accepted.operation is not None:
        cloud.accepted(accepted.operation.id)
    return accepted


def hand_over(
    cloud: Cloud,
    tx: Writer,
    plan: Plan[Cloud, P],
    params: P,
    *,
    subject: Resource,
    claims: tuple[Claim, ...],
    family: Family = Family.COMPUTE,
) -> Operation:
    """Write the operation that goes on after the answer. Call ``told`` once the transaction is committed."""
    document: Document = msgspec.to_builtins(params)
    return tx.accept(
        NewOperation(
            id=cloud.chance.guid(),
            plan=plan.name,
            params=document,
            subject=subject.id,
            family=family,
            location=subject.location,
            started_at=cloud.clock.now(),
            claims=claims,
            cause=cloud.cause,
        )
    )


def failure_of(end: OperationEnd) -> ApiError:
    """Why an operation did not succeed, as an operation that asked for it fails with it in turn."""
    failure = end.failure or Failure("OperationPreempted", "The operation was canceled.")
    return ApiError(409, failure.code, failure.message, failure.target)


def on_behalf(cloud: Cloud, operation: Operation, action: str) -> Cloud:
    """The cloud as the plan of ``operation`` asks it for something more: in the name of who asked for that operation,
    so that rights, locks and the log know whose doing it is."""
    return replace(cloud, cause=replace(operation.cause, action=action, parent=operation.id))


def settled(
    cloud: Cloud,
    tx: Writer,
    subject: Resource,
    family: Family,
    *,
    plan: str = "",
    failure: ApiError | None = None,
) -> Operation:
    """An operation that has ended when it is accepted: clients poll it as they poll any other, and nothing runs. With
    ``failure`` it has failed: some mistakes Azure tells in the operation only."""
    now = cloud.clock.now()
    operation = tx.accept(
        NewOperation(
            id=cloud.chance.guid(),
            plan=plan,
            params={},
            subject=subject.id,
            family=family,
            location=subject.location,
            started_at=now,
            cause=cloud.cause,
        )
    )
    end = OperationEnd(Status.SUCCEEDED, now)
    if failure is not None:
        end = OperationEnd(Status.FAILED, now, Failure(failure.code, failure.message, failure.target))
    tx.end(operation.id, end)
    return replace(operation, status=end.status, end=end)


def delete_at_once(cloud: Cloud, id: ResourceId, forget: Callable[[Writer, Resource], None]) -> Accepted | None:
    """Delete a thing of the network that is a row and no more; None when there is none. ``forget`` drops it, or raises
    ApiError when it is in use."""
    with cloud.records.write() as tx:
        there = tx.resource(id)
        if there is None:
            return None
        check_free(tx, (Claim(id),))
        forget(tx, there)
        operation = settled(cloud, tx, there, Family.NETWORK)
    return Accepted(None, operation)


def with_properties(resource: Resource, changes: Document) -> Resource:
    """The resource with some top-level properties replaced; None takes a property away."""
    properties: Document = {name: each for name, each in {**resource.properties, **changes}.items() if each is not None}
    return replace(resource, properties=properties)


def with_internal(resource: Resource, changes: Document) -> Resource:
    """The resource with some internal members replaced; None takes a member away."""
    internal: Document = {name: each for name, each in {**resource.internal, **changes}.items() if each is not None}
    return replace(resource, internal=internal)


def state_of(resource: Resource) -> str:
    """``provisioningState``."""
    value = at(resource.properties, "provisioningState")
    return value if isinstance(value, str) else ""
