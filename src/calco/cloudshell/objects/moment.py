"""Dates and spans of time as text, and back, as .NET does in en-US. A date without a zone counts as UTC, which is what
the shell's machine keeps.

Source: Microsoft Learn, "Standard date and time format strings", "Custom date and time format strings",
"Standard TimeSpan format strings".
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

from calco.cloudshell.objects import faults

TICKS = 10_000_000
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


_UNIX_TOKEN = re.compile(r"%(.)", re.DOTALL)
_UNIX: Mapping[str, str] = MappingProxyType({"n": "\n", "t": "\t", "%": "%%", "Z": "+00", "c": "%a %d %b %Y %H:%M:%S"})
"""Letters of -UFormat that strftime has not, or has otherwise. Source: Microsoft Learn, Get-Date."""
_STRFTIME = frozenset("AaBbhCYyGgVmdejuwHkIlMSpDxFTXRr")
_UNIX_WEEKS = frozenset("UW")
"""Weeks that PowerShell counts in a way of its own."""


def aware(moment: datetime) -> datetime:
    """With a zone, so that two can be compared."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def ticks(moment: datetime) -> int:
    """100 ns since the year 1."""
    return span_ticks(aware(moment) - _FIRST)


def from_ticks(count: int) -> datetime:
    """Raises OverflowError for what no date can be."""
    return (_FIRST + timedelta(microseconds=count // 10)).replace(tzinfo=None)


def span_ticks(span: timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * TICKS + span.microseconds * 10


def date_text(moment: datetime) -> str:
    """As in a string: invariant culture."""
    return format_date(moment, "MM/dd/yyyy HH:mm:ss")


_STANDARD: Mapping[str, str] = MappingProxyType(
    {
        "d": "M/d/yyyy",
        "D": "dddd, MMMM d, yyyy",
        "t": "h:mm tt",
        "T": "h:mm:ss tt",
        "f": "dddd, MMMM d, yyyy h:mm tt",
        "F": "dddd, MMMM d, yyyy h:mm:ss tt",
        "g": "M/d/yyyy h:mm tt",
        "G": "M/d/yyyy h:mm:ss tt",
        "M": "MMMM d",
        "m": "MMMM d",
        "Y": "MMMM yyyy",
        "y": "MMMM yyyy",
        "s": "yyyy-MM-ddTHH:mm:ss",
        "u": "yyyy-MM-dd HH:mm:ss'Z'",
        "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
        "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
        "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "U": "dddd, MMMM d, yyyy h:mm:ss tt",
    }
)
_TOKEN = re.compile(r"d+|M+|y+|g+|h+|H+|m+|s+|f+|F+|t+|z+|K|'[^']*'|\"[^\"]*\"|\\.|%|.", re.DOTALL)


def format_date(moment: datetime, spec: str) -> str:
    """Raises ValueError with .NET's words."""
    if len(spec) == 1:
        if spec not in _STANDARD:
            raise ValueError("Input string was not in a correct format.")
        spec = _STANDARD[spec]
    return "".join(_date_part(moment, token) for token in _TOKEN.findall(spec))


def unix_date(moment: datetime, spec: str) -> str:
    """As Unix's date writes it: "%Y-%m-%d", also behind its +; a letter that stands for nothing in PowerShell is
    written as it is. Source: Microsoft Learn, Get-Date, -UFormat; PowerShell 7, GetDateCommand.cs."""
    return _UNIX_TOKEN.sub(lambda found: _unix_part(moment, found[1]), spec.removeprefix("+"))


def _unix_part(moment: datetime, letter: str) -> str:
    if letter in _UNIX_WEEKS:
        raise faults.not_here(f"The date format '%{letter}'")
    if letter == "s":
        return str(int(aware(moment).timestamp()))
    form = _UNIX.get(letter, f"%{letter}" if letter in _STRFTIME else letter)
    return moment.strftime(form) if "%" in form else form


def _date_part(moment: datetime, token: str) -> str:
    way = _PARTS.get(token[0])
    if way is None:
        return token[1:-1] if token[0] in "'\"" else token[1:] if token[0] in "\\%" else token
    return way(moment, len(token))


def _month(moment: datetime, width: int) -> str:
    name = MONTHS[moment.month - 1]
    return (str(moment.month), f"{moment.month:02d}", name[:3], name)[min(width, 4) - 1]


def _day(moment: datetime, width: int) -> str:
    name = DAYS[moment.weekday()]
    return (str(moment.day), f"{moment.day:02d}", name[:3], name)[min(width, 4) - 1]


def _year(moment: datetime, width: int) -> str:
    return f"{moment.year % 100:0{width}d}" if width <= 2 else f"{moment.year:0{width}d}"


def _padded(of: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda moment, width: f"{of(moment):0{min(width, 2)}d}"


def _half(moment: datetime, width: int) -> str:
    return ("AM" if moment.hour < 12 else "PM")[: 1 if width == 1 else 2]


def _fraction(moment: datetime, width: int) -> str:
    return f"{moment.microsecond:06d}0"[: min(width, 7)]


def _era(_moment: datetime, width: int) -> str:
    raise faults.not_here(f"The date format '{'g' * width}'")


_PARTS: Mapping[str, Callable[[datetime, int], str]] = MappingProxyType(
    {
        "d": _day,
        "M": _month,
        "y": _year,
        "g": _era,
        "h": _padded(lambda moment: moment.hour % 12 or 12),
        "H": _padded(lambda moment: moment.hour),
        "m": _padded(lambda moment: moment.minute),
        "s": _padded(lambda moment: moment.second),
        "f": _fraction,
        "F": lambda moment, width: _fraction(moment, width).rstrip("0"),
        "t": _half,
        "z": lambda _, width: ("+0", "+00", "+00:00")[min(width, 3) - 1],
        "K": lambda moment, _: "Z" if moment.tzinfo else "",
    }
)


# --- reading ---------------------------------------------------------------------------------------------------------

_MONTH_NAMES = "|".join(name[:3] for name in MONTHS)
_CLOCK = (
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,7}))?)?"
    r"\s*(?P<half>[AP]M)?\s*(?P<zone>Z|GMT|[+-]\d{2}:?\d{2})?)?"
)
_DATES = tuple(
    re.compile(rf"(?:(?:{'|'.join(day[:3] for day in DAYS)})[a-z]*,?\s+)?{date}{_CLOCK}", re.IGNORECASE | re.ASCII)
    for date in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?",
        r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[-/.](?P<year>\d{4}|\d{2})",
        rf"(?P<day>\d{{1,2}})[ -](?P<name>{_MONTH_NAMES})[a-z]*\.?[ ,-]+(?P<year>\d{{4}})",
        rf"(?P<name>{_MONTH_NAMES})[a-z]*\.? (?P<day>\d{{1,2}}),? (?P<year>\d{{4}})",
        rf"(?P<name>{_MONTH_NAMES})[a-z]*\.?,? (?P<year>\d{{4}})",
    )
)


