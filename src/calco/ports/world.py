"""Time, randomness, sealed secrets and the host itself: what any part of the service may need."""

from datetime import datetime
from typing import Protocol

from calco.model.host import HostView


class Clock(Protocol):
    """Time, injected so that tests own it."""

    def now(self) -> datetime:
        """UTC, aware."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class Chance(Protocol):
    """Randomness, injected so that tests can repeat it."""

    def guid(self) -> str:
        """A new random GUID in lower case."""

    def token(self, bytes: int) -> str:
        """URL-safe text of that many random bytes."""


class Sealer(Protocol):
    """Keeps secrets out of the records: what is sealed may lie anywhere. A seal costs microseconds."""

    def seal(self, text: str) -> str:
        """The text, readable by ``unseal`` of this data directory alone; never twice the same."""

    def unseal(self, sealed: str) -> str:
        """What was sealed. Raises ValueError for anything else."""


class Host(Protocol):
    """The machine that machines run on."""

    def look(self) -> HostView:
        """As it is now; it asks the kernel, which takes microseconds. What takes longer to find out is as old as a
        minute, and nobody waits for it longer than a second. Raises OSError when the kernel does not say."""
