"""Numbers as text, as .NET writes them: by themselves, and by its standard and custom format strings, in en-US.

Source: Microsoft Learn, "Standard numeric format strings", "Custom numeric format strings"; a Double by itself is its
shortest text that reads back as the same (.NET Core 3.0 and later).
"""

import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from types import MappingProxyType

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
        way = _STANDARD.get(letter.upper())
        if way is None:
            raise ValueError("Format specifier was invalid.")
        if len(precision) > _STANDARD_MAX or int(precision or 0) > PRECISION_MAX:
            raise ValueError("Format specifier was invalid.")
        return way(value, int(precision) if precision else None, letter)
    return _custom(value, spec)


def _fixed(value: int | float, places: int, *, grouped: bool = False) -> str:
    """Rounded half away from zero, which is what .NET does with the exact value."""
    with localcontext() as context:
        context.prec = PRECISION_MAX + 400
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        text = format(abs(rounded), f"{',' if grouped else ''}.{places}f")
    return f"-{text}" if rounded < 0 else text


def _currency(value: int | float, precision: int | None, _letter: str) -> str:
    text = _fixed(value, 2 if precision is None else precision, grouped=True)
    return f"-${text[1:]}" if text.startswith("-") else f"${text}"


def _whole(value: int | float, precision: int | None, _letter: str) -> str:
    if isinstance(value, float):
        raise ValueError("Format specifier was invalid.")
    digits = str(abs(int(value))).rjust(precision or 0, "0")
    return f"-{digits}" if value < 0 else digits


def _scientific(value: int | float, precision: int | None, letter: str) -> str:
    mantissa, _, power = format(Decimal(value), f".{6 if precision is None else precision}e").partition("e")
    return f"{mantissa}{letter}{int(power):+04d}"


def _general(value: int | float, precision: int | None, _letter: str) -> str:
    if not precision:
        return number_text(value)
    text = format(Decimal(value), f".{precision}g")
    mantissa, mark, power = text.partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}E{int(power):+03d}" if mark else mantissa


def _hexadecimal(value: int | float, precision: int | None, letter: str) -> str:
    if isinstance(value, float):
        raise ValueError("Format specifier was invalid.")
    bits = 32 if -(2**31) <= value < 2**31 else 64
    digits = format(value % 2**bits, "X" if letter == "X" else "x")
    return digits.rjust(precision or 0, "0")


def _binary(value: int | float, precision: int | None, _letter: str) -> str:
    if isinstance(value, float):
        raise ValueError("Format specifier was invalid.")
    return format(value % 2 ** (32 if -(2**31) <= value < 2**31 else 64), "b").rjust(precision or 0, "0")


def _percent(value: int | float, precision: int | None, _letter: str) -> str:
    with localcontext() as context:
        context.prec = 400
        scaled = Decimal(value) * 100
        places = 2 if precision is None else precision
        text = format(scaled.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP), f",.{places}f")
    return f"{text}%"


def _round_trip(value: int | float, _precision: int | None, _letter: str) -> str:
    return number_text(value)


_STANDARD: Mapping[str, Callable[[int | float, int | None, str], str]] = MappingProxyType(
    {
        "C": _currency,
        "D": _whole,
        "E": _scientific,
        "F": lambda value, precision, _: _fixed(value, 2 if precision is None else precision),
        "G": _general,
        "N": lambda value, precision, _: _fixed(value, 2 if precision is None else precision, grouped=True),
        "P": _percent,
        "R": _round_trip,
        "X": _hexadecimal,
        "B": _binary,
    }
)


# --- custom ----------------------------------------------------------------------------------------------------------


def _custom(value: int | float, spec: str) -> str:
    """Digits for 0 and #, one section for each sign; everything else stands as it is."""
    sections = _sections(spec)
    negative = value < 0
    if value == 0 and len(sections) > 2:
        section = sections[2]
    elif negative and len(sections) > 1 and sections[1]:
        section, negative = sections[1], False
    else:
        section = sections[0]
    text = _section(abs(value), section)
    return f"-{text}" if negative and any(digit in "123456789" for digit in text) else text


def _sections(spec: str) -> list[list[tuple[str, bool]]]:
    """Characters and whether they stand for themselves, by section."""
    sections: list[list[tuple[str, bool]]] = [[]]
    quote, escaped = "", False
    for letter in spec:
        if escaped or (quote and letter != quote):
            sections[-1].append((letter, True))
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter in "'\"":
            quote = "" if quote else letter
        elif letter == ";":
            sections.append([])
        else:
            sections[-1].append((letter, letter not in "0#.,%"))
    return sections


def _section(value: int | float, section: list[tuple[str, bool]]) -> str:
    marks = "".join("x" if literal else letter for letter, literal in section)
    whole, _, fraction = marks.partition(".")
    grouped = "," in whole.replace("x", "").strip(",")
    thousands = len(whole.rstrip("x")) - len(whole.rstrip("x").rstrip(","))
    places = fraction.count("0") + fraction.count("#")
    with localcontext() as context:
        context.prec = 400
        scaled = Decimal(value) * (100 ** marks.count("%")) / (1000**thousands)
        digits = format(scaled.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP), f".{places}f")
    before, _, after = digits.partition(".")
    least = fraction.rfind("0")
    kept = sum(mark in "0#" for mark in fraction[: least + 1])
    after = after[:kept] + after[kept:].rstrip("0")
    zeros = whole.find("0")
    needed = sum(mark in "0#" for mark in whole[zeros:]) if zeros >= 0 else 0
    before = before.lstrip("0").rjust(needed, "0")
    return _filled(section, f"{int(before):,}" if grouped and before else before, after, grouped)


def _filled(section: list[tuple[str, bool]], before: str, after: str, grouped: bool) -> str:
    """The digits put where the marks are: the first mark takes all that has no mark of its own."""
    point = next((n for n, (letter, literal) in enumerate(section) if letter == "." and not literal), len(section))
    slots = sum(not literal and letter in "0#" for letter, literal in section[:point])
    out: list[str] = []
    taken = 0
    for letter, literal in section[:point]:
        if literal or letter == "%":
            out.append(letter)
        elif letter in "0#":
            taken += 1
            rest = slots - taken
            if grouped:
                out.append(before if taken == 1 else "")
            else:
                end = len(before) - rest
                out.append(before[:end] if taken == 1 else before[max(0, end - 1) : max(0, end)])
    if after:
        out.append(".")
    digits = iter(after)
    for letter, literal in section[point + 1 :]:
        if literal or letter == "%":
            out.append(letter)
        elif letter in "0#":
            out.append(next(digits, ""))
    return "".join(out)
