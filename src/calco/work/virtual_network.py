"""Virtual networks and their subnets: address blocks that lie inside each other and beside each other.

A network here is a row. Its namespace is opened when the first machine in it starts, and closed when the network is
deleted. Subnets are kept inside their network's document, as Azure shows them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from calco.model import errors, network
from calco.model.document import Document, Json, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.network import NewSubnet, NewVirtualNetwork
from calco.model.operation import Claim, Family
from calco.model.subnet import Subnet
from calco.operations.plan import Act, Change, Job, Plan, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import network_security_group
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    existing_here,
    found,
    hand_over,
    listed,
    normal_location,
    settled,
    told,
    with_properties,
)
from calco.work.scope import forget_inside

KIND = "Microsoft.Network/virtualNetworks"
SUBNET = "subnets"
NETWORK = "network"
"""``internal`` member: the GUID by which the network's driver knows it."""


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return found(view, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    with cloud.records.read() as view:
        return listed(view, KIND, group)


def put(cloud: Cloud, wanted: NewVirtualNetwork) -> Accepted:
    """Create a network, or replace its blocks and subnets; a subnet that NICs are in stays as it is."""
    location = normal_location(cloud, wanted.location, KIND)
    _check_blocks(wanted)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        for subnet in wanted.subnets:
            network_security_group.check_reference(tx, subnet.properties, location, by=wanted.id)
        if there is not None:
            check_free(tx, (Claim(there.id),))
            _check_kept(tx, there, wanted.subnets)
        made = _made(cloud, wanted, location, there)
        tx.put(made)
        forget_inside(tx, there, made)
        operation = settled(cloud, tx, made, Family.NETWORK)
    return Accepted(made, operation, created=there is None)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete a network that no NIC is in, and close it."""
    with cloud.records.write() as tx:
        there = tx.resource(id)
        if there is None:
            return None
        claims = (Claim(id),)
        check_free(tx, claims)
        for subnet in objects_at(there.properties, "subnets"):
            _check_unused(tx, id, str(subnet["name"]))
        tx.put(with_properties(there, {"provisioningState": "Deleting"}))
        leaving = Leaving(str(id), guid_of(there))
        operation = hand_over(cloud, tx, DELETE, leaving, subject=there, claims=claims, family=Family.NETWORK)
    return told(cloud, Accepted(None, operation))


# --- subnets by themselves -------------------------------------------------------------------------------------------


def get_subnet(cloud: Cloud, id: ResourceId) -> Document:
    return _subnet_document(get_parent(cloud, id), id)


def get_parent(cloud: Cloud, id: ResourceId) -> Resource:
    """The network that a subnet's id lies in. Raises ApiError ParentResourceNotFound."""
    with cloud.records.read() as view:
        parent = view.resource(id.parent)
        if parent is None and view.resource(id.group_id) is None:
            raise errors.group_not_found(id.group)
    if parent is None:
        raise errors.parent_not_found(id.parent.name)
    return parent


def put_subnet(cloud: Cloud, id: ResourceId, wanted: NewSubnet) -> Accepted:
    """Add a subnet, or replace one; the answer's resource is the network."""
    parent = get_parent(cloud, id)
    others = [each for each in wishes_of(parent) if each.name.lower() != wanted.name.lower()]
    return replace(put(cloud, _wish_of(parent, (*others, wanted))), created=len(others) == len(wishes_of(parent)))


def delete_subnet(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Take a subnet away; None when there is none."""
    with cloud.records.read() as view:
        parent = view.resource(id.parent)
    if parent is None:
        return None
    left = [each for each in wishes_of(parent) if each.name.lower() != id.name.lower()]
    if len(left) == len(wishes_of(parent)):
        return None
    return put(cloud, _wish_of(parent, left))


def _subnet_document(parent: Resource, id: ResourceId) -> Document:
    for subnet in objects_at(parent.properties, "subnets"):
        if str(subnet["name"]).lower() == id.name.lower():
            return subnet
    raise errors.resource_not_found(id)


def _wish_of(parent: Resource, subnets: Sequence[NewSubnet]) -> NewVirtualNetwork:
    mine = ("provisioningState", "resourceGuid", "subnets", "addressSpace")
    properties: Document = {name: value for name, value in parent.properties.items() if name not in mine}
    return NewVirtualNetwork(
        parent.id,
        parent.location,
        parent.tags,
        tuple(prefixes_of(parent)),
        tuple(subnets),
        properties,
        parent.extra,
    )


def wishes_of(parent: Resource) -> Sequence[NewSubnet]:
    """The network's subnets as a PUT would have them."""
    return [
        NewSubnet(str(each["name"]), IPv4Network(text_at(each, "properties", "addressPrefix") or ""), _wished(each))
        for each in objects_at(parent.properties, "subnets")
    ]


def _wished(subnet: Document) -> Document:
    properties = subnet.get("properties")
    assert isinstance(properties, dict)
    return {name: value for name, value in properties.items() if name not in ("provisioningState", "addressPrefix")}


# --- what others ask -------------------------------------------------------------------------------------------------


def guid_of(network: Resource) -> str:
    """The GUID by which the network's driver knows it."""
    guid = network.internal[NETWORK]
    assert isinstance(guid, str)
    return guid


def prefixes_of(network: Resource) -> Sequence[IPv4Network]:
    """Its address space."""
    match network.properties.get("addressSpace"):
        case {"addressPrefixes": [*prefixes]}:
            return [IPv4Network(str(each)) for each in prefixes]
        case _:
            return []


def subnets_of(network: Resource) -> Sequence[Subnet]:
    """What the network's driver opens."""
    return [Subnet(each.name.lower(), each.prefix) for each in wishes_of(network)]


def subnet_of(view: Reader, id: ResourceId, location: str, *, by: ResourceId) -> tuple[Resource, Subnet]:
    """The network and subnet that ``by`` refers to. Raises ApiError when they are missing, elsewhere or leaving."""
    parent = view.resource(id.parent)
    if parent is None or parent.location != location or parent.properties.get("provisioningState") == "Deleting":
        raise errors.reference_not_found(id, by)
    for subnet in subnets_of(parent):
        if subnet.name == id.name.lower():
            return parent, subnet
    raise errors.reference_not_found(id, by)


# --- rules -----------------------------------------------------------------------------------------------------------

NETWORK_BITS = (2, 29)
SUBNET_BITS = (2, 29)
"""Source: Azure, "Virtual Network FAQ": the smallest IPv4 subnet is /29, the largest /2."""


def _check_blocks(wanted: NewVirtualNetwork) -> None:
    for at, prefix in enumerate(wanted.prefixes):
        if not NETWORK_BITS[0] <= prefix.prefixlen <= NETWORK_BITS[1]:
            raise network.prefix_size(prefix, *NETWORK_BITS)
        if any(prefix.overlaps(other) for other in wanted.prefixes[:at]):
            raise errors.invalid("addressSpace.addressPrefixes", f"The prefix {prefix} overlaps with another one.")
    for at, subnet in enumerate(wanted.subnets):
        if any(subnet.name.lower() == other.name.lower() for other in wanted.subnets[:at]):
            raise errors.invalid("subnets", f"Two subnets are called '{subnet.name}'.")
        if not SUBNET_BITS[0] <= subnet.prefix.prefixlen <= SUBNET_BITS[1]:
            raise network.prefix_size(subnet.prefix, *SUBNET_BITS)
        if not any(subnet.prefix.subnet_of(prefix) for prefix in wanted.prefixes):
            raise network.subnet_outside(subnet.name, wanted.id.name)
        if any(subnet.prefix.overlaps(other.prefix) for other in wanted.subnets[:at]):
            raise network.subnets_overlap(subnet.name, wanted.id.name)


def _check_kept(view: Reader, there: Resource, subnets: Sequence[NewSubnet]) -> None:
    """Subnets that go must be empty, and so must those whose block changes."""
    wanted = {each.name.lower(): each.prefix for each in subnets}
    for old in wishes_of(there):
        prefix = wanted.get(old.name.lower())
        if prefix is None:
            _check_unused(view, there.id, old.name)
        elif prefix != old.prefix and user_of(view, there.id, old.name) is not None:
            raise network.prefix_in_use(str(old.prefix), old.name)


def _check_unused(view: Reader, id: ResourceId, subnet: str) -> None:
    user = user_of(view, id, subnet)
    if user is not None:
        raise network.subnet_in_use(subnet, user)


def user_of(view: Reader, id: ResourceId, subnet: str) -> str | None:
    """The id of one IP configuration in the subnet; None when there is none."""
    return next(iter(_configurations(view).get(id.child(SUBNET, subnet).key, ())), None)


def configurations(cloud: Cloud) -> Mapping[str, Sequence[str]]:
    """Ids of the IP configurations in every subnet that has any, by the subnet's key."""
    with cloud.records.read() as view:
        return _configurations(view)


def _configurations(view: Reader) -> Mapping[str, Sequence[str]]:
    inside: dict[str, tuple[str, ...]] = {}
    for nic in view.resources("Microsoft.Network/networkInterfaces"):
        for each in objects_at(nic.properties, "ipConfigurations"):
            used, id = text_at(each, "properties", "subnet", "id"), text_at(each, "id")
            if used is not None and id is not None:
                key = ResourceId.parse(used).key
                inside[key] = (*inside.get(key, ()), id)
    return inside


def _made(cloud: Cloud, wanted: NewVirtualNetwork, location: str, there: Resource | None) -> Resource:
    id = wanted.id if there is None else there.id
    guid = cloud.chance.guid() if there is None else guid_of(there)
    subnets: Json = [_subnet(id, each) for each in wanted.subnets]
    properties: Document = {
        "provisioningState": "Succeeded",
        "resourceGuid": guid,
        "addressSpace": {"addressPrefixes": [str(each) for each in wanted.prefixes]},
        **wanted.properties,
        "subnets": subnets,
        "virtualNetworkPeerings": [],
        "enableDdosProtection": False,
        "enableVmProtection": False,
    }
    return Resource(id, location, properties, wanted.tags, {NETWORK: guid}, wanted.extra)


def _subnet(id: ResourceId, wanted: NewSubnet) -> Document:
    subnet = id.child(SUBNET, wanted.name)
    properties: Document = {
        "provisioningState": "Succeeded",
        "addressPrefix": str(wanted.prefix),
        "delegations": [],
        "privateEndpointNetworkPolicies": "Enabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
        **wanted.properties,
    }
    return {"name": wanted.name, "id": str(subnet), "properties": properties, "type": subnet.type}


# --- deletion --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaving:
    id: str
    network: str


def _close(cloud: Cloud, job: Job[Leaving]) -> None:
    cloud.networks.close(job.params.network)


def _forget(_cloud: Cloud, tx: Writer, job: Job[Leaving]) -> None:
    tx.delete(ResourceId.parse(job.params.id))


def _failed(_cloud: Cloud, tx: Writer, job: Job[Leaving], _error: errors.ApiError) -> None:
    there = tx.resource(ResourceId.parse(job.params.id))
    if there is not None:
        tx.put(with_properties(there, {"provisioningState": "Failed"}))


DELETE: Plan[Cloud, Leaving] = Plan(
    "virtualNetwork.delete",
    Leaving,
    (Act("close network", _close, nothing), Change("forget network", _forget, no_change)),
    _failed,
)

PLANS = (DELETE,)
