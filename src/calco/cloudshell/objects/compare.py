"""Which values are equal, and which comes first. Text is compared without case unless asked.

Source: Microsoft Learn, about_Comparison_Operators.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from calco.cloudshell.errors import Terminating
from calco.cloudshell.objects import faults
from calco.cloudshell.objects.convert import read_number, to_bool, to_number, to_type
from calco.cloudshell.objects.moment import aware, read_date, read_span
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import full_name
from calco.cloudshell.syntax import TypeName
from calco.cloudshell.values import Record, Value

_Made = TypeVar("_Made")
_Ordered = TypeVar("_Ordered", str, float, datetime, timedelta, list[float])


def equal(left: Value, right: Value, *, case: bool = False) -> bool:
    """``left -eq right`` for two single values: the right is converted to the left's type; unlike things differ."""
    if left is None or right is None:
        return left is right
    if isinstance(left, str):
        text = to_text(right)
        return left == text if case else left.casefold() == text.casefold()
    if isinstance(left, bool):
        return left == to_bool(right)
    if isinstance(left, int | float):
        number = _like(right)
        return number is not None and left == number
    if isinstance(left, datetime):
        moment = read_date(right) if isinstance(right, str) else right
        return isinstance(moment, datetime) and aware(left) == aware(moment)
    return _same(left, right)


def _same(left: Value, right: Value) -> bool:
    """Things that are themselves alone, and those that text can write."""
    if isinstance(left, timedelta):
        return left == (read_span(right) if isinstance(right, str) else right)
    if isinstance(left, TypeName):
        written = right.name if isinstance(right, TypeName) else to_text(right)
        return full_name(left.name) == full_name(written)
    if isinstance(left, Record) and left.type == "System.Version" and right is not left:
        try:
            return _version(left) == _version(right)
        except Terminating:
            return False
    return left is right


def _like(value: Value) -> int | float | None:
    """As a number, if it is like one."""
    if isinstance(value, bool | int | float):
        return to_number(value)
    return read_number(value) if isinstance(value, str) else None


def _version(value: Value) -> list[float]:
    made = to_type(value, "version")
    return [to_number(each) for each in made.members.values()] if isinstance(made, Record) else []


def compare(left: Value, right: Value, *, case: bool = False) -> int:
    """-1, 0 or 1, as ``-lt`` and ``-gt`` see it. Raises Terminating when there is no order between them."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if isinstance(left, str):
        text = to_text(right)
        return _sign(left, text) if case else _sign(left.casefold(), text.casefold())
    if isinstance(left, bool):
        return _sign(left, to_bool(right))
    if isinstance(left, int | float):
        return _sign(left, _converted(left, right, to_number))
    return _compare_rare(left, right)


def _compare_rare(left: Value, right: Value) -> int:
    if isinstance(left, datetime):
        moment = _converted(left, right, lambda value: to_type(value, "datetime"))
        return _sign(aware(left), aware(moment)) if isinstance(moment, datetime) else 0
    if isinstance(left, timedelta):
        span = _converted(left, right, lambda value: to_type(value, "timespan"))
        return _sign(left, span) if isinstance(span, timedelta) else 0
    if isinstance(left, Record) and left.type == "System.Version":
        return _sign(_version(left), _converted(left, right, _version))
    raise faults.not_comparable(to_text(left))


def _converted(left: Value, right: Value, way: Callable[[Value], _Made]) -> _Made:
    try:
        return way(right)
    except Terminating as error:
        raise faults.not_compared(to_text(left), to_text(right), error.fault.message) from None


def _sign(left: _Ordered, right: _Ordered) -> int:
    return (left > right) - (left < right)


def order(left: Value, right: Value, *, case: bool = False) -> int:
    """The same for sorting: never fails, null comes first, unlike things go by their text."""
    try:
        if not isinstance(left, list) and not isinstance(right, list):
            return compare(left, right, case=case)
    except Terminating:
        pass
    return compare(to_text(left), to_text(right), case=case)
