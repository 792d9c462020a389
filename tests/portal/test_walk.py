"""Every address of the portal: nobody gets in without signing in, and no form counts but those of its own pages.

``tests/arm/test_rights_walk.py`` walks the API, where rights are decided; here is what stands before it.
"""

import asyncio
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send

from calco.audience import SIGNED_OUT
from tests.portal.house import BASE, WATCH_SECONDS_MAX, Browser, House

pytestmark = pytest.mark.slow

OPEN = {
    "/portal": "leads on",
    "/portal/enter": "asks for a link's code",
    "/portal/language": "keeps a language in a cookie",
    "/portal/links": "asks for a token",
    "/portal/sign-in": "is where one signs in",
    "/portal/sign-in/start": "leads to where one signs in",
    "/portal/signed-in": "asks for a code of the authority's",
}
"""What is answered to whoever is not signed in, and why."""
STATIC = "/portal/static"


def doors(house: House) -> Sequence[tuple[str, str]]:
    """Method and path of every page; names in a path are made up."""
    return [
        (method, re.sub(r"\{[^}]*\}", "one", route.path))
        for route in house.portal.routes()
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
    ]


def is_sign_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and urlsplit(answer.headers["location"]).path == "/portal/sign-in"


@pytest.fixture
def asked(house: House) -> list[str]:
    """What the portal asks of the API, and what the tests ask of the portal."""
    seen: list[str] = []
    inner = house.app

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(f"{scope['method']} {scope['path']}")
        await inner(scope, receive, send)

    house.app = watched
    return seen


def changes(asked: Sequence[str]) -> list[str]:
    return [each for each in asked if not each.startswith(("GET ", "HEAD ")) and " /portal/" not in each]


def test_whoever_is_not_signed_in_is_sent_to_sign_in_from_every_page(house: House, asked: list[str]) -> None:
    nobody = house.browser(signed_in=False)

    for method, path in doors(house):
        answer = nobody.request(method, path, form={"do": "delete"} if method == "POST" else None)
        if path in OPEN:
            assert answer.status_code in (200, 303, 401), f"{method} {path}: {answer.status_code}"
            assert (answer.status_code == 401) is (path == "/portal/links"), f"{method} {path}"
        else:
            assert is_sign_in(answer), f"{method} {path}: {answer.status_code}"

    assert set(OPEN) <= {path for _, path in doors(house)}, "what is open is there"
    assert [each for each in asked if "/providers/" in each] == [], "nothing was asked of the API in nobody's name"
    assert changes(asked) == []


def test_what_is_no_page_is_a_file_for_everybody(house: House) -> None:
    kinds = [each for each in house.portal.routes() if not isinstance(each, Route | WebSocketRoute)]

    assert [each.path for each in kinds if isinstance(each, Mount)] == [STATIC]
    assert len(kinds) == 1
    nobody = house.browser(signed_in=False)
    for path in (
        "/portal/static/../app.py",
        "/portal/static/%2e%2e/app.py",
        "/portal/static/",
        "/portal/static/vendor",
    ):
        answer = nobody.request("GET", path)
        assert answer.status_code in (303, 404), f"{path}: {answer.status_code}"


@pytest.mark.parametrize(
    ("guard", "origin"),
    [("", BASE), ("made up", BASE), (None, "https://evil.example"), (None, "https://localhost:8444"), (None, "null")],
    ids=["no guard", "another guard", "another site", "another port", "an origin that hides"],
)
def test_a_form_of_somebody_elses_page_changes_nothing(
    house: House, asked: list[str], guard: str | None, origin: str
) -> None:
    owner = house.browser()
    session = house.sessions.session(next(iter(owner.cookies.values())))
    assert session is not None
    posts = [path for method, path in doors(house) if method == "POST" and path not in OPEN]

    for path in posts:
        fields = {"guard": session.guard if guard is None else guard, "do": "delete", "name": "one"}
        answer = owner.request("POST", path, form=fields, headers={"origin": origin})
        assert answer.status_code == 403, f"{path}: {answer.status_code}"

    assert posts
    assert changes(asked) == []
    assert house.sessions.session(next(iter(owner.cookies.values()))) is not None, "nor was anybody signed out"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://localhost:8444", "null", ""],
    ids=["another site", "another port", "an origin that hides", "no origin"],
)
def test_a_websocket_of_somebody_elses_page_is_refused_before_it_is_one(house: House, origin: str) -> None:
    for path, told in _knocks(house, house.browser(), origin):
        assert [each["type"] for each in told] == ["websocket.close"], path


def test_a_websocket_of_nobody_is_told_so_and_nothing_else(house: House) -> None:
    for path, told in _knocks(house, house.browser(signed_in=False), BASE):
        assert [(each["type"], each.get("code")) for each in told] == [
            ("websocket.accept", None),
            ("websocket.close", SIGNED_OUT.code),
        ], path


def _knocks(house: House, browser: Browser, origin: str) -> list[tuple[str, list[Message]]]:
    """What each websocket answers to a browser that comes from there."""
    sockets = [each.path for each in house.portal.routes() if isinstance(each, WebSocketRoute)]
    assert sockets
    answered = []
    for path in sockets:
        scope = {**browser.opening(path), "type": "websocket", "scheme": "wss", "subprotocols": []}
        scope["headers"] = [*scope["headers"], *([(b"origin", origin.encode())] if origin else [])]
        answered.append((path, asyncio.run(asyncio.wait_for(_knock(house, scope), WATCH_SECONDS_MAX))))
    return answered


async def _knock(house: House, scope: Scope) -> list[Message]:
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        told.append(message)

    await house.app(scope, receive, send)
    return told
