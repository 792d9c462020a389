"""Members and indexes of any value: read, and written where they can be.

What an array does not have itself, its elements are asked for. Source: Microsoft Learn, about_Properties,
about_Member-Access_Enumeration, about_Arrays, about_Hash_Tables; .NET's DateTime, TimeSpan, String.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from calco.cloudshell.objects import faults
from calco.cloudshell.objects.convert import to_whole
from calco.cloudshell.objects.moment import DAYS, TICKS, format_date, span_ticks, ticks
from calco.cloudshell.objects.stopwatch import STOPWATCH
from calco.cloudshell.objects.stopwatch import members as members_now
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import full_name, type_of
from calco.cloudshell.syntax import TypeName
from calco.cloudshell.values import CUSTOM, Growing, Hashtable, Record, SecureString, Value

Key = str | int | float
PROPERTY = "System.Management.Automation.PSNoteProperty"
ENTRY = "System.Collections.DictionaryEntry"


# --- reading ---------------------------------------------------------------------------------------------------------


def get(value: Value, name: str) -> Value:
    """``value.name``; null when there is no such member."""
    found = _own(value, name)
    if found is not None:
        return found[0]
    if name.lower() in {"count", "length"}:
        return 0 if value is None else 1
    return None


def _own(value: Value, name: str) -> tuple[Value] | None:
    """The member in a tuple, None when the value has none of that name."""
    if isinstance(value, Record):
        held = members_now(value) if value.type == STOPWATCH else value.members
        if name in held:
            return (held[name],)
    if isinstance(value, Hashtable) and value.has(name):
        return (value.get(name),)
    if value is not None and name.lower() == "psobject":
        return (_self(value),)
    for kind, members in _MEMBERS.items():
        if isinstance(value, kind):
            member = members.get(name.lower())
            if member is not None:
                return (member[1](value),)
    return _of_elements(value, name) if isinstance(value, list) else None


def _of_elements(elements: Sequence[Value], name: str) -> tuple[Value] | None:
    """What the elements have, one array of it; arrays in it are opened."""
    found: list[Value] = []
    for each in elements:
        own = _own(each, name)
        if own is not None:
            found += own[0] if isinstance(own[0], list) else [own[0]]
    if not found:
        return None
    return (found[0] if len(found) == 1 else found,)


def names_of(value: Value) -> list[str]:
    """Names of the members that hold data, in their order."""
    if isinstance(value, Record):
        return list(value.members)
    for kind, members in _MEMBERS.items():
        if isinstance(value, kind):
            return [known for known, _ in members.values()]
    return []


def _self(value: Value) -> Record:
    """``.PSObject``: the value's members as data."""
    pairs = (
        [(to_text(key), each) for key, each in value.pairs()]
        if isinstance(value, Hashtable)
        else [(name, get(value, name)) for name in names_of(value)]
    )
    properties: list[Value] = [
        Record.of(
            PROPERTY,
            {
                "Name": name,
                "Value": each,
                "TypeNameOfValue": type_of(each) or "System.Object",
                "MemberType": "NoteProperty",
            },
        )
        for name, each in pairs
    ]
    return Record.of(
        "System.Management.Automation.PSObject",
        {"Properties": properties, "TypeNames": [type_of(value), "System.Object"], "BaseObject": value},
    )


Read = Callable[[Value], Value]
_Kind = TypeVar("_Kind")


def _of(kind: type[_Kind], members: Mapping[str, Callable[[_Kind], Value]]) -> Mapping[str, tuple[str, Read]]:
    """Name and way, by the name without its case."""

    def read(of: Callable[[_Kind], Value]) -> Read:
        return lambda value: of(value) if isinstance(value, kind) else None

    return {name.lower(): (name, read(of)) for name, of in members.items()}


def _part(unit: int, of: int) -> Callable[[timedelta], Value]:
    """One figure of a span: the whole units, without those of the next larger one; towards zero."""
    return lambda span: abs(span_ticks(span)) // unit % of * (-1 if span < timedelta() else 1)


def _total(unit: int) -> Callable[[timedelta], Value]:
    return lambda span: span_ticks(span) / unit


def _full(type: TypeName) -> str:
    return full_name(type.name) or type.name


