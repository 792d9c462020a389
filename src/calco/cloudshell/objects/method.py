"""Methods of any value: what has none of its own by that name is asked of its elements.

Source: .NET API reference (ArrayList, List, Hashtable, DateTime, TimeSpan, Object); Microsoft Learn, about_Methods,
about_Arrays (ForEach, Where).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from calco.cloudshell.objects import faults
from calco.cloudshell.objects.arithmetic import LIST_MAX
from calco.cloudshell.objects.compare import compare, equal, order
from calco.cloudshell.objects.composite import spec_text
from calco.cloudshell.objects.convert import to_bool, to_list, to_number, to_text, to_type, to_whole
from calco.cloudshell.objects.member import entries, get, key_of, put
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
_Row = tuple[Method, int, int]


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
    raise faults.no_method(type_of(value), name)


def _has(value: Value, name: str) -> bool:
    return _row(value, name) is not None or name.lower() == "gettype" or isinstance(get(value, name), ScriptBlock)


def _row(value: Value, name: str) -> _Row | None:
    folded = name.lower()
    for kind, rows in _METHODS.items():
        if isinstance(value, kind) and folded in rows:
            return rows[folded]
    if isinstance(value, Record):
        return _RECORDS.get(value.type, {}).get(folded) or _ANY.get(folded)
    return _ANY.get(folded)


def _called(row: _Row, value: Value, name: str, arguments: Sequence[Value], invoke: Invoke) -> Value:
    method, fewest, most = row
    if not fewest <= len(arguments) <= most:
        raise faults.no_overload(name, len(arguments))
    try:
        return method(value, arguments, invoke)
    except ValueError as error:
        raise faults.method_failed(name, len(arguments), str(error)) from None
    except OverflowError:
        why = "The added or subtracted value results in an un-representable DateTime. (Parameter 'value')"
        raise faults.method_failed(name, len(arguments), why, "ArgumentOutOfRangeException") from None


# --- arrays and lists ------------------------------------------------------------------------------------------------


def _list(work: Callable[[list[Value], Sequence[Value]], Value], *, grows: bool = False) -> Method:
    def method(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
        held = value if isinstance(value, list) else []
        if grows and not isinstance(held, Growing):
            raise ValueError("Collection was of a fixed size.")
        made = work(held, arguments)
        if len(held) > LIST_MAX:
            raise faults.too_much()
        return made

    return method


def _add(held: list[Value], arguments: Sequence[Value]) -> Value:
    held.append(arguments[0])
    return NOTHING if type_of(held) == LIST else len(held) - 1


def _add_range(held: list[Value], arguments: Sequence[Value]) -> Value:
    held.extend(to_list(arguments[0]))
    return NOTHING


def _insert(held: list[Value], arguments: Sequence[Value]) -> Value:
    held.insert(_place(arguments[0], len(held) + 1), arguments[1])
    return NOTHING


def _place(at: Value, limit: int) -> int:
    index = to_whole(at)
    if not 0 <= index < limit:
        raise ValueError(
            "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')"
        )
    return index


def _remove(held: list[Value], arguments: Sequence[Value]) -> Value:
    for index, each in enumerate(held):
        if equal(each, arguments[0], case=True):
            del held[index]
            return True if type_of(held) == LIST else NOTHING
    return False if type_of(held) == LIST else NOTHING


def _remove_at(held: list[Value], arguments: Sequence[Value]) -> Value:
    del held[_place(arguments[0], len(held))]
    return NOTHING


def _clear(held: list[Value], _: Sequence[Value]) -> Value:
    held.clear()
    return NOTHING


def _index_of(held: list[Value], arguments: Sequence[Value]) -> Value:
    return next((index for index, each in enumerate(held) if equal(each, arguments[0], case=True)), -1)


def _sort(held: list[Value], _: Sequence[Value]) -> Value:
    from_text = sorted(range(len(held)), key=lambda index: _Ordered(held[index]))
    held[:] = [held[index] for index in from_text]
    return NOTHING


class _Ordered:
    """A sorting key that asks ``order``."""

    def __init__(self, value: Value) -> None:
        self.value = value

    def __lt__(self, other: "_Ordered") -> bool:
        return order(self.value, other.value) < 0


def _reverse(held: list[Value], _: Sequence[Value]) -> Value:
    held.reverse()
    return NOTHING


def _set_value(held: list[Value], arguments: Sequence[Value]) -> Value:
    held[_place(arguments[1], len(held))] = arguments[0]
    return NOTHING


_LISTS: Mapping[str, _Row] = MappingProxyType(
    {
        "Add": (_list(_add, grows=True), 1, 1),
        "AddRange": (_list(_add_range, grows=True), 1, 1),
        "Clear": (_list(_clear), 0, 0),
        "Clone": (_list(lambda held, _: list(held)), 0, 0),
        "Contains": (_list(lambda held, arguments: any(equal(each, arguments[0], case=True) for each in held)), 1, 1),
        "GetEnumerator": (_list(lambda held, _: list(held)), 0, 0),
        "GetLength": (_list(lambda held, _: len(held)), 1, 1),
        "GetUpperBound": (_list(lambda held, _: len(held) - 1), 1, 1),
        "GetValue": (_list(lambda held, arguments: held[_place(arguments[0], len(held))]), 1, 1),
        "IndexOf": (_list(_index_of), 1, 1),
        "Insert": (_list(_insert, grows=True), 2, 2),
        "Remove": (_list(_remove, grows=True), 1, 1),
        "RemoveAt": (_list(_remove_at, grows=True), 1, 1),
        "Reverse": (_list(_reverse), 0, 0),
        "SetValue": (_list(_set_value), 2, 2),
        "Sort": (_list(_sort), 0, 0),
        "ToArray": (_list(lambda held, _: list(held)), 0, 0),
    }
)


# --- tables ----------------------------------------------------------------------------------------------------------


def _table(work: Callable[[Hashtable, Sequence[Value]], Value]) -> Method:
    return lambda value, arguments, _: work(value, arguments) if isinstance(value, Hashtable) else None


def _table_add(held: Hashtable, arguments: Sequence[Value]) -> Value:
    key = key_of(arguments[0])
    if held.has(key):
        shown = to_text(key)
        raise ValueError(f"Item has already been added. Key in dictionary: '{shown}'  Key being added: '{shown}'")
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


_TABLES: Mapping[str, _Row] = MappingProxyType(
    {
        "Add": (_table(_table_add), 2, 2),
        "Clear": (_table(_table_clear), 0, 0),
        "Clone": (_table(lambda held, _: Hashtable(dict(held.entries), ordered=held.ordered)), 0, 0),
        "Contains": (_table(_table_has), 1, 1),
        "ContainsKey": (_table(_table_has), 1, 1),
        "ContainsValue": (
            _table(lambda held, arguments: any(equal(each, arguments[0], case=True) for _, each in held.pairs())),
            1,
            1,
        ),
        "GetEnumerator": (_table(lambda held, _: entries(held)), 0, 0),
        "Remove": (_table(_table_remove), 1, 1),
    }
)


# --- dates and spans -------------------------------------------------------------------------------------------------


def _date(work: Callable[[datetime, Sequence[Value]], Value]) -> Method:
    return lambda value, arguments, _: work(value, arguments) if isinstance(value, datetime) else None


def _after(**unit: float) -> _Row:
    return (_date(lambda at, arguments: at + timedelta(**unit) * to_number(arguments[0])), 1, 1)


def _months(at: datetime, count: int) -> datetime:
    """The same day of another month, or its last one."""
    if abs(count) > 120_000:
        raise OverflowError(count)
    year, month = divmod(at.year * 12 + at.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise OverflowError(year)
    for day in range(at.day, 27, -1):
        try:
            return at.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return at.replace(year=year, month=month + 1)


def _date_minus(at: datetime, arguments: Sequence[Value]) -> Value:
    other = arguments[0]
    if isinstance(other, datetime):
        return aware(at) - aware(other)
    span = to_type(other, "timespan")
    return at - span if isinstance(span, timedelta) else None


def _date_plus(at: datetime, arguments: Sequence[Value]) -> Value:
    span = to_type(arguments[0], "timespan")
    return at + span if isinstance(span, timedelta) else None


_DATES: Mapping[str, _Row] = MappingProxyType(
    {
        "Add": (_date(_date_plus), 1, 1),
        "AddDays": _after(days=1),
        "AddHours": _after(hours=1),
        "AddMinutes": _after(minutes=1),
        "AddSeconds": _after(seconds=1),
        "AddMilliseconds": _after(milliseconds=1),
        "AddMonths": (_date(lambda at, arguments: _months(at, to_whole(arguments[0]))), 1, 1),
        "AddYears": (_date(lambda at, arguments: _months(at, 12 * to_whole(arguments[0]))), 1, 1),
        "Subtract": (_date(_date_minus), 1, 1),
        "ToUniversalTime": (_date(lambda at, _: aware(at)), 0, 0),
        "ToLocalTime": (_date(lambda at, _: at), 0, 0),
        "ToShortDateString": (_date(lambda at, _: spec_text(at, "d")), 0, 0),
        "ToLongDateString": (_date(lambda at, _: spec_text(at, "D")), 0, 0),
        "ToShortTimeString": (_date(lambda at, _: spec_text(at, "t")), 0, 0),
        "ToLongTimeString": (_date(lambda at, _: spec_text(at, "T")), 0, 0),
    }
)


def _span(work: Callable[[timedelta, timedelta], Value]) -> _Row:
    def method(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
        other = to_type(arguments[0], "timespan")
        return work(value, other) if isinstance(value, timedelta) and isinstance(other, timedelta) else None

    return (method, 1, 1)


_SPANS: Mapping[str, _Row] = MappingProxyType(
    {"Add": _span(lambda one, other: one + other), "Subtract": _span(lambda one, other: one - other)}
)


# --- the others ------------------------------------------------------------------------------------------------------


def _text(name: str) -> Method:
    work = TEXT[name][0]
    return lambda value, arguments, _: work(value, arguments) if isinstance(value, str) else None


def _network_credential(value: Value, _arguments: Sequence[Value], _: Invoke) -> Value:
    password = get(value, "Password")
    secret = password.secret if isinstance(password, SecureString) else ""
    return Record.of(
        "System.Net.NetworkCredential",
        {"UserName": get(value, "UserName"), "Password": secret, "SecurePassword": password, "Domain": ""},
    )


def _block(value: Value, arguments: Sequence[Value], invoke: Invoke) -> Value:
    return collected(invoke(value, None, tuple(arguments))) if isinstance(value, ScriptBlock) else None


def _bytes(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
    """[Text.Encoding]::UTF8.GetBytes(text)."""
    return list(to_text(arguments[0]).encode(_codec(value), "replace")[:LIST_MAX])


def _decoded(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
    read = bytes(to_whole(each, "System.Byte") for each in to_list(arguments[0]))
    return read.decode(_codec(value), "replace")


def _codec(value: Value) -> str:
    return _CODECS.get(to_text(get(value, "WebName")), "utf-8")


_CODECS: Mapping[str, str] = MappingProxyType({"utf-16": "utf-16-le", "us-ascii": "ascii"})
_ENCODINGS: Mapping[str, _Row] = MappingProxyType({"getbytes": (_bytes, 1, 1), "getstring": (_decoded, 1, 1)})


def _watch(work: Callable[[Watch], None]) -> _Row:
    def method(value: Value, _arguments: Sequence[Value], _: Invoke) -> Value:
        if isinstance(value, Record) and isinstance(value.held, Watch):
            work(value.held)
        return NOTHING

    return (method, 0, 0)


_BLOCKS: Mapping[str, _Row] = MappingProxyType(
    {
        "Invoke": (_block, 0, 99),
        "InvokeReturnAsIs": (_block, 0, 99),
        "GetNewClosure": (lambda value, _arguments, _: value, 0, 0),
    }
)


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
        for each in to_list(value):
            put(each, to_text(what), arguments[1])
        return NOTHING
    return [get(each, to_text(what)) for each in to_list(value)]


def _where(value: Value, arguments: Sequence[Value], invoke: Invoke) -> Value:
    block = arguments[0]
    if not isinstance(block, ScriptBlock):
        raise faults.no_overload("Where", len(arguments))
    mode = to_text(arguments[1]).lower() if len(arguments) > 1 else "default"
    most = to_whole(arguments[2]) if len(arguments) > 2 else 0
    kept: list[Value] = []
    dropped: list[Value] = []
    for each in to_list(value):
        (kept if to_bool(collected(invoke(block, each, ()))) else dropped).append(each)
        if mode == "first" and len(kept) >= (most or 1):
            break
    if mode == "last":
        return kept[-(most or 1) :]
    if mode == "split":
        return [kept, dropped]
    if mode in {"default", "first"}:
        return kept[:most] if most else kept
    raise faults.not_here(f"The mode '{mode}' of Where()")


def _equals(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
    return type_of(value) == type_of(arguments[0]) and equal(value, arguments[0], case=True)


def _compared(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
    return compare(value, arguments[0])


def _hash(_value: Value, _arguments: Sequence[Value], _: Invoke) -> Value:
    raise faults.not_here("GetHashCode()")


_ANY: Mapping[str, _Row] = MappingProxyType(
    {
        "tostring": (_to_string, 0, 2),
        "equals": (_equals, 1, 1),
        "compareto": (_compared, 1, 1),
        "foreach": (_for_each, 1, 99),
        "where": (_where, 1, 3),
        "gethashcode": (_hash, 0, 0),
    }
)


def _folded(rows: Mapping[str, _Row]) -> Mapping[str, _Row]:
    return {name.lower(): row for name, row in rows.items()}


_METHODS: Mapping[type, Mapping[str, _Row]] = MappingProxyType(
    {
        str: _folded({name: (_text(name), row[1], row[2]) for name, row in TEXT.items()}),
        list: _folded(_LISTS),
        Hashtable: _folded(_TABLES),
        datetime: _folded(_DATES),
        timedelta: _folded(_SPANS),
        ScriptBlock: _folded(_BLOCKS),
    }
)


def _should_process(value: Value, arguments: Sequence[Value], _: Invoke) -> Value:
    held = value.held if isinstance(value, Record) else None
    return bool(held(*map(to_text, arguments))) if callable(held) else False


_RECORDS: Mapping[str, Mapping[str, _Row]] = MappingProxyType(
    {
        PS_CMDLET: {"shouldprocess": (_should_process, 1, 2)},
        CREDENTIAL: {"getnetworkcredential": (_network_credential, 0, 0)},
        "System.Text.Encoding": _ENCODINGS,
        STOPWATCH: {
            "start": _watch(Watch.start),
            "stop": _watch(Watch.stop),
            "reset": _watch(Watch.reset),
            "restart": _watch(Watch.restart),
        },
    }
)
"""By the record's type."""


def names_of(value: Value) -> list[str]:
    """Its own methods, in alphabetical order; those that every object has are not among them."""
    return sorted(name for kind, names in _NAMES.items() if isinstance(value, kind) for name in names)


_NAMES: Mapping[type, tuple[str, ...]] = MappingProxyType(
    {
        str: tuple(TEXT),
        list: tuple(_LISTS),
        Hashtable: tuple(_TABLES),
        datetime: tuple(_DATES),
        timedelta: tuple(_SPANS),
    }
)
