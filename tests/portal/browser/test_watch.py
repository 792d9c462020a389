"""The browser tests' own watch: it sees what it is there for, on a page with a strict policy."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.watch import Watch

pytestmark = pytest.mark.slow

WRONGS = {
    "Content Security Policy": "() => document.head.append(Object.assign(document.createElement('style'), "
    "{textContent: 'p {color: red}'}))",
    "as told": "() => console.error('as told')",
    "a script broke": "() => { setTimeout(() => { throw new Error('no') }) }",
    "asked somebody else": "() => { location.href = 'https://elsewhere.invalid/' }",
}


@pytest.fixture
def sign_in(portal: Portal, page: Page) -> Page:
    page.goto(f"{portal.base}/devicelogin")
    return page


def test_a_good_page_gives_no_cause_for_complaint(sign_in: Page, watch: Watch) -> None:
    sign_in.get_by_role("button").wait_for()

    watch.check()


@pytest.mark.parametrize("complaint", WRONGS)
def test_a_wrong_of_a_page_is_a_fault_of_its_test(sign_in: Page, watch: Watch, complaint: str) -> None:
    with sign_in.expect_event(**_sign(complaint)):
        sign_in.evaluate(WRONGS[complaint])

    with pytest.raises(AssertionError, match=complaint):
        watch.check()
    watch.faults.clear()


def _sign(complaint: str) -> dict[str, Any]:
    """What Playwright tells of when it has happened."""
    return {"event": {"a script broke": "pageerror", "asked somebody else": "requestfailed"}.get(complaint, "console")}


def test_what_was_expected_must_come(portal: Portal, page: Page, watch: Watch) -> None:
    page.goto(f"{portal.base}/portal/sign-in")
    watch.expect("status of 404")
    with pytest.raises(AssertionError, match="did not come"):
        watch.check()

    with page.expect_event("console"):
        page.evaluate("() => fetch('/portal/static/nothing')")

    watch.check()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_sign_in_in_both_languages(portal: Portal, new_page: NewPage, locale: str, scheme: str) -> None:
    page = new_page(locale=locale, color_scheme=scheme)
    page.goto(f"{portal.base}/devicelogin")

    assert page.locator("html").get_attribute("lang") == locale.partition("-")[0]
    assert axe(page) == []
    shot(page, f"devicelogin-{scheme}")


def test_axe_finds_what_is_wrong(sign_in: Page) -> None:
    sign_in.evaluate("() => document.querySelector('label').remove()")

    assert "label" in {each.rule for each in axe(sign_in)}
