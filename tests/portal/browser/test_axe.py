"""Everybody can use every page, in both languages, light and dark, wide and narrow: axe-core finds nothing.

Every page that is of no one thing is looked at here, by the portal's own table, and whatever the menu leads to. Pages
of one thing (a machine, an image) are looked at where the tests that make the thing are: `axe(page)`.
"""

from typing import Any

import pytest
from playwright.sync_api import Page

from calco.portal import app
from calco.portal.visit import ROOT
from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot

PAGES = sorted(f"{ROOT}{page.path}" for page in app.PAGES if "{" not in page.path)
NARROW: dict[str, Any] = {"viewport": {"width": 400, "height": 800}, "color_scheme": "dark"}


def opened(page: Page, url: str) -> None:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, f"{url}: {answer.status}"
    assert page.url == url, f"{url} led to {page.url}"


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_use_a_page(portal: Portal, each_page: Page, path: str) -> None:
    portal.enter(each_page)

    opened(each_page, f"{portal.base}{path}")

    assert axe(each_page) == []
    shot(each_page, name_of(path))


@pytest.mark.parametrize(
    "locale",
    [
        pytest.param("es-ES", marks=pytest.mark.slow, id="spanish, whose words are longer"),
        pytest.param("en-US", marks=pytest.mark.long, id="english"),
    ],
)
@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_use_a_page_on_a_small_dark_screen(
    portal: Portal, new_page: NewPage, locale: str, path: str
) -> None:
    page = portal.enter(new_page(locale=locale, **NARROW))

    opened(page, f"{portal.base}{path}")

    assert axe(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400, "the page is wider than the screen"
    shot(page, f"{name_of(path)}-narrow")


@pytest.mark.slow
def test_the_menu_leads_to_pages_that_are_there(portal: Portal, page: Page) -> None:
    portal.enter(page)
    links = page.locator("nav.menu a").evaluate_all("links => links.map(each => new URL(each.href).pathname)")

    assert set(links) <= set(PAGES)
    assert len(links) > 5


@pytest.mark.slow
def test_everybody_can_use_the_page_that_leads_to_signing_in(portal: Portal, each_page: Page) -> None:
    opened(each_page, f"{portal.base}/portal/sign-in")

    assert axe(each_page) == []
    shot(each_page, "sign-in")


def name_of(path: str) -> str:
    return path.removeprefix("/portal/").replace("/", "-") or "home"
