"""How a confined shell asks the API, which it cannot reach: over a socket to its parent, who asks for it.

Both ways go frames: the lengths of a head (JSON) and of a body, then the two. A request's head has a number, method,
path with query and headers; its answer has the same number, in whatever order answers come. The parent adds the user's
token: the shell need not have it, so nothing that is typed there can show it.
"""

import itertools
import socket
import struct
import threading
from asyncio import IncompleteReadError, StreamReader
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue

import httpx
import msgspec

LENGTHS = struct.Struct(">II")
HEAD_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 8 * 1024 * 1024
PASSED = frozenset({"content-type", "accept", "if-match", "if-none-match", "x-ms-client-request-id", "prefer"})
"""Headers of a request that mean something to the API and nothing to how it is asked."""


class Greeting(msgspec.Struct, frozen=True):
    """The first frame, from the parent: whose shell it is. ``base`` is scheme and host as the browser knows them."""

    base: str
    account: str
    subscription: str
    tenant: str


class Asked(msgspec.Struct, frozen=True):
    """``path`` begins with a slash and holds the query."""

    number: int
    method: str
    path: str
    headers: dict[str, str]


class Answered(msgspec.Struct, frozen=True):
    """``status`` 0: there is no answer, the body says why."""

    number: int
    status: int
    headers: dict[str, str]


class Garbled(Exception):
    """What came is no frame of ours."""


def frame(head: Greeting | Asked | Answered, body: bytes = b"") -> bytes:
    """Raises Garbled for what the other side would not take."""
    told = msgspec.json.encode(head)
    if len(told) > HEAD_BYTES_MAX or len(body) > BODY_BYTES_MAX:
        raise Garbled("it is too large to be passed on")
    return LENGTHS.pack(len(told), len(body)) + told + body


# --- the parent's side -----------------------------------------------------------------------------------------------


async def heard(reader: StreamReader) -> tuple[Asked, bytes] | None:
    """The next request; None when the shell has ended. Raises Garbled."""
    try:
        head, body = LENGTHS.unpack(await reader.readexactly(LENGTHS.size))
        if head > HEAD_BYTES_MAX or body > BODY_BYTES_MAX:
            raise Garbled("a frame is too large")
        told, sent = await reader.readexactly(head), await reader.readexactly(body)
        return msgspec.json.decode(told, type=Asked), sent
    except IncompleteReadError:
        return None
    except msgspec.MsgspecError as wrong:
        raise Garbled(str(wrong)) from wrong


# --- the shell's side ------------------------------------------------------------------------------------------------


class ParentTransport(httpx.BaseTransport):
    """For an ``httpx.Client``; any number of threads may ask at the same time. First ``greeting``, then ``start``."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._numbers = itertools.count(1)
        self._sending: SimpleQueue[bytes] = SimpleQueue()
        self._waiting: dict[int, Future[tuple[Answered, bytes]]] = {}
        self._gone = False

    def greeting(self) -> Greeting:
        """Waits for it. Raises OSError, EOFError."""
        return msgspec.json.decode(self._frame()[0], type=Greeting)

    def start(self) -> None:
        """Begin to talk and to listen, in threads of their own: Ctrl-C, which comes to whoever asks, must not cut off
        the middle of a frame."""
        for each in (self._talk, self._listen):
            threading.Thread(target=each, daemon=True).start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        number = next(self._numbers)
        headers = {name: value for name, value in request.headers.items() if name in PASSED}
        asked = Asked(number, request.method, request.url.raw_path.decode("ascii"), headers)
        answer: Future[tuple[Answered, bytes]] = Future()
        self._waiting[number] = answer
        try:
            self._sending.put(frame(asked, request.read()))
            if self._gone:
                raise httpx.ConnectError("the service is gone", request=request)
            told, body = answer.result()
        except (Garbled, OSError) as why:
            raise httpx.ConnectError(str(why), request=request) from why
        finally:
            self._waiting.pop(number, None)
        if told.status == 0:
            raise httpx.ConnectError(body.decode("utf-8", "replace"), request=request)
        return httpx.Response(told.status, headers=told.headers, content=body, request=request)

    def _talk(self) -> None:
        with suppress(OSError):  # ``_listen`` hears of it too, and tells
            while True:
                self._parent.sendall(self._sending.get())

    def _listen(self) -> None:
        try:
            while True:
                head, body = self._frame()
                told = msgspec.json.decode(head, type=Answered)
                waiting = self._waiting.pop(told.number, None)
                if waiting is not None:
                    waiting.set_result((told, body))
        except (OSError, EOFError, msgspec.MsgspecError):
            self._gone = True
            for each in list(self._waiting.values()):
                each.set_exception(ConnectionResetError("the service is gone"))

    def _frame(self) -> tuple[bytes, bytes]:
        head, body = LENGTHS.unpack(self._exactly(LENGTHS.size))
        return self._exactly(head), self._exactly(body)

    def _exactly(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length:
            part = self._parent.recv(min(length, 1 << 16))
            if not part:
                raise EOFError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)
