"""The whole service in memory with its portal, and browsers that people use it with: quick, and without a server.

house.api.with_network()
web1 = house.api.machine("web1")        # the scene, through the public API
ana = house.browser()                   # the owner, signed in; house.browser(house.person("ana", "Reader")) is not
page = ana.visit("/portal/virtual-machines")
page = ana.send("/portal/virtual-machines/lab/web1", do="stop")
house.world.drive()                     # carries what goes on to its end
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope

from calco.arm.app import make_app
from calco.arm.endings import Endings
from calco.assembly import open_routes
from calco.identity.authority import Authority
from calco.identity.directory import Session as Signed
from calco.identity.principals import Principal as Owner
from calco.identity.tokens import Tokens
from calco.model.principal import Caller, Principal, PrincipalType
from calco.portal import words
from calco.portal.app import Portal
from calco.portal.page import Pages
from calco.portal.session import Sessions
from calco.shell_process import Shells
from calco.storage.sealer import KeySealer
from calco.work import principal
from tests.arm.api import SUB, Api
from tests.arm.people import AUTHORIZATION, ROLES, guid
from tests.world import World

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BASE = "https://localhost:8443"
COOKIE = "__Host-calco-portal-8443"
WATCH_SECONDS_MAX = 20
PASSWORD = "correct horse battery"
TEXTS = words.read()
"""The catalogues of both languages, by ``en`` and ``es``."""


@dataclass
class House:
    folder: Path

    def __post_init__(self) -> None:
        self.world = World(self.folder)
        cloud, clock, chance = self.world.cloud, self.world.clock, self.world.chance
        owner = Owner(chance.guid(), chance.guid(), chance.guid(), cloud.rules.subscription, "", "")
        self.owner = Caller(owner.object_id, owner.client_id, owner.tenant_id)
        cloud = self.world.cloud = replace(cloud, rules=replace(cloud.rules, owner=owner.object_id))
        self.api = Api(self.world, check=lambda _header, _authority: self.owner)
        self.tokens = Tokens(KEY, owner.tenant_id, clock, chance)
        self.authority = Authority(
            owner, self.tokens, records=self.world.records, sealer=self.world.sealer, clock=clock, chance=chance
        )
        self.restart()

    def restart(self) -> None:
        """The service as it comes up again: what was in its memory is gone."""
        world = self.world
        self.sessions = Sessions(KeySealer(bytes(32)), world.clock, world.chance, self.folder / "portal.ended")
        self.portal = Portal(
            service=lambda: self.app,
            tenant=self.authority.tenant,
            subscription=world.cloud.rules.subscription,
            sessions=self.sessions,
            pages=Pages.of("https://localhost:8444"),
            words=TEXTS,
            clock=world.clock,
            chance=world.chance,
            shells=lambda http: Shells(http, world.cloud.rules.subscription, self.authority.tenant),
        )
        routes = [*open_routes(world.cloud, self.authority), *self.portal.routes()]
        self.app = make_app(
            world.cloud,
            self.authority.check,
            tenant=self.authority.tenant,
            endings=Endings(),
            extra_routes=routes,
            hold_seconds=0,
            threads=2,
        )

    def person(self, name: str, role: str = "", scope: str = SUB, password: str = PASSWORD) -> Principal:
        """A user, with a role by its title or GUID at a scope, or with none."""
        made = principal.create(self.world.cloud, PrincipalType.USER, name, password=password).principal
        if role:
            place = f"{scope}/{AUTHORIZATION}/roleAssignments/{guid(made.object_id + role + scope)}"
            roles = f"{SUB}/{AUTHORIZATION}/roleDefinitions"
            held = {"roleDefinitionId": f"{roles}/{ROLES.get(role, role)}", "principalId": made.object_id}
            self.api.put(place, {"properties": held})
        return made

    def token(self, person: Principal | None = None) -> str:
        """A token of that user's; of the owner's for None."""
        signed = Signed(self.owner)
        if person is not None:
            caller = Caller(person.object_id, "", self.owner.tenant_id, person.name, PrincipalType.USER)
            signed = Signed(caller, person.secret.id)
        return self.tokens.issue(signed, BASE).text

    def browser(self, person: Principal | None = None, language: str = "en", *, signed_in: bool = True) -> "Browser":
        """A browser in which that user (the owner for None) is signed in."""
        browser = Browser(self, language)
        if signed_in:
            browser.cookies[COOKIE] = self.sessions.sealed(self.sessions.begin(self.token(person)))
        return browser


@dataclass
class Browser:
    """Keeps cookies, follows redirects, sends forms as a page of the portal would."""

    house: House
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)

    def visit(self, path: str, **headers: str) -> "Shown":
        """Open a page, as far as redirects lead. Names of headers with ``_`` for ``-``."""
        return self._followed(self.request("GET", path, headers=headers))

    def send(self, path: str, **form: str | Sequence[str]) -> "Shown":
        """Send a form to a page, its guard with it, and follow to where that leads. Several values: a list."""
        session = self.house.sessions.session(self.cookies.get(COOKIE, ""))
        fields = {"guard": session.guard if session else "", **form}
        return self._followed(self.request("POST", path, form=fields, headers={"origin": BASE}))

    def request(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> httpx.Response:
        """One request and its own answer. ``body``: what is sent in a form's stead."""
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        content = body if form is None else urlencode(form, doseq=True).encode()
        if form is not None:
            sent |= {"content-type": "application/x-www-form-urlencoded"}
        transport = httpx.ASGITransport(app=self.house.app)

        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, path, content=content, headers={**self._headers(), **sent})

        answer = asyncio.run(call())
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        for each in answer.headers.get_list("set-cookie"):
            if "max-age=0" in each.lower():
                self.cookies.pop(each.partition("=")[0], None)
        return answer

    def watch(self, path: str, events: int = 1, meanwhile: Callable[[], None] = lambda: None) -> list[str]:
        """What an open page is sent, so many events of it; then the browser goes away. ``meanwhile`` happens when the
        first has come."""
        return asyncio.run(asyncio.wait_for(self._watched(path, events, meanwhile), WATCH_SECONDS_MAX))

    async def _watched(self, path: str, events: int, meanwhile: Callable[[], None]) -> list[str]:
        found: list[str] = []
        enough = asyncio.Event()
        begun = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Message:
            for message in begun:
                return message
            await enough.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            text = message.get("body", b"").decode()
            if text and not text.startswith(":"):
                found.append(text)
                if len(found) == 1:
                    meanwhile()
            if len(found) >= events:
                enough.set()

        with suppress(ClientDisconnect):
            await self.house.app(self.opening(path), receive, send)
        return found

    def opening(self, path: str) -> Scope:
        """The request for a page that stays open, as the server hands it to the service."""
        headers = {**self._headers(), "host": "localhost:8443", "accept": "text/event-stream"}
        address = urlsplit(path)
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "server": ("localhost", 8443),
            "client": ("127.0.0.1", 50000),
            "root_path": "",
            "path": address.path,
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"accept-language": self.language, "accept": "text/html", **({"cookie": cookies} if cookies else {})}

    def _followed(self, answer: httpx.Response) -> "Shown":
        for _ in range(5):
            if answer.status_code != 303:
                break
            answer = self.request("GET", urljoin(str(answer.url), answer.headers["location"]))
        return Shown(answer)


