"""Rules of Windows' firewall as the registry holds them: ``v2.31|Action=Allow|Active=TRUE|Dir=In|LPort=3389|``.

A key may stand several times, and what is not named is any.
Source: Microsoft, MS-GPFAS 2.2.2.19 "Firewall Rule and the Firewall Rule Grammar Rule".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from calco.inspection.blocks import Unreadable
from calco.inspection.windows.hive import Value
from calco.inspection.windows.registry_setting import text_of, values_of
from calco.inspection.windows.system import Windows

RULES = "SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"

TCP = "6"
PORTS = re.compile(r"lport(2_\d+)?")
WITHOUT_CONDITION = re.compile(
    rf"action|active|dir|protocol|profile|{PORTS.pattern}|app|svc|name|desc|embedctxt|edge|defer|platform2?"
)
"""Keys that bind a rule to no peer, address, adapter, person or app package, nor to IPsec. There are many that do, and
more with every Windows: one that is not known here is taken for a condition."""
RULE_CHARACTERS_MAX = 64 * 1024
"""Name and description have 10,000 each at most. Source: Microsoft, MS-FASP 2.2.37."""
RANGE = re.compile(r"(\d{1,5})-(\d{1,5})")


@dataclass(frozen=True)
class Rule:
    """``fields``: each key in lower case with its value, in order."""

    name: str
    fields: tuple[tuple[str, str], ...]

    def all(self, key: str) -> tuple[str, ...]:
        return tuple(value for each, value in self.fields if each == key)

    def is_(self, key: str, value: str) -> bool:
        """No other value is given for that key, and it is given."""
        return {each.lower() for each in self.all(key)} == {value.lower()}

    def may_be(self, key: str, *values: str) -> bool:
        """It is not given (any), or one of these."""
        given = {each.lower() for each in self.all(key)}
        return not given or not given.isdisjoint(values)

    @property
    def is_active(self) -> bool:
        return self.is_("active", "true")

    def does(self, action: str, direction: str) -> bool:
        return self.is_active and self.is_("action", action) and self.is_("dir", direction)

    @property
    def has_conditions(self) -> bool:
        """Whether it holds for some only."""
        return any(not WITHOUT_CONDITION.fullmatch(key) for key, value in self.fields if value != "*")

    def is_of(self, profile: str) -> bool:
        return self.may_be("profile", profile)

    def names_remote(self, address: IPv4Address) -> bool:
        """Whether that address is among those it was written for: alone, in a range, or in a subnet."""
        return any(_spans(each, address) for each in self.all("ra4"))

    @property
    def ports(self) -> tuple[str, ...]:
        return tuple(value for key, value in self.fields if PORTS.fullmatch(key))

    def covers(self, protocol: str, port: int) -> bool:
        """Whether it holds for that local port: a rule without ports holds for all."""
        holds = not self.ports or any(_holds(each, port) for each in self.ports)
        return holds and self.may_be("protocol", protocol, "256")


def _holds(words: str, port: int) -> bool:
    if span := RANGE.fullmatch(words):
        return int(span[1]) <= port <= int(span[2])
    return words in {str(port), "*"}


def _spans(words: str, address: IPv4Address) -> bool:
    """False for keywords (``LocalSubnet``), too."""
    try:
        if "-" not in words:
            return address in IPv4Network(words, strict=False)
        first, _, last = words.partition("-")
        return IPv4Address(first) <= address <= IPv4Address(last)
    except ValueError:
        return False


def rules_of(windows: Windows) -> Sequence[Rule]:
    """Every rule of the machine's own. Raises Unreadable for one that makes no sense."""
    return [parse(each) for each in values_of(windows, RULES) or ()]


def parse(value: Value) -> Rule:
    text = text_of(value)
    version, *fields = text.split("|") if len(text) <= RULE_CHARACTERS_MAX else [""]
    if not re.fullmatch(r"v\d{1,3}\.\d{1,3}", version):
        raise Unreadable(f"the firewall's rule {value.name} makes no sense")
    pairs = (each.partition("=") for each in fields if each)
    return Rule(value.name, tuple((key.lower(), content) for key, _, content in pairs))
