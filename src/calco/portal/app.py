"""The portal on the wire: who may come in, what a page's address leads to, and what becomes of a refusal.

Every page is a row of ``PAGES`` in its noun's module and is answered here: signed in or sent to sign in; what was
posted came from a page of ours, or nothing happens; a refusal of the API is a page with its words. A page that is asked
for as ``text/event-stream`` is sent again whenever its live part has changed.
"""

import asyncio
import base64
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, urlencode

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from calco.identity.sign_in import PORTAL, SIGNED_IN_PATH
from calco.model.document import Document, text_at
from calco.portal import (
    activity,
    deployment,
    disk,
    disk_export,
    disk_import,
    home,
    image,
    image_capture,
    image_create,
    machine_create,
    operation,
    resource_group,
    snapshot,
    tag,
    virtual_machine,
    virtual_machine_delete,
    virtual_machine_list,
)
from calco.portal.api import Api, Refused
from calco.portal.page import Pages
from calco.portal.session import ASKING_LASTS, LINK_LASTS, Asking, Session, Sessions
from calco.portal.visit import NO_FORM, ROOT, Form, Handler, Page, Visit, explained
from calco.portal.words import LANGUAGES, Words, chosen

log = logging.getLogger(__name__)

PAGES: Sequence[Page] = (
    *home.PAGES,
    *resource_group.PAGES,
    *activity.PAGES,
    *tag.PAGES,
    *image.PAGES,
    *image_capture.PAGES,
    *disk.PAGES,
    *snapshot.PAGES,
    *image_create.PAGES,
    *disk_export.PAGES,
    *disk_import.PAGES,
    *operation.PAGES,
    *machine_create.PAGES,
    *deployment.PAGES,
    *virtual_machine_list.PAGES,
    *virtual_machine_delete.PAGES,
    *virtual_machine.PAGES,
)

LANGUAGE_COOKIE = "calco-language"
FORM_BYTES_MAX, FORM_FIELDS_MAX = 1024 * 1024, 5000
STREAMS_MAX, STREAMS_EACH_MAX = 200, 30
"""Open pages of all people, and of one, so that nobody takes all of them."""
STILL_HERE_SECONDS = 15.0
"""So that whoever has gone away is noticed."""
Answering = Callable[[Request], Awaitable[Response]]


