"""What resources may be called, as a table: length and characters for each type.

Sources: Azure, "Naming rules and restrictions for Azure resources"; arm-protocol F; recorded refusal of group names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calco.model.errors import ApiError, bad_resource_name
from calco.model.ids import ResourceId

_MIDDLE = r"[A-Za-z0-9_.\-]*"


@dataclass(frozen=True)
class NameRule:
    """``pattern`` says which characters stand where, ``words`` the same for people; lengths are in characters."""

    shortest: int
    longest: int
    pattern: re.Pattern[str]
    words: str


_PLAIN = re.compile(rf"[A-Za-z0-9]({_MIDDLE}[A-Za-z0-9_])?")
_PLAIN_WORDS = (
    "It begins with a letter or digit, ends with a letter, digit or '_', and has letters, digits, '_', '.' or '-' "
    "between."
)

RULES: Mapping[str, NameRule] = MappingProxyType(
    {
        "microsoft.compute/virtualmachines": NameRule(
            1,
            64,
            re.compile(rf"[A-Za-z0-9]({_MIDDLE}[A-Za-z0-9_])?"),
            "It has letters, digits, '_', '.' or '-', does not begin with '_' and does not end with '.' or '-'.",
        ),
        "microsoft.compute/images": NameRule(1, 80, _PLAIN, _PLAIN_WORDS),
        "microsoft.compute/snapshots": NameRule(1, 80, _PLAIN, _PLAIN_WORDS),
        "microsoft.compute/availabilitysets": NameRule(1, 80, _PLAIN, _PLAIN_WORDS),
        "microsoft.compute/disks": NameRule(
            1, 80, re.compile(r"[A-Za-z0-9_.\-]+"), "It has letters, digits, '_', '.' or '-'."
        ),
        "microsoft.network/virtualnetworks": NameRule(2, 64, _PLAIN, _PLAIN_WORDS),
        "microsoft.network/virtualnetworks/subnets": NameRule(1, 80, _PLAIN, _PLAIN_WORDS),
        "microsoft.network/networkinterfaces": NameRule(1, 80, _PLAIN, _PLAIN_WORDS),
        "microsoft.network/publicipaddresses": NameRule(1, 80, _PLAIN, _PLAIN_WORDS),
        "microsoft.network/networksecuritygroups": NameRule(1, 80, _PLAIN, _PLAIN_WORDS),
        "microsoft.network/networksecuritygroups/securityrules": NameRule(1, 80, _PLAIN, _PLAIN_WORDS),
        "microsoft.resources/deployments": NameRule(
            1, 64, re.compile(r"[A-Za-z0-9_.()\-]+"), "It has letters, digits, '_', '.', '-' or parentheses."
        ),
    }
)

MAX_GROUP = 90


def check(id: ResourceId) -> None:
    """Whether a resource may be called so. Raises ApiError: the group's name first, as the front door does."""
    check_group(id.group)
    rule = RULES.get(id.kind)
    if rule is None:
        return
    if not rule.shortest <= len(id.name) <= rule.longest:
        raise bad_resource_name(id.name, f"It must have {rule.shortest} to {rule.longest} characters.")
    if not rule.pattern.fullmatch(id.name):
        raise bad_resource_name(id.name, rule.words)


def check_group(name: str) -> None:
    """Whether a group may be called so. Raises ApiError InvalidResourceGroup, as recorded."""
    strange = "".join(dict.fromkeys(each for each in name if not (each.isalnum() or each in "-.()_")))
    if strange:
        raise ApiError(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{name[:120]}' has these invalid characters: '{strange[:120]}'. The "
            "name can only be a letter, digit, '-', '.', '(', ')' or '_'.",
        )
    if len(name) > MAX_GROUP:
        raise ApiError(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{name[:120]}' is too long. The maximum length is {MAX_GROUP} "
            "characters.",
        )
    if name.endswith("."):
        raise ApiError(
            400, "InvalidResourceGroup", f"The provided resource group name '{name}' must not end with a period."
        )
