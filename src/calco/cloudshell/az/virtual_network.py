"""Virtual networks and their subnets. A subnet is described in memory, put into the network that was read or is to be
made, and Set-AzVirtualNetwork sends the whole. Source: Microsoft Learn, Az.Network's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az import plural
from calco.cloudshell.az.declaration import Takes, cmdlet, mandatory, of, optional, plain
from calco.cloudshell.az.given import fill, given, tag_table
from calco.cloudshell.az.network import SECURITY_GROUP, link, maker, network_remover, object_parameter, setter
from calco.cloudshell.az.noun import Noun, may_make, put
from calco.cloudshell.az.part import Part
from calco.cloudshell.az.record import blank, read, write
from calco.cloudshell.az.shapes_network import NETWORK, PART, view
from calco.cloudshell.az.target import parsed
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

SUBNET = NETWORK["PSSubnet"]
NOUN = Noun(
    "Microsoft.Network/virtualNetworks",
    NETWORK["PSVirtualNetwork"],
    "virtual network",
    aliases="ResourceName",
    sort=lambda document: plural.gathered(document, plural.SUBNET, "subnets"),
)
_ADDED = {
    "Add a subnet.": "Get-AzVirtualNetwork -ResourceGroupName lab -Name net1 |\n"
    "    Add-AzVirtualNetworkSubnetConfig -Name back -AddressPrefix 10.0.1.0/24 | Set-AzVirtualNetwork"
}


def _new(call: Call) -> Iterable[Value]:
    where = NOUN.path(call)
    made = blank(NOUN.kind, {**given(call, "Location Subnets=Subnet"), "Tag": tag_table(call)})
    fill(call, made, "AddressSpace", "AddressPrefixes=AddressPrefix")
    fill(call, made, "DhcpOptions", "DnsServers=DnsServer")
    if may_make(call, where):
        yield put(call, NOUN, "New-AzVirtualNetwork", where, _body(made))


def _body(network: Record) -> Document:
    return plural.spread(write(network), plural.SUBNET, "subnets")


# --- subnets ---------------------------------------------------------------------------------------------------------


def _fill(call: Call, made: Record) -> None:
    link(call, made, "NetworkSecurityGroup", SECURITY_GROUP)
    made.members.update(given(call, "AddressPrefix PrivateEndpointNetworkPolicies=PrivateEndpointNetworkPoliciesFlag"))


_SUBNETS = Part(
    NOUN,
    "VirtualNetwork",
    "Subnets",
    "subnet",
    "VirtualNetworkSubnetConfig",
    SUBNET,
    _fill,
    (
        plain("AddressPrefix", "Its addresses: 10.0.1.0/24.", kind=Takes.STRINGS, mandatory=True),
        plain(
            "NetworkSecurityGroup",
            "Whose rules hold in it.",
            kind=Takes.RECORD,
            sets="SetByResource",
            accepts=NETWORK["PSNetworkSecurityGroup"].type,
        ),
        plain("NetworkSecurityGroupId", "The same, by id.", sets="SetByResourceId"),
        plain(
            "PrivateEndpointNetworkPoliciesFlag",
            "Whether its rules hold for private endpoints.",
            choices="Enabled Disabled",
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
    of(
        "Az.Network",
        maker(
            NOUN,
            "VirtualNetwork",
            _new,
            mandatory("AddressPrefix", "Its addresses: 10.0.0.0/16.", kind=Takes.STRINGS),
            optional("DnsServer", "Who resolves names in it.", kind=Takes.STRINGS),
            optional("Subnet", "What New-AzVirtualNetworkSubnetConfig gave.", kind=Takes.RECORDS, accepts=SUBNET.type),
            examples={
                "A network with one subnet.": "$subnet = New-AzVirtualNetworkSubnetConfig -Name default "
                "-AddressPrefix 10.0.0.0/24\n"
                "New-AzVirtualNetwork -ResourceGroupName lab -Name net1 -Location westeurope "
                "-AddressPrefix 10.0.0.0/16 -Subnet $subnet"
            },
        ),
        NOUN.getter(
            "Get-AzVirtualNetwork",
            "Gets virtual networks.",
            {"One network.": "Get-AzVirtualNetwork -ResourceGroupName lab -Name net1"},
        ),
        setter(NOUN, "VirtualNetwork", _ADDED, _body),
        network_remover(NOUN, "VirtualNetwork"),
        _SUBNETS.new({"A subnet.": "New-AzVirtualNetworkSubnetConfig -Name default -AddressPrefix 10.0.0.0/24"}),
        _SUBNETS.add(
            {
                "Then Set-AzVirtualNetwork sends it.": "$net | Add-AzVirtualNetworkSubnetConfig -Name back "
                "-AddressPrefix 10.0.1.0/24"
            }
        ),
        _SUBNETS.change(
            {
                "Give a subnet a security group.": "$net | Set-AzVirtualNetworkSubnetConfig -Name back "
                "-AddressPrefix 10.0.1.0/24 -NetworkSecurityGroup $rules"
            }
        ),
        _SUBNETS.remove(
            {
                "Take one out, and send that.": "$net | Remove-AzVirtualNetworkSubnetConfig -Name back "
                "| Set-AzVirtualNetwork"
            }
        ),
        cmdlet(
            "Get-AzVirtualNetworkSubnetConfig",
            "Gets the subnets of a virtual network.",
            _get_subnet,
            plain("Name", "The name of one subnet.", sets="GetByVirtualNetwork"),
            object_parameter(NOUN, "VirtualNetwork", "GetByVirtualNetwork"),
            mandatory("ResourceId", "The id of the subnet.", sets="GetByResourceId"),
            default_set="GetByVirtualNetwork",
            output=SUBNET.type,
            examples={"One subnet.": "Get-AzVirtualNetworkSubnetConfig -Name default -VirtualNetwork $net"},
        ),
    ),
    (
        view(
            NOUN.kind,
            "AddressSpace= DhcpOptions= FlowTimeoutInMinutes= Subnets= VirtualNetworkPeerings= EnableDdosProtection",
        ),
        view(
            SUBNET,
            "AddressPrefix IpConfigurations= ServiceEndpoints= NetworkSecurityGroup= RouteTable= "
            "PrivateEndpointNetworkPolicies",
            top=PART,
        ),
    ),
)
