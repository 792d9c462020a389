"""A template function: a Python function whose signature says what it takes and whose docstring what it means.

``to_lower(text: str)`` is ``toLower(text)``: it takes one text, and anything else is refused in Azure's words before it
is called. A first parameter of type ``Frame`` is what the function may ask of where it is evaluated, and does not show;
a parameter of type ``Node`` gets the argument unevaluated, so that ``if`` looks at one branch only.
"""

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

from calco.model.document import Document, Json
from calco.template.context import Context
from calco.template.faults import Fault
from calco.template.language import Node
from calco.template.values import kind_of


class Place(Enum):
    """Where an expression stands; some functions mean something only in some places."""

    PARAMETER = auto()
    VARIABLE = auto()
    HEAD = auto()
    """A resource's name, condition, dependencies, copy: what must be known before anything is made."""
    BODY = auto()
    OUTPUT = auto()
    MEMBER = auto()
    """The output of a function of the template's own."""


EVERYWHERE = frozenset(Place)
RUNTIME = frozenset({Place.BODY, Place.OUTPUT})


class Frame(typing.Protocol):
    """What a function may ask of where it is evaluated. All raise Fault."""

    @property
    def context(self) -> Context: ...
    @property
    def place(self) -> Place: ...
    def evaluate(self, node: Node) -> Json: ...
    def parameter(self, name: str) -> Json: ...
    def variable(self, name: str) -> Json: ...
    def copy_index(self, name: str | None) -> int: ...
    def deployment(self) -> Json: ...
    def new_guid(self) -> str: ...
    def reference(self, name: str, version: str | None, full: bool) -> Json: ...
    def list(self, name: str, verb: str, version: str, body: Document) -> Json: ...
    def lambda_variable(self, name: str) -> Json: ...
    def bound(self, variables: Mapping[str, Json]) -> "Frame": ...
    def take(self, cost: int) -> None:
        """Pay for work beyond what the arguments' size says."""


_KINDS: Mapping[object, str] = types.MappingProxyType(
    {
        str: "String",
        int: "Integer",
        bool: "Boolean",
        float: "Float",
        types.NoneType: "Null",
        list: "Array",
        dict: "Object",
    }
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")


@dataclass(frozen=True)
class Argument:
    name: str
    kinds: frozenset[str]
    lazy: bool
    optional: bool
    more: bool
    """Whether any number of further arguments are taken like it."""


@dataclass(frozen=True)
class Function:
    name: str
    meaning: str
    arguments: tuple[Argument, ...]
    framed: bool
    places: frozenset[Place]
    call: Callable[..., Json]

    @property
    def signature(self) -> str:
        return f"{self.name}({''.join(self._signed())})"

    def _signed(self) -> Iterator[str]:
        for number, each in enumerate(self.arguments):
            comma = ", " if number else ""
            if each.more:
                yield f"{comma}{each.name}, ..." if not each.optional else f"[{comma}{each.name}, ...]"
            else:
                yield f"[{comma}{each.name}]" if each.optional else f"{comma}{each.name}"

    @cached_property
    def least(self) -> int:
        return sum(not each.optional for each in self.arguments)

    @cached_property
    def most(self) -> int | None:
        return None if any(each.more for each in self.arguments) else len(self.arguments)

    def argument(self, number: int) -> Argument:
        return self.arguments[min(number, len(self.arguments) - 1)]

    def check_count(self, given: int) -> None:
        """Raises Fault."""
        least, most = self.least, self.most
        if given >= least and (most is None or given <= most):
            return
        if most is None and least <= 1:
            raise Fault(
                f"Unable to evaluate template language function '{self.name}'. At least one parameter should be "
                f"provided. {self.usage}"
            )
        wanted = f"{least}" if least == most else f"at least {least}" if most is None else f"between {least} and {most}"
        raise Fault(
            f"Unable to evaluate template language function '{self.name}': function requires {wanted} argument(s) "
            f"while {given} were provided. {self.usage}"
        )

    def check_kinds(self, values: Sequence[Json]) -> None:
        """Raises Fault."""
        for number, value in enumerate(values):
            wanted, there = self.argument(number).kinds, kind_of(value)
            if there not in wanted:
                which = "" if self.most == 1 else f"{_ORDINALS[min(number, len(_ORDINALS) - 1)]} "
                kinds = " or ".join(f"'{each}'" for each in sorted(wanted, reverse=True))
                raise Fault(
                    f"The template language function '{self.name}' expects its {which}parameter to be of type {kinds}. "
                    f"The provided value is of type '{there}'. {self.usage}"
                )

    @property
    def usage(self) -> str:
        return f"Please see https://aka.ms/arm-template-expressions/#{self.name.lower()} for usage details"


def function(call: Callable[..., Json], places: frozenset[Place] = EVERYWHERE) -> Function:
    """The template function that ``call`` is."""
    parameters = list(inspect.signature(call).parameters.values())
    framed = bool(parameters) and parameters[0].annotation is Frame
    return Function(
        _camel(call.__name__),
        (call.__doc__ or "").strip().split("\n", 1)[0].replace("``", "`"),
        tuple(_argument(each) for each in parameters[1 if framed else 0 :] if each.kind is not each.KEYWORD_ONLY),
        framed,
        places,
        call,
    )


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(each.capitalize() for each in rest)


def _argument(parameter: inspect.Parameter) -> Argument:
    more = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    lazy = parameter.annotation == Node
    return Argument(
        _camel(parameter.name),
        frozenset() if lazy else frozenset(_kinds(parameter.annotation)),
        lazy,
        more or parameter.default is not inspect.Parameter.empty,
        more,
    )


def _kinds(annotation: object) -> Iterator[str]:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        for each in typing.get_args(annotation):
            yield from _kinds(each)
    else:
        yield _KINDS[typing.get_origin(annotation) or annotation]
