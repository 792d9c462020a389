"""One value as another kind of value, as PowerShell converts it, in its words when it cannot.

Source: Microsoft Learn, about_Type_Conversion, about_Booleans, about_Numeric_Literals; the messages are PowerShell 7's.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlsplit
from uuid import UUID

from calco.cloudshell.cmdlet import Kind
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects import faults
from calco.cloudshell.objects.error_record import exception_record
from calco.cloudshell.objects.moment import from_ticks, read_date, read_span
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import (
    INT32_MAX,
    INT64_MAX,
    LIST,
    SHORT,
    full_name,
    is_a,
    is_exception,
    type_of,
)
from calco.cloudshell.syntax import Place, TypeName
from calco.cloudshell.values import (
    CREDENTIAL,
    CUSTOM,
    Growing,
    Hashtable,
    Long,
    Names,
    Record,
    Value,
    Written,
    WrittenFloat,
)

__all__ = ["to_bool", "to_bytes", "to_kind", "to_list", "to_number", "to_text", "to_type", "to_whole"]


def to_bool(value: Value) -> bool:
    """null, 0, "", an empty array and an array of one false thing are false."""
    if isinstance(value, list):
        return to_bool(value[0]) if len(value) == 1 and not isinstance(value[0], list) else bool(value)
    if isinstance(value, bool | int | float | str):
        return bool(value)
    return value is not None


def to_list(value: Value) -> list[Value]:
    """As the pipeline enumerates it: null gives one null, an array its elements, anything else itself."""
    return value if isinstance(value, list) else [value]


# --- numbers ---------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"(?P<sign>[+-])?(?:0x(?P<hex>[0-9a-f]{1,16})|(?P<whole>\d[\d,]*)?(?P<part>\.\d*)?(?P<power>e[+-]?\d{1,4})?)"
    r"(?P<type>[ld])?(?P<unit>[kmgtp]b)?",
    re.IGNORECASE | re.ASCII,
)
UNITS: Mapping[str, int] = MappingProxyType(
    {unit: 1024**power for power, unit in enumerate(("", "kb", "mb", "gb", "tb", "pb"))}
)
_DIGITS_MAX = 400


def read_number(text: str) -> int | float | None:
    """A number as PowerShell writes them (1, -2.5, 1e3, 0xff, 4GB); "" is 0. None for what is none."""
    stripped = text.strip()
    if not stripped:
        return 0
    found = _NUMBER.fullmatch(stripped) if len(stripped) <= _DIGITS_MAX else None
    if found is None or not (found["hex"] or found["whole"] or len(found["part"] or "") > 1):
        return _named(stripped)
    unit = UNITS[(found["unit"] or "").lower()]
    if found["hex"]:
        number: int | float = int(found["hex"], 16)
        if len(found["hex"]) == 8 and number > INT32_MAX:
            number -= 2**32
    elif found["part"] or found["power"]:
        number = float(f"{(found['whole'] or '0').replace(',', '')}{found['part'] or ''}{found['power'] or ''}")
    else:
        number = int(found["whole"].replace(",", ""))
        number = number if number <= INT64_MAX else float(number)
    return (-number if found["sign"] == "-" else number) * unit


def _named(text: str) -> float | None:
    known = {"nan": math.nan, "infinity": math.inf, "-infinity": -math.inf, "∞": math.inf, "-∞": -math.inf}
    return known.get(text.lower())


def to_number(value: Value, type: str = "System.Int32") -> int | float:
    """null is 0, true 1; text is read as PowerShell reads numbers. ``type`` is what a refusal names. Raises
    Terminating."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
        return to_number(value[0], type)
    if not isinstance(value, str):
        raise faults.bad_cast(to_text(value), type_of(value), type)
    number = read_number(value)
    if number is None:
        raise faults.bad_text(value, type, _not_correct(value), "InvalidCastFromStringToInteger")
    return number


def _not_correct(text: str) -> str:
    return f"The input string '{text}' was not in a correct format."


_INTEGERS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "System.SByte": (-128, 127),
        "System.Byte": (0, 255),
        "System.Int16": (-(2**15), 2**15 - 1),
        "System.UInt16": (0, 2**16 - 1),
        "System.Int32": (-INT32_MAX - 1, INT32_MAX),
        "System.UInt32": (0, 2**32 - 1),
        "System.Int64": (-INT64_MAX - 1, INT64_MAX),
        "System.UInt64": (0, 2**64 - 1),
        "System.Numerics.BigInteger": (-(10**_DIGITS_MAX), 10**_DIGITS_MAX),
    }
)


def to_whole(value: Value, type: str = "System.Int32") -> int:
    """A whole number of that type, rounded half to even. Raises Terminating."""
    number = to_number(value, type)
    low, high = _INTEGERS[type]
    if not math.isfinite(number) or not low <= round(number) <= high:
        name = type.rpartition(".")[2]
        a = "an" if name[0] in "IU" else "a"
        if name == "Byte":
            a = "an unsigned"
        why = f"Value was either too large or too small for {a} {name.lower() if name == 'Byte' else name}."
        raise faults.bad_text(to_text(value), type, why, "InvalidCastIConvertible")
    return Long(round(number)) if type == "System.Int64" else round(number)


