"""Azurite: a real blob endpoint that is not ours, on loopback, with one account made for the run."""

import base64
import hashlib
import hmac
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from calco.model.blob_host import read_hosts
from calco.storage.remote_blob import ListedBlobs
from tests.reserved_port import reserved_port

PROGRAMS = Path(__file__).parents[1] / ".venvs" / "azurite" / "node_modules" / ".bin"
AZURITE = PROGRAMS / "azurite-blob"

needs_azurite = pytest.mark.skipif(not AZURITE.exists(), reason="Azurite is not installed: make deps-azurite")


@dataclass(frozen=True)
class Account:
    """Azurite's only account, made for this run."""

    port: int
    key: str

    def uri(self, blob: str, *, permissions: str = "r") -> str:
        """With an account SAS. Source: Azure, "Create an account SAS", version 2018-11-09."""
        words = {
            "sp": permissions, "ss": "b", "srt": "sco", "st": "", "se": "2099-01-01T00:00:00Z", "sip": "",
            "spr": "https,http", "sv": "2018-11-09",
        }  # fmt: skip
        signed = "\n".join(["tester", *words.values(), ""])
        digest = hmac.digest(base64.b64decode(self.key), signed.encode(), hashlib.sha256)
        query = {name: value for name, value in words.items() if value}
        query["sig"] = base64.b64encode(digest).decode()
        return f"{self.plain(blob)}?{urlencode(query)}"

    def plain(self, blob: str) -> str:
        return f"http://127.0.0.1:{self.port}/tester/{blob}"

    def put(self, blob: str, headers: dict[str, str], body: bytes = b"", query: str = "") -> None:
        uri = self.uri(blob, permissions="rwdlacup") + query
        answer = httpx.put(
            uri, headers={"x-ms-version": "2021-08-06", **headers}, content=body, trust_env=False, timeout=60
        )
        assert answer.status_code == 201, answer.text

    def put_pages(self, blob: str, offset: int, body: bytes) -> None:
        where = {"x-ms-page-write": "update", "x-ms-range": f"bytes={offset}-{offset + len(body) - 1}"}
        self.put(blob, where, body, "&comp=page")

    def blobs(self) -> ListedBlobs:
        return ListedBlobs(read_hosts([f"127.0.0.1:{self.port}"]))


@contextmanager
def azurite(folder: Path) -> Iterator[Account]:
    """Its only account, with a container ``vhds``."""
    with reserved_port() as port, _listening(folder, port) as made:
        made.put("vhds", {}, query="&restype=container")
        yield made


@contextmanager
def _listening(folder: Path, port: int) -> Iterator[Account]:
    made = Account(port, base64.b64encode(secrets.token_bytes(32)).decode())
    words = [
        os.fspath(PROGRAMS / "node"), os.fspath(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(made.port),
        "--location", os.fspath(folder), "--disableTelemetry",
    ]  # fmt: skip
    env = {**os.environ, "AZURITE_ACCOUNTS": f"tester:{made.key}"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=env, text=True) as process:
        try:
            assert process.stdout is not None
            while "successfully listen" not in (line := process.stdout.readline()):
                assert line, "Azurite ended"
            yield made
        finally:
            process.terminate()
