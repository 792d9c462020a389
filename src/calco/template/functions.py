"""All functions of the template language in one table, by name in lower case."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache, partial
from types import MappingProxyType

from calco.template import functions_collections, functions_deployment, functions_numbers, functions_text
from calco.template.faults import Fault, short
from calco.template.function import Function, function
from calco.template.language import Call, Index, Node

_MODULES = (functions_text, functions_numbers, functions_collections, functions_deployment)


@cache
def table() -> Mapping[str, Function]:
    """Every function, by its name in lower case; ``list`` stands for all that begin with it."""
    everywhere = [function(each) for module in _MODULES for each in module.FUNCTIONS]
    placed = [function(call, places) for call, places in functions_deployment.PLACED]
    return MappingProxyType({each.name.lower(): each for each in (*everywhere, *placed)})


@lru_cache(maxsize=512)
def find(name: str) -> Function:
    """Raises Fault: the name is no function's."""
    found = table().get(name.lower())
    if name.lower() != "list" and found is not None:
        return found
    if functions_deployment.listed(name):
        some = table()["list"]
        return replace(some, name=name, call=partial(some.call, verb=name))
    raise Fault(
        f"The template function '{short(name)}' is not valid. Please see https://aka.ms/arm-template-expressions for "
        "usage details"
    )


def calls(node: Node) -> list[Call]:
    """Every call in a tree, outer ones first."""
    found: list[Call] = []
    level: list[Node] = [node]
    while level:
        each = level.pop()
        if isinstance(each, Call):
            found.append(each)
            level.extend(reversed(each.arguments))
        elif isinstance(each, Index):
            level.extend((each.key, each.base))
    return found
