"""The ways into the portal: ``calco open`` with a browser on the screen, and name and password on calco's own page."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from calco.identity.sign_in_words import LANGUAGES, Words
from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.portal import Person, Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.watch import Watch

pytestmark = pytest.mark.slow


def calco_open(portal: Portal, folder: Path) -> str:
    """What ``calco open`` has the browser show: one that writes its arguments down."""
    told, browser = folder / "told", folder / "browser"
    browser.write_text(f'#!/bin/sh\necho "$*" > "{told}"\n')
    browser.chmod(0o755)
    environ = {**os.environ, "CALCO_HOME": str(portal.service.data.root), "DISPLAY": ":99", "BROWSER": str(browser)}
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        environ.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "calco", "open"], env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert "code=" not in done.stdout + done.stderr
    return told.read_text().strip()


def test_calco_open_leads_a_browser_into_the_portal_once_and_tells_no_other_user_how(
    portal: Portal, new_page: NewPage, watch: Watch, tmp_path: Path
) -> None:
    address = calco_open(portal, tmp_path)
    watch.expect(f"asked somebody else: GET {address}")
    watch.expect(f"asked somebody else: GET {address}")

    first, second = new_page(), new_page()
    for page in (first, second):
        page.goto(address)
        page.wait_for_url(f"{portal.base}/portal/**")

    assert urlsplit(address)[:2] == ("file", "")
    assert first.url == f"{portal.base}/portal/"
    assert second.url == f"{portal.base}/portal/sign-in?why=link"
    expect(second.get_by_role("alert")).to_contain_text("calco open")


@pytest.fixture
def words(locale: str) -> Words:
    return LANGUAGES[locale[:2]]


@pytest.fixture
def ana(portal: Portal) -> Iterator[Person]:
    made = portal.person("ana@example.org", "Reader")
    yield made
    portal.remove(made)


def start(portal: Portal, page: Page) -> None:
    """From the service's bare address to where name and password are asked for."""
    page.goto(f"{portal.base}/")
    page.locator("a[href*='/portal/sign-in/start']").click()
    page.wait_for_url("**/oauth2/**")


@pytest.fixture(params=["light", "dark"])
def narrow(new_page: NewPage, locale: str, request: pytest.FixtureRequest) -> Page:
    return new_page(locale=locale, color_scheme=request.param, viewport={"width": 400, "height": 700})


def test_a_person_signs_in_by_keyboard_in_their_language_and_is_in_the_portal(
    portal: Portal, narrow: Page, watch: Watch, ana: Person, words: Words
) -> None:
    watch.expect("status of 400")
    page = narrow
    start(portal, page)

    assert axe(page) == []
    shot(page, "identity")
    expect(page.get_by_label(words.name)).to_be_focused()
    page.keyboard.type(ana.name)
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(words.wrong)
    assert axe(page) == []
    expect(page.get_by_label(words.password)).to_be_focused()
    page.keyboard.type(ana.password)
    page.keyboard.press("Enter")

    page.wait_for_url(f"{portal.base}/portal/")
    expect(page.locator("html")).to_have_attribute("lang", words.language)


def test_a_language_chosen_in_the_portal_goes_along_to_the_sign_in_page(portal: Portal, page: Page) -> None:
    page.goto(f"{portal.base}/")
    page.get_by_role("link", name="Español").click()

    start(portal, page)

    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("main")).to_contain_text(LANGUAGES["es"].portal_asks)
