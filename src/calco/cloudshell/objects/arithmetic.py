"""``+ - * / %`` and ranges: the left operand says what is done, numbers that grow too long become Doubles.

Source: Microsoft Learn, about_Arithmetic_Operators, about_Operators.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from calco.cloudshell.objects import faults
from calco.cloudshell.objects.convert import to_number, to_type, to_whole
from calco.cloudshell.objects.moment import aware
from calco.cloudshell.objects.text import TEXT_MAX, to_text
from calco.cloudshell.objects.type_name import INT32_MAX, INT64_MAX, SHORT, is_long, type_of
from calco.cloudshell.values import CUSTOM, ENTRIES_MAX, Hashtable, Long, Value

LIST_MAX = ENTRIES_MAX
"""Elements of an array."""


def narrowed(value: int | float, *operands: int | float) -> int | float:
    """An Int32 where both were, an Int64 where one was, a Double when it fits neither."""
    if isinstance(value, float):
        return value
    long = any(isinstance(each, int) and is_long(each) for each in operands)
    limit = INT64_MAX if long else INT32_MAX
    if not -limit - 1 <= value <= limit:
        return _floated(value)
    return Long(value) if long else int(value)


def _floated(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def add(left: Value, right: Value) -> Value:
    if left is None:
        return right
    if isinstance(left, str):
        return _longer(left, to_text(right))
    if isinstance(left, list):
        return _joined(left, right if isinstance(right, list) else [right])
    if isinstance(left, Hashtable):
        return _merged(left, right)
    if isinstance(left, datetime | timedelta):
        return _later(left, right)
    return _numbers("op_Addition", lambda a, b: a + b)(left, right)


def _longer(left: str, right: str) -> str:
    if len(left) + len(right) > TEXT_MAX:
        raise faults.too_much()
    return left + right


def _joined(left: list[Value], right: list[Value]) -> list[Value]:
    if len(left) + len(right) > LIST_MAX:
        raise faults.too_much()
    return [*left, *right]


def _merged(left: Hashtable, right: Value) -> Hashtable:
    if not isinstance(right, Hashtable):
        raise faults.not_tables()
    made = Hashtable(dict(left.entries), ordered=left.ordered)
    for key, value in right.pairs():
        if made.has(key):
            raise faults.same_key(to_text(key))
        made.put(key, value)
    return made


def _span(value: Value) -> timedelta:
    span = to_type(value, "timespan")
    return span if isinstance(span, timedelta) else timedelta()


def _later(left: datetime | timedelta, right: Value) -> Value:
    try:
        return left + _span(right)
    except OverflowError:
        raise _no_date() from None


def _no_date() -> Exception:
    return faults.method_failed(
        "op_Addition", 2, "The added or subtracted value results in an un-representable DateTime. (Parameter 't')"
    )


def subtract(left: Value, right: Value) -> Value:
    try:
        if isinstance(left, datetime) and (isinstance(right, datetime) or type_of(right) == "System.String"):
            moment = to_type(right, "datetime")
            return aware(left) - aware(moment) if isinstance(moment, datetime) else None
        if isinstance(left, datetime | timedelta):
            return left - _span(right)
    except OverflowError:
        raise _no_date() from None
    return _numbers("op_Subtraction", lambda a, b: a - b)(left, right)


def multiply(left: Value, right: Value) -> Value:
    if isinstance(left, str | list):
        times = to_whole(right)
        if times < 0:
            raise faults.runtime(
                "Specified argument was out of the range of valid values. (Parameter 'times')\n"
                f"Actual value was {times}.",
                "System.ArgumentOutOfRangeException",
                "OperationStopped",
                "System.ArgumentOutOfRangeException",
            )
        if len(left) * times > (TEXT_MAX if isinstance(left, str) else LIST_MAX):
            raise faults.too_much()
        return left * times if isinstance(left, str) else list(left) * times
    return _numbers("op_Multiply", lambda a, b: a * b)(left, right)


def _quotient(left: int | float, right: int | float) -> int | float:
    whole = isinstance(left, int) and isinstance(right, int)
    if whole and right == 0:
        raise faults.divided_by_zero()
    if whole and left % right == 0:
        return left // right
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    return _floated(left) / _floated(right)


def _remainder(left: int | float, right: int | float) -> int | float:
    """The sign is the left one's."""
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise faults.divided_by_zero()
        return abs(left) % abs(right) * (-1 if left < 0 else 1)
    if right == 0 or math.isinf(left):
        return math.nan
    return math.fmod(_floated(left), _floated(right))


def _numbers(name: str, how: Callable[[int | float, int | float], int | float]) -> Callable[[Value, Value], Value]:
    def work(left: Value, right: Value) -> Value:
        if left is not None and not isinstance(left, bool | int | float | str):
            raise faults.no_method(_shown(left), name)
        one, other = to_number(left), to_number(right)
        try:
            return narrowed(how(one, other), one, other)
        except OverflowError:
            return how(_floated(one), _floated(other))

    return work


def _shown(value: Value) -> str:
    type = type_of(value)
    return SHORT["psobject"] if type == CUSTOM else type


divide = _numbers("op_Division", _quotient)
remainder = _numbers("op_Modulus", _remainder)


def span(left: Value, right: Value) -> list[Value]:
    """``1..5``, ``5..1``, ``'a'..'e'``."""
    if isinstance(left, str) and isinstance(right, str) and len(left) == len(right) == 1 and not left.isdigit():
        return [chr(code) for code in _between(ord(left), ord(right))]
    return list(_between(to_whole(left), to_whole(right)))


def _between(first: int, last: int) -> range:
    if abs(last - first) >= LIST_MAX:
        raise faults.too_much()
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def negate(value: Value) -> Value:
    number = _single(value, "op_UnaryNegation")
    return narrowed(-number, number)


def positive(value: Value) -> Value:
    return _single(value, "op_UnaryPlus")


def _single(value: Value, name: str) -> int | float:
    if isinstance(value, list):
        raise faults.no_method(type_of(value), name)
    return to_number(value)
