"""Which recorded exchanges are not played: those about resources that are out of scope, and all that depends on them.

Scope is a list of types and one rule, never a list of exchanges. An exchange is out when its URL or its body names a
resource of such a type, or a resource that was made by an exchange that is out, or when it polls the work of one.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.contract.recorded import Exchange, bare

EXCEPTED = (
    "galleries",
    "loadBalancers",
    "virtualMachineScaleSets",
    "proximityPlacementGroups",
)
"""Types that the service does not have, and that nobody asked it to have."""

_NAMED = re.compile(rf"/providers/Microsoft\.\w+/({'|'.join(EXCEPTED)})(?=[/?\"\\\s]|$)", re.IGNORECASE)


@dataclass
class Scope:
    """``out``: the places of the exchanges that are out, each with what it names or depends on. ``made``: the
    resources that they made, by path from the group on."""

    out: dict[int, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)

    def without_excepted(self, body: Any) -> Any:
        """A recorded list without the resources that are out of scope."""
        items = body.get("value") if isinstance(body, dict) else None
        if not isinstance(items, list):
            return body
        return {**body, "value": [each for each in items if self.why(json.dumps(each)) is None]}

    def why(self, text: str) -> str | None:
        named = _NAMED.search(text)
        if named:
            return named[1]
        lowered = text.lower()
        return next(
            (why for path, why in self.made.items() if re.search(f"{re.escape(path)}(?![\\w.-])", lowered)), None
        )


def scope(exchanges: Iterable[Exchange]) -> Scope:
    found = Scope()
    polled: dict[str, str] = {}
    for each in exchanges:
        why = polled.get(bare(each.url)) or found.why(f"{each.path} {each.request}")
        if why is None:
            continue
        found.out[each.index] = why
        polled |= dict.fromkeys(each.links, why)
        if each.method == "PUT":
            found.made[_key(each.path)] = why
    return found


def _key(path: str) -> str:
    """A resource's path from its group on: subscriptions are not what tells two apart in one recording."""
    return path.lower().partition("/resourcegroups/")[2]
