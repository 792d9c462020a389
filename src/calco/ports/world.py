"""Time, randomness and sealed secrets: what any part of the service may need."""

from datetime import datetime
from typing import Protocol


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
