"""The portal's Cloud Shells as the service sees them: one confined process for whoever opens one, on a terminal of its
own, which lives on while its user goes from page to page.

The process has no file, no program and no network (``confinement``); it has its terminal, and a socket by which it asks
the API through us. We add its user's token and let nothing through but the API, so it can do what they may and nothing
else. It ends with their session, when nobody has looked at it for a while, at its limits, or with the service.
"""

import asyncio
import fcntl
import logging
import os
import signal
import socket
import struct
import sys
import termios
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import httpx

from calco.audience import SIGNED_OUT, Audience, Ended, Ending, TypedAhead, Watcher
from calco.cloudshell import wire

log = logging.getLogger(__name__)

START = "import sys; sys.path[:] = sys.argv[4:]; from calco.cloudshell.child import main; main()"
ENVIRONMENT = {
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PROMPT_TOOLKIT_NO_CPR": "1",
    "MALLOC_ARENA_MAX": "2",
}
"""Of the process, not of what is typed there. Who comes back is shown what was printed before: a question about the
cursor in it would be answered once more. A thread's arena would take 64 MiB of its memory. Source: mallopt(3)."""
PIECE_BYTES = 64 * 1024
REQUESTS_MAX = 32
"""As many a shell may have under way; the next one waits."""
GOODBYE_SECONDS = 1.0
LAG_SECONDS = 0.25
"""So long a shell waits for whoever looks at it, for each piece that it prints; who lags for ever is let go."""
API = ("/subscriptions", "/providers", "/tenants")
"""Where a shell may ask: not the portal's pages, not where tokens are given."""
HEADERS = frozenset({"content-type", "etag", "location", "azure-asyncoperation", "retry-after", "x-ms-request-id"})
SIDE_MAX = 1000
CTRL_C, PASTED = b"\x03", b"\x1b[201~"
"""``PASTED`` ends what is pasted at a prompt. Source: XTerm Control Sequences, bracketed paste mode."""
FULL_SECONDS = 0.05
"""So long a terminal is left alone that takes no more."""
LOOKERS_MAX = 30

STOPPING = Ending(1001, "The service stops.")
EXITED = Ending(4010, "The shell has ended.")
IDLE = Ending(4011, "Nobody has looked at this shell for a while.")
SPENT = Ending(4013, "It has used up its processor time.")
TOO_MANY = Ending(4002, "Too many shells are open. Close one first.")


@dataclass(frozen=True)
class Limits:
    """Of each shell, but ``shells``, which is of all: one more ends the one that was left first, if any was.
    ``idle_seconds``: without anybody looking."""

    cpu_seconds: int = 600
    memory_bytes: int = 1 << 30
    idle_seconds: float = 20 * 60
    shells: int = 8


@dataclass(frozen=True)
class User:
    """Whose shell it is. ``token`` is what the API is asked with; it is good for ``seconds`` yet."""

    key: str
    name: str
    subscription: str
    tenant: str
    base: str
    token: str = field(repr=False)
    seconds: float


