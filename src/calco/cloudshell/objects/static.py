"""What types can do without a value: ``[math]::Round(...)``, ``[string]::Join(...)``, ``[guid]::NewGuid()``.

Source: .NET API reference of each; System.Math rounds half to even. Anything that is not in the table is named.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from calco.cloudshell.objects import faults
from calco.cloudshell.objects.creation import make
from calco.cloudshell.objects.static_call import CALLS, Session
from calco.cloudshell.objects.type_name import INT32_MAX, INT64_MAX, full_name
from calco.cloudshell.values import Record, Value


def get(type: str, name: str, session: Session) -> Value:
    """``[type]::name``. Raises Terminating."""
    full = _known(type)
    held = _CONSTANTS.get((full, name.lower()))
    if held is not None:
        return held
    made = _READ.get((full, name.lower()))
    if made is not None:
        return made(session)
    for word in _ENUMERATIONS.get(full, ()):
        if word.lower() == name.lower():
            return word
    if full == "System.Text.Encoding" and name.lower() in _ENCODINGS:
        return Record.of(full, {"EncodingName": name, "WebName": _ENCODINGS[name.lower()]})
    raise faults.not_here(f"[{type}]::{name}")


def call(type: str, name: str, arguments: Sequence[Value], session: Session) -> Value:
    """``[type]::name(arguments)``; ``new`` makes an object. Raises Terminating."""
    full = _known(type)
    if name.lower() == "new":
        return make(full, arguments)
    row = CALLS.get((full, name.lower()))
    if row is None:
        raise faults.not_here(f"[{type}]::{name}()")
    work, fewest, most = row
    if not fewest <= len(arguments) <= most:
        raise faults.no_overload(name, len(arguments))
    try:
        return work(arguments, session)
    except (ValueError, OverflowError, ArithmeticError) as error:
        why = str(error) or "Value was either too large or too small."
        raise faults.method_failed(name, len(arguments), why) from None


def _known(type: str) -> str:
    full = full_name(type)
    if full is None:
        raise faults.no_type(type)
    return full


# --- what reads without an argument ----------------------------------------------------------------------------------

_CONSTANTS: Mapping[tuple[str, str], Value] = MappingProxyType(
    {
        ("System.Int32", "maxvalue"): INT32_MAX,
        ("System.Int32", "minvalue"): -INT32_MAX - 1,
        ("System.Int64", "maxvalue"): INT64_MAX,
        ("System.Int64", "minvalue"): -INT64_MAX - 1,
        ("System.Double", "maxvalue"): 1.7976931348623157e308,
        ("System.Double", "minvalue"): -1.7976931348623157e308,
        ("System.Double", "nan"): math.nan,
        ("System.Double", "positiveinfinity"): math.inf,
        ("System.Double", "negativeinfinity"): -math.inf,
        ("System.Math", "pi"): math.pi,
        ("System.String", "empty"): "",
        ("System.Guid", "empty"): "00000000-0000-0000-0000-000000000000",
        ("System.Environment", "newline"): "\n",
        ("System.Environment", "machinename"): "calco",
        ("System.DateTime", "minvalue"): datetime(1, 1, 1, tzinfo=UTC),
        ("System.DateTime", "maxvalue"): datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        ("System.TimeSpan", "zero"): timedelta(),
        ("System.Globalization.CultureInfo", "invariantculture"): "",
        ("System.Globalization.CultureInfo", "currentculture"): "en-US",
    }
)
_READ: Mapping[tuple[str, str], Callable[[Session], Value]] = MappingProxyType(
    {
        ("System.DateTime", "now"): lambda session: session.clock.now(),
        ("System.DateTime", "utcnow"): lambda session: session.clock.now(),
        ("System.DateTime", "today"): lambda session: session.clock.now().replace(
            hour=0, minute=0, second=0, microsecond=0
        ),
    }
)
COLOURS = (
    *("Black", "DarkBlue", "DarkGreen", "DarkCyan", "DarkRed", "DarkMagenta", "DarkYellow", "Gray", "DarkGray"),
    *("Blue", "Green", "Cyan", "Red", "Magenta", "Yellow", "White"),
)
_ENUMERATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "System.StringComparison": (
            "CurrentCulture",
            "CurrentCultureIgnoreCase",
            "InvariantCulture",
            "InvariantCultureIgnoreCase",
            "Ordinal",
            "OrdinalIgnoreCase",
        ),
        "System.StringSplitOptions": ("None", "RemoveEmptyEntries", "TrimEntries"),
        "System.DayOfWeek": ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
        "System.MidpointRounding": ("ToEven", "AwayFromZero", "ToZero"),
        "System.ConsoleColor": COLOURS,
        "System.Management.Automation.ActionPreference": (
            *("SilentlyContinue", "Stop", "Continue", "Inquire"),
            *("Ignore", "Suspend", "Break"),
        ),
    }
)
_ENCODINGS: Mapping[str, str] = MappingProxyType(
    {"utf8": "utf-8", "ascii": "us-ascii", "unicode": "utf-16", "default": "utf-8"}
)
