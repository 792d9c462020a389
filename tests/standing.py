"""Time that stands until it is moved, randomness that can be repeated, and a host that is as it is said to be."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from calco.model.host import Accelerator, HostView, Room

GIB = 1024**3


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


HOST = HostView(
    "simulated",
    Accelerator("none", "machines are simulated"),
    Room(4, (0.5, 0.25, 0.0), 16 * GIB, 8 * GIB, 100 * GIB, 60 * GIB),
)


@dataclass
class StandingHost:
    """``ports.Host``."""

    view: HostView = HOST

    def look(self) -> HostView:
        return self.view
