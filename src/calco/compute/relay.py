"""Carries TCP connections from listening sockets of this machine to guests; one thread with one loop for all of them.

It is the service's own and ends with it: nothing of it is on disk. A side that has said all it has to say is passed on
as such (half-close), so that ``ssh host cat < file`` ends as it should.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

Connect = Callable[[], socket.socket]
"""Makes a connected socket to the guest; may block for some seconds. Raises OSError."""

_PIECE_BYTES = 64 * 1024


class Relay:
    """Listening sockets by key. All methods may be called from any thread and return when it is done."""

    def __init__(self, *, most_connections: int = 512) -> None:
        self._most = most_connections
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="relay")
        self._servers: dict[tuple[str, int], asyncio.Server] = {}
        self._places: dict[tuple[str, int], tuple[str, int]] = {}
        self._talks: dict[asyncio.Task[None], tuple[str, int]] = {}

    def place(self, key: tuple[str, int]) -> tuple[str, int] | None:
        """The (host, port) at which ``key`` is served; None when it is not."""
        with self._lock:
            return self._places.get(key)

    def serve(self, key: tuple[str, int], listener: socket.socket, connect: Connect) -> None:
        """Carry what comes to ``listener`` over connections made by ``connect``; replaces what ``key`` served.
        The socket is the relay's from now on."""
        host, port = listener.getsockname()[:2]
        with self._lock:
            self._do(self._open(key, listener, connect))
            self._places[key] = (host, port)

    def end(self, key: tuple[str, int]) -> None:
        """Stop serving ``key`` and end its connections; absent is fine."""
        with self._lock:
            if self._places.pop(key, None) is not None:
                self._do(self._close(key))

    def stop(self) -> None:
        """End everything, the thread included; it starts again when it is needed."""
        with self._lock:
            if self._loop is not None and self._thread is not None:
                for key in list(self._places):
                    self._do(self._close(key))
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()
                self._loop = self._thread = None
                self._places.clear()

    def _do(self, work: Coroutine[object, object, None]) -> None:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
            self._thread.start()
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, key: tuple[str, int], listener: socket.socket, connect: Connect) -> None:
        await self._close(key)

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is None or len(self._talks) >= self._most:
                writer.close()
                return
            self._talks[task] = key
            try:
                await self._carry(reader, writer, connect)
            except asyncio.CancelledError:
                pass  # by ``_close``: the task has come to its end, and the stream server would log it as a fault
            finally:
                del self._talks[task]

        self._servers[key] = await asyncio.start_server(talk, sock=listener)

    async def _close(self, key: tuple[str, int]) -> None:
        server = self._servers.pop(key, None)
        if server is not None:
            server.close()
        talks = [task for task, of in self._talks.items() if of == key]
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _reach(self, connect: Connect) -> socket.socket:
        reaching = self._pool.submit(connect)
        try:
            return await asyncio.wrap_future(reaching)
        except asyncio.CancelledError:
            reaching.add_done_callback(_close_result)  # it goes on in its thread and may succeed, for nobody
            raise

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connect: Connect) -> None:
        onward: asyncio.StreamWriter | None = None
        try:
            reached = await self._reach(connect)
            reached.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            back, onward = await asyncio.open_connection(sock=reached)
            async with asyncio.TaskGroup() as both:  # one side that breaks ends the other
                both.create_task(_pump(reader, onward))
                both.create_task(_pump(back, writer))
        except* OSError:
            pass
        finally:
            for one in (writer, onward):
                if one is not None:
                    one.close()
                    with suppress(OSError):
                        await one.wait_closed()


def _close_result(reaching: "Future[socket.socket]") -> None:
    if not reaching.cancelled() and reaching.exception() is None:
        reaching.result().close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(_PIECE_BYTES):
        sink.write(piece)
        await sink.drain()
    with suppress(OSError):
        sink.write_eof()
