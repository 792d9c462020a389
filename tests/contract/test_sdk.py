"""Azure's own SDK, unmodified and in three versions, against a service that was started by the command line.

The scripts run in environments of their own (`make deps-sdk`) and know no more of the service than `calco env` prints.
"""

import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from calco.identity import principals, tokens
from calco.identity.directory import Session
from calco.model.principal import Caller
from calco.system import SystemClock
from tests.boot.lab import base_image
from tests.service_process import ServiceProcess, serving
from tests.standing import SeededChance, StandingClock

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".venvs"
VERSIONS = ("39.0.0", "30.6.0", "25.0.0")
SIMULATED_SECONDS = 30
"""What one poll alone would cost a client that is told to come back in its own good time."""
BOOTED_SECONDS = 1500
"""Four boots without hardware virtualization, on a machine that has other things to do."""

each_version = pytest.mark.parametrize("version", VERSIONS)


@dataclass(frozen=True)
class Scripts:
    """Runs scripts with what ``calco env`` printed."""

    service: ServiceProcess
    environ: Mapping[str, str]

    def run(self, version: str, script: str, *, seconds: float = 60, **environ: str) -> str:
        """What the script printed; an AssertionError, with all it and the service said, when it failed."""
        done = self.try_run(version, script, seconds=seconds, **environ)
        assert done.returncode == 0, f"{done.stdout}{done.stderr[-4000:]}\n{self.service.log[-4000:]}"
        return done.stdout

    def try_run(
        self, version: str, script: str, *, seconds: float = 60, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        python = ENVIRONMENTS / f"compute-{version}/bin/python"
        if not python.exists() and not os.environ.get("CI"):
            pytest.skip(f"{python} is missing: make deps-sdk")
        return subprocess.run(
            [python, "-W", "ignore", HERE / script],
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


@contextmanager
def scripts_for(data: Path, *, hypervisor: str) -> Iterator[Scripts]:
    """A service that has nothing, and that must have nothing at the end."""
    with serving(data, hypervisor=hypervisor) as service:
        assert (belongings(service), rows(service)) == ([], [])
        yield Scripts(service, service.environ)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripts]:
    """On simulated machines; one service for all, for each script leaves nothing."""
    with scripts_for(tmp_path_factory.mktemp("sdk") / "data", hypervisor="simulated") as found:
        yield found


@each_version
def test_the_main_job_by_the_sdk_is_quick_and_leaves_nothing(version: str, scripts: Scripts) -> None:
    said = scripts.run(version, "sdk_script.py")

    assert seconds_in_all(said) < SIMULATED_SECONDS, said
    assert (belongings(scripts.service), rows(scripts.service)) == ([], [])


@pytest.mark.guest
@pytest.mark.timeout(BOOTED_SECONDS + 900)
def test_the_main_job_by_the_sdk_on_real_machines_leaves_nothing(tmp_path: Path) -> None:
    base_image()
    with scripts_for(tmp_path / "data", hypervisor="qemu") as scripts:
        said = scripts.run(VERSIONS[0], "sdk_script.py", seconds=BOOTED_SECONDS)

        print(said)
        assert (belongings(scripts.service), rows(scripts.service)) == ([], [])


@each_version
def test_bad_credentials_are_refused_in_ways_the_sdk_understands(version: str, scripts: Scripts) -> None:
    said = scripts.run(version, "credentials_script.py", EXPIRED_TOKEN=expired_token(scripts.service))

    assert said == "refused as Azure refuses\n"


def test_a_step_that_fails_fails_the_script(scripts: Scripts) -> None:
    done = scripts.try_run(VERSIONS[0], "sdk_script.py", AZURE_SUBSCRIPTION_ID="00000000-0000-0000-0000-000000000000")

    assert done.returncode != 0
    assert "FAILED: resource group" in done.stdout
    assert (belongings(scripts.service), rows(scripts.service)) == ([], [])


def seconds_in_all(said: str) -> float:
    found = re.search(r"^ *([0-9.]+)  in all$", said, re.MULTILINE)
    assert found, said
    return float(found[1])


def belongings(service: ServiceProcess) -> list[str]:
    """What lies in the folders of things that come and go with resources, but for the folders that always lie there."""
    root = service.data.root
    found = [each for name in ("volumes", "machines", "networks") for each in (root / name).rglob("*")]
    pools = {each.parent for each in root.glob("volumes/*/trash")}
    standing = {root / "volumes/trash", root / "volumes/pools", root / "networks/namespace", root / "networks/slirp"}
    standing |= pools | {each / "trash" for each in pools}
    return sorted(str(each.relative_to(root)) for each in found if each not in standing)


def rows(service: ServiceProcess) -> list[str]:
    """What the records still say of resources, of volumes they held and of work that is not done."""
    connection = sqlite3.connect(f"file:{service.data.root / 'calco.db'}?mode=ro", uri=True)
    try:
        names = ("resources", "volumes", "holds", "claims", "places", "operations WHERE ended_at IS NULL")
        return [f"{name}: {row}" for name in names for row in connection.execute(f"SELECT * FROM {name}")]  # noqa: S608
    finally:
        connection.close()


def expired_token(service: ServiceProcess) -> str:
    """A token that this service would have issued two days ago."""
    clock, chance = StandingClock(SystemClock().now() - timedelta(days=2)), SeededChance()
    known = principals.read(service.data.secrets)
    key = tokens.ensure_key(service.data.secrets / "token.key")
    session = Session(Caller(known.object_id, known.client_id, known.tenant_id))
    return tokens.Tokens(key, known.tenant_id, clock, chance).issue(session, service.url).text
