"""The way of somebody new, from a one-time link to an image and on to a machine made of it, by mouse.

Only what a person reads leads on: roles and visible names, no address, no id, no selector. The keyboard types names.
Of any calco whose owner asks for it, ``make demo``'s for one, with a picture of every page on the way:

    python -m tests.portal.browser.whole_way "$(calco open --print)" source --pictures FOLDER [--language es]
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.portal.browser import walk
from tests.portal.browser.terms import STEPS, TERMS, Steps, Terms

LOCALES = {"en": "en-US", "es": "es-ES"}
STEP_MILLISECONDS, BOOT_MILLISECONDS = 60_000, 600_000
"""What an emulated machine may take to stop, and until it is provisioned."""


def nothing(_page: Page, _name: str) -> None:
    """Makes no picture."""


@dataclass(frozen=True)
class WholeWay:
    """``machine`` is captured as ``image``, of which ``clone`` is made. ``seen`` is handed every page on the way."""

    page: Page
    language: str
    machine: str
    image: str
    clone: str
    boot_milliseconds: int
    """Until the clone is provisioned."""
    seen: Callable[[Page, str], None] = nothing

    @property
    def steps(self) -> Steps:
        return STEPS[self.language]

    @property
    def terms(self) -> Terms:
        return TERMS[self.language]

    def go(self, link: str) -> None:
        """All of it. Raises AssertionError or Playwright's TimeoutError where a name is missing or an end does not
        come."""
        self.page.goto(link)
        self.seen(self.page, "home")
        self.capture()
        self.create()
        self.see_it_run()

    def capture(self) -> None:
        page, steps = self.page, self.steps
        page.get_by_role("link", name=steps.machines, exact=True).first.click()
        expect(page.get_by_role("heading", name=steps.machines, exact=True)).to_be_visible()
        self.seen(page, "machines")
        page.get_by_role("link", name=self.machine, exact=True).click()
        expect(page.get_by_role("heading", name=self.machine)).to_be_visible()
        self.seen(page, "machine")
        page.get_by_role("link", name=steps.capture, exact=True).click()
        expect(page.get_by_role("heading", name=steps.create_image)).to_be_visible()
        walk.name_of(page, steps).fill(self.image)
        confirm = page.get_by_label(self.terms.confirm, exact=True)
        if confirm.is_visible():
            confirm.fill(self.machine)
        self.seen(page, "capture")
        walk.create(page, steps)
        expect(page.get_by_role("heading", name=self.terms.capturing)).to_be_visible()
        self.seen(page, "capture-progress")
        walk.see_end(page, self.terms)
        self.seen(page, "captured")

    def create(self) -> None:
        page, terms = self.page, self.terms
        page.get_by_role("link", name=terms.to_image, exact=True).click()
        expect(page.get_by_role("heading", name=self.image)).to_be_visible()
        self.seen(page, "image")
        page.get_by_role("link", name=terms.create_machine, exact=True).click()
        page.get_by_label(terms.machine_name, exact=True).fill(self.clone)
        self.seen(page, "create")
        page.get_by_role("button", name=terms.review, exact=True).click()
        with page.expect_download() as coming:
            page.get_by_role("link", name=terms.download, exact=True).click()
        assert "PRIVATE KEY" in Path(coming.value.path()).read_text()
        page.get_by_label(terms.downloaded, exact=True).check()
        self.seen(page, "review")
        walk.create(page, self.steps)
        expect(page.get_by_role("main")).to_contain_text(terms.deployment)
        self.seen(page, "create-progress")

    def see_it_run(self) -> None:
        page, terms = self.page, self.terms
        there = terms.machine_is_there.format(name=self.clone)
        expect(page.get_by_text(there, exact=True)).to_be_visible(timeout=self.boot_milliseconds)
        self.seen(page, "created")
        page.get_by_role("link", name=self.steps.machines, exact=True).first.click()
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=self.clone, exact=True))
        expect(row.get_by_role("cell", name=terms.running, exact=True)).to_be_visible()
        self.seen(page, "machines-again")
        row.get_by_role("link", name=self.clone, exact=True).click()
        expect(page.get_by_role("heading", name=self.clone)).to_be_visible()
        self.seen(page, "clone")


def main() -> None:
    asked = argparse.ArgumentParser(description="Go the whole way through a portal.")
    asked.add_argument("link", help="what calco open --print says")
    asked.add_argument("machine", help="whose image is captured")
    asked.add_argument("--image", default="by-mouse")
    asked.add_argument("--clone", default="mouse1")
    asked.add_argument("--language", choices=LOCALES, default="en")
    asked.add_argument("--pictures", type=Path, required=True)
    given = asked.parse_args()
    given.pictures.mkdir(parents=True, exist_ok=True)
    began, taken = time.monotonic(), 0

    def seen(page: Page, name: str) -> None:
        nonlocal taken
        taken += 1
        print(f"{time.monotonic() - began:6.1f} s  {name}: {page.title()}", flush=True)
        page.screenshot(path=given.pictures / f"{taken:02}-{name}-{given.language}.png", full_page=True)

    expect.set_options(timeout=STEP_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_context(locale=LOCALES[given.language], ignore_https_errors=True).new_page()
        WholeWay(page, given.language, given.machine, given.image, given.clone, BOOT_MILLISECONDS, seen).go(given.link)
        browser.close()


if __name__ == "__main__":
    main()
