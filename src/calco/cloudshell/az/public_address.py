"""Public IP addresses. Source: Microsoft Learn, Az.Network's reference of each cmdlet."""

from collections.abc import Iterable

from calco.cloudshell.az.network import maker, network_remover, noun, setter
from calco.cloudshell.az.noun import (
    getter,
    may_make,
    put,
    tag_table,
)  # fmt: skip
from calco.cloudshell.az.record import blank, child, write
from calco.cloudshell.az.shapes_network import view
from calco.cloudshell.cmdlet import Call, Example, Module, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Value

NOUN = noun("Microsoft.Network/publicIPAddresses", "PSPublicIpAddress", "public IP address")


def _new(call: Call) -> Iterable[Value]:
    where = NOUN.path(call)
    made = blank(NOUN.kind, {"Location": call.text("Location"), "Tag": tag_table(call)})
    made.members["PublicIpAllocationMethod"] = call.text("AllocationMethod")
    made.members["PublicIpAddressVersion"] = call.text("IpAddressVersion") or "IPv4"
    made.members["IdleTimeoutInMinutes"] = call.number("IdleTimeoutInMinutes")
    if call.given("Zone"):
        made.members["Zones"] = list(call.texts("Zone"))
    for name, member in (("Sku", "Name"), ("Tier", "Tier")):
        if call.given(name):
            child(made, "Sku").members[member] = call.text(name)
    for name in ("DomainNameLabel", "ReverseFqdn"):
        if call.given(name):
            child(made, "DnsSettings").members[name] = call.text(name)
    if may_make(call, where):
        yield put(call, NOUN, "New-AzPublicIpAddress", where, write(made))


MODULE = Module(
    (
        maker(
            NOUN,
            "PublicIpAddress",
            _new,
            (
                Parameter(
                    "AllocationMethod",
                    help="Whether it stays the same while no machine runs with it.",
                    mandatory=True,
                    choices=("Static", "Dynamic"),
                    from_name=True,
                ),
                Parameter("Sku", help="Standard ones are Static.", choices=("Basic", "Standard"), from_name=True),
                Parameter("Tier", help="As Azure calls it.", choices=("Regional", "Global"), from_name=True),
                Parameter(
                    "IpAddressVersion",
                    help="IPv4, or IPv6, which calco refuses.",
                    choices=("IPv4", "IPv6"),
                    from_name=True,
                ),
                Parameter("DomainNameLabel", help="What its name begins with.", from_name=True),
                Parameter("ReverseFqdn", help="The name that it is the address of.", from_name=True),
                Parameter("IdleTimeoutInMinutes", Takes.INT, "From 4 to 30.", from_name=True),
                Parameter("Zone", Takes.STRINGS, "The zones it is in.", from_name=True),
            ),
            Example(
                "An address that stays.",
                "New-AzPublicIpAddress -ResourceGroupName lab -Name address1 -Location westeurope "
                "-AllocationMethod Static -Sku Standard",
            ),
        ),
        getter(
            NOUN,
            "Get-AzPublicIpAddress",
            "Gets public IP addresses.",
            Example("The address itself.", "(Get-AzPublicIpAddress -ResourceGroupName lab -Name address1).IpAddress"),
        ),
        setter(NOUN, "PublicIpAddress", Example("Send what was changed.", "$address | Set-AzPublicIpAddress")),
        network_remover(NOUN, "Remove-AzPublicIpAddress"),
    ),
    (
        view(
            NOUN.kind,
            "PublicIpAllocationMethod",
            "IpAddress",
            "PublicIpAddressVersion",
            "IdleTimeoutInMinutes",
            "IpConfiguration=",
            "DnsSettings=",
            "Zones",
            "Sku=",
            "IpTags=",
        ),
    ),
)
