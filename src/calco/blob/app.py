"""The blob endpoint as an ASGI application: reads a request, checks its signature, hands it to a handler, sends.

The event loop only moves bytes. Everything that looks at records or files runs in a small pool of threads: one visit
for a request without a body, two for one with; and a large body is received and sent in pieces, so that memory depends
on the number of requests, never on the size of blobs.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote
from uuid import uuid4

from starlette.types import Receive, Scope, Send

from calco import request_body
from calco.blob import address, cors, headers, xml
from calco.blob.access import Asked, check
from calco.blob.buffers import Buffers
from calco.blob.call import Answer, Body, Call, Prepared, Slice, Tools
from calco.blob.route import Route, Takes
from calco.blob.routes import find
from calco.blob.views import Views
from calco.model import blob as model
from calco.model.errors import ApiError
from calco.model.volume import MIB
from calco.ports import PoolGone, StoreFull
from calco.work import block_blob, loose
from calco.work.blob_copy import Copies
from calco.work.cloud import Cloud
from calco.work.turns import Turns

log = logging.getLogger(__name__)

T = TypeVar("T")

THREADS = 8
PIECE_BYTES = MIB
"""How much of a long answer is read and sent at a time."""
HEADER_BYTES_MAX = 64 * 1024
QUERY_FIELDS_MAX = 64
DRAIN_BYTES_MAX = 64 * MIB
"""How much of a refused body is read and thrown away, so that the refusal reaches a client that is still sending."""
IDLE_LOOK_SECONDS = 2.0
SERVICE_VERSION = "2025-01-05"
"""What is answered as ``x-ms-version`` to who does not name one."""


class BlobEdge:
    """The endpoint. ``cloud`` is this process's own; it never runs operations."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tools = Tools(Turns(), Views(cloud.disks.view, cloud.clock), Copies())
        self._buffers = Buffers(model.PAGE_WRITE_BYTES_MAX, kept=THREADS)
        self._threads = ThreadPoolExecutor(THREADS, "blob")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _Exchange(self, scope, receive, send).run()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        idle = asyncio.create_task(self._close_idle())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        idle.cancel()
        self._tools.copies.close()
        self._tools.views.close_idle(0)
        self._threads.shutdown(wait=False)
        await send({"type": "lifespan.shutdown.complete"})

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(IDLE_LOOK_SECONDS)
            await self.run(self._tools.views.close_idle)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    # --- in a thread ---

    def begin(self, asked: Asked) -> "Begun":
        """Everything up to the body: signature, rights, whether it may be at all; of a request without one the answer
        too. Raises ApiError."""
        route = find(asked.method, asked.address.level, asked.query)
        allowed = check(self._cloud, asked, route.needs)
        call = Call(self._cloud, self._tools, asked, allowed)
        prepared = route.prepare(call)
        if route.takes is Takes.NOTHING:
            return Begun(call, route, prepared, route.handler(call, Body(prepared=prepared)))
        return Begun(call, route, prepared, None)

    @property
    def cloud(self) -> Cloud:
        return self._cloud

    @property
    def buffers(self) -> Buffers:
        return self._buffers


@dataclass(frozen=True)
class Begun:
    """A request that was let in; ``answer`` None: its body is wanted."""

    call: Call
    route: Route
    prepared: Prepared
    answer: Answer | None


class _Gone(Exception):
    """The client went away in the middle of its request."""