def read_date(text: str) -> datetime | None:
    """None for what is no date. One with a zone comes back in UTC."""
    if len(text) > 100:
        return None
    for form in _DATES:
        found = form.fullmatch(text.strip())
        if found:
            try:
                return _dated(found.groupdict())
            except (ValueError, OverflowError):
                return None
    return None


_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "yyyy": r"(?P<year>\d{4})",
        "yy": r"(?P<year>\d{2})",
        "MMMM": rf"(?P<name>{_MONTH_NAMES})[a-z]*",
        "MMM": rf"(?P<name>{_MONTH_NAMES})",
        "MM": r"(?P<month>\d{2})",
        "M": r"(?P<month>\d{1,2})",
        "dd": r"(?P<day>\d{2})",
        "d": r"(?P<day>\d{1,2})",
        "HH": r"(?P<hour>\d{2})",
        "H": r"(?P<hour>\d{1,2})",
        "hh": r"(?P<hour>\d{2})",
        "h": r"(?P<hour>\d{1,2})",
        "mm": r"(?P<minute>\d{2})",
        "ss": r"(?P<second>\d{2})",
        "tt": r"(?P<half>[AP]M)",
        "K": r"(?P<zone>Z|[+-]\d{2}:\d{2})?",
        "zzz": r"(?P<zone>[+-]\d{2}:\d{2})",
    }
)
_NO_PARTS = ("year", "hour", "minute", "second", "part", "half", "zone", "month")


