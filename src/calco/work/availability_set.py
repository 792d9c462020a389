"""Availability sets: plain resources. Which machines are in one is looked up when it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calco.model import availability_set, errors
from calco.model.availability_set import NewAvailabilitySet, SetSku
from calco.model.document import Document, number_at, text_at
from calco.model.ids import ResourceId
from calco.model.operation import Claim
from calco.ports import Reader, Resource
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, check_group, existing_here, found, listed, normal_location

KIND = "Microsoft.Compute/availabilitySets"


@dataclass(frozen=True)
class Seen:
    """A set with the ids of the machines in it."""

    set: Resource
    machines: Sequence[str]


def get(cloud: Cloud, id: ResourceId) -> Seen:
    with cloud.records.read() as view:
        there = found(view, id)
        return Seen(there, _machines(view).get(there.id.key, ()))


def list_with_machines(cloud: Cloud, group: ResourceId | None) -> Sequence[Seen]:
    with cloud.records.read() as view:
        machines = _machines(view)
        return [Seen(each, machines.get(each.id.key, ())) for each in listed(view, KIND, group)]


def put(cloud: Cloud, wanted: NewAvailabilitySet) -> Accepted:
    """Create a set, or change its tags, or make it one for managed disks; its domains stay as they are."""
    location = normal_location(cloud, wanted.location, KIND)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if there is not None:
            check_free(tx, (Claim(there.id),))
            _check_change(there, wanted)
        made = _made(wanted, location, there)
        tx.put(made)
    return Accepted(made, None, created=there is None)


def patch(
    cloud: Cloud, id: ResourceId, *, tags: Mapping[str, str] | None = None, sku: SetSku | None = None
) -> Resource:
    """Change what is not None."""
    with cloud.records.write() as tx:
        there = found(tx, id)
        check_free(tx, (Claim(id),))
        if sku is SetSku.CLASSIC and sku_of(there) is SetSku.ALIGNED:
            raise availability_set.less_managed()
        extra: Document = {**there.extra, **({} if sku is None else {"sku": {"name": sku.value}})}
        changed = replace(there, tags=there.tags if tags is None else tags, extra=extra)
        tx.put(changed)
    return changed


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete a set that no machine is in; None when there is none."""
    with cloud.records.write() as tx:
        there = tx.resource(id)
        if there is None:
            return None
        check_free(tx, (Claim(id),))
        if there.id.key in _machines(tx):
            raise availability_set.not_empty(there.id.name)
        tx.delete(id)
    return Accepted(None, None)


def sku_of(set: Resource) -> SetSku:
    return SetSku(text_at(set.extra, "sku", "name") or SetSku.CLASSIC)


def check(view: Reader, id: ResourceId, location: str, *, managed: bool, zoned: bool) -> None:
    """Whether a machine with ``managed`` disks may join the set that ``id`` names. Raises ApiError."""
    if zoned:
        raise availability_set.with_zone()
    there = view.resource(id)
    if there is None or there.location != location:
        raise availability_set.not_found(id)
    if managed is not (sku_of(there) is SetSku.ALIGNED):
        raise availability_set.other_disks()


def set_of(machine: Resource) -> ResourceId | None:
    """The set that a machine is in."""
    text = text_at(machine.properties, "availabilitySet", "id")
    return None if text is None else ResourceId.parse(text)


def _machines(view: Reader) -> Mapping[str, Sequence[str]]:
    """Ids of the machines in every set that has any, by the set's key."""
    inside: dict[str, list[str]] = {}
    for machine in view.resources("Microsoft.Compute/virtualMachines"):
        id = set_of(machine)
        if id is not None:
            inside.setdefault(id.key, []).append(str(machine.id))
    return inside


_DOMAINS: Sequence[tuple[str, int]] = (
    ("platformUpdateDomainCount", availability_set.UPDATE_DOMAINS_UNSAID),
    ("platformFaultDomainCount", availability_set.FAULT_DOMAINS_UNSAID),
)


def _check_change(there: Resource, wanted: NewAvailabilitySet) -> None:
    if wanted.sku is SetSku.CLASSIC and sku_of(there) is SetSku.ALIGNED:
        raise availability_set.less_managed()
    for (name, _), count in zip(_DOMAINS, (wanted.update_domains, wanted.fault_domains), strict=True):
        if count is not None and count != number_at(there.properties, name):
            raise errors.property_change(name)


def _made(wanted: NewAvailabilitySet, location: str, there: Resource | None) -> Resource:
    properties: Document = dict(_DOMAINS)
    if there is not None:
        properties |= there.properties
    for (name, _), count in zip(_DOMAINS, (wanted.update_domains, wanted.fault_domains), strict=True):
        if count is not None:
            properties[name] = count
    sku = wanted.sku or (SetSku.CLASSIC if there is None else sku_of(there))
    id = wanted.id if there is None else there.id
    extra: Document = {**wanted.extra, "sku": {"name": sku.value}}
    return Resource(id, location, {**wanted.properties, **properties}, wanted.tags, {}, extra)
