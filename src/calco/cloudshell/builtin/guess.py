"""Get-Random and New-Guid: what chance gives.

Source: Microsoft Learn, Get-Random, New-Guid.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from calco.cloudshell.cmdlet import UTILITY, Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects.type_name import INT32_MAX
from calco.cloudshell.values import Value

if TYPE_CHECKING:
    from calco.ports.world import Chance


def below(limit: int, chance: "Chance") -> int:
    """A whole number from 0, below ``limit`` (at most 2^62): all as likely as makes no difference."""
    return int(chance.guid().replace("-", ""), 16) % limit


def _random(call: Call) -> Iterator[Value]:
    items = list(call.input)
    if items or call.given("InputObject"):
        yield from _some(call, items)
        return
    low, high = call.number("Minimum") or 0, call.number("Maximum")
    high = INT32_MAX if high is None else high
    if low >= high:
        message = f"The Minimum value ({low}) cannot be greater than or equal to the Maximum value ({high})."
        raise Terminating(Fault(message, "MinGreaterThanOrEqualMax", "InvalidArgument"))
    for _ in range(call.number("Count") or 1):
        yield low + below(high - low, call.shell.chance)


def _some(call: Call, items: list[Value]) -> Iterator[Value]:
    left = list(items)
    count = len(left) if call.switch("Shuffle") else call.number("Count") or 1
    while left and count > 0:
        yield left.pop(below(len(left), call.shell.chance))
        count -= 1


RANDOM = Cmdlet(
    "Get-Random",
    "Gives a number by chance, or some of the objects that come.",
    _random,
    parameters=(
        Parameter("Maximum", Kind.INT, "The number is below it.", position=0),
        Parameter("Minimum", Kind.INT, "The number is at least this."),
        Parameter("Count", Kind.INT, "How many.", range=(1, INT32_MAX)),
        Parameter("Shuffle", Kind.SWITCH, "All of the objects, in some order."),
        Parameter("InputObject", Kind.ANYS, "The objects.", from_pipeline=True),
    ),
    module=UTILITY,
    whole=True,
    examples=(Example("A number to name something by", '$name = "web$(Get-Random -Maximum 1000)"'),),
)
GUID = Cmdlet(
    "New-Guid",
    "Gives a new GUID.",
    lambda call: [call.shell.chance.guid()],
    module=UTILITY,
    output="System.Guid",
    examples=(Example("A new one", "New-Guid"),),
)

MODULE = Module((RANDOM, GUID))
