"""Binds one object of the pipeline: by its value, then by the names of its properties.

What is already of the right type goes before what must be converted. Source: Microsoft Learn, about_Pipelines
("Methods of accepting pipeline input"); about_Script_Blocks ("delay-bind").
"""

from collections.abc import Callable

from calco.cloudshell.binder import matching
from calco.cloudshell.binder.bound import Bound
from calco.cloudshell.cmdlet import Parameter, Shell
from calco.cloudshell.errors import Terminating
from calco.cloudshell.values import Value


def take_item(bound: Bound, item: Value, shell: Shell) -> None:
    """Raises Terminating when no parameter takes anything of the item."""
    before = len(bound.values)
    _run_delayed(bound, item, shell)
    if item is None:
        _take_nothing(bound)
        return
    _take(bound, lambda each: item if each.from_pipeline else None, matching.fits)
    _take(bound, lambda each: _property(item, each), matching.fits)
    if len(bound.values) == before:
        _take(bound, lambda each: item if each.from_pipeline else None, _may_convert)
    _take(bound, lambda each: _property(item, each), _may_convert)
    if len(bound.values) == before:
        raise bound.faults.not_bound()


def _property(item: Value, parameter: Parameter) -> Value:
    return matching.property_of(item, parameter) if parameter.from_name else None


def _may_convert(_value: Value, _parameter: Parameter) -> bool:
    """Converting is tried; what cannot be converted is not taken."""
    return True


def _take_nothing(bound: Bound) -> None:
    """A null in the pipeline is for a parameter that takes anything."""
    taking = [each for each in bound.free() if each.from_pipeline and each.kind in matching.ANYTHING]
    if not taking:
        raise bound.faults.not_bound()
    bound.take(taking[0], None)


def _run_delayed(bound: Bound, item: Value, shell: Shell) -> None:
    for name, block in list(bound.delayed.items()):
        parameter = next(each for each in bound.parameters if each.name == name)
        found = list(shell.invoke(block, item=item))
        del bound.delayed[name]
        bound.take(parameter, found[0] if len(found) == 1 else list(found))


def _take(bound: Bound, offer: Callable[[Parameter], Value], suits: Callable[[Value, Parameter], bool]) -> None:
    """Binds what is offered to each free parameter, those of the first possible set before the others."""
    first = bound.sets[0]
    for mine in (True, False):
        for parameter in list(bound.free()):
            value = offer(parameter)
            if value is None or (not parameter.sets or first in parameter.sets) is not mine:
                continue
            if bound.possible(parameter) and suits(value, parameter):
                _try(bound, parameter, value)


def _try(bound: Bound, parameter: Parameter, value: Value) -> None:
    """A value that cannot be converted leaves the parameter as it is; others may still take it."""
    try:
        bound.take(parameter, value)
    except Terminating:
        bound.values.pop(parameter.name, None)
