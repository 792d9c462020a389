"""A world with a group and a network in it."""

from pathlib import Path

import pytest

from tests.inspectors import FirstWord, looking
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).with_network()


@pytest.fixture
def inspector(world: World) -> FirstWord:
    """Disks are looked at in this world."""
    return looking(world)
