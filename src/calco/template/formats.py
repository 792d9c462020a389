"""Numbers, texts and times as .NET's format strings write them, as far as templates use them.

Source: .NET, "Composite formatting", "Standard numeric format strings", "Custom date and time format strings".
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from calco.model.document import Json
from calco.template.faults import Fault, short
from calco.template.values import MAX_TEXT, text_of

_HOLE = re.compile(r"\{\{|\}\}|\{(?P<index>\d{1,4})(?:,(?P<width>-?\d{1,4}))?(?::(?P<format>[^{}]*))?\}|[{}]")
_STANDARD = re.compile(r"(?P<letter>[DdNnXxFf])(?P<digits>\d{0,2})")
_DATE = re.compile(
    r"yyyy|yy|MMMM|MMM|MM|M|dddd|ddd|dd|d|HH|H|hh|h|mm|m|ss|s|f{1,7}|tt|zzz|zz|K|'[^']*'|\"[^\"]*\"|\\.|.", re.DOTALL
)
_STANDARD_DATES = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MAX_WIDTH = 1000
MAX_DATE_FORMAT = 100


def composite(text: str, arguments: Sequence[Json]) -> str:
    """``text`` with its holes filled. Raises Fault."""
    made, length, position = [], 0, 0
    for hole in _HOLE.finditer(text):
        made.append(text[position : hole.start()])
        made.append(_filled(hole, text, arguments))
        length += len(made[-1]) + len(made[-2])
        if length > MAX_TEXT:
            raise Fault(
                f"Unable to evaluate template language function 'format': the result has more than '{MAX_TEXT}' "
                "characters"
            )
        position = hole.end()
    return "".join(made) + text[position:]


def _filled(hole: re.Match[str], text: str, arguments: Sequence[Json]) -> str:
    if hole[0] in {"{{", "}}"}:
        return hole[0][0]
    if hole["index"] is None or int(hole["index"]) >= len(arguments):
        raise Fault(
            "Unable to evaluate template language function 'format': the format is invalid: index (zero based) must be "
            f"greater than or equal to zero and less than the size of the argument list. The format: '{short(text)}'"
        )
    value = _one(arguments[int(hole["index"])], hole["format"] or "")
    width = max(-MAX_WIDTH, min(MAX_WIDTH, int(hole["width"] or 0)))
    return value.ljust(-width) if width < 0 else value.rjust(width)


def _one(value: Json, wanted: str) -> str:
    if not wanted or isinstance(value, bool) or not isinstance(value, int | float):
        return text_of(value)
    if wanted.strip("0") == "" and isinstance(value, int):
        return f"{'-' if value < 0 else ''}{abs(value):0{len(wanted)}d}"
    standard = _STANDARD.fullmatch(wanted)
    if standard is None:
        raise Fault(f"Unable to evaluate template language function 'format': the format '{short(wanted)}' is invalid")
    letter, digits = standard["letter"].upper(), standard["digits"]
    if letter in {"N", "F"}:
        return f"{value:{',' if letter == 'N' else ''}.{digits or 2}f}"
    if not isinstance(value, int):
        raise Fault(f"Unable to evaluate template language function 'format': the format '{short(wanted)}' is invalid")
    if letter == "D":
        return f"{'-' if value < 0 else ''}{abs(value):0{digits or 1}d}"
    return f"{value & (2**64 - 1) if value < 0 else value:0{digits or 1}{'x' if standard['letter'] == 'x' else 'X'}}"


def moment(time: datetime, wanted: str) -> str:
    """``time`` written as ``wanted`` says: one letter of .NET's, or a pattern of its."""
    if (len(wanted) == 1 and wanted not in _STANDARD_DATES) or len(wanted) > MAX_DATE_FORMAT:
        raise Fault(f"The format '{short(wanted)}' is not a valid format of a date and time")
    if wanted in {"r", "R", "u"}:
        time = time.astimezone(UTC)
    return "".join(_piece(time, each[0]) for each in _DATE.finditer(_STANDARD_DATES.get(wanted, wanted)))


def _piece(time: datetime, piece: str) -> str:
    if piece[0] in "'\"":
        return piece[1:-1] if len(piece) > 1 else ""
    if piece[0] == "\\":
        return piece[1:]
    if piece[0] == "f" and set(piece) == {"f"}:
        return f"{time.microsecond:06d}0"[: len(piece)]
    known = {
        "yyyy": f"{time.year:04d}",
        "yy": f"{time.year % 100:02d}",
        "MMMM": _MONTHS[time.month - 1],
        "MMM": _MONTHS[time.month - 1][:3],
        "MM": f"{time.month:02d}",
        "M": f"{time.month}",
        "dddd": _DAYS[time.weekday()],
        "ddd": _DAYS[time.weekday()][:3],
        "dd": f"{time.day:02d}",
        "d": f"{time.day}",
        "HH": f"{time.hour:02d}",
        "H": f"{time.hour}",
        "hh": f"{time.hour % 12 or 12:02d}",
        "h": f"{time.hour % 12 or 12}",
        "mm": f"{time.minute:02d}",
        "m": f"{time.minute}",
        "ss": f"{time.second:02d}",
        "s": f"{time.second}",
        "tt": "AM" if time.hour < 12 else "PM",
    }
    if piece in {"zzz", "zz", "K"}:
        return _offset(time, piece)
    return known.get(piece, piece)


def _offset(time: datetime, piece: str) -> str:
    offset = time.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    if piece == "K" and minutes == 0:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{hours:02d}" if piece == "zz" else f"{sign}{hours:02d}:{rest:02d}"
