"""Network interfaces, made of a subnet or of an IP configuration that was described before.

Source: Microsoft Learn, Az.Network's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az import plural
from calco.cloudshell.az.network import SECURITY_GROUP, maker, network_remover, noun, setter
from calco.cloudshell.az.noun import (
    getter,
    may_make,
    put,
    reference,
    switch,
    tag_table,
)  # fmt: skip
from calco.cloudshell.az.record import append, blank, child, nested, text, write
from calco.cloudshell.az.shapes_network import NETWORK, view
from calco.cloudshell.az.target import argument
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Module, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

CONFIGURATION = NETWORK["PSNetworkInterfaceIPConfiguration"]
NOUN = noun("Microsoft.Network/networkInterfaces", "PSNetworkInterface", "network interface")
_SUBNET = "Microsoft.Network/virtualNetworks/subnets"
_PUBLIC = "Microsoft.Network/publicIPAddresses"
_DEFAULT_NAME = "ipconfig1"
_FLAGS = ("EnableIPForwarding", "EnableAcceleratedNetworking")


def _new(call: Call) -> Iterable[Value]:
    where = NOUN.path(call)
    made = blank(NOUN.kind, {"Location": call.text("Location"), "Tag": tag_table(call)})
    if call.given("IpConfiguration"):
        made.members["IpConfigurations"] = call.value("IpConfiguration")
    else:
        _configure(call, append(made, "IpConfigurations", {"Name": call.text("IpConfigurationName") or _DEFAULT_NAME}))
    security = reference(call, SECURITY_GROUP, "NetworkSecurityGroup", "NetworkSecurityGroupId")
    if security is not None:
        made.members["NetworkSecurityGroup"] = _refer(made, "NetworkSecurityGroup", security)
    for name in (name for name in _FLAGS if call.given(name)):
        made.members[name] = call.switch(name)
    for name, member in (("DnsServer", "DnsServers"), ("InternalDnsNameLabel", "InternalDnsNameLabel")):
        if call.given(name):
            child(made, "DnsSettings").members[member] = call.value(name)
    if may_make(call, where):
        yield put(call, NOUN, "New-AzNetworkInterface", where, _body(made))


def _configure(call: Call, made: Record) -> None:
    """Fill an IP configuration: the subnet, the address in it and the one outside."""
    subnet = reference(call, _SUBNET, "Subnet", "SubnetId")
    if subnet is not None:
        made.members["Subnet"] = _refer(made, "Subnet", subnet)
    public = reference(call, _PUBLIC, "PublicIpAddress", "PublicIpAddressId")
    if public is not None:
        made.members["PublicIpAddress"] = _refer(made, "PublicIpAddress", public)
    address = call.text("PrivateIpAddress")
    made.members["PrivateIpAddress"] = address or None
    made.members["PrivateIpAllocationMethod"] = "Static" if address else "Dynamic"


def _refer(made: Record, member: str, id: str) -> Record:
    return blank(nested(made, member), {"Id": id})


def _body(nic: Record) -> Document:
    """What else stands in a subnet or address that was handed over is not this interface's to say."""
    body = plural.spread(write(nic), plural.SUBNET)
    properties = body.get("properties")
    configurations = properties.get("ipConfigurations") if isinstance(properties, dict) else None
    for each in configurations if isinstance(configurations, list) else []:
        inner = each.get("properties") if isinstance(each, dict) else None
        for name in ("subnet", "publicIPAddress"):
            there = inner.get(name) if isinstance(inner, dict) else None
            if isinstance(inner, dict) and isinstance(there, dict):
                inner[name] = {"id": there.get("id")}
    return body


def _new_configuration(call: Call) -> Iterable[Value]:
    made = blank(CONFIGURATION, {"Name": call.text("Name")})
    _configure(call, made)
    made.members["Primary"] = call.switch("Primary")
    version = call.text("PrivateIpAddressVersion")
    made.members["PrivateIpAddressVersion"] = version or "IPv4"
    if not text(made, "Subnet", "Id"):
        raise argument("An IP configuration needs a subnet: -Subnet or -SubnetId.")
    yield made


_BY_OBJECT, _BY_ID = "SetByResource", "SetByResourceId"
_BY_CONFIGURATION = "SetByIpConfigurationResource"
_BY_CONFIGURATION_ID = "SetByIpConfigurationResourceId"


