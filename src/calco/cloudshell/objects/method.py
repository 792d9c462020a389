"""Methods of any value: what has none of its own by that name is asked of its elements.

Source: .NET API reference (ArrayList, List, Hashtable, DateTime, TimeSpan, Object); Microsoft Learn, about_Methods,
about_Arrays (ForEach, Where).
"""

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from calco.cloudshell.objects import faults
from calco.cloudshell.objects.arithmetic import LIST_MAX, add, subtract
from calco.cloudshell.objects.compare import compare, equal
from calco.cloudshell.objects.composite import spec_text
from calco.cloudshell.objects.convert import to_bool, to_bytes, to_list, to_number, to_text, to_type, to_whole
from calco.cloudshell.objects.member import entries, get, key_of
from calco.cloudshell.objects.moment import aware
from calco.cloudshell.objects.output import NOTHING, collected
from calco.cloudshell.objects.stopwatch import STOPWATCH, Watch
from calco.cloudshell.objects.text_method import METHODS as TEXT
from calco.cloudshell.objects.type_name import LIST, type_of
from calco.cloudshell.syntax import Place, TypeName
from calco.cloudshell.values import CREDENTIAL, PS_CMDLET, Growing, Hashtable, Record, ScriptBlock, SecureString, Value

Invoke = Callable[[ScriptBlock, Value, tuple[Value, ...]], Iterator[Value]]
"""Runs a block with ``$_`` and ``$args``."""

Method = Callable[[Value, Sequence[Value], Invoke], Value]
_Row = tuple[str, Method, int, int]
"""Its name, and how many arguments it takes."""
_Kind = TypeVar("_Kind")


def call(value: Value, name: str, arguments: Sequence[Value], invoke: Invoke, at: Place) -> Value:
    """``value.name(arguments)``; NOTHING for a method without a result. Raises Terminating."""
    if value is None:
        raise faults.null_method()
    row = _row(value, name)
    if row is not None:
        return _called(row, value, name, arguments, invoke)
    if name.lower() == "gettype":
        return TypeName(at, type_of(value))
    if isinstance(value, list) and any(each is not None and _has(each, name) for each in value):
        made = [call(each, name, arguments, invoke, at) for each in value]
        found = [item for each in made for item in to_list(each)]
        return NOTHING if all(each is NOTHING for each in made) else found[0] if len(found) == 1 else found
    held = get(value, name)
    if isinstance(held, ScriptBlock):
        return collected(invoke(held, value, tuple(arguments)))
    if name.lower() in _NOT_HERE:
        raise faults.not_here(f"{name}()")
    raise faults.no_method(type_of(value), name)


def _has(value: Value, name: str) -> bool:
    return _row(value, name) is not None or name.lower() == "gettype" or isinstance(get(value, name), ScriptBlock)


def _row(value: Value, name: str) -> _Row | None:
    folded = name.lower()
    for kind, rows in _METHODS.items():
        if isinstance(value, kind) and folded in rows:
            return rows[folded]
    of_type = _RECORDS.get(value.type, {}) if isinstance(value, Record) else {}
    return of_type.get(folded) or _ANY.get(folded)


def _called(row: _Row, value: Value, name: str, arguments: Sequence[Value], invoke: Invoke) -> Value:
    _, method, fewest, most = row
    if not fewest <= len(arguments) <= most:
        raise faults.no_overload(name, len(arguments))
    try:
        return method(value, arguments, invoke)
    except ValueError as error:
        raise faults.method_failed(name, len(arguments), str(error)) from None
    except OverflowError:
        why = "The added or subtracted value results in an un-representable DateTime. (Parameter 'value')"
        raise faults.method_failed(name, len(arguments), why, "ArgumentOutOfRangeException") from None


def _rows(methods: Mapping[str, tuple[Method, int, int]]) -> Mapping[str, _Row]:
    """By the name without its case."""
    return MappingProxyType({name.lower(): (name, *row) for name, row in methods.items()})


