"""Whatever is sent to the authority, the answer is a refusal or a page: never a fault of ours, never a token."""

from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.identity.grants import DEVICE_CODE
from tests.identity.lobby import AZ, BASE, REDIRECT, VERIFIER, Lobby, hidden


@pytest.fixture(scope="module")
def lobby(tmp_path_factory: pytest.TempPathFactory) -> Lobby:
    folder: Path = tmp_path_factory.mktemp("hostile")
    return Lobby(folder)


junk = st.text(max_size=30) | st.sampled_from(
    ["", " ", "\x00", "\u202e", "%00", "x" * 5000, "\r\nSet-Cookie: a=b", "<script>", "null", "[]", "0", "-1"]
)
usual = {
    "client_id": AZ,
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
    "grant_type": "authorization_code",
    "code": "code",
    "code_verifier": VERIFIER,
    "device_code": "code",
    "refresh_token": "token",
    "client_secret": "secret",
    "scope": f"{BASE}/.default",
    "resource": "",
    "response_mode": "form_post",
    "state": "s",
    "username": "nobody",
    "password": "none",
    "guard": "0",
}
grants = st.sampled_from(["client_credentials", "authorization_code", "refresh_token", "device_code", DEVICE_CODE])
paths = st.sampled_from(["token", "devicecode", "authorize", "logout", ".well-known/openid-configuration", "x"])


@st.composite
def forms(draw: st.DrawFn) -> dict[str, str]:
    """A good form with a few members that are strange or missing."""
    form = {**usual, "grant_type": draw(grants)}
    for name in draw(st.lists(st.sampled_from(sorted(usual)), max_size=4)):
        form[name] = draw(junk)
    for name in draw(st.lists(st.sampled_from(sorted(usual)), max_size=2)):
        form.pop(name, None)
    return form


def check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    assert "access_token" not in answer.text
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert "<script>" not in answer.text
    else:
        assert answer.headers.get("x-content-type-options", "nosniff") == "nosniff"
    assert "a=b" not in answer.headers.get("set-cookie", "")
    location = answer.headers.get("location", REDIRECT)
    assert location.startswith("http://localhost"), location


@settings(max_examples=150, deadline=None)
@given(
    path=paths,
    tenant=st.sampled_from(["adfs", "common", "x"]) | junk,
    form=forms(),
    version=st.sampled_from(["", "/v2.0"]),
)
def test_whatever_is_asked_of_the_authority_is_answered(
    lobby: Lobby, path: str, tenant: str, form: dict[str, str], version: str
) -> None:
    url = f"/{quote(tenant, safe='')}/oauth2{version}/{path}"

    for method in ("POST", "GET"):
        query = f"{url}?{urlencode(form, errors='replace')}"
        check(lobby.client.request(method, query, data=form if method == "POST" else None))


@settings(max_examples=60, deadline=None)
@given(
    form=forms(),
    raw=st.binary(max_size=60),
    cookie=st.text(st.characters(codec="ascii", min_codepoint=32), max_size=40),
)
def test_whatever_is_sent_to_the_devices_page_lets_nobody_in(
    lobby: Lobby, form: dict[str, str], raw: bytes, cookie: str
) -> None:
    headers = {"Cookie": f"__Host-calco-sign-in={cookie}", "Content-Type": "application/x-www-form-urlencoded"}
    guard = hidden(lobby.client.request("GET", "/devicelogin", headers=headers))

    for content in (urlencode({**form, **guard}, errors="replace").encode(), raw):
        answer = lobby.client.request("POST", "/devicelogin", content=content, headers=headers)
        check(answer)
        assert "You are signed in" not in answer.text
