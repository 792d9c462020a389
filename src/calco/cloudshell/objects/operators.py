"""The operators of two values, in one table. An array on the left of a comparison is filtered by it.

Source: Microsoft Learn, about_Operators, about_Comparison_Operators, about_Split, about_Join.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from calco.cloudshell.errors import Terminating
from calco.cloudshell.objects import arithmetic, faults, pattern
from calco.cloudshell.objects.compare import compare, equal
from calco.cloudshell.objects.composite import formatted
from calco.cloudshell.objects.convert import to_bool, to_list, to_type, to_whole
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import full_name, is_a
from calco.cloudshell.syntax import TypeName
from calco.cloudshell.values import Value

Operator = Callable[[Value, Value], Value]
Test = Callable[[Value, Value, bool], bool]


def binary(operator: str, left: Value, right: Value) -> Value:
    """``left operator right``; ``operator`` as written in lower case, with its dash. Raises Terminating."""
    word = operator.removeprefix("-") or "-"
    simple = _SIMPLE.get(word)
    if simple is not None:
        return simple(left, right)
    bare, case = cased(word)
    test = _TESTS.get(bare)
    if test is not None:
        if isinstance(left, list):
            return [each for each in left if test(each, right, case)]
        return test(left, right, case)
    way = _CASED.get(bare)
    if way is None:
        raise faults.not_here(f"The operator '{operator}'")
    return way(left, right, case)


def cased(word: str) -> tuple[str, bool]:
    """The operator without its case, and whether case matters: -ceq is -eq with it, -ieq without."""
    if word[:1] in {"c", "i"} and (word[1:] in _TESTS or word[1:] in _CASED):
        return word[1:], word[0] == "c"
    return word, False


def unary(operator: str, value: Value) -> Value:
    """``operator value`` of all but the steps. Raises Terminating."""
    word = operator.removeprefix("-") or "-"
    way = _UNARY.get(word)
    if way is None:
        raise faults.not_here(f"The operator '{operator}'")
    return way(value)


def _like(left: Value, right: Value, case: bool) -> bool:
    return pattern.like(to_text(left), to_text(right), case=case)


def _match(left: Value, right: Value, case: bool) -> bool:
    return pattern.match(to_text(left), to_text(right), case=case) is not None


def _contains(left: Value, right: Value, case: bool) -> bool:
    return any(equal(each, right, case=case) for each in to_list(left))


_TESTS: Mapping[str, Test] = MappingProxyType(
    {
        "eq": lambda left, right, case: equal(left, right, case=case),
        "ne": lambda left, right, case: not equal(left, right, case=case),
        "gt": lambda left, right, case: compare(left, right, case=case) > 0,
        "ge": lambda left, right, case: compare(left, right, case=case) >= 0,
        "lt": lambda left, right, case: compare(left, right, case=case) < 0,
        "le": lambda left, right, case: compare(left, right, case=case) <= 0,
        "like": _like,
        "notlike": lambda left, right, case: not _like(left, right, case),
        "match": _match,
        "notmatch": lambda left, right, case: not _match(left, right, case),
    }
)


def _each(left: Value, how: Callable[[str], Value]) -> Value:
    """Of every element of an array, or of the one text."""
    return [how(to_text(each)) for each in left] if isinstance(left, list) else how(to_text(left))


def _replace(left: Value, right: Value, case: bool) -> Value:
    old, new = _pair(right, "-creplace" if case else "-replace")
    return _each(left, lambda text: pattern.replace(text, to_text(old), to_text(new), case=case))


def _pair(right: Value, operator: str) -> tuple[Value, Value]:
    parts = to_list(right)
    if len(parts) > 2:
        raise faults.runtime(
            f"The {operator} operator allows only two elements to follow it, not {len(parts)}.", "BadReplaceArgument"
        )
    return (parts[0] if parts else None), (parts[1] if len(parts) > 1 else "")


def _split(left: Value, right: Value, case: bool) -> Value:
    parts = to_list(right)
    most = to_whole(parts[1]) if len(parts) > 1 else 0
    options = to_text(parts[2]).lower() if len(parts) > 2 else ""
    by = to_text(parts[0]) if parts else ""
    made: list[Value] = []
    for each in to_list(left):
        simple = "simplematch" in options
        made += pattern.split(to_text(each), by, most, case=case and "ignorecase" not in options, simple=simple)
    return made


_CASED: Mapping[str, Callable[[Value, Value, bool], Value]] = MappingProxyType(
    {
        "replace": _replace,
        "split": _split,
        "contains": _contains,
        "notcontains": lambda left, right, case: not _contains(left, right, case),
        "in": lambda left, right, case: _contains(right, left, case),
        "notin": lambda left, right, case: not _contains(right, left, case),
    }
)


def _join(left: Value, right: Value) -> Value:
    return to_text(to_list(left), to_text(right))


def _type(value: Value, operator: str) -> str:
    """The full name of the type on the right of -is and -as."""
    if isinstance(value, TypeName | str):
        name = value.name if isinstance(value, TypeName) else value
        full = full_name(name)
        if full is None:
            raise faults.no_type(name)
        return full
    raise faults.not_a_type(operator)


def _as(left: Value, right: Value) -> Value:
    type = _type(right, "-as")
    try:
        return to_type(left, type)
    except Terminating as error:
        if error.fault.id == "NotSupported":
            raise
        return None


_SIMPLE: Mapping[str, Operator] = MappingProxyType(
    {
        "+": arithmetic.add,
        "-": arithmetic.subtract,
        "*": arithmetic.multiply,
        "/": arithmetic.divide,
        "%": arithmetic.remainder,
        "..": arithmetic.span,
        "xor": lambda left, right: to_bool(left) != to_bool(right),
        "f": lambda left, right: formatted(to_text(left), to_list(right)),
        "join": _join,
        "is": lambda left, right: is_a(left, _type(right, "-is")),
        "isnot": lambda left, right: not is_a(left, _type(right, "-isnot")),
        "as": _as,
    }
)

_UNARY: Mapping[str, Callable[[Value], Value]] = MappingProxyType(
    {
        "-": arithmetic.negate,
        "+": arithmetic.positive,
        "!": lambda value: not to_bool(value),
        "not": lambda value: not to_bool(value),
        "join": lambda value: to_text(to_list(value), ""),
        "split": lambda value: [word for each in to_list(value) for word in pattern.split_words(to_text(each))],
        "csplit": lambda value: [word for each in to_list(value) for word in pattern.split_words(to_text(each))],
        "isplit": lambda value: [word for each in to_list(value) for word in pattern.split_words(to_text(each))],
        ",": lambda value: [value],
    }
)