@dataclass
class Shown:
    """A page as it came."""

    answer: httpx.Response

    def __post_init__(self) -> None:
        self._read = _Reader()
        self._read.feed(self.answer.text)
        self._read.close()

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def path(self) -> str:
        """Where redirects have led; without its query."""
        return self.answer.url.path

    @property
    def html(self) -> str:
        return self.answer.text

    @property
    def text(self) -> str:
        """What a person reads, white space as one blank."""
        return _plain(" ".join(self._read.texts))

    @property
    def links(self) -> dict[str, str]:
        """Addresses by what the link says."""
        return self._read.links

    @property
    def buttons(self) -> list[str]:
        """What buttons say that can be pressed."""
        return self._read.buttons

    @property
    def own(self) -> str:
        """What is said in the page's own language: what is not marked as being in another one, and is no code."""
        return _plain(" | ".join(self._read.own))

    def left_in(self, language: str) -> set[str]:
        """Texts of that catalogue that are on this page, which is in the other language."""
        return {text for text in _only_in(language) if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", self.own)}


class _Reader(HTMLParser):
    """``texts``: what is shown; ``own``: what of it, and of labels, is said in the page's own language."""

    _VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
    _LABELS = ("title", "aria-label", "placeholder", "alt", "data-done")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.own: list[str] = []
        self.links: dict[str, str] = {}
        self.buttons: list[str] = []
        self._open: list[tuple[str, bool, bool]] = []
        self._href = ""
        self._button = False
        self._saying: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        _, hidden, foreign = self._open[-1] if self._open else ("", False, False)
        hidden = hidden or tag in ("script", "style", "head")
        foreign = foreign or tag in ("code", "pre", "textarea") or ("lang" in given and tag != "html")
        if not foreign:
            self.own += [value for name in self._LABELS if (value := given.get(name))]
        if tag not in self._VOID:
            self._open.append((tag, hidden, foreign))
        if tag in ("a", "button"):
            self._href, self._button = given.get("href") or "", tag == "button" and "disabled" not in given
            self._saying = []

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        said = _plain(" ".join(self._saying))
        if tag == "a" and self._href:
            self.links.setdefault(said, self._href)
        if tag == "button" and self._button:
            self.buttons.append(said)

    def handle_data(self, data: str) -> None:
        _, hidden, foreign = self._open[-1] if self._open else ("", False, False)
        if hidden or not data.strip():
            return
        self.texts.append(data)
        self._saying.append(data)
        if not foreign:
            self.own.append(data)


def _plain(text: str) -> str:
    return " ".join(text.split())


@cache
def _only_in(language: str) -> frozenset[str]:
    """Pieces of that catalogue's texts, around what is filled in, that the other one has nowhere."""
    (other,) = set(TEXTS) - {language}
    said = " | ".join(TEXTS[other].texts.values())
    pieces = {_plain(piece) for text in TEXTS[language].texts.values() for piece in re.split(r"\{[^}]*\}|\n", text)}
    whole = {piece.strip(" .,:;()–") for piece in pieces}
    return frozenset(
        piece
        for piece in whole
        if re.search(r"[^\W\d_]{2}", piece) and not re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", said)
    )
