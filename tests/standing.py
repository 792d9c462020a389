"""Time that stands until it is moved, and randomness that can be repeated."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class StandingClock:
    moment: datetime = datetime(2026, 11, 22, 13, 5, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def move(self, by: timedelta) -> None:
        self.moment += by


@dataclass
class SeededChance:
    source: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatable is the point

    def guid(self) -> str:
        return str(uuid.UUID(int=self.source.getrandbits(128), version=4))

    def token(self, bytes: int) -> str:
        return self.source.randbytes(bytes).hex()


class DashingChance(SeededChance):
    """One token in 64 of the real randomness begins so."""

    def token(self, bytes: int) -> str:
        return f"--_{super().token(bytes)}"
