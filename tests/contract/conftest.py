"""A fresh API for each test."""

from pathlib import Path

import pytest

from tests.arm.api import Api
from tests.world import World


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(World(tmp_path))
