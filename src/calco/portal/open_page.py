"""Pages that stay open: asked for as ``text/event-stream``, a page is sent again whenever its live part has changed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from calco.portal.api import Refused
from calco.portal.visit import Page, Visit

STREAMS_MAX, STREAMS_EACH_MAX = 200, 30
"""Open pages of all people, and of one, so that nobody takes all of them."""
STILL_HERE_SECONDS = 15.0
"""So that whoever has gone away is noticed."""
TYPE = "text/event-stream"


def is_wanted(request: Request, page: Page) -> bool:
    """Whether the page is to stay open; a page that does not change by itself never does."""
    asks = request.method == "GET" and TYPE in request.headers.get("accept", "")
    return asks and page.live_seconds > 0


def over() -> Response:
    """To an open page whose session has ended: it asks again as a page does, and is led to sign in."""
    return Response(_event("", "over"), 200, {"Cache-Control": "no-store"}, TYPE)


@dataclass
class OpenPages:
    """``is_signed_in``: whether who asked still is, for that may end while a page is open."""

    is_signed_in: Callable[[Request], bool]
    _closing: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _streams: Counter[str] = field(default_factory=Counter, init=False)

    def close(self) -> None:
        """Let them go; in the event loop."""
        self._closing.set()

    def answer(self, page: Page, visit: Visit) -> Response:
        full = self._streams.total() >= STREAMS_MAX or self._streams[visit.session.person] >= STREAMS_EACH_MAX
        if full or self._closing.is_set():
            return PlainTextResponse("", 503, {"Retry-After": "5"})
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return StreamingResponse(self._changes(page, visit), 200, headers, TYPE)

    async def _changes(self, page: Page, visit: Visit) -> AsyncIterator[str]:
        self._streams[visit.session.person] += 1
        try:
            last, silent = "", 0.0
            while not self._closing.is_set():
                if not self.is_signed_in(visit.request):  # signed out, wherever that was
                    yield _event("", "over")
                    return
                try:
                    shown = bytes((await page.show(replace(visit, live=True))).body).decode()
                except Refused:
                    yield _event("", "over")  # the page asks again, and is told why
                    return
                if shown != last:
                    last, silent = shown, 0.0
                    yield _event(shown)
                elif silent >= STILL_HERE_SECONDS:
                    silent = 0.0
                    yield ": still here\n\n"
                silent += page.live_seconds
                await self._pause(page.live_seconds)
        finally:
            self._streams -= Counter([visit.session.person])  # leaves out whoever has none

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return


def _event(text: str, name: str = "") -> str:
    """Source: HTML standard, 9.2.6 (server-sent events)."""
    lines = "".join(f"data: {each}\n" for each in text.split("\n"))
    return f"{f'event: {name}' + chr(10) if name else ''}{lines}\n"
