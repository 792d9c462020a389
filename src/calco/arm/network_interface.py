"""NICs: PUT, PATCH, GET, lists, DELETE."""

from enum import StrEnum

from msgspec import Struct, field

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, tagged
from calco.arm.reply import accepted_body, deleted
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.delete_option import DeleteOption
from calco.model.document import Document, Json, objects_at
from calco.model.ids import ResourceId
from calco.model.network import NewNetworkInterface
from calco.ports import Resource
from calco.work import network_interface as work
from calco.work import network_tags

SUBNET = "Microsoft.Network/virtualNetworks/subnets"
PUBLIC = "Microsoft.Network/publicIPAddresses"


FIELDS = (
    Field("properties.ipConfigurations.type", since="2019-04-01"),
    Field("properties.ipConfigurations.properties.privateIPAddressVersion", since="2016-12-01"),
    Field("properties.enableAcceleratedNetworking", since="2016-12-01"),
    Field("properties.hostedWorkloads", since="2018-08-01"),
    Field("properties.tapConfigurations", since="2018-08-01"),
)
"""Source: recorded bodies of 2016-09-01, 2017-08-01, 2017-10-01 and 2019-09-01; when in between is unconfirmed."""


class Allocation(StrEnum):
    STATIC = "Static"
    DYNAMIC = "Dynamic"


class Version(StrEnum):
    V4 = "IPv4"
    V6 = "IPv6"


class Reference(Struct):
    id: str | None = None


class PublicProperties(Struct, rename="camel"):
    delete_option: DeleteOption | None = None


class PublicReference(Struct):
    """What of an embedded public address a NIC has a say in. Source: azure-mgmt-network, PublicIPAddress."""

    id: str | None = None
    properties: PublicProperties | None = None


class IpProperties(Struct, rename="camel"):
    subnet: Reference | None = None
    private_address: str | None = field(default=None, name="privateIPAddress")
    allocation: Allocation | None = field(default=None, name="privateIPAllocationMethod")
    version: Version | None = field(default=None, name="privateIPAddressVersion")
    public_address: PublicReference | None = field(default=None, name="publicIPAddress")
    primary: bool | None = None


class IpConfiguration(Struct):
    name: str | None = None
    properties: IpProperties | None = None


class Properties(Struct, rename="camel"):
    ip_configurations: list[IpConfiguration] | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None


def put(call: Call) -> Answer:
    names.check(call.id)
    accepted = work.put(call.cloud, read(call.id, call.body, call.subscription))
    return accepted_body(call, operations.Kind.INTERFACE_PUT, accepted, show)


def get(call: Call) -> Answer:
    return tagged(show(work.get(call.cloud, call.id), call.version))


def patch(call: Call) -> Answer:
    network_tags.patch(call.cloud, call.id, reading.tags(call.body))
    return get(call)


def list_group(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list(call.cloud, None)])


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.NETWORK_DELETE, work.delete(call.cloud, call.id))


READ_ONLY = (
    "resourceGuid",
    "virtualMachine",
    "macAddress",
    "primary",
    "hostedWorkloads",
    "tapConfigurations",
)


def read(id: ResourceId, raw: Document, subscription: str) -> NewNetworkInterface:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    configurations = (body.properties.ip_configurations if body.properties else None) or []
    if not configurations:
        raise errors.missing("ipConfigurations")
    if len(configurations) > 1:
        raise errors.not_supported("properties.ipConfigurations with several configurations")
    name = configurations[0].name
    if not name:
        raise errors.missing("ipConfigurations[0].name")
    reading.configuration_name(name)
    properties = reading.properties(document, *READ_ONLY)
    properties = reading.with_security_group(properties, "properties.networkSecurityGroup", subscription)
    ip = configurations[0].properties or IpProperties()
    place = "properties.ipConfigurations[0].properties"
    if ip.subnet is None or ip.subnet.id is None:
        raise errors.missing("ipConfigurations[0].subnet.id")
    public = ip.public_address.id if ip.public_address else None
    kept = ip.public_address.properties if ip.public_address else None
    return NewNetworkInterface(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        subnet=reading.reference(ip.subnet.id, f"{place}.subnet.id", SUBNET, subscription),
        address=_static(ip),
        public_address=None
        if public is None
        else reading.reference(public, f"{place}.publicIPAddress.id", PUBLIC, subscription),
        properties=properties,
        extra=reading.others(document),
        public_delete_option=kept.delete_option if kept else None,
    )


def _static(ip: IpProperties) -> str | None:
    """The address that is asked for; None when any will do."""
    if ip.version is Version.V6:
        raise errors.not_supported("ipConfigurations[0].privateIPAddressVersion 'IPv6'")
    if ip.allocation is not Allocation.STATIC:
        return None
    if not ip.private_address:
        raise errors.missing("ipConfigurations[0].privateIPAddress")
    return ip.private_address


FIRST = ("provisioningState", "resourceGuid", "ipConfigurations", "dnsSettings", "macAddress")
LAST = ("primary", "virtualMachine", "hostedWorkloads", "tapConfigurations")
IP_FIRST = (
    "provisioningState",
    "privateIPAddress",
    "privateIPAllocationMethod",
    "publicIPAddress",
    "subnet",
    "primary",
    "privateIPAddressVersion",
)


def show(nic: Resource, version: str) -> Document:
    """The NIC. Order as recorded: type behind properties."""
    etag = showing.etag(nic)
    properties: Document = {**nic.properties}
    configurations: list[Json] = [_configuration(each, etag) for each in objects_at(nic.properties, "ipConfigurations")]
    properties["ipConfigurations"] = configurations
    shown = showing.resource(nic, showing.ordered(properties, FIRST, LAST), etag=etag)
    ordered = showing.ordered(shown, ("name", "id", "etag", "location", "tags"), ("properties", "type"))
    return showing.cut(ordered, FIELDS, version)


def _configuration(configuration: Document, etag: str) -> Document:
    inner = configuration.get("properties")
    return {
        "name": configuration["name"],
        "id": configuration["id"],
        "etag": etag,
        "type": configuration["type"],
        "properties": showing.ordered(inner if isinstance(inner, dict) else {}, IP_FIRST),
    }