def _of(
    kind: type[_Kind], methods: Mapping[str, tuple[Callable[[_Kind, Sequence[Value]], Value], int, int]]
) -> Mapping[str, _Row]:
    def method(work: Callable[[_Kind, Sequence[Value]], Value]) -> Method:
        return lambda value, arguments, _: work(value, arguments) if isinstance(value, kind) else None

    return _rows({name: (method(work), fewest, most) for name, (work, fewest, most) in methods.items()})


# --- arrays and lists ------------------------------------------------------------------------------------------------


def _growing(work: Callable[[Growing, Sequence[Value]], Value]) -> Callable[[list[Value], Sequence[Value]], Value]:
    """Of a list that a script made; an array stays as long as it is."""

    def method(held: list[Value], arguments: Sequence[Value]) -> Value:
        if not isinstance(held, Growing):
            raise ValueError("Collection was of a fixed size.")
        made = work(held, arguments)
        if len(held) > LIST_MAX:
            raise faults.too_much()
        return made

    return method


def _add(held: Growing, arguments: Sequence[Value]) -> Value:
    held.append(arguments[0])
    return NOTHING if held.type == LIST else len(held) - 1


def _add_range(held: Growing, arguments: Sequence[Value]) -> Value:
    held.extend(to_list(arguments[0]))
    return NOTHING


def _insert(held: Growing, arguments: Sequence[Value]) -> Value:
    held.insert(_place(arguments[0], len(held) + 1), arguments[1])
    return NOTHING


def _place(at: Value, limit: int) -> int:
    index = to_whole(at)
    if not 0 <= index < limit:
        raise ValueError(
            "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')"
        )
    return index


def _remove(held: Growing, arguments: Sequence[Value]) -> Value:
    at = index_of(held, arguments[0])
    if at >= 0:
        del held[at]
    return at >= 0 if held.type == LIST else NOTHING


def _remove_at(held: Growing, arguments: Sequence[Value]) -> Value:
    del held[_place(arguments[0], len(held))]
    return NOTHING


def _clear(held: list[Value], _: Sequence[Value]) -> Value:
    held.clear()
    return NOTHING


def index_of(held: Sequence[Value], wanted: Value) -> int:
    """-1 when it is not there."""
    return next((index for index, each in enumerate(held) if equal(each, wanted, case=True)), -1)


def _same(held: list[Value], _: Sequence[Value]) -> Value:
    return list(held)


_LISTS: Mapping[str, tuple[Callable[[list[Value], Sequence[Value]], Value], int, int]] = MappingProxyType(
    {
        "Add": (_growing(_add), 1, 1),
        "AddRange": (_growing(_add_range), 1, 1),
        "Clear": (_clear, 0, 0),
        "Clone": (_same, 0, 0),
        "Contains": (lambda held, arguments: index_of(held, arguments[0]) >= 0, 1, 1),
        "GetEnumerator": (_same, 0, 0),
        "IndexOf": (lambda held, arguments: index_of(held, arguments[0]), 1, 1),
        "Insert": (_growing(_insert), 2, 2),
        "Remove": (_growing(_remove), 1, 1),
        "RemoveAt": (_growing(_remove_at), 1, 1),
        "ToArray": (_same, 0, 0),
    }
)


# --- tables ----------------------------------------------------------------------------------------------------------


def _table_add(held: Hashtable, arguments: Sequence[Value]) -> Value:
    key = key_of(arguments[0])
    if held.has(key):
        raise ValueError(faults.same_key(to_text(key)).fault.message)
    held.put(key, arguments[1])
    return NOTHING


def _table_remove(held: Hashtable, arguments: Sequence[Value]) -> Value:
    held.remove(key_of(arguments[0]))
    return NOTHING


def _table_clear(held: Hashtable, _: Sequence[Value]) -> Value:
    held.entries.clear()
    return NOTHING


def _table_has(held: Hashtable, arguments: Sequence[Value]) -> Value:
    return held.has(key_of(arguments[0]))


