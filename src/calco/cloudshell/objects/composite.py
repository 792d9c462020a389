"""``"{0,-10:N2}" -f ...``: .NET's composite formatting.

Source: Microsoft Learn, "Composite formatting".
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from calco.cloudshell.objects import faults
from calco.cloudshell.objects.moment import format_date, format_span
from calco.cloudshell.objects.number_format import format_number
from calco.cloudshell.objects.text import TEXT_MAX, bounded, to_text
from calco.cloudshell.values import Value

_ITEM = re.compile(
    r"\{\{|\}\}|\{(?P<index>\d{1,6})\s*(?:,\s*(?P<width>-?\d{1,7})\s*)?(?::(?P<spec>(?:[^{}])*))?\}|[{}]"
)
_OUTSIDE = "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."


def formatted(template: str, values: Sequence[Value]) -> str:
    """Raises Terminating in PowerShell's words."""

    def put(found: "re.Match[str]") -> str:
        if found["index"] is None:
            if found[0] in "{}":
                raise faults.bad_format("Input string was not in a correct format.")
            return found[0][0]
        number = int(found["index"])
        if number >= len(values):
            raise faults.bad_format(_OUTSIDE)
        text = value_text(values[number], found["spec"] or "")
        width = int(found["width"] or 0)
        if abs(width) > TEXT_MAX:
            raise faults.too_much()
        return text.ljust(-width) if width < 0 else text.rjust(width)

    return bounded(_ITEM.sub(put, template))


def value_text(value: Value, spec: str) -> str:
    """One value by its format; what knows no formats is its text. Raises Terminating."""
    try:
        return spec_text(value, spec)
    except ValueError as error:
        raise faults.bad_format(str(error)) from None


def spec_text(value: Value, spec: str) -> str:
    """The same, as ToString(format) does it. Raises ValueError with .NET's words."""
    if isinstance(value, bool) or not spec:
        return format_date(value, "G") if isinstance(value, datetime) else to_text(value)
    if isinstance(value, int | float):
        return format_number(value, spec)
    if isinstance(value, datetime):
        return format_date(value, spec)
    return format_span(value, spec) if isinstance(value, timedelta) else to_text(value)
