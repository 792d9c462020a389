"""What somebody would try who means harm: cookies, addresses, forms and headers that no browser of ours sends.

Held in the slow tests; ``test_session`` and ``test_walk`` keep the first of it among the quick ones.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from starlette.types import Message, Receive, Scope, Send

from calco.model.principal import Principal
from calco.portal.app import FORM_LIMITS
from calco.portal.open_page import STREAMS_EACH_MAX
from calco.portal.session import NEXT_BYTES_MAX
from calco.storage.sealer import KeySealer
from calco.work import principal
from tests.arm.api import SUB
from tests.portal.house import BASE, COOKIE, WATCH_SECONDS_MAX, Browser, House

ASKING = f"{COOKIE}-asking"
pytestmark = pytest.mark.slow
COOKIE_BYTES_MAX = 4096
"""Source: RFC 6265, 6.1."""


@pytest.fixture
def asked(house: House) -> list[str]:
    """What reaches the API: method, and path as it was written."""
    seen: list[str] = []
    inner = house.app

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode()
        if not path.startswith("/portal"):
            seen.append(f"{scope['method']} {path}")
        await inner(scope, receive, send)

    house.app = watched
    return seen


def link(house: House, person: Principal | None = None) -> str:
    headers = {"authorization": f"Bearer {house.token(person)}"}
    url: str = house.browser(signed_in=False).request("POST", "/portal/links", headers=headers).json()["url"]
    return url.removeprefix(BASE)


def raw(house: House, path: str, headers: Mapping[bytes, bytes], *comes: Message) -> list[Message]:
    """What a POST is answered whose headers may hold any bytes, and whose body is those messages and no more."""
    told: list[Message] = []
    left = iter(comes)

    async def receive() -> Message:
        for message in left:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost:8443"), *headers.items()],
    }

    async def ask() -> None:
        await house.app(scope, receive, send)

    asyncio.run(asyncio.wait_for(ask(), WATCH_SECONDS_MAX))
    return told


# --- cookies ---------------------------------------------------------------------------------------------------------


def test_the_longest_name_fits_into_a_cookie_with_everything_around_it(house: House) -> None:
    longest = house.person("a" * 64, "Reader")
    port = house.browser(signed_in=False).request(
        "GET", link(house, longest), headers={"host": "localhost:65535", "origin": BASE}
    )

    cookie = port.headers["set-cookie"]
    assert cookie.startswith("__Host-calco-portal-65535=")
    assert len(cookie) <= COOKIE_BYTES_MAX
    browser = house.browser(longest)
    assert browser.visit("/portal/resource-groups").path == "/portal/resource-groups"


@pytest.mark.parametrize("sign", ["a", '"', "é", "😀"])
def test_an_address_that_is_too_long_to_keep_does_not_keep_anybody_from_signing_in(house: House, sign: str) -> None:
    for count in (NEXT_BYTES_MAX // len(sign.encode()), 4000):
        browser = house.browser(signed_in=False)
        there = quote(f"/portal/{sign * count}"[: count + 8], safe="")

        answer = browser.request("GET", f"/portal/sign-in/start?next={there}")

        assert len(answer.headers["set-cookie"]) <= COOKIE_BYTES_MAX
        assert house.sessions.asking(browser.cookies[ASKING].strip('"')) is not None


def test_a_cookie_is_good_for_what_it_was_made_for_alone(house: House, browser: Browser) -> None:
    browser.request("GET", "/portal/sign-in/start")
    session, asking = browser.cookies[COOKIE], browser.cookies[ASKING]

    browser.cookies = {COOKIE: asking, ASKING: session}

    assert browser.visit("/portal/").path == "/portal/sign-in"
    assert house.sessions.asking(session) is None
    answer = browser.request("GET", "/portal/signed-in?code=x&state=")
    assert answer.headers["location"] == "/portal/sign-in?why=failed"


@pytest.mark.parametrize("place", [0, 20, 400, -1])
def test_a_cookie_with_one_sign_changed_is_nobodys(browser: Browser, place: int) -> None:
    signs = [*browser.cookies[COOKIE].strip('"').rstrip("=")]
    signs[place - 3 if place < 0 else place] = "A" if signs[place - 3 if place < 0 else place] != "A" else "B"
    browser.cookies[COOKIE] = "".join(signs)

    assert browser.visit("/portal/").path == "/portal/sign-in"


def test_a_cookie_of_another_service_is_nobodys(house: House, browser: Browser) -> None:
    session = house.sessions.session(browser.cookies[COOKIE])
    assert session is not None
    house.sessions._sealer = KeySealer(b"x" * 32)

    assert browser.visit("/portal/").path == "/portal/sign-in"


def gone(house: House, ana: Principal) -> None:
    principal.delete(house.world.cloud, ana.type, ana.name)


def new_password(house: House, ana: Principal) -> None:
    principal.rotate(house.world.cloud, ana.type, ana.name, password="another horse battery")


def signed_out(house: House, ana: Principal) -> None:
    house.world.clock.move(timedelta(days=2))


@pytest.mark.parametrize("happens", [gone, new_password, signed_out])
def test_whose_time_is_over_is_sent_to_sign_in_and_keeps_no_cookie(
    house: House, happens: Callable[[House, Principal], None]
) -> None:
    ana = house.person("ana", "Contributor")
    browser = house.browser(ana)
    assert browser.visit("/portal/resource-groups").path == "/portal/resource-groups"
    session = house.sessions.session(browser.cookies[COOKIE])
    assert session is not None

    happens(house, ana)

    form = {"guard": session.guard, "name": "new", "location": "eastus"}
    posted = browser.request("POST", "/portal/resource-groups", form=form, headers={"origin": BASE})
    assert posted.headers["location"].startswith("/portal/sign-in?")
    assert COOKIE not in browser.cookies
    assert browser.visit("/portal/resource-groups").path == "/portal/sign-in"
    assert house.api.get(f"{SUB}/resourcegroups")["value"] == []


# --- who was signed out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"x": "2026-01-01T00:00:00"}', b'{"x": 1}', b"\xff" * 100])
def test_when_nobody_knows_who_was_signed_out_everybody_signs_in_again(
    house: House, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    earlier, leaving = house.browser(), house.browser()
    copied = house.browser(signed_in=False)
    copied.cookies = {**leaving.cookies}
    leaving.send("/portal/sign-out")
    (house.folder / "portal.ended").write_bytes(content)
    house.world.clock.move(timedelta(minutes=1))

    with caplog.at_level(logging.WARNING):
        house.restart()

    assert "portal.ended cannot be read" in caplog.text
    assert copied.visit("/portal/").path == "/portal/sign-in"
    assert earlier.visit("/portal/").path == "/portal/sign-in"
    assert house.browser().visit("/portal/").path == "/portal/", "whoever signs in now is in"


def test_a_list_that_was_lost_is_made_anew_and_signs_nobody_out_twice(house: House) -> None:
    earlier = {**house.browser().cookies}
    (house.folder / "portal.ended").write_bytes(b"{")
    house.world.clock.move(timedelta(minutes=1))
    house.restart()
    later, other = house.browser(), house.browser()

    for _ in range(2):
        house.world.clock.move(timedelta(minutes=1))
        house.restart()
        assert house.sessions.session(earlier[COOKIE]) is None
        assert later.visit("/portal/").path == "/portal/"
        other.send("/portal/sign-out")


def test_many_who_sign_out_at_once_all_stay_signed_out_and_are_forgotten_in_time(house: House) -> None:
    sessions = [house.sessions.begin(house.token()) for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(house.sessions.end, sessions))

    house.restart()

    assert all(house.sessions.session(house.sessions.sealed(each)) is None for each in sessions)
    assert (house.folder / "portal.ended").stat().st_mode & 0o777 == 0o600
    house.world.clock.move(timedelta(days=2))
    house.sessions.end(house.sessions.begin(house.token()))
    assert len(json.loads((house.folder / "portal.ended").read_bytes())["sessions"]) == 1


# --- links -----------------------------------------------------------------------------------------------------------


def test_of_two_who_open_a_link_at_once_one_is_let_in(house: House) -> None:
    code = link(house).rpartition("=")[2]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(house.sessions.links.take, [code] * 8))

    assert len([each for each in found if each is not None]) == 1


def test_a_link_opens_nothing_after_a_restart_and_is_not_used_up_by_who_only_looks(house: House) -> None:
    url = link(house)
    looking = house.browser(signed_in=False)

    assert looking.request("HEAD", url).status_code == 200
    assert looking.cookies == {}
    assert house.browser(signed_in=False).visit(url).path == "/portal/"
    later = link(house)
    house.restart()
    assert house.browser(signed_in=False).visit(later).path == "/portal/sign-in"


def test_the_code_of_a_link_stays_in_no_address_and_no_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    url = link(house)
    code = url.rpartition("=")[2]
    with caplog.at_level(logging.DEBUG, logger="calco"):
        answers = [house.browser(signed_in=False).request("GET", url) for _ in range(2)]

    for answer in answers:
        assert code not in str(answer.headers)
        assert answer.status_code == 303
    assert answers[0].headers["referrer-policy"] == "no-referrer"
    assert code not in caplog.text


@pytest.mark.parametrize("header", [b"Bearer \xe9", b"Bearer \xff\xfe", b"Bearer " + b"a" * 20000, b"Bearer\tx"])
def test_a_token_that_is_no_text_is_answered_cleanly(house: House, header: bytes) -> None:
    told = raw(house, "/portal/links", {b"authorization": header}, {"type": "http.request", "body": b""})

    assert told[0]["status"] == 401
    assert json.loads(told[1]["body"])["error"]["code"] == "InvalidAuthenticationToken"


# --- addresses -------------------------------------------------------------------------------------------------------

CLIMBING = (
    "/portal/resource-groups/%2e%2e",
    "/portal/resource-groups/%2E",
    "/portal/images/%2e%2e/x",
    "/portal/images/lab/%2e%2e",
    "/portal/operations/%2e%2e",
    "/portal/operations/%2e%2e%2f%2e%2e",
    "/portal/tags?of=/subscriptions/x/resourceGroups/../..",
)


@pytest.mark.parametrize("path", CLIMBING)
def test_a_pages_address_leads_to_no_other_path_of_the_api(browser: Browser, asked: list[str], path: str) -> None:
    assert browser.visit(path).status == 404

    assert asked == []


@pytest.mark.parametrize("name", ["a?x=1", "a#b", "a/b", "%2e%2e", "a%2fb", "ñ", "a b", "a\nb", "\x00", "a&b", "a;b"])
def test_what_a_name_is_made_of_stays_in_the_name(browser: Browser, asked: list[str], name: str) -> None:
    written = quote(name, safe="")
    for path, api in (
        ("operations", f"{SUB}/providers/Calco/operations/"),
        ("resource-groups", f"{SUB}/resourceGroups/"),
    ):
        asked.clear()
        page = browser.visit(f"/portal/{path}/{written}")
        if "/" in name:  # no address of a page: the server reads %2F as a slash
            assert (page.status, asked) == (404, [])
            continue
        assert page.status in (400, 404)
        assert asked == [f"GET {api}{written}"]


@pytest.mark.parametrize("name", ["a?x=1", "a#b", "a%2e"])
def test_the_tags_of_a_strange_name_are_asked_of_nothing_else(browser: Browser, asked: list[str], name: str) -> None:
    written = quote(name, safe="")

    page = browser.send(f"/portal/tags{SUB}/resourceGroups/{written}", name="a", value="b")

    assert page.status in (400, 404)
    assert len(asked) > 1, "the tags, and what may be done with them"
    assert [each for each in asked if f"/resourceGroups/{written}/providers/" not in each] == []


@pytest.mark.parametrize("name", ["..", ".", "a/../b", "x" * 70000, "\x00", "a\r\nb"])
def test_no_group_is_made_elsewhere_by_its_name(house: House, browser: Browser, asked: list[str], name: str) -> None:
    page = browser.send("/portal/resource-groups", name=name, location="eastus")

    assert page.status == 400
    assert not [each for each in asked if each.startswith("PUT") and each.count("/") != 4], asked
    assert house.api.get(f"{SUB}/resourcegroups")["value"] == []


@pytest.mark.parametrize("there", ["/portal/%2e%2e/x", "/portal/.%2E/x", "/portal/x/%2E."])
def test_dots_that_only_a_browser_reads_as_such_lead_nowhere_else(browser: Browser, there: str) -> None:
    answer = browser.request("GET", f"/portal/language?to=es&back={quote(there, safe='')}")

    assert answer.headers["location"] == "/portal/"


# --- forms -----------------------------------------------------------------------------------------------------------


def sent(browser: Browser, content: bytes, type: str) -> int:
    """The status that a body gets which no form of ours has."""
    headers = {"content-type": type, "origin": BASE}
    return browser.request("POST", "/portal/resource-groups", headers=headers, body=content).status_code


@pytest.mark.parametrize("type", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_a_guard_in_a_body_that_is_no_form_is_not_read(house: House, browser: Browser, type: str) -> None:
    session = house.sessions.session(browser.cookies[COOKIE])
    assert session is not None
    body = f"guard={session.guard}&name=new&location=eastus".encode()

    assert sent(browser, body, type) == 403
    assert sent(browser, body, "application/x-www-form-urlencoded; charset=utf-8") == 303


@pytest.mark.parametrize("more", [b"&x=" + b"a" * 1024 * 1024, b"&x" * 6000, b"&x=\xff"])
def test_too_much_of_a_form_changes_nothing(house: House, browser: Browser, more: bytes) -> None:
    session = house.sessions.session(browser.cookies[COOKIE])
    assert session is not None
    body = f"guard={session.guard}&name=new&location=eastus".encode()

    assert sent(browser, body + more, "application/x-www-form-urlencoded") == 403
    assert house.api.get(f"{SUB}/resourcegroups")["value"] == []


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "'onfocus=alert(1) x='", "{{7*7}}", "</textarea><b>"])
def test_what_was_typed_is_shown_as_text(browser: Browser, text: str) -> None:
    shown: Sequence[str] = [
        browser.visit(f"/portal/resource-groups?q={quote(text)}&sort={quote(text)}").html,
        browser.visit(f"/portal/activity?group={quote(text)}&caller={quote(text)}&after={quote(text)}").html,
        browser.send("/portal/resource-groups", name=text, location=text).html,
        browser.visit(f"/portal/resource-groups/{quote(text, safe='')}").html,
        browser.visit(f"/portal/sign-in?next={quote('/portal/' + text)}&why={quote(text)}").html,
        browser.visit(f"/portal/no/{quote(text)}").html,
    ]
    for html in shown:
        assert text not in html or text == "{{7*7}}"
        assert "49" not in html or "7*7" not in text


# --- pages that stay open --------------------------------------------------------------------------------------------


def test_nobody_takes_all_open_pages(house: House) -> None:
    ana, owner = house.browser(house.person("ana", "Reader")), house.browser()
    session = house.sessions.session(ana.cookies[COOKIE])
    assert session is not None
    house.portal._open._streams[session.person] = STREAMS_EACH_MAX

    again = ana.request("GET", "/portal/resource-groups", headers={"accept": "text/event-stream"})

    assert (again.status_code, again.headers["retry-after"]) == (503, "5")
    assert len(owner.watch("/portal/resource-groups")) == 1
    assert dict(house.portal._open._streams) == {session.person: STREAMS_EACH_MAX}


def test_who_only_looks_at_headers_keeps_no_page_open(browser: Browser) -> None:
    answer = browser.request("HEAD", "/portal/resource-groups", headers={"accept": "text/event-stream"})

    assert answer.headers["content-type"].startswith("text/html")


def posting(browser: Browser) -> dict[bytes, bytes]:
    """Headers of a form."""
    return {
        b"cookie": f"{COOKIE}={browser.cookies[COOKIE]}".encode(),
        b"content-type": b"application/x-www-form-urlencoded",
    }


def test_who_goes_away_while_sending_is_nobodys_fault(house: House, browser: Browser) -> None:
    """Nothing is raised, so nothing is logged; and nothing is done."""
    told = raw(house, "/portal/resource-groups", posting(browser), {"type": "http.disconnect"})

    assert [each["status"] for each in told if "status" in each] == [403]
    assert house.api.get(f"{SUB}/resourcegroups")["value"] == []


def test_who_sends_a_form_for_ever_is_not_waited_for(house: House, browser: Browser) -> None:
    session = house.sessions.session(browser.cookies[COOKIE])
    assert session is not None
    house.portal.form_limits = replace(FORM_LIMITS, seconds_max=0.05)
    begun = f"guard={session.guard}&name=new&location=eastus".encode()
    piece = {"type": "http.request", "body": begun, "more_body": True}

    told = raw(house, "/portal/resource-groups", posting(browser), piece)

    assert [each["status"] for each in told if "status" in each] == [403]
    assert (b"connection", b"close") in told[0]["headers"], "what is still to come is not read"
    assert house.api.get(f"{SUB}/resourcegroups")["value"] == []
