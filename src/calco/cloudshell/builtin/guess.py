"""Get-Random and New-Guid: what chance gives.

Source: Microsoft Learn, Get-Random, New-Guid.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from calco.cloudshell.cmdlet import UTILITY, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
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


RANDOM = cmdlet(
    "Get-Random",
    "Gives a number by chance, or some of the objects that come.",
    _random,
    plain("Maximum", "The number is below it.", 0, Kind.INT),
    plain("Minimum", "The number is at least this.", kind=Kind.INT),
    plain("Count", "How many.", kind=Kind.INT, range=(1, INT32_MAX)),
    switch("Shuffle", "All of the objects, in some order."),
    plain("InputObject", "The objects.", kind=Kind.ANYS, from_pipeline=True),
    whole=True,
    examples={"A number to name something by": '$name = "web$(Get-Random -Maximum 1000)"'},
)
GUID = cmdlet(
    "New-Guid",
    "Gives a new GUID.",
    lambda call: [call.shell.chance.guid()],
    output="System.Guid",
    examples={"A new one": "New-Guid"},
)

MODULE = Module(of(UTILITY, RANDOM, GUID))
