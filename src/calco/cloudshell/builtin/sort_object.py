"""Sort-Object, Group-Object and Compare-Object: objects in an order, in groups, side by side.

Source: Microsoft Learn, Sort-Object, Group-Object, Compare-Object.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key

from calco.cloudshell.cmdlet import INPUT, UTILITY, Call, Column, Kind, Module, View
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.objects import compare
from calco.cloudshell.objects.properties import Property, read, value_of
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import INT32_MAX
from calco.cloudshell.values import CUSTOM, Hashtable, Record, Value

GROUP = "Microsoft.PowerShell.Commands.GroupInfo"
GROUP_BARE = "Microsoft.PowerShell.Commands.GroupInfoNoElement"


def _keys(call: Call, properties: Sequence[Property], item: Value) -> list[Value]:
    return [value_of(each, item, call.shell) for each in properties] if properties else [item]


def _ordering(properties: Sequence[Property], *, down: bool, case: bool) -> Callable[[list[Value], list[Value]], int]:
    """How two lists of keys compare; each property may have a direction of its own."""
    directions = [down if each.descending is None else each.descending for each in properties] or [down]

    def ordering(left: list[Value], right: list[Value]) -> int:
        for one, other, descending in zip(left, right, directions, strict=True):
            if said := compare.order(one, other, case=case):
                return -said if descending else said
        return 0

    return ordering


def _sort(call: Call) -> Iterator[Value]:
    properties = read(call.value("Property"))
    case = call.switch("CaseSensitive")
    ordering = _ordering(properties, down=call.switch("Descending"), case=case)
    keyed = [(_keys(call, properties, item), item) for item in call.input]
    rank = cmp_to_key(ordering)
    keyed.sort(key=lambda each: rank(each[0]))
    if call.switch("Unique"):
        keyed = [each for at, each in enumerate(keyed) if not at or ordering(keyed[at - 1][0], each[0])]
    items = [item for _, item in keyed]
    items = items[: call.number("Top")]
    return iter(items[-(call.number("Bottom") or 0) :])


def _group(call: Call) -> Iterator[Value]:
    properties = read(call.value("Property"))
    ordering = _ordering(properties, down=False, case=call.switch("CaseSensitive"))
    keyed = [(_keys(call, properties, item), item) for item in call.input]
    rank = cmp_to_key(ordering)
    keyed.sort(key=lambda each: rank(each[0]))
    groups: list[tuple[list[Value], list[Value]]] = []
    for keys, item in keyed:
        if not groups or ordering(groups[-1][0], keys):
            groups.append((keys, []))
        groups[-1][1].append(item)
    if call.switch("AsHashTable"):
        table = Hashtable()
        for keys, items in groups:
            table.put(_key(call, keys), list(items))
        return iter([table])
    return (_group_record(keys, items, bare=call.switch("NoElement")) for keys, items in groups)


def _key(call: Call, keys: list[Value]) -> str | int | float:
    key = keys[0] if len(keys) == 1 else None
    return key if isinstance(key, str | int | float) and not call.switch("AsString") else ", ".join(map(to_text, keys))


def _group_record(keys: list[Value], items: list[Value], *, bare: bool) -> Record:
    shown = ", ".join(to_text(each) for each in keys)
    members: dict[str, Value] = {"Values": list(keys), "Count": len(items), "Name": shown}
    if not bare:
        members["Group"] = list(items)
    return Record.of(GROUP_BARE if bare else GROUP, members)


def _compare(call: Call) -> Iterator[Value]:
    properties = read(call.value("Property"))
    before, after = _items(call.value("ReferenceObject")), _items(call.value("DifferenceObject"))
    both: list[Value] = []
    left = list(before)
    added: list[Value] = []
    for item in after:
        keys = _keys(call, properties, item)
        same = next((each for each in left if _equal(keys, _keys(call, properties, each))), None)
        if same is None:
            added.append(item)
        else:
            left.remove(same)
            both.append(item)
    if call.switch("IncludeEqual") or call.switch("ExcludeDifferent"):
        yield from (_side(call, properties, each, "==") for each in both)
    if not call.switch("ExcludeDifferent"):
        yield from (_side(call, properties, each, "=>") for each in added)
        yield from (_side(call, properties, each, "<=") for each in left)


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _equal(left: list[Value], right: list[Value]) -> bool:
    return all(compare.order(one, other) == 0 for one, other in zip(left, right, strict=True))


def _side(call: Call, properties: Sequence[Property], item: Value, side: str) -> Value:
    if call.switch("PassThru"):
        return item
    shown = {each.label: value_of(each, item, call.shell) for each in properties} or {"InputObject": item}
    return Record.of(CUSTOM, {**shown, "SideIndicator": side})


SORT = cmdlet(
    "Sort-Object",
    "Puts objects in order.",
    _sort,
    plain("Property", "What to sort by: members, blocks, @{e={..}; Descending=$true}.", 0, Kind.ANYS),
    switch("Descending", "The greatest first."),
    switch("Unique", "Of those that are equal, one."),
    plain("Top", "Only that many of the first.", kind=Kind.INT, range=(1, INT32_MAX)),
    plain("Bottom", "Only that many of the last.", kind=Kind.INT, range=(1, INT32_MAX)),
    switch("CaseSensitive", "Capital letters count."),
    switch("Stable", "Equal objects stay in the order they came in; they always do."),
    INPUT,
    aliases="sort",
    whole=True,
    examples={"The largest disks first": "Get-AzDisk | Sort-Object DiskSizeGB -Descending"},
)
GROUPED = cmdlet(
    "Group-Object",
    "Puts objects that have something in common together.",
    _group,
    plain("Property", "What they have in common.", 0, Kind.ANYS),
    switch("NoElement", "Leave the objects themselves out."),
    switch("AsHashTable", "Give one table, with an array for each group.", aliases="AHT"),
    switch("AsString", "Make the table's keys texts."),
    switch("CaseSensitive", "Capital letters count."),
    INPUT,
    output=GROUP,
    aliases="group",
    whole=True,
    examples={"How many machines each region has": "Get-AzVM | Group-Object Location -NoElement"},
)
COMPARE = cmdlet(
    "Compare-Object",
    "Says which objects are only on one of two sides.",
    _compare,
    plain("ReferenceObject", "One side.", 0, Kind.ANYS, mandatory=True),
    plain("DifferenceObject", "The other.", 1, Kind.ANYS, mandatory=True, from_pipeline=True),
    plain("Property", "What to compare of each object.", 2, Kind.ANYS),
    switch("IncludeEqual", "Give those that are on both sides as well."),
    switch("ExcludeDifferent", "Give only those that are on both sides."),
    switch("PassThru", "Give the objects as they are."),
    output=CUSTOM,
    aliases="compare diff",
    examples={"What changed": "Compare-Object $before $after -Property Name"},
)

_COLUMNS = (Column("Count", "Count", right=True, width=5), Column("Name", "Name", width=25))
MODULE = Module(
    of(UTILITY, SORT, GROUPED, COMPARE),
    (View(GROUP, (*_COLUMNS, Column("Group", "Group")), table=True), View(GROUP_BARE, _COLUMNS, table=True)),
)