def _double(value: Value) -> float:
    number = to_number(value, "System.Double")
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def to_bytes(value: Value) -> bytes:
    """Of a Byte[]."""
    return bytes(to_whole(each, "System.Byte") for each in to_list(value))


# --- casts -----------------------------------------------------------------------------------------------------------


def to_type(value: Value, type: str, at: Place | None = None) -> Value:
    """``[type] value``; the type's name as written, with or without "System.". Raises Terminating in PowerShell's
    words, or with one sentence when this shell does not know the type."""
    full = full_name(type)
    if full is None:
        raise faults.no_type(type)
    if full in _INTEGERS:
        return to_whole(value, full)
    way = _CASTS.get(full)
    if way is not None:
        return way(value, at)
    if full.endswith("[]"):
        if full == "System.Char[]" and isinstance(value, str):
            return list(value)
        return None if value is None else [to_type(each, full[:-2], at) for each in to_list(value)]
    if full in _NOT_HERE:
        raise faults.not_here(f"The type [{full}]")
    if value is None or is_a(value, full):
        return value
    if is_exception(full) and isinstance(value, str):
        return exception_record(Fault(value, id=value, exception=full))
    if not (isinstance(value, Record) or full in SHORT.values() or full.startswith("Microsoft.")):
        raise faults.not_here(f"The type [{full}]")
    raise faults.bad_cast(to_text(value), type_of(value), full)


_NOT_HERE = frozenset(
    {"System.Xml.XmlDocument", "System.Text.StringBuilder", "System.Management.Automation.PSReference"}
)


def _text(value: Value, _: Place | None) -> Value:
    return to_text(value)


def _char(value: Value, _: Place | None) -> Value:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**16:
        return chr(value)
    if isinstance(value, str) and len(value) == 1:
        return value
    if isinstance(value, str):
        raise faults.bad_text(
            value, "System.Char", "String must be exactly one character long.", "InvalidCastIConvertible"
        )
    raise faults.bad_cast(to_text(value), type_of(value), "System.Char")


def _date(value: Value, _: Place | None) -> Value:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        return _read(value, "DateTime", read_date)
    try:
        return from_ticks(value)
    except OverflowError:
        why = "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks. (Parameter 'ticks')"
        raise faults.bad_text(to_text(value), "System.DateTime", why) from None


