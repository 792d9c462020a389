"""A session with a person at its terminal: what the prompt needs of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from calco.cloudshell import completion
from calco.cloudshell.completion import ResourceNames
from calco.cloudshell.grammar import parse
from calco.cloudshell.session import Session
from calco.cloudshell.terminal import TerminalHost


@dataclass(frozen=True)
class Interactive:
    session: Session
    host: TerminalHost
    names: ResourceNames

    def run(self, text: str) -> int | None:
        """Carry one text out, which Ctrl-C stops; the exit code when it said ``exit``."""
        if not text.strip():
            return None
        self.host.script = "\n" in text.strip()
        try:
            return self.session.run(text).exit
        except KeyboardInterrupt:
            self.host.forget_typed()
            self.host.quiet()
            self.host.write("")
            return None
        finally:
            self.host.quiet()

    def is_incomplete(self, text: str) -> bool:
        return parse.is_incomplete(text)

    def complete(self, text: str, cursor: int) -> Iterable[tuple[str, int, str]]:
        """What could stand at the cursor, where it begins, what it is."""
        return completion.completions(text, cursor, self.session.interpreter.shell, self.names)