class Shells:
    """All shells, on one event loop. ``http`` reaches the API of ``subscription``. ``start`` are the words that start a
    process, before its limits, the number of its socket and where it imports from."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        subscription: str,
        tenant: str,
        limits: Limits | None = None,
        start: Sequence[str] = (sys.executable, "-I", "-S", "-c", START),
    ) -> None:
        self._http = http
        self._place = (subscription, tenant)
        self._limits = limits or Limits()
        self._start = start
        self._open: dict[str, Shell] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def watch(
        self, *, key: str, name: str, base: str, token: str, seconds: float
    ) -> AsyncIterator[tuple[Watcher, "Shell"]]:
        """The user's shell, begun when there is none; ``key`` is their session, which lasts ``seconds`` yet, ``base``
        where they find the service. Raises Ended, with TOO_MANY when there is no room."""
        shell = self._open.get(key)
        if shell is None or shell.audience.ending is not None:
            shell = self._begin(User(key, name, *self._place, base, token, seconds))
        await shell.ready()
        watcher = shell.join()
        try:
            yield watcher, shell
        finally:
            shell.leave(watcher)
            if self._open.get(key) is shell:  # the last of those that were left
                self._open[key] = self._open.pop(key)

    def end(self, key: str) -> None:
        """Of a session that is over. May be repeated."""
        shell = self._open.get(key)
        if shell is not None:
            shell.end(SIGNED_OUT)

    def close(self) -> None:
        """On the event loop; may be repeated."""
        self._closed = True
        for each in tuple(self._open.values()):
            each.end(STOPPING)

    async def wait_closed(self) -> None:
        """Returns when no process is left. ``close`` first."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _begin(self, user: User) -> "Shell":
        if self._closed:
            raise Ended(STOPPING)
        alive = [each for each in self._open.values() if each.audience.ending is None]
        if len(alive) >= self._limits.shells:
            left = next((each for each in alive if each.is_left), None)
            if left is None:
                raise Ended(TOO_MANY)
            left.end(IDLE)
        shell = self._open[user.key] = Shell(user, self._http, self._limits)
        task = asyncio.create_task(self._live(shell, user))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return shell

    async def _live(self, shell: "Shell", user: User) -> None:
        over = asyncio.get_running_loop().call_later(user.seconds, shell.end, SIGNED_OUT)
        try:
            await shell.live(self._start)
        except Exception:
            log.exception("a shell")
        finally:
            over.cancel()
            shell.end(EXITED)
            if self._open.get(user.key) is shell:
                del self._open[user.key]


