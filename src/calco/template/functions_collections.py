"""Functions on arrays and objects. Sources: Azure, "Array functions", "Object functions" and "Lambda functions for
ARM templates"."""

from calco.model.document import Document, Json
from calco.template.faults import Fault
from calco.template.function import Frame
from calco.template.functions_text import too_long
from calco.template.json_text import read_json
from calco.template.language import Call, Literal, Node
from calco.template.values import MAX_TEXT, kind_of, member, same, text_of

ROUND = 25
"""Steps that a lambda costs each time, beside what it calls."""


def concat(arg1: Json, *further: Json) -> Json:
    """All texts as one text, or all arrays as one array."""
    given = (arg1, *further)
    arrays = [each for each in given if isinstance(each, list)]
    if arrays and len(arrays) < len(given):
        raise Fault(
            "The provided parameters for language function 'concat' are invalid. Either all or none of the parameters "
            "must be an array. Please see https://aka.ms/arm-template-expressions/#concat for usage details"
        )
    if arrays:
        return [each for array in arrays for each in array]
    if any(isinstance(each, dict) or each is None for each in given):
        kinds = ", ".join(kind_of(each) for each in given)
        raise Fault(
            "The provided parameters for language function 'concat' are invalid. The type of the parameters must be "
            f"either string literals or arrays: they are '{kinds[:200]}'"
        )
    parts = [text_of(each) for each in given]
    if sum(map(len, parts)) > MAX_TEXT:
        raise too_long("concat")
    return "".join(parts)


def length(arg1: str | list[Json] | dict[str, Json]) -> int:
    """How many elements an array, characters a text, members an object has."""
    return len(arg1)


def empty(item_to_test: str | list[Json] | dict[str, Json] | None) -> bool:
    """Whether an array, an object or a text has nothing in it; null too."""
    return not item_to_test


def contains(container: str | list[Json] | dict[str, Json], item_to_find: Json) -> bool:
    """Whether an array has that element, an object that member, a text that part."""
    if isinstance(container, list):
        return any(same(each, item_to_find) for each in container)
    wanted = text_of(item_to_find) if isinstance(item_to_find, int) else _text("contains", item_to_find)
    return wanted in container if isinstance(container, str) else member(container, wanted) is not None


def first(arg1: str | list[Json]) -> Json:
    """The first element of an array or character of a text; of none, null or an empty text."""
    return arg1[0] if arg1 else "" if isinstance(arg1, str) else None


def last(arg1: str | list[Json]) -> Json:
    """The last element of an array or character of a text; of none, null or an empty text."""
    return arg1[-1] if arg1 else "" if isinstance(arg1, str) else None


def take(original_value: str | list[Json], number_to_take: int) -> Json:
    """That many elements or characters from the start."""
    return original_value[: max(0, number_to_take)]


def skip(original_value: str | list[Json], number_to_skip: int) -> Json:
    """What is behind that many elements or characters."""
    return original_value[max(0, number_to_skip) :]


def index_of(string_or_array: str | list[Json], item_to_find: Json) -> int:
    """Where it is first, from 0, or -1; in a text case does not matter."""
    if isinstance(string_or_array, str):
        return string_or_array.lower().find(_text("indexOf", item_to_find).lower())
    return next((number for number, each in enumerate(string_or_array) if same(each, item_to_find)), -1)


def last_index_of(string_or_array: str | list[Json], item_to_find: Json) -> int:
    """Where it is last, from 0, or -1; in a text case does not matter."""
    if isinstance(string_or_array, str):
        return string_or_array.lower().rfind(_text("lastIndexOf", item_to_find).lower())
    found = [number for number, each in enumerate(string_or_array) if same(each, item_to_find)]
    return found[-1] if found else -1


def _text(name: str, value: Json) -> str:
    if not isinstance(value, str):
        raise Fault(
            f"The template language function '{name}' expects its second parameter to be of type 'String'. The "
            f"provided value is of type '{kind_of(value)}'. Please see "
            f"https://aka.ms/arm-template-expressions/#{name.lower()} for usage details"
        )
    return value


