"""A fresh API for each test; az, and the group that takes all with it which a test made."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arm.api import Api
from tests.contract.azure_cli import Az, shared_az
from tests.world import World


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(World(tmp_path))


@pytest.fixture(scope="session")
def az(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Az]:
    """Registered and logged in, on simulated machines: one service for all test processes."""
    own = tmp_path_factory.mktemp("az") / "profile"
    base = tmp_path_factory.getbasetemp()
    with shared_az((base if worker_id == "master" else base.parent) / "az-shared", own) as found:
        yield found


@pytest.fixture
def group(az: Az, request: pytest.FixtureRequest) -> Iterator[str]:
    """A group of this test's own, named after it; it is gone when the test has ended."""
    called = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_")).strip("-")
    name = called[-40:].strip("-")
    az("group", "create", "-n", name, "-l", "eastus")
    yield name
    az("group", "delete", "-n", name, "--yes")
