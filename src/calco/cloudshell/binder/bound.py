"""The parameters of one invocation while they are being bound: what they hold, and which sets are still possible."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from calco.cloudshell.binder import matching
from calco.cloudshell.binder.binding_faults import Faults, type_name
from calco.cloudshell.binder.common import ACTIONS
from calco.cloudshell.cmdlet import Cmdlet, Kind, Parameter
from calco.cloudshell.errors import Terminating
from calco.cloudshell.objects import convert, pattern
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import type_of
from calco.cloudshell.values import ScriptBlock, Value

ALL_SETS = "__AllParameterSets"
"""The name of the only set of a command that names none. Source: PowerShell's ParameterAttribute."""
_NUMBERED = MappingProxyType({str(number): action for number, action in enumerate(ACTIONS)})
"""``-ErrorAction 0``. Source: Microsoft Learn, ActionPreference Enum."""


def sets_of(command: Cmdlet) -> tuple[str, ...]:
    """The names of its parameter sets, the default one first; never none."""
    named = dict.fromkeys(set for each in command.parameters for set in each.sets)
    default = command.default_set
    return (*([default] if default else []), *(each for each in named if each != default)) or (ALL_SETS,)


@dataclass
class Bound:
    """``values`` by name, converted. ``sets``: those that fit all of them, the default first. ``delayed``: blocks that
    are run for each object of the pipeline, since their parameter takes something else."""

    command: Cmdlet
    parameters: Sequence[Parameter]
    faults: Faults
    values: dict[str, Value] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    delayed: dict[str, ScriptBlock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sets = self.sets or sets_of(self.command)

    def copy(self) -> "Bound":
        return replace(self, values=dict(self.values), delayed=dict(self.delayed))

    def has(self, parameter: Parameter) -> bool:
        return parameter.name in self.values or parameter.name in self.delayed

    def possible(self, parameter: Parameter) -> bool:
        """Whether it belongs to a set that is still possible."""
        return not parameter.sets or any(set in parameter.sets for set in self.sets)

    def free(self) -> Iterator[Parameter]:
        """Those that hold nothing and still may."""
        return (each for each in self.parameters if not self.has(each) and self.possible(each))

    def take(self, parameter: Parameter, value: Value, *, input: bool = False) -> None:
        """Raises Terminating when the value is not the parameter's, or the parameter's set does not fit the others."""
        if isinstance(value, ScriptBlock) and not matching.fits(value, parameter):
            if not parameter.from_pipeline and not parameter.from_name:
                raise self.faults.not_converted(parameter, _cannot("ScriptBlock", value, parameter))
            if not input:
                raise self.faults.block_without_input(parameter)
            self.delayed[parameter.name] = value
        else:
            self.values[parameter.name] = converted(value, parameter, self.faults)
        self._narrow(parameter)

    def _narrow(self, parameter: Parameter) -> None:
        if not parameter.sets:
            return
        left = tuple(set for set in self.sets if set in parameter.sets)
        if not left:
            raise self.faults.no_set()
        self.sets = left

    def missing(self, set: str) -> list[Parameter]:
        """The mandatory parameters of ``set`` that hold nothing."""
        return [
            each
            for each in self.parameters
            if each.mandatory and not self.has(each) and (not each.sets or set in each.sets)
        ]

    def settle(self) -> str:
        """The set that is meant: the default if it is possible, else the only one that has all it must have. Raises
        Terminating when that is none or several."""
        if len(self.sets) == 1 or (self.command.default_set and self.sets[0] == self.command.default_set):
            return self.sets[0]
        whole = [set for set in self.sets if not self.missing(set)]
        if len(whole) != 1:
            raise self.faults.no_set()
        return whole[0]


def converted(value: Value, parameter: Parameter, faults: Faults) -> Value:
    """What the parameter holds when ``value`` is given to it. Raises Terminating."""
    _not_empty(value, parameter, faults)
    if parameter.filled and (value is None or value in ("", [])):
        raise faults.not_filled(parameter)
    if value is None:
        return _nothing(parameter)
    if parameter.kind in matching.OBJECTS | matching.ANYTHING:
        found = _object(value, parameter, faults)
    elif isinstance(value, list) and parameter.rest and not matching.is_list(parameter):
        return [_scalar(each, parameter, faults) for each in value]
    elif isinstance(value, list) and not matching.is_list(parameter):
        raise faults.several(parameter)
    else:
        found = _scalar(value, parameter, faults)
    _not_empty(found, parameter, faults)
    _in_range(found, parameter, faults)
    _as_the_pattern(found, parameter, faults)
    return _chosen(found, parameter, faults) if parameter.choices else found


def _nothing(parameter: Parameter) -> Value:
    """What null is for a parameter that may hold it."""
    if parameter.kind is Kind.STRING:
        return ""
    return False if parameter.kind is Kind.SWITCH else None


def _scalar(value: Value, parameter: Parameter, faults: Faults) -> Value:
    try:
        return convert.to_kind(value, parameter.kind)
    except Terminating as refused:
        raise faults.not_converted(parameter, refused.fault.message) from refused


def _object(value: Value, parameter: Parameter, faults: Faults) -> Value:
    if parameter.kind in (Kind.RECORDS, Kind.ANYS):
        value = value if isinstance(value, list) else [value]
    for each in value if isinstance(value, list) and matching.is_list(parameter) else [value]:
        if not matching.accepted(each, parameter):
            raise faults.not_converted(parameter, _cannot(to_text(each), each, parameter))
    return value


def _cannot(shown: str, value: Value, parameter: Parameter) -> str:
    wanted = parameter.accepts[0] if parameter.accepts else type_name(parameter.kind)
    return f'Cannot convert the "{shown}" value of type "{type_of(value)}" to type "{wanted}".'


def _not_empty(value: Value, parameter: Parameter, faults: Faults) -> None:
    """A mandatory parameter holds no null, no empty text, no empty array."""
    if not parameter.mandatory:
        return
    if value is None:
        raise faults.empty(parameter, "null", "Null")
    if value == "" and parameter.kind in (Kind.STRING, Kind.STRINGS):
        raise faults.empty(parameter, "an empty string", "EmptyString")
    if isinstance(value, list):
        if not value:
            raise faults.empty(parameter, "an empty array", "EmptyArray")
        if parameter.kind is Kind.STRINGS and "" in value:
            raise faults.empty(parameter, "an empty string", "EmptyString")


def _in_range(value: Value, parameter: Parameter, faults: Faults) -> None:
    if parameter.range is None:
        return
    for each in value if isinstance(value, list) else [value]:
        number = convert.to_number(each)
        if not parameter.range[0] <= number <= parameter.range[1]:
            raise faults.out_of_range(parameter, to_text(each), above=number > parameter.range[1])


def _as_the_pattern(value: Value, parameter: Parameter, faults: Faults) -> None:
    """Without case, as [ValidatePattern()] is unless its options say otherwise."""
    for each in value if isinstance(value, list) else [value]:
        if parameter.pattern and pattern.match(to_text(each), parameter.pattern) is None:
            raise faults.not_as_the_pattern(parameter, to_text(each))


def _chosen(value: Value, parameter: Parameter, faults: Faults) -> Value:
    """As the choices write it."""
    if isinstance(value, list):
        return [_chosen(each, parameter, faults) for each in value]
    shown = to_text(value)
    if parameter.choices is ACTIONS:
        shown = _NUMBERED.get(shown, shown)
    for each in parameter.choices:
        if each.casefold() == shown.casefold():
            return each
    raise faults.not_a_choice(parameter, shown)
