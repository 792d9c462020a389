"""How people come into the portal and leave it: through the service's own sign-in page, by a link that opens once, and
by signing out. Whoever is in has a sealed cookie: ``session``.
"""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import httpx
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from calco.identity.routes import base_url
from calco.identity.sign_in import PORTAL, SIGNED_IN_PATH
from calco.model.document import document_in, text_at
from calco.portal import cookie
from calco.portal.address import HOME, asked_for, inside
from calco.portal.language import words_for
from calco.portal.page import Pages
from calco.portal.session import ASKING_LASTS, LINK_LASTS, Asking, Session, Sessions
from calco.portal.visit import ROOT, Visit
from calco.portal.words import Words

SIGN_IN = f"{ROOT}/sign-in"


@dataclass(frozen=True)
class Entrance:
    """``http`` asks the service itself; ``words`` has every language."""

    http: httpx.AsyncClient
    tenant: str
    sessions: Sessions
    pages: Pages
    words: Mapping[str, Words] = field(repr=False)

    def session(self, asked: HTTPConnection) -> Session | None:
        """Whoever asks, if they are signed in."""
        return self.sessions.session(asked.cookies.get(cookie.name_of(asked), ""))

    # --- through the sign-in page --------------------------------------------------------------------------------

    async def sign_in(self, request: Request) -> Response:
        """A page with the ways in. ``why``: what brought the browser here."""
        why = request.query_params.get("why", "")
        values = {
            "session": None,
            "here": request.url.path,
            "address": asked_for(request),
            "next": inside(request.query_params.get("next", "")),
            "why": why if why in ("link", "failed", "out") else "",
        }
        return self.pages.whole("sign_in.html", words_for(request, self.words), values)

    async def start(self, request: Request) -> Response:
        """Send the browser to the authority. Sources: RFC 6749, 4.1.1; RFC 7636, 4.3."""
        asking = self.sessions.ask(inside(request.query_params.get("next", "")))
        digest = hashlib.sha256(asking.verifier.encode()).digest()
        query = {
            "client_id": PORTAL,
            "response_type": "code",
            "redirect_uri": f"{base_url(request)}{SIGNED_IN_PATH}",
            "scope": f"{base_url(request)}/.default",
            "state": asking.state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "ui_locales": words_for(request, self.words).language,
        }
        answer = RedirectResponse(f"/{self.tenant}/oauth2/v2.0/authorize?{urlencode(query)}", 303)
        seconds = int(ASKING_LASTS.total_seconds())
        cookie.put(answer, _asking_cookie(request), self.sessions.sealed(asking), seconds)
        return answer

    async def signed_in(self, request: Request) -> Response:
        """Where the authority sends the browser back to, with a code that a token is given for."""
        asking = self.sessions.asking(request.cookies.get(_asking_cookie(request), ""))
        code, state = request.query_params.get("code", ""), request.query_params.get("state", "")
        token = "" if asking is None or asking.state != state or not code else await self._redeemed(request, asking)
        if asking is None or not token:
            return RedirectResponse(f"{SIGN_IN}?why=failed", 303)
        answer = _let_in(request, self.sessions, self.sessions.begin(token), asking.next or HOME)
        cookie.drop(answer, _asking_cookie(request))
        return answer

    async def _redeemed(self, request: Request, asking: Asking) -> str:
        """The token that the authority gives for the code; empty when it gives none."""
        form = {
            "grant_type": "authorization_code",
            "client_id": PORTAL,
            "code": request.query_params["code"],
            "redirect_uri": f"{base_url(request)}{SIGNED_IN_PATH}",
            "code_verifier": asking.verifier,
        }
        answer = await self.http.post(f"{base_url(request)}/{self.tenant}/oauth2/v2.0/token", data=form)
        return text_at(document_in(answer.content), "access_token") or ""

    # --- by a link -----------------------------------------------------------------------------------------------

    async def link(self, request: Request) -> Response:
        """For ``calco open``: a link that signs in, once, whoever holds the token that came with the request."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        sent = httpx.Headers({"Authorization": f"{scheme} {token}"}, encoding="latin-1")
        answer = await self.http.get(f"{base_url(request)}/subscriptions?api-version=2022-12-01", headers=sent)
        if answer.status_code != 200:
            headers = {name: answer.headers[name] for name in ("www-authenticate",) if name in answer.headers}
            return Response(answer.content, answer.status_code, headers, "application/json")
        code = self.sessions.links.put(self.sessions.begin(token.strip()))
        url = f"{base_url(request)}{ROOT}/enter?code={quote(code, safe='')}"
        return JSONResponse(
            {"url": url, "expiresInSeconds": int(LINK_LASTS.total_seconds())}, 201, {"Cache-Control": "no-store"}
        )

    async def enter(self, request: Request) -> Response:
        """Where such a link leads."""
        if request.method == "HEAD":  # a program that shows what links lead to; it opens none
            return Response(headers={"Cache-Control": "no-store"})
        code, here = request.query_params.get("code", ""), self.session(request)
        offered = self.sessions.links.look(code)
        if here is not None and offered is not None and here.person != offered.person:
            return self._asked(request, here, offered, code)
        return self._entered(request, code)

    async def enter_instead(self, visit: Visit) -> Response:
        """Whoever was asked whether they want to be somebody else, and does."""
        return self._entered(visit.request, visit.form.text("code"))

    def _asked(self, request: Request, here: Session, offered: Session, code: str) -> Response:
        """A link may be somebody else's trap: what is done then is done where they see it. So it takes the place of
        nobody who has not said so."""
        values = {"session": here, "here": request.url.path, "address": HOME, "there": offered, "code": code}
        return self.pages.whole("enter.html", words_for(request, self.words), values)

    def _entered(self, request: Request, code: str) -> Response:
        session = self.sessions.links.take(code)
        if session is None:
            return RedirectResponse(f"{SIGN_IN}?why=link", 303)
        return _let_in(request, self.sessions, session, HOME)

    # --- and out -------------------------------------------------------------------------------------------------

    async def sign_out(self, visit: Visit) -> Response:
        await asyncio.to_thread(self.sessions.end, visit.session)
        answer = visit.go(SIGN_IN, why="out")
        cookie.drop(answer, cookie.name_of(visit.request))
        return answer


def to_sign_in(request: Request) -> Response:
    """Where it was asked for, it goes on after signing in; what was posted is not sent again. A cookie that no longer
    signs anybody in is taken back."""
    back = asked_for(request) if request.method == "GET" else HOME
    answer = RedirectResponse(f"{SIGN_IN}?{urlencode({'next': back})}", 303)
    if cookie.name_of(request) in request.cookies:
        cookie.drop(answer, cookie.name_of(request))
    return answer


def _let_in(request: Request, sessions: Sessions, session: Session, next: str) -> Response:
    answer = RedirectResponse(next, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    cookie.put(answer, cookie.name_of(request), sessions.sealed(session), None)
    return answer


def _asking_cookie(request: Request) -> str:
    return f"{cookie.name_of(request)}-asking"
