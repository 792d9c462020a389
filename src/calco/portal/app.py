"""The portal on the wire: what each address leads to, who may go there, and what becomes of a refusal.

Every page is a row of ``PAGES`` in its noun's module and is answered here: signed in or sent to sign in; what was
posted came from a page of ours, or nothing happens; a refusal of the API is a page with its words. Coming in and going
out is ``entrance``'s; pages that stay open are ``open_page``'s.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from calco.identity.form import BadForm, Limits, read_pairs
from calco.identity.routes import base_url
from calco.identity.sign_in import SIGNED_IN_PATH
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
    language,
    machine_create,
    open_page,
    operation,
    resource_group,
    shell,
    snapshot,
    tag,
    virtual_machine,
    virtual_machine_delete,
    virtual_machine_list,
)
from calco.portal.address import HOME
from calco.portal.api import Api, Refused
from calco.portal.entrance import SIGN_IN, Entrance, to_sign_in
from calco.portal.open_page import OpenPages
from calco.portal.page import Pages
from calco.portal.session import Session, Sessions
from calco.portal.visit import NO_FORM, ROOT, Form, Handler, Page, Visit, explained
from calco.portal.words import Words
from calco.ports.world import Chance, Clock

log = logging.getLogger(__name__)

PAGES: Sequence[Page] = (
    *home.PAGES,
    *shell.PAGES,
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

FORM_LIMITS = Limits(bytes_max=1024 * 1024, fields_max=5000)
FORM_TYPE = "application/x-www-form-urlencoded"
Answering = Callable[[Request], Awaitable[Response]]


@dataclass
class Portal:
    """``service`` is the whole application, whose API the pages ask; ``words`` has every language. ``shells`` makes
    what keeps people's shells, of a client that reaches the API."""

    service: Callable[[], ASGIApp]
    tenant: str
    subscription: str
    sessions: Sessions
    pages: Pages
    words: Mapping[str, Words] = field(repr=False)
    clock: Clock
    chance: Chance
    shells: Callable[[httpx.AsyncClient], shell.Shells]
    form_limits: Limits = FORM_LIMITS

    def __post_init__(self) -> None:
        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await self.service()(scope, receive, send)

        transport = httpx.ASGITransport(app=late, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=60)
        self.entrance = Entrance(self._http, self.tenant, self.sessions, self.pages, self.words)
        self._shells = self.shells(self._http)
        self._open = OpenPages(lambda request: self.entrance.session(request) is not None)

    def routes(self) -> list[BaseRoute]:
        """The portal's addresses. Those before the pages are open to everybody, each for a reason
        (``tests/portal/test_walk.py``)."""
        on = self.entrance
        found: list[BaseRoute] = [
            Route(ROOT, _to_home, methods=["GET"]),
            Mount(f"{ROOT}/static", _Static(packages=[("calco.portal", "static")])),
            Route(f"{ROOT}/language", language.choose, methods=["GET"]),
            Route(f"{ROOT}/links", on.link, methods=["POST"]),
            Route(f"{ROOT}/enter", on.enter, methods=["GET"]),
            Route(f"{ROOT}/enter/instead", self._shown(Page("", _nothing, on.enter_instead)), methods=["POST"]),
            Route(SIGN_IN, on.sign_in, methods=["GET"]),
            Route(f"{SIGN_IN}/start", on.start, methods=["GET"]),
            Route(SIGNED_IN_PATH, on.signed_in, methods=["GET"]),
            Route(f"{ROOT}/sign-out", self._shown(Page("/sign-out", _nothing, self._sign_out)), methods=["POST"]),
        ]
        found.append(WebSocketRoute(f"{ROOT}{shell.LINE}", self._shell))
        for page in PAGES:
            methods = ["GET"] if page.act is None else ["GET", "POST"]
            found.append(Route(f"{ROOT}{page.path}", self._shown(page), methods=methods))
        unknown = Page("/{path:path}", _unknown)
        return [*found, Route(f"{ROOT}/{{path:path}}", self._shown(unknown), methods=["GET", "POST"])]

    def close(self) -> None:
        """Let open pages and shells go; in the event loop, when the service is told to stop."""
        self._open.close()
        self._shells.close()

    async def _shell(self, websocket: WebSocket) -> None:
        await shell.attend(websocket, self.entrance.session, self._shells, self.clock)

    async def _sign_out(self, visit: Visit) -> Response:
        answer = await self.entrance.sign_out(visit)
        self._shells.end(visit.session.id)  # behind it: no other one can be begun any more
        return answer

    def _shown(self, page: Page) -> Answering:
        async def answer(request: Request) -> Response:
            stays = open_page.is_wanted(request, page)
            session = self.entrance.session(request)
            if session is None:
                return open_page.over() if stays else to_sign_in(request)
            visit = self._visit(request, session)
            if request.method == "POST":
                return await self._posted(page, visit)
            return self._open.answer(page, visit) if stays else await self._guarded(page.show, visit)

        return answer

    def _visit(self, request: Request, session: Session) -> Visit:
        api = Api(self._http, base_url(request), self.subscription, session.token)
        words = language.words_for(request, self.words)
        return Visit(request, session, api, words, self.pages, self.clock, self.chance)

    async def _posted(self, page: Page, visit: Visit) -> Response:
        try:
            form = await _read_form(visit.request, self.form_limits)
        except BadForm:
            refused = _stale(visit)
            refused.headers["Connection"] = "close"
            return refused
        ours = visit.request.headers.get("origin") in (None, base_url(visit.request))
        if page.act is None or not ours or not visit.session.sent(form.text("guard")):
            return _stale(visit)
        return await self._guarded(page.act, replace(visit, form=form))

    async def _guarded(self, handler: Handler, visit: Visit) -> Response:
        try:
            return await handler(visit)
        except Refused as refusal:
            if refusal.status == 401:
                return to_sign_in(visit.request)
            said = explained(visit.words, refusal)
            return visit.page("refused.html", status=refusal.status, said=said, code=refusal.code)
        except Exception:
            log.exception("page %r", visit.request.url.path)
            return visit.page("refused.html", status=500, said=visit.words("common.fault"), code="")


class _Static(StaticFiles):
    """Files of the portal; asked after at each use, for a new version of calco brings new ones."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
        return response


async def _to_home(_request: Request) -> Response:
    return RedirectResponse(HOME, 303)


async def _nothing(visit: Visit) -> Response:
    return visit.go(HOME)


async def _unknown(visit: Visit) -> Response:
    return visit.page("refused.html", status=404, said=visit.words("common.not_found"), code="")


def _stale(visit: Visit) -> Response:
    """To what was posted by no page of ours, or not as one of them does it."""
    return visit.page("refused.html", status=403, said=visit.words("common.stale"), code="")


async def _read_form(request: Request, limits: Limits) -> Form:
    """What was posted; nothing when it is no form. Raises BadForm."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != FORM_TYPE:
        return NO_FORM
    lists: dict[str, list[str]] = {}
    for name, value in await read_pairs(request, limits):
        lists.setdefault(name, []).append(value)
    return Form({name: values[-1] for name, values in lists.items()}, lists)