class Shell:
    """One process and its terminal."""

    def __init__(self, user: User, http: httpx.AsyncClient, limits: Limits) -> None:
        self.audience = Audience()
        self._user = user
        self._http = http
        self._limits = limits
        self._idle: asyncio.TimerHandle | None = None
        self._master = -1
        self._process: asyncio.subprocess.Process | None = None
        self._ahead = TypedAhead()
        self._begun = asyncio.Event()
        self._over = asyncio.Event()
        self._room = asyncio.Semaphore(REQUESTS_MAX)
        self._lookers = 0

    async def ready(self) -> None:
        """When it has a terminal, or has ended without one."""
        await self._begun.wait()

    @property
    def is_left(self) -> bool:
        """Somebody has looked at it, and nobody does now."""
        return self._idle is not None

    def join(self) -> Watcher:
        """Raises Ended."""
        if self._lookers >= LOOKERS_MAX:
            raise Ended(TOO_MANY)
        watcher = self.audience.join(self._type)
        self._lookers += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self.audience.leave(watcher)
        self._lookers -= 1
        if not self._lookers and self.audience.ending is None:
            self._idle = asyncio.get_running_loop().call_later(self._limits.idle_seconds, self.end, IDLE)

    def resize(self, rows: int, columns: int) -> None:
        """The window of whoever looked last."""
        if self._master >= 0 and 0 < rows <= SIDE_MAX and 0 < columns <= SIDE_MAX:
            with suppress(OSError):
                fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def end(self, ending: Ending) -> None:
        self.audience.end(ending)
        self._over.set()
        self._begun.set()

    async def live(self, start: Sequence[str]) -> None:
        """From its beginning to its end."""
        terminal, slave = (os.fdopen(each, "r+b", 0) for each in os.openpty())
        here, there = socket.socketpair()
        with terminal, here:
            with slave, there:
                process = await asyncio.create_subprocess_exec(
                    *start,
                    *_arguments(self._limits, there.fileno()),
                    stdin=slave,
                    stdout=slave,
                    stderr=slave,
                    pass_fds=(there.fileno(),),
                    start_new_session=True,
                    env=ENVIRONMENT,
                    cwd="/",
                )
            try:
                await self._serve(process, terminal, here)
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                if await process.wait() == -signal.SIGXCPU:
                    self.end(SPENT)

    async def _serve(self, process: asyncio.subprocess.Process, terminal: FileIO, here: socket.socket) -> None:
        os.set_blocking(terminal.fileno(), False)
        printed = asyncio.StreamReader()
        reading, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(printed), terminal
        )
        asking, answering = await asyncio.open_connection(sock=here)
        self._master, self._process = terminal.fileno(), process
        self._begun.set()
        shown, left, over, answered, fed = tasks = [
            asyncio.create_task(each)
            for each in (
                self._show(printed),
                process.wait(),
                self._over.wait(),
                self._answer(asking, answering),
                self._feed(terminal.fileno()),
            )
        ]
        try:
            await asyncio.wait((left, over, answered, fed), return_when=asyncio.FIRST_COMPLETED)
            if not over.done():  # it ends by itself: what it said last is still shown
                await asyncio.wait((shown, left), timeout=GOODBYE_SECONDS)
        finally:
            self._master = -1
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            reading.close()
            answering.transport.abort()

    async def _type(self, keys: bytes) -> None:
        """Ctrl-C stops what runs also when that reads nothing and much was typed ahead of it, which is forgotten."""
        if keys == CTRL_C and self._ahead.waits:
            if PASTED not in self._ahead.forget():
                with suppress(ProcessLookupError):
                    assert self._process is not None, "nobody types before there is one"
                    self._process.send_signal(signal.SIGINT)
                return
            keys = PASTED + CTRL_C  # it is the prompt that reads, and it would take all for pasted until it ends
        await self._ahead.put(keys)

    async def _feed(self, master: int) -> None:
        while True:
            keys = await self._ahead.first()
            try:
                self._ahead.taken(os.write(master, keys))
            except BlockingIOError:
                # Nothing tells when it takes more: a full one counts as ready to be written to (seen on Linux 6.18).
                await asyncio.sleep(FULL_SECONDS)

    async def _show(self, printed: asyncio.StreamReader) -> None:
        with suppress(OSError):  # EIO: nobody holds the other end any more
            while piece := await printed.read(PIECE_BYTES):
                self.audience.tell(piece)
                await self.audience.wait_heard(LAG_SECONDS)  # as a terminal holds up what prints faster than it shows

    # --- the API -----------------------------------------------------------------------------------------------------

    async def _answer(self, asking: asyncio.StreamReader, answering: asyncio.StreamWriter) -> None:
        user = self._user
        answering.write(wire.frame(wire.Greeting(user.base, user.name, user.subscription, user.tenant)))
        async with asyncio.TaskGroup() as group:
            try:
                while (asked := await wire.heard(asking)) is not None:
                    await self._room.acquire()
                    group.create_task(self._one(*asked, answering))
            except wire.Garbled as why:
                log.warning("a shell was ended: %s", why)
                raise

    async def _one(self, asked: wire.Asked, body: bytes, answering: asyncio.StreamWriter) -> None:
        try:
            answering.write(await self._asked(asked, body))
            with suppress(OSError):
                await answering.drain()
        finally:
            self._room.release()

    async def _asked(self, asked: wire.Asked, body: bytes) -> bytes:
        if not _is_api(asked.path):
            return wire.frame(wire.Answered(asked.number, 0, {}), b"a shell may ask the API, and nothing else")
        if self._over.is_set():
            return wire.frame(wire.Answered(asked.number, 0, {}), b"the shell has ended")
        headers = {name: value for name, value in asked.headers.items() if name.lower() in wire.PASSED}
        headers["Authorization"] = f"Bearer {self._user.token}"
        try:
            answer = await self._http.request(
                asked.method, self._user.base + asked.path, headers=headers, content=body or None
            )
            if answer.status_code == 401:  # nobody takes their token any more, and what runs must not go on
                self.end(SIGNED_OUT)
            kept = {name: value for name, value in answer.headers.items() if name in HEADERS}
            return wire.frame(wire.Answered(asked.number, answer.status_code, kept), answer.content)
        except (httpx.HTTPError, httpx.InvalidURL, wire.Garbled, ValueError) as why:
            return wire.frame(wire.Answered(asked.number, 0, {}), str(why).encode()[:1000])


def _is_api(path: str) -> bool:
    """Whether the API is asked and nothing around it: dots and doubled slashes lead nowhere."""
    way = path.partition("?")[0]
    inside = any(way == each or way.startswith(f"{each}/") for each in API)
    return inside and ".." not in way and "%2e" not in way.lower() and "//" not in way


def _arguments(limits: Limits, descriptor: int) -> list[str]:
    """What the process finds behind its name. It imports what we would, but never from where we just happen to be."""
    told = (limits.cpu_seconds, limits.memory_bytes, descriptor)
    return [*map(str, told), *(each for each in sys.path if Path(each).is_absolute())]
