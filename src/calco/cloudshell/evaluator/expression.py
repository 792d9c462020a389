"""What an expression is worth.

``raw`` may answer NOTHING (no value at all: what a pipeline without output gives), ``value`` makes it null. Source:
Microsoft Learn, about_Operators, about_Variables, about_Arrays, about_Quoting_Rules.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, MutableMapping, Sequence
from typing import TYPE_CHECKING

from calco.cloudshell import syntax
from calco.cloudshell.evaluator.scope import Scope
from calco.cloudshell.objects import arithmetic, faults, member, method, operators, pattern, static
from calco.cloudshell.objects.convert import to_bool, to_list, to_text, to_type
from calco.cloudshell.objects.output import NOTHING, collected, gathered
from calco.cloudshell.objects.text import bounded
from calco.cloudshell.objects.type_name import full_name, type_of
from calco.cloudshell.values import Hashtable, ScriptBlock, Value

if TYPE_CHECKING:
    from calco.ports.world import Chance, Clock

_GLOBAL = frozenset({"global", "script"})
_LOCAL = frozenset({"", "local", "private", "variable", "using"})


class Expressions(ABC):
    """The part of the interpreter that computes; the statements inside of an expression are its heir's."""

    clock: "Clock"
    chance: "Chance"
    environment: MutableMapping[str, str]
    ok: bool
    """``$?``."""

    @abstractmethod
    def tick(self) -> None:
        """One step. Raises when there are none left."""

    @abstractmethod
    def body(self, statements: Sequence[syntax.Statement], scope: Scope) -> Iterator[Value]: ...

    @abstractmethod
    def outcome(self, statement: syntax.Statement, scope: Scope) -> Value:
        """What an assignment takes from it."""

    @abstractmethod
    def invoke_in(
        self, block: ScriptBlock, scope: Scope, item: Value, arguments: tuple[Value, ...]
    ) -> Iterator[Value]: ...

    def value(self, node: syntax.Expression, scope: Scope) -> Value:
        made = self.raw(node, scope)
        return None if made is NOTHING else made

    def raw(self, node: syntax.Expression, scope: Scope) -> Value:
        self.tick()
        made: Value
        match node:
            case syntax.Literal():
                made = node.value
            case syntax.Variable():
                made = self._variable(node, scope)
            case syntax.Text():
                made = self._text(node, scope)
            case syntax.Member():
                made = self._member(node, scope)
            case syntax.Binary():
                made = self._binary(node, scope)
            case syntax.Invocation():
                made = self._call(node, scope)
            case syntax.Array():
                made = [self.value(each, scope) for each in node.items]
            case syntax.Paren():
                made = self.outcome(node.body, scope)
            case _:
                made = self._rare(node, scope)
        return made

    def _rare(self, node: syntax.Expression, scope: Scope) -> Value:
        made: Value = None
        match node:
            case syntax.Index():
                made = member.at(self.value(node.of, scope), self.value(node.by, scope))
            case syntax.Unary():
                made = operators.unary(node.operator, self.value(node.of, scope))
            case syntax.Cast():
                made = self._cast(node, scope)
            case syntax.SubExpression():
                made = collected(self.body(node.body, scope))
            case syntax.ArrayExpression():
                made = gathered(self.body(node.body, scope))
            case syntax.Hash():
                made = self._hash(node, scope)
            case syntax.Step():
                made = self._step(node, scope)
            case syntax.Block():
                made = ScriptBlock(node, scope)
            case syntax.TypeName():
                made = _type(node)
        return made

    # --- variables ---------------------------------------------------------------------------------------------------

    def _variable(self, node: syntax.Variable, scope: Scope) -> Value:
        if node.space == "env":
            return self.environment.get(node.name)
        if node.name == "?":
            return self.ok
        return _owner(node, scope).read(node.name)

    def assign(self, target: syntax.Expression, new: Value, scope: Scope, type: str = "") -> None:
        """Raises Terminating when nothing can be assigned there."""
        value = None if new is NOTHING else new
        match target:
            case syntax.Variable(space="env"):
                self.environment.pop(target.name, None)
                if value is not None:
                    self.environment[target.name] = to_text(value)
            case syntax.Variable():
                _owner(target, scope).write(target.name, new, type)
            case syntax.Cast():
                self.assign(target.of, to_type(value, target.type), scope, target.type)
            case syntax.Member(static=False):
                member.put(self.value(target.of, scope), self._name(target.name, scope), value)
            case syntax.Index():
                member.put_at(self.value(target.of, scope), self.value(target.by, scope), value)
            case syntax.Array():
                self._assign_each(target.items, to_list(new), scope)
            case syntax.Paren(body=syntax.Pipeline(elements=(syntax.Array() as array,))):
                self._assign_each(array.items, to_list(new), scope)
            case _:
                raise faults.not_assignable()

    def _assign_each(self, targets: Sequence[syntax.Expression], values: Sequence[Value], scope: Scope) -> None:
        """One each; the last takes the rest."""
        for number, target in enumerate(targets):
            rest = list(values[number:])
            last = number == len(targets) - 1 and len(rest) > 1
            self.assign(target, rest if last else rest[0] if rest else None, scope)

    def _step(self, node: syntax.Step, scope: Scope) -> Value:
        before = self.value(node.target, scope)
        if before is not None and (isinstance(before, bool) or not isinstance(before, int | float)):
            raise faults.runtime(
                f"The '{node.operator}' operator works only on numbers. The operand is a '{type_of(before)}'.",
                "OperatorRequiresNumber",
            )
        way = arithmetic.add if node.operator == "++" else arithmetic.subtract
        after = way(before or 0, 1)
        self.assign(node.target, after, scope)
        return after if node.before else before or 0

    # --- members and methods -----------------------------------------------------------------------------------------

    def _name(self, name: "str | syntax.Expression", scope: Scope) -> str:
        return name if isinstance(name, str) else to_text(self.value(name, scope))

    def _member(self, node: syntax.Member, scope: Scope) -> Value:
        name = self._name(node.name, scope)
        of = self.value(node.of, scope)
        if node.static:
            return static.get(_static(of), name, self)
        return member.get(of, name)

    def _call(self, node: syntax.Invocation, scope: Scope) -> Value:
        of = self.value(node.of, scope)
        name = self._name(node.name, scope)
        arguments = [self.value(each, scope) for each in node.arguments]
        if node.static:
            return static.call(_static(of), name, arguments, self)
        return method.call(of, name, arguments, self._invoke_at(scope), node.at)

    def _invoke_at(self, scope: Scope) -> method.Invoke:
        def invoke(block: ScriptBlock, item: Value, arguments: tuple[Value, ...]) -> Iterator[Value]:
            return self.invoke_in(block, scope, item, arguments)

        return invoke

    # --- operators ---------------------------------------------------------------------------------------------------

    def _binary(self, node: syntax.Binary, scope: Scope) -> Value:
        left = self.value(node.left, scope)
        if node.operator == "-and":
            return to_bool(left) and to_bool(self.value(node.right, scope))
        if node.operator == "-or":
            return to_bool(left) or to_bool(self.value(node.right, scope))
        right = self.value(node.right, scope)
        word, case = operators.cased(node.operator.removeprefix("-"))
        if word in {"match", "notmatch"} and not isinstance(left, list):
            return self._matched(to_text(left), to_text(right), case, scope) == (word == "match")
        if word == "split" and isinstance(right, ScriptBlock):
            raise faults.not_here("A script block as the separator of -split")
        if word == "replace" and isinstance(right, list) and len(right) == 2 and isinstance(right[1], ScriptBlock):
            return self._replaced(left, right[0], right[1], case, scope)
        return operators.binary(node.operator, left, right)

    def _matched(self, text: str, by: str, case: bool, scope: Scope) -> bool:
        """And ``$Matches`` says what it found."""
        found = pattern.match(text, by, case=case)
        if found is not None:
            scope.write("Matches", found)
        return found is not None

    def _replaced(self, left: Value, by: Value, block: ScriptBlock, case: bool, scope: Scope) -> Value:
        """-replace with a block that is asked what stands for each match."""

        def replacement(found: Value) -> str:
            return to_text(collected(self.invoke_in(block, scope, found, ())))

        made: list[Value] = [
            pattern.replace(to_text(each), to_text(by), replacement, case=case) for each in to_list(left)
        ]
        return made if isinstance(left, list) else made[0]

    def _cast(self, node: syntax.Cast, scope: Scope) -> Value:
        folded = node.type.lower()
        if folded == "ordered" and not isinstance(node.of, syntax.Hash):
            raise faults.runtime(
                "The ordered attribute can be specified only on a hash literal node.",
                "OrderedAttributeOnlyOnHashLiteralNode",
            )
        value = self.value(node.of, scope)
        if isinstance(node.of, syntax.Cast) and full_name(node.of.type) == "System.Char" and isinstance(value, str):
            value = value if folded == "string" else ord(value)
        return NOTHING if folded in {"void", "system.void"} else to_type(value, node.type, node.at)

    # --- literals with something inside ------------------------------------------------------------------------------

    def _text(self, node: syntax.Text, scope: Scope) -> str:
        separator = scope.read("OFS")
        between = " " if separator is None else to_text(separator)
        parts = (part if isinstance(part, str) else to_text(self.value(part, scope), between) for part in node.parts)
        return bounded("".join(parts))

    def _hash(self, node: syntax.Hash, scope: Scope) -> Hashtable:
        made = Hashtable()
        for key, value in node.entries:
            name = self.value(key, scope)
            if name is None:
                raise faults.null_key()
            if made.has(member.key_of(name)):
                raise faults.same_key_written(to_text(name))
            held = self.outcome(value, scope)
            made.put(member.key_of(name), None if held is NOTHING else held)
        return made


def _owner(node: syntax.Variable, scope: Scope) -> Scope:
    if node.space in _GLOBAL:
        return scope.top()
    if node.space in _LOCAL:
        return scope
    raise faults.runtime(
        f"Cannot find drive. A drive with the name '{node.space}' does not exist.",
        "DriveNotFound",
        "ObjectNotFound",
        faults.AUTOMATION + "DriveNotFoundException",
    )


def _static(of: Value) -> str:
    if isinstance(of, syntax.TypeName):
        return of.name
    if isinstance(of, str):
        return of
    raise faults.no_type(to_text(of))


def _type(node: syntax.TypeName) -> syntax.TypeName:
    if full_name(node.name) is None:
        raise faults.no_type(node.name)
    return node
