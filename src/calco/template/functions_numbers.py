"""Functions on numbers, comparisons and logic. Sources: Azure, "Numeric functions", "Comparison functions" and
"Logical functions for ARM templates"."""

import math
from collections.abc import Callable

from calco.model.document import Json
from calco.template.faults import Fault
from calco.template.function import Frame
from calco.template.language import Node
from calco.template.values import kind_of, same, text_of

_LARGEST = 2**63
MAX_RANGE = 10_000


def _bounded(name: str, value: int) -> int:
    if not -_LARGEST <= value < _LARGEST:
        raise Fault(f"Unable to evaluate template language function '{name}': the result does not fit 64 bits")
    return value


def add(operand1: int, operand2: int) -> int:
    """The sum."""
    return _bounded("add", operand1 + operand2)


def sub(operand1: int, operand2: int) -> int:
    """The difference."""
    return _bounded("sub", operand1 - operand2)


def mul(operand1: int, operand2: int) -> int:
    """The product."""
    return _bounded("mul", operand1 * operand2)


def div(operand1: int, operand2: int) -> int:
    """The quotient without its fraction."""
    whole = abs(operand1) // _divisor("div", operand2)
    return _bounded("div", whole if (operand1 < 0) == (operand2 < 0) else -whole)


def mod(operand1: int, operand2: int) -> int:
    """The remainder; it has the first one's sign."""
    rest = abs(operand1) % _divisor("mod", operand2)
    return rest if operand1 >= 0 else -rest


def _divisor(name: str, value: int) -> int:
    if value == 0:
        raise Fault(f"The template language function '{name}' parameters are not valid: attempted to divide by zero")
    return abs(value)


def min_(first: int | list[Json], *further: int) -> int:
    """The smallest of the numbers, or of an array of numbers."""
    return min(_numbers("min", first, further))


def max_(first: int | list[Json], *further: int) -> int:
    """The largest of the numbers, or of an array of numbers."""
    return max(_numbers("max", first, further))


def _numbers(name: str, first: int | list[Json], further: tuple[int, ...]) -> list[int]:
    given = [*(first if isinstance(first, list) else [first]), *further]
    numbers = [each for each in given if isinstance(each, int) and not isinstance(each, bool)]
    if not numbers or len(numbers) < len(given) or (isinstance(first, list) and further):
        raise Fault(
            f"The template language function '{name}' expects either a comma-separated list of integers or an array of "
            "integers, and at least one"
        )
    return numbers


def range_(start_index: int, count: int) -> list[Json]:
    """That many whole numbers, beginning with the first."""
    if not 0 <= count <= MAX_RANGE or start_index + count > 2**31 - 1:
        raise Fault(
            "Unable to evaluate template language function 'range': the count must be between 0 and 10000, and the sum "
            "of start index and count not more than 2147483647"
        )
    return list(range(start_index, start_index + count))


def int_(value_to_convert: int | str | float) -> int:
    """The whole number that the text spells."""
    if isinstance(value_to_convert, int):
        return value_to_convert
    try:
        if isinstance(value_to_convert, float):
            return _bounded("int", int(value_to_convert))
        if len(value_to_convert) <= 20 and value_to_convert.isascii() and "_" not in value_to_convert:
            return _bounded("int", int(value_to_convert))
    except (ValueError, OverflowError):
        pass
    raise Fault(
        "The template language function 'int' cannot convert the provided value "
        f"'{text_of(value_to_convert)[:100]}' to an integer value"
    )


def float_(value: str | int | float) -> float:
    """The floating point number that the text spells."""
    try:
        number = (
            float(value) if not isinstance(value, str) or (len(value) <= 400 and "_" not in value) else float("nan")
        )
    except (ValueError, OverflowError):
        number = float("nan")
    if not math.isfinite(number):
        raise Fault(
            f"The template language function 'float' cannot convert the provided value '{text_of(value)[:100]}' to a "
            "floating point value"
        )
    return number


def bool_(value: str | int | bool) -> bool:
    """True for ``true``, ``1`` and 1; false for ``false``, ``0`` and 0."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}
    answer = value != 0 if isinstance(value, int) else known.get(value.strip().lower())
    if answer is None:
        raise Fault(
            f"The template language function 'bool' cannot convert the provided value '{text_of(value)[:100]}' to a "
            "boolean value"
        )
    return answer


def equals(arg1: Json, arg2: Json) -> bool:
    """Whether both are the same; text by case, objects and arrays by all they hold."""
    return same(arg1, arg2)


def _ordered(name: str, one: int | str, other: int | str, holds: Callable[[int], bool]) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return holds((one > other) - (one < other))
    if isinstance(one, str) and isinstance(other, str):
        return holds((one > other) - (one < other))
    raise Fault(
        f"The template language function '{name}' expects two parameters of matching types. The function was invoked "
        f"with values of type '{kind_of(one)}' and '{kind_of(other)}' that do not match"
    )


def less(arg1: int | str, arg2: int | str) -> bool:
    """Whether the first is less than the second; both numbers, or both texts."""
    return _ordered("less", arg1, arg2, lambda order: order < 0)


def less_or_equals(arg1: int | str, arg2: int | str) -> bool:
    """Whether the first is not greater than the second."""
    return _ordered("lessOrEquals", arg1, arg2, lambda order: order <= 0)


def greater(arg1: int | str, arg2: int | str) -> bool:
    """Whether the first is greater than the second."""
    return _ordered("greater", arg1, arg2, lambda order: order > 0)


def greater_or_equals(arg1: int | str, arg2: int | str) -> bool:
    """Whether the first is not less than the second."""
    return _ordered("greaterOrEquals", arg1, arg2, lambda order: order >= 0)


def _truth(frame: Frame, name: str, node: Node) -> bool:
    value = frame.evaluate(node)
    if not isinstance(value, bool):
        raise Fault(
            f"The template language function '{name}' expects its parameter to be of type 'Boolean'. The provided "
            f"value is of type '{kind_of(value)}'. Please see https://aka.ms/arm-template-expressions/#{name} for "
            "usage details"
        )
    return value


def if_(frame: Frame, condition: Node, true_value: Node, false_value: Node) -> Json:
    """The second if the first is true, else the third; the other one is not evaluated."""
    return frame.evaluate(true_value if _truth(frame, "if", condition) else false_value)


def and_(frame: Frame, arg1: Node, arg2: Node, *further: Node) -> bool:
    """Whether all are true; evaluated from the left, as far as needed."""
    return all(_truth(frame, "and", each) for each in (arg1, arg2, *further))


def or_(frame: Frame, arg1: Node, arg2: Node, *further: Node) -> bool:
    """Whether one is true; evaluated from the left, as far as needed."""
    return any(_truth(frame, "or", each) for each in (arg1, arg2, *further))


def not_(arg: bool) -> bool:
    """True for false, false for true."""
    return not arg


def true() -> bool:
    """The value true."""
    return True


def false() -> bool:
    """The value false."""
    return False


def null() -> None:
    """The value null."""
    return


def coalesce(frame: Frame, arg1: Node, *further: Node) -> Json:
    """The first that is not null; evaluated from the left, as far as needed."""
    for each in (arg1, *further):
        value = frame.evaluate(each)
        if value is not None:
            return value
    return None


FUNCTIONS = (
    add,
    sub,
    mul,
    div,
    mod,
    min_,
    max_,
    range_,
    int_,
    float_,
    bool_,
    equals,
    less,
    less_or_equals,
    greater,
    greater_or_equals,
    if_,
    and_,
    or_,
    not_,
    true,
    false,
    null,
    coalesce,
)
