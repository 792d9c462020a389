"""Virtual networks and their subnets: PUT, PATCH, GET, lists, DELETE."""

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, tagged
from calco.arm.reply import accepted_body, deleted
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.document import Document, Json, objects_at
from calco.model.ids import ResourceId
from calco.model.network import NewSubnet, NewVirtualNetwork
from calco.ports import Resource
from calco.work import network_tags
from calco.work import virtual_network as work

NOT_THERE = ("routeTable", "natGateway")
"""What a subnet may refer to in Azure and cannot here: there are no such resources yet."""


SUBNET_FIELDS = (
    Field("type", since="2019-04-01"),
    Field("properties.delegations", since="2018-08-01"),
    Field("properties.privateEndpointNetworkPolicies", since="2019-04-01"),
    Field("properties.privateLinkServiceNetworkPolicies", since="2019-04-01"),
)
FIELDS = (
    Field("properties.virtualNetworkPeerings", since="2016-12-01"),
    Field("properties.enableDdosProtection", since="2017-08-01"),
    Field("properties.enableVmProtection", since="2017-08-01"),
    *(Field(f"properties.subnets.{each.path}", each.since) for each in SUBNET_FIELDS),
)
"""Source: recorded bodies of 2016-09-01, 2017-08-01, 2017-10-01 and 2019-09-01; when in between is unconfirmed."""


class SubnetProperties(Struct, rename="camel"):
    address_prefix: str | None = None
    address_prefixes: list[str] | None = None


class Subnet(Struct):
    name: str | None = None
    properties: SubnetProperties | None = None


class AddressSpace(Struct, rename="camel"):
    address_prefixes: list[str] | None = None


class Properties(Struct, rename="camel"):
    address_space: AddressSpace | None = None
    subnets: list[Subnet] | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None


MAX_PREFIXES, MAX_SUBNETS = 100, 1000
"""Bounds of ours, below which rules that compare all with all stay quick (Azure: 3,000 subnets)."""


def put(call: Call) -> Answer:
    names.check(call.id)
    accepted = work.put(call.cloud, read(call.id, call.body))
    return accepted_body(call, operations.Kind.NETWORK_PUT, accepted, partial(_updating, call))


def _updating(call: Call, network: Resource, _version: str) -> Document:
    """Azure shows the network as ``Updating`` here, and as ``Succeeded`` from the first poll on. Source: recordings."""
    return _show(call, network, state="Updating")


def get(call: Call) -> Answer:
    return tagged(_show(call, work.get(call.cloud, call.id)))


def patch(call: Call) -> Answer:
    network_tags.patch(call.cloud, call.id, reading.tags(call.body))
    return get(call)


