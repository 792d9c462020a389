"""What the types that scripts use can do without a value, in one table.

Source: .NET API reference of each; System.Math rounds half to even.
"""

import base64
import binascii
import calendar
import html
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
from calco.cloudshell.objects.compare import equal, order
from calco.cloudshell.objects.composite import formatted
from calco.cloudshell.objects.convert import to_bool, to_list, to_number, to_text, to_type, to_whole
from calco.cloudshell.objects.moment import read_date, read_date_exactly
from calco.cloudshell.objects.output import NOTHING
from calco.cloudshell.objects.stopwatch import STOPWATCH, stopwatch
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

    def environment(self, name: str) -> str | None: ...


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


def _number(work: Callable[[float], float]) -> Static:
    return lambda arguments, _: work(to_number(arguments[0]))


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


def _logarithm(arguments: Sequence[Value], _: Session) -> Value:
    number = to_number(arguments[0])
    if number <= 0:
        return -math.inf if number == 0 else math.nan
    return math.log(number, to_number(arguments[1])) if len(arguments) > 1 else math.log(number)


def _absolute(arguments: Sequence[Value], _: Session) -> Value:
    number = to_number(arguments[0])
    return narrowed(abs(number), number)


def _extreme(work: Callable[[int | float, int | float], int | float]) -> Static:
    return lambda arguments, _: work(to_number(arguments[0]), to_number(arguments[1]))


def _join(arguments: Sequence[Value], _: Session) -> Value:
    rest = arguments[1] if len(arguments) == 2 else list(arguments[1:])
    return to_text(to_list(rest), to_text(arguments[0]))


def _concat(arguments: Sequence[Value], _: Session) -> Value:
    return to_text([each for argument in arguments for each in to_list(argument)], "")


def _format(arguments: Sequence[Value], _: Session) -> Value:
    rest = to_list(arguments[1]) if len(arguments) == 2 else list(arguments[1:])
    return formatted(to_text(arguments[0]), rest)


def _compared(arguments: Sequence[Value], _: Session) -> Value:
    one, other = to_text(arguments[0]), to_text(arguments[1])
    if any(each is True or (isinstance(each, str) and each.lower().endswith("ignorecase")) for each in arguments[2:]):
        one, other = one.casefold(), other.casefold()
    return (one > other) - (one < other)


def _to(type: str) -> Row:
    return (lambda arguments, _: to_type(arguments[0], type), 1, 2)


def _to_int(type: str) -> Row:
    """[Convert]::ToInt32(text, base)."""

    def work(arguments: Sequence[Value], _: Session) -> Value:
        if len(arguments) < 2:
            return to_whole(arguments[0], type)
        base = to_whole(arguments[1])
        if base not in {2, 8, 10, 16}:
            raise ValueError("Invalid Base.")
        try:
            return to_whole(int(to_text(arguments[0])[:100], base), type)
        except ValueError:
            raise ValueError("Could not find any recognizable digits.") from None

    return (work, 1, 2)


def _to_string(arguments: Sequence[Value], _: Session) -> Value:
    if len(arguments) == 2 and isinstance(arguments[0], int) and arguments[1] in {2, 8, 16}:
        return format(arguments[0] % 2**32, {2: "b", 8: "o", 16: "x"}[to_whole(arguments[1])])
    return to_text(arguments[0])


def _bytes(value: Value) -> bytes:
    return bytes(to_whole(each, "System.Byte") for each in to_list(value))


def _to_base64(arguments: Sequence[Value], _: Session) -> Value:
    return base64.b64encode(_bytes(arguments[0])).decode()


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


def _path(arguments: Sequence[Value], _: Session) -> Value:
    made = ""
    for each in map(to_text, arguments):
        made = each if each.startswith("/") or not made else f"{made.rstrip('/')}/{each}"
    return made


def _variable(arguments: Sequence[Value], session: Session) -> Value:
    return session.environment(to_text(arguments[0]))


def _regex_replace(arguments: Sequence[Value], _: Session) -> Value:
    return pattern.replace(to_text(arguments[0]), to_text(arguments[1]), to_text(arguments[2]), case=True)


def _regex_match(arguments: Sequence[Value], _: Session) -> Value:
    found = pattern.matches(to_text(arguments[0]), to_text(arguments[1]))
    return found[0] if found else Record.of(pattern.MATCH, {"Groups": [], "Success": False, "Index": 0, "Value": ""})


def _is_match(arguments: Sequence[Value], _: Session) -> Value:
    return pattern.match(to_text(arguments[0]), to_text(arguments[1]), case=True) is not None


def _sorted(held: list[Value]) -> None:
    held.sort(key=cmp_to_key(order))


