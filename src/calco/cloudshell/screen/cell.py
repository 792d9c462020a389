"""A value as it stands in a table's cell or behind a list's colon.

Source: PowerShell, FormatAndOutput/common/Utilities/MshObjectUtil.cs (SmartToString, GetObjectName); en-US.
"""

from datetime import datetime

from calco.cloudshell.cmdlet import Column, View
from calco.cloudshell.objects.moment import format_date
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.screen.text_table import ELLIPSIS, plain
from calco.cloudshell.values import CUSTOM, Hashtable, Record, Value

MOST = 4
"""Elements of an array that are shown. Source: $FormatEnumerationLimit's default."""
LONGEST = 100_000
"""Characters of one cell; nobody reads on."""
_NAMES = ("name", "id", "key")


def cell(value: Value) -> str:
    """Without control characters; the lines of a text stay lines."""
    return plain(_text(value)[:LONGEST])


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return format_date(value, "G")
        case list():
            return _braced([_element(each) for each in value[: MOST + 1]])
        case Hashtable():
            return _braced([f"[{key}, {to_text(each)}]" for key, each in value.pairs()[: MOST + 1]])
        case _:
            return to_text(value)


def _braced(parts: list[str]) -> str:
    return "{" + ", ".join(parts[:MOST]) + (ELLIPSIS if len(parts) > MOST else "") + "}"


def _element(value: Value) -> str:
    if value is None:
        return "$null"
    if isinstance(value, Record) and value.type != CUSTOM:
        return _display_name(value)
    return to_text(value)


def _display_name(record: Record) -> str:
    """What an object of .NET that has no text of its own is known by: its Name, Id or Key, or a member that ends so."""
    for wanted in _NAMES:
        if record.get(wanted) is not None:
            return to_text(record.get(wanted))
    for wanted in ("key", "name", "id"):
        for name in record.members:
            if name.casefold().endswith(wanted) and record.get(name) is not None:
                return to_text(record.get(name))
    return to_text(record)


def entries(table: Hashtable) -> list[Record]:
    """A table's rows."""
    return [Record.of(CUSTOM, {"Name": to_text(key), "Value": value}) for key, value in table.pairs()]


def member(record: Record, column: Column) -> Value:
    return record.get(column.of) if isinstance(column.of, str) else column.of(record)


def listed(record: Record, view: View) -> list[tuple[str, str]]:
    """Label and text of each member of a list, as its view says."""
    pairs = [(each.label, member(record, each)) for each in view.columns]
    if not view.compact:
        return [(label, cell(value)) for label, value in pairs]
    kept = [(label, value) for label, value in pairs if not _is_empty(value)]
    return [(label, _names(value) if isinstance(value, Record) else cell(value)) for label, value in kept]


def _names(record: Record) -> str:
    """A nested object in a compact list: the names of its members that are not null; Az names empty lists too."""
    return "{" + ", ".join(name for name, value in record.members.items() if value is not None) + "}"


def _is_empty(value: Value) -> bool:
    if isinstance(value, Hashtable):
        return not value.entries
    return value is None or value in ("", [])


def is_number(value: Value) -> bool:
    """A column whose first value is one is aligned to the right."""
    return isinstance(value, int | float) and not isinstance(value, bool)
