"""What an expression means where it stands.

A ``World`` is one template under evaluation: its parameters, its variables, found out when first asked for, and how
much work may still be done. A ``Scope`` is a place in it: which loops run around it, what a lambda has bound. All work
is bounded: each call and each value made costs, nesting is counted across variables, and what is used up is a Fault.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from calco.model.document import Document, Json
from calco.model.ids import ResourceId
from calco.template.context import Context, Look
from calco.template.faults import USAGE, Fault, Postponed, has_members, short
from calco.template.function import RUNTIME, Function, Place
from calco.template.functions import find
from calco.template.hashing import guid_of
from calco.template.language import Call, Index, Literal, Node, is_expression, parse, plain, quoted
from calco.template.values import kind_of, member, weight

BUDGET = 10_000_000
"""What one preparation may cost: ``CALL`` for each call, and each member and each four characters it is given or makes.
A step takes a quarter of a microsecond."""
CALL = 10
MAX_DEPTH = 100
"""Nesting of evaluation: calls, variables, objects in them."""
MAX_COPIES = 800
"""Source: Azure, "Resource iteration in ARM templates"."""


@dataclass(frozen=True)
class Known:
    """A resource that the template names: what ``reference()`` finds by name."""

    id: ResourceId
    version: str
    deployed: bool
    """False when its condition is."""


class Names(Protocol):
    def find(self, text: str) -> Known | None:
        """What ``text``, a name or an id, names in the template. Raises Fault when it names several."""


@dataclass
class Meter:
    """How much may still be done."""

    left: int = BUDGET
    depth: int = 0

    def spend(self, value: Json) -> None:
        if isinstance(value, list | dict):
            self.take(weight(value, self.left + 1))
        else:
            self.take(1 + (len(value) >> 2) if isinstance(value, str) else 1)

    def take(self, cost: int) -> None:
        self.left -= cost
        if self.left < 0:
            raise Fault(f"The template needs more than '{BUDGET}' steps to evaluate. Make it smaller")

    def __enter__(self) -> None:
        """One level down."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.depth -= 1
            raise Fault(f"The expression, with all it refers to, is nested more than '{MAX_DEPTH}' deep")

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


@dataclass
class World:
    """One template under evaluation. ``looking`` makes a world that asks ``look`` and shares all that is known."""

    template: Document
    context: Context
    parameter: Callable[[str], Json]
    """The value of a parameter by its name, in any case. Raises Fault."""
    given: Document = field(default_factory=dict)
    """Parameters as ``deployment()`` shows them."""
    members: Mapping[str, "Member"] = field(default_factory=dict)
    """Functions of the template's own, by namespace and name in lower case."""
    variables: Mapping[str, "Variable"] = field(default_factory=dict)
    """By name in lower case."""
    names: Names | None = None
    look: Look | None = None
    meter: Meter = field(default_factory=Meter)
    guids: int = 0
    _values: dict[str, Json] = field(default_factory=dict)
    _under_way: set[str] = field(default_factory=set)

    def looking(self, look: Look | None) -> "World":
        return replace(self, look=look, meter=Meter(), _under_way=set())

    def variable(self, name: str) -> Json:
        key = name.lower()
        if key in self._values:
            return self._values[key]
        if key not in self.variables:
            raise Fault(f"The template variable '{short(name)}' is not found. {USAGE[:-1]}")
        if key in self._under_way:
            raise Fault(f"The template variable '{short(name)}' refers to itself, directly or through others")
        self._under_way.add(key)
        try:
            value = self.variables[key].value(Scope(self, Place.VARIABLE))
        finally:
            self._under_way.discard(key)
        self._values[key] = value
        return value


@dataclass(frozen=True)
class Variable:
    """What the template says of a variable: a value, or a loop that makes an array."""

    name: str
    said: Json
    loop: bool = False

    def value(self, scope: "Scope") -> Json:
        return scope.repeated(has_members(self.said))[1] if self.loop else scope.resolve(self.said)


@dataclass(frozen=True)
class Member:
    """A function of the template's own: it sees its parameters, and nothing else of the template."""

    name: str
    parameters: tuple[str, ...]
    output: Json


