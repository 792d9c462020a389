"""Who looks at which machine's serial port.

A machine has one line out (``ports.Hypervisor.serial``), and any number of people may look at its console. So there is
one reader for each machine that somebody looks at: it hands what the machine prints to every watcher, and what any of
them types to the machine. The line is taken when the first comes and let go when the last leaves.

Whoever comes begins with the tail of the console's log, then gets what is printed from there on, nothing twice and
nothing left out. All of it happens on the event loop, but for what the hypervisor is asked, which is done in a thread.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from calco.audience import TAIL_BYTES, Audience, Ended, Ending, Watcher
from calco.model.machine import MachineState
from calco.ports import Hypervisor
from calco.tool import ToolFailed

log = logging.getLogger(__name__)

T = TypeVar("T")

PIECE_BYTES = 64 * 1024
WATCHERS_MAX = 64
THREADS = 4
"""Of their own: a hypervisor that does not answer keeps nobody waiting but other consoles."""
LOOK_SECONDS = 5.0
"""How often a machine that keeps silent is asked whether it still runs: one that switches itself off closes no line."""


STOPPING = Ending(1001, "The service stops. The machine goes on.")
STOPPED = Ending(4000, "The machine does not run.")
TOO_MANY = Ending(4002, "Too many consoles are open. Close one first.")


class _Line:
    """One machine's serial port while somebody looks at it."""

    def __init__(self, hypervisor: Hypervisor, threads: Executor, vm_id: str, look_seconds: float) -> None:
        self._hypervisor = hypervisor
        self._threads = threads
        self._vm_id = vm_id
        self._look_seconds = look_seconds
        self._opening = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._audience = Audience()

    @property
    def has_ended(self) -> bool:
        return self._audience.ending is not None

    async def join(self) -> Watcher:
        """Raises Ended."""
        async with self._opening:
            if self._writer is None and not self.has_ended:
                await self._open()
        return self._audience.join(self.type)

    def leave(self, watcher: Watcher) -> None:
        self._audience.leave(watcher)

    async def type(self, keys: bytes) -> None:
        if self._writer is None or self._writer.is_closing():
            return
        self._writer.write(keys)
        with suppress(OSError):  # who reads learns of the end
            await self._writer.drain()

    def end(self, ending: Ending) -> None:
        """Let go of the machine, and tell whoever still looks. May be repeated."""
        self._audience.end(ending)
        if self._writer is not None:
            # Not ``close``: that waits for a guest to read what was typed, and it may never do so.
            self._writer.transport.abort()
        for task in self._tasks:
            task.cancel()

    async def let_go(self) -> None:
        """Returns when the hypervisor's end is closed."""
        self.end(STOPPED)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            with suppress(OSError):
                await self._writer.wait_closed()

    async def _open(self) -> None:
        try:
            made, past = await self._ask(_taken, self._hypervisor, self._vm_id)
        except (OSError, ToolFailed) as why:
            log.info("no serial port of machine %s: %s", self._vm_id, why)
            self._audience.end(STOPPED)
            return
        self._audience.begin_with(past)
        reader, self._writer = await asyncio.open_connection(sock=made, limit=PIECE_BYTES)
        self._tasks = (asyncio.create_task(self._read(reader)), asyncio.create_task(self._look()))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while printed := await reader.read(PIECE_BYTES):
                self._audience.tell(printed)
        self.end(STOPPED)

    async def _look(self) -> None:
        state = MachineState.RUNNING
        while state is MachineState.RUNNING:
            await asyncio.sleep(self._look_seconds)
            state = await self._ask(self._hypervisor.state, self._vm_id)
        self.end(STOPPED)

    async def _ask(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


class Lines:
    """The consoles of all machines. ``close`` ends them, and lets nobody in any more."""

    def __init__(
        self, hypervisor: Hypervisor, *, watchers_max: int = WATCHERS_MAX, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._hypervisor = hypervisor
        self._threads = ThreadPoolExecutor(THREADS, "serial")
        self._watchers_max = watchers_max
        self._look_seconds = look_seconds
        self._lines: dict[str, _Line] = {}
        self._users: Counter[_Line] = Counter()
        self._closed = False

    @property
    def open(self) -> frozenset[str]:
        """Of which machines the line is taken."""
        return frozenset(self._lines)

    @asynccontextmanager
    async def watch(self, vm_id: str) -> AsyncIterator[Watcher]:
        """Raises Ended when there is nothing to watch, or no room."""
        if self._closed:
            raise Ended(STOPPING)
        if self._users.total() >= self._watchers_max:
            raise Ended(TOO_MANY)
        line = self._lines.get(vm_id)
        if line is None or line.has_ended:
            line = self._lines[vm_id] = _Line(self._hypervisor, self._threads, vm_id, self._look_seconds)
        self._users[line] += 1
        try:
            watcher = await line.join()
            try:
                yield watcher
            finally:
                line.leave(watcher)
        finally:
            self._users[line] -= 1
            if not self._users[line]:
                del self._users[line]
                if self._lines.get(vm_id) is line:
                    del self._lines[vm_id]
                await line.let_go()

    def close(self) -> None:
        """On the event loop; may be repeated."""
        self._closed = True
        for line in tuple(self._users):
            line.end(STOPPING)
        self._threads.shutdown(wait=False)


def _taken(hypervisor: Hypervisor, vm_id: str) -> tuple[socket.socket, bytes]:
    """The line, and the tail of what was printed before it. Raises OSError, ToolFailed."""
    made = hypervisor.serial(vm_id)
    try:
        # The log is read when the line is there: what is printed in between is in both.
        printed = hypervisor.console_log(vm_id)
        live = b""
        with suppress(BlockingIOError):
            live = made.recv(TAIL_BYTES, socket.MSG_DONTWAIT)
    except BaseException:
        made.close()
        raise
    return made, joined(printed[-TAIL_BYTES:], live)[-TAIL_BYTES:]


def joined(printed: bytes, live: bytes) -> bytes:
    """``printed`` and then what of ``live`` is not its end already: the longest beginning of ``live`` that ``printed``
    ends with is said once. Source: Knuth, Morris and Pratt, for what a guest prints may be made to be slow to compare.
    """
    shorter = [0]
    for at in range(1, len(live)):
        length = shorter[-1]
        while length and live[at] != live[length]:
            length = shorter[length - 1]
        shorter.append(length + (live[at] == live[length]))
    length = 0
    for each in printed[-len(live) :] if live else b"":
        while length and (length == len(live) or live[length] != each):
            length = shorter[length - 1]
        length += live[length] == each
    return printed + live[length:]
