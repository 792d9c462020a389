"""Sessions in a browser: their end by time, by signing out, by the account's own end; and forms that others send."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from calco.portal.session import Session
from calco.storage.sealer import KeySealer, ensure_key
from tests.portal.browser import walk
from tests.portal.browser.axe import axe
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Person, Portal
from tests.portal.browser.terms import ENGLISH, TERMS
from tests.portal.browser.test_stream import Streams, hide, until
from tests.portal.browser.watch import Watch

pytestmark = pytest.mark.slow

TERM = TERMS["en"]
ELSEWHERE = "https://elsewhere.test"


def cookie_of(portal: Portal, context: BrowserContext) -> str:
    """The session's cookie, as the browser keeps it."""
    name = f"__Host-calco-portal-{urlsplit(portal.base).port}"
    (found,) = [each["value"] for each in context.cookies(portal.base) if each["name"] == name]
    return found


def keep(portal: Portal, context: BrowserContext, value: str) -> None:
    name = f"__Host-calco-portal-{urlsplit(portal.base).port}"
    context.add_cookies(
        [{"name": name, "value": value, "url": portal.base, "secure": True, "httpOnly": True, "sameSite": "Lax"}]
    )


def last(portal: Portal, context: BrowserContext, seconds: float) -> None:
    """The session ends then, as if its hours had gone by; sealed by the service's own key."""
    sealer = KeySealer(ensure_key(portal.service.data.secrets / "portal.key"))
    session = msgspec.json.decode(sealer.unseal(cookie_of(portal, context).strip('"')), type=Session)
    changed = msgspec.structs.replace(session, until=datetime.now(UTC) + timedelta(seconds=seconds))
    keep(portal, context, f'"{sealer.seal(msgspec.json.encode(changed).decode())}"')


def sign_in_here(page: Page, person: Person) -> None:
    """On the page that leads to signing in."""
    page.get_by_role("main").get_by_role("link").click()
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button").click()


def test_whose_session_is_over_signs_in_and_is_where_they_were(portal: Portal, page: Page, reader: Person) -> None:
    portal.sign_in(page, reader)
    page.get_by_role("link", name="Activity log", exact=True).first.click()
    there = page.url
    last(portal, page.context, 60)
    page.reload()
    assert page.url == there

    last(portal, page.context, -1)
    page.reload()

    assert urlsplit(page.url).path == "/portal/sign-in"
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    sign_in_here(page, reader)
    page.wait_for_url(there)
    expect(page.get_by_role("banner")).to_contain_text(reader.name)


def test_what_is_sent_when_the_session_is_over_is_not_done(portal: Portal, page: Page) -> None:
    lab = Lab(portal)
    name = f"web-{lab.group}"
    lab.generalized(name)
    walk.to_capture(portal.enter(page), ENGLISH, name)
    last(portal, page.context, -1)

    walk.create(page, ENGLISH)

    page.wait_for_url("**/portal/sign-in?**")
    assert lab.names("images") == []


def test_whose_account_is_gone_is_out_at_once(portal: Portal, page: Page) -> None:
    person = portal.person("leaver@example.org", "Reader")
    portal.sign_in(page, person)
    portal.remove(person)

    page.get_by_role("link", name="Images", exact=True).first.click()

    page.wait_for_url("**/portal/sign-in?**")


def test_who_signed_out_is_out_for_good_even_with_a_copy_of_the_cookie(portal: Portal, page: Page) -> None:
    portal.enter(page)
    copied = cookie_of(portal, page.context)

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_text("You have signed out.")).to_be_visible()
    assert axe(page) == []
    assert not [each for each in page.context.cookies(portal.base) if each["value"] == copied]
    keep(portal, page.context, copied)
    page.goto(f"{portal.base}/portal/")
    assert urlsplit(page.url).path == "/portal/sign-in"


def test_a_form_without_the_sessions_own_guard_is_refused_and_does_nothing(
    portal: Portal, page: Page, watch: Watch
) -> None:
    lab = Lab(portal)
    name = f"web-{lab.group}"
    lab.generalized(name)
    walk.to_capture(portal.enter(page), ENGLISH, name)
    page.evaluate("() => document.querySelectorAll('input[name=guard]').forEach(each => { each.value = 'guessed'; })")

    watch.expect("status of 403")
    walk.create(page, ENGLISH)

    expect(page.get_by_role("main")).to_contain_text("did not come from here")
    assert axe(page) == []
    assert lab.names("images") == []


def test_a_form_on_somebody_elses_page_changes_nothing(portal: Portal, page: Page, watch: Watch) -> None:
    """They have the visitor's browser, and with it perhaps the cookie; what they lack is the guard."""
    watch.expect(f"asked somebody else: GET {ELSEWHERE}/")
    portal.enter(page)
    form = f"""<!doctype html><html lang="en"><title>Win</title><link rel="icon" href="data:,">
<form method="post" action="{portal.base}/portal/resource-groups"><input name="name" value="planted">
<input name="location" value="eastus"><button>Win</button></form>"""

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body=form)

    page.route(f"{ELSEWHERE}/**", answer)
    page.goto(f"{ELSEWHERE}/")

    page.get_by_role("button", name="Win").click()

    page.wait_for_url(f"{portal.base}/portal/**")
    groups = portal.service.client.list(f"{portal.service.client.subscription}/resourcegroups")
    assert "planted" not in [each["name"] for each in groups]


def test_an_open_page_whose_session_has_ended_leads_to_signing_in_by_itself(
    portal: Portal, page: Page, reader: Person
) -> None:
    """Its stream breaks and is asked for again with a cookie that is none any more."""
    portal.sign_in(page, reader)
    streams = Streams(page, f"{portal.base}/portal/activity")
    page.get_by_role("link", name="Activity log", exact=True).first.click()
    until(page, lambda: len(streams.open) == 1)
    there = page.url
    last(portal, page.context, -1)

    # As when somebody comes back to it out of another tab: the stream is opened again.
    hide(page, True)
    until(page, lambda: not streams.open)
    hide(page, False)

    page.wait_for_url("**/portal/sign-in?**")
    sign_in_here(page, reader)
    page.wait_for_url(there)
