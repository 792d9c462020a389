"""Containers of a storage account: made, listed, marked and deleted with all that is in them."""

from collections.abc import Callable, Mapping, Sequence

from calco.model import blob as model
from calco.model.document import object_at, text_map
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim
from calco.model.volume import VolumeId
from calco.ports import Reader, Resource, Writer
from calco.work import blob, loose
from calco.work.cloud import Cloud
from calco.work.common import check_free, with_properties

KIND = blob.CONTAINER_KIND


def create(cloud: Cloud, account: ResourceId, name: str, metadata: Mapping[str, str]) -> Resource:
    """A new container. Raises ApiError: a bad name, or it is there."""
    if not model.is_container_name(name):
        raise model.bad_name()
    with cloud.records.write() as tx:
        home = blob.account(tx, account)
        id = blob.container_id(home.id, name)
        if tx.resource(id) is not None:
            raise model.container_exists()
        made = blob.new_container(cloud, id, home.location, metadata)
        tx.put(made)
    return made


def get(view: Reader, account: ResourceId, name: str) -> Resource:
    """Raises ApiError 404."""
    there = view.resource(blob.container_id(account, name)) if model.is_container_name(name) else None
    if there is None:
        raise model.container_not_found()
    return there


def list(view: Reader, account: ResourceId) -> Sequence[Resource]:
    """By name, as Azure lists them."""
    containers = [each for each in view.children(account) if each.id.kind == KIND.lower()]
    return sorted(containers, key=lambda each: each.id.name)


def metadata_of(container: Resource) -> dict[str, str]:
    return text_map(object_at(container.properties, "metadata"))


def set_metadata(cloud: Cloud, account: ResourceId, name: str, metadata: Mapping[str, str]) -> Resource:
    """Replace all of it."""
    with cloud.records.write() as tx:
        changed = with_properties(get(tx, account, name), {"metadata": dict(metadata), "changed": blob.now_ns(cloud)})
        tx.put(changed)
    return changed


Busy = Callable[[ResourceId], ApiError]
"""How an edge says that an operation is at a blob: the blob endpoint's clients try again by themselves."""


def delete(cloud: Cloud, account: ResourceId, name: str, busy: Busy) -> None:
    """Delete it with its blobs. Raises ApiError: one of them is a machine's disk, or an operation is at it."""
    with cloud.records.write() as tx:
        gone = forget(tx, get(tx, account, name), busy)
    loose.drop(cloud, gone)


def forget(tx: Writer, container: Resource, busy: Busy) -> Sequence[VolumeId]:
    """The records of a container and its blobs; answers what to ``loose.drop``. Raises ApiError."""
    blobs = tx.children(container.id)
    volumes: Sequence[VolumeId] = [each for one in blobs for each in tx.held(one.id).values()]
    for each in blobs:
        machine = blob.owner_of(each)
        if machine is not None:
            raise model.used_by_machine(machine)
        check_free(tx, (Claim(each.id),), busy)
        tx.delete(each.id)
    tx.delete(container.id)
    return loose.let_go(tx, volumes)
