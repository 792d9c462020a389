"""Any value as text, as in a string.

Source: Microsoft Learn, about_Quoting_Rules, about_Preference_Variables ($OFS).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from calco.cloudshell.objects.error_record import category_text, fault_of, is_category, is_error
from calco.cloudshell.objects.faults import too_much
from calco.cloudshell.objects.moment import date_text, span_text
from calco.cloudshell.objects.number_format import number_text
from calco.cloudshell.objects.type_name import full_name, type_of, written
from calco.cloudshell.syntax import TypeName
from calco.cloudshell.values import CUSTOM, Record, ScriptBlock, Value

TEXT_MAX = 8 * 1024 * 1024
"""Characters of a string. What a script of ours makes has thousands."""
_NESTED_MAX = 5
"""How deep an object in an object is still told: one may hold itself."""


def to_text(value: Value, separator: str = " ") -> str:
    """ "" for null, an array's elements with a space between, "@{Name=x}" for a custom object."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return separator.join(_bounded_texts(value, len(separator)))
    return _inner(value, 0)


def _bounded_texts(values: Sequence[Value], between: int) -> list[str]:
    """Refused before they are put together, for there may be thousands of long ones."""
    texts: list[str] = []
    length = 0
    for each in values:
        texts.append(_inner(each, 0))
        length += len(texts[-1]) + between
        if length - between > TEXT_MAX:
            raise too_much()
    return texts


def bounded(text: str) -> str:
    """The text, unless it is longer than any."""
    if len(text) > TEXT_MAX:
        raise too_much()
    return text


def _inner(value: Value, depth: int) -> str:
    """Inside an array or an object, an array is its type's name."""
    if value is None or isinstance(value, str):
        return value or ""
    match value:
        case Record():
            text = _record(value, depth)
        case bool():
            text = str(value)
        case int() | float():
            text = number_text(value)
        case datetime():
            text = date_text(value)
        case timedelta():
            text = span_text(value)
        case ScriptBlock():
            text = value.block.text
        case TypeName():
            text = written(full_name(value.name) or value.name)
        case _:
            text = type_of(value)
    return text


def _spoken(member: str) -> Callable[[Record], str]:
    return lambda value: _inner(value.get(member), 0)


_AZURES = "Microsoft.Azure.Commands.Profile.Models.PSAzure"
_SPOKEN: Mapping[str, Callable[[Record], str]] = MappingProxyType(
    {
        **{f"{_AZURES}{each}": _spoken("Id") for each in ("RmAccount", "Subscription", "Tenant")},
        f"{_AZURES}Environment": _spoken("Name"),
        "System.Uri": _spoken("OriginalString"),
        "System.Management.Automation.CommandInfo": _spoken("Name"),
        "System.Management.Automation.FunctionInfo": _spoken("Name"),
        "System.Version": lambda value: ".".join(_inner(each, 0) for each in value.members.values()),
    }
)
"""Types whose text is a member's or their members'."""


def _record(value: Record, depth: int) -> str:
    if value.type == CUSTOM:
        if depth >= _NESTED_MAX:
            return ""
        return bounded(
            "@{" + "; ".join(f"{name}={_inner(each, depth + 1)}" for name, each in value.members.items()) + "}"
        )
    if value.type in _SPOKEN:
        return _SPOKEN[value.type](value)
    if is_category(value):
        return category_text(value)
    fault = fault_of(value)
    if fault is None:
        return value.type
    return fault.message if is_error(value) else f"{value.type}: {fault.message}"
