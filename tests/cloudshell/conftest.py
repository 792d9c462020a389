"""What every test of the Cloud Shell stands on."""

import pytest

from tests.cloudshell.world import Counting, FakeApi, Recorder, StillClock


@pytest.fixture
def host() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def chance() -> Counting:
    return Counting()


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()