_TABLES: Mapping[str, tuple[Callable[[Hashtable, Sequence[Value]], Value], int, int]] = MappingProxyType(
    {
        "Add": (_table_add, 2, 2),
        "Clear": (_table_clear, 0, 0),
        "Clone": (lambda held, _: Hashtable(dict(held.entries), ordered=held.ordered), 0, 0),
        "Contains": (_table_has, 1, 1),
        "ContainsKey": (_table_has, 1, 1),
        "ContainsValue": (lambda held, given: index_of([each for _, each in held.pairs()], given[0]) >= 0, 1, 1),
        "GetEnumerator": (lambda held, _: entries(held), 0, 0),
        "Remove": (_table_remove, 1, 1),
    }
)


# --- dates and spans -------------------------------------------------------------------------------------------------

_Dated = Callable[[datetime, Sequence[Value]], Value]


def _after(**unit: float) -> tuple[_Dated, int, int]:
    return (lambda at, arguments: at + timedelta(**unit) * to_number(arguments[0])), 1, 1


def _shown(spec: str) -> tuple[_Dated, int, int]:
    return (lambda at, _: spec_text(at, spec)), 0, 0


def _months(at: datetime, count: int) -> datetime:
    """The same day of another month, or its last one."""
    year, month = divmod(at.year * 12 + at.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise OverflowError(year)
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))


_DATES: Mapping[str, tuple[_Dated, int, int]] = MappingProxyType(
    {
        "Add": (lambda at, arguments: add(at, arguments[0]), 1, 1),
        "AddDays": _after(days=1),
        "AddHours": _after(hours=1),
        "AddMinutes": _after(minutes=1),
        "AddSeconds": _after(seconds=1),
        "AddMilliseconds": _after(milliseconds=1),
        "AddMonths": (lambda at, arguments: _months(at, to_whole(arguments[0])), 1, 1),
        "AddYears": (lambda at, arguments: _months(at, 12 * to_whole(arguments[0])), 1, 1),
        "Subtract": (lambda at, arguments: subtract(at, arguments[0]), 1, 1),
        "ToUniversalTime": (lambda at, _: aware(at), 0, 0),
        "ToLocalTime": (lambda at, _: at, 0, 0),
        "ToShortDateString": _shown("d"),
        "ToLongDateString": _shown("D"),
        "ToShortTimeString": _shown("t"),
        "ToLongTimeString": _shown("T"),
    }
)
_SPANS: Mapping[str, tuple[Callable[[timedelta, Sequence[Value]], Value], int, int]] = MappingProxyType(
    {
        "Add": (lambda span, arguments: add(span, arguments[0]), 1, 1),
        "Subtract": (lambda span, arguments: subtract(span, arguments[0]), 1, 1),
    }
)


# --- records ---------------------------------------------------------------------------------------------------------

_Recorded = Callable[[Record, Sequence[Value]], Value]


def _network_credential(value: Record, _: Sequence[Value]) -> Value:
    password = value.get("Password")
    secret = password.secret if isinstance(password, SecureString) else ""
    return Record.of(
        "System.Net.NetworkCredential",
        {"UserName": value.get("UserName"), "Password": secret, "SecurePassword": password, "Domain": ""},
    )


def _bytes(value: Record, arguments: Sequence[Value]) -> Value:
    """[Text.Encoding]::UTF8.GetBytes(text)."""
    return list(to_text(arguments[0]).encode(_codec(value), "replace")[:LIST_MAX])


def _decoded(value: Record, arguments: Sequence[Value]) -> Value:
    return to_bytes(arguments[0]).decode(_codec(value), "replace")


def _codec(value: Record) -> str:
    return {"utf-16": "utf-16-le", "us-ascii": "ascii"}.get(to_text(value.get("WebName")), "utf-8")


def _watch(work: Callable[[Watch], None]) -> tuple[_Recorded, int, int]:
    def method(value: Record, _: Sequence[Value]) -> Value:
        if isinstance(value.held, Watch):
            work(value.held)
        return NOTHING

    return method, 0, 0


