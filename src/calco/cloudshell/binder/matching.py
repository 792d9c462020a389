"""Which parameter a written name or a place means.

Source: Microsoft Learn, about_Parameters ("Parameter names", "Positional parameters").
"""

from collections.abc import Sequence
from datetime import datetime

from calco.cloudshell.binder.binding_faults import Faults
from calco.cloudshell.binder.common import NAMES
from calco.cloudshell.cmdlet import Kind, Parameter
from calco.cloudshell.values import CREDENTIAL, Hashtable, Record, ScriptBlock, SecureString, Value

LISTS = frozenset({Kind.STRINGS, Kind.INTS, Kind.RECORDS, Kind.ANYS})
OBJECTS = frozenset({Kind.RECORD, Kind.RECORDS})
ANYTHING = frozenset({Kind.ANY, Kind.ANYS})


def named(name: str, parameters: Sequence[Parameter], faults: Faults) -> Parameter:
    """The parameter that ``name`` means: its whole name or an alias, else the only one that begins so; a parameter of
    the command's own goes before a common one. Raises Terminating."""
    wanted = name.casefold()
    for each in parameters:
        if wanted in (one.casefold() for one in (each.name, *each.aliases)):
            return each
    matches = [each for each in parameters if _begins(each, wanted)]
    if len(matches) > 1:
        matches = [each for each in matches if each.name not in NAMES] or matches
    if not matches:
        raise faults.unknown_name(name)
    if len(matches) > 1:
        raise faults.ambiguous_name(name, (each.name for each in matches))
    return matches[0]


def _begins(parameter: Parameter, wanted: str) -> bool:
    return any(one.casefold().startswith(wanted) for one in (parameter.name, *parameter.aliases))


def is_list(parameter: Parameter) -> bool:
    return parameter.kind in LISTS


def fits(value: Value, parameter: Parameter) -> bool:
    """Whether it is what the parameter takes, without converting anything."""
    if value is None:
        return False
    if isinstance(value, list):
        return is_list(parameter) and all(_one_fits(each, parameter) for each in value)
    return _one_fits(value, parameter)


def _one_fits(value: Value, parameter: Parameter) -> bool:
    kind = parameter.kind
    if kind in ANYTHING:
        return True
    if kind in OBJECTS:
        return accepted(value, parameter)
    if kind is Kind.CREDENTIAL:
        return isinstance(value, Record) and value.type == CREDENTIAL
    if kind in (Kind.INT, Kind.INTS, Kind.LONG):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _CLASSES.get(kind, ()))


_CLASSES: dict[Kind, tuple[type, ...]] = {
    Kind.STRING: (str,),
    Kind.STRINGS: (str,),
    Kind.FLOAT: (float,),
    Kind.BOOL: (bool,),
    Kind.SWITCH: (bool,),
    Kind.HASHTABLE: (Hashtable,),
    Kind.SCRIPT: (ScriptBlock,),
    Kind.SECURE: (SecureString,),
    Kind.DATE: (datetime,),
}


def accepted(value: Value, parameter: Parameter) -> bool:
    """Whether a parameter that takes objects takes this one."""
    if not parameter.accepts:
        return True
    return isinstance(value, Record) and value.type in parameter.accepts


def property_of(item: Value, parameter: Parameter) -> Value:
    """The item's property that has the parameter's name or an alias; None when there is none."""
    if not isinstance(item, Record):
        return None
    names = (parameter.name, *parameter.aliases)
    return next((item.get(name) for name in names if item.get(name) is not None), None)