_MEMBERS: Mapping[type, Mapping[str, tuple[str, Read]]] = MappingProxyType(
    {
        str: _of(str, {"Length": len}),
        datetime: _of(
            datetime,
            {
                "Date": lambda at: at.replace(hour=0, minute=0, second=0, microsecond=0),
                "Day": lambda at: at.day,
                "DayOfWeek": lambda at: DAYS[at.weekday()],
                "DayOfYear": lambda at: at.timetuple().tm_yday,
                "Hour": lambda at: at.hour,
                "Kind": lambda at: "Utc" if at.tzinfo else "Unspecified",
                "Millisecond": lambda at: at.microsecond // 1000,
                "Minute": lambda at: at.minute,
                "Month": lambda at: at.month,
                "Second": lambda at: at.second,
                "Ticks": ticks,
                "TimeOfDay": lambda at: timedelta(0, at.second, at.microsecond, 0, at.minute, at.hour),
                "Year": lambda at: at.year,
                "DateTime": lambda at: format_date(at, "F"),
            },
        ),
        timedelta: _of(
            timedelta,
            {
                "Days": _part(86_400 * TICKS, 10**9),
                "Hours": _part(3600 * TICKS, 24),
                "Minutes": _part(60 * TICKS, 60),
                "Seconds": _part(TICKS, 60),
                "Milliseconds": _part(TICKS // 1000, 1000),
                "Ticks": span_ticks,
                "TotalDays": _total(86_400 * TICKS),
                "TotalHours": _total(3600 * TICKS),
                "TotalMinutes": _total(60 * TICKS),
                "TotalSeconds": _total(TICKS),
                "TotalMilliseconds": _total(TICKS // 1000),
            },
        ),
        list: _of(
            list,
            {
                "Count": len,
                "Length": lambda held: 1 if isinstance(held, Growing) else len(held),
                "LongLength": len,
                "Rank": lambda _: 1,
                "IsFixedSize": lambda held: not isinstance(held, Growing),
            },
        ),
        Hashtable: _of(
            Hashtable,
            {
                "Count": lambda held: len(held.entries),
                "Keys": lambda held: [key for key, _ in held.pairs()],
                "Values": lambda held: [each for _, each in held.pairs()],
                "IsReadOnly": lambda _: False,
                "IsFixedSize": lambda _: False,
            },
        ),
        TypeName: _of(
            TypeName,
            {
                "Name": lambda named: _full(named).rpartition(".")[2],
                "FullName": _full,
                "Namespace": lambda named: _full(named).rpartition(".")[0],
                "IsArray": lambda named: _full(named).endswith("[]"),
                "BaseType": lambda named: "System.Array" if _full(named).endswith("[]") else "System.Object",
            },
        ),
        SecureString: _of(SecureString, {"Length": lambda value: len(value.secret)}),
    }
)


# --- writing ---------------------------------------------------------------------------------------------------------


def put(value: Value, name: str, new: Value) -> None:
    """``value.name = new``. Raises Terminating."""
    if isinstance(value, Record) and name in value.members:
        value.members[name] = new
    elif isinstance(value, Hashtable):
        value.put(name, new)
    elif value is not None and not isinstance(value, list) and _own(value, name) is not None:
        raise faults.read_only(name)
    else:
        raise faults.no_property(name)


# --- indexes ---------------------------------------------------------------------------------------------------------


def at(value: Value, by: Value) -> Value:
    """``value[by]``; null outside of it; several indexes give an array. Raises Terminating."""
    if value is None:
        raise faults.null_array()
    if by is None:
        raise faults.null_index()
    if isinstance(value, Hashtable):
        if isinstance(by, list):
            return [_keyed(value, each) for each in by]
        return _keyed(value, by)
    if isinstance(value, list | str):
        if isinstance(by, list):
            found = [_indexed(value, each) for each in by]
            return [each[0] for each in found if each is not None]
        one = _indexed(value, by)
        return one[0] if one else None
    # One object is its own first and last element. Source: PowerShell, ArrayOps.cs, GetNonIndexable.
    return value if isinstance(by, int | float) and by in {0, -1} else None


def _keyed(table: Hashtable, key: Value) -> Value:
    if isinstance(key, int) and table.ordered and not table.has(key):
        pairs = table.pairs()
        return pairs[key][1] if -len(pairs) <= key < len(pairs) else None
    return table.get(key_of(key))


def _indexed(held: "list[Value] | str", by: Value) -> tuple[Value] | None:
    if isinstance(by, str) and isinstance(held, list) and not by.lstrip("-").isdigit():
        named = [each for each in held if isinstance(each, Record) and each.type == PROPERTY]
        return next(((each,) for each in named if to_text(each.get("Name")).lower() == by.lower()), None)
    index = to_whole(by)
    return (held[index],) if -len(held) <= index < len(held) else None


def key_of(value: Value) -> Key:
    """What a table can be asked by; other things are their text."""
    return value if isinstance(value, str | int | float) else to_text(value)


def put_at(value: Value, by: Value, new: Value) -> None:
    """``value[by] = new``. Raises Terminating."""
    if value is None:
        raise faults.null_array()
    if by is None:
        raise faults.null_index()
    if isinstance(value, Hashtable):
        value.put(_place(value, by), new)
    elif isinstance(value, list):
        index = to_whole(by)
        if not -len(value) <= index < len(value):
            raise faults.outside_array()
        value[index] = new
    else:
        raise faults.cannot_assign_index(_shown(value))


def _place(table: Hashtable, by: Value) -> Key:
    """An ordered table is written by position too."""
    if isinstance(by, int) and table.ordered and not table.has(by) and -len(table.entries) <= by < len(table.entries):
        return table.pairs()[by][0]
    return key_of(by)


def _shown(value: Value) -> str:
    type = type_of(value)
    return "System.Management.Automation.PSObject" if type == CUSTOM else type


def entries(table: Hashtable) -> list[Value]:
    """GetEnumerator(): one DictionaryEntry a pair."""
    return [Record.of(ENTRY, {"Name": key, "Key": key, "Value": value}) for key, value in table.pairs()]