def _should_process(value: Record, arguments: Sequence[Value]) -> Value:
    return bool(value.held(*map(to_text, arguments))) if callable(value.held) else False


_WATCH = {
    "Start": _watch(Watch.start),
    "Stop": _watch(Watch.stop),
    "Reset": _watch(Watch.reset),
    "Restart": _watch(Watch.restart),
}
_RECORDS: Mapping[str, Mapping[str, _Row]] = MappingProxyType(
    {
        PS_CMDLET: _of(Record, {"ShouldProcess": (_should_process, 1, 2)}),
        CREDENTIAL: _of(Record, {"GetNetworkCredential": (_network_credential, 0, 0)}),
        "System.Text.Encoding": _of(Record, {"GetBytes": (_bytes, 1, 1), "GetString": (_decoded, 1, 1)}),
        STOPWATCH: _of(Record, _WATCH),
    }
)
"""By the record's type."""


# --- any value -------------------------------------------------------------------------------------------------------


def _block(value: Value, arguments: Sequence[Value], invoke: Invoke) -> Value:
    return collected(invoke(value, None, tuple(arguments))) if isinstance(value, ScriptBlock) else None


def _to_string(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
    """By itself a date is as the culture writes it, which in a string it is not."""
    return spec_text(value, to_text(arguments[0]) if arguments else "")


def _for_each(value: Value, arguments: Sequence[Value], invoke: Invoke) -> Value:
    what = arguments[0]
    if isinstance(what, ScriptBlock):
        return [out for each in to_list(value) for out in invoke(what, each, tuple(arguments[1:]))]
    if isinstance(what, TypeName):
        return [to_type(each, what.name) for each in to_list(value)]
    if len(arguments) > 1:
        raise faults.not_here("ForEach() with a member and a value")
    return [get(each, to_text(what)) for each in to_list(value)]


def _where(value: Value, arguments: Sequence[Value], invoke: Invoke) -> Value:
    block = arguments[0]
    if not isinstance(block, ScriptBlock):
        raise faults.no_overload("Where", len(arguments))
    mode = to_text(arguments[1]).lower() if len(arguments) > 1 else "default"
    if mode not in {"default", "first"}:
        raise faults.not_here(f"The mode '{mode}' of Where()")
    most = to_whole(arguments[2]) if len(arguments) > 2 else int(mode == "first")
    kept = (each for each in to_list(value) if to_bool(collected(invoke(block, each, ()))))
    return list(islice(kept, max(0, most) or None))


def _equals(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
    return type_of(value) == type_of(arguments[0]) and equal(value, arguments[0], case=True)


_ANY = _rows(
    {
        "ToString": (_to_string, 0, 2),
        "Equals": (_equals, 1, 1),
        "CompareTo": (lambda value, arguments, _: compare(value, arguments[0]), 1, 1),
        "ForEach": (_for_each, 1, 99),
        "Where": (_where, 1, 3),
    }
)
_NOT_HERE = frozenset(
    {
        *("gethashcode", "getnewclosure", "getlength", "getupperbound", "getvalue", "setvalue", "sort", "reverse"),
        *("invokereturnasis", "indexofany", "normalize"),
    }
)
"""Methods of .NET that a script might call, in lower case."""
_METHODS: Mapping[type, Mapping[str, _Row]] = MappingProxyType(
    {
        str: _of(str, TEXT),
        list: _of(list, _LISTS),
        Hashtable: _of(Hashtable, _TABLES),
        datetime: _of(datetime, _DATES),
        timedelta: _of(timedelta, _SPANS),
        ScriptBlock: _rows({"Invoke": (_block, 0, 99)}),
    }
)


def names_of(value: Value) -> list[str]:
    """Its own methods, in alphabetical order; those that every object has are not among them."""
    return sorted(row[0] for kind, rows in _METHODS.items() if isinstance(value, kind) for row in rows.values())