def _alike(name: str, given: list[Json]) -> None:
    kinds = {kind_of(each) for each in given}
    if len(kinds) > 1:
        raise Fault(
            f"The template language function '{name}' expects all of its parameters to be either arrays or objects. "
            f"Please see https://aka.ms/arm-template-expressions/#{name} for usage details"
        )


Collection = list[Json] | dict[str, Json]


def union(frame: Frame, arg1: Collection, arg2: Collection, *further: Collection) -> Json:
    """All elements of the arrays, each once; or all members of the objects, later ones first, objects in them too."""
    given: list[Json] = [arg1, arg2, *further]
    _alike("union", given)
    if isinstance(arg1, list):
        return distinct(frame, [each for array in given if isinstance(array, list) for each in array])
    merged: Document = {}
    for each in given:
        merged = _merged(merged, each) if isinstance(each, dict) else merged
    return merged


def distinct(frame: Frame, values: list[Json]) -> list[Json]:
    """The elements, each once, where it is first."""
    kept: list[Json] = []
    plain: set[tuple[str, str]] = set()
    for each in values:
        if isinstance(each, list | dict):
            frame.take(4 * len(kept))
            if not any(same(each, other) for other in kept):
                kept.append(each)
        elif (mark := (kind_of(each), text_of(each))) not in plain:
            plain.add(mark)
            kept.append(each)
    return kept


def _merged(one: Document, other: Document) -> Document:
    result = dict(one)
    for name, each in other.items():
        there = member(result, name) or name
        below = result.get(there)
        result[there] = _merged(below, each) if isinstance(below, dict) and isinstance(each, dict) else each
    return result


def intersection(frame: Frame, arg1: Collection, arg2: Collection, *further: Collection) -> Json:
    """The elements that all arrays have, or the members that all objects have alike."""
    given: list[Json] = [arg1, arg2, *further]
    _alike("intersection", given)
    common: Collection = arg1
    for other in (arg2, *further):
        if isinstance(common, dict) and isinstance(other, dict):
            common = {name: each for name, each in common.items() if name in other and same(each, other[name])}
        elif isinstance(common, list) and isinstance(other, list):
            frame.take(4 * len(common) * len(other))
            common = [each for each in common if any(same(each, there) for there in other)]
    return distinct(frame, common) if isinstance(common, list) else common


def create_array(*values: Json) -> Json:
    """An array of the values."""
    return list(values)


def create_object(*keys_and_values: Json) -> Json:
    """An object of the names and values that follow each other."""
    names, values = keys_and_values[::2], keys_and_values[1::2]
    if len(names) != len(values) or not all(isinstance(each, str) for each in names):
        raise Fault(
            "Unable to evaluate template language function 'createObject': the function expects an even number of "
            "parameters, and every first of two to be a string. Please see "
            "https://aka.ms/arm-template-expressions/#createobject for usage details"
        )
    made: Document = {str(name): value for name, value in zip(names, values, strict=True)}
    return made


def array(convert_to_array: Json) -> list[Json]:
    """The value in an array of its own; an array stays as it is."""
    return convert_to_array if isinstance(convert_to_array, list) else [convert_to_array]


def json(arg1: str) -> Json:
    """The value that the text spells in JSON."""
    return read_json("json", arg1)


def items(object: dict[str, Json]) -> list[Json]:
    """The object's members as objects with ``key`` and ``value``, in the order of their keys."""
    return [{"key": name, "value": object[name]} for name in sorted(object)]


def object_keys(object: dict[str, Json]) -> list[Json]:
    """The names of the object's members, in order."""
    return [*sorted(object)]


def flatten(array_of_arrays: list[Json]) -> list[Json]:
    """The elements of the arrays in an array."""
    if not all(isinstance(each, list) for each in array_of_arrays):
        raise Fault("The template language function 'flatten' expects its parameter to be an array of arrays")
    return [each for below in array_of_arrays if isinstance(below, list) for each in below]


def try_get(item: Json, *keys: str | int) -> Json:
    """The member or element at the end of the keys; null where there is none."""
    for key in keys:
        if isinstance(item, dict) and isinstance(key, str):
            name = member(item, key)
            item = None if name is None else item[name]
        elif isinstance(item, list) and isinstance(key, int):
            item = item[key] if 0 <= key < len(item) else None
        else:
            return None
    return item