@dataclass
class Portal:
    """``service`` is the whole application, whose API the pages ask; ``words`` has every language."""

    service: Callable[[], ASGIApp]
    tenant: str
    subscription: str
    sessions: Sessions
    pages: Pages
    words: Mapping[str, Words] = field(repr=False)

    def __post_init__(self) -> None:
        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await self.service()(scope, receive, send)

        transport = httpx.ASGITransport(app=late, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=60)
        self._closing = asyncio.Event()
        self._streams = Counter[str]()

    def routes(self) -> list[BaseRoute]:
        found: list[BaseRoute] = [
            Route(ROOT, _to_home, methods=["GET"]),
            Mount(f"{ROOT}/static", _Static(packages=[("calco.portal", "static")])),
            Route(f"{ROOT}/language", self._language, methods=["GET"]),
            Route(f"{ROOT}/links", self._link, methods=["POST"]),
            Route(f"{ROOT}/enter", self._enter, methods=["GET"]),
            Route(f"{ROOT}/sign-in", self._sign_in, methods=["GET"]),
            Route(f"{ROOT}/sign-in/start", self._start_sign_in, methods=["GET"]),
            Route(SIGNED_IN_PATH, self._signed_in, methods=["GET"]),
            Route(f"{ROOT}/sign-out", self._shown(Page("/sign-out", _nothing, self._sign_out)), methods=["POST"]),
        ]
        for page in PAGES:
            methods = ["GET"] if page.act is None else ["GET", "POST"]
            found.append(Route(f"{ROOT}{page.path}", self._shown(page), methods=methods))
        unknown = Page("/{path:path}", _unknown)
        return [*found, Route(f"{ROOT}/{{path:path}}", self._shown(unknown), methods=["GET", "POST"])]

    def close(self) -> None:
        """Let open pages go; in the event loop, when the service is told to stop."""
        self._closing.set()

    # --- pages ---------------------------------------------------------------------------------------------------

    def _shown(self, page: Page) -> Answering:
        async def answer(request: Request) -> Response:
            words = self._words(request)
            session = self._session(request)
            if session is None:
                return _over() if page.live_seconds and _wants_stream(request) else _to_sign_in(request)
            visit = Visit(request, session, self._api(request, session), words, self.pages)
            if request.method == "POST":
                return await self._posted(page, visit)
            if page.live_seconds and _wants_stream(request):
                return self._streamed(page, visit)
            return await self._guarded(page.show, visit)

        return answer

    async def _posted(self, page: Page, visit: Visit) -> Response:
        form = await _read_form(visit.request)
        origin = visit.request.headers.get("origin")
        ours = origin in (None, _base(visit.request)) and form is not None
        if page.act is None or form is None or not ours or not visit.session.sent(form.text("guard")):
            return visit.page("refused.html", status=403, said=visit.words("common.stale"), code="")
        return await self._guarded(page.act, replace(visit, form=form))

    async def _guarded(self, handler: Handler, visit: Visit) -> Response:
        try:
            return await handler(visit)
        except Refused as refusal:
            if refusal.status == 401:
                return _to_sign_in(visit.request)
            said = explained(visit.words, refusal)
            return visit.page("refused.html", status=refusal.status, said=said, code=refusal.code)
        except Exception:
            log.exception("page %r", visit.request.url.path)
            return visit.page("refused.html", status=500, said=visit.words("common.fault"), code="")

    # --- pages that stay open ------------------------------------------------------------------------------------

    def _streamed(self, page: Page, visit: Visit) -> Response:
        full = self._streams.total() >= STREAMS_MAX or self._streams[visit.session.person] >= STREAMS_EACH_MAX
        if full or self._closing.is_set():
            return PlainTextResponse("", 503, {"Retry-After": "5"})
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return StreamingResponse(self._changes(page, visit), 200, headers, "text/event-stream")

    async def _changes(self, page: Page, visit: Visit) -> AsyncIterator[str]:
        self._streams[visit.session.person] += 1
        try:
            last, silent = "", 0.0
            while not self._closing.is_set():
                if self._session(visit.request) is None:  # signed out, wherever that was
                    yield _event("", "over")
                    return
                try:
                    shown = bytes((await page.show(replace(visit, live=True))).body).decode()
                except Refused:
                    yield _event("", "over")  # the page asks again, and is told why
                    return
                if shown != last:
                    last, silent = shown, 0.0
                    yield _event(shown)
                elif silent >= STILL_HERE_SECONDS:
                    silent = 0.0
                    yield ": still here\n\n"
                silent += page.live_seconds
                await self._pause(page.live_seconds)
        finally:
            self._streams -= Counter([visit.session.person])  # leaves out whoever has none

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    # --- signing in ----------------------------------------------------------------------------------------------

    async def _sign_in(self, request: Request) -> Response:
        """A page with the ways in. ``why``: what brought the browser here."""
        words, why = self._words(request), request.query_params.get("why", "")
        values = {
            "session": None,
            "here": request.url.path,
            "address": f"{request.url.path}?{request.url.query}",
            "next": _inside(request.query_params.get("next", "")),
            "why": why if why in ("link", "failed", "out") else "",
        }
        return self.pages.whole("sign_in.html", words, values)

    async def _start_sign_in(self, request: Request) -> Response:
        asking = self.sessions.ask(_inside(request.query_params.get("next", "")))
        digest = hashlib.sha256(asking.verifier.encode()).digest()
        query = {
            "client_id": PORTAL,
            "response_type": "code",
            "redirect_uri": f"{_base(request)}{SIGNED_IN_PATH}",
            "scope": f"{_base(request)}/.default",
            "state": asking.state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "ui_locales": self._words(request).language,
        }
        answer = RedirectResponse(f"/{self.tenant}/oauth2/v2.0/authorize?{urlencode(query)}", 303)
        _set_cookie(answer, _asking_cookie(request), self.sessions.sealed(asking), int(ASKING_LASTS.total_seconds()))
        return answer

    async def _signed_in(self, request: Request) -> Response:
        asking = self.sessions.asking(request.cookies.get(_asking_cookie(request), ""))
        code, state = request.query_params.get("code", ""), request.query_params.get("state", "")
        token = "" if asking is None or asking.state != state or not code else await self._redeemed(request, asking)
        if asking is None or not token:
            return RedirectResponse(f"{ROOT}/sign-in?why=failed", 303)
        answer = self._let_in(request, self.sessions.begin(token), asking.next or f"{ROOT}/")
        _drop_cookie(answer, _asking_cookie(request))
        return answer

    async def _redeemed(self, request: Request, asking: Asking) -> str:
        """The token that the authority gives for the code; empty when it gives none."""
        form = {
            "grant_type": "authorization_code",
            "client_id": PORTAL,
            "code": request.query_params["code"],
            "redirect_uri": f"{_base(request)}{SIGNED_IN_PATH}",
            "code_verifier": asking.verifier,
        }
        answer = await self._http.post(f"{_base(request)}/{self.tenant}/oauth2/v2.0/token", data=form)
        document: Document = answer.json() if answer.status_code == 200 else {}
        return text_at(document, "access_token") or ""

    async def _link(self, request: Request) -> Response:
        """For ``calco open``: a link that signs in, once, whoever holds the token that came with the request."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        sent = httpx.Headers({"Authorization": f"{scheme} {token}"}, encoding="latin-1")
        answer = await self._http.get(f"{_base(request)}/subscriptions?api-version=2022-12-01", headers=sent)
        if answer.status_code != 200:
            headers = {name: answer.headers[name] for name in ("www-authenticate",) if name in answer.headers}
            return Response(answer.content, answer.status_code, headers, "application/json")
        code = self.sessions.links.put(self.sessions.begin(token.strip()))
        url = f"{_base(request)}{ROOT}/enter?code={quote(code, safe='')}"
        return JSONResponse(
            {"url": url, "expiresInSeconds": int(LINK_LASTS.total_seconds())}, 201, {"Cache-Control": "no-store"}
        )

    async def _enter(self, request: Request) -> Response:
        if request.method == "HEAD":  # a program that shows what links lead to; it opens none
            return Response(headers={"Cache-Control": "no-store"})
        session = self.sessions.links.take(request.query_params.get("code", ""))
        if session is None:
            return RedirectResponse(f"{ROOT}/sign-in?why=link", 303)
        return self._let_in(request, session, f"{ROOT}/")

    def _let_in(self, request: Request, session: Session, next: str) -> Response:
        answer = RedirectResponse(next, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        _set_cookie(answer, _cookie(request), self.sessions.sealed(session), None)
        return answer

    async def _sign_out(self, visit: Visit) -> Response:
        await asyncio.to_thread(self.sessions.end, visit.session)
        answer = visit.go(f"{ROOT}/sign-in", why="out")
        _drop_cookie(answer, _cookie(visit.request))
        return answer

    # --- language ------------------------------------------------------------------------------------------------

    async def _language(self, request: Request) -> Response:
        answer = RedirectResponse(_inside(request.query_params.get("back", "")), 303)
        wanted = request.query_params.get("to", "")
        if wanted in LANGUAGES:
            _set_cookie(answer, LANGUAGE_COOKIE, wanted, 365 * 86400)
        return answer

    def _session(self, request: Request) -> Session | None:
        return self.sessions.session(request.cookies.get(_cookie(request), ""))

    def _words(self, request: Request) -> Words:
        cookie = request.cookies.get(LANGUAGE_COOKIE, "")
        return self.words[chosen(cookie, request.headers.get("accept-language", ""))]

    def _api(self, request: Request, session: Session) -> Api:
        return Api(self._http, _base(request), self.subscription, session.token)


class _Static(StaticFiles):
    """Files of the portal; asked after at each use, for a new version of calco brings new ones."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
        return response


