"""Virtual networks and their subnets. A subnet is described in memory, put into the network that was read or is to be
made, and Set-AzVirtualNetwork sends the whole. Source: Microsoft Learn, Az.Network's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az import plural
from calco.cloudshell.az.network import SECURITY_GROUP, maker, network_remover, noun, object_parameter, setter
from calco.cloudshell.az.noun import (
    getter,
    may_make,
    put,
    reference,
    tag_table,
)
from calco.cloudshell.az.part import Part
from calco.cloudshell.az.record import blank, child, nested, read, write
from calco.cloudshell.az.shapes_network import NETWORK, view
from calco.cloudshell.az.target import parsed
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Module, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

SUBNET = NETWORK["PSSubnet"]
NOUN = noun(
    "Microsoft.Network/virtualNetworks",
    "PSVirtualNetwork",
    "virtual network",
    sort=lambda document: plural.gathered(document, plural.SUBNET, "subnets"),
)
_ADDED = Example(
    "Add a subnet.",
    "Get-AzVirtualNetwork -ResourceGroupName lab -Name net1 |\n"
    "    Add-AzVirtualNetworkSubnetConfig -Name back -AddressPrefix 10.0.1.0/24 | Set-AzVirtualNetwork",
)


def _new(call: Call) -> Iterable[Value]:
    where = NOUN.path(call)
    made = blank(NOUN.kind, {"Location": call.text("Location")})
    child(made, "AddressSpace").members["AddressPrefixes"] = list(call.texts("AddressPrefix"))
    if call.given("DnsServer"):
        child(made, "DhcpOptions").members["DnsServers"] = list(call.texts("DnsServer"))
    made.members["Subnets"] = call.value("Subnet")
    made.members["Tag"] = tag_table(call)
    if may_make(call, where):
        yield put(call, NOUN, "New-AzVirtualNetwork", where, _body(made))


def _body(network: Record) -> Document:
    return plural.spread(write(network), plural.SUBNET, "subnets")


# --- subnets ---------------------------------------------------------------------------------------------------------


def _fill(call: Call, made: Record) -> None:
    if call.given("AddressPrefix"):
        made.members["AddressPrefix"] = list(call.texts("AddressPrefix"))
    security = reference(call, SECURITY_GROUP, "NetworkSecurityGroup", "NetworkSecurityGroupId")
    if security is not None:
        made.members["NetworkSecurityGroup"] = blank(nested(made, "NetworkSecurityGroup"), {"Id": security})
    if call.given("PrivateEndpointNetworkPoliciesFlag"):
        made.members["PrivateEndpointNetworkPolicies"] = call.text("PrivateEndpointNetworkPoliciesFlag")


_SUBNETS = Part(
    NOUN,
    "VirtualNetwork",
    "Subnets",
    "subnet",
    "VirtualNetworkSubnetConfig",
    SUBNET,
    _fill,
    (
        Parameter("AddressPrefix", Takes.STRINGS, "Its addresses: 10.0.1.0/24.", mandatory=True),
        Parameter(
            "NetworkSecurityGroup",
            Takes.RECORD,
            "Whose rules hold in it.",
            ("SetByResource",),
            accepts=("Microsoft.Azure.Commands.Network.Models.PSNetworkSecurityGroup",),
        ),
        Parameter("NetworkSecurityGroupId", help="The same, by id.", sets=("SetByResourceId",)),
        Parameter(
            "PrivateEndpointNetworkPoliciesFlag",
            help="Whether its rules hold for private endpoints.",
            choices=("Enabled", "Disabled"),
        ),
    ),
    default_set="SetByResource",
)


def _get_subnet(call: Call) -> Iterable[Value]:
    if call.given("ResourceId"):
        where = str(parsed(call.text("ResourceId"), "Microsoft.Network/virtualNetworks/subnets"))
        yield read(SUBNET, plural.gathered(call.shell.api.get(where), plural.SUBNET))
    else:
        yield from _SUBNETS.get(call)


MODULE = Module(
    (
        maker(
            NOUN,
            "VirtualNetwork",
            _new,
            (
                Parameter(
                    "AddressPrefix", Takes.STRINGS, "Its addresses: 10.0.0.0/16.", mandatory=True, from_name=True
                ),
                Parameter("DnsServer", Takes.STRINGS, "Who resolves names in it.", from_name=True),
                Parameter(
                    "Subnet",
                    Takes.RECORDS,
                    "What New-AzVirtualNetworkSubnetConfig gave.",
                    from_name=True,
                    accepts=(SUBNET.type,),
                ),
            ),
            Example(
                "A network with one subnet.",
                "$subnet = New-AzVirtualNetworkSubnetConfig -Name default -AddressPrefix 10.0.0.0/24\n"
                "New-AzVirtualNetwork -ResourceGroupName lab -Name net1 -Location westeurope "
                "-AddressPrefix 10.0.0.0/16 -Subnet $subnet",
            ),
        ),
        getter(
            NOUN,
            "Get-AzVirtualNetwork",
            "Gets virtual networks.",
            Example("One network.", "Get-AzVirtualNetwork -ResourceGroupName lab -Name net1"),
        ),
        setter(NOUN, "VirtualNetwork", _ADDED, _body),
        network_remover(NOUN, "Remove-AzVirtualNetwork"),
        _SUBNETS.new(Example("A subnet.", "New-AzVirtualNetworkSubnetConfig -Name default -AddressPrefix 10.0.0.0/24")),
        _SUBNETS.add(
            Example(
                "Then Set-AzVirtualNetwork sends it.",
                "$net | Add-AzVirtualNetworkSubnetConfig -Name back -AddressPrefix 10.0.1.0/24",
            )
        ),
        _SUBNETS.change(
            Example(
                "Give a subnet a security group.",
                "$net | Set-AzVirtualNetworkSubnetConfig -Name back -AddressPrefix 10.0.1.0/24 "
                "-NetworkSecurityGroup $rules",
            )
        ),
        _SUBNETS.remove(
            Example(
                "Take one out, and send that.",
                "$net | Remove-AzVirtualNetworkSubnetConfig -Name back | Set-AzVirtualNetwork",
            )
        ),
        Cmdlet(
            "Get-AzVirtualNetworkSubnetConfig",
            "Gets the subnets of a virtual network.",
            _get_subnet,
            (
                Parameter("Name", help="The name of one subnet.", sets=("GetByVirtualNetwork",)),
                object_parameter(NOUN, "VirtualNetwork", "GetByVirtualNetwork"),
                Parameter(
                    "ResourceId",
                    help="The id of the subnet.",
                    sets=("GetByResourceId",),
                    mandatory=True,
                    from_name=True,
                ),
            ),
            default_set="GetByVirtualNetwork",
            output=SUBNET.type,
            module=NOUN.module,
            examples=(Example("One subnet.", "Get-AzVirtualNetworkSubnetConfig -Name default -VirtualNetwork $net"),),
        ),
    ),
    (
        view(
            NOUN.kind,
            "AddressSpace=",
            "DhcpOptions=",
            "FlowTimeoutInMinutes=",
            "Subnets=",
            "VirtualNetworkPeerings=",
            "EnableDdosProtection",
        ),
        view(
            SUBNET,
            "AddressPrefix",
            "IpConfigurations=",
            "ServiceEndpoints=",
            "NetworkSecurityGroup=",
            "RouteTable=",
            "PrivateEndpointNetworkPolicies",
            top=("Name", "Id", "Etag", "ProvisioningState"),
        ),
    ),
)