def lambda_(variable: Node, *rest: Node) -> Json:  # noqa: ARG001 - those who take a lambda read it themselves
    """A rule for ``map``, ``filter``, ``sort``, ``reduce`` and ``toObject``: names of variables, then an expression."""
    raise Fault("The template function 'lambda' is not expected at this location")


def lambda_variables(frame: Frame, name: str) -> Json:
    """The value of a variable of the lambda around it."""
    return frame.lambda_variable(name)


def _applied(frame: Frame, function: str, rule: Node, *values: Json) -> Json:
    """What ``rule`` makes of ``values``; it may name fewer variables than there are values."""
    if isinstance(rule, Call) and rule.name.lower() == "lambda" and len(rule.arguments) >= 2:
        *variables, output = rule.arguments
        names = [each.value for each in variables if isinstance(each, Literal) and isinstance(each.value, str)]
        if len(names) == len(variables) <= len(values):
            frame.take(ROUND)
            return frame.bound(dict(zip(names, values, strict=False))).evaluate(output)
    raise Fault(
        f"The template language function '{function}' expects a lambda with not more than '{len(values)}' variable(s). "
        f"Please see https://aka.ms/arm-template-expressions/#{function.lower()} for usage details"
    )


def _chosen(frame: Frame, function: str, rule: Node, *values: Json) -> bool:
    answer = _applied(frame, function, rule, *values)
    if not isinstance(answer, bool):
        raise Fault(
            f"The template language function '{function}' expects its lambda to return a value of type 'Boolean'. The "
            f"returned value is of type '{kind_of(answer)}'"
        )
    return answer


def map_(frame: Frame, input_array: list[Json], rule: Node) -> list[Json]:
    """What the lambda makes of each element; it may take the index as well."""
    return [_applied(frame, "map", rule, each, number) for number, each in enumerate(input_array)]


def filter_(frame: Frame, input_array: list[Json], rule: Node) -> list[Json]:
    """The elements for which the lambda is true; it may take the index as well."""
    return [each for number, each in enumerate(input_array) if _chosen(frame, "filter", rule, each, number)]


def sort(frame: Frame, input_array: list[Json], rule: Node) -> list[Json]:
    """The elements in an order in which the lambda is true for each and the next."""
    if len(input_array) <= 1:
        return input_array
    middle = len(input_array) // 2
    left, right = sort(frame, input_array[:middle], rule), sort(frame, input_array[middle:], rule)
    made: list[Json] = []
    at_left = at_right = 0
    while at_left < len(left) and at_right < len(right):
        if _chosen(frame, "sort", rule, right[at_right], left[at_left]):
            made.append(right[at_right])
            at_right += 1
        else:
            made.append(left[at_left])
            at_left += 1
    return made + left[at_left:] + right[at_right:]


def reduce(frame: Frame, input_array: list[Json], initial_value: Json, rule: Node) -> Json:
    """What is left when the lambda has taken the value so far and each element in turn."""
    for number, each in enumerate(input_array):
        initial_value = _applied(frame, "reduce", rule, initial_value, each, number)
    return initial_value


def to_object(frame: Frame, input_array: list[Json], key: Node, *value: Node) -> Json:
    """An object of the elements: the first lambda makes the name, the second, if any, the value."""
    if len(value) > 1:
        raise Fault(
            "Unable to evaluate template language function 'toObject': function requires between 2 and 3 argument(s)"
        )
    made: Document = {}
    for each in input_array:
        name = _applied(frame, "toObject", key, each)
        if not isinstance(name, str):
            raise Fault("The template language function 'toObject' expects its first lambda to return a string")
        made[name] = _applied(frame, "toObject", value[0], each) if value else each
    return made


FUNCTIONS = (
    concat,
    length,
    empty,
    contains,
    first,
    last,
    take,
    skip,
    index_of,
    last_index_of,
    union,
    intersection,
    create_array,
    create_object,
    array,
    json,
    items,
    object_keys,
    flatten,
    try_get,
    lambda_,
    lambda_variables,
    map_,
    filter_,
    sort,
    reduce,
    to_object,
)
