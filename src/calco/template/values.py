"""JSON values as template functions see them: their kinds, when two are equal, how they read as text."""

from calco.model.document import Json
from calco.template.faults import Fault, compact

MAX_TEXT = 131_072
"""Characters of one text. Source: Azure, TemplateLiteralLimitExceeded."""
MAX_DEPTH = 64
_KINDS = {
    type(None): "Null",
    bool: "Boolean",
    int: "Integer",
    float: "Float",
    str: "String",
    list: "Array",
    dict: "Object",
}


def kind_of(value: Json) -> str:
    """Azure's word for what ``value`` is."""
    return _KINDS[type(value)]


def same(one: Json, other: Json) -> bool:
    """Whether two values are equal: text by case, 1 is not true, order of members is nothing."""
    if kind_of(one) != kind_of(other):
        numbers = {kind_of(one), kind_of(other)} == {"Integer", "Float"}
        return numbers and one == other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(each, other[name]) for name, each in one.items())
    return one == other


def text_of(value: Json) -> str:
    """How ``concat`` and ``string`` write a value."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "True" if value else "False"
    return compact(value)


def weight(value: Json, limit: int) -> int:
    """How much ``value`` is: its members, and its text in portions of four characters; no further than ``limit``.

    Shared parts count each time they are seen: that is what they cost when written. Raises Fault when nested too
    deeply, before anything that goes down by recursion does.
    """
    total, level, depth = 0, [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise Fault(f"The value is nested more than '{MAX_DEPTH}' deep")
        below: list[Json] = []
        for each in level:
            total += 1
            if isinstance(each, str):
                total += len(each) >> 2
            elif isinstance(each, list):
                total += len(each)
                below.extend(each)
            elif isinstance(each, dict):
                total += len(each) + sum(len(name) >> 2 for name in each)
                below.extend(each.values())
            if total > limit:
                return total
        level = below
    return total


def member(value: dict[str, Json], name: str) -> str | None:
    """The member of that name as it is written there; case does not matter."""
    if name in value:
        return name
    wanted = name.lower()
    return next((each for each in value if each.lower() == wanted), None)
