"""``/``: people land in the portal, programs get Resource Manager's own answer."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from calco.arm.app import make_app
from calco.arm.endings import Endings
from calco.model.errors import ApiError
from calco.model.principal import Caller
from calco.portal.root import Root
from tests.asgi import AsgiClient
from tests.world import World

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def nobody(_token: str | None, _authority: str) -> Caller:
    raise ApiError(401, "AuthenticationFailed", "Authentication failed.")


def ask(folder: Path, method: str, path: str, accept: str) -> httpx.Response:
    world = World(folder)
    app = make_app(world.cloud, nobody, tenant="t", endings=Endings(), extra_routes=[Root()])
    return AsgiClient(app).request(method, path, headers={"Accept": accept})


@pytest.mark.parametrize("accept", [CHROME, "text/html", "application/json, TEXT/HTML;q=0.5"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_lands_in_the_portal(tmp_path: Path, method: str, accept: str) -> None:
    answer = ask(tmp_path, method, "/", accept)

    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/")
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/", "*/*"),
        ("GET", "/", "application/json"),
        ("GET", "/", ""),
        ("GET", "/", "text/htmlx, text/plain"),
        ("POST", "/", CHROME),
        ("DELETE", "/", CHROME),
        ("GET", "/subscriptions", CHROME),
    ],
)
def test_everything_else_is_resource_managers_to_answer(tmp_path: Path, method: str, path: str, accept: str) -> None:
    answer = ask(tmp_path, method, path, accept)

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")
    assert "location" not in answer.headers


def test_whoever_is_next_is_asked_even_when_nothing_else_is_there() -> None:
    answer = AsgiClient(Starlette(routes=[Root()])).request("POST", "/", headers={"Accept": CHROME})

    assert answer.status_code == 404, "not 405: the path is not this route's alone"
