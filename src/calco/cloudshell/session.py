"""One person's session: a text goes in, what it gives goes to the host, and how it ended comes out.

The terminal, a script's run and the portal's pane are all this, over hosts of their own. Whatever a text does, it ends
in a sentence; only Ctrl-C and a reader who went away pass through.
"""

import logging
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calco.cloudshell.api import Api
from calco.cloudshell.binder.jobs import Background
from calco.cloudshell.catalogue import all_commands
from calco.cloudshell.errors import Exit, Fault, NotParsed, Terminating
from calco.cloudshell.evaluator.evaluate import Interpreter
from calco.cloudshell.grammar.parse import parse
from calco.cloudshell.host import Host, NotWritten
from calco.cloudshell.screen import show

if TYPE_CHECKING:
    from calco.ports.world import Chance, Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a text ended. ``exit``: what it said with ``exit``, None when it did not. ``ended``: an error ended it.
    ``failed``: its last statement went wrong."""

    exit: int | None = None
    ended: bool = False
    failed: bool = False

    def status(self, *, file: bool) -> int:
        """What a process exits with that ran it, as a file or as a command. Source: Microsoft Learn, about_Pwsh."""
        if self.exit is not None:
            return self.exit & 0xFF
        return int(self.ended or (self.failed and not file))


class Session:
    """``interpreter`` keeps variables and functions from one text to the next."""

    def __init__(self, interpreter: Interpreter, host: Host) -> None:
        self.interpreter = interpreter
        self._host = host

    def run(self, text: str, arguments: Sequence[str] = ()) -> Outcome:
        """Carry it out to its end; ``arguments`` are what its parameters get, as a command line has them.
        KeyboardInterrupt, BrokenPipeError and NotWritten pass."""
        interpreter = self.interpreter
        try:
            values = interpreter.run(parse(text), arguments)
            show.print_all(values, interpreter.commands, self._host, interpreter.clock.monotonic)
        except Exit as left:
            return Outcome(exit=left.code)
        except NotParsed as refused:
            return self._ended(refused.fault)
        except Terminating as ended:
            return self._ended(ended.fault)
        except (BrokenPipeError, NotWritten):
            raise
        except Exception as broken:
            log.exception("the shell broke")
            said = f"The shell itself went wrong, and not the script: {type(broken).__name__}. Please report it."
            return self._ended(Fault(said, id="InternalError", category="NotSpecified"))
        return Outcome(failed=interpreter.failed)

    def _ended(self, fault: Fault) -> Outcome:
        self._host.error(fault)
        return Outcome(ended=True, failed=True)


def begun(
    host: Host,
    *,
    clock: "Clock",
    chance: "Chance",
    api: Callable[[], Api],
    environment: MutableMapping[str, str],
    sleep: Callable[[float], None],
    budget: int | None = None,
) -> Session:
    """A new session. What it may reach, and who may sign in, is given to ``interpreter.state`` afterwards (``reach``,
    ``connection.Accounts``)."""
    interpreter = Interpreter(
        host,
        clock=clock,
        chance=chance,
        commands=all_commands(),
        jobs=Background(clock),
        api=api,
        environment=environment,
        sleep=sleep,
        budget=budget,
    )
    return Session(interpreter, host)
