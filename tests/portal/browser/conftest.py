"""A portal, a browser, and pages in it that fail their test when they complain or ask anybody else.

def test_it(portal: Portal, page: Page) -> None:
    portal.enter(page)                                  # signed in as the local owner, English
def test_both(portal: Portal, each_page: Page) -> None: # twice: English, Spanish
def test_two(new_page: NewPage) -> None:
    new_page(locale="es-ES"), new_page(viewport={"width": 400, "height": 800}, color_scheme="dark")
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.portal.browser.portal import Person, Portal
from tests.portal.browser.watch import Watch
from tests.service_process import serving

ROOT = Path(__file__).resolve().parents[3]
DEBIAN_CHROMIUM, OWN = Path("/usr/bin/chromium"), ROOT / ".venvs/chromium"
"""Where tools/deps.sh puts a browser: Debian's package, or a build of Playwright's on Ubuntu."""
LOCALES = {"english": "en-US", "spanish": "es-ES"}
PATIENCE_MILLISECONDS = 20_000
"""For a step of a page; the machine may be busy."""


class NewPage(Protocol):
    def __call__(self, *, locale: str = "en-US", **options: Any) -> Page:
        """A page in a browser profile of its own, signed in to nothing. ``options``: Playwright's, for a context."""
        ...


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One for all tests of a process: each makes groups of its own."""
    with serving(tmp_path_factory.mktemp("portal") / "data") as service:
        yield Portal(service)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if not DEBIAN_CHROMIUM.exists() and not OWN.exists() and not os.environ.get("CI"):
        pytest.skip("there is no chromium: make deps-browser")
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(OWN))
        with sync_playwright() as playwright:
            found = playwright.chromium.launch(
                executable_path=DEBIAN_CHROMIUM if DEBIAN_CHROMIUM.exists() else None,
                args=["--no-sandbox"],  # which does not start for root
            )
            yield found
            found.close()


@pytest.fixture
def watch(portal: Portal) -> Iterator[Watch]:
    """What all pages of the test complained of; the test fails when it is anything that it did not expect."""
    found = Watch({portal.base, portal.blob_origin})
    yield found
    found.check()


@pytest.fixture
def new_page(chromium: Browser, watch: Watch) -> Iterator[NewPage]:
    opened = []

    def make(*, locale: str = "en-US", **options: Any) -> Page:
        # The test's own client checks the certificate; a browser would have to be taught the authority system-wide.
        context = chromium.new_context(locale=locale, ignore_https_errors=True, **options)
        opened.append(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        watch.over(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """In English, signed in to nothing."""
    return new_page()


@pytest.fixture
def spanish_page(new_page: NewPage) -> Page:
    return new_page(locale="es-ES")


@pytest.fixture(params=list(LOCALES))
def locale(request: pytest.FixtureRequest) -> str:
    """English and Spanish, one after the other."""
    return LOCALES[request.param]


@pytest.fixture
def each_page(new_page: NewPage, locale: str) -> Page:
    """In English and in Spanish, signed in to nothing."""
    return new_page(locale=locale)


_numbers = itertools.count()


@pytest.fixture
def reader(portal: Portal) -> Iterator[Person]:
    """Somebody who may read everything and change nothing."""
    made = portal.person(f"reader{next(_numbers)}@example.org", "Reader")
    yield made
    portal.remove(made)
