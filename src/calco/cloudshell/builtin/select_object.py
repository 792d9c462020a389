"""Select-Object: some of the objects, or some members of each.

Source: Microsoft Learn, Select-Object.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from calco.cloudshell.cmdlet import INPUT, UTILITY, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects import compare
from calco.cloudshell.objects.member import get, names_of
from calco.cloudshell.objects.properties import Property, expanded, members, read, value_of
from calco.cloudshell.objects.type_name import INT32_MAX
from calco.cloudshell.values import CUSTOM, Hashtable, Names, Record, Value

_COUNT = (0, INT32_MAX)


def _select(call: Call) -> Iterator[Value]:
    chosen = _shaped(call, _some(call, call.input))
    return _unique(chosen) if call.switch("Unique") else chosen


def _some(call: Call, items: Iterable[Value]) -> Iterator[Value]:
    """Those that -Index, -Skip, -First, -SkipLast and -Last leave."""
    if call.given("Index"):
        wanted = call.value("Index")
        places = set(wanted if isinstance(wanted, list) else [wanted])
        yield from (item for at, item in enumerate(items) if at in places)
        return
    first, last, skip = call.number("First"), call.number("Last"), call.number("Skip") or 0
    if last is not None and first is None:
        yield from _last(items, last, skip)
        return
    rest: Iterator[Value] = islice(items, skip, None)
    if call.given("SkipLast"):
        rest = iter(list(rest)[: -(call.number("SkipLast") or 0) or None])
    if first is None:
        yield from rest
        return
    yield from islice(rest, first)
    if last is not None:
        yield from _last(rest, last, 0)


def _last(items: Iterable[Value], count: int, skip: int) -> Iterator[Value]:
    kept: deque[Value] = deque(items, maxlen=max(0, count + skip))
    return islice(kept, max(0, len(kept) - skip))


def _shaped(call: Call, items: Iterable[Value]) -> Iterator[Value]:
    """With the members that are wanted."""
    wanted, without = read(call.value("Property")), call.texts("ExcludeProperty")
    expand = call.text("ExpandProperty")
    for item in items:
        taken = expanded(wanted or (members(item) if without else []), item, without)
        if expand:
            yield from _expand(call, item, expand, taken)
        elif wanted or without:
            yield Record(CUSTOM, Names((each.label, value_of(each, item, call.shell)) for each in taken))
        else:
            yield item


def _expand(call: Call, item: Value, name: str, more: list[Property]) -> Iterator[Value]:
    found = next((each for each in expanded(read(name), item)), None)
    if found is None or (get(item, found.label) is None and not _has(item, found.label)):
        call.error(Fault(f'Property "{name}" cannot be found.', "ExpandPropertyNotFound", "InvalidArgument"))
        return
    value = get(item, found.label)
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Record) and more:
            added = [(one.label, value_of(one, item, call.shell)) for one in more]
            yield Record(each.type, Names([*each.members.items(), *added]), each.held)
        else:
            yield each


def _has(item: Value, name: str) -> bool:
    return isinstance(item, Hashtable) or name.casefold() in (each.casefold() for each in names_of(item))


def _unique(items: Iterable[Value]) -> Iterator[Value]:
    """Each once; texts are compared with their case here."""
    seen: list[Value] = []
    for item in items:
        if not any(_same(item, each) for each in seen):
            seen.append(item)
            yield item


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, Record) and isinstance(right, Record):
        pairs, others = dict(left.members.items()), dict(right.members.items())
        return pairs.keys() == others.keys() and all(_same(each, others[name]) for name, each in pairs.items())
    return type(left) is type(right) and compare.equal(left, right, case=True)


SELECT = cmdlet(
    "Select-Object",
    "Takes some of the objects, or some members of each.",
    _select,
    plain("Property", "The members; wildcards and @{Name=..; Expression={..}} too.", 0, Kind.ANYS),
    plain("ExcludeProperty", "Members to leave out.", kind=Kind.STRINGS),
    plain("ExpandProperty", "The member to give instead of the object; an array one by one."),
    plain("First", "That many from the beginning; what comes after is not even made.", kind=Kind.INT, range=_COUNT),
    plain("Last", "That many from the end.", kind=Kind.INT, range=_COUNT),
    plain("Skip", "Leave that many out at the beginning, or with -Last at the end.", kind=Kind.INT, range=_COUNT),
    plain("SkipLast", "Leave that many out at the end.", kind=Kind.INT, range=_COUNT),
    plain("Index", "Those at these places, counted from 0.", kind=Kind.INTS),
    switch("Unique", "Each different object once."),
    INPUT,
    output=CUSTOM,
    aliases="select",
    whole=True,
    examples={
        "Name and size of each machine": "Get-AzVM | Select-Object Name, @{n='Size';e={$_.HardwareProfile.VmSize}}",
        "The ID of an image": "Get-AzImage -ResourceGroupName web | Select-Object -ExpandProperty Id",
    },
)

MODULE = Module(of(UTILITY, SELECT))
