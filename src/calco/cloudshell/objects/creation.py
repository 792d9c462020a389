"""Objects that a script makes by their type: ``[T]::new(...)`` and New-Object.

Source: Microsoft Learn, New-Object; .NET API reference for the constructors.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from calco.cloudshell.errors import Fault
from calco.cloudshell.objects import faults
from calco.cloudshell.objects.convert import to_number, to_text, to_type, to_whole
from calco.cloudshell.objects.error_record import exception_record
from calco.cloudshell.objects.moment import from_ticks
from calco.cloudshell.objects.type_name import LIST, SHORT, full_name, is_exception
from calco.cloudshell.values import CREDENTIAL, CUSTOM, Growing, Hashtable, Record, SecureString, Value

Make = Callable[[str, Sequence[Value]], Value]


def make(type: str, arguments: Sequence[Value]) -> Value:
    """A new object of that type. Raises Terminating in .NET's words, or with one sentence that names the type."""
    full = full_name(type)
    if full is None:
        raise faults.no_type(type)
    if not makes(full):
        raise faults.not_here(f"Making a [{type}]")
    way = _exception if is_exception(full) else _MAKERS[full]
    try:
        return way(full, arguments)
    except (ValueError, OverflowError) as error:
        raise faults.method_failed(".ctor", len(arguments), str(error)) from None


def makes(full: str) -> bool:
    """Whether objects of that type, by its full name, are made here."""
    return full in _MAKERS or is_exception(full)


def _exception(full: str, arguments: Sequence[Value]) -> Value:
    message = to_text(arguments[0]) if arguments else f"Exception of type '{full}' was thrown."
    return exception_record(Fault(message, id=message, exception=full))


def _list(full: str, arguments: Sequence[Value]) -> Value:
    """A number is a capacity, not an element."""
    first = arguments[0] if arguments else None
    made = Growing(first if isinstance(first, list) else [])
    made.type = full
    return made


def _table(full: str, arguments: Sequence[Value]) -> Value:
    first = arguments[0] if arguments else None
    entries = dict(first.entries) if isinstance(first, Hashtable) else {}
    return Hashtable(entries, ordered=full == SHORT["ordered"])


def _credential(full: str, arguments: Sequence[Value]) -> Value:
    if len(arguments) != 2 or not isinstance(arguments[1], SecureString):
        raise faults.no_overload("PSCredential", len(arguments))
    user = to_text(arguments[0])
    if not user:
        raise ValueError(
            'Cannot process argument because the value of argument "userName" is not valid. Change the value of the '
            '"userName" argument and run the operation again.'
        )
    return Record.of(full, {"UserName": user, "Password": arguments[1]})


def _object(_: str, arguments: Sequence[Value]) -> Value:
    return to_type(arguments[0], "pscustomobject") if arguments else Record(CUSTOM)


def _date(_: str, arguments: Sequence[Value]) -> Value:
    numbers = [to_whole(each, "System.Int64") for each in arguments]
    if len(numbers) == 1:
        return from_ticks(numbers[0])
    if len(numbers) not in {3, 6, 7}:
        raise faults.no_overload("DateTime", len(numbers))
    year, month, day, hour, minute, second, part = numbers + [0] * (7 - len(numbers))
    try:
        return datetime(year, month, day, hour, minute, second, part * 1000, tzinfo=UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError("Year, Month, and Day parameters describe an un-representable DateTime.") from None


def _span(_: str, arguments: Sequence[Value]) -> Value:
    numbers = [to_number(each) for each in arguments]
    if len(numbers) <= 1:
        return timedelta(microseconds=sum(numbers) // 10)
    names = (
        ("hours", "minutes", "seconds")
        if len(numbers) == 3
        else ("days", "hours", "minutes", "seconds", "milliseconds")
    )
    if len(numbers) > len(names):
        raise faults.no_overload("TimeSpan", len(numbers))
    return timedelta(**dict(zip(names, numbers, strict=False)))


def _converted(full: str, arguments: Sequence[Value]) -> Value:
    """Types that text can write."""
    if len(arguments) > 1 and full == "System.Version":
        return to_type(".".join(to_text(each) for each in arguments), full)
    return to_type(arguments[0] if arguments else None, full)


_MAKERS: Mapping[str, Make] = MappingProxyType(
    {
        LIST: _list,
        SHORT["arraylist"]: _list,
        SHORT["hashtable"]: _table,
        SHORT["ordered"]: _table,
        CREDENTIAL: _credential,
        CUSTOM: _object,
        SHORT["psobject"]: _object,
        "System.Object": _object,
        "System.DateTime": _date,
        "System.TimeSpan": _span,
        "System.Guid": _converted,
        "System.Uri": _converted,
        "System.Version": _converted,
        SHORT["regex"]: _converted,
    }
)
