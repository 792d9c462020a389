"""The HTTP edge: reads a request, finds its route, hands it to a noun in a bounded thread pool, and shows the answer.

Nothing here blocks the event loop and nothing here decides. Only a ``quick`` route, one look-up by key that waits for
nobody, is answered without a thread: the way there and back costs more than the look-up. Whatever a caller sends is
answered in Azure's shape: a refusal is an ApiError raised anywhere below, and anything else that is raised is our own
fault, told as such with the request's id, under which the log has the cause.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import parse_qsl
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from calco import request_body
from calco.arm import gate, reading, showing
from calco.arm.call import Answer, Call
from calco.arm.endings import Endings
from calco.arm.router import Router, resource_of, segments
from calco.arm.routes import ROUTES
from calco.arm.throttle import Throttle, Throttled
from calco.identity.errors import challenge
from calco.model import errors
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import is_guid
from calco.model.principal import Caller
from calco.work.cloud import Cloud

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 4 * 1024 * 1024
"""What Azure's front door takes. Source: Azure, "Resource Manager limits" (4 MB a request)."""
LONG_BODY_BYTES = 64 * 1024
DRAIN_BYTES_MAX = 64 * 1024 * 1024
"""How much is read in all, so that the refusal reaches a client that is still sending."""

HEAVY_AT_ONCE, LOOKS_AT_ONCE = 2, 2
"""Apart, for a disk of a stranger's may take its 20 s to be looked at, and no template is to wait for that."""

Check = Callable[[str | None, str], Caller]
"""(Authorization header, the tenant's authority URL) -> who calls. Raises ApiError 401."""


