"""Network security groups and their rules: a rule is described in memory, put into a group, and the group is sent.

Source: Microsoft Learn, Az.Network's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az import plural
from calco.cloudshell.az.network import SECURITY_GROUP, maker, network_remover, noun, setter
from calco.cloudshell.az.noun import getter, may_make, put, switch, tag_table
from calco.cloudshell.az.part import Part
from calco.cloudshell.az.record import blank, write
from calco.cloudshell.az.shapes_network import NETWORK, view
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Module, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

RULE = NETWORK["PSSecurityRule"]
_LISTS = ("securityRules", "defaultSecurityRules")
NOUN = noun(
    SECURITY_GROUP,
    "PSNetworkSecurityGroup",
    "network security group",
    sort=lambda document: plural.gathered(document, plural.RULE, *_LISTS),
)
_WORDS = ("Description", "Protocol", "Access", "Direction")
_MANY = ("SourcePortRange", "DestinationPortRange", "SourceAddressPrefix", "DestinationAddressPrefix")


def _body(group: Record) -> Document:
    return plural.spread(write(group), plural.RULE, *_LISTS)


def _new(call: Call) -> Iterable[Value]:
    where = NOUN.path(call)
    made = blank(NOUN.kind, {"Location": call.text("Location"), "Tag": tag_table(call)})
    made.members["SecurityRules"] = call.value("SecurityRules")
    if call.given("FlushConnection"):
        made.members["FlushConnection"] = call.switch("FlushConnection")
    if may_make(call, where):
        yield put(call, NOUN, "New-AzNetworkSecurityGroup", where, _body(made))


def _fill(call: Call, made: Record) -> None:
    made.members["Priority"] = call.number("Priority")
    for name in _WORDS:
        made.members[name] = call.text(name) or None
    for name in _MANY:
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
        Parameter("Description", help="What it is for."),
        Parameter("Protocol", help="Of what it speaks; * for all.", choices=("Tcp", "Udp", "Icmp", "Esp", "Ah", "*")),
        Parameter("SourcePortRange", Takes.STRINGS, "From which ports: 22, 1000-2000, *."),
        Parameter("DestinationPortRange", Takes.STRINGS, "To which ports."),
        Parameter("SourceAddressPrefix", Takes.STRINGS, "From where: 10.0.0.0/8, Internet, *."),
        Parameter("DestinationAddressPrefix", Takes.STRINGS, "To where."),
        Parameter("Access", help="What is done with it.", choices=("Allow", "Deny")),
        Parameter("Priority", Takes.INT, "From 100 to 4096; the least counts first."),
        Parameter("Direction", help="Into the machine, or out of it.", choices=("Inbound", "Outbound")),
    ),
)
_SSH = (
    "-Name ssh -Protocol Tcp -Direction Inbound -Priority 1000 -Access Allow "
    "-SourceAddressPrefix * -SourcePortRange * -DestinationAddressPrefix * -DestinationPortRange 22"
)


def _get_rule(call: Call) -> Iterable[Value]:
    yield from _RULES.get(call, "DefaultSecurityRules" if call.switch("DefaultRules") else "")


MODULE = Module(
    (
        maker(
            NOUN,
            "NetworkSecurityGroup",
            _new,
            (
                Parameter(
                    "SecurityRules",
                    Takes.RECORDS,
                    "What New-AzNetworkSecurityRuleConfig gave.",
                    from_name=True,
                    accepts=(RULE.type,),
                ),
                switch("FlushConnection", "End connections that a changed rule would not let in."),
            ),
            Example(
                "A group that lets SSH in.",
                f"$ssh = New-AzNetworkSecurityRuleConfig {_SSH}\n"
                "New-AzNetworkSecurityGroup -ResourceGroupName lab -Name rules -Location westeurope "
                "-SecurityRules $ssh",
            ),
        ),
        getter(
            NOUN,
            "Get-AzNetworkSecurityGroup",
            "Gets network security groups.",
            Example("One group.", "Get-AzNetworkSecurityGroup -ResourceGroupName lab -Name rules"),
        ),
        setter(NOUN, "NetworkSecurityGroup", Example("Send it.", "$rules | Set-AzNetworkSecurityGroup"), _body),
        network_remover(NOUN, "Remove-AzNetworkSecurityGroup"),
        _RULES.new(Example("Let SSH in.", f"New-AzNetworkSecurityRuleConfig {_SSH}")),
        _RULES.add(
            Example(
                "Let SSH in, and send that.",
                f"$rules | Add-AzNetworkSecurityRuleConfig {_SSH} | Set-AzNetworkSecurityGroup",
            )
        ),
        _RULES.change(
            Example("Say it anew.", f"$rules | Set-AzNetworkSecurityRuleConfig {_SSH} | Set-AzNetworkSecurityGroup")
        ),
        _RULES.remove(
            Example(
                "Take one out, and send that.",
                "$rules | Remove-AzNetworkSecurityRuleConfig -Name ssh | Set-AzNetworkSecurityGroup",
            )
        ),
        Cmdlet(
            "Get-AzNetworkSecurityRuleConfig",
            "Gets the rules of a network security group.",
            _get_rule,
            (
                Parameter("Name", help="The name of one rule, or a pattern."),
                _RULES.owner_parameter,
                switch("DefaultRules", "Those that every group has."),
            ),
            output=RULE.type,
            module=NOUN.module,
            examples=(Example("All rules of a group.", "$rules | Get-AzNetworkSecurityRuleConfig"),),
        ),
    ),
    (
        view(NOUN.kind, "FlushConnection", "SecurityRules=", "DefaultSecurityRules=", "NetworkInterfaces=", "Subnets="),
        view(
            RULE,
            "Description",
            "Protocol",
            "SourcePortRange",
            "DestinationPortRange",
            "SourceAddressPrefix",
            "DestinationAddressPrefix",
            "SourceApplicationSecurityGroups=",
            "DestinationApplicationSecurityGroups=",
            "Access",
            "Priority",
            "Direction",
            top=("Name", "Id", "Etag", "ProvisioningState"),
        ),
    ),
)
