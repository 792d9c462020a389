"""Sort-Object, Group-Object and Compare-Object: objects in an order, in groups, side by side.

Source: Microsoft Learn, Sort-Object, Group-Object, Compare-Object.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key

from calco.cloudshell.cmdlet import INPUT, UTILITY, Call, Cmdlet, Column, Example, Kind, Module, Parameter, View
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


SORT = Cmdlet(
    "Sort-Object",
    "Puts objects in order.",
    _sort,
    parameters=(
        Parameter("Property", Kind.ANYS, "What to sort by: members, blocks, @{e={..}; Descending=$true}.", position=0),
        Parameter("Descending", Kind.SWITCH, "The greatest first."),
        Parameter("Unique", Kind.SWITCH, "Of those that are equal, one."),
        Parameter("Top", Kind.INT, "Only that many of the first.", range=(1, INT32_MAX)),
        Parameter("Bottom", Kind.INT, "Only that many of the last.", range=(1, INT32_MAX)),
        Parameter("CaseSensitive", Kind.SWITCH, "Capital letters count."),
        Parameter("Stable", Kind.SWITCH, "Equal objects stay in the order they came in; they always do."),
        INPUT,
    ),
    aliases=("sort",),
    module=UTILITY,
    whole=True,
    examples=(Example("The largest disks first", "Get-AzDisk | Sort-Object DiskSizeGB -Descending"),),
)
GROUPED = Cmdlet(
    "Group-Object",
    "Puts objects that have something in common together.",
    _group,
    parameters=(
        Parameter("Property", Kind.ANYS, "What they have in common.", position=0),
        Parameter("NoElement", Kind.SWITCH, "Leave the objects themselves out."),
        Parameter("AsHashTable", Kind.SWITCH, "Give one table, with an array for each group.", aliases=("AHT",)),
        Parameter("AsString", Kind.SWITCH, "Make the table's keys texts."),
        Parameter("CaseSensitive", Kind.SWITCH, "Capital letters count."),
        INPUT,
    ),
    aliases=("group",),
    module=UTILITY,
    whole=True,
    output=GROUP,
    examples=(Example("How many machines each region has", "Get-AzVM | Group-Object Location -NoElement"),),
)
COMPARE = Cmdlet(
    "Compare-Object",
    "Says which objects are only on one of two sides.",
    _compare,
    parameters=(
        Parameter("ReferenceObject", Kind.ANYS, "One side.", mandatory=True, position=0),
        Parameter("DifferenceObject", Kind.ANYS, "The other.", mandatory=True, position=1, from_pipeline=True),
        Parameter("Property", Kind.ANYS, "What to compare of each object.", position=2),
        Parameter("IncludeEqual", Kind.SWITCH, "Give those that are on both sides as well."),
        Parameter("ExcludeDifferent", Kind.SWITCH, "Give only those that are on both sides."),
        Parameter("PassThru", Kind.SWITCH, "Give the objects as they are."),
    ),
    aliases=("compare", "diff"),
    module=UTILITY,
    output=CUSTOM,
    examples=(Example("What changed", "Compare-Object $before $after -Property Name"),),
)

_COLUMNS = (Column("Count", "Count", right=True, width=5), Column("Name", "Name", width=25))
MODULE = Module(
    (SORT, GROUPED, COMPARE),
    (View(GROUP, (*_COLUMNS, Column("Group", "Group")), table=True), View(GROUP_BARE, _COLUMNS, table=True)),
)
