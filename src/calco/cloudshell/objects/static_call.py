"""What the types that scripts use can do without a value, in one table.

Source: .NET API reference of each; System.Math rounds half to even.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cmp_to_key
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote

from calco.cloudshell.objects import faults, pattern
from calco.cloudshell.objects.arithmetic import LIST_MAX, narrowed
from calco.cloudshell.objects.compare import order
from calco.cloudshell.objects.composite import formatted
from calco.cloudshell.objects.convert import to_bool, to_bytes, to_list, to_number, to_text, to_type
from calco.cloudshell.objects.moment import read_date, read_date_exactly
from calco.cloudshell.objects.output import NOTHING
from calco.cloudshell.objects.stopwatch import STOPWATCH, started
from calco.cloudshell.objects.type_name import SHORT
from calco.cloudshell.values import Record, Value

if TYPE_CHECKING:
    from calco.ports.world import Chance, Clock


class Session(Protocol):
    """What a static member may need of the session."""

    @property
    def clock(self) -> "Clock": ...

    @property
    def chance(self) -> "Chance": ...


Static = Callable[[Sequence[Value], Session], Value]
Row = tuple[Static, int, int]


def _round(arguments: Sequence[Value], _: Session) -> Value:
    number = to_number(arguments[0])
    places = next((each for each in arguments[1:] if isinstance(each, int) and not isinstance(each, bool)), 0)
    if not 0 <= places <= 15:
        raise ValueError("Rounding digits must be between 0 and 15, inclusive. (Parameter 'digits')")
    if isinstance(number, int) or not math.isfinite(number):
        return number
    away = any(isinstance(each, str) and each.lower() == "awayfromzero" for each in arguments[1:])
    exact = Decimal(float.__repr__(number)) if abs(number) < 1e15 else None
    if exact is None:
        return number
    return float(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP if away else ROUND_HALF_EVEN))


def _floored(work: Callable[[float], int]) -> Static:
    """A Double, as of a Double."""

    def static(arguments: Sequence[Value], _: Session) -> Value:
        number = to_number(arguments[0])
        return float(work(number)) if math.isfinite(number) else number

    return static


def _root(arguments: Sequence[Value], _: Session) -> Value:
    number = to_number(arguments[0])
    return math.sqrt(number) if number >= 0 else math.nan


def _power(arguments: Sequence[Value], _: Session) -> Value:
    base, exponent = float(to_number(arguments[0])), float(to_number(arguments[1]))
    try:
        made = math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan if base else math.inf
    return made


def _absolute(arguments: Sequence[Value], _: Session) -> Value:
    number = to_number(arguments[0])
    return narrowed(abs(number), number)


def _extreme(work: Callable[[int | float, int | float], int | float]) -> Static:
    return lambda arguments, _: work(to_number(arguments[0]), to_number(arguments[1]))


def _join(arguments: Sequence[Value], _: Session) -> Value:
    rest = arguments[1] if len(arguments) == 2 else list(arguments[1:])
    return to_text(to_list(rest), to_text(arguments[0]))


def _format(arguments: Sequence[Value], _: Session) -> Value:
    rest = to_list(arguments[1]) if len(arguments) == 2 else list(arguments[1:])
    return formatted(to_text(arguments[0]), rest)


def _to(type: str) -> Row:
    return (lambda arguments, _: to_type(arguments[0], type), 1, 1)


def _to_base64(arguments: Sequence[Value], _: Session) -> Value:
    return base64.b64encode(to_bytes(arguments[0])).decode()


def _from_base64(arguments: Sequence[Value], _: Session) -> Value:
    try:
        read = base64.b64decode("".join(to_text(arguments[0]).split()), validate=True)
    except binascii.Error:
        raise ValueError(
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding "
            "characters, or an illegal character among the padding characters."
        ) from None
    if len(read) > LIST_MAX:
        raise faults.too_much()
    return list(read)


def _parse(type: str) -> Row:
    return (lambda arguments, _: to_type(to_text(arguments[0]), type), 1, 3)


def _parse_date(arguments: Sequence[Value], _: Session) -> Value:
    text = to_text(arguments[0])
    read = read_date(text)
    if read is None:
        raise ValueError(f"String '{text}' was not recognized as a valid DateTime.")
    return read


def _parse_exactly(arguments: Sequence[Value], _: Session) -> Value:
    text = to_text(arguments[0])
    read = next((made for spec in to_list(arguments[1]) if (made := read_date_exactly(text, to_text(spec)))), None)
    if read is None:
        raise ValueError(f"String '{text}' was not recognized as a valid DateTime.")
    return read


def _is_null_or_white(arguments: Sequence[Value], _: Session) -> Value:
    return not to_text(arguments[0]).strip()


def _span(unit: str) -> Row:
    def made(arguments: Sequence[Value], _: Session) -> Value:
        number = float(to_number(arguments[0]))
        if math.isnan(number):
            raise ValueError("TimeSpan does not accept floating point Not-a-Number values.")
        try:
            return timedelta(**{unit: number})
        except OverflowError:
            raise ValueError("TimeSpan overflowed because the duration is too long.") from None

    return made, 1, 1


def _regex_replace(arguments: Sequence[Value], _: Session) -> Value:
    return pattern.replace(to_text(arguments[0]), to_text(arguments[1]), to_text(arguments[2]), case=True)


def _regex_match(arguments: Sequence[Value], _: Session) -> Value:
    found = pattern.matches(to_text(arguments[0]), to_text(arguments[1]))
    return found[0] if found else Record.of(pattern.MATCH, {"Groups": [], "Success": False, "Index": 0, "Value": ""})


def _is_match(arguments: Sequence[Value], _: Session) -> Value:
    return pattern.match(to_text(arguments[0]), to_text(arguments[1]), case=True) is not None


def _sorted(held: list[Value]) -> None:
    held.sort(key=cmp_to_key(order))


def _array_work(work: Callable[[list[Value]], None]) -> Static:
    def static(arguments: Sequence[Value], _: Session) -> Value:
        if isinstance(arguments[0], list):
            work(arguments[0])
        return NOTHING

    return static


CALLS: Mapping[tuple[str, str], Row] = MappingProxyType(
    {
        ("System.Math", "abs"): (_absolute, 1, 1),
        ("System.Math", "ceiling"): (_floored(math.ceil), 1, 1),
        ("System.Math", "floor"): (_floored(math.floor), 1, 1),
        ("System.Math", "truncate"): (_floored(math.trunc), 1, 1),
        ("System.Math", "max"): (_extreme(max), 2, 2),
        ("System.Math", "min"): (_extreme(min), 2, 2),
        ("System.Math", "pow"): (_power, 2, 2),
        ("System.Math", "round"): (_round, 1, 3),
        ("System.Math", "sqrt"): (_root, 1, 1),
        ("System.String", "format"): (_format, 1, 99),
        ("System.String", "isnullorempty"): (lambda arguments, _: to_text(arguments[0]) == "", 1, 1),
        ("System.String", "isnullorwhitespace"): (_is_null_or_white, 1, 1),
        ("System.String", "join"): (_join, 1, 99),
        ("System.Guid", "newguid"): (lambda _, session: session.chance.guid(), 0, 0),
        ("System.Guid", "parse"): _parse("guid"),
        ("System.DateTime", "parse"): (_parse_date, 1, 3),
        ("System.DateTime", "parseexact"): (_parse_exactly, 2, 4),
        ("System.TimeSpan", "fromdays"): _span("days"),
        ("System.TimeSpan", "fromhours"): _span("hours"),
        ("System.TimeSpan", "fromminutes"): _span("minutes"),
        ("System.TimeSpan", "fromseconds"): _span("seconds"),
        ("System.TimeSpan", "frommilliseconds"): _span("milliseconds"),
        ("System.TimeSpan", "parse"): _parse("timespan"),
        ("System.Int32", "parse"): _parse("int"),
        ("System.Int64", "parse"): _parse("long"),
        ("System.Double", "parse"): _parse("double"),
        ("System.Boolean", "parse"): (lambda arguments, _: to_text(arguments[0]).strip().lower() == "true", 1, 1),
        ("System.Version", "parse"): _parse("version"),
        ("System.Convert", "toint32"): _to("int"),
        ("System.Convert", "toint64"): _to("long"),
        ("System.Convert", "todouble"): _to("double"),
        ("System.Convert", "toboolean"): (lambda arguments, _: to_bool(arguments[0]), 1, 1),
        ("System.Convert", "todatetime"): _to("datetime"),
        ("System.Convert", "tostring"): _to("string"),
        ("System.Convert", "tobase64string"): (_to_base64, 1, 1),
        ("System.Convert", "frombase64string"): (_from_base64, 1, 1),
        (STOPWATCH, "startnew"): (lambda _, session: started(session.clock), 0, 0),
        ("System.Uri", "escapedatastring"): (lambda arguments, _: quote(to_text(arguments[0]), safe="-_.~"), 1, 1),
        ("System.Uri", "unescapedatastring"): (lambda arguments, _: unquote(to_text(arguments[0])), 1, 1),
        (SHORT["regex"], "escape"): (lambda arguments, _: re.escape(to_text(arguments[0])), 1, 1),
        (SHORT["regex"], "ismatch"): (_is_match, 2, 3),
        (SHORT["regex"], "match"): (_regex_match, 2, 3),
        (SHORT["regex"], "matches"): (lambda given, _: pattern.matches(to_text(given[0]), to_text(given[1])), 2, 3),
        (SHORT["regex"], "replace"): (_regex_replace, 3, 4),
        ("System.Array", "reverse"): (_array_work(list.reverse), 1, 1),
        ("System.Array", "sort"): (_array_work(_sorted), 1, 1),
    }
)
"""By the type's full name and the member's in lower case, with the fewest and the most arguments."""
