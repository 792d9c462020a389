"""The objects of Az.Network, as tables, and how they are shown: what is inside one is printed as JSON.

Sources: Azure/azure-powershell, Network/Models (PSVirtualNetwork, PSNetworkInterface and their siblings); Microsoft
Learn's examples of Get-AzVirtualNetwork, Get-AzNetworkInterface, Get-AzPublicIpAddress, Get-AzNetworkSecurityGroup.
"""

import json
from collections.abc import Callable

from calco.cloudshell.az.declaration import columns
from calco.cloudshell.az.record import Family, Kind, Shape
from calco.cloudshell.az.tag_text import table_lines
from calco.cloudshell.cmdlet import Column, View
from calco.cloudshell.values import Hashtable, Record, Value
from calco.model.document import Json

_ABOUT = "Location ResourceGuid Type Tag=tags{} Name Etag Id"

NETWORK = Family(
    "Microsoft.Azure.Commands.Network.Models.",
    {
        "PSResourceId": Shape("Id"),
        "PSVirtualNetwork": Shape(
            "AddressSpace:PSAddressSpace DhcpOptions:PSDhcpOptions FlowTimeoutInMinutes Subnets:PSSubnet* "
            "VirtualNetworkPeerings ProvisioningState EnableDdosProtection ResourceGroupName " + _ABOUT,
            flat=True,
        ),
        "PSAddressSpace": Shape("AddressPrefixes"),
        "PSDhcpOptions": Shape("DnsServers"),
        "PSSubnet": Shape(
            "AddressPrefix IpConfigurations:PSResourceId* ServiceEndpoints Delegations "
            "NetworkSecurityGroup:PSResourceId RouteTable:PSResourceId ProvisioningState "
            "PrivateEndpointNetworkPolicies PrivateLinkServiceNetworkPolicies DefaultOutboundAccess Name Etag Id",
            flat=True,
        ),
        "PSNetworkInterface": Shape(
            "VirtualMachine:PSResourceId IpConfigurations:PSNetworkInterfaceIPConfiguration* TapConfigurations "
            "DnsSettings:PSNetworkInterfaceDnsSettings MacAddress Primary EnableAcceleratedNetworking "
            "EnableIPForwarding HostedWorkloads NetworkSecurityGroup:PSResourceId ProvisioningState "
            "ResourceGroupName " + _ABOUT,
            flat=True,
        ),
        "PSNetworkInterfaceDnsSettings": Shape(
            "DnsServers AppliedDnsServers InternalDnsNameLabel InternalFqdn InternalDomainNameSuffix"
        ),
        "PSNetworkInterfaceIPConfiguration": Shape(
            "PrivateIpAddressVersion=privateIPAddressVersion PrivateIpAddress=privateIPAddress "
            "PrivateIpAllocationMethod=privateIPAllocationMethod Subnet:PSSubnet "
            "PublicIpAddress=publicIPAddress:PSPublicIpAddress Primary ProvisioningState Name Etag Id",
            flat=True,
        ),
        "PSPublicIpAddress": Shape(
            "Sku:PSPublicIpAddressSku PublicIpAllocationMethod=publicIPAllocationMethod "
            "PublicIpAddressVersion=publicIPAddressVersion IpAddress IdleTimeoutInMinutes "
            "IpConfiguration:PSResourceId DnsSettings:PSPublicIpAddressDnsSettings IpTags ProvisioningState Zones "
            "ResourceGroupName " + _ABOUT,
            flat=True,
        ),
        "PSPublicIpAddressSku": Shape("Name Tier"),
        "PSPublicIpAddressDnsSettings": Shape("DomainNameLabel Fqdn ReverseFqdn"),
        "PSNetworkSecurityGroup": Shape(
            "FlushConnection SecurityRules:PSSecurityRule* DefaultSecurityRules:PSSecurityRule* "
            "NetworkInterfaces:PSResourceId* Subnets:PSResourceId* ProvisioningState ResourceGroupName " + _ABOUT,
            flat=True,
        ),
        "PSSecurityRule": Shape(
            "Description Protocol SourcePortRange DestinationPortRange SourceAddressPrefix "
            "DestinationAddressPrefix SourceApplicationSecurityGroups DestinationApplicationSecurityGroups Access "
            "Priority Direction ProvisioningState Name Etag Id",
            flat=True,
        ),
    },
)

_TOP = "Name ResourceGroupName Location Id Etag ResourceGuid ProvisioningState"
PART = "Name Id Etag ProvisioningState"


def view(kind: Kind, inside: str, top: str = _TOP) -> View:
    """``top``, the tags, and then ``inside``: ``Name``, or ``Name=`` for an object that is printed as JSON."""
    tags = Column("Tags", lambda record: table_lines(record.get("Tag")))
    names = ((each.rstrip("="), each.endswith("=")) for each in inside.split())
    shown = (Column(name, as_json(name) if json else name) for name, json in names)
    return View(kind.type, (*columns(top), *([tags] if top is _TOP else []), *shown))


def as_json(name: str) -> Callable[[Record], Value]:
    return lambda record: json_text(record.get(name))


def json_text(value: Value) -> str:
    """Indented, without what is null. Source: Az.Network's models, JsonConvert with NullValueHandling.Ignore."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


_DEPTH_MAX = 32


def _plain(value: Value, depth: int = 0) -> Json:
    """What lies deeper than any object of Azure's is left out: a script may have put an object into itself."""
    if depth > _DEPTH_MAX:
        return None
    match value:
        case Record():
            pairs = ((name, _plain(each, depth + 1)) for name, each in value.members.items())
            return {name: each for name, each in pairs if each is not None}
        case Hashtable():
            return {str(key): _plain(each, depth + 1) for key, each in value.pairs()}
        case list():
            return [_plain(each, depth + 1) for each in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
