"""Pages that stay open are sent again when they have changed, and end when what they show may no longer be seen."""

import pytest

from calco.portal.app import PAGES
from tests.portal.house import COOKIE, Browser, House
from tests.portal.test_words import TEMPLATES


def test_an_open_page_is_sent_its_live_part_and_nothing_around_it(house: House, browser: Browser) -> None:
    house.api.with_group()

    (event,) = browser.watch("/portal/resource-groups")

    assert event.startswith("data: ")
    assert event.endswith("\n\n")
    assert 'id="row-lab"' in event
    assert "<html" not in event
    assert house.sessions.session(browser.cookies[COOKIE]).guard not in event  # type: ignore[union-attr]


def test_what_is_sent_is_what_the_page_shows(house: House, browser: Browser) -> None:
    house.api.with_group()
    page = browser.visit("/portal/resource-groups").html

    (event,) = browser.watch("/portal/resource-groups")

    sent = [line.removeprefix("data: ").strip() for line in event.splitlines() if line != "data: "]
    shown = [line.strip() for line in page.splitlines()]
    assert [line for line in sent if line not in shown] == []


def test_a_page_whose_subject_is_gone_is_over(house: House, browser: Browser) -> None:
    assert browser.watch("/portal/resource-groups/lab") == ["event: over\ndata: \n\n"]


def test_whoever_is_not_signed_in_is_sent_nothing(house: House) -> None:
    stranger = house.browser(signed_in=False)
    house.api.with_group()

    answer = stranger.request("GET", "/portal/resource-groups", headers={"accept": "text/event-stream"})

    assert "lab" not in answer.text
    assert answer.status_code == 303 or answer.text.startswith("event: over\n"), "the page asks again, to sign in"


def test_a_service_that_stops_lets_open_pages_go(house: House, browser: Browser) -> None:
    house.portal.close()

    answer = browser.request("GET", "/portal/resource-groups", headers={"accept": "text/event-stream"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_what_is_live_is_so_by_its_template_and_by_its_row() -> None:
    live = {name for name, text in TEMPLATES.items() if 'id="live"' in text}

    assert live == {name for name, text in TEMPLATES.items() if "{% block live %}" in text}
    assert any(page.live_seconds for page in PAGES)
    assert all(page.live_seconds >= 1 for page in PAGES if page.live_seconds), "no page is asked for without pause"


@pytest.mark.slow
def test_signing_out_ends_what_is_open_elsewhere(house: House, browser: Browser) -> None:
    house.api.with_group()
    session = house.sessions.session(browser.cookies[COOKIE])
    assert session is not None

    def meanwhile() -> None:
        house.sessions.end(session)

    first, second = browser.watch("/portal/resource-groups", 2, meanwhile)

    assert "row-lab" in first
    assert second == "event: over\ndata: \n\n"