def _index(arguments: Sequence[Value], _: Session) -> Value:
    return next((at for at, each in enumerate(to_list(arguments[0])) if equal(each, arguments[1], case=True)), -1)


def _month_days(arguments: Sequence[Value], _: Session) -> Value:
    year, month = to_whole(arguments[0]), to_whole(arguments[1])
    if not 1 <= year <= 9999 or not 1 <= month <= 12:
        raise ValueError("Month must be between one and twelve. (Parameter 'month')")
    return calendar.monthrange(year, month)[1]


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
        ("System.Math", "log"): (_logarithm, 1, 2),
        ("System.Math", "log10"): (lambda given, session: _logarithm([given[0], 10], session), 1, 1),
        ("System.Math", "max"): (_extreme(max), 2, 2),
        ("System.Math", "min"): (_extreme(min), 2, 2),
        ("System.Math", "pow"): (_power, 2, 2),
        ("System.Math", "round"): (_round, 1, 3),
        ("System.Math", "sign"): (_number(lambda number: (number > 0) - (number < 0)), 1, 1),
        ("System.Math", "sqrt"): (_root, 1, 1),
        ("System.String", "compare"): (_compared, 2, 3),
        ("System.String", "concat"): (_concat, 0, 99),
        ("System.String", "format"): (_format, 1, 99),
        ("System.String", "isnullorempty"): (lambda arguments, _: to_text(arguments[0]) == "", 1, 1),
        ("System.String", "isnullorwhitespace"): (_is_null_or_white, 1, 1),
        ("System.String", "join"): (_join, 1, 99),
        ("System.Char", "isdigit"): (lambda arguments, _: to_text(arguments[0])[:1].isdigit(), 1, 1),
        ("System.Char", "isletter"): (lambda arguments, _: to_text(arguments[0])[:1].isalpha(), 1, 1),
        ("System.Guid", "newguid"): (lambda _, session: session.chance.guid(), 0, 0),
        ("System.Guid", "parse"): _parse("guid"),
        ("System.DateTime", "parse"): (_parse_date, 1, 3),
        ("System.DateTime", "parseexact"): (_parse_exactly, 2, 4),
        ("System.DateTime", "isleapyear"): (lambda given, _: calendar.isleap(to_whole(given[0])), 1, 1),
        ("System.DateTime", "daysinmonth"): (_month_days, 2, 2),
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
        ("System.Convert", "toint32"): _to_int("System.Int32"),
        ("System.Convert", "toint64"): _to_int("System.Int64"),
        ("System.Convert", "tobyte"): _to_int("System.Byte"),
        ("System.Convert", "todouble"): _to("double"),
        ("System.Convert", "toboolean"): (lambda arguments, _: to_bool(arguments[0]), 1, 1),
        ("System.Convert", "todatetime"): _to("datetime"),
        ("System.Convert", "tostring"): (_to_string, 1, 2),
        ("System.Convert", "tobase64string"): (_to_base64, 1, 1),
        ("System.Convert", "frombase64string"): (_from_base64, 1, 1),
        (STOPWATCH, "startnew"): (lambda _, session: stopwatch(session.clock, running=True), 0, 0),
        ("System.IO.Path", "combine"): (_path, 1, 9),
        ("System.Environment", "getenvironmentvariable"): (_variable, 1, 2),
        ("System.Uri", "escapedatastring"): (lambda arguments, _: quote(to_text(arguments[0]), safe="-_.~"), 1, 1),
        ("System.Uri", "unescapedatastring"): (lambda arguments, _: unquote(to_text(arguments[0])), 1, 1),
        ("System.Net.WebUtility", "htmlencode"): (lambda arguments, _: html.escape(to_text(arguments[0])), 1, 1),
        (SHORT["regex"], "escape"): (lambda arguments, _: re.escape(to_text(arguments[0])), 1, 1),
        (SHORT["regex"], "ismatch"): (_is_match, 2, 3),
        (SHORT["regex"], "match"): (_regex_match, 2, 3),
        (SHORT["regex"], "matches"): (lambda given, _: pattern.matches(to_text(given[0]), to_text(given[1])), 2, 3),
        (SHORT["regex"], "replace"): (_regex_replace, 3, 4),
        (SHORT["regex"], "split"): (
            lambda given, _: pattern.split(to_text(given[0]), to_text(given[1]), case=True),
            2,
            3,
        ),
        ("System.Array", "reverse"): (_array_work(list.reverse), 1, 1),
        ("System.Array", "sort"): (_array_work(_sorted), 1, 1),
        ("System.Array", "indexof"): (_index, 2, 2),
    }
)
"""By the type's full name and the member's in lower case, with the fewest and the most arguments."""
