"""moto's server of EC2, the peer for what costs no disk: one image asked for, a list of them, starting up.

It keeps everything in memory, checks no signature and speaks plain HTTP, all of which is in its favour. ``make bench``
puts it into an environment of its own.
"""

import http.client
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from bench.host import free_port

PROGRAM = Path(__file__).resolve().parents[1] / ".venvs" / "peers" / "bin" / "moto_server"
START_SECONDS = 60
API_VERSION = "2016-11-15"
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    # It looks at nothing but the service's name in here.
    "Authorization": "AWS4-HMAC-SHA256 Credential=BENCH/20260101/us-east-1/ec2/aws4_request",
}


class Failed(Exception):
    """moto did not do what it was asked: its column would say nothing."""


@dataclass
class Moto:
    """A running server. ``started_seconds``: from the command to its first answer."""

    pid: int
    started_seconds: float
    connection: http.client.HTTPConnection
    images: list[str] = field(default_factory=list)

    def ask(self, action: str, **parameters: str) -> bytes:
        """The body of an answer. Raises Failed on a refusal."""
        form = urlencode({"Action": action, "Version": API_VERSION, **parameters})
        self.connection.request("POST", "/", form, HEADERS)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise Failed(f"{action}: {response.status} {body[:300]!r}")
        return body

    def register(self, count: int) -> None:
        """As many images more."""
        for number in range(len(self.images), len(self.images) + count):
            found = re.search(rb"<imageId>(.*?)</imageId>", self.ask("RegisterImage", Name=f"image{number}"))
            if found is None:
                raise Failed("RegisterImage named no image")
            self.images.append(found[1].decode())

    def get(self) -> None:
        """Ask for one image."""
        self._expect(1, self.ask("DescribeImages", **{"ImageId.1": self.images[0]}))

    def list(self) -> None:
        """Ask for all that were registered."""
        self._expect(len(self.images), self.ask("DescribeImages", **{"Owner.1": "self"}))

    def _expect(self, images: int, body: bytes) -> None:
        if (found := body.count(b"<imageId>")) != images:
            raise Failed(f"{found} images, {images} expected")


@contextmanager
def running() -> Iterator[Moto]:
    """A server of our own, ended when the block ends. Raises FileNotFoundError when it is not installed."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [PROGRAM, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        connection = _answering(process, port)
        server = Moto(process.pid, 0.0, connection)
        server.ask("DescribeRegions")
        server.started_seconds = time.perf_counter() - began
        yield server
        connection.close()
    finally:
        process.terminate()
        process.wait(30)


def _answering(process: "subprocess.Popen[bytes]", port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.01)
            continue
        return connection
    raise Failed("moto_server did not start")
