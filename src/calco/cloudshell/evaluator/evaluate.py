"""A script, carried out: the interpreter of one session.

It holds what a session has (variables, functions, what cmdlets keep); ``Here`` is the ``cmdlet.Shell`` they see.
Everything is a generator: one object at a time goes from one end of a pipeline to the other, and an end that has
enough stops the beginning. What an expression is worth stands in ``expression``, what a statement does in
``statement``, how a command is called in ``command``.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from calco.cloudshell.api import Api
from calco.cloudshell.binder.binding import Given
from calco.cloudshell.cmdlet import Commands, Jobs
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.evaluator import automatic
from calco.cloudshell.evaluator.command import Invocations
from calco.cloudshell.evaluator.flow import Leave, OutOfSteps
from calco.cloudshell.evaluator.function import Known
from calco.cloudshell.evaluator.scope import Scope
from calco.cloudshell.host import Host
from calco.cloudshell.objects import faults
from calco.cloudshell.objects.error_record import error_record
from calco.cloudshell.objects.output import NOTHING
from calco.cloudshell.syntax import BEFORE, Place, Script
from calco.cloudshell.values import Growing, Names, ScriptBlock, Value

if TYPE_CHECKING:
    from calco.ports.world import Chance, Clock

FRAMES = 12_000
"""Python's own frames that a script may pile up: enough for the deepest calls that ``scope`` lets be."""


class Interpreter(Invocations):
    """One session. ``api`` raises Terminating when nobody is signed in. ``budget``: how many steps it may take in all,
    None for no limit."""

    def __init__(
        self,
        host: Host,
        *,
        clock: "Clock",
        chance: "Chance",
        commands: Commands,
        jobs: Jobs,
        api: Callable[[], Api],
        environment: MutableMapping[str, str],
        sleep: Callable[[float], None],
        budget: int | None = None,
    ) -> None:
        self.host = host
        self.clock = clock
        self.chance = chance
        self.jobs = jobs
        self.state = Names()
        self.api = api
        self.environment = environment
        self.sleep = sleep
        self._budget = budget
        self._errors = Growing()
        self.ok = True
        self._top = automatic.begin(self._errors, environment.get("HOME", "/"))
        self.commands: Commands = Known(commands, self._top.functions)

    def run(self, script: Script, arguments: Sequence[Value] = ()) -> Iterator[Value]:
        """Yields what reaches the end of the script's pipelines. An error that does not end the script goes to the
        host. Raises Terminating for one that does, Exit for ``exit``; KeyboardInterrupt passes, after ``finally``."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES))
        try:
            yield from self._run_script(script, arguments)
        except OutOfSteps:
            raise faults.too_long() from None
        except RecursionError:
            raise self._noted(faults.too_deep()) from None
        except MemoryError:
            raise self._noted(faults.too_much()) from None
        except Terminating as error:
            raise self._noted(error) from None
        except Leave:
            return

    def _run_script(self, script: Script, arguments: Sequence[Value]) -> Iterator[Value]:
        body = script.body
        at = BEFORE
        command = self._of_block("", body, self._top, False, Scope(self._top, layer=True))
        if not body.parameters and not arguments:
            return self.body((*body.begin, *body.process, *body.end), self._top)
        return self._run(command, [_given(each, at) for each in arguments], None, self._top, at)

    def _noted(self, error: Terminating) -> Terminating:
        self.ok = False
        self.remember(error.fault)
        return error

    # --- the evaluator's own questions -------------------------------------------------------------------------------

    def tick(self) -> None:
        if self._budget is not None:
            self._budget -= 1
            if self._budget < 0:
                raise OutOfSteps

    @property
    def failed(self) -> bool:
        """Whether the last statement went wrong: ``$?``, denied."""
        return not self.ok

    def remember(self, fault: Fault) -> None:
        self._errors.insert(0, error_record(fault))
        del self._errors[automatic.ERRORS_MAX :]

    def tell(self, fault: Fault, scope: Scope, *, shown: bool = True) -> None:
        scope.faults_told += 1
        self.ok = False
        self.remember(fault)
        if shown:
            (scope.host or self.host).error(fault)

    def here(self, scope: Scope) -> "Here":
        return Here(self, scope)

    @property
    def shell(self) -> "Here":
        """As a cmdlet sees it that is called at the top."""
        return self.here(self._top)


class Here:
    """The session as a cmdlet sees it that was called in one scope: its variables, its redirections."""

    def __init__(self, interpreter: Interpreter, scope: Scope) -> None:
        self._interpreter = interpreter
        self._scope = scope
        self.host: Host = scope.host or interpreter.host
        self.clock = interpreter.clock
        self.chance = interpreter.chance
        self.commands = interpreter.commands
        self.jobs = interpreter.jobs
        self.state = interpreter.state
        self.sleep = interpreter.sleep
        self.set_variable = scope.write

    @property
    def api(self) -> Api:
        return self._interpreter.api()

    def invoke(self, block: ScriptBlock, *, item: Value = None, arguments: tuple[Value, ...] = ()) -> Iterator[Value]:
        return self._interpreter.invoke_in(block, self._scope, item, arguments)

    def report(self, fault: Fault, *, shown: bool = True) -> None:
        self._interpreter.tell(fault, self._scope, shown=shown)

    def variable(self, name: str) -> Value:
        value = self._scope.read(name)
        return None if value is NOTHING else value

    def variables(self) -> list[str]:
        """The names a person could type."""
        return [name for name in self._scope.names() if name.isidentifier() and name != "_"]


_WORDS: Mapping[str, Value] = MappingProxyType({"$true": True, "$false": False, "$null": None})


def _given(argument: Value, at: Place) -> Given:
    """A script's argument from the command line: ``-Name`` is a parameter's name, ``-Name:value`` with its value.
    Source: Microsoft Learn, about_Pwsh, -File."""
    if isinstance(argument, str) and len(argument) > 1 and argument[0] == "-" and argument[1].isalpha():
        name, _, value = argument[1:].partition(":")
        if value:
            return Given(at, _WORDS.get(value.lower(), value), name)
        return Given(at, name=name, has_value=False)
    return Given(at, argument)
