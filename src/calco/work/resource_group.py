"""Resource groups. Deleting one deletes what is in it, from the machines down to the networks they are in.

The deletion asks each noun to delete its own and waits for those operations; what still stands when everything has been
tried stops it, and the group says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from calco.model import errors
from calco.model.deployment import KIND as DEPLOYMENT
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family, Operation, Status
from calco.operations.plan import Act, Job, Plan, Wait
from calco.ports import Resource
from calco.work import (
    activity,
    availability_set,
    deployment,
    disk,
    image,
    network_interface,
    network_security_group,
    public_address,
    snapshot,
    storage_account,
    virtual_machine,
    virtual_network,
)
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    GROUP_DELETING,
    check_free,
    failure_of,
    hand_over,
    normal_location,
    on_behalf,
    told,
    with_internal,
    with_properties,
)

KIND = "Microsoft.Resources/resourceGroups"


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        group = view.resource(id)
    if group is None:
        raise errors.group_not_found(id.group)
    return group


def exists(cloud: Cloud, id: ResourceId) -> bool:
    with cloud.records.read() as view:
        return view.resource(id) is not None


def list(cloud: Cloud) -> Sequence[Resource]:
    with cloud.records.read() as view:
        return view.resources(KIND)


def put(cloud: Cloud, id: ResourceId, location: str, tags: Mapping[str, str] | None) -> Accepted:
    """Create a group, or replace its tags."""
    where = normal_location(cloud, location, KIND)
    with cloud.records.write() as tx:
        there = tx.resource(id)
        if there is None:
            group = Resource(id, where, {"provisioningState": "Succeeded"}, tags)
        else:
            _check_open(there)
            if there.location != where:
                raise _other_location(there, where)
            group = replace(there, tags=tags)
        tx.put(group)
    return Accepted(group, None, created=there is None)


def patch(cloud: Cloud, id: ResourceId, tags: Mapping[str, str] | None) -> Resource:
    """Replace the tags, when there are any in the request."""
    with cloud.records.write() as tx:
        group = tx.resource(id)
        if group is None:
            raise errors.group_not_found(id.group)
        _check_open(group)
        if tags is not None:
            group = replace(group, tags=tags)
            tx.put(group)
    return group


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete the group and all that is in it; None when there is none. While it goes on nothing new is let in."""
    with cloud.records.write() as tx:
        group = tx.resource(id)
        if group is None:
            return None
        _check_open(group)
        claims = (Claim(id),)
        check_free(tx, claims)
        marked = with_internal(with_properties(group, {"provisioningState": "Deleting"}), {GROUP_DELETING: True})
        tx.put(marked)
        operation = hand_over(
            cloud, tx, DELETE, Leaving(str(group.id)), subject=marked, claims=claims, family=Family.RESOURCES
        )
    return told(cloud, Accepted(marked, operation))


def _check_open(group: Resource) -> None:
    if group.internal.get(GROUP_DELETING):
        raise errors.group_being_deleted(group.id.group)


def _other_location(group: Resource, wanted: str) -> ApiError:
    return ApiError(
        409,
        "InvalidResourceGroupLocation",
        f"Invalid resource group location '{wanted}'. The Resource group already exists in location "
        f"'{group.location}'.",
    )


# --- deletion --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaving:
    id: str


Delete = Callable[[Cloud, ResourceId], Accepted | None]

ORDER: Sequence[tuple[str, Delete]] = (
    (DEPLOYMENT, deployment.delete),
    (virtual_machine.KIND, virtual_machine.delete),
    (availability_set.KIND, availability_set.delete),
    (image.KIND, image.delete),
    (snapshot.KIND, snapshot.delete),
    (disk.KIND, disk.delete),
    (storage_account.KIND, storage_account.delete),
    (network_interface.KIND, network_interface.delete),
    (public_address.KIND, public_address.delete),
    (virtual_network.KIND, virtual_network.delete),
    (network_security_group.KIND, network_security_group.delete),
)
"""A kind is begun when nothing of the kinds before it is left: machines hold disks and NICs, NICs addresses;
subnets and NICs refer to security groups. Deployments that go on end by themselves, for their group is going."""

