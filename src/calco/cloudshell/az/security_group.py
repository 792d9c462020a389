"""Network security groups and their rules: a rule is described in memory, put into a group, and the group is sent.

Source: Microsoft Learn, Az.Network's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az import plural
from calco.cloudshell.az.declaration import Takes, cmdlet, of, optional, plain, switch
from calco.cloudshell.az.given import given, tag_table
from calco.cloudshell.az.network import SECURITY_GROUP, maker, network_remover, setter
from calco.cloudshell.az.noun import Noun, may_make, put
from calco.cloudshell.az.part import Part
from calco.cloudshell.az.record import blank, write
from calco.cloudshell.az.shapes_network import NETWORK, PART, view
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

RULE = NETWORK["PSSecurityRule"]
_LISTS = ("securityRules", "defaultSecurityRules")
NOUN = Noun(
    SECURITY_GROUP,
    NETWORK["PSNetworkSecurityGroup"],
    "network security group",
    aliases="ResourceName",
    sort=lambda document: plural.gathered(document, plural.RULE, *_LISTS),
)


def _body(group: Record) -> Document:
    return plural.spread(write(group), plural.RULE, *_LISTS)


def _new(call: Call) -> Iterable[Value]:
    where = NOUN.path(call)
    made = blank(NOUN.kind, {"Location": call.text("Location"), "Tag": tag_table(call)})
    made.members.update(given(call, "SecurityRules FlushConnection"))
    if may_make(call, where):
        yield put(call, NOUN, "New-AzNetworkSecurityGroup", where, _body(made))


def _fill(call: Call, made: Record) -> None:
    made.members["Priority"] = call.number("Priority")
    for name in ("Description", "Protocol", "Access", "Direction"):
        made.members[name] = call.text(name) or None
    for name in ("SourcePortRange", "DestinationPortRange", "SourceAddressPrefix", "DestinationAddressPrefix"):
        made.members[name] = list(call.texts(name)) or None


_RULES = Part(
    NOUN,
    "NetworkSecurityGroup",
    "SecurityRules",
    "rule",
    "NetworkSecurityRuleConfig",
    RULE,
    _fill,
    (
        plain("Description", "What it is for."),
        plain("Protocol", "Of what it speaks; * for all.", choices="Tcp Udp Icmp Esp Ah *"),
        plain("SourcePortRange", "From which ports: 22, 1000-2000, *.", kind=Takes.STRINGS),
        plain("DestinationPortRange", "To which ports.", kind=Takes.STRINGS),
        plain("SourceAddressPrefix", "From where: 10.0.0.0/8, Internet, *.", kind=Takes.STRINGS),
        plain("DestinationAddressPrefix", "To where.", kind=Takes.STRINGS),
        plain("Access", "What is done with it.", choices="Allow Deny"),
        plain("Priority", "From 100 to 4096; the least counts first.", kind=Takes.INT),
        plain("Direction", "Into the machine, or out of it.", choices="Inbound Outbound"),
    ),
)
_SSH = (
    "-Name ssh -Protocol Tcp -Direction Inbound -Priority 1000 -Access Allow "
    "-SourceAddressPrefix * -SourcePortRange * -DestinationAddressPrefix * -DestinationPortRange 22"
)


def _get_rule(call: Call) -> Iterable[Value]:
    yield from _RULES.get(call, "DefaultSecurityRules" if call.switch("DefaultRules") else "")


MODULE = Module(
    of(
        "Az.Network",
        maker(
            NOUN,
            "NetworkSecurityGroup",
            _new,
            optional(
                "SecurityRules", "What New-AzNetworkSecurityRuleConfig gave.", kind=Takes.RECORDS, accepts=RULE.type
            ),
            switch("FlushConnection", "End connections that a changed rule would not let in."),
            examples={
                "A group that lets SSH in.": f"$ssh = New-AzNetworkSecurityRuleConfig {_SSH}\n"
                "New-AzNetworkSecurityGroup -ResourceGroupName lab -Name rules -Location westeurope "
                "-SecurityRules $ssh"
            },
        ),
        NOUN.getter(
            "Get-AzNetworkSecurityGroup",
            "Gets network security groups.",
            {"One group.": "Get-AzNetworkSecurityGroup -ResourceGroupName lab -Name rules"},
        ),
        setter(NOUN, "NetworkSecurityGroup", {"Send it.": "$rules | Set-AzNetworkSecurityGroup"}, _body),
        network_remover(NOUN, "NetworkSecurityGroup"),
        _RULES.new({"Let SSH in.": f"New-AzNetworkSecurityRuleConfig {_SSH}"}),
        _RULES.add(
            {
                "Let SSH in, and send that.": f"$rules | Add-AzNetworkSecurityRuleConfig {_SSH} "
                "| Set-AzNetworkSecurityGroup"
            }
        ),
        _RULES.change(
            {"Say it anew.": f"$rules | Set-AzNetworkSecurityRuleConfig {_SSH} | Set-AzNetworkSecurityGroup"}
        ),
        _RULES.remove(
            {
                "Take one out, and send that.": "$rules | Remove-AzNetworkSecurityRuleConfig -Name ssh "
                "| Set-AzNetworkSecurityGroup"
            }
        ),
        cmdlet(
            "Get-AzNetworkSecurityRuleConfig",
            "Gets the rules of a network security group.",
            _get_rule,
            plain("Name", "The name of one rule, or a pattern."),
            _RULES.owner_parameter,
            switch("DefaultRules", "Those that every group has."),
            output=RULE.type,
            examples={"All rules of a group.": "$rules | Get-AzNetworkSecurityRuleConfig"},
        ),
    ),
    (
        view(NOUN.kind, "FlushConnection SecurityRules= DefaultSecurityRules= NetworkInterfaces= Subnets="),
        view(
            RULE,
            "Description Protocol SourcePortRange DestinationPortRange SourceAddressPrefix DestinationAddressPrefix "
            "SourceApplicationSecurityGroups= DestinationApplicationSecurityGroups= Access Priority Direction",
            top=PART,
        ),
    ),
)
