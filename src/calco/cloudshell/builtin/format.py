"""Format-Table, Format-List and Format-Wide: which members show, and how.

Source: Microsoft Learn, Format-Table, Format-List, Format-Wide, about_Calculated_Properties.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from calco.cloudshell.cmdlet import INPUT, UTILITY, Call, Column, Kind, Module, View
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.objects import composite
from calco.cloudshell.objects.properties import Property, expanded, members, read, value_of
from calco.cloudshell.screen.cell import cell, entries, is_number, listed, member
from calco.cloudshell.screen.layout import FORMATTED, Group, Layout
from calco.cloudshell.screen.text_table import Field
from calco.cloudshell.values import Hashtable, Record, Value

_GROUP_BY = plain("GroupBy", "Begin anew where this member changes; sort by it first.", kind=Kind.ANY)
_PROPERTY = plain("Property", "The members; wildcards and @{n=..; e={..}; w=..} too.", 0, Kind.ANYS)


@dataclass(frozen=True)
class _Shown:
    """A member that shows, and its value in each object."""

    property: Property
    column: Column | None = None

    def value(self, item: Value, call: Call) -> Value:
        if self.column is None:
            return value_of(self.property, item, call.shell)
        assert isinstance(item, Record)
        return member(item, self.column)


def _table(call: Call) -> Iterator[Value]:
    lines, items = _parts(call)
    yield from lines
    if items:
        groups = [_table_group(call, title, some) for title, some in _grouped(call, items)]
        headed = not call.switch("HideTableHeaders")
        yield Layout("table", groups, wrap=call.switch("Wrap"), headed=headed).record()


def _table_group(call: Call, title: str, items: Sequence[Value]) -> Group:
    shown = _shown(call, items[0], table=True)
    values = [[each.value(item, call) for each in shown] for item in items]
    fields = [_field(each, [row[at] for row in values]) for at, each in enumerate(shown)]
    return Group(
        fields, [[_text(each, value) for each, value in zip(shown, row, strict=True)] for row in values], title
    )


def _field(shown: _Shown, values: Sequence[Value]) -> Field:
    alignment, column = shown.property.alignment, shown.column
    if column is not None:
        return Field(column.label, column.right, column.width)
    right = alignment.startswith("r") or (not alignment and is_number(values[0]))
    return Field(shown.property.label, right, shown.property.width)


def _text(shown: _Shown, value: Value) -> str:
    if shown.property.format and value is not None:
        form = shown.property.format
        return composite.formatted(form, [value]) if "{0" in form else composite.spec_text(value, form)
    return cell(value)


def _list(call: Call) -> Iterator[Value]:
    lines, items = _parts(call)
    yield from lines
    for title, some in _grouped(call, items):
        groups = [_list_group(call, title if not at else "", item) for at, item in enumerate(some)]
        yield Layout("list", groups).record()


def _list_group(call: Call, title: str, item: Value) -> Group:
    view = _view(call, item)
    if isinstance(item, Record) and view and view.columns and not view.table and not call.given("Property"):
        pairs = listed(item, view)
    else:
        shown = _shown(call, item, table=False)
        pairs = [(each.property.label, _text(each, each.value(item, call))) for each in shown]
    return Group([Field(label) for label, _ in pairs], [[text for _, text in pairs]], title)


def _wide(call: Call) -> Iterator[Value]:
    lines, items = _parts(call)
    yield from lines
    for title, some in _grouped(call, items):
        rows = [
            [_text(shown[0], shown[0].value(item, call))] for item in some if (shown := _shown(call, item, table=True))
        ]
        yield Layout("wide", [Group([], rows, title)], columns=call.number("Column") or 0).record()


def _parts(call: Call) -> tuple[list[Value], list[Value]]:
    """What is a line of text whatever one asks for, and the objects."""
    items = [item for item in call.input if item is not None]
    held = [each for item in items for each in (entries(item) if isinstance(item, Hashtable) else [item])]
    objects = [each for each in held if isinstance(each, Record) and each.type != FORMATTED]
    return [each for each in held if not isinstance(each, Record) or each.type == FORMATTED], list(objects)


def _grouped(call: Call, items: Sequence[Value]) -> Iterator[tuple[str, list[Value]]]:
    """By what -GroupBy says; where it changes another group begins."""
    by = read(call.value("GroupBy"))
    if not by:
        if items:
            yield "", list(items)
        return
    for shown, some in groupby(items, lambda item: cell(value_of(by[0], item, call.shell))):
        yield f"{by[0].label}: {shown}", list(some)


def _view(call: Call, item: Value) -> View | None:
    return call.shell.commands.view(item.type) if isinstance(item, Record) else None


def _shown(call: Call, item: Value, *, table: bool) -> list[_Shown]:
    """The members that were asked for, else those of the type's view, else all."""
    wanted = read(call.value("Property"))
    view = _view(call, item)
    columns = view.columns if view is not None and view.table is table else view.tabled if view and table else ()
    if columns and not wanted:
        return [_Shown(Property(each.label, each.label), each) for each in columns]
    return [_Shown(each) for each in (expanded(wanted, item) if wanted else members(item))]


TABLE = cmdlet(
    "Format-Table",
    "Shows objects as a table.",
    _table,
    _PROPERTY,
    switch("AutoSize", "Columns as wide as what stands in them; here they always are."),
    switch("Wrap", "Go on in the next line instead of cutting."),
    switch("HideTableHeaders", "Leave the header out."),
    _GROUP_BY,
    INPUT,
    output=FORMATTED,
    aliases="ft",
    whole=True,
    examples={"Three columns of all images": "Get-AzImage | Format-Table Name, Location, HyperVGeneration"},
)
LIST = cmdlet(
    "Format-List",
    "Shows objects as lists, one member on a line.",
    _list,
    _PROPERTY,
    _GROUP_BY,
    INPUT,
    output=FORMATTED,
    aliases="fl",
    whole=True,
    examples={"All there is of an image": "Get-AzImage -ResourceGroupName web -ImageName gold | Format-List *"},
)
WIDE = cmdlet(
    "Format-Wide",
    "Shows one member of each object, several on a line.",
    _wide,
    plain("Property", "The member; the first if none is named.", 0, Kind.ANY),
    switch("AutoSize", "As many columns as fit; it is always so."),
    plain("Column", "How many columns.", kind=Kind.INT),
    _GROUP_BY,
    INPUT,
    output=FORMATTED,
    aliases="fw",
    whole=True,
    examples={"The names of all machines": "Get-AzVM | Format-Wide Name"},
)

MODULE = Module(of(UTILITY, TABLE, LIST, WIDE))