LOOK_AGAIN_SECONDS = 5
"""At the latest: the end of any operation makes the deletion look again."""


def _empty(cloud: Cloud, job: Job[Leaving]) -> Wait | None:
    """Delete what is left of the first kind that has something left; at last the group itself."""
    id = ResourceId.parse(job.params.id)
    left = _left(cloud, id)
    if not left:
        return _forget(cloud, id)
    blocked: dict[ResourceId, ApiError] = {}
    for resource, delete_one in left:
        refusal = _try(cloud, job, resource.id, delete_one)
        if refusal is not None:
            blocked[resource.id] = refusal
    if len(blocked) == len(left):
        raise _deletion_blocked(id, blocked)
    return Wait(0 if _went(cloud, left) else LOOK_AGAIN_SECONDS, f"{id.key}/delete")


def _left(cloud: Cloud, group: ResourceId) -> Sequence[tuple[Resource, Delete]]:
    with cloud.records.read() as view:
        there = view.in_group(group)
    for kind, delete_one in ORDER:
        some = [(each, delete_one) for each in there if each.id.kind == kind.lower()]
        if some:
            return some
    return ()


def _went(cloud: Cloud, left: Sequence[tuple[Resource, Delete]]) -> bool:
    with cloud.records.read() as view:
        return all(view.resource(each.id) is None for each, _ in left)


def _try(cloud: Cloud, job: Job[Leaving], id: ResourceId, delete_one: Delete) -> ApiError | None:
    """Ask once for each resource; answers why it will not go. One whose turn it is not yet answers None."""
    with cloud.records.read() as view:
        mine = view.operation(job.id)
        asked = None if mine is None else mine.progress.get(id.key)
        earlier = view.operation(asked) if isinstance(asked, str) else None
        busy = bool(view.claims(id))
    if earlier is not None and earlier.end is not None and earlier.status is Status.FAILED:
        return failure_of(earlier.end)
    if busy or mine is None:
        return None
    asking = on_behalf(cloud, mine, f"{id.type}/delete")
    try:
        accepted = delete_one(asking, id)
    except ApiError as refusal:
        with cloud.records.read() as view:
            return None if view.claims(id) else refusal
    if accepted is not None and accepted.operation is not None:
        _remember(cloud, job.id, id, accepted.operation)
    elif accepted is not None:
        activity.tell(asking, str(id), 200)
    return None


def _remember(cloud: Cloud, mine: str, id: ResourceId, asked: Operation) -> None:
    with cloud.records.write() as tx:
        operation = tx.operation(mine)
        kept: Document = {} if operation is None else operation.progress
        tx.progress(mine, {**kept, id.key: asked.id})


def _forget(cloud: Cloud, id: ResourceId) -> Wait | None:
    with cloud.records.write() as tx:
        if tx.in_group(id):
            return Wait(LOOK_AGAIN_SECONDS)
        tx.delete(id)
    return None


def _deletion_blocked(group: ResourceId, blocked: Mapping[ResourceId, ApiError]) -> ApiError:
    first = next(iter(blocked.values()))
    return ApiError(
        409,
        "ResourceGroupDeletionBlocked",
        f"Deletion of resource group '{group.group}' failed as resources with identifiers "
        f"'{','.join(str(each) for each in blocked)}' could not be deleted. The first of them said: {first.message}",
    )


def _keep(cloud: Cloud, job: Job[Leaving]) -> None:
    """The group stays, open again."""
    with cloud.records.write() as tx:
        group = tx.resource(ResourceId.parse(job.params.id))
        if group is not None:
            tx.put(with_internal(with_properties(group, {"provisioningState": "Succeeded"}), {GROUP_DELETING: None}))


DELETE: Plan[Cloud, Leaving] = Plan("resourceGroup.delete", Leaving, (Act("empty the group", _empty, _keep),))
