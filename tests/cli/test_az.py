"""``calco az``: a profile of its own, set up once for an address and a secret, and az run in it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from calco import process
from calco.cli.az import INSTALL, profile, set_up
from calco.cli.common import Failure
from calco.cli.environment import variables
from calco.data_dir import DataDir, Running
from calco.identity import principals
from calco.system import SystemChance
from tests.standing import SeededChance

STUB = """#!{python}
import json, os, sys
names = ("AZURE_CONFIG_DIR", "REQUESTS_CA_BUNDLE", "AZURE_CORE_COLLECT_TELEMETRY", "NO_PROXY", "AZURE_CLOUD_NAME")
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv[1:], {{name: os.environ.get(name) for name in names}}]) + "\\n")
if "login" in sys.argv and {fails}:
    sys.exit("ERROR: AADSTS7000215: no")
sys.exit(int("vm" in sys.argv) * 3)
"""


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    found = DataDir(tmp_path / "it's here")
    found.secrets.mkdir(parents=True)
    principals.ensure(found.secrets, SeededChance())
    mark = process.mark(os.getpid())
    assert mark is not None
    found.announce(Running("https://localhost:1", mark, "0", "simulated", "https://localhost:2"))
    return found


def stub(folder: Path, *, fails: bool = False) -> Path:
    """An az that writes down what it was told; ``vm`` ends with 3."""
    program = folder / "bin" / "az"
    program.parent.mkdir(exist_ok=True)
    program.write_text(STUB.format(python=sys.executable, log=str(folder / "log"), fails=fails))
    program.chmod(0o755)
    return program.parent


def calco_az(data: DataDir, path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "calco", "az", "--data-dir", str(data.root), *words]
    environ = {**os.environ, "PATH": str(path), "AZURE_CLOUD_NAME": "AzureChinaCloud", "NO_PROXY": "example.org"}
    return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=60)


def calls(folder: Path) -> list[list[str]]:
    return [json.loads(line)[0] for line in (folder / "log").read_text().splitlines()]


def test_az_is_pointed_here_and_run_with_its_own_end(data: DataDir, tmp_path: Path) -> None:
    path = stub(tmp_path)

    done = calco_az(data, path, "--", "vm", "list", "-o", "table")

    assert done.returncode == 3, "az's own exit status"
    quiet = ["--only-show-errors", "-o", "none"]
    known = principals.read(data.secrets)
    who = ["-u", known.client_id, "-t", known.tenant_id, "-p", f"@{data.secrets / 'client-secret'}"]
    assert calls(tmp_path) == [
        ["cloud", "register", "-n", "calco", "--endpoint-resource-manager", "https://localhost:1", *quiet],
        ["cloud", "set", "-n", "calco", *quiet],
        ["login", "--service-principal", *who, *quiet],
        ["vm", "list", "-o", "table"],
    ]
    for line in (tmp_path / "log").read_text().splitlines():
        environ = json.loads(line)[1]
        assert environ == {
            "AZURE_CONFIG_DIR": str(profile(data)),
            "REQUESTS_CA_BUNDLE": str(data.certificates / "ca-bundle.pem"),
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "NO_PROXY": "localhost,127.0.0.1,example.org",
            "AZURE_CLOUD_NAME": None,
        }
    assert principals.read_secret(data.secrets) not in (tmp_path / "log").read_text()
    assert profile(data).stat().st_mode & 0o777 == 0o700


def test_the_profile_is_set_up_once(data: DataDir, tmp_path: Path) -> None:
    path = stub(tmp_path)
    first = calco_az(data, path)
    (tmp_path / "log").unlink()

    calco_az(data, path, "--", "account", "show")

    assert "calco az -- vm list" in first.stderr
    assert calls(tmp_path) == [["account", "show"]]


def told(data: DataDir, asked: list[list[str]]) -> bool:
    def run(words: Sequence[str]) -> None:
        asked.append([*words[:2]])

    return set_up(data, variables(data), run)


def test_a_new_port_or_secret_sets_it_up_again_and_keeps_the_users_own_settings(data: DataDir) -> None:
    asked: list[list[str]] = []
    assert told(data, asked)
    (profile(data) / "clouds.config").write_text("[calco]\nendpoint_management = x\n")
    (profile(data) / "config").write_text("[defaults]\ngroup = lab\n")
    assert not told(data, asked)
    mark = process.mark(os.getpid())
    assert mark is not None
    data.announce(Running("https://localhost:9", mark, "0", "simulated", "https://localhost:2"))
    asked.clear()

    assert told(data, asked)

    assert asked == [["cloud", "update"], ["cloud", "set"], ["login", "--service-principal"]]
    assert "group = lab" in (profile(data) / "config").read_text()
    (data.secrets / "principal.json").unlink()
    principals.ensure(data.secrets, SystemChance())
    asked.clear()
    assert told(data, asked), "the secret is another"


def test_a_login_that_fails_is_told_and_tried_again(data: DataDir, tmp_path: Path) -> None:
    done = calco_az(data, stub(tmp_path, fails=True), "--", "vm", "list")
    assert done.returncode == 1
    assert "AADSTS7000215" in done.stderr
    assert ["vm", "list"] not in calls(tmp_path)
    (tmp_path / "log").unlink()

    assert calco_az(data, stub(tmp_path), "--", "vm", "list").returncode == 3
    assert calls(tmp_path)[2][0] == "login"


def test_without_az_one_is_told_how_to_get_it(data: DataDir, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()

    done = calco_az(data, tmp_path / "bin", "--", "vm", "list")

    assert done.returncode == 1
    assert "there is no az on PATH" in done.stderr
    assert INSTALL in done.stderr
    assert not profile(data).exists()


def test_without_a_service_nothing_is_set_up(data: DataDir, tmp_path: Path) -> None:
    data.withdraw()

    done = calco_az(data, stub(tmp_path), "--", "vm", "list")

    assert done.returncode == 1
    assert "calco up" in done.stderr
    assert not (tmp_path / "log").exists()


def test_what_the_profile_was_made_for_cannot_be_read_out_of_its_mark(data: DataDir) -> None:
    told(data, [])

    mark = profile(data) / "calco-mark"
    assert principals.read_secret(data.secrets) not in mark.read_text()
    assert mark.stat().st_mode & 0o777 == 0o600


def test_a_directory_never_used_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no calco has run"):
        variables(DataDir(tmp_path))
