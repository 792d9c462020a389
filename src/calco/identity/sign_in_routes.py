"""The pages where people sign in, on the wire: one for programs (``authorize``), one for devices (``/devicelogin``).

A form counts only together with the cookie of the browser that was shown it: its ``guard`` is made of both, with a key
of this process. So no other page can send one.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from calco.identity import sign_in_page as pages
from calco.identity.authority import Authority
from calco.identity.directory import Session
from calco.identity.form import BadForm
from calco.identity.refusals import Refusal, tenant_unknown
from calco.identity.routes import PREFIXES, SECRETS_AT_ONCE, base_url, place_of, read_form
from calco.identity.sign_in import PORTAL, Asking, Turned
from calco.identity.sign_in_words import Words, words_for
from calco.ports import Chance

COOKIE = "__Host-calco-sign-in"
COOKIE_BYTES, COOKIE_LENGTH_MAX = 18, 100


def routes(authority: Authority, chance: Chance) -> list[Route]:
    """Every prefix of the authority has its sign-in page; devices have one for all."""
    on = _Wire(authority, chance)
    found = [
        Route("/devicelogin", on.show_device, methods=["GET"]),
        Route("/devicelogin", on.enter_device, methods=["POST"]),
    ]
    for prefix in PREFIXES:
        for oauth in (f"{prefix}/oauth2", f"{prefix}/oauth2/v2.0"):
            found += [
                Route(f"{oauth}/authorize", on.show, methods=["GET"]),
                Route(f"{oauth}/authorize", on.enter, methods=["POST"]),
                Route(f"{oauth}/logout", on.sign_out, methods=["GET"]),
            ]
    return found


class _Wire:
    def __init__(self, authority: Authority, chance: Chance) -> None:
        self._authority = authority
        self._sign_in = authority.sign_in
        self._chance = chance
        self._key = chance.token(32).encode()
        self._line = CapacityLimiter(SECRETS_AT_ONCE)

    # --- programs ------------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        words = _words(request)
        try:
            asking = self._asking(request)
        except Refusal as refusal:
            return self._refused(words, refusal)
        try:
            self._sign_in.check_asking(asking, request.query_params)
        except Refusal as refusal:
            body = self._authority.refused(refusal).body
            told = {name: str(body[name]) for name in ("error", "error_description")}
            return self._hand_back(words, asking, told["error_description"], told)
        return self._ask(request, words, asking, name=asking.login_hint, fault="")

    async def enter(self, request: Request) -> Response:
        words = _words(request)
        try:
            asking = self._asking(request)
            self._sign_in.check_asking(asking, request.query_params)
        except Refusal as refusal:
            return self._refused(words, refusal)
        try:
            form = await read_form(request)
        except BadForm:
            return _closing(self._ask(request, words, asking, name="", fault=words.stale))
        name = form.get("username", "").strip()
        if not self._is_ours(request, form):
            return self._ask(request, words, asking, name=name, fault=words.stale)
        session = await self._checked(name, form.get("password", ""), asking.client_id)
        if isinstance(session, Turned):
            page = self._ask(request, words, asking, name=name, fault=_fault(words, session))
            return _turned(page, session)
        said = words.nearly.format(name=session.caller.name, client=asking.client_name)
        return self._hand_back(words, asking, said, {"code": self._sign_in.grant(asking, session)})

    async def sign_out(self, request: Request) -> Response:
        return HTMLResponse(pages.signed_out(_words(request)), 200, pages.headers())

    def _asking(self, request: Request) -> Asking:
        place = place_of(request)
        if not self._authority.knows(place.tenant):
            raise tenant_unknown(place.tenant)
        return self._sign_in.read_asking(request.query_params, place.base)

    def _ask(self, request: Request, words: Words, asking: Asking, *, name: str, fault: str) -> Response:
        cookie, hidden = self._guarded(request)
        why = words.portal_asks if asking.client_id == PORTAL else words.asks.format(client=asking.client_name)
        page = pages.ask(words, why=why, hidden=hidden, name=name, fault=fault)
        return _with_cookie(HTMLResponse(page, 400 if fault else 200, pages.headers(asking.origin)), cookie)

    @staticmethod
    def _hand_back(words: Words, asking: Asking, said: str, answer: Mapping[str, str]) -> Response:
        """The program's answer, by the way it asked for: in a form's fields or in the address. ``said`` is for the
        person, who sends the form."""
        fields = {**answer, **({"state": asking.state} if asking.state else {})}
        if asking.response_mode == "form_post":
            page = pages.hand_back(words, said=said, action=asking.redirect_uri, fields=fields)
            return HTMLResponse(page, 200, pages.headers(asking.origin))
        joint = "&" if "?" in asking.redirect_uri else "?"
        return RedirectResponse(f"{asking.redirect_uri}{joint}{urlencode(fields)}", 303, pages.headers(asking.origin))

    # --- devices -------------------------------------------------------------------------------------------------

    async def show_device(self, request: Request) -> Response:
        return self._ask_device(request, code="", name="", fault="")

    async def enter_device(self, request: Request) -> Response:
        words = _words(request)
        try:
            form = await read_form(request)
        except BadForm:
            return _closing(self._ask_device(request, code="", name="", fault=words.stale))
        code, name = form.get("code", "").strip(), form.get("username", "").strip()
        if not self._is_ours(request, form):
            return self._ask_device(request, code=code, name=name, fault=words.stale)
        device = self._sign_in.waiting_device(code)
        # The password first, and at its price: a guess at a code costs as much as one at a password.
        session = await self._checked(name, form.get("password", ""), "" if device is None else device.client_id)
        if isinstance(session, Turned):
            return _turned(self._ask_device(request, code=code, name=name, fault=_fault(words, session)), session)
        if device is None or not self._sign_in.admit(device, session):
            return self._ask_device(request, code="", name=name, fault=words.code_wrong)
        return HTMLResponse(pages.admitted(words, device.client_name), 200, pages.headers())

    def _ask_device(self, request: Request, *, code: str, name: str, fault: str) -> Response:
        cookie, hidden = self._guarded(request)
        page = pages.ask_device(_words(request), hidden=hidden, code=code, name=name, fault=fault)
        return _with_cookie(HTMLResponse(page, 400 if fault else 200, pages.headers()), cookie)

    # --- both ----------------------------------------------------------------------------------------------------

    async def _checked(self, name: str, password: str, client: str) -> Session | Turned:
        return await to_thread.run_sync(self._sign_in.enter, name, password, client, limiter=self._line)

    def _guarded(self, request: Request) -> tuple[str, dict[str, str]]:
        """The browser's cookie, a new one if it has none, and the hidden fields that go with it."""
        cookie = _cookie(request) or self._chance.token(COOKIE_BYTES)
        return cookie, {"guard": self._guard(cookie, request)}

    def _guard(self, cookie: str, request: Request) -> str:
        said = f"{cookie}\n{request.url.path}\n{request.url.query}"
        return hmac.digest(self._key, said.encode(errors="surrogatepass"), hashlib.sha256).hex()

    def _is_ours(self, request: Request, form: Mapping[str, str]) -> bool:
        cookie, origin = _cookie(request), request.headers.get("origin")
        if not cookie or origin not in (None, "null", base_url(request)):
            return False
        return hmac.compare_digest(self._guard(cookie, request).encode(), form.get("guard", "").encode())

    def _refused(self, words: Words, refusal: Refusal) -> Response:
        said = str(self._authority.refused(refusal).body["error_description"])
        return HTMLResponse(pages.refused(words, said), refusal.status, pages.headers())


def _closing(page: Response) -> Response:
    """What is left of the form is still to come, and nobody reads it."""
    page.headers["Connection"] = "close"
    return page


def _words(request: Request) -> Words:
    return words_for(request.headers.get("accept-language", ""), request.query_params.get("ui_locales", ""))


def _fault(words: Words, turned: Turned) -> str:
    if turned.wait_seconds:
        return words.wait.format(seconds=turned.wait_seconds)
    return words.expired if turned.expired else words.wrong


def _turned(page: Response, turned: Turned) -> Response:
    """The page as programs read it: whether trying again soon is of any use."""
    if turned.wait_seconds:
        page.status_code = 429
        page.headers["Retry-After"] = str(turned.wait_seconds)
    return page


def _cookie(request: Request) -> str:
    return request.cookies.get(COOKIE, "")[:COOKIE_LENGTH_MAX]


def _with_cookie(response: Response, value: str) -> Response:
    response.set_cookie(COOKIE, value, path="/", secure=True, httponly=True, samesite="strict")
    return response
