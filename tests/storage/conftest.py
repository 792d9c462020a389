"""What the storage tests share: a clock that tests own, and every disk store."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calco.ports import DiskStore
from calco.storage.volumes import Qcow2Store
from tests.storage.stores import OnFiles, Simulated, World


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


@pytest.fixture(params=[Simulated, OnFiles], ids=["simulated", "files"])
def world(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> World:
    made: World = request.param(tmp_path, clock)
    return made


@pytest.fixture
def store(world: World) -> DiskStore:
    return world.store


@pytest.fixture
def files(tmp_path: Path, clock: HandClock) -> Qcow2Store:
    return Qcow2Store(tmp_path / "volumes", clock)
