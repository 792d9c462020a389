"""Who comes into the portal and who does not, and what a page tells the browser to hold it to."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from calco.identity.tokens import LIFETIME
from calco.portal.app import PAGES
from tests.arm.api import LAB
from tests.portal.house import BASE, COOKIE, Browser, House

pytestmark = pytest.mark.slow

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self' https://localhost:8444; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
NEW_GROUP = {"name": "new", "location": "eastus"}


def address(path: str) -> str:
    """A page's address, whatever it is of."""
    return "/portal" + re.sub(r"\{[^}]*\}", "some", path)


ADDRESSES = [address(each.path) for each in PAGES]


def groups(house: House) -> list[str]:
    return [each["name"] for each in house.api.get(f"{LAB.rpartition('/')[0]}")["value"]]


def test_whoever_signs_in_comes_to_where_they_wanted_to_go(house: House) -> None:
    there = "/portal/activity?group=lab"

    answer = house.browser(signed_in=False).request("GET", there)

    assert parse_qs(urlsplit(answer.headers["location"]).query)["next"] == [there]


@pytest.mark.slow
@pytest.mark.parametrize("cookie", ["", "x", "A" * 5000, "%00", "eyJhbGciOiJub25lIn0.e30."])
def test_a_cookie_that_the_service_did_not_seal_is_nobodys(house: House, cookie: str) -> None:
    stranger = house.browser(signed_in=False)
    stranger.cookies[COOKIE] = cookie

    assert stranger.visit("/portal/resource-groups").path == "/portal/sign-in"


def test_a_session_survives_the_service(house: House, browser: Browser) -> None:
    house.restart()

    assert browser.visit("/portal/resource-groups").path == "/portal/resource-groups"


def test_a_session_ends_with_its_token(house: House, browser: Browser) -> None:
    house.world.clock.move(LIFETIME - timedelta(minutes=1))
    assert browser.visit("/portal/").path == "/portal/"

    house.world.clock.move(timedelta(minutes=2))

    assert browser.visit("/portal/").path == "/portal/sign-in"


# --- what changes something comes from a page of ours ----------------------------------------------------------------


def test_a_form_of_ours_changes_what_it_is_about(house: House, browser: Browser) -> None:
    browser.send("/portal/resource-groups", **NEW_GROUP)

    assert groups(house) == ["new"]


def test_the_guard_of_another_session_is_none(house: House, browser: Browser) -> None:
    other = house.sessions.session(house.browser().cookies[COOKIE])
    assert other is not None

    answer = browser.send("/portal/resource-groups", **NEW_GROUP, guard=other.guard)

    assert (answer.status, groups(house)) == (403, [])


def test_a_page_without_a_form_takes_none(browser: Browser) -> None:
    for each in PAGES:
        if each.act is None:
            assert browser.send(address(each.path), name="x").status in (403, 405), each.path


def test_signing_out_ends_the_session_for_a_copied_cookie_too_and_for_nobody_else(house: House) -> None:
    mine, copied, other = house.browser(), house.browser(signed_in=False), house.browser()
    copied.cookies = {**mine.cookies}

    page = mine.send("/portal/sign-out")

    assert (page.path, COOKIE in mine.cookies) == ("/portal/sign-in", False)
    assert copied.visit("/portal/").path == "/portal/sign-in"
    assert other.visit("/portal/").path == "/portal/"
    house.restart()
    assert copied.visit("/portal/").path == "/portal/sign-in", "it is remembered"


# --- a link that signs in --------------------------------------------------------------------------------------------


