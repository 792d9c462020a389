"""The Cloud Shell: a pane below every page, with a terminal in it whose shell lives at the service.

The page is for who comes by its address, and for who has no script. The terminal's line is a websocket: whoever is
signed in, from a page of ours, gets to their own shell, which is begun when they have none and lasts no longer than
their session.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

from calco import audience
from calco.audience import SIGNED_OUT, Ended, Watcher
from calco.identity.routes import base_url
from calco.portal.session import Session
from calco.portal.visit import Page, Visit
from calco.ports.world import Clock

LINE = "/shell/line"
"""Behind ``/portal``."""


class Screen(Protocol):
    """A shell's terminal."""

    def resize(self, rows: int, columns: int) -> None: ...


class Shells(Protocol):
    """One shell for a session (``key``) that lasts ``seconds`` yet. The API is asked with its ``token``, at ``base`` as
    the browser knows it."""

    def watch(
        self, *, key: str, name: str, base: str, token: str, seconds: float
    ) -> AbstractAsyncContextManager[tuple[Watcher, Screen]]:
        """Raises Ended, also when there is no room."""

    def end(self, key: str) -> None: ...

    def close(self) -> None: ...


class _Size(msgspec.Struct, forbid_unknown_fields=True):
    columns: int
    rows: int


async def show(visit: Visit) -> Response:
    return visit.page("shell.html")


async def attend(
    websocket: WebSocket, session_of: Callable[[HTTPConnection], Session | None], shells: Shells, clock: Clock
) -> None:
    """A page that is not ours is refused with 403 before it is a websocket; one of ours whose session is over is told
    so, which a browser does not tell of a 403. Source: RFC 6455, 10.2."""
    base = base_url(websocket)
    if websocket.headers.get("origin") != base:
        await websocket.close()
        return
    await websocket.accept()
    try:
        # Nothing is waited for between this and their shell: nobody signs out meanwhile.
        session = session_of(websocket)
        if session is None:
            raise Ended(SIGNED_OUT)
        known = shells.watch(
            key=session.id,
            name=session.name or session.person,
            base=base,
            token=session.token,
            seconds=(session.until - clock.now()).total_seconds(),
        )
        async with known as (watcher, screen):

            async def hear(text: str) -> None:
                try:
                    size = msgspec.json.decode(text, type=_Size)
                except msgspec.MsgspecError:
                    return
                screen.resize(size.rows, size.columns)

            await audience.attend(websocket, watcher, hear)
    except Ended as over:
        await audience.close(websocket, over.ending)


PAGES = (Page("/shell", show),)
