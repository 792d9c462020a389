"""Redirection: a host that keeps some of what it is told, or hands it on as output.

Source: Microsoft Learn, about_Redirection: 1 output, 2 errors, 3 warnings, 4 verbose, 5 debug, 6 information.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from calco.cloudshell.errors import Fault
from calco.cloudshell.host import Host
from calco.cloudshell.objects.error_record import error_record
from calco.cloudshell.values import Value

ALL = frozenset("123456")


@dataclass
class Redirected:
    """``silent``: the streams that are thrown away; ``merged``: those whose objects join the output."""

    inner: Host
    silent: frozenset[str] = frozenset()
    merged: frozenset[str] = frozenset()
    waiting: list[Value] = field(default_factory=list)

    @property
    def width(self) -> int:
        return self.inner.width

    def write(self, text: str, *, colour: str = "", end: str = "\n") -> None:
        if not self._took("6", text):
            self.inner.write(text, colour=colour, end=end)

    def clear(self) -> None:
        self.inner.clear()

    def error(self, fault: Fault) -> None:
        if not self._took("2", error_record(fault)):
            self.inner.error(fault)

    def warning(self, text: str) -> None:
        if not self._took("3", text):
            self.inner.warning(text)

    def verbose(self, text: str) -> None:
        if not self._took("4", text):
            self.inner.verbose(text)

    def progress(self, activity: str, status: str, percent: int | None) -> None:
        self.inner.progress(activity, status, percent)

    def done(self, activity: str) -> None:
        self.inner.done(activity)

    def ask(self, prompt: str, *, secret: bool = False) -> str:
        return self.inner.ask(prompt, secret=secret)

    def _took(self, stream: str, value: Value) -> bool:
        if stream in self.merged:
            self.waiting.append(value)
        return stream in self.merged or stream in self.silent

    def output(self, values: Iterator[Value]) -> Iterator[Value]:
        """What comes out in the end, in the order in which it came up."""
        for value in values:
            yield from self._waited()
            if "1" not in self.silent:
                yield value
        yield from self._waited()

    def _waited(self) -> Iterator[Value]:
        while self.waiting:
            yield self.waiting.pop(0)
