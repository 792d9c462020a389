"""Public IP addresses: each gets one of a range that this machine can reach, and keeps it as long as it lives.

The address answers when the NIC it belongs to is plugged in; that is the machine's start's business.
"""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from calco.model import network
from calco.model.document import Document, text_at
from calco.model.ids import ResourceId
from calco.model.network import NewPublicAddress
from calco.model.operation import Claim, Family
from calco.ports import Reader, Resource, Writer
from calco.work import zone
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    delete_at_once,
    existing_here,
    found,
    listed,
    normal_location,
    settled,
    with_properties,
)

KIND = "Microsoft.Network/publicIPAddresses"

KEPT = 4
"""Addresses at the start of the range that are not given away: the network's own, and room for this machine's end."""
LAST = "public_address/last"
"""Note: the offset handed out last. The search goes on behind it, so that an address just freed rests a while and no
client meets another machine's host key under it."""


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return found(view, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    with cloud.records.read() as view:
        return listed(view, KIND, group)


def put(cloud: Cloud, wanted: NewPublicAddress) -> Accepted:
    """Create an address, or change its tags and settings; the address itself stays."""
    location = normal_location(cloud, wanted.location, KIND)
    wanted = replace(wanted, location=location)
    zone.check_all(cloud.rules, wanted.id, location, wanted.extra)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        _check_label(cloud, tx, wanted)
        if there is None:
            made = new(cloud, tx, wanted)
        else:
            check_free(tx, (Claim(there.id),))
            made = _changed(cloud, there, wanted)
        tx.put(made)
        operation = settled(cloud, tx, made, Family.NETWORK)
    return Accepted(made, operation, created=there is None)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete an address that no NIC has."""

    def forget(tx: Writer, address: Resource) -> None:
        user = user_of(address)
        if user is not None:
            raise network.public_address_in_use(id, user)
        tx.delete(id)

    return delete_at_once(cloud, id, forget)


def new(cloud: Cloud, tx: Writer, wanted: NewPublicAddress) -> Resource:
    """A new address as it would be put; notes that its number is taken."""
    sku = text_at(wanted.extra, "sku", "name") or "Basic"
    properties: Document = {
        "provisioningState": "Succeeded",
        "resourceGuid": cloud.chance.guid(),
        "ipAddress": _next(cloud, tx),
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Dynamic" if sku == "Basic" else "Static",
        "idleTimeoutInMinutes": 4,
        **_named(cloud, wanted),
        "ipTags": [],
    }
    extra: Document = {"sku": {"name": "Basic"}, **wanted.extra}
    return Resource(wanted.id, wanted.location, properties, wanted.tags, {}, extra)


def address_of(public: Resource) -> str:
    """The address itself."""
    address = public.properties["ipAddress"]
    assert isinstance(address, str)
    return address


def user_of(public: Resource) -> str | None:
    """The id of the IP configuration that has it."""
    return text_at(public.properties, "ipConfiguration", "id")


def given(public: Resource, configuration: str) -> Resource:
    """The address as it is when ``configuration`` has it."""
    return with_properties(public, {"ipConfiguration": {"id": configuration}})


def taken_back(public: Resource) -> Resource:
    """The address as it is when nobody has it."""
    return with_properties(public, {"ipConfiguration": None})


def _named(cloud: Cloud, wanted: NewPublicAddress) -> Document:
    """What the request says, with the full name that a label makes."""
    label = text_at(wanted.properties, "dnsSettings", "domainNameLabel")
    settings = wanted.properties.get("dnsSettings")
    if label is None or not isinstance(settings, dict):
        return wanted.properties
    named: Document = {**settings, "fqdn": _full_name(cloud, label, wanted.location)}
    return {**wanted.properties, "dnsSettings": named}


def _full_name(cloud: Cloud, label: str, location: str) -> str:
    return f"{label.lower()}.{location}.{cloud.rules.dns_suffix}"


def _check_label(cloud: Cloud, view: Reader, wanted: NewPublicAddress) -> None:
    label = text_at(wanted.properties, "dnsSettings", "domainNameLabel")
    if label is None:
        return
    name = _full_name(cloud, label, wanted.location)
    user = _holder_of(view, name)
    if user is not None and user.id.key != wanted.id.key:
        raise network.label_taken(name)


def _holder_of(view: Reader, name: str) -> Resource | None:
    """The address that has that full name."""
    return next(
        (each for each in view.resources(KIND) if text_at(each.properties, "dnsSettings", "fqdn") == name), None
    )


def is_label_free(cloud: Cloud, label: str, location: str) -> bool:
    """Whether a public IP in ``location`` could have that label."""
    with cloud.records.read() as view:
        return _holder_of(view, _full_name(cloud, label, normal_location(cloud, location, KIND))) is None


def _changed(cloud: Cloud, there: Resource, wanted: NewPublicAddress) -> Resource:
    mine = ("resourceGuid", "ipAddress", "ipConfiguration")
    settings = _named(cloud, wanted)
    kept: Document = {name: there.properties[name] for name in mine if name in there.properties}
    before: Document = {name: each for name, each in there.properties.items() if name != "dnsSettings"}
    properties: Document = {**before, **settings, **kept, "provisioningState": "Succeeded"}
    return replace(there, properties=properties, tags=wanted.tags, extra={**there.extra, **wanted.extra})


def _next(cloud: Cloud, tx: Writer) -> str:
    block = IPv4Network(cloud.rules.public_range)
    taken = {str(each.properties.get("ipAddress")) for each in tx.resources(KIND)}
    first, count = KEPT, block.num_addresses - KEPT - 1
    last = int(tx.note(LAST) or first - 1)
    for step in range(count):
        offset = first + (last + 1 - first + step) % count
        address = str(block[offset])
        if address not in taken:
            tx.put_note(LAST, str(offset))
            return address
    raise network.no_public_address_left(cloud.rules.public_range)


def referred(view: Reader, id: ResourceId, location: str) -> Resource | None:
    """The address that a NIC in ``location`` refers to; None when there is none there."""
    there = view.resource(id)
    return there if there is not None and there.location == location else None
