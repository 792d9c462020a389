"""What a statement does: a generator of what it puts out, one object at a time.

An error that ends a statement is told, and the next one runs, unless a try is under way or $ErrorActionPreference is
Stop. Source: Microsoft Learn, about_If, about_For, about_Foreach, about_While, about_Do, about_Switch, about_Break,
about_Continue, about_Try_Catch_Finally, about_Throw, about_Pipelines, about_Error_Handling.
"""

from abc import abstractmethod
from collections.abc import Generator, Iterator, Sequence

from calco.cloudshell import syntax
from calco.cloudshell.errors import Exit, Fault, Terminating
from calco.cloudshell.evaluator.expression import Expressions
from calco.cloudshell.evaluator.flow import Break, Continue, Return
from calco.cloudshell.evaluator.scope import Scope
from calco.cloudshell.objects import compare, faults, operators, pattern
from calco.cloudshell.objects.convert import to_bool, to_text, to_whole
from calco.cloudshell.objects.error_record import error_record, fault_of
from calco.cloudshell.objects.output import NOTHING, collected
from calco.cloudshell.objects.type_name import full_name, kinds
from calco.cloudshell.values import ScriptBlock, Value

Output = Generator[Value, None, None]
Body = Sequence[syntax.Statement]


class Statements(Expressions):
    """The part of the interpreter that carries out; commands are its heir's."""

    @abstractmethod
    def command(self, node: syntax.Command, scope: Scope, input: Iterator[Value] | None) -> Iterator[Value]:
        """Its arguments are evaluated at once, what it does comes as it is asked for."""

    @abstractmethod
    def tell(self, fault: Fault, scope: Scope, *, shown: bool = True) -> None:
        """An error that ends nothing."""

    @abstractmethod
    def remember(self, fault: Fault) -> None:
        """In ``$Error``."""

    def body(self, statements: Body, scope: Scope) -> Output:
        for statement in statements:
            self.tick()
            try:
                yield from self.statement(statement, scope)
            except Terminating as error:
                self.settle(error, statement.at, scope)

    def settle(self, error: Terminating, at: syntax.Place, scope: Scope) -> None:
        """Tell it and go on, or let it pass."""
        fault = error.fault.placed(at)
        preference = to_text(scope.read("ErrorActionPreference")).lower()
        if error.stopping or preference == "stop" or scope.guarded():
            raise Terminating(fault, stopping=error.stopping or preference == "stop") from error
        self.tell(fault, scope, shown=preference not in {"silentlycontinue", "ignore"})

    def statement(self, node: syntax.Statement, scope: Scope) -> Output:
        match node:
            case syntax.Pipeline():
                yield from self._pipeline(node, scope)
            case syntax.Assignment():
                self._assignment(node, scope)
            case syntax.If():
                yield from self._if(node, scope)
            case syntax.ForEach():
                yield from self._for_each(node, scope)
            case syntax.Flow():
                yield from self._flow(node, scope)
            case syntax.Try():
                yield from self._try(node, scope)
            case syntax.Function():
                scope.define(node)
            case _:
                yield from self._loop(node, scope)

    # --- pipelines ---------------------------------------------------------------------------------------------------

    def _pipeline(self, node: syntax.Pipeline, scope: Scope) -> Output:
        before = scope.faults_told
        stages: list[Iterator[Value]] = []
        flow: Iterator[Value] | None = None
        try:
            for element in node.elements:
                if isinstance(element, syntax.Command):
                    flow = self.command(element, scope, flow)
                else:
                    flow = self._head(element, node.at, scope)
                stages.append(flow)
            yield from flow or ()
        finally:
            for stage in reversed(stages):
                if isinstance(stage, Generator):
                    stage.close()
        self.ok = scope.faults_told == before

    def _head(self, node: syntax.Expression, at: syntax.Place, scope: Scope) -> Output:
        """An expression's objects, one by one. ``$i++`` gives none. ``at``: where the pipeline begins."""
        try:
            value = self.raw(node, scope)
        except Terminating as error:
            error.fault = error.fault.placed(at)
            raise
        if isinstance(node, syntax.Step):
            return
        if isinstance(value, list):
            yield from list(value)
        else:
            yield value

    def outcome(self, statement: syntax.Statement, scope: Scope) -> Value:
        """What an assignment takes: an expression's own value, of anything else what it put out."""
        if isinstance(statement, syntax.Pipeline) and len(statement.elements) == 1:
            only = statement.elements[0]
            if not isinstance(only, syntax.Command):
                return self.raw(only, scope)
        if isinstance(statement, syntax.Assignment):
            return self._assignment(statement, scope)
        return collected(self.statement(statement, scope))

    def _assignment(self, node: syntax.Assignment, scope: Scope) -> Value:
        before = scope.faults_told
        new = self.outcome(node.value, scope)
        if node.operator != "=":
            held = self.value(node.target.of if isinstance(node.target, syntax.Cast) else node.target, scope)
            new = operators.binary(node.operator.removesuffix("="), held, None if new is NOTHING else new)
        self.assign(node.target, new, scope)
        self.ok = scope.faults_told == before
        return new

    def _true(self, statement: syntax.Statement | None, scope: Scope) -> bool:
        return statement is None or to_bool(self.outcome(statement, scope))

    # --- choices -----------------------------------------------------------------------------------------------------

    def _if(self, node: syntax.If, scope: Scope) -> Output:
        for condition, body in node.branches:
            if self._true(condition, scope):
                yield from self.body(body, scope)
                return
        yield from self.body(node.otherwise, scope)

    def _switch(self, node: syntax.Switch, scope: Scope) -> Output:
        over = self.outcome(node.over, scope)
        for item in list(over) if isinstance(over, list) else [over]:
            layer = Scope(scope, layer=True)
            layer.lend("_", item)
            if not (yield from self._turn(self._cases(node, item, layer), node.label)):
                return

    def _cases(self, node: syntax.Switch, item: Value, scope: Scope) -> Output:
        matched = False
        for condition, body in node.cases:
            if condition is not None and self._fits(node, item, condition, scope):
                matched = True
                yield from self.body(body, scope)
        if not matched:
            for condition, body in node.cases:
                if condition is None:
                    yield from self.body(body, scope)

    def _fits(self, node: syntax.Switch, item: Value, condition: syntax.Expression, scope: Scope) -> bool:
        wanted = self.value(condition, scope)
        if isinstance(wanted, ScriptBlock):
            return to_bool(collected(self.invoke_in(wanted, scope, item, ())))
        if node.match == "wildcard":
            return pattern.like(to_text(item), to_text(wanted), case=node.case_sensitive)
        if node.match == "regex":
            return self._matched(to_text(item), to_text(wanted), node.case_sensitive, scope)
        return compare.equal(item, wanted, case=node.case_sensitive)

    # --- loops -------------------------------------------------------------------------------------------------------

    def _loop(self, node: syntax.Statement, scope: Scope) -> Output:
        match node:
            case syntax.For():
                yield from self._for(node, scope)
            case syntax.While():
                yield from self._while(node, scope)
            case syntax.Switch():
                yield from self._switch(node, scope)

    def _turn(self, body: Output, label: str) -> Generator[Value, None, bool]:
        """One turn of a loop or switch; returns whether there may be another."""
        try:
            yield from body
        except Continue as leave:
            if not leave.meant_for(label):
                raise
        except Break as leave:
            if not leave.meant_for(label):
                raise
            return False
        return True

    def _for_each(self, node: syntax.ForEach, scope: Scope) -> Output:
        over = self.outcome(node.over, scope)
        for item in list(over) if isinstance(over, list) else [] if over is None else [over]:
            self.assign(node.variable, item, scope)
            if not (yield from self._turn(self.body(node.body, scope), node.label)):
                return

    def _for(self, node: syntax.For, scope: Scope) -> Output:
        if node.first is not None:
            _drain(self.statement(node.first, scope))
        while self._true(node.condition, scope):
            self.tick()
            if not (yield from self._turn(self.body(node.body, scope), node.label)):
                return
            if node.step is not None:
                _drain(self.statement(node.step, scope))

    def _while(self, node: syntax.While, scope: Scope) -> Output:
        first = node.first
        while first or self._true(node.condition, scope) != node.until:
            first = False
            self.tick()
            if not (yield from self._turn(self.body(node.body, scope), node.label)):
                return

    # --- errors ------------------------------------------------------------------------------------------------------

    def _try(self, node: syntax.Try, scope: Scope) -> Output:
        told = False
        try:
            yield from self._tried(node, scope)
            told = True
        except (Terminating, Break, Return, Exit):
            told = True
            raise
        finally:
            if told:
                yield from self.body(node.last, scope)
            else:
                _drain(self.body(node.last, scope))  # nobody listens any more: the pipeline was stopped, or Ctrl-C

    def _tried(self, node: syntax.Try, scope: Scope) -> Output:
        try:
            yield from self._guarded(node.body, scope)
            return
        except Terminating as error:
            handler = next((each for each in node.catches if _takes(each, error.fault)), None)
            if handler is None:
                raise
            caught = error.fault
        self.remember(caught)
        layer = Scope(scope, layer=True)
        layer.lend("_", error_record(caught))
        yield from self.body(handler.body, layer)

    def _guarded(self, body: Body, scope: Scope) -> Output:
        scope.guards += 1
        try:
            yield from self.body(body, scope)
        finally:
            scope.guards -= 1

    # --- leaving -----------------------------------------------------------------------------------------------------

    def _flow(self, node: syntax.Flow, scope: Scope) -> Output:
        match node.word:
            case "return":
                if node.value is not None:
                    yield from self.statement(node.value, scope)
                raise Return
            case "break":
                raise Break(node.label)
            case "continue":
                raise Continue(node.label)
            case "exit":
                raise Exit(to_whole(self._of(node, scope)))
            case _:
                raise Terminating(_thrown(self._of(node, scope), scope).placed(node.at), stopping=True)

    def _of(self, node: syntax.Flow, scope: Scope) -> Value:
        made = None if node.value is None else self.outcome(node.value, scope)
        return None if made is NOTHING else made


def _drain(values: Output) -> None:
    for _ in values:
        pass


def _takes(handler: syntax.Catch, fault: Fault) -> bool:
    if not handler.types:
        return True
    own = {kind.lower() for kind in kinds(fault.exception)}
    for type in handler.types:
        full = full_name(type)
        if full is None:
            raise faults.no_type(type)
        if full.lower() in own:
            return True
    return False


def _thrown(value: Value, scope: Scope) -> Fault:
    """An error again as it was; any other value with its text as the message; nothing: the error that was caught."""
    if value is None:
        value = scope.read("_")
        if fault_of(value) is None:
            return Fault("ScriptHalted", id="ScriptHalted")
    fault = fault_of(value)
    if fault is not None:
        return fault
    text = to_text(value)
    return Fault(text, id=text, target=value)
