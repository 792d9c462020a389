"""Whoever looks at one terminal: any number of people, each from what was printed last, by a websocket.

A newcomer begins with the end of what was printed, then hears what is printed from there on, nothing twice and nothing
left out. Who does not read is let go, for the others' sake and the memory's. All of it is of one event loop.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

TAIL_BYTES = 64 * 1024
"""How much of what was printed a newcomer is shown."""
BEHIND_BYTES_MAX = 1024 * 1024
"""So much may wait for a watcher who does not read."""
AHEAD_BYTES_MAX = 1024 * 1024
"""So much may be typed ahead of what a terminal takes."""
AHEAD_SECONDS = 30.0
"""So long whoever types more waits for room. Then it is lost, as at any terminal: it must not hold them up for ever."""
KEYS_BYTES = 1024
Typing = Callable[[bytes], Coroutine[None, None, None]]
Hearing = Callable[[str], Coroutine[None, None, None]]
GOODBYE_SECONDS = 5.0
"""How long a client that reads nothing is waited for when what it looks at ends."""


@dataclass(frozen=True)
class Ending:
    """Why there is no more to see, as a websocket says it: 1001 is RFC 6455's, 4000 and above are ours."""

    code: int
    reason: str


LEFT = Ending(1000, "")
SIGNED_OUT = Ending(4012, "Whoever looked is not signed in any more.")
BEHIND = Ending(4001, "This console was too far behind what the machine prints.")


class Ended(Exception):
    """There is nothing more to see, or nothing at all."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


class Watcher:
    """One of those who look. ``heard`` and ``type`` may be used side by side."""

    def __init__(self, type: Typing, shown: bytes) -> None:
        self.type = type
        """Sends keys; returns when they are on their way: what reads nothing holds up whoever types."""
        self._waiting = bytearray(shown)
        self._news = asyncio.Event()
        self._heard = asyncio.Event()
        self._ending: Ending | None = None
        if shown:
            self._news.set()

    async def heard(self) -> bytes:
        """What was printed since the last call, as soon as there is something. Raises Ended."""
        await self._news.wait()
        self._news.clear()
        if self._waiting:
            told = bytes(self._waiting)
            self._waiting.clear()
            self._heard.set()
            if self._ending is not None:
                self._news.set()
            return told
        assert self._ending is not None, "news is something printed, or the end"
        self._news.set()
        raise Ended(self._ending)

    async def wait_heard(self) -> None:
        """Until nothing waits, or nobody will hear it."""
        while self._waiting and self._ending is None:
            self._heard.clear()
            await self._heard.wait()

    def tell(self, printed: bytes) -> None:
        if self._ending is not None:
            return
        if len(self._waiting) + len(printed) > BEHIND_BYTES_MAX:
            self._waiting.clear()
            self.end(BEHIND)
            return
        self._waiting += printed
        self._news.set()

    def end(self, ending: Ending) -> None:
        """What was printed before is still heard."""
        if self._ending is None:
            self._ending = ending
            self._news.set()
            self._heard.set()


class TypedAhead:
    """Keys on their way to a terminal, which takes no more than is read there."""

    def __init__(self, seconds: float = AHEAD_SECONDS) -> None:
        self._seconds = seconds
        self._keys = bytearray()
        self._some, self._room = asyncio.Event(), asyncio.Event()
        self._gave_up = False
        """Nobody made room in time for what came last: what follows is not to wait as long again, each piece of it."""
        self._changed()

    @property
    def waits(self) -> bool:
        return bool(self._keys)

    async def put(self, keys: bytes) -> None:
        """Returns when they wait here, or are lost."""
        if not self._room.is_set() and not self._gave_up:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), self._seconds)
        self._gave_up = not self._room.is_set()
        if not self._gave_up:
            self._keys += keys
            self._changed()

    async def first(self) -> bytes:
        """Some of them, as soon as there are any; ``taken`` says of how many the terminal took."""
        await self._some.wait()
        return bytes(self._keys[:KEYS_BYTES])

    def taken(self, count: int) -> None:
        del self._keys[:count]
        self._changed()

    def forget(self) -> bytes:
        """All that wait; what they were."""
        forgotten = bytes(self._keys)
        self._keys.clear()
        self._changed()
        return forgotten

    def _changed(self) -> None:
        for event, is_so in ((self._some, self.waits), (self._room, len(self._keys) < AHEAD_BYTES_MAX)):
            event.set() if is_so else event.clear()


class Audience:
    """All who look at one terminal, and the end of what it printed."""

    def __init__(self, past: bytes = b"") -> None:
        self.ending: Ending | None = None
        self._past = past
        self._watchers: list[Watcher] = []

    def begin_with(self, past: bytes) -> None:
        self._past = past

    def join(self, type: Typing) -> Watcher:
        """Raises Ended."""
        if self.ending is not None:
            raise Ended(self.ending)
        watcher = Watcher(type, self._past)
        self._watchers.append(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self._watchers.remove(watcher)
        watcher.end(LEFT)

    def tell(self, printed: bytes) -> None:
        self._past = (self._past + printed)[-TAIL_BYTES:]
        for watcher in self._watchers:
            watcher.tell(printed)

    async def wait_heard(self, seconds: float) -> None:
        """Until all have heard everything, for so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for watcher in tuple(self._watchers):
                    await watcher.wait_heard()

    def end(self, ending: Ending) -> None:
        """The first ending is the one. May be repeated."""
        if self.ending is None:
            self.ending = ending
        for watcher in self._watchers:
            watcher.end(self.ending)


async def attend(websocket: WebSocket, watcher: Watcher, hear: Hearing) -> None:
    """Show the terminal to its watcher, and the watcher's keys to the terminal, until one of them has enough. ``hear``
    gets what comes as text; bytes are keys. Raises Ended; returns when the watcher has left."""
    sides = {asyncio.create_task(_show_all(websocket, watcher)), asyncio.create_task(_type(websocket, watcher, hear))}
    try:
        ended, _ = await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in sides:
            each.cancel()
        await asyncio.gather(*sides, return_exceptions=True)
    with suppress(WebSocketDisconnect):
        for each in ended:
            each.result()


async def close(websocket: WebSocket, ending: Ending) -> None:
    """Say why to whoever still listens."""
    with suppress(TimeoutError, WebSocketDisconnect):
        await asyncio.wait_for(websocket.close(ending.code, ending.reason), GOODBYE_SECONDS)


async def _show_all(websocket: WebSocket, watcher: Watcher) -> None:
    """Raises Ended, WebSocketDisconnect."""
    while True:
        await websocket.send_bytes(await watcher.heard())


async def _type(websocket: WebSocket, watcher: Watcher, hear: Hearing) -> None:
    """Raises WebSocketDisconnect."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is not None:
            await hear(text)
        else:
            await watcher.type(message.get("bytes") or b"")