@dataclass(frozen=True)
class Scope:
    """A place in a world; it is the ``Frame`` that functions see."""

    world: World
    place: Place
    loops: tuple[tuple[str, int], ...] = ()
    """Name in lower case and index of each loop over the resource or output, the innermost last."""
    inner: tuple[tuple[str, int], ...] = ()
    """The same of loops over a property or variable: they are always asked for by name."""
    bindings: Mapping[str, Json] = field(default_factory=dict)
    """A lambda's variables, or a function's own parameters."""
    keep: bool = False
    """Whether what must wait stays an expression, instead of being raised as Postponed."""
    nested: bool = False
    """Whether this is a nested template that is evaluated from outside: what an unknown loop needs must wait, and what
    is made must mean itself when it is read as a template again."""
    asked: "list[tuple[Known, bool]] | None" = None
    """Where to note whom ``reference()`` and ``list*()`` ask for, and whether with an API version."""

    @property
    def context(self) -> Context:
        return self.world.context

    # --- documents ---------------------------------------------------------------------------------------------------

    def resolve(self, value: Json) -> Json:
        """``value`` with every expression in it evaluated and every copy in it made."""
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, dict | list):
            return value
        with self.world.meter:
            self.world.meter.take(len(value))
            if isinstance(value, list):
                return [self.resolve(each) for each in value]
            return self._object(value)

    def _object(self, value: Document) -> Document:
        made: Document = {}
        for name, each in value.items():
            if name.lower() == "copy" and self.copies(each):
                assert isinstance(each, list)
                for copy in each:
                    assert isinstance(copy, dict)
                    loop, array = self.repeated(copy)
                    made[loop] = array
            else:
                made[self._name(name)] = self.resolve(each)
        return made

    def copies(self, value: Json) -> bool:
        """Whether ``value`` is the array of a property's or variable's copy loops."""
        return (
            isinstance(value, list)
            and bool(value)
            and all(isinstance(each, dict) and "input" in each for each in value)
        )

    def repeated(self, copy: Document) -> tuple[str, Json]:
        """A copy loop's name, and the array of what its input means each time."""
        name = copy.get("name")
        if not isinstance(name, str):
            raise Fault("The template copy definition must have a name that is a string literal")
        name = str(self.text(name))
        times = self.count(copy.get("count"))
        inside = copy["input"]
        self.world.meter.take(times * CALL)
        return name, [self.within(name, index).resolve(inside) for index in range(times)]

    def count(self, value: Json) -> int:
        """How often a loop runs."""
        times = self.resolve(value)
        if not isinstance(times, int) or isinstance(times, bool):
            raise Fault(
                "The template copy definition count property must be an integer value. The provided value is of type "
                f"'{kind_of(times)}'. Please see https://aka.ms/arm-copy for usage details"
            )
        if not 0 <= times <= MAX_COPIES:
            raise Fault(
                f"The template copy definition count property must be between '0' and '{MAX_COPIES}'. The provided "
                f"value is '{times}'. Please see https://aka.ms/arm-copy for usage details"
            )
        return times

    def within(self, loop: str, index: int) -> "Scope":
        return replace(self, inner=(*self.inner, (loop.lower(), index)))

    def _name(self, name: str) -> str:
        value = self.text(name)
        if not isinstance(value, str):
            raise Fault(f"The language expression property name '{short(name)}' must be a string")
        return value

    def text(self, text: str) -> Json:
        """What a text of the template means."""
        if not is_expression(text):
            return quoted(plain(text)) if self.nested else plain(text)
        self.world.meter.take(len(text) >> 3)
        node = parse(text)
        try:
            value = self.evaluate(node)
        except Postponed:
            if not self.keep:
                raise
            if self.asked is not None:
                self._gather(node, self.asked)
            return text
        self.world.meter.spend(value)
        return _quoted(value) if self.nested else value

    def _gather(self, node: Node, asked: "list[tuple[Known, bool]]") -> None:
        """Note every resource asked for in ``node``: evaluation stops at the first."""
        left: list[Node] = [node]
        while left:
            each = left.pop()
            if isinstance(each, Index):
                left.extend((each.base, each.key))
            elif isinstance(each, Call):
                left.extend(self._branches(each))
                if "." not in each.name and find(each.name).places == RUNTIME:
                    self._note(each, asked)

    def _branches(self, call: Call) -> tuple[Node, ...]:
        """The arguments of ``call`` that will be evaluated, as far as that is known."""
        if call.name.lower() == "if":
            with suppress(Postponed, Fault):
                condition = self.evaluate(call.arguments[0])
                return (call.arguments[0], call.arguments[1 if condition is True else 2])
        return call.arguments

    def _note(self, call: Call, asked: "list[tuple[Known, bool]]") -> None:
        try:
            name = self.evaluate(call.arguments[0])
        except (Postponed, Fault):  # a lambda's variable, or what another resource will say
            return
        versioned = len(call.arguments) > 1
        asked.append((self.known(str(name), "" if versioned else None), versioned and str(name).startswith("/")))

    # --- expressions -------------------------------------------------------------------------------------------------

    def evaluate(self, node: Node) -> Json:
        if isinstance(node, Literal):
            return node.value
        with self.world.meter:
            if isinstance(node, Index):
                return self._part(self.evaluate(node.base), self.evaluate(node.key))
            self.world.meter.take(CALL)
            return self._member(node) if "." in node.name else self._call(node)

    def _call(self, node: Call) -> Json:
        called = find(node.name)
        self._check_place(called, node.name)
        called.check_count(len(node.arguments))
        given: list[Json | Node] = []
        for number, each in enumerate(node.arguments):
            given.append(each if called.argument(number).lazy else self.evaluate(each))
        values = [each for each in given if not isinstance(each, Literal | Call | Index)]
        called.check_kinds(values)
        for value in values:
            self.world.meter.spend(value)
        made = called.call(self, *given) if called.framed else called.call(*given)
        self.world.meter.take(len(made) >> 2 if isinstance(made, str) else len(made) if isinstance(made, list) else 0)
        return made

    def _check_place(self, called: Function, name: str) -> None:
        if self.place in called.places:
            return
        more = (
            " The function can only be used in a resource with copy specified. Please see https://aka.ms/arm-copy for "
            "usage details"
            if called.name == "copyIndex"
            else f" {USAGE[:-1]}"
        )
        raise Fault(f"The template function '{name}' is not expected at this location.{more}")

    def _member(self, node: Call) -> Json:
        found = self.world.members.get(node.name.lower())
        if found is None:
            raise Fault(f"The template function '{short(node.name)}' is not valid. {USAGE[:-1]}")
        if len(node.arguments) != len(found.parameters):
            raise Fault(
                f"Unable to evaluate the template function '{found.name}': function requires {len(found.parameters)} "
                f"argument(s) while {len(node.arguments)} were provided"
            )
        values = [self.evaluate(each) for each in node.arguments]
        inside = replace(
            self,
            place=Place.MEMBER,
            loops=(),
            inner=(),
            bindings=dict(zip((each.lower() for each in found.parameters), values, strict=True)),
        )
        return inside.resolve(found.output)

    def _part(self, base: Json, key: Json) -> Json:
        if isinstance(base, dict) and isinstance(key, str):
            name = member(base, key)
            if name is None:
                there = short(", ".join(base))
                raise Fault(
                    f"The language expression property '{short(key)}' doesn't exist, available properties are '{there}'"
                )
            return base[name]
        if isinstance(base, list) and isinstance(key, int) and not isinstance(key, bool):
            if not 0 <= key < len(base):
                raise Fault(f"The language expression property array index '{key}' is out of bounds")
            return base[key]
        raise Fault(
            f"The language expression property '{short(str(key))}' can't be evaluated: the value it is asked of is of "
            f"type '{kind_of(base)}'"
        )

    # --- what functions ask ------------------------------------------------------------------------------------------

    def parameter(self, name: str) -> Json:
        if self.place is Place.MEMBER:
            if name.lower() not in self.bindings:
                raise Fault(f"The template parameter '{short(name)}' is not found. {USAGE[:-1]}")
            return self.bindings[name.lower()]
        return self.world.parameter(name)

    def variable(self, name: str) -> Json:
        return self.world.variable(name)

    def copy_index(self, name: str | None) -> int:
        for loop, index in reversed(self.loops if name is None else (*self.loops, *self.inner)):
            if name is None or loop == name.lower():
                return index
        if self.nested:
            raise Postponed
        named = "" if name is None else f" There is no copy named '{short(name)}' around it."
        raise Fault(
            f"The template function 'copyIndex' is not expected at this location.{named} The function can only be used "
            "in a resource with copy specified. Please see https://aka.ms/arm-copy for usage details"
        )

    def lambda_variable(self, name: str) -> Json:
        if self.place is Place.MEMBER or name not in self.bindings:
            raise Fault(f"The lambda variable '{short(name)}' is not found. {USAGE[:-1]}")
        return self.bindings[name]

    def bound(self, variables: Mapping[str, Json]) -> "Scope":
        return replace(self, bindings={**self.bindings, **variables})

    def take(self, cost: int) -> None:
        self.world.meter.take(cost)

    def new_guid(self) -> str:
        self.world.guids += 1
        return guid_of((self.context.seed, "newGuid", str(self.world.guids)))

    def deployment(self) -> Json:
        return {
            "name": self.context.deployment,
            "properties": {
                "template": self.world.template,
                "parameters": self.world.given,
                "mode": self.context.mode,
                "provisioningState": "Accepted",
            },
        }

    def reference(self, name: str, version: str | None, full: bool) -> Json:
        known = self.known(name, version)
        if self.world.look is None:
            raise Postponed
        return self._seen(self.world.look.reference(known.id, version or known.version, full))

    def list(self, name: str, verb: str, version: str, body: Document) -> Json:
        known = self.known(name, version)
        if self.world.look is None:
            raise Postponed
        return self._seen(self.world.look.list(known.id, verb, version, body))

    def _seen(self, value: Json) -> Json:
        self.world.meter.spend(value)
        return value

    def known(self, name: str, version: str | None) -> Known:
        """The resource that ``reference()`` names: one of the template's, or any by its id. Raises Fault."""
        found = None if self.world.names is None else self.world.names.find(name)
        if found is not None:
            return found
        if not name.startswith("/"):
            raise Fault(
                f"The template reference '{short(name)}' is not valid: could not find template resource or resource "
                "copy with this name. Please see https://aka.ms/arm-function-reference for usage details"
            )
        if version is None:
            raise Fault(
                f"The reference to '{short(name)}' requires an API version: the resource is not defined in the "
                "template. Please see https://aka.ms/arm-function-reference for usage details"
            )
        try:
            return Known(ResourceId.parse(name), version, deployed=True)
        except ValueError:
            raise Fault(f"The resource identifier '{short(name)}' is malformed. {USAGE[:-1]}") from None


def _quoted(value: Json) -> Json:
    """``value`` as a template that means it."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return [_quoted(each) for each in value]
    if isinstance(value, dict):
        return {quoted(name): _quoted(each) for name, each in value.items()}
    return value
