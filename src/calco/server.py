"""HTTPS on this machine's loopback: sockets, TLS, signals; what is served is handed in."""

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

log = logging.getLogger(__name__)

GRACE_SECONDS = 5
"""How long requests that are under way may take to end once the service is told to stop."""


class PortTaken(Exception):
    """Another program listens on the port; the text says what to do."""


def listen(port: int, *, flag: str = "--port") -> list[socket.socket]:
    """Sockets on 127.0.0.1 and, where this machine has it, ::1, for ``localhost`` may mean either.

    0 takes any free port, the same for both. ``flag`` is what chooses the port. Raises PortTaken.
    """
    first = _bound(socket.AF_INET, "127.0.0.1", port)
    if first is None:
        raise PortTaken(
            f"port {port} is taken by another program; choose one with {flag}, or {flag} 0 for any free one"
        )
    chosen: int = first.getsockname()[1]
    second = _bound(socket.AF_INET6, "::1", chosen)
    return [first] if second is None else [first, second]


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket | None:
    try:
        # The protocol is named because asyncio sets TCP_NODELAY only on sockets that say they are TCP; without it every
        # answer waits some 40 ms for the client's delayed acknowledgement.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError:
        return None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(512)
    except OSError as why:
        made.close()
        if family == socket.AF_INET and why.errno != errno.EADDRINUSE:
            raise
        return None
    return made


class Server(uvicorn.Server):
    """uvicorn with our signals: it would raise them again after serving, and end the process before the rest is
    cleaned up.

    ``on_stopping`` is called once, in the loop, when the service is told to stop, before open requests are waited for;
    ``on_ready`` when it answers. ``message_bytes_max``: the longest message that a websocket takes; 0: none is served.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        certificate: Path,
        key: Path,
        on_ready: Callable[[], None],
        on_stopping: Callable[[], None],
        message_bytes_max: int = 0,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="websockets-sansio" if message_bytes_max else "none",
                ws_max_size=message_bytes_max,
                # On this machine nothing is gained by it, and what is packed small may be large.
                ws_per_message_deflate=False,
                loop="asyncio",
                lifespan="on",
                ssl_certfile=certificate,
                ssl_keyfile=key,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._on_ready = on_ready
        self._on_stopping = on_stopping

    def stop(self) -> None:
        """Stop serving; repeated, it no longer waits for open requests."""
        if self.should_exit:
            self.force_exit = True
            return
        self.should_exit = True
        self._on_stopping()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        asked = (signal.SIGTERM, signal.SIGINT)
        for each in asked:
            loop.add_signal_handler(each, self.stop)
        try:
            yield
        finally:
            for each in asked:
                loop.remove_signal_handler(each)
