"""What the storage tests share: a clock that tests own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest


@dataclass
class HandClock:
    """Time that moves only when a test moves it."""

    moment: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def pass_days(self, days: float) -> None:
        self.moment += timedelta(days=days)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
