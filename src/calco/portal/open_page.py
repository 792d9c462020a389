"""Pages that stay open: asked for as ``text/event-stream``, a page is sent again whenever its live part has changed."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from calco.portal.api import Refused
from calco.portal.visit import LIVE_NO_MORE, Page, Visit

log = logging.getLogger(__name__)

STREAMS_MAX, STREAMS_EACH_MAX = 200, 30
"""Open pages of all people, and of one, so that nobody takes all of them."""
STILL_HERE_SECONDS = 15.0
"""So that whoever has gone away is noticed."""
AGAIN_MS = 5000
"""When a browser comes back to a page that could not be made."""
TYPE = "text/event-stream"
SIGNED_OUT = "signed out"
"""Why a page is over, when that is why; live.js knows it."""


def is_wanted(request: Request, page: Page) -> bool:
    """Whether the page is to stay open; a page that does not change by itself never does."""
    asks = request.method == "GET" and TYPE in request.headers.get("accept", "")
    return asks and page.live_seconds > 0


def over() -> Response:
    """To an open page whose session has ended: it asks again as a page does, and is led to sign in; with
    a shell open in it it stays, for that says so itself."""
    return Response(_event(SIGNED_OUT, "over"), 200, {"Cache-Control": "no-store"}, TYPE)


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
        """The page as a stream; 503 when too many are open. It counts from here on, and until it is answered."""
        person = visit.session.person
        full = self._streams.total() >= STREAMS_MAX or self._streams[person] >= STREAMS_EACH_MAX
        if full or self._closing.is_set():
            return PlainTextResponse("", 503, {"Retry-After": "5"})
        self._streams[person] += 1
        return _Stream(self._changes(page, visit), lambda: self._left(person))

    def _left(self, person: str) -> None:
        self._streams -= Counter([person])  # leaves out whoever has none

    async def _changes(self, page: Page, visit: Visit) -> AsyncIterator[str]:
        last, silent, is_final = "", 0.0, False
        while not self._closing.is_set():
            if not self.is_signed_in(visit.request):  # signed out, wherever that was
                yield _event(SIGNED_OUT, "over")
                return
            try:
                if not is_final:
                    answer = await page.show(replace(visit, live=True))
                    shown, is_final = bytes(answer.body).decode(), answer.status_code == LIVE_NO_MORE
            except Refused:
                yield _event("", "over")  # the page asks again, and is told why
                return
            except Exception:
                log.exception("open page %r", visit.request.url.path)
                yield _event("", "fault", retry_ms=AGAIN_MS)
                return
            if shown != last:
                last, silent = shown, 0.0
                yield _event(shown)
            elif silent >= STILL_HERE_SECONDS:
                silent = 0.0
                yield ": still here\n\n"
            silent += page.live_seconds
            await self._pause(page.live_seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return


class _Stream(StreamingResponse):
    """``left`` is called when it ends, in whatever way: before anything was sent, too, when its text never begins."""

    def __init__(self, changes: AsyncIterator[str], left: Callable[[], None]) -> None:
        super().__init__(changes, 200, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}, TYPE)
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._left()


def _event(text: str, name: str = "", *, retry_ms: int = 0) -> str:
    """``retry_ms``: how long the browser is to wait when the stream has ended. Source: HTML standard, 9.2.6
    (server-sent events)."""
    named, wait = f"event: {name}\n" if name else "", f"retry: {retry_ms}\n" if retry_ms else ""
    lines = "".join(f"data: {each}\n" for each in text.split("\n"))
    return f"{named}{wait}{lines}\n"