def _span(value: Value, _: Place | None) -> Value:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= INT64_MAX:
        return timedelta(microseconds=value // 10)
    return _read(value, "TimeSpan", read_span)


def _read(value: Value, name: str, read: Callable[[str], Value]) -> Value:
    """What a text says; None of ``read`` for one that says nothing of the kind."""
    type = f"System.{name}"
    if value is None:
        raise faults.bad_null(type)
    if not isinstance(value, str):
        raise faults.bad_cast(to_text(value), type_of(value), type)
    found = read(value)
    if found is None:
        raise faults.bad_text(value, type, f"String '{value}' was not recognized as a valid {name}.")
    return found


def _guid(value: Value, _: Place | None) -> Value:
    try:
        return str(UUID(to_text(value)))
    except ValueError:
        why = "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."
        raise faults.bad_text(to_text(value), "System.Guid", why) from None


def _array(value: Value, _: Place | None) -> Value:
    if value is None:
        return None
    return list(value) if isinstance(value, list) else [value]


def _growing(type: str) -> Callable[[Value, Place | None], Value]:
    def made(value: Value, _: Place | None) -> Value:
        if value is None:
            return None
        grown = Growing(value if isinstance(value, list) else [value])
        grown.type = type
        return grown

    return made


def _table(type: str, *, ordered: bool) -> Callable[[Value, Place | None], Value]:
    def same(value: Value, _: Place | None) -> Value:
        if value is None or (isinstance(value, Hashtable) and value.ordered == ordered):
            return value
        if isinstance(value, Hashtable):
            return Hashtable(dict(value.entries), ordered=ordered)
        raise faults.bad_cast(to_text(value), type_of(value), type)

    return same


def _object(value: Value, _: Place | None) -> Value:
    if isinstance(value, Hashtable):
        return Record(CUSTOM, Names((to_text(key), each) for key, each in value.pairs()))
    return value


def _uri(value: Value, _: Place | None) -> Value:
    text = to_text(value)
    try:
        split = urlsplit(text)
        port = split.port
    except ValueError:
        raise faults.bad_text(
            text, "System.Uri", "Invalid URI: The format of the URI could not be determined."
        ) from None
    if port is None:
        port = {"https": 443, "http": 80}.get(split.scheme, -1)
    return Record.of(
        "System.Uri",
        {
            "AbsolutePath": split.path or "/",
            "AbsoluteUri": text,
            "Authority": split.netloc,
            "Host": split.hostname or "",
            "OriginalString": text,
            "Port": port,
            "Query": f"?{split.query}" if split.query else "",
            "Scheme": split.scheme,
            "Segments": [part for part in re.split(r"(?<=/)", split.path) if part],
        },
    )


def _version(value: Value, _: Place | None) -> Value:
    if isinstance(value, Record) and value.type == "System.Version":
        return value
    text = to_text(value)
    parts = text.split(".")
    if not 2 <= len(parts) <= 4 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise faults.bad_text(text, "System.Version", _not_correct(text))
    names = ("Major", "Minor", "Build", "Revision")
    return Record.of("System.Version", {name: int(part) for name, part in zip(names, parts, strict=False)})


def _type(value: Value, at: Place | None) -> Value:
    if isinstance(value, TypeName):
        return value
    full = full_name(to_text(value))
    if full is None:
        raise faults.bad_cast(to_text(value), type_of(value), "System.Type")
    return TypeName(at or Place(1, 1), full)


_CASTS: Mapping[str, Callable[[Value, Place | None], Value]] = MappingProxyType(
    {
        "System.String": _text,
        "System.Char": _char,
        "System.Boolean": lambda value, _: to_bool(value),
        SHORT["switch"]: lambda value, _: to_bool(value),
        "System.Double": lambda value, _: _double(value),
        "System.Single": lambda value, _: _double(value),
        "System.Decimal": lambda value, _: _double(value),
        "System.DateTime": _date,
        "System.TimeSpan": _span,
        "System.Guid": _guid,
        "System.Array": _array,
        "System.Object[]": _array,
        "System.Object": lambda value, _: value,
        "System.Void": lambda value, _: value,
        "System.Uri": _uri,
        "System.Version": _version,
        "System.Type": _type,
        SHORT["regex"]: _text,
        SHORT["arraylist"]: _growing(SHORT["arraylist"]),
        LIST: _growing(LIST),
        SHORT["hashtable"]: _table(SHORT["hashtable"], ordered=False),
        SHORT["ordered"]: _table(SHORT["ordered"], ordered=True),
        SHORT["psobject"]: _object,
        CUSTOM: _object,
    }
)


# --- parameters ------------------------------------------------------------------------------------------------------


def to_kind(value: Value, kind: Kind) -> Value:
    """As a parameter of that kind takes it. Raises Terminating, whose message says what cannot be converted to what;
    "Cannot process argument transformation on parameter 'X'." is for the caller to say before it."""
    many = _MANY.get(kind)
    if many is not None:
        return [] if value is None else [to_kind(each, many) for each in to_list(value)]
    way = _KINDS.get(kind)
    return value if way is None else way(value)


def _one_text(value: Value) -> Value:
    if isinstance(value, list):
        raise faults.runtime("Cannot convert value to type System.String.", "CannotConvertArgument", "InvalidArgument")
    return value.text if isinstance(value, Written | WrittenFloat) else to_text(value)


def _truth(type: str) -> Callable[[Value], Value]:
    """Parameters are stricter than ``[bool]``: a text is no answer."""

    def truth(value: Value) -> Value:
        if value is None or isinstance(value, bool | int | float):
            return bool(value)
        raise faults.runtime(
            f'Cannot convert value "{type_of(value)}" to type "{SHORT[type]}". Boolean parameters accept only Boolean '
            "values and numbers, such as $True, $False, 1 or 0.",
            "CannotConvertArgument",
            "InvalidArgument",
        )

    return truth


def _only(type: str) -> Callable[[Value], Value]:
    """What nothing else turns into; an ordered table is a table too."""

    def same(value: Value) -> Value:
        own = SHORT["hashtable"] if isinstance(value, Hashtable) else type_of(value)
        if value is not None and own != type:
            raise faults.bad_cast(to_text(value), type_of(value), type)
        return value

    return same


_MANY: Mapping[Kind, Kind] = MappingProxyType(
    {Kind.STRINGS: Kind.STRING, Kind.INTS: Kind.INT, Kind.RECORDS: Kind.RECORD, Kind.ANYS: Kind.ANY}
)
_KINDS: Mapping[Kind, Callable[[Value], Value]] = MappingProxyType(
    {
        Kind.STRING: _one_text,
        Kind.INT: to_whole,
        Kind.LONG: lambda value: int(to_whole(value, "System.Int64")),
        Kind.FLOAT: _double,
        Kind.BOOL: _truth("bool"),
        Kind.SWITCH: _truth("switch"),
        Kind.DATE: lambda value: _date(value, None),
        Kind.HASHTABLE: _only(SHORT["hashtable"]),
        Kind.SCRIPT: _only(SHORT["scriptblock"]),
        Kind.SECURE: _only(SHORT["securestring"]),
        Kind.CREDENTIAL: _only(CREDENTIAL),
    }
)
