"""Azurite, Microsoft's own emulator of blobs, over TLS: the peer for moving a VHD.

``tools/deps.sh azurite`` brings it.
"""

import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.host import free_port

MODULES = Path(__file__).resolve().parents[1] / ".venvs" / "azurite" / "node_modules"
NODE, PROGRAM = MODULES / ".bin" / "node", MODULES / "azurite" / "dist" / "src" / "blob" / "main.js"


@dataclass(frozen=True)
class Azurite:
    pid: int
    endpoint: str
    account: str
    key: str


@contextmanager
def running(folder: Path, certificate: Path, key_file: Path) -> Iterator[Azurite]:
    """A server on ``folder``, with a certificate that the client trusts, until the block ends."""
    port, key = free_port(), b64encode(os.urandom(64)).decode()
    words: Sequence[str | Path] = [
        NODE, PROGRAM, "--blobPort", str(port), "--location", folder, "--cert", certificate, "--key", key_file,
        "--silent", "--skipApiVersionCheck", "--disableTelemetry",
    ]  # fmt: skip
    environ = {**os.environ, "AZURITE_ACCOUNTS": f"bench:{key}"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ, text=True) as server:
        try:
            assert server.stdout is not None
            while "successfully listens" not in (said := server.stdout.readline()):
                assert said, "Azurite ended before it listened"
            yield Azurite(server.pid, f"https://localhost:{port}/bench", "bench", key)
        finally:
            server.terminate()
