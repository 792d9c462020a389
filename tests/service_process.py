"""A real service for tests: started by the real command line on data of its own, and ended whatever happens.

    with serving(tmp_path / "data") as service:                      # simulated machines, any free port
        subprocess.run([...], env=service.environ)                   # what `calco env` prints, over a clean environment
        service.client.list(...)                                     # the command line's own client
        service.kill(); service.restart()                            # SIGKILL; again, on the same port

When the block ends so do service, machines and networks; what still runs then is ended too and fails the test.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from calco import process
from calco.cli.client import Client, connect
from calco.data_dir import DataDir, Running
from calco.process import Mark
from tests.reserved_port import reserved_port

UP_SECONDS = 150
"""Finding out what this machine's machines do is part of a first start."""
DOWN_SECONDS = 240
"""Guests are asked to shut down first."""
OURS = ("CALCO_", "AZURE_", "ARM_")


@dataclass
class ServiceProcess:
    """One service on one data directory. ``flags`` go to every ``calco up``."""

    data: DataDir
    flags: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the commands, ``CALCO_...`` among them."""
    ports: tuple[int, int] = (0, 0)
    """The API's and the blobs'; free ones that nobody else is given while the service is away, or 0 for any."""
    _started: bool = False

    # --- where it is --------------------------------------------------------------------------------------------------

    @property
    def running(self) -> Running:
        """The service that runs now; an AssertionError when none does."""
        found = self.data.running()
        assert found is not None, f"no service runs on {self.data.root}\n{self.log}"
        return found

    @property
    def url(self) -> str:
        """Where it answers, no trailing slash; the same after a restart."""
        return self.running.url

    @property
    def log(self) -> str:
        """What the service has said so far; empty when it said nothing."""
        files = (self.data.logs / "service.log", self.data.logs / "service.out")
        return "\n".join(each.read_text(errors="replace") for each in files if each.exists())

    @property
    def env(self) -> dict[str, str]:
        """What ``calco env`` prints, by name."""
        shown: dict[str, str] = json.loads(self.run("env", "--shell", "json"))
        return shown

    @property
    def environ(self) -> dict[str, str]:
        """A whole environment for a client: this process's without any variable of calco's or Azure's, then ``env``."""
        return {**_clean_environ(), **self.env}

    @cached_property
    def client(self) -> Client:
        """The command line's client; it goes on after a restart, for port and secrets stay."""
        return connect(self.data)

    # --- what is done to it -------------------------------------------------------------------------------------------

    def run(self, *words: str, timeout_seconds: float = 60) -> str:
        """Run ``calco WORDS``; what it printed. An AssertionError, with all it said, when it fails."""
        done = self.try_run(*words, timeout_seconds=timeout_seconds)
        said = f"calco {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        return done.stdout

    def try_run(self, *words: str, timeout_seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run ``calco WORDS``, however it ends."""
        return subprocess.run(
            [sys.executable, "-m", "calco", *words],
            env={**_clean_environ(), **self.settings, "CALCO_HOME": str(self.data.root)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )

    def start(self) -> Running:
        """Start it and wait until it answers; from the second time on, where it was before."""
        self.run("up", "--detach", *self.words, timeout_seconds=UP_SECONDS)
        self._started = True
        return self.running

    @property
    def words(self) -> list[str]:
        """What follows on ``calco up``. For blobs it finds its port again by itself."""
        api, blobs = self.ports
        return [*self.flags, "--port", str(api), *([] if self._started else ["--blob-port", str(blobs)])]

    def stop(self) -> None:
        """Stop it; guests and networks go on."""
        self.run("down", timeout_seconds=DOWN_SECONDS)

    def kill(self) -> None:
        """End it by SIGKILL, by its mark, and wait until it is gone; guests and networks go on."""
        _kill(self.running.process)

    def restart(self) -> Running:
        """Stop it if it runs, then start it."""
        if self.data.running() is not None:
            self.stop()
        return self.start()

    def end(self) -> None:
        """End service, machines and networks, whatever state they are in.

        Raises AssertionError, when all has been ended, if ``calco down --guests`` left anything.
        """
        if "client" in self.__dict__:
            self.client.http.close()
            del self.client
        if not self.data.root.exists():
            return
        said = self._down()
        left = processes_of(self.data)
        for each in left:
            said += f"\nstill running: {_command_line(each.pid)}"
            _kill(each)
        if said:
            self._down()  # a service that was only just starting was in its way
        assert not said, f"{said}\n{self.log}"
        assert not self.data.run_dir.exists(), f"{self.data.run_dir} is left"

    def _down(self) -> str:
        """End everything by the command line; what went wrong, empty when nothing did."""
        try:
            down = self.try_run("down", "--guests", timeout_seconds=DOWN_SECONDS)
        except subprocess.TimeoutExpired as slow:
            return str(slow)
        return "" if down.returncode == 0 else f"calco down --guests: exit {down.returncode}\n{down.stderr}"


@contextmanager
def serving(
    data: Path,
    *flags: str,
    hypervisor: str = "simulated",
    settings: Mapping[str, str] | None = None,
    any_port: bool = False,
) -> Iterator[ServiceProcess]:
    """A service that answers, on ``data`` (made if absent), until the block ends. ``flags`` are ``calco up``'s.
    ``any_port``: it takes what it is given, as with users, and is not to be stopped and started meanwhile."""
    given = ("--hypervisor", hypervisor, *flags)
    with reserved_port() as api, reserved_port() as blobs:
        ports = (0, 0) if any_port else (api, blobs)
        service = ServiceProcess(DataDir(data.resolve()), given, dict(settings or {}), ports)
        try:
            service.start()
            yield service
        finally:
            service.end()


def processes_of(data: DataDir) -> list[Mark]:
    """Every live process whose command line names the data directory or its run directory, this one and its own aside.

    Only a directory made for one test may be asked about: its name is nobody else's.
    """
    # Not a part of a longer name: tests put `data` and `data2` side by side.
    names = rb"(%b|%b)(?![\w.-])" % (re.escape(os.fsencode(data.root)), re.escape(os.fsencode(data.run_dir)))
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        mark = process.mark(int(entry.name))
        if mark is not None and re.search(names, words_of(mark.pid)):
            found.append(mark)
    return found


def _clean_environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def _kill(known: Mark) -> None:
    try:
        pidfd = os.pidfd_open(known.pid)
    except ProcessLookupError:
        return
    try:
        if process.is_alive(known):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            assert process.wait_gone(pidfd, 30), f"process {known.pid} does not end"
    finally:
        os.close(pidfd)


def words_of(pid: int) -> bytes:
    """The process's command line, each word ended by a zero; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _command_line(pid: int) -> str:
    return words_of(pid).replace(b"\0", b" ").decode(errors="replace")
