"""What an open page asks the API for: no more than it needs to stay true."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from tests.portal.house import COOKIE, Browser, House
from tests.portal.test_deployment import ONE, PAGE, begin, disk

pytestmark = pytest.mark.slow

TWO_LOOKS_SECONDS = 1.5
"""Both pages are looked at every second."""


def asked_while_open(house: House, browser: Browser, path: str, *wanted: str) -> list[str]:
    """What the API is asked for an open page, from what was sent first until the reader signs out: after two looks, or
    once it was asked for paths with the ``wanted`` ends too, for the machine may be busy."""
    inner, asked, looks = house.app, list[str](), list[int]()
    session = house.sessions.session(browser.cookies[COOKIE])
    assert session is not None

    async def heard(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith("/portal"):
            asked.append(scope["path"])
        await inner(scope, receive, send)

    def leave() -> None:
        if all(any(each.endswith(end) for each in asked[looks[0] :]) for end in wanted):
            house.sessions.end(session)
        else:
            asyncio.get_running_loop().call_later(0.05, leave)

    def meanwhile() -> None:
        looks.append(len(asked))
        asyncio.get_running_loop().call_later(TWO_LOOKS_SECONDS, leave)

    house.app = heard
    events = browser.watch(path, 2, meanwhile)
    assert events[-1] == "event: over\ndata: signed out\n\n"
    assert looks[0] > 0, "the first look"
    return asked[looks[0] :]


@pytest.mark.parametrize("has_ended", [False, True], ids=["going on", "ended"])
def test_a_deployment_that_has_ended_may_begin_anew_but_nobody_has_to_be_able_to_cancel_it(
    house: House, browser: Browser, has_ended: bool
) -> None:
    house.api.with_group()
    begin(house, disk("one"))
    if has_ended:
        house.world.drive()

    asked = asked_while_open(house, browser, PAGE, ONE, *([] if has_ended else ["/permissions"]))

    assert ONE in asked
    assert any(each.endswith("/permissions") for each in asked) is not has_ended


@pytest.mark.parametrize("has_ended", [False, True], ids=["going on", "ended"])
def test_a_capture_that_has_ended_is_not_asked_about_again(house: House, browser: Browser, has_ended: bool) -> None:
    house.api.with_network()
    house.api.machine("web1")
    form = {"name": "golden", "group": "lab", "confirm": "web1"}
    page = browser.send("/portal/virtual-machines/lab/web1/capture", **form)
    if has_ended:
        house.world.drive()

    asked = asked_while_open(house, browser, page.path, *([] if has_ended else [""]))

    assert (asked == []) is has_ended