async def _to_home(_request: Request) -> Response:
    return RedirectResponse(f"{ROOT}/", 303)


async def _nothing(visit: Visit) -> Response:
    return visit.go(f"{ROOT}/")


async def _unknown(visit: Visit) -> Response:
    return visit.page("refused.html", status=404, said=visit.words("common.not_found"), code="")


def _to_sign_in(request: Request) -> Response:
    """Where it was asked for, it goes on after signing in; what was posted is not sent again. A cookie that no longer
    signs anybody in is taken back."""
    back = f"{request.url.path}?{request.url.query}".rstrip("?") if request.method == "GET" else f"{ROOT}/"
    answer = RedirectResponse(f"{ROOT}/sign-in?{urlencode({'next': back})}", 303)
    if _cookie(request) in request.cookies:
        _drop_cookie(answer, _cookie(request))
    return answer


def _wants_stream(request: Request) -> bool:
    return request.method == "GET" and "text/event-stream" in request.headers.get("accept", "")


def _over() -> Response:
    """To an open page whose session has ended: it asks again as a page does, and is led to sign in."""
    return Response(_event("", "over"), 200, {"Cache-Control": "no-store"}, "text/event-stream")


def _inside(address: str) -> str:
    """An address within the portal; its home for anything else."""
    inside = address.startswith(f"{ROOT}/") and "\\" not in address and address.isprintable()
    # To a browser ``%2e`` is a dot. Source: URL standard, 4.1 (double-dot path segment).
    inside = inside and not any(each in address.lower().replace("%2e", ".") for each in ("//", "/.."))
    return address if inside else f"{ROOT}/"


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _cookie(request: Request) -> str:
    """One for each port: browsers keep cookies by host alone, and there may be several services on this one."""
    return f"__Host-calco-portal-{request.url.port or 443}"


def _asking_cookie(request: Request) -> str:
    return f"{_cookie(request)}-asking"


def _set_cookie(answer: Response, name: str, value: str, seconds: int | None) -> None:
    # Lax: links from elsewhere lead to the page and not to signing in again; they change nothing, forms need a guard.
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def _drop_cookie(answer: Response, name: str) -> None:
    answer.delete_cookie(name, secure=True, httponly=True, samesite="lax")


async def _read_form(request: Request) -> Form | None:
    """What was posted; None when it is no form, too much of one, or never came to its end."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return NO_FORM
    read = bytearray()
    try:
        async for piece in request.stream():
            read += piece
            if len(read) > FORM_BYTES_MAX:
                return None
        pairs = parse_qsl(read.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
    except (ClientDisconnect, ValueError):
        return None
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return Form({name: values[-1] for name, values in lists.items()}, lists)


def _event(text: str, name: str = "") -> str:
    """Source: HTML standard, 9.2.6 (server-sent events)."""
    lines = "".join(f"data: {each}\n" for each in text.split("\n"))
    return f"{f'event: {name}' + chr(10) if name else ''}{lines}\n"
