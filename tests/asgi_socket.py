"""Websockets of an ASGI application in memory, without a server: for tests that speak to one step by step.

One event loop in a thread of its own serves all of them, for what they share lives on one.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

T = TypeVar("T")

PATIENCE_SECONDS = 20


class Closed(Exception):
    """The application has closed the websocket, or refused it (``code`` 403)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass
class Socket:
    """One websocket."""

    loop: asyncio.AbstractEventLoop
    sent: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    told: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)

    def send(self, what: bytes | str) -> None:
        name = "text" if isinstance(what, str) else "bytes"
        self._put({"type": "websocket.receive", name: what})

    def receive(self) -> bytes:
        """The next message. Raises Closed."""
        message = self._get()
        if message["type"] == "websocket.close":
            raise Closed(message.get("code", 1000), message.get("reason") or "")
        return bytes(message["bytes"])

    def accepted(self) -> None:
        """Raises Closed when the handshake is refused."""
        self._put({"type": "websocket.connect"})
        message = self._get()
        if message["type"] == "websocket.close":
            raise Closed(403, "")
        assert message["type"] == "websocket.accept"

    def leave(self) -> None:
        self._put({"type": "websocket.disconnect", "code": 1001})

    def _put(self, message: dict[str, Any]) -> None:
        self.loop.call_soon_threadsafe(self.sent.put_nowait, message)

    def _get(self) -> dict[str, Any]:
        async def next_one() -> dict[str, Any]:
            return await asyncio.wait_for(self.told.get(), PATIENCE_SECONDS)

        return asyncio.run_coroutine_threadsafe(next_one(), self.loop).result()


class AsgiSockets:
    """``app`` is any ASGI application. To be used in a ``with``; what is open at its end is left."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="asgi", daemon=True)

    def __enter__(self) -> "AsgiSockets":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Something on the loop of the websockets."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[Socket]:
        """Raises Closed when the handshake is refused. When the block ends the client leaves, and the application has
        done with it."""
        parts = urlsplit(url)
        socket = Socket(self._loop)
        scope = {
            "type": "websocket",
            "scheme": "wss",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "subprotocols": [],
        }

        async def serve() -> None:
            await self._app(scope, socket.sent.get, socket.told.put)

        served = asyncio.run_coroutine_threadsafe(serve(), self._loop)
        try:
            socket.accepted()
            yield socket
        finally:
            socket.leave()
            served.result(PATIENCE_SECONDS)