class _Exchange:
    """One request and its answer."""

    def __init__(self, edge: BlobEdge, scope: Scope, receive: Receive, send: Send) -> None:
        self._edge = edge
        self._scope = scope
        self._receive = receive
        self._send = send
        self._id = str(uuid4())
        self._more_body = True
        self._closes = False
        """What is left of the body is still to come, and nobody reads it."""
        self._headers: dict[str, str] = {}

    async def run(self) -> None:
        try:
            answer = await self._answer()
        except ApiError as refusal:
            answer = self._refused(refusal)
        except _Gone:
            return
        except (StoreFull, PoolGone, FileNotFoundError) as trouble:
            log.warning("request %s: %s", self._id, trouble)
            answer = self._refused(_in_our_words(trouble))
        except Exception:
            log.exception("request %s failed: %s %s", self._id, self._scope["method"], self._scope["path"])
            what = "The server encountered an internal error. Please retry the request."
            answer = self._refused(ApiError(500, "InternalError", what))
        try:
            if answer.status >= 400:
                await self._drain()
            await self._respond(answer)
        except _Gone:
            return

    @property
    def _origins(self) -> Collection[str]:
        return self._edge.cloud.rules.origins

    async def _answer(self) -> Answer:
        asked = self._read()
        if asked.method == "OPTIONS":
            return cors.preflight(asked.headers, self._origins)
        begun = await self._edge.run(self._edge.begin, asked)
        if begun.answer is not None:
            return begun.answer
        length = self._length(begun.route)
        if begun.route.takes is Takes.MEMORY:
            return await self._in_memory(begun, length)
        if begun.route.receives(begun.call):
            return await self._into_volume(begun, length)
        return await self._edge.run(begun.route.handler, begun.call, Body(prepared=begun.prepared))

    # --- the request ---

    def _read(self) -> Asked:
        """Raises ApiError."""
        scope = self._scope
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES_MAX:
            raise ApiError(400, "RequestHeaderTooLarge", "The headers of the request are too long.")
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            self._headers[name] = f"{self._headers[name]},{value}" if name in self._headers else value
        where = address.read(self._headers.get("host", ""), scope.get("raw_path") or scope["path"].encode())
        client = scope.get("client")
        return Asked(
            scope["method"], where, self._headers, _pairs(scope["query_string"]), scope["scheme"],
            client[0] if client else "",
        )  # fmt: skip

    def _length(self, route: Route) -> int:
        """Raises ApiError 411 and 413."""
        length = headers.number(self._headers, "content-length")
        if length is None:
            if "transfer-encoding" in self._headers:
                what = "The content length header was not specified."
                raise ApiError(411, "MissingContentLengthHeader", what)
            return 0
        if length > route.limit:
            what = "The request body is too large and exceeds the maximum permissible limit"
            raise ApiError(413, "RequestBodyTooLarge", f"{what} of {route.limit} bytes.")
        return length

    async def _chunks(self) -> AsyncIterator[bytes]:
        while self._more_body:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            self._more_body = message.get("more_body", False)
            yield message.get("body", b"")

    async def _drain(self) -> None:
        """Not for a client that waits to be told to go on: it is told by the answer. Nor for one that dawdles."""
        if "expect" in self._headers:
            return
        length = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(request_body.SECONDS_MAX):
                async for chunk in self._chunks():
                    length += len(chunk)
                    if length > DRAIN_BYTES_MAX:
                        break
        self._closes = self._more_body

    async def _in_memory(self, begun: Begun, length: int) -> Answer:
        """Not written before it is whole: a client that goes away in the middle has written nothing."""
        with self._edge.buffers.of(length) as buffer:
            at = 0
            async for chunk in self._chunks():
                if at + len(chunk) > length:
                    raise model.bad_header("content-length", str(length))
                buffer[at : at + len(chunk)] = chunk
                at += len(chunk)
            if at != length:
                raise _Gone
            body = Body(data=buffer, prepared=begun.prepared)
            return await self._edge.run(begun.route.handler, begun.call, body)

    async def _into_volume(self, begun: Begun, length: int) -> Answer:
        """Piece by piece into a volume that nobody holds, and that goes when this does not end well."""
        cloud, hashed = self._edge.cloud, hashlib.md5(usedforsecurity=False)
        row = await self._edge.run(block_blob.receive, cloud, length)

        def keep(offset: int, piece: memoryview) -> None:
            hashed.update(piece)
            cloud.disks.write(row.id, offset, piece)

        try:
            done = 0
            with self._edge.buffers.of(model.PAGE_WRITE_BYTES_MAX) as buffer:
                at = 0
                async for chunk in self._chunks():
                    if done + at + len(chunk) > length:
                        raise model.bad_header("content-length", str(length))
                    left = memoryview(chunk)
                    while left:
                        part = left[: len(buffer) - at]
                        buffer[at : at + len(part)] = part
                        at, left = at + len(part), left[len(part) :]
                        if at == len(buffer):
                            await self._edge.run(keep, done, buffer)
                            done, at = done + at, 0
                if at:
                    await self._edge.run(keep, done, buffer[:at])
            if done + at != length:
                raise _Gone
            body = Body(volume=row, md5=hashed.digest(), prepared=begun.prepared)
            return await self._edge.run(begun.route.handler, begun.call, body)
        except BaseException:
            await asyncio.shield(self._edge.run(loose.drop, cloud, [row.id]))
            raise

    # --- the answer ---

    def _refused(self, refusal: ApiError) -> Answer:
        if refusal.status == 304:
            return Answer(304, {"x-ms-error-code": refusal.code})
        told = {"x-ms-error-code": refusal.code, "Content-Type": "application/xml"}
        if refusal.status == 401:
            told["WWW-Authenticate"] = "SharedKey"
        time = self._edge.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        return Answer(refusal.status, told, xml.error(refusal, self._id, time))

    async def _respond(self, answer: Answer) -> None:
        told = {**answer.headers, "x-ms-request-id": self._id}
        told["x-ms-version"] = _speakable(self._headers.get("x-ms-version", "")) or SERVICE_VERSION
        client = _speakable(self._headers.get("x-ms-client-request-id", ""))
        if client:
            told["x-ms-client-request-id"] = client
        is_head = self._scope["method"] == "HEAD"
        if isinstance(answer.body, bytes) and "Content-Length" not in told and answer.status not in (204, 304):
            told["Content-Length"] = "0" if is_head else str(len(answer.body))
        told |= cors.told(self._headers, told, self._origins)
        if self._closes:
            told["Connection"] = "close"
        raw = [(name.encode("latin-1"), _one_line(value).encode("latin-1", "replace")) for name, value in told.items()]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": raw})
        if isinstance(answer.body, Slice):
            await self._send_slice(answer.body)
        else:
            await self._send({"type": "http.response.body", "body": b"" if is_head else answer.body})

    async def _send_slice(self, part: Slice) -> None:
        async with AsyncExitStack() as stack:
            content = await self._edge.run(part.opened.__enter__)
            stack.push_async_callback(self._edge.run, part.opened.__exit__, None, None, None)
            at, end = part.offset, part.offset + part.length
            while at < end:
                piece = await self._edge.run(content.read, at, min(PIECE_BYTES, end - at))
                at += len(piece)
                await self._send({"type": "http.response.body", "body": piece, "more_body": at < end})


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    """The query, names in lower case. A plus is a plus: signatures have them. Raises ApiError."""
    fields = [each for each in raw.decode("latin-1").split("&") if each]
    if len(fields) > QUERY_FIELDS_MAX:
        raise ApiError(400, "InvalidQueryParameterValue", "The query has too many parameters.")
    split = (each.partition("=") for each in fields)
    return [(unquote(name).lower(), unquote(value)) for name, _, value in split]


def _speakable(text: str) -> str:
    """What of a caller's words may be said back in a header."""
    return text if text.isascii() and text.isprintable() and len(text) <= 1024 else ""


def _one_line(value: str) -> str:
    """A header's value as it may be sent: what a query says (a SAS's ``rsct``) may hold line ends."""
    return value if value.isprintable() else "".join(each for each in value if each.isprintable())


def _in_our_words(trouble: Exception) -> ApiError:
    match trouble:
        case StoreFull():
            what = "There is no space left on this machine. Delete blobs, disks or images that are no longer needed."
            return ApiError(409, "InsufficientStorage", what)
        case PoolGone():
            return ApiError(409, "StoragePoolGone", f"The zone that holds these bytes is not there: {trouble}.")
        case _:
            return model.busy()
