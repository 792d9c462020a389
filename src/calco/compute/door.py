"""The door: a Unix socket through which this user's own programs reach guests on this machine.

``calco vm ssh`` comes through here, so that it works whatever network driver is in use and whether or not a machine has
a public address. One request a connection: a line of JSON, answered by a line of JSON (``{}``, or ``{"error": "..."}``)
and then, when there was no error, by what was asked for until the connection closes:

    {"want": "port", "machine": "<vmId>", "port": 22}     the guest's TCP port, both ways
    {"want": "console", "machine": "<vmId>"}              what its serial console printed
    {"want": "screenshot", "machine": "<vmId>"}           its screen as PNG

Only processes of the same user get in, root aside: the socket's directory is private, and the kernel is asked who is at
the other end (SO_PEERCRED, unix(7)).
"""

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

log = logging.getLogger(__name__)

CALLERS_MAX = 128
PIECE_BYTES = 64 * 1024
REQUEST_SECONDS = 10


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line a caller sends. ``port`` is for ``want="port"`` only."""

    want: Literal["port", "console", "screenshot"]
    machine: str
    port: int = 0


@dataclass(frozen=True)
class Behind:
    """What lies behind the door. Each may block for some seconds; each is called in a thread.

    A machine that is not there, or not running, is told by LookupError, and a port that does not answer by OSError;
    their texts are shown to the caller.
    """

    dial: Callable[[str, int], socket.socket]
    console: Callable[[str], bytes]
    screenshot: Callable[[str], bytes | None]


class Door:
    """Serves ``path`` in the running event loop, from ``open`` until ``close``."""

    def __init__(self, path: Path, behind: Behind) -> None:
        self._path = path
        self._behind = behind
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="door")

    async def open(self) -> None:
        """Start listening; a socket that an ended service left is replaced. Raises OSError."""
        self._path.unlink(missing_ok=True)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._talk, self._path, limit=PIECE_BYTES)
        finally:
            os.umask(old)

    async def close(self) -> None:
        """End every connection and take the socket away."""
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._path.unlink(missing_ok=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._talks) >= CALLERS_MAX or not _is_allowed(writer):
            writer.close()
            return
        self._talks.add(task)
        try:
            await self._answer(reader, writer)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            log.debug("a caller at the door went away or sent no request", exc_info=True)
        except asyncio.CancelledError:
            # ``close`` ends us. Not raised on: Python 3.11's streams log a cancelled handler as an error.
            log.debug("a caller at the door was shown out")
        finally:
            self._talks.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(REQUEST_SECONDS):
            line = await reader.readline()
        try:
            request = msgspec.json.decode(line, type=Request)
            found = await asyncio.get_running_loop().run_in_executor(self._threads, self._fetch, request)
        except (msgspec.MsgspecError, OSError, LookupError) as why:
            writer.write(msgspec.json.encode({"error": str(why)}) + b"\n")
            await writer.drain()
            return
        writer.write(b"{}\n")
        if isinstance(found, socket.socket):
            await _join(reader, writer, found)
        else:
            writer.write(found)
            await writer.drain()

    def _fetch(self, request: Request) -> socket.socket | bytes:
        if request.want == "port":
            if not 0 < request.port < 65536:
                raise LookupError(f"{request.port} is no TCP port")
            return self._behind.dial(request.machine, request.port)
        if request.want == "console":
            return self._behind.console(request.machine)
        picture = self._behind.screenshot(request.machine)
        if picture is None:
            raise LookupError("the machine has no screen now; is it running?")
        return picture


def _is_allowed(writer: asyncio.StreamWriter) -> bool:
    peer: socket.socket = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return uid in {0, os.geteuid()}


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, guest: socket.socket) -> None:
    """Carry bytes both ways until both sides have said all, or one breaks."""
    back, onward = await asyncio.open_connection(sock=guest)
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(reader, onward))
            both.create_task(_pump(back, writer))
    except* OSError:
        pass  # either side may hang up as it likes
    finally:
        onward.close()
        with suppress(OSError):
            await onward.wait_closed()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(PIECE_BYTES):
        sink.write(piece)
        await sink.drain()
    # Passed on, so that `ssh host cat < file` ends as it should.
    with suppress(OSError):
        sink.write_eof()