def read_date_exactly(text: str, spec: str) -> datetime | None:
    """``text`` as ``spec`` writes dates, which must name a year; None for what is not so written. Raises Terminating
    for a part of dates that cannot be read here."""
    expression = ""
    for token in _TOKEN.findall(spec[:100]):
        literal = token[1:-1] if token[0] in "'\"" else token[1:] if token[0] == "\\" else token
        if token in _FIELDS:
            expression += _FIELDS[token]
        elif token[0] in _PARTS:
            raise faults.not_here(f"Reading '{token}' in a date")
        else:
            expression += re.escape(literal)
    try:
        found = re.fullmatch(expression, text[:100], re.IGNORECASE | re.ASCII)
        return _dated({**dict.fromkeys(_NO_PARTS), **found.groupdict()}) if found else None
    except (re.error, ValueError, OverflowError):
        return None


def _dated(parts: Mapping[str, str | None]) -> datetime:
    year = int(parts["year"] or 0)
    if len(parts["year"] or "") == 2:
        year += 2000 if year < 50 else 1900
    name = parts.get("name")
    month = (
        next(n for n, known in enumerate(MONTHS, 1) if known[:3].lower() == name.lower())
        if name
        else int(parts["month"] or 1)
    )
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if parts["half"].upper() == "PM" else 0)
    micro = int((parts["part"] or "0").ljust(7, "0")) // 10
    minute, second = int(parts["minute"] or 0), int(parts["second"] or 0)
    moment = datetime(year, month, int(parts.get("day") or 1), hour, minute, second, micro, tzinfo=UTC)
    return _zoned(moment, parts["zone"])


def _zoned(moment: datetime, zone: str | None) -> datetime:
    if not zone:
        return moment.replace(tzinfo=None)
    if zone[0] not in "+-":
        return moment
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return moment.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset)).astimezone(UTC)


# --- spans -----------------------------------------------------------------------------------------------------------


def span_text(span: timedelta) -> str:
    """[-][d.]hh:mm:ss[.fffffff]."""
    count = span_ticks(span)
    sign, count = ("-" if count < 0 else ""), abs(count)
    seconds, part = divmod(count, TICKS)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{sign}{f'{days}.' if days else ''}{clock}{f'.{part:07d}' if part else ''}"


def format_span(span: timedelta, spec: str) -> str:
    """Raises ValueError with .NET's words."""
    if spec in {"c", "t", "T"}:
        return span_text(span)
    if spec in {"g", "G"}:
        raise faults.not_here(f"The format '{spec}' of a TimeSpan")
    seconds, part = divmod(abs(span_ticks(span)), TICKS)
    units = {"d": seconds // 86_400, "h": seconds // 3600 % 24, "m": seconds // 60 % 60, "s": seconds % 60}
    out = []
    for token in _TOKEN.findall(spec):
        if token[0] in units:
            out.append(f"{units[token[0]]:0{len(token)}d}")
        elif token[0] == "f":
            out.append(f"{part:07d}"[: len(token)])
        elif token[0] in "'\"\\":
            out.append(token[1:-1] if token[0] != "\\" else token[1:])
        else:
            raise ValueError("Input string was not in a correct format.")
    return "".join(out)


_SPAN = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d{1,8})|(?:(?P<before>\d{1,8})\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2})(?:\.(?P<part>\d{1,7}))?)?)",
    re.ASCII,
)


def read_span(text: str) -> timedelta | None:
    """None for what is no span of time."""
    found = _SPAN.fullmatch(text.strip()[:50])
    if not found:
        return None
    number = {name: int(each or 0) for name, each in found.groupdict().items() if name not in {"sign", "part"}}
    if number["hours"] > 23 or number["minutes"] > 59 or number["seconds"] > 59:
        return None
    span = timedelta(
        days=number["days"] + number["before"],
        hours=number["hours"],
        minutes=number["minutes"],
        seconds=number["seconds"],
        microseconds=int((found["part"] or "0").ljust(7, "0")) // 10,
    )
    return -span if found["sign"] else span
