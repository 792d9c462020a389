"""What runs in the background of a session: ``-AsJob`` and the cmdlets about jobs."""

from collections.abc import Callable, Iterable

from calco.cloudshell.cmdlet import Shell
from calco.cloudshell.values import Record, Value
from calco.ports.world import Clock

Told = Callable[[Shell], None]
"""Something a job has to tell people (an error, a warning), kept until Receive-Job tells it."""


class Background:
    """The jobs of a session (``cmdlet.Jobs``)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def start(self, name: str, command: str, work: Callable[[], Iterable[Value]]) -> Record:
        raise NotImplementedError

    def all(self) -> list[Record]:
        raise NotImplementedError