def list_group(call: Call) -> Answer:
    users = work.configurations(call.cloud)
    return listed([show(each, users, call.version) for each in work.list(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    users = work.configurations(call.cloud)
    return listed([show(each, users, call.version) for each in work.list(call.cloud, None)])


def _show(call: Call, network: Resource, *, state: str | None = None) -> Document:
    return show(network, work.configurations(call.cloud), call.version, state=state)


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.NETWORK_DELETE, work.delete(call.cloud, call.id))


# --- subnets ---------------------------------------------------------------------------------------------------------


def put_subnet(call: Call) -> Answer:
    names.check(call.id)
    body, document = reading.fit({**call.body, "name": call.id.name}, Subnet)
    wanted = _subnet(body, document, "properties", call.subscription)
    accepted = work.put_subnet(call.cloud, call.id, wanted)
    assert accepted.operation is not None
    whole = work.get_subnet(call.cloud, call.id)
    shown = _show_subnet(call, whole, _etag(accepted.resource), state="Updating")
    return operations.started(call, operations.Kind.NETWORK_PUT, accepted.operation, shown, created=accepted.created)


def get_subnet(call: Call) -> Answer:
    parent = work.get_parent(call.cloud, call.id)
    return tagged(_show_subnet(call, work.get_subnet(call.cloud, call.id), _etag(parent)))


def _show_subnet(call: Call, subnet: Document, etag: str, *, state: str | None = None) -> Document:
    shown = show_subnet(subnet, etag, work.configurations(call.cloud), state=state)
    return showing.cut(shown, SUBNET_FIELDS, call.version)


def list_subnets(call: Call) -> Answer:
    parent = work.get(call.cloud, call.id)
    users = work.configurations(call.cloud)
    shown = (show_subnet(each, _etag(parent), users) for each in objects_at(parent.properties, "subnets"))
    return listed([showing.cut(each, SUBNET_FIELDS, call.version) for each in shown])


def delete_subnet(call: Call) -> Answer:
    return deleted(call, operations.Kind.NETWORK_DELETE, work.delete_subnet(call.cloud, call.id))


# --- reading ---------------------------------------------------------------------------------------------------------


def read(id: ResourceId, raw: Document) -> NewVirtualNetwork:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    properties = body.properties or Properties()
    prefixes = (properties.address_space.address_prefixes if properties.address_space else None) or []
    if not prefixes:
        raise errors.missing("addressSpace.addressPrefixes")
    subnets = properties.subnets or []
    if len(prefixes) > MAX_PREFIXES or len(subnets) > MAX_SUBNETS:
        raise errors.invalid("subnets", f"A network has at most {MAX_PREFIXES} prefixes and {MAX_SUBNETS} subnets.")
    documents = objects_at(document, "properties", "subnets")
    kept = reading.properties(document, "subnets", "addressSpace", "resourceGuid", "virtualNetworkPeerings")
    return NewVirtualNetwork(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        prefixes=tuple(reading.network(each, f"{id.name}.addressSpace") for each in prefixes),
        subnets=tuple(
            _subnet(each, documents[at], f"properties.subnets[{at}].properties", id.subscription)
            for at, each in enumerate(subnets)
        ),
        properties=kept,
        extra=reading.others(document),
    )


def _subnet(subnet: Subnet, document: Document, place: str, subscription: str) -> NewSubnet:
    if not subnet.name:
        raise errors.missing("subnet.name")
    reading.subnet_name(subnet.name)
    properties = subnet.properties or SubnetProperties()
    prefixes = [properties.address_prefix] if properties.address_prefix else (properties.address_prefixes or [])
    if not prefixes:
        raise errors.missing("subnet.addressPrefix")
    if len(prefixes) > 1:
        raise errors.not_supported(f"{place}.addressPrefixes with several prefixes")
    kept = reading.properties(document, "addressPrefix", "addressPrefixes", "ipConfigurations")
    for name in NOT_THERE:
        if name in kept:
            raise errors.not_supported(f"{place}.{name}")
    kept = reading.with_security_group(kept, f"{place}.networkSecurityGroup", subscription)
    return NewSubnet(subnet.name, reading.network(prefixes[0], subnet.name), kept)


# --- showing ---------------------------------------------------------------------------------------------------------

FIRST = ("provisioningState", "resourceGuid", "addressSpace", "dhcpOptions", "subnets")


Users = Mapping[str, Sequence[str]]
"""Ids of the IP configurations in each subnet, by the subnet's key."""


def show(network: Resource, users: Users, version: str, *, state: str | None = None) -> Document:
    """The network; ``state`` takes the place of its provisioning state and its subnets'."""
    properties: Document = {**network.properties}
    if state is not None:
        properties["provisioningState"] = state
    etag = _etag(network)
    subnets: list[Json] = [show_subnet(each, etag, users, state=state) for each in objects_at(properties, "subnets")]
    properties["subnets"] = subnets
    shown = showing.resource(network, showing.ordered(properties, FIRST), etag=etag)
    return showing.cut(shown, FIELDS, version)


def show_subnet(subnet: Document, etag: str, users: Users, *, state: str | None = None) -> Document:
    """A subnet, in its network or by itself, with those in it."""
    properties = subnet.get("properties")
    inner: Document = {**properties} if isinstance(properties, dict) else {}
    if state is not None:
        inner["provisioningState"] = state
    inside = users.get(ResourceId.parse(str(subnet["id"])).key)
    if inside:
        inner["ipConfigurations"] = [{"id": each} for each in inside]
    return {
        "name": subnet["name"],
        "id": subnet["id"],
        "etag": etag,
        "properties": showing.ordered(inner, ("provisioningState", "addressPrefix")),
        "type": subnet["type"],
    }


def _etag(network: Resource | None) -> str:
    return showing.etag(network)
