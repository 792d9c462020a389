"""Who waits for the end of which operation.

A poll of an unfinished operation is held open until the operation ends, so that a client learns of it at once and need
not choose between hurry and patience. A held poll is one entry here: no thread, no database connection.

The order that loses no wake-up: register, read the operation, and only then wait. Whoever ends an operation commits
first and calls ``ended`` afterwards, so either the read sees the end or the wake-up finds the entry.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Waiter:
    """One held poll."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._woken = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Until the operation ends, the service stops, or ``seconds`` are over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    def wake(self) -> None:
        """From any thread. A loop that is closed has nobody left to wake."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._woken.set)


class Endings:
    """Entries are made and removed on the event loop only, and replaced as whole tuples, so that ``ended`` may look
    from any thread, a signal handler included, without a lock."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Waiter, ...]] = {}
        self._closed = False

    @contextmanager
    def expect(self, operation: str) -> Iterator[Waiter]:
        """Register; to be called on the event loop."""
        waiter = Waiter(asyncio.get_running_loop())
        self._waiting[operation] = (*self._waiting.get(operation, ()), waiter)
        if self._closed:
            waiter.wake()
        try:
            yield waiter
        finally:
            others = tuple(each for each in self._waiting[operation] if each is not waiter)
            if others:
                self._waiting[operation] = others
            else:
                del self._waiting[operation]

    async def wait(self, operation: str, seconds: float) -> None:
        """Register and wait, for callers that have nothing to read in between."""
        with self.expect(operation) as waiter:
            await waiter.wait(seconds)

    def ended(self, operation: str) -> None:
        """Wake who waits for ``operation``; from any thread, after the end is committed."""
        for waiter in self._waiting.get(operation, ()):
            waiter.wake()

    def close(self) -> None:
        """Let every held poll go and hold no more: the service stops. From any thread; may be repeated."""
        self._closed = True
        for waiters in tuple(self._waiting.values()):
            for waiter in waiters:
                waiter.wake()
