"""Network security groups: rules about who may speak to whom, and what of them may be wished for.

Rules are kept and shown. They are not enforced on the wire yet: ``NOT_ENFORCED`` says so wherever somebody may look.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_network

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId

NOT_ENFORCED = (
    "rules of network security groups are kept and shown, but not enforced on the wire yet: no frame is dropped "
    "because of them"
)


class Direction(StrEnum):
    INBOUND = "Inbound"
    OUTBOUND = "Outbound"


class Access(StrEnum):
    ALLOW = "Allow"
    DENY = "Deny"


class Protocol(StrEnum):
    TCP = "Tcp"
    UDP = "Udp"
    ICMP = "Icmp"
    ESP = "Esp"
    AH = "Ah"
    ANY = "*"


@dataclass(frozen=True)
class NewSecurityRule:
    """One rule; ``document`` holds its properties as they came, in Azure's spelling."""

    name: str
    priority: int
    direction: Direction
    document: Document


@dataclass(frozen=True)
class NewNetworkSecurityGroup:
    """A PUT of a group; ``properties`` without its rules."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    rules: tuple[NewSecurityRule, ...]
    properties: Document
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True)
class DefaultRule:
    """A rule that every group has behind its own."""

    name: str
    description: str
    source: str
    destination: str
    access: Access
    priority: int
    direction: Direction

    def properties(self) -> Document:
        return {
            "description": self.description,
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": self.source,
            "destinationAddressPrefix": self.destination,
            "access": self.access.value,
            "priority": self.priority,
            "direction": self.direction.value,
        }


_IN, _OUT, _YES, _NO = Direction.INBOUND, Direction.OUTBOUND, Access.ALLOW, Access.DENY
_NET, _ALL = "VirtualNetwork", "*"

DEFAULT_RULES: Sequence[DefaultRule] = (
    DefaultRule("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", _NET, _NET, _YES, 65000, _IN),
    DefaultRule(
        "AllowAzureLoadBalancerInBound",
        "Allow inbound traffic from azure load balancer",
        "AzureLoadBalancer",
        _ALL,
        _YES,
        65001,
        _IN,
    ),
    DefaultRule("DenyAllInBound", "Deny all inbound traffic", _ALL, _ALL, _NO, 65500, _IN),
    DefaultRule(
        "AllowVnetOutBound",
        "Allow outbound traffic from all VMs to all VMs in VNET",
        _NET,
        _NET,
        _YES,
        65000,
        _OUT,
    ),
    DefaultRule(
        "AllowInternetOutBound",
        "Allow outbound traffic from all VMs to Internet",
        _ALL,
        "Internet",
        _YES,
        65001,
        _OUT,
    ),
    DefaultRule("DenyAllOutBound", "Deny all outbound traffic", _ALL, _ALL, _NO, 65500, _OUT),
)
"""Source: Azure, "Network security groups", default security rules."""

PRIORITIES = (100, 4096)
"""Source: the same, "Security rules"."""
PORT_MAX = 65535
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*")
"""A service tag: ``VirtualNetwork``, ``Storage.WestUS``. Which ones there are, Azure changes at will."""


def is_port_range(text: str) -> bool:
    """``*``, one port, or two with a dash between, the lower first."""
    if text == "*":
        return True
    ends = text.split("-")
    if len(ends) > 2 or not all(each.isascii() and each.isdigit() and len(each) <= 5 for each in ends):
        return False
    numbers = [int(each) for each in ends]
    return numbers == sorted(numbers) and numbers[-1] <= PORT_MAX


def is_address_prefix(text: str) -> bool:
    """``*``, an address or a block of either family, or the shape of a service tag."""
    if text == "*" or _TAG.fullmatch(text):
        return True
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def check_apart(rules: Sequence[NewSecurityRule]) -> None:
    """No two rules have one name, and none of one direction one priority. Raises ApiError."""
    names: set[str] = set()
    places: dict[tuple[Direction, int], str] = {}
    for rule in rules:
        if rule.name.lower() in names:
            raise duplicate(rule.name)
        names.add(rule.name.lower())
        other = places.setdefault((rule.direction, rule.priority), rule.name)
        if other != rule.name:
            raise conflict(rule.name, other)


# --- refusals: codes and texts as public issue threads quote them ----------------------------------------------------


def bad_priority(value: int) -> ApiError:
    return ApiError(
        400,
        "SecurityRuleInvalidPriority",
        f"Security rule has invalid Priority. Value provided: {value} Allowed range {PRIORITIES[0]}-{PRIORITIES[1]}.",
    )


def bad_port_range(value: str) -> ApiError:
    return ApiError(
        400,
        "SecurityRuleInvalidPortRange",
        f"Security rule has invalid Port range. Value provided: {value[:100]}. Value should be an integer OR integer "
        "range with '-' delimiter. Valid range 0-65535.",
    )


def bad_address_prefix(value: str) -> ApiError:
    return ApiError(
        400,
        "SecurityRuleInvalidAddressPrefix",
        f"Security rule has invalid Address prefix. Value provided: {value[:100]}",
    )


def missing_member(member: str, rule: str) -> ApiError:
    return ApiError(
        400,
        "SecurityRuleParameterMissing",
        f"Security rule {rule[:100]} is missing a value for parameter '{member}'.",
        member,
    )


def both_members(one: str, many: str) -> ApiError:
    return ApiError(
        400,
        "SecurityRuleParameterContradiction",
        f"Security rule has both {one} and {many}. Send one of them.",
        one,
    )


def conflict(rule: str, other: str) -> ApiError:
    return ApiError(
        400,
        "SecurityRuleConflict",
        f"Security rule {rule} conflicts with rule {other}. Rules cannot have the same Priority and Direction.",
    )


def duplicate(rule: str) -> ApiError:
    return ApiError(
        400, "InvalidRequestFormat", f"Two security rules are called {rule}. Names differ in more than case."
    )


def in_use(group: ResourceId, by: Iterable[str]) -> ApiError:
    return ApiError(
        400,
        "InUseNetworkSecurityGroupCannotBeDeleted",
        f"Network security group {group} cannot be deleted because it is in use by the following resources: "
        f"{', '.join(by)}. In order to delete the Network security group, remove the association with the resource(s). "
        "To learn how to do this, see aka.ms/deletensg.",
    )
