"""Availability sets: PUT, PATCH, GET, lists, DELETE, and the sizes a machine in one may have. All of it is done at
once: Azure answers 200 here and names no operation. Source: azure-mgmt-compute, AvailabilitySetsOperations."""

from msgspec import Struct

from calco.arm import location, reading, showing
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.availability_set import FAULT_DOMAINS, UPDATE_DOMAINS, NewAvailabilitySet, SetSku
from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.work import availability_set as work
from calco.work import resource_group
from calco.work.availability_set import Seen

FIELDS = (Field("sku", since="2016-04-30"),)
"""Source: azure-rest-api-specs, Microsoft.Compute 2016-03-30 and 2016-04-30-preview."""


class Sku(Struct):
    name: SetSku | None = None


class Properties(Struct, rename="camel"):
    platform_fault_domain_count: int | None = None
    platform_update_domain_count: int | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None
    sku: Sku | None = None


def put(call: Call) -> Answer:
    names.check(call.id)
    work.put(call.cloud, read(call.id, call.body))
    return get(call)


def patch(call: Call) -> Answer:
    body, document = reading.fit(call.body, Body)
    sku = body.sku.name if body.sku else None
    work.patch(call.cloud, call.id, tags=reading.tags(document), sku=sku)
    return get(call)


def get(call: Call) -> Answer:
    return ok(show(work.get(call.cloud, call.id), call.version))


def list_group(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list_with_machines(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    seen = work.list_with_machines(call.cloud, None)
    return listed([showing.upper_group(show(each, call.version)) for each in seen])


def list_sizes(call: Call) -> Answer:
    work.get(call.cloud, call.id)
    return location.sizes()


def delete(call: Call) -> Answer:
    if work.delete(call.cloud, call.id) is None:
        resource_group.get(call.cloud, call.id.group_id)
        return Answer(204)
    return Answer(200)


def read(id: ResourceId, raw: Document) -> NewAvailabilitySet:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    wanted = body.properties or Properties()
    for name, count, (least, most) in (
        ("platformFaultDomainCount", wanted.platform_fault_domain_count, FAULT_DOMAINS),
        ("platformUpdateDomainCount", wanted.platform_update_domain_count, UPDATE_DOMAINS),
    ):
        if count is not None and not least <= count <= most:
            raise errors.invalid(name, f"The specified count {count} must fall in the range {least} to {most}.")
    kept = reading.properties(document, "virtualMachines", "statuses", "virtualMachineScaleSetMigrationInfo")
    if "proximityPlacementGroup" in kept:
        raise errors.not_supported("properties.proximityPlacementGroup")
    return NewAvailabilitySet(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        sku=body.sku.name if body.sku else None,
        fault_domains=wanted.platform_fault_domain_count,
        update_domains=wanted.platform_update_domain_count,
        properties=kept,
        extra=reading.others(document, "sku"),
    )


def show(seen: Seen, version: str) -> Document:
    """The set with the machines in it."""
    properties: Document = {**seen.set.properties, "virtualMachines": [{"id": each} for each in seen.machines]}
    shown = showing.resource(seen.set, showing.ordered(properties, (), ("virtualMachines",)))
    return showing.cut(showing.ordered(shown, (), ("sku",)), FIELDS, version)