def link(house: House) -> str:
    token = house.token()
    answer = house.browser(signed_in=False).request(
        "POST", "/portal/links", headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 201, answer.text
    url: str = answer.json()["url"]
    assert url.startswith(BASE)
    return url.removeprefix(BASE)


def test_a_link_signs_in_once(house: House) -> None:
    url = link(house)
    first, second = house.browser(signed_in=False), house.browser(signed_in=False)

    assert first.visit(url).path == "/portal/"
    assert second.visit(url).path == "/portal/sign-in"
    assert COOKIE not in second.cookies


def test_a_link_is_good_for_five_minutes(house: House) -> None:
    url = link(house)
    house.world.clock.move(timedelta(minutes=5, seconds=1))

    assert house.browser(signed_in=False).visit(url).path == "/portal/sign-in"


@pytest.mark.slow
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic eDp5"])
def test_whoever_has_no_token_gets_no_link(house: House, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}

    answer = house.browser(signed_in=False).request("POST", "/portal/links", headers=headers)

    assert (answer.status_code, "url" in answer.text) == (401, False)


def person_in(house: House, browser: Browser) -> str:
    session = house.sessions.session(browser.cookies[COOKIE].strip('"'))
    assert session is not None
    return session.person


def test_a_link_takes_nobodys_place_who_has_not_said_so(house: House) -> None:
    """Somebody may have been sent another's link, to work in their name from then on."""
    ana = house.person("ana", "Reader")
    browser, url = house.browser(ana), link(house)

    page = browser.visit(url)

    assert (page.status, page.path) == (200, "/portal/enter")
    assert "You are signed in as ana. This link signs in Owner." in page.text
    assert person_in(house, browser) == ana.object_id
    code = url.partition("=")[2]
    assert code in page.html
    assert not [each for each in page.links.values() if code in each], "it is in no address"
    forged = browser.send("/portal/enter/instead", code=code, guard="made up")
    assert (forged.status, person_in(house, browser)) == (403, ana.object_id)

    assert browser.send("/portal/enter/instead", code=code).path == "/portal/"

    assert person_in(house, browser) == house.owner.object_id
    assert house.browser(signed_in=False).visit(url).path == "/portal/sign-in", "it opens once"


def test_a_link_of_ones_own_begins_anew_without_asking(house: House, browser: Browser) -> None:
    before = browser.cookies[COOKIE]

    assert browser.visit(link(house)).path == "/portal/"

    assert browser.cookies[COOKIE] != before


# --- where the portal sends a browser --------------------------------------------------------------------------------

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/portal/../../evil",
    "/portal//evil.example",
    "/subscriptions",
    "javascript:alert(1)",
    "/portal/\n//evil.example",
    "portal/",
    "",
)


@pytest.mark.slow
@pytest.mark.parametrize("there", ELSEWHERE)
def test_the_portal_sends_nobody_elsewhere(browser: Browser, there: str) -> None:
    answer = browser.request("GET", f"/portal/language?to=es&back={quote(there, safe='')}")

    sent_to = answer.headers["location"]
    assert re.fullmatch(r"/portal/(?![/\\])[^\\\r\n]*", sent_to), sent_to
    assert ".." not in sent_to


def test_the_portal_sends_back_to_its_own_pages_with_their_query(browser: Browser) -> None:
    there = "/portal/activity?group=lab&status=Failed"

    answer = browser.request("GET", f"/portal/language?to=es&back={quote(there, safe='')}")

    assert answer.headers["location"] == there
    assert browser.visit("/portal/").answer.headers["content-language"] == "es"


# --- what comes with every page --------------------------------------------------------------------------------------


def held(answer_headers: dict[str, str]) -> None:
    assert answer_headers["x-content-type-options"] == "nosniff"
    assert answer_headers["x-frame-options"] == "DENY"
    assert answer_headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert answer_headers["cache-control"] == "no-store"


@pytest.mark.slow
def test_every_page_allows_no_script_but_the_portals_own(browser: Browser) -> None:
    for path in ADDRESSES:
        headers = dict(browser.visit(path).answer.headers)

        held(headers)
        # A page with a library that cannot do without may name further styles, and nothing else.
        policy = re.sub(r"style-src [^;]*;", "style-src 'self';", headers["content-security-policy"])
        assert policy == POLICY, path


def test_refusals_and_the_way_in_allow_no_more(house: House, browser: Browser) -> None:
    for page in (browser.visit("/portal/no-such-page"), house.browser(signed_in=False).visit("/portal/")):
        headers = dict(page.answer.headers)
        held(headers)
        assert headers["content-security-policy"] == POLICY


def test_the_cookie_is_for_this_host_alone_and_for_no_script(house: House) -> None:
    answer = house.browser(signed_in=False).request("GET", link(house))

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