def make_app(
    cloud: Cloud,
    check_token: Check,
    *,
    tenant: str,
    endings: Endings,
    extra_routes: Sequence[BaseRoute] = (),
    limits: Mapping[str, int] | None = None,
    hold_seconds: float = 20,
    threads: int = 8,
) -> ASGIApp:
    """The whole application. ``extra_routes`` (tokens, metadata) come first; everything else is ARM's.

    ``endings.ended`` is for the runner to call; ``endings.close`` lets held polls go, and should be called before the
    server waits for its connections. ``limits``: which of Azure's limits on requests are felt (``model.bucket.read``).
    """
    edge = Edge(
        cloud,
        check_token,
        tenant=tenant,
        endings=endings,
        limits=limits or {},
        hold_seconds=hold_seconds,
        threads=threads,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        edge.close()

    app = Starlette(routes=list(extra_routes), lifespan=lifespan)
    # Not a mount: its pattern does not match a path with a newline, and every path deserves ARM's own answer.
    app.router.default = edge
    app.router.redirect_slashes = False

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        # Nearly every request is for a resource: asking each other route first costs a fifth of a GET.
        direct = scope["type"] == "http" and scope["path"].startswith("/subscriptions/")
        await (edge if direct else app)(scope, receive, send)

    return front


class Edge:
    """ARM as an ASGI application."""

    def __init__(
        self,
        cloud: Cloud,
        check_token: Check,
        *,
        tenant: str,
        endings: Endings,
        limits: Mapping[str, int],
        hold_seconds: float,
        threads: int,
    ) -> None:
        self._cloud = cloud
        self._check_token = check_token
        self._tenant = tenant
        self._endings = endings
        self._hold_seconds = hold_seconds
        self._router = Router(ROUTES)
        self._throttle = Throttle(cloud.clock, limits)
        self._threads = ThreadPoolExecutor(threads, "arm")
        self._heavy = ThreadPoolExecutor(HEAVY_AT_ONCE, "arm-heavy")
        self._looks = ThreadPoolExecutor(LOOKS_AT_ONCE, "arm-looks")

    def close(self) -> None:
        self._endings.close()
        self._threads.shutdown(wait=False)
        self._heavy.shutdown(wait=False)
        self._looks.shutdown(wait=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # none of ARM's
            await WebSocketClose()(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            answer, headers = await self._respond(request)
        except ClientDisconnect:
            return
        await _send(send, answer, headers)

    async def _respond(self, request: Request) -> tuple[Answer, dict[str, str]]:
        headers = _headers(request.scope)
        marks = _Marks(headers, self._cloud)
        base = _base(request.scope, headers)
        authority = f"{base}/{self._tenant}"
        try:
            answer = await self._answer(request, headers, base, marks)
            return answer, marks.headers(answer.operation)
        except ApiError as refusal:
            if refusal.code in showing.GATEWAY:
                marks.rates = {}
            told = marks.headers(None) | _refusal_headers(refusal, authority)
            return Answer(refusal.status, showing.error(refusal)), told
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("request %s failed: %s %s", marks.request_id, request.method, request.url.path)
            fault = errors.unexpected(marks.request_id)
            return Answer(fault.status, showing.error(fault)), marks.headers(None)

    async def _answer(self, request: Request, headers: Mapping[str, str], base: str, marks: "_Marks") -> Answer:
        caller = self._check_token(headers.get("authorization"), f"{base}/{self._tenant}")
        path = segments(request.scope.get("raw_path") or request.scope["path"])
        self._check_subscription(path)
        asked = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        query = {name.lower(): value for name, value in asked}
        version = reading.api_version(query.get("api-version", ""))
        match = self._router.match(request.method, path)
        marks.rates = self._throttle.take(match.route, caller.object_id)
        call = Call(
            cloud=self._cloud,
            method=request.method,
            path=request.scope["path"],
            variables=match.variables,
            query=query,
            base=base,
            version=version,
            tenant=self._tenant,
            caller=caller,
            correlation=marks.correlation,
            headers=headers,
            resource=resource_of(match.route, match.variables, self._cloud.rules.subscription),
            body=await self._content(request, match.route.decode),
        )
        if match.route.quick:
            return gate.through(match.route, call)
        if match.route.heavy:
            pool = self._looks if match.route.looks else self._heavy
            return await asyncio.get_running_loop().run_in_executor(pool, gate.through, match.route, call)
        return await self._held(partial(gate.through, match.route), call)

    def _check_subscription(self, path: Sequence[str]) -> None:
        if len(path) < 2 or path[0].lower() != "subscriptions":
            return
        if not is_guid(path[1]):
            raise ApiError(
                400,
                "InvalidSubscriptionId",
                f"The provided subscription identifier '{path[1][:100]}' is malformed or invalid.",
            )
        if path[1].lower() != self._cloud.rules.subscription.lower():
            raise errors.subscription_not_found(path[1])

    async def _content(self, request: Request, decode: Callable[[bytes], Document]) -> Document:
        """A long body is read in a thread, so that the loop never stands still for one caller."""
        raw = await _body(request)
        if not raw.strip() and request.method not in ("PUT", "PATCH"):
            return {}
        if len(raw) <= LONG_BODY_BYTES:
            return decode(raw)
        return await asyncio.get_running_loop().run_in_executor(self._threads, decode, raw)

    async def _held(self, handler: Callable[[Call], Answer], call: Call) -> Answer:
        """The handler's answer; when it speaks of unfinished work, the answer at the work's end, or when patience is
        over. The first look is not registered: an operation that has ended costs one read."""
        answer = await self._run(handler, call)
        patience_seconds = _patience_seconds(call.headers, self._hold_seconds)
        if answer.unfinished is None or patience_seconds <= 0:
            return answer
        with self._endings.expect(answer.unfinished) as waiter:
            answer = await self._run(handler, call)
            if answer.unfinished is None:
                return answer
            await waiter.wait(patience_seconds)
        return await self._run(handler, call)

    async def _run(self, handler: Callable[[Call], Answer], call: Call) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, handler, call)


# --- requests --------------------------------------------------------------------------------------------------------

_HOST = re.compile(r"[A-Za-z0-9._\-\[\]:]{1,255}")
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*(\d{1,6})\s*(?=[,;]|$)", re.IGNORECASE)


def _headers(scope: Scope) -> dict[str, str]:
    """The request's headers, names in lower case; of a repeated one the first counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _base(scope: Scope, headers: Mapping[str, str]) -> str:
    """Scheme and host as the caller wrote them; a Host that is none is not repeated."""
    host = headers.get("host", "")
    if not _HOST.fullmatch(host):
        server = scope.get("server") or ("localhost", None)
        host = f"{server[0]}:{server[1]}" if server[1] else server[0]
    return f"{scope['scheme']}://{host}"


def _patience_seconds(headers: Mapping[str, str], most: float) -> float:
    """How long the caller would wait for an answer; ``most`` when he does not say. Source: RFC 7240, 4.3."""
    asked = _WAIT.search(headers.get("prefer", ""))
    return most if asked is None else min(most, int(asked[1]))


async def _body(request: Request) -> bytes:
    """The request's body. Raises ApiError 413 when it is too long, after reading on for a while, and 408 when it takes
    too long to come."""
    if request.method in ("GET", "HEAD", "DELETE"):
        return b""
    try:
        return await request_body.read(request, BODY_BYTES_MAX, drain_bytes_max=DRAIN_BYTES_MAX)
    except request_body.TooLarge:
        raise errors.too_large(BODY_BYTES_MAX) from None
    except request_body.TooSlow:
        raise errors.too_slow() from None


# --- answers ---------------------------------------------------------------------------------------------------------

_PRINTABLE = re.compile(r"[\x21-\x7e]{1,200}")


class _Marks:
    """The ids and constants that every answer carries. Source: recorded traffic, arm-protocol F."""

    def __init__(self, asked: Mapping[str, str], cloud: Cloud) -> None:
        self.request_id = str(uuid4())
        self.rates: Mapping[str, str] = {}
        """What is left of the limits on requests; empty for what the gateway answers itself."""
        correlation = asked.get("x-ms-correlation-request-id", "")
        self.correlation = correlation.lower() if is_guid(correlation) else self.request_id
        self._client = asked.get("x-ms-client-request-id", "")
        self._echo = asked.get("x-ms-return-client-request-id", "").lower() == "true"
        self._routing = f"{cloud.rules.locations[0].upper()}:{cloud.clock.now():%Y%m%dT%H%M%SZ}:{self.correlation}"

    def headers(self, operation: str | None) -> dict[str, str]:
        """``operation``: the request that starts one bears its id."""
        headers = {
            "Cache-Control": "no-cache",
            "Pragma": "no-cache",
            "Expires": "-1",
            "x-ms-request-id": operation or self.request_id,
            "x-ms-correlation-request-id": self.correlation,
            "x-ms-routing-request-id": self._routing,
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            **self.rates,
        }
        if self._echo and _PRINTABLE.fullmatch(self._client):
            headers["x-ms-client-request-id"] = self._client
        return headers


def _refusal_headers(refusal: ApiError, authority: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    if refusal.code in showing.GATEWAY:
        headers["x-ms-failure-cause"] = "gateway"
    if isinstance(refusal, Throttled):
        headers |= {"Retry-After": str(refusal.retry_seconds), **refusal.left}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = challenge(refusal, authority)
    if refusal.status in (408, 413):  # the rest of its body may still be to come
        headers["Connection"] = "close"
    return headers


async def _send(send: Send, answer: Answer, headers: dict[str, str]) -> None:
    """``Answer`` on the wire; no body means Content-Length 0 and no Content-Type, but for 204, which has neither."""
    content = b"" if answer.body is None else msgspec.json.encode(answer.body)
    raw = [
        (name.lower().encode("latin-1"), each.encode("latin-1")) for name, each in {**headers, **answer.headers}.items()
    ]
    if answer.status != 204:
        raw.append((b"content-length", str(len(content)).encode()))
    if content:
        raw.append((b"content-type", b"application/json; charset=utf-8"))
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
