"""Network interfaces, made of a subnet or of an IP configuration that was described before.

Source: Microsoft Learn, Az.Network's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az import plural
from calco.cloudshell.az.declaration import Takes, cmdlet, mandatory, of, optional, plain, switch
from calco.cloudshell.az.given import fill, given, tag_table
from calco.cloudshell.az.network import SECURITY_GROUP, link, maker, network_remover, setter
from calco.cloudshell.az.noun import Noun, may_make, put
from calco.cloudshell.az.record import append, blank, text, write
from calco.cloudshell.az.shapes_network import NETWORK, PART, view
from calco.cloudshell.az.target import argument
from calco.cloudshell.cmdlet import Call, Module, Parameter
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

CONFIGURATION = NETWORK["PSNetworkInterfaceIPConfiguration"]
NOUN = Noun(
    "Microsoft.Network/networkInterfaces", NETWORK["PSNetworkInterface"], "network interface", aliases="ResourceName"
)
_DEFAULT_NAME = "ipconfig1"


def _new(call: Call) -> Iterable[Value]:
    where = NOUN.path(call)
    made = blank(NOUN.kind, {"Location": call.text("Location"), "Tag": tag_table(call)})
    if call.given("IpConfiguration"):
        made.members["IpConfigurations"] = call.value("IpConfiguration")
    else:
        _configure(call, append(made, "IpConfigurations", {"Name": call.text("IpConfigurationName") or _DEFAULT_NAME}))
    link(call, made, "NetworkSecurityGroup", SECURITY_GROUP)
    made.members.update(given(call, "EnableIPForwarding EnableAcceleratedNetworking"))
    fill(call, made, "DnsSettings", "DnsServers=DnsServer InternalDnsNameLabel")
    if may_make(call, where):
        yield put(call, NOUN, "New-AzNetworkInterface", where, _body(made))


def _configure(call: Call, made: Record) -> None:
    """Fill an IP configuration: the subnet, the address in it and the one outside."""
    link(call, made, "Subnet", "Microsoft.Network/virtualNetworks/subnets")
    link(call, made, "PublicIpAddress", "Microsoft.Network/publicIPAddresses")
    address = call.text("PrivateIpAddress")
    made.members["PrivateIpAddress"] = address or None
    made.members["PrivateIpAllocationMethod"] = "Static" if address else "Dynamic"


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
    return (
        plain(
            "Subnet",
            "The subnet it is in.",
            kind=Takes.RECORD,
            mandatory=mandatory,
            from_name=True,
            sets=_BY_OBJECT,
            accepts=NETWORK["PSSubnet"].type,
        ),
        plain("SubnetId", "The id of the subnet it is in.", mandatory=mandatory, from_name=True, sets=_BY_ID),
        optional(
            "PublicIpAddress",
            "Its address outside.",
            kind=Takes.RECORD,
            sets=_BY_OBJECT,
            accepts=NETWORK["PSPublicIpAddress"].type,
        ),
        optional("PublicIpAddressId", "The id of its address outside.", sets=_BY_ID),
        optional(
            "PrivateIpAddress", "A fixed address in the subnet; else it is given one.", sets=f"{_BY_OBJECT} {_BY_ID}"
        ),
    )


MODULE = Module(
    of(
        "Az.Network",
        maker(
            NOUN,
            "NetworkInterface",
            _new,
            mandatory(
                "IpConfiguration",
                "What New-AzNetworkInterfaceIpConfig gave.",
                kind=Takes.RECORDS,
                sets=f"{_BY_CONFIGURATION} {_BY_CONFIGURATION_ID}",
                accepts=CONFIGURATION.type,
            ),
            *_plug(mandatory=True),
            optional(
                "IpConfigurationName",
                f"What to call its IP configuration: {_DEFAULT_NAME} unless told.",
                sets=f"{_BY_OBJECT} {_BY_ID}",
            ),
            optional(
                "NetworkSecurityGroup",
                "Whose rules hold for it.",
                kind=Takes.RECORD,
                sets=f"{_BY_CONFIGURATION_ID} {_BY_OBJECT}",
                accepts=NETWORK["PSNetworkSecurityGroup"].type,
            ),
            optional(
                "NetworkSecurityGroupId",
                "The id of the group whose rules hold for it.",
                sets=f"{_BY_CONFIGURATION_ID} {_BY_ID}",
            ),
            optional("DnsServer", "Who resolves names for it.", kind=Takes.STRINGS),
            optional("InternalDnsNameLabel", "Its name in the network."),
            switch("EnableIPForwarding", "Let through what is meant for others."),
            switch("EnableAcceleratedNetworking", "As Azure calls it; here it changes nothing."),
            examples={
                "An interface in the first subnet of a network, with an address outside.": "New-AzNetworkInterface "
                "-ResourceGroupName lab -Name nic1 -Location westeurope -SubnetId $net.Subnets[0].Id "
                "-PublicIpAddressId $address.Id"
            },
            default_set=_BY_CONFIGURATION,
        ),
        NOUN.getter(
            "Get-AzNetworkInterface",
            "Gets network interfaces.",
            {"One interface.": "Get-AzNetworkInterface -ResourceGroupName lab -Name nic1"},
            plain("ResourceId", "The id of one.", aliases="Id"),
        ),
        setter(NOUN, "NetworkInterface", {"Send what was changed.": "$nic | Set-AzNetworkInterface"}, _body),
        network_remover(NOUN, "NetworkInterface"),
        cmdlet(
            "New-AzNetworkInterfaceIpConfig",
            "Describes an IP configuration, to hand to New-AzNetworkInterface.",
            _new_configuration,
            plain("Name", "What to call it.", mandatory=True),
            *_plug(mandatory=False),
            plain("PrivateIpAddressVersion", "IPv4, or IPv6, which calco refuses.", choices="IPv4 IPv6"),
            switch("Primary", "The first among the interface's."),
            default_set=_BY_OBJECT,
            output=CONFIGURATION.type,
            examples={
                "A fixed address.": "New-AzNetworkInterfaceIpConfig -Name ipconfig1 -SubnetId $net.Subnets[0].Id "
                "-PrivateIpAddress 10.0.0.10"
            },
        ),
    ),
    (
        view(
            NOUN.kind,
            "VirtualMachine= IpConfigurations= DnsSettings= EnableIPForwarding EnableAcceleratedNetworking "
            "TapConfigurations= HostedWorkloads= NetworkSecurityGroup= Primary MacAddress",
        ),
        view(
            CONFIGURATION,
            "PrivateIpAddressVersion PrivateIpAddress PrivateIpAllocationMethod Primary Subnet= PublicIpAddress=",
            top=PART,
        ),
    ),
)
