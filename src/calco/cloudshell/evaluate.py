"""A script, carried out: the interpreter of one session.

It holds what a session has (variables, functions, what cmdlets keep) and is the ``cmdlet.Shell`` that cmdlets see.
Everything is a generator: one object at a time goes from one end of a pipeline to the other, and an end that has
enough stops the beginning.
"""

from collections.abc import Callable, Iterator, MutableMapping, Sequence

from calco.cloudshell.api import Api
from calco.cloudshell.cmdlet import Commands, Jobs
from calco.cloudshell.errors import Fault
from calco.cloudshell.host import Host
from calco.cloudshell.syntax import Script
from calco.cloudshell.values import Names, ScriptBlock, Value
from calco.ports.world import Chance, Clock


class Interpreter:
    """One session. ``api`` raises Terminating when nobody is signed in. ``budget``: how many steps it may take in all,
    None for no limit."""

    def __init__(
        self,
        host: Host,
        *,
        clock: Clock,
        chance: Chance,
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
        self.commands = commands
        self.jobs = jobs
        self.state = Names()
        self._api = api
        self._environment = environment
        self._sleep = sleep
        self._budget = budget

    def run(self, script: Script, arguments: Sequence[Value] = ()) -> Iterator[Value]:
        """Yields what reaches the end of the script's pipelines. An error that does not end the script goes to the
        host. Raises Terminating for one that does, Exit for ``exit``; KeyboardInterrupt passes, after ``finally``."""
        raise NotImplementedError

    @property
    def failed(self) -> bool:
        """What ``$?`` would say, denied: whether the last statement went wrong."""
        raise NotImplementedError

    @property
    def api(self) -> Api:
        return self._api()

    def sleep(self, seconds: float) -> None:
        self._sleep(seconds)

    def invoke(self, block: ScriptBlock, *, item: Value = None, arguments: tuple[Value, ...] = ()) -> Iterator[Value]:
        raise NotImplementedError

    def report(self, fault: Fault, *, shown: bool = True) -> None:
        raise NotImplementedError

    def variable(self, name: str) -> Value:
        raise NotImplementedError

    def set_variable(self, name: str, value: Value) -> None:
        raise NotImplementedError

    def variables(self) -> list[str]:
        """The names a person could type, for completion."""
        raise NotImplementedError
