"""A body is read in measure and in time, or not at all; the API and the directory say so in their own shape."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message

from calco.arm import graph
from calco.blob.app import BlobEdge
from calco.model.principal import Caller
from calco.request_body import SECONDS_MAX, TooLarge, TooSlow, read
from tests.arm.api import LAB, VERSION, Api
from tests.hurried_loop import hurried
from tests.world import World

OWNER = Caller("object", "client", "tenant")


class Sender:
    """Sends a piece every so many seconds. Not ``ends``: and then nothing more."""

    def __init__(self, pieces: Iterable[bytes], every_seconds: float = 0, *, ends: bool = True) -> None:
        self._left = [*pieces]
        self._every_seconds = every_seconds
        self._ends = ends

    @property
    def unsent(self) -> int:
        return len(self._left)

    async def __call__(self) -> Message:
        await asyncio.sleep(self._every_seconds)
        if not self._left and not self._ends:
            await asyncio.Event().wait()
        piece = self._left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._left) or not self._ends}


def reading(sender: Sender, *, drain: int = 0) -> tuple[bytes, float]:
    request = Request({"type": "http", "method": "POST", "headers": []}, sender)
    return hurried(read(request, 20, drain_bytes_max=drain))


def test_a_body_that_comes_slowly_but_in_time_is_read() -> None:
    body, seconds = reading(Sender([b"a"] * 20, 1.4))

    assert body == b"a" * 20
    assert round(seconds) == 28


@pytest.mark.parametrize(
    ("pieces", "every_seconds"),
    [([b"a"], 0), ([b"a"] * 20, 1.6), ([b""] * 1000, 1)],
    ids=["falls silent", "trickles", "trickles nothing"],
)
def test_nobody_is_waited_for_longer_than_half_a_minute(pieces: Sequence[bytes], every_seconds: float) -> None:
    sender = Sender(pieces, every_seconds, ends=False)

    async def refused() -> None:
        with pytest.raises(TooSlow):
            await read(Request({"type": "http", "method": "POST", "headers": []}, sender), 20)

    _, seconds = hurried(refused())
    assert round(seconds) == SECONDS_MAX == 30


@pytest.mark.parametrize(
    ("drain", "ends", "unsent"),
    [(0, True, 7), (25, True, 6), (60, True, 1), (1000, True, 0), (1000, False, 0)],
    ids=["at once", "a little", "a while", "to its end", "in vain"],
)
def test_what_is_too_large_is_read_no_further_than_told(drain: int, ends: bool, unsent: int) -> None:
    sender = Sender([b"a" * 7] * 10, ends=ends)

    with pytest.raises(TooLarge):
        reading(sender, drain=drain)

    assert sender.unsent == unsent


def test_who_goes_away_is_not_waited_for() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        hurried(read(Request({"type": "http", "method": "POST", "headers": []}, gone), 20))


# --- how it is told --------------------------------------------------------------------------------------------------


def answered(
    app: ASGIApp, method: str, path: str, sender: Sender, **headers: str
) -> tuple[int, dict[bytes, bytes], bytes, float]:
    """Status, headers and body of the answer, and after how many seconds it came."""
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": f"api-version={VERSION}".encode(),
        "headers": [
            (b"authorization", b"Bearer good"),
            (b"host", b"cloud.test"),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ],
        "scheme": "https",
        "server": ("cloud.test", 443),
    }
    _, seconds = hurried(app(scope, sender, send))  # type: ignore[arg-type]
    start, body = told
    return start["status"], {name.lower(): value for name, value in start["headers"]}, body["body"], seconds


def code_of(body: bytes) -> str:
    code: str = msgspec.json.decode(body)["error"]["code"]
    return code


def directory(tmp_path: Path) -> ASGIApp:
    return Starlette(routes=[*graph.routes(World(tmp_path).cloud, lambda _request: OWNER, OWNER)])


def test_the_api_refuses_who_dawdles_in_azures_shape_and_closes(tmp_path: Path) -> None:
    api = Api(World(tmp_path))

    status, headers, body, seconds = answered(api.app, "PUT", LAB, Sender([b'{"location":'], ends=False))

    assert (status, round(seconds)) == (408, 30)
    assert code_of(body) == "RequestTimeout"
    assert headers[b"connection"] == b"close"
    assert b"x-ms-request-id" in headers
    assert api.call("GET", LAB).status_code == 404


def test_the_directory_refuses_who_dawdles_and_closes(tmp_path: Path) -> None:
    status, headers, body, seconds = answered(
        directory(tmp_path), "POST", "/v1.0/directoryObjects/getByIds", Sender([b"{"], ends=False)
    )

    assert (status, round(seconds)) == (408, 30)
    assert code_of(body) == "RequestTimeout"
    assert headers[b"connection"] == b"close"


@pytest.mark.parametrize("pieces", [17, 100], ids=["drained", "endless"])
def test_a_connection_on_which_too_much_came_is_closed(tmp_path: Path, pieces: int) -> None:
    sender = Sender([bytes(1024 * 1024)] * pieces)

    status, headers, _, _ = answered(Api(World(tmp_path)).app, "PUT", LAB, sender)

    assert (status, headers[b"connection"]) == (413, b"close")
    assert sender.unsent == max(0, pieces - 65)


@pytest.mark.parametrize(
    ("sender", "seconds", "connection"),
    [
        (lambda: Sender([b"x"], ends=False), 30, b"close"),
        (lambda: Sender([bytes(1024 * 1024)] * 100), 0, b"close"),
        (lambda: Sender([b"x"] * 3, 1), 3, None),
    ],
    ids=["dawdles", "endless", "comes to its end"],
)
def test_of_a_blob_that_is_refused_no_more_is_awaited_than_of_any_body(
    tmp_path: Path, sender: Callable[[], Sender], seconds: int, connection: bytes | None
) -> None:
    edge = BlobEdge(World(tmp_path).cloud)

    status, headers, body, took = answered(edge, "PUT", "/labstore/vhds/a", sender(), x="x" * 70_000)

    assert (status, b"<Code>RequestHeaderTooLarge</Code>" in body) == (400, True)
    assert (round(took), headers.get(b"connection")) == (seconds, connection)