def _plug(mandatory: bool) -> tuple[Parameter, ...]:
    """What an IP configuration is made of, by object or by id."""
    network = "Microsoft.Azure.Commands.Network.Models."
    return (
        Parameter("Subnet", Takes.RECORD, "The subnet it is in.", (_BY_OBJECT,), mandatory=mandatory, from_name=True,
                  accepts=(f"{network}PSSubnet",)),
        Parameter("SubnetId", help="The id of the subnet it is in.", sets=(_BY_ID,), mandatory=mandatory,
                  from_name=True),
        Parameter("PublicIpAddress", Takes.RECORD, "Its address outside.", (_BY_OBJECT,), from_name=True,
                  accepts=(f"{network}PSPublicIpAddress",)),
        Parameter("PublicIpAddressId", help="The id of its address outside.", sets=(_BY_ID,), from_name=True),
        Parameter("PrivateIpAddress", help="A fixed address in the subnet; else it is given one.",
                  sets=(_BY_OBJECT, _BY_ID), from_name=True),
    )  # fmt: skip


MODULE = Module(
    (
        maker(
            NOUN,
            "NetworkInterface",
            _new,
            (
                Parameter(
                    "IpConfiguration",
                    Takes.RECORDS,
                    "What New-AzNetworkInterfaceIpConfig gave.",
                    (_BY_CONFIGURATION, _BY_CONFIGURATION_ID),
                    mandatory=True,
                    from_name=True,
                    accepts=(CONFIGURATION.type,),
                ),
                *_plug(mandatory=True),
                Parameter(
                    "IpConfigurationName",
                    help=f"What to call its IP configuration: {_DEFAULT_NAME} unless told.",
                    sets=(_BY_OBJECT, _BY_ID),
                    from_name=True,
                ),
                Parameter(
                    "NetworkSecurityGroup",
                    Takes.RECORD,
                    "Whose rules hold for it.",
                    (_BY_CONFIGURATION_ID, _BY_OBJECT),
                    from_name=True,
                    accepts=("Microsoft.Azure.Commands.Network.Models.PSNetworkSecurityGroup",),
                ),
                Parameter(
                    "NetworkSecurityGroupId",
                    help="The id of the group whose rules hold for it.",
                    sets=(_BY_CONFIGURATION_ID, _BY_ID),
                    from_name=True,
                ),
                Parameter("DnsServer", Takes.STRINGS, "Who resolves names for it.", from_name=True),
                Parameter("InternalDnsNameLabel", help="Its name in the network.", from_name=True),
                switch("EnableIPForwarding", "Let through what is meant for others."),
                switch("EnableAcceleratedNetworking", "As Azure calls it; here it changes nothing."),
            ),
            Example(
                "An interface in the first subnet of a network, with an address outside.",
                "New-AzNetworkInterface -ResourceGroupName lab -Name nic1 -Location westeurope "
                "-SubnetId $net.Subnets[0].Id -PublicIpAddressId $address.Id",
            ),
            default_set=_BY_CONFIGURATION,
        ),
        getter(
            NOUN,
            "Get-AzNetworkInterface",
            "Gets network interfaces.",
            Example("One interface.", "Get-AzNetworkInterface -ResourceGroupName lab -Name nic1"),
            more=(Parameter("ResourceId", help="The id of one.", aliases=("Id",)),),
        ),
        setter(NOUN, "NetworkInterface", Example("Send what was changed.", "$nic | Set-AzNetworkInterface"), _body),
        network_remover(NOUN, "Remove-AzNetworkInterface"),
        Cmdlet(
            "New-AzNetworkInterfaceIpConfig",
            "Describes an IP configuration, to hand to New-AzNetworkInterface.",
            _new_configuration,
            (
                Parameter("Name", help="What to call it.", mandatory=True),
                *_plug(mandatory=False),
                Parameter(
                    "PrivateIpAddressVersion", help="IPv4, or IPv6, which calco refuses.", choices=("IPv4", "IPv6")
                ),
                switch("Primary", "The first among the interface's."),
            ),
            default_set=_BY_OBJECT,
            output=CONFIGURATION.type,
            module=NOUN.module,
            examples=(
                Example(
                    "A fixed address.",
                    "New-AzNetworkInterfaceIpConfig -Name ipconfig1 -SubnetId $net.Subnets[0].Id "
                    "-PrivateIpAddress 10.0.0.10",
                ),
            ),
        ),
    ),
    (
        view(
            NOUN.kind,
            "VirtualMachine=",
            "IpConfigurations=",
            "DnsSettings=",
            "EnableIPForwarding",
            "EnableAcceleratedNetworking",
            "TapConfigurations=",
            "HostedWorkloads=",
            "NetworkSecurityGroup=",
            "Primary",
            "MacAddress",
        ),
        view(
            CONFIGURATION,
            "PrivateIpAddressVersion",
            "PrivateIpAddress",
            "PrivateIpAllocationMethod",
            "Primary",
            "Subnet=",
            "PublicIpAddress=",
            top=("Name", "Id", "Etag", "ProvisioningState"),
        ),
    ),
)
