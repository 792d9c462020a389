"""Public IP addresses. Source: Microsoft Learn, Az.Network's reference of each cmdlet."""

from collections.abc import Iterable

from calco.cloudshell.az.declaration import Takes, mandatory, of, optional
from calco.cloudshell.az.given import fill, given, tag_table
from calco.cloudshell.az.network import maker, network_remover, setter
from calco.cloudshell.az.noun import Noun, may_make, put
from calco.cloudshell.az.record import blank, write
from calco.cloudshell.az.shapes_network import NETWORK, view
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import Value

NOUN = Noun(
    "Microsoft.Network/publicIPAddresses", NETWORK["PSPublicIpAddress"], "public IP address", aliases="ResourceName"
)
_TOLD = "Location PublicIpAllocationMethod=AllocationMethod IdleTimeoutInMinutes Zones=Zone"


def _new(call: Call) -> Iterable[Value]:
    where = NOUN.path(call)
    made = blank(
        NOUN.kind,
        {
            **given(call, _TOLD),
            "PublicIpAddressVersion": call.text("IpAddressVersion") or "IPv4",
            "Tag": tag_table(call),
        },
    )
    fill(call, made, "Sku", "Name=Sku Tier")
    fill(call, made, "DnsSettings", "DomainNameLabel ReverseFqdn")
    if may_make(call, where):
        yield put(call, NOUN, "New-AzPublicIpAddress", where, write(made))


MODULE = Module(
    of(
        "Az.Network",
        maker(
            NOUN,
            "PublicIpAddress",
            _new,
            mandatory(
                "AllocationMethod", "Whether it stays the same while no machine runs with it.", choices="Static Dynamic"
            ),
            optional("Sku", "Standard ones are Static.", choices="Basic Standard"),
            optional("Tier", "As Azure calls it.", choices="Regional Global"),
            optional("IpAddressVersion", "IPv4, or IPv6, which calco refuses.", choices="IPv4 IPv6"),
            optional("DomainNameLabel", "What its name begins with."),
            optional("ReverseFqdn", "The name that it is the address of."),
            optional("IdleTimeoutInMinutes", "From 4 to 30.", kind=Takes.INT),
            optional("Zone", "The zones it is in.", kind=Takes.STRINGS),
            examples={
                "An address that stays.": "New-AzPublicIpAddress -ResourceGroupName lab -Name address1 "
                "-Location westeurope -AllocationMethod Static -Sku Standard"
            },
        ),
        NOUN.getter(
            "Get-AzPublicIpAddress",
            "Gets public IP addresses.",
            {"The address itself.": "(Get-AzPublicIpAddress -ResourceGroupName lab -Name address1).IpAddress"},
        ),
        setter(NOUN, "PublicIpAddress", {"Send what was changed.": "$address | Set-AzPublicIpAddress"}),
        network_remover(NOUN, "PublicIpAddress"),
    ),
    (
        view(
            NOUN.kind,
            "PublicIpAllocationMethod IpAddress PublicIpAddressVersion IdleTimeoutInMinutes IpConfiguration= "
            "DnsSettings= Zones Sku= IpTags=",
        ),
    ),
)
