"""calco's own portal sends people to the sign-in page: where it is answered, in whose language, and how it looks."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from calco.identity.sign_in import PORTAL, SIGNED_IN_PATH
from calco.identity.sign_in_page import STYLE
from calco.identity.sign_in_words import ENGLISH, LANGUAGES, SPANISH
from calco.model.principal import PrincipalType
from tests.identity.lobby import BASE, PASSWORD, REDIRECT, Lobby, hidden, text_of

SIGNED_IN = BASE + SIGNED_IN_PATH


@pytest.fixture
def lobby(tmp_path: Path) -> Lobby:
    return Lobby(tmp_path)


def portal_asks(lobby: Lobby, **changes: str | None) -> str:
    return lobby.asking(**{"client_id": PORTAL, "redirect_uri": SIGNED_IN, **changes})


@pytest.mark.slow
def test_a_person_comes_straight_back_to_the_portal_with_a_code_that_it_redeems(lobby: Lobby) -> None:
    lobby.user()
    answer = lobby.enter(portal_asks(lobby, prompt="login"))

    location = urlsplit(answer.headers["location"])
    carried = {name: values[0] for name, values in parse_qs(location.query).items()}
    token = lobby.redeem(carried["code"], client_id=PORTAL, redirect_uri=SIGNED_IN).json()["access_token"]

    assert (answer.status_code, answer.text) == (303, ""), "no page in between"
    assert f"{location.scheme}://{location.netloc}{location.path}" == SIGNED_IN
    assert carried["state"] == "as it was"
    caller = lobby.check(token)
    assert (caller.name, caller.type, caller.client_id) == ("ana", PrincipalType.USER, PORTAL)


@pytest.mark.parametrize(
    "redirect",
    [
        REDIRECT,
        "http://localhost:8400/portal/signed-in",
        "https://evil.example/portal/signed-in",
        f"{BASE}/portal/signed-in/",
        f"{BASE}/portal/signed-in?next=//evil.example",
        f"{BASE}/portal/sign-out",
        f"{BASE}@evil.example/portal/signed-in",
        "/portal/signed-in",
        "",
    ],
)
def test_the_portal_is_answered_on_its_own_page_of_this_service_and_nowhere_else(lobby: Lobby, redirect: str) -> None:
    page = lobby.open(portal_asks(lobby, redirect_uri=redirect))

    assert (page.status_code, "location" in page.headers, hidden(page)) == (400, False, {})
    assert "50011" in text_of(page)


def test_no_other_program_is_answered_on_the_portals_page(lobby: Lobby) -> None:
    page = lobby.open(lobby.asking(redirect_uri=SIGNED_IN))

    assert (page.status_code, "location" in page.headers) == (400, False)


def test_a_form_for_the_portal_leads_to_this_service_alone(lobby: Lobby) -> None:
    page = lobby.open(portal_asks(lobby))

    (leads,) = re.findall(r"form-action ([^;]*)", page.headers["content-security-policy"])
    assert leads == "'self'"
    assert ENGLISH.portal_asks in text_of(page)
    assert "Azure" not in text_of(page)


@pytest.mark.parametrize(
    ("asked_for", "accepted", "language"),
    [
        ("es", "en", "es"),
        ("es-ES es en", "en", "es"),
        ("en", "es", "en"),
        ("fr-CA fr es en", "", "es"),
        ("fr de", "es", "es"),
        ("", "es", "es"),
        ("  ES  ", "", "es"),
        ("x" * 5000, "", "en"),
        ("<script>", "", "en"),
    ],
)
def test_the_page_speaks_what_the_program_asks_for_before_what_the_browser_likes(
    lobby: Lobby, asked_for: str, accepted: str, language: str
) -> None:
    page = lobby.open(portal_asks(lobby, ui_locales=asked_for), accept_language=accepted)

    assert f'<html lang="{language}">' in page.text
    assert LANGUAGES[language].portal_asks in text_of(page)


@pytest.mark.slow
def test_a_wrong_password_is_answered_in_the_same_language_and_the_next_try_counts(lobby: Lobby) -> None:
    lobby.user()
    url = portal_asks(lobby, ui_locales="es", login_hint="ana")
    first = lobby.open(url)

    again = lobby.fill(first, url, username="ana", password="wrong")
    answer = lobby.fill(again, url, username="ana", password=PASSWORD)

    assert "action=" not in again.text, "a form without one posts to the page's own address, its query included"
    assert SPANISH.wrong in text_of(again)
    assert ENGLISH.wrong not in text_of(again)
    assert answer.headers["location"].startswith(f"{SIGNED_IN}?code=")


# --- how it looks ----------------------------------------------------------------------------------------------------

LIGHT, DARK = STYLE.split("@media(prefers-color-scheme:dark)")
PAIRS = [
    ("body text", "body", "color", "main", "background", 4.5),
    ("fault", ".fault", "color", "main", "background", 4.5),
    ("small print", ".small", "color", "main", "background", 4.5),
    ("button", "button", "color", "button", "background", 4.5),
    ("input's edge", "input", "border", "main", "background", 3.0),
    ("focus", "input:focus-visible,button:focus-visible", "outline", "main", "background", 3.0),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0])
def test_every_pair_of_colours_can_be_told_apart(scheme: str, pair: tuple[str, str, str, str, str, float]) -> None:
    _, front, front_name, back, back_name, least = pair
    rules = _rules(LIGHT) if scheme == "light" else _over(_rules(LIGHT), _rules(DARK[1:-1]))

    assert _contrast(_colour(rules[front], front_name), _colour(rules[back], back_name)) >= least


def _rules(style: str) -> dict[str, dict[str, str]]:
    return {
        selector: dict(each.split(":", 1) for each in body.split(";") if each)
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", style)
    }


def _over(first: Mapping[str, dict[str, str]], then: Mapping[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {selector: {**first.get(selector, {}), **then.get(selector, {})} for selector in {*first, *then}}


def _colour(rule: Mapping[str, str], name: str) -> str:
    (found,) = re.findall(r"#[0-9a-f]{3,6}\b", rule.get(f"{name}-color") or rule[name])
    return str(found)


def _contrast(one: str, other: str) -> float:
    """Source: WCAG 2.1, "contrast ratio" and "relative luminance"."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
