"""A service of the benchmark's own, started as anybody starts it, on a data directory that is thrown away."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import Access, Client
from bench.host import Cpu, cpu_of
from calco.data_dir import DataDir

START_SECONDS = 120


@dataclass(frozen=True)
class Service:
    """A running service. ``started_seconds``: from the command to its first answer."""

    data: Path
    pid: int
    access: Access
    started_seconds: float

    def client(self) -> Client:
        return Client(self.access)

    def cpu(self) -> Cpu:
        return cpu_of(self.pid)

    def volume_of(self, holder: str, slot: str, kind: str = "qcow2") -> Path:
        """The file of the volume a resource holds: ``slot`` is ``disk`` for a disk, ``os`` or the LUN for an image,
        ``blob`` for a blob, whose ``kind`` is ``flat``.

        Read from the records: nothing in the API tells it, nor should it. Raises LookupError.
        """
        file = self.data / "calco.db"
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as records:
            rows = records.execute("SELECT volume FROM holds WHERE holder = ? AND slot = ?", (holder.lower(), slot))
            found = rows.fetchone()
        if found is None:
            raise LookupError(f"{holder} holds no volume as {slot}")
        return self.data / "volumes" / f"{found[0]}.{kind}"


@contextmanager
def running(data: Path, hypervisor: str) -> Iterator[Service]:
    """A service on ``data``, stopped with its machines when the block ends."""
    data = data.resolve()
    began = time.perf_counter()
    _calco(data, "up", "--detach", "--port", "0", "--hypervisor", hypervisor)
    try:
        seconds = time.perf_counter() - began
        known = DataDir(data).running()
        assert known is not None
        variables = json.loads(_calco(data, "env", "--shell", "json"))
        yield Service(data, known.process.pid, Access.of(variables), seconds)
    finally:
        _calco(data, "down", "--guests")


def _calco(data: Path, *words: str) -> str:
    # Python's compiled modules are kept, as they are for whoever installs calco, and as pip keeps them for the peers.
    unwanted = ("CALCO_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: each for name, each in os.environ.items() if not name.startswith(unwanted)}
    if "CALCO_CACHE" in os.environ:
        environment["CALCO_CACHE"] = os.environ["CALCO_CACHE"]
    argv = [sys.executable, "-m", "calco", *words, "--data-dir", str(data)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout
