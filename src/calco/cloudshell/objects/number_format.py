"""Numbers as text, as .NET writes them: by themselves, and by its standard and custom format strings, in en-US.

Source: Microsoft Learn, "Standard numeric format strings", "Custom numeric format strings"; a Double by itself is its
shortest text that reads back as the same (.NET Core 3.0 and later).
"""

import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from types import MappingProxyType

from calco.cloudshell.objects import faults
from calco.cloudshell.objects.type_name import is_long

PRECISION_MAX = 1000
_STANDARD_MAX = 4


def number_text(value: int | float) -> str:
    """As in a string."""
    if isinstance(value, int):
        return int.__repr__(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, exponent = _digits(value)
    sign = "-" if value < 0 else ""
    if -5 < exponent < 15:
        return sign + _plain(digits, exponent)
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}E{exponent:+03d}"


def _digits(value: float) -> tuple[str, int]:
    """The shortest digits, and the power of ten of the first."""
    mantissa, _, power = format(Decimal(float.__repr__(value)).copy_abs().normalize(), "e").partition("e")
    return mantissa.replace(".", ""), int(power)


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    rest = digits[exponent + 1 :]
    return f"{whole}.{rest}" if rest else whole


def format_number(value: int | float, spec: str) -> str:
    """``value`` by a .NET format string. Raises ValueError with .NET's words."""
    if not spec or (isinstance(value, float) and not math.isfinite(value)):
        return number_text(value)
    letter, precision = spec[0], spec[1:]
    if letter.isascii() and letter.isalpha() and (not precision or (precision.isascii() and precision.isdigit())):
        others = _OF_WHOLES if isinstance(value, float) else _OF_DOUBLES
        way = _STANDARD.get(letter.upper()) if letter.upper() not in others else None
        if way is None or len(precision) > _STANDARD_MAX or int(precision or 0) > PRECISION_MAX:
            raise ValueError("Format specifier was invalid.")
        return way(value, int(precision) if precision else None, letter)
    return _custom(value, spec)


def _fixed(value: int | float | Decimal, places: int, *, grouped: bool = False, times: int = 1) -> str:
    """``value`` times ``times``, rounded half away from zero, which is what .NET does with the exact value; what is
    below zero says so when nothing else is left of it. Source: dotnet/runtime issues 32237, 59570."""
    with localcontext() as context:
        context.prec = PRECISION_MAX + 400
        rounded = (Decimal(value) * times).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        return format(rounded, f"{',' if grouped else ''}.{places}f")


def _currency(value: int | float, precision: int | None, _letter: str) -> str:
    text = _fixed(value, 2 if precision is None else precision, grouped=True)
    return f"-${text[1:]}" if text.startswith("-") else f"${text}"


def _whole(value: int | float, precision: int | None, _letter: str) -> str:
    digits = str(abs(int(value))).rjust(precision or 0, "0")
    return f"-{digits}" if value < 0 else digits


def _scientific(value: int | float, precision: int | None, letter: str) -> str:
    mantissa, _, power = format(Decimal(value), f".{6 if precision is None else precision}e").partition("e")
    return f"{mantissa}{letter}{int(power):+04d}"


def _general(value: int | float, precision: int | None, letter: str) -> str:
    if precision:
        raise faults.not_here(f"The number format 'G{precision}'")
    return number_text(value) if letter.isupper() else number_text(value).lower()


def _binary(_value: int | float, _precision: int | None, letter: str) -> str:
    raise faults.not_here(f"The number format '{letter}'")


def _hexadecimal(value: int | float, precision: int | None, letter: str) -> str:
    bits = 64 if isinstance(value, int) and is_long(value) else 32
    digits = format(int(value) % 2**bits, "X" if letter == "X" else "x")
    return digits.rjust(precision or 0, "0")


def _percent(value: int | float, precision: int | None, _letter: str) -> str:
    return _fixed(value, 2 if precision is None else precision, grouped=True, times=100) + "%"


_STANDARD: Mapping[str, Callable[[int | float, int | None, str], str]] = MappingProxyType(
    {
        "B": _binary,
        "C": _currency,
        "D": _whole,
        "E": _scientific,
        "F": lambda value, precision, _: _fixed(value, 2 if precision is None else precision),
        "G": _general,
        "N": lambda value, precision, _: _fixed(value, 2 if precision is None else precision, grouped=True),
        "P": _percent,
        "R": lambda value, _, letter: _general(value, None, letter),
        "X": _hexadecimal,
    }
)
_OF_WHOLES, _OF_DOUBLES = frozenset("BDX"), frozenset("R")
"""Formats that only those have."""


# --- custom ----------------------------------------------------------------------------------------------------------

_CUSTOM = re.compile(
    r"""(?P<before>[^0#.,%‰;'"\\]*),*(?P<whole>(?:[0#](?:[0#,]*[0#])?)?)(?:\.(?P<part>[0#]+))?"""
    r"""(?P<after>%?[^0#.,%‰;'"\\]*)"""
)
_CUSTOM_DIGITS = 15


def _custom(value: int | float, spec: str) -> str:
    """Digits for 0 and #, all from the first 0 to the point whatever comes, thousands apart for a comma between them;
    what stands before and after stays. A Double has its first 15 digits here. Source: .NET 8's Number.Formatting
    (DoublePrecisionCustomFormat)."""
    found = _CUSTOM.fullmatch(spec)
    if found is None or not (found["whole"] or found["part"]):
        raise faults.not_here(f"The number format '{spec}'")
    part, marks = found["part"] or "", found["whole"].replace(",", "")
    exact = Decimal(f"{value:.{_CUSTOM_DIGITS}g}" if isinstance(value, float) else value)
    digits = _fixed(abs(exact), len(part), times=100 if found["after"].startswith("%") else 1)
    whole, _, fraction = digits.partition(".")
    whole = whole.lstrip("0").rjust(len(marks.lstrip("#")), "0")
    if "," in found["whole"]:
        whole = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", whole)
    kept = len(part.rstrip("#"))
    fraction = fraction[:kept] + fraction[kept:].rstrip("0")
    text = f"{found['before']}{whole}{f'.{fraction}' if fraction else ''}{found['after']}"
    return f"-{text}" if exact.is_signed() and text else text
