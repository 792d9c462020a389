"""An authority over a world in memory, and a browser that fills in its pages."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette

from calco.identity import principals, routes, sign_in_routes
from calco.identity.authority import Authority
from calco.identity.sign_in import s256
from calco.identity.tokens import Tokens
from calco.model.principal import Caller, Principal, PrincipalType
from calco.work import principal
from tests.asgi import AsgiClient
from tests.world import World

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BASE = "https://box.example:8443"
AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
REDIRECT = "http://localhost:8400"
VERIFIER = "v" * 43
PASSWORD = "correct horse battery"


@dataclass
class Lobby:
    folder: Path
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.folder)
        clock, chance = self.world.clock, self.world.chance
        self.owner = principals.ensure(self.folder, chance)
        tokens = Tokens(KEY, self.owner.tenant_id, clock, chance)
        self.authority = Authority(
            self.owner, tokens, records=self.world.records, sealer=self.world.sealer, clock=clock, chance=chance
        )
        served = [*sign_in_routes.routes(self.authority, chance), *routes.routes(self.authority)]
        self.client = AsgiClient(Starlette(routes=served), BASE)

    def user(self, name: str = "ana", *, days: int | None = None) -> Principal:
        return principal.create(self.world.cloud, PrincipalType.USER, name, password=PASSWORD, days=days).principal

    def service_principal(self, name: str = "ci", *, days: int | None = None) -> principal.Issued:
        return principal.create(self.world.cloud, PrincipalType.SERVICE_PRINCIPAL, name, days=days)

    def token(self, form: Mapping[str, str], prefix: str = "adfs", version: str = "") -> httpx.Response:
        return self.client.request("POST", f"/{prefix}/oauth2{version}/token", data=form)

    def check(self, token: str) -> Caller:
        return self.authority.check(f"Bearer {token}", BASE)

    # --- a browser -----------------------------------------------------------------------------------------------

    def asking(self, prefix: str = "adfs", version: str = "", /, **changes: str | None) -> str:
        """The address that a program opens."""
        whole = {
            "client_id": AZ,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": f"{BASE}/.default openid profile offline_access",
            "state": "as it was",
            "nonce": "once",
            "code_challenge": s256(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        query = urlencode({name: value for name, value in whole.items() if value is not None})
        return f"/{prefix}/oauth2{version}/authorize?{query}"

    def open(self, url: str, **headers: str) -> httpx.Response:
        return self.client.request("GET", url, headers={name.replace("_", "-"): each for name, each in headers.items()})

    def fill(
        self, page: httpx.Response, url: str, *, cookie: str | None = None, origin: str | None = BASE, **fields: str
    ) -> httpx.Response:
        """Send the page's form as its browser would."""
        headers = {"Cookie": cookie_of(page) if cookie is None else cookie}
        if origin is not None:
            headers["Origin"] = origin
        return self.client.request("POST", url, data={**hidden(page), **fields}, headers=headers)

    def enter(self, url: str, name: str = "ana", password: str = PASSWORD) -> httpx.Response:
        return self.fill(self.open(url), url, username=name, password=password)

    def code(self, **changes: str | None) -> str:
        """A code for whoever signed in."""
        return answer_of(self.enter(self.asking(**changes)))["code"]

    def redeem(self, code: str, /, prefix: str = "adfs", version: str = "", **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "client_id": AZ,
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            "scope": f"{BASE}/.default openid profile offline_access",
            "client_info": "1",
            **changes,
        }
        return self.token(form, prefix, version)

    def refresh(self, token: str, **changes: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": token, "scope": f"{BASE}/.default"}
        return self.token({**form, **changes})

    def signed_in(self) -> Any:
        """The document of a person who just signed in."""
        answer = self.redeem(self.code())
        assert answer.status_code == 200, answer.text
        return answer.json()


def hidden(page: httpx.Response) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def cookie_of(page: httpx.Response) -> str:
    return str(page.headers.get("set-cookie", "")).partition(";")[0]


def answer_of(response: httpx.Response) -> dict[str, str]:
    """What the redirect carries to the program."""
    assert response.status_code == 303, response.text
    location = urlsplit(response.headers["location"])
    assert f"{location.scheme}://{location.netloc}" == REDIRECT
    return {name: values[0] for name, values in parse_qs(location.query).items()}


def text_of(page: httpx.Response) -> str:
    """What a person reads on a page."""
    body = page.text.partition("<body>")[2]
    return html.unescape(re.sub(r"<[^>]*>", " ", body))
