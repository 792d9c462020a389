"""An open page follows the service for as long as somebody looks at it: through a restart, and until they sign out."""

import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, Request, expect

from calco.model.document import Document
from tests.portal.browser.portal import Portal
from tests.portal.browser.watch import Watch
from tests.service_process import serving

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 20.0
ROWS = 60
_numbers = count()


class Streams:
    """What a page of that address asks for to be sent as it happens: all that it began, and those that are open."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = address
        self.begun: list[Request] = []
        self.open: list[Request] = []
        page.on("request", self._begun)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _begun(self, request: Request) -> None:
        if self._page in request.url and "text/event-stream" in request.headers.get("accept", ""):
            self.begun.append(request)
            self.open.append(request)

    def _ended(self, request: Request) -> None:
        if request in self.open:
            self.open.remove(request)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One of this file's own, for it is killed."""
    with serving(tmp_path_factory.mktemp("stream") / "data") as service:
        yield Portal(service)


@pytest.fixture
def group(portal: Portal) -> str:
    name = f"stream{next(_numbers)}"
    make(portal, name)
    return name


def make(portal: Portal, name: str, **tags: str) -> None:
    client = portal.service.client
    body: Document = {"location": "eastus", "tags": {**tags}}
    client.change("PUT", f"{client.subscription}/resourceGroups/{name}", body, label=name)


def until(page: Page, happened: Callable[[], bool]) -> None:
    """Let the page's events come in until it has."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < ends, "it does not happen"
        page.wait_for_timeout(50)


def hide(page: Page, *hidden: bool) -> None:
    """As if another tab were looked at; several times at once, when told so."""
    page.evaluate(
        """all => {
            for (const hidden of all) {
                Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
                document.dispatchEvent(new Event("visibilitychange"));
            }
        }""",
        list(hidden),
    )


def opened(portal: Portal, page: Page, group: str) -> Streams:
    """The list of that group alone, and its streams; it has been sent its first."""
    address = f"{portal.base}/portal/resource-groups?q={group}"
    streams = Streams(page, address)
    page.goto(address)
    until(page, lambda: len(streams.open) == 1)
    page.evaluate("() => { window.kept = true; }")
    return streams


def test_nothing_is_asked_for_while_nobody_looks_however_often_one_comes_and_goes(
    portal: Portal, page: Page, group: str
) -> None:
    portal.enter(page)
    streams = opened(portal, page, group)

    hide(page, True)
    until(page, lambda: not streams.open)
    make(portal, f"{group}-b")
    page.wait_for_timeout(4000)
    assert len(streams.begun) == 1
    assert page.get_by_role("link", name=f"{group}-b").count() == 0

    hide(page, False)
    expect(page.get_by_role("link", name=f"{group}-b")).to_be_visible()
    assert len(streams.open) == 1

    hide(page, True, False, True, False, True)
    until(page, lambda: not streams.open)
    hide(page, False)
    page.wait_for_timeout(50)
    hide(page, True)
    page.wait_for_timeout(2000)
    assert not streams.open
    hide(page, False)
    until(page, lambda: len(streams.open) == 1)
    page.wait_for_timeout(2000)
    assert len(streams.open) == 1
    assert page.evaluate("() => window.kept")


def test_rows_and_the_place_on_the_page_stay_when_one_comes_above(portal: Portal, page: Page, group: str) -> None:
    for number in range(ROWS):
        make(portal, f"{group}-{number:02}")
    portal.enter(page)
    opened(portal, page, group)
    page.evaluate(
        """() => {
            window.rows = [...document.querySelectorAll("tbody tr")].slice(2);
            window.changed = 0;
            const seen = new MutationObserver(all => { window.changed += all.length; });
            for (const row of window.rows) seen.observe(row, {childList: true, subtree: true, characterData: true});
            scrollTo(0, 700);
        }"""
    )
    before = page.evaluate("() => scrollY")

    make(portal, f"{group}-00b")

    expect(page.get_by_role("link", name=f"{group}-00b")).to_have_count(1)
    assert page.evaluate("() => window.rows.every(each => each.isConnected)")
    assert page.evaluate("() => window.changed") == 0, "a row that is as it was is not touched"
    assert page.evaluate("() => scrollY") == before > 0


def test_a_page_goes_on_by_itself_when_the_service_was_killed_and_is_back(
    portal: Portal, page: Page, watch: Watch, group: str
) -> None:
    portal.enter(page)
    streams = opened(portal, page, group)

    portal.service.kill()
    portal.service.start()
    make(portal, f"{group}-c")

    expect(page.get_by_role("link", name=f"{group}-c")).to_be_visible(timeout=60_000)
    assert page.evaluate("() => window.kept"), "the page was loaded again"
    assert len(streams.open) == 1
    assert len(streams.begun) < 12, "it waits longer each time"
    watch.faults[:] = [each for each in watch.faults if "ERR_" not in each and "htmx:" not in each]


def test_signing_out_in_another_tab_ends_the_stream_and_leads_to_sign_in(
    portal: Portal, page: Page, group: str
) -> None:
    portal.enter(page)
    streams = opened(portal, page, group)
    other = page.context.new_page()
    other.goto(f"{portal.base}/portal/resource-groups")

    other.get_by_role("button", name="Sign out").click()

    page.wait_for_url(f"{portal.base}/portal/sign-in?*")
    until(page, lambda: not streams.open)


def test_whoever_signed_out_while_nobody_looked_is_led_to_sign_in_when_one_looks_again(
    portal: Portal, page: Page, group: str
) -> None:
    portal.enter(page)
    streams = opened(portal, page, group)
    hide(page, True)
    until(page, lambda: not streams.open)
    other = page.context.new_page()
    other.goto(f"{portal.base}/portal/resource-groups")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url(f"{portal.base}/portal/sign-in?*")

    hide(page, False)

    page.wait_for_url(f"{portal.base}/portal/sign-in?*")
