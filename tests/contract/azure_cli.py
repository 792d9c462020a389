"""az itself, unmodified, for tests: one service and one logged-in profile for all test processes.

The first process that wants az starts a service on simulated machines and logs in; the others find both by a file, and
the last one out ends the service, which must then have nothing left. Each process has its own copy of the profile, for
az writes into it. Every way to the internet is a proxy that is not there: what az asks anybody else for fails.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from calco.data_dir import DataDir
from calco.model import vhd
from calco.model.document import Json
from calco.model.volume import MIB
from calco.system import SystemClock
from tests.contract.test_sdk import belongings, rows
from tests.service_process import ServiceProcess
from tests.standing import SeededChance

BIN = Path(__file__).parents[2] / ".venvs/az/bin"
NOBODY = "http://127.0.0.1:9"
"""The port of the discard service, which nobody has run for decades."""
GUEST_BYTES = 20 * MIB
"""The least that Azure takes as an upload."""
STRING = "connectionString"


@dataclass(frozen=True)
class Az:
    """Runs az with what ``calco env`` printed; ``folder`` is its home and where it runs."""

    service: ServiceProcess
    environ: Mapping[str, str]
    folder: Path
    seconds: float = 240
    """How long a command may take."""

    def __call__(self, *words: str | Path) -> Json:
        """What it printed, read; None when it printed nothing. An AssertionError, with all it said, when it fails."""
        done = self.run(BIN / "az", *words, "-o", "json", "--only-show-errors")
        said = f"az {' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        assert done.returncode == 0, said
        found: Json = json.loads(done.stdout) if done.stdout.strip() else None
        return found

    def text(self, *words: str | Path) -> str:
        """What it printed, which must be one string."""
        found = self(*words)
        assert isinstance(found, str), found
        return found

    def refused(self, *words: str | Path, exit: int | None = None) -> str:
        """What it said when it failed, which must be words and no traceback; ``exit``: with which status it must."""
        done = self.run(BIN / "az", *words, "--only-show-errors")
        said = f"az {' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        assert done.returncode == exit if exit is not None else done.returncode != 0, said
        assert "Traceback" not in done.stderr, said
        assert done.stderr.startswith("ERROR: "), said
        return done.stderr

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.seconds,
            check=False,
        )

    def without_profile(self, name: str) -> "Az":
        """The same az, as somebody has it who has not logged in yet; ``name`` tells his folder from others."""
        folder = self.folder / name
        folder.mkdir()
        environ = {**self.environ, "HOME": str(folder), "AZURE_CONFIG_DIR": str(folder / "azure")}
        return replace(self, environ=environ, folder=folder)

    def register(self) -> None:
        """Tell az of the cloud: it looks up the rest by itself, at `/metadata/endpoints`."""
        endpoint = self.environ["CALCO_ENDPOINT"]
        self("cloud", "register", "-n", "calco", "--endpoint-resource-manager", endpoint)
        self("cloud", "set", "-n", "calco")

    def log_in(self, id: str, secret: str) -> None:
        self("login", "--service-principal", "-u", id, "-p", secret, "-t", self.environ["AZURE_TENANT_ID"])

    def vhd(self) -> Path:
        """A fixed VHD: a little at both ends, nothing between."""
        file = self.folder / "disk.vhd"
        if not file.exists():
            ends = bytes.fromhex(SeededChance().token(MIB))
            footer = vhd.footer(GUEST_BYTES, "11111111-2222-3333-4444-555555555555", SystemClock().now())
            file.write_bytes(ends + bytes(GUEST_BYTES - 2 * MIB) + ends + footer)
        return file

    def key(self) -> Path:
        """The public half of an SSH key pair."""
        file = self.folder / "key"
        if not file.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True, timeout=30)
        return file.with_suffix(".pub")

    def account(self, group: str) -> str:
        """A storage account with a container `vhds`; its connection string."""
        name = account_of(group)
        self("storage", "account", "create", "-g", group, "-n", name, "--sku", "Standard_LRS")
        told = self.text("storage", "account", "show-connection-string", "-g", group, "-n", name, "--query", STRING)
        self("storage", "container", "create", "-n", "vhds", "--connection-string", told)
        return told


def account_of(group: str) -> str:
    """The name of a group's storage account: no other group's has it."""
    return f"vhds{hashlib.sha256(group.encode()).hexdigest()[:16]}"


def clean(service: ServiceProcess, folder: Path) -> dict[str, str]:
    """The environment of an az that knows this service, has its own profile in the folder, and knows nobody else."""
    return {
        **service.environ,
        "HOME": str(folder),
        "AZURE_CONFIG_DIR": str(folder / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "0",
        "HTTP_PROXY": NOBODY,
        "HTTPS_PROXY": NOBODY,
        "NO_PROXY": "localhost,127.0.0.1",
    }


def logged_in(service: ServiceProcess, folder: Path) -> Az:
    """az in a new folder, registered and logged in as the principal of ``calco env``."""
    folder.mkdir()
    az = Az(service, clean(service, folder), folder)
    az.register()
    az.log_in(az.environ["AZURE_CLIENT_ID"], az.environ["AZURE_CLIENT_SECRET"])
    return az


@contextmanager
def shared_az(shared: Path, own: Path) -> Iterator[Az]:
    """Until the block ends. ``shared`` is a folder that all test processes know, ``own`` is this one's (absent yet).

    Skips the test where az is not installed, but never in CI.
    """
    if not BIN.exists() and not os.environ.get("CI"):
        pytest.skip(f"{BIN} is missing: make deps-az")
    with _locked(shared):
        service = _joined(shared)
    try:
        shutil.copytree(shared / "first", own)
        yield Az(service, clean(service, own), own)
    finally:
        with _locked(shared):
            _left(shared, service)


@contextmanager
def _locked(shared: Path) -> Iterator[None]:
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _guests(shared: Path, change: int) -> int:
    """How many processes use the service, after this change."""
    file = shared / "guests"
    left = (int(file.read_text()) if file.exists() else 0) + change
    file.write_text(str(left))
    return left


def _joined(shared: Path) -> ServiceProcess:
    data = DataDir((shared / "data").resolve())
    service = ServiceProcess(data, ("--hypervisor", "simulated"))
    if _guests(shared, 1) == 1:
        try:
            service.start()
            logged_in(service, shared / "first")
        except BaseException:
            service.end()
            _guests(shared, -1)
            raise
    return service


def _left(shared: Path, service: ServiceProcess) -> None:
    """The last one out looks at what is left, then takes everything away: another may begin again."""
    if _guests(shared, -1) > 0:
        return
    try:
        assert (belongings(service), rows(service)) == ([], [])
    finally:
        service.end()
        shutil.rmtree(shared / "data")
        shutil.rmtree(shared / "first")
