"""Pages that stay open are sent again when they have changed, and end when what they show may no longer be seen."""

import asyncio
import json
import logging

import pytest
from starlette.types import Message, Receive, Scope, Send

from calco.portal.app import PAGES
from calco.portal.open_page import STREAMS_EACH_MAX
from tests.portal.house import COOKIE, WATCH_SECONDS_MAX, Browser, House
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
    assert second == "event: over\ndata: signed out\n\n"


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_page_that_cannot_be_made_ends_its_stream_cleanly_and_is_told(
    house: House, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    speaks_nonsense(house, {"status": "InProgress", "steps": [{"startTime": "once", "endTime": "never"}]})

    with caplog.at_level(logging.ERROR, logger="calco.portal"):
        events = browser.watch("/portal/operations/x")

    assert events == ["event: fault\nretry: 5000\ndata: \n\n"], "the browser comes back, and not at once"
    assert "open page '/portal/operations/x'" in caplog.text
    assert "ValueError" in caplog.text


def speaks_nonsense(house: House, document: object) -> None:
    """From now on the API says that of everything."""
    inner = house.app

    async def nonsense(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/portal"):
            await inner(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})

    house.app = nonsense


@pytest.mark.slow
def test_pages_count_as_open_before_they_are_sent_anything_and_no_longer_when_nobody_took_them(
    house: House, browser: Browser
) -> None:
    asyncio.run(asyncio.wait_for(_crowd(house, browser), WATCH_SECONDS_MAX))


async def _crowd(house: House, browser: Browser) -> None:
    gone, waiting = asyncio.Event(), asyncio.Semaphore(0)
    never = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def takes_nothing(_message: Message) -> None:
        waiting.release()
        await never.wait()

    async def status() -> int:
        """Of one more that is opened, and left again."""
        told: list[int] = []
        enough = asyncio.Event()

        async def hear(message: Message) -> None:
            told.extend([message["status"]] if "status" in message else [])
            enough.set()

        async def leave() -> Message:
            await enough.wait()
            return {"type": "http.disconnect"}

        await house.app(browser.opening("/portal/resource-groups"), leave, hear)
        return told[0]

    scopes = [browser.opening("/portal/resource-groups") for _ in range(STREAMS_EACH_MAX)]
    crowd = [asyncio.ensure_future(house.app(each, receive, takes_nothing)) for each in scopes]
    for _ in crowd:
        await waiting.acquire()
    assert await status() == 503

    gone.set()
    await asyncio.gather(*crowd)

    assert await status() == 200
