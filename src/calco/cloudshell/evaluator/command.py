"""Commands: found by name, given their arguments, run by the binder; functions and blocks are commands too.

Source: Microsoft Learn, about_Command_Precedence, about_Splatting, about_Operators (call, dot sourcing),
about_Redirection, about_Functions_Advanced_Methods.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from calco.cloudshell import syntax
from calco.cloudshell.binder.binding import Given
from calco.cloudshell.binder.binding import run as run_bound
from calco.cloudshell.cmdlet import Call, Cmdlet, Commands, Shell
from calco.cloudshell.errors import Terminating, not_recognized
from calco.cloudshell.evaluator.flow import Return
from calco.cloudshell.evaluator.function import Arguments, declared
from calco.cloudshell.evaluator.scope import Scope
from calco.cloudshell.evaluator.statement import Output, Statements
from calco.cloudshell.evaluator.streams import ALL, Redirected
from calco.cloudshell.objects import faults
from calco.cloudshell.objects.convert import to_text
from calco.cloudshell.objects.output import gathered
from calco.cloudshell.values import Hashtable, Record, ScriptBlock, Value

_MERGED = "&1"


class Invocations(Statements):
    """The part of the interpreter that calls."""

    commands: Commands

    @abstractmethod
    def here(self, scope: Scope) -> Shell:
        """The session as a cmdlet sees it that is called in ``scope``."""

    def command(self, node: syntax.Command, scope: Scope, input: Iterator[Value] | None) -> Iterator[Value]:
        given = self._given(node.arguments, scope)
        redirected = self._redirected(node, scope)
        if redirected is None:
            return self._called(node, given, scope, input)
        inner = Scope(scope, layer=True, host=redirected)
        return redirected.output(self._told(node, given, inner, input))

    def _told(
        self, node: syntax.Command, given: Sequence[Given], scope: Scope, input: Iterator[Value] | None
    ) -> Output:
        """An error that would end the statement goes where the command's errors go, unless a try waits for it."""
        try:
            yield from self._called(node, given, scope, input)
        except Terminating as error:
            self.settle(error, node.at, scope)

    def _called(
        self, node: syntax.Command, given: Sequence[Given], scope: Scope, input: Iterator[Value] | None
    ) -> Iterator[Value]:
        name = self.value(node.name, scope)
        if node.invoked and isinstance(name, ScriptBlock):
            target = Scope(scope, layer=True) if node.invoked == "." else None
            return self._run(
                self._of_block("", name.block, scope, input is not None, target), given, input, scope, node.at
            )
        if isinstance(name, Record):
            name = name.get("Name")
        if not isinstance(name, str) or (node.invoked and not name):
            raise faults.not_a_command(node.invoked or "&")
        return self._run(self._found(name, node, scope, input is not None), given, input, scope, node.at)

    def _found(self, name: str, node: syntax.Command, scope: Scope, piped: bool) -> Cmdlet:
        bare = name.rpartition("\\")[2]
        aliased = self.commands.aliases().get(bare.lower(), bare)
        function = scope.function(bare) or scope.function(aliased)
        if function is not None:
            target = Scope(scope, layer=True) if node.invoked == "." else None
            return self._of_block(function.name.rpartition(":")[2], function.body, scope, piped, target)
        found = self.commands.find(bare)
        if found is None:
            raise not_recognized(name, node.at)
        return found

    def _run(
        self, found: Cmdlet, given: Sequence[Given], input: Iterator[Value] | None, scope: Scope, at: syntax.Place
    ) -> Iterator[Value]:
        return run_bound(found, given, input, self.here(scope), at)

    # --- arguments ---------------------------------------------------------------------------------------------------

    def _given(self, arguments: Sequence[syntax.Argument | syntax.Named | syntax.Splat], scope: Scope) -> list[Given]:
        given: list[Given] = []
        for each in arguments:
            if isinstance(each, syntax.Argument):
                given.append(Given(each.at, self.value(each.value, scope)))
            elif isinstance(each, syntax.Splat):
                given += _splat(each.at, scope.read(each.name))
            elif each.value is None:
                given.append(Given(each.at, name=each.name, has_value=False))
            else:
                given.append(Given(each.at, self.value(each.value, scope), each.name))
        return given

    # --- redirection -------------------------------------------------------------------------------------------------

    def _redirected(self, node: syntax.Command, scope: Scope) -> Redirected | None:
        silent: set[str] = set()
        merged: set[str] = set()
        for each in node.redirections:
            sources = ALL if each.source == "*" else {each.source or "1"}
            if each.target == _MERGED:
                merged |= sources - {"1"}
            else:  # $null: the grammar has no other
                silent |= sources
        if not silent and not merged:
            return None
        host = scope.host or self.here(scope).host
        return Redirected(host, frozenset(silent), frozenset(merged))

    # --- functions and blocks ----------------------------------------------------------------------------------------

    def _of_block(self, name: str, block: syntax.Block, caller: Scope, piped: bool, target: Scope | None) -> Cmdlet:
        """``target``: the scope to run in, when it is not one of its own (dot sourcing)."""

        def run(call: Call) -> Iterator[Value]:
            return self._function(Arguments(name, block, call), call, caller, piped, target)

        return declared(name, block, run)

    def _function(self, arguments: Arguments, call: Call, caller: Scope, piped: bool, target: Scope | None) -> Output:
        local = target or Scope(caller)
        try:
            arguments.enter(local, lambda node: self.value(node, local))
            block = arguments.block
            yield from self._part(block.begin, local)
            if block.process or _binds_input(block):
                yield from self._each(arguments, call, local, piped)
            elif piped:
                local.lend("input", gathered(call.input))
            yield from self._part(block.end, local)
        except RecursionError:
            raise faults.too_deep() from None

    def _each(self, arguments: Arguments, call: Call, local: Scope, piped: bool) -> Output:
        """``process`` for every object; once without any when nothing is piped."""
        for item in call.input if piped else (None,):
            if piped:
                arguments.take(local, item)
            yield from self._part(arguments.block.process, local)

    def _part(self, body: Sequence[syntax.Statement], scope: Scope) -> Output:
        try:
            yield from self.body(body, scope)
        except Return:
            return

    def invoke_in(self, block: ScriptBlock, scope: Scope, item: Value, arguments: tuple[Value, ...]) -> Iterator[Value]:
        """As ForEach-Object does: where the block was written, with ``$_`` lent to it."""
        written = block.scope if isinstance(block.scope, Scope) else scope
        layer = Scope(written, layer=True, host=scope.host)
        layer.lend("_", item)
        names = [formal.name for formal in block.block.parameters]
        for formal, argument in zip(block.block.parameters, arguments, strict=False):
            layer.lend(formal.name, argument, formal.type)
        layer.lend("args", list(arguments[len(names) :]))
        for body in (block.block.begin, block.block.process, block.block.end):
            yield from self._part(body, layer)


def _binds_input(block: syntax.Block) -> bool:
    return any(each.from_pipeline or each.from_name for each in block.parameters)


def _splat(at: syntax.Place, value: Value) -> list[Given]:
    if isinstance(value, Hashtable):
        return [Given(at, each, to_text(key)) for key, each in value.pairs()]
    if isinstance(value, list):
        return [Given(at, each) for each in value]
    return [] if value is None else [Given(at, value)]
