"""Ways through the portal by the names that a person sees: nothing here knows an address or an element's id."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.portal.browser.terms import Steps, Terms


def to_machine(page: Page, steps: Steps, machine: str) -> None:
    """From any page with a menu: the list of machines, and one of it."""
    page.get_by_role("link", name=steps.machines, exact=True).first.click()
    expect(page.get_by_role("heading", name=steps.machines, exact=True)).to_be_visible()
    page.get_by_role("link", name=machine, exact=True).click()
    expect(page.get_by_role("heading", name=machine)).to_be_visible()


def to_capture(page: Page, steps: Steps, machine: str) -> None:
    """To "Create an image" of a machine, its name filled in."""
    to_machine(page, steps, machine)
    expect(page.get_by_role("main")).to_contain_text(steps.machine)
    page.get_by_role("link", name=steps.capture, exact=True).click()
    expect(page.get_by_role("heading", name=steps.create_image)).to_be_visible()
    expect(name_of(page, steps)).to_have_value(re.compile(f"^{re.escape(machine)}-image-[0-9]+$"))


def name_of(page: Page, steps: Steps) -> Locator:
    """Where the image's name is typed."""
    return page.get_by_label(steps.name, exact=True)


def create(page: Page, steps: Steps) -> None:
    page.get_by_role("button", name=steps.create, exact=True).click()


def see_end(page: Page, terms: Terms) -> None:
    """On the progress page: it ends well, and says so by itself."""
    expect(page.get_by_role("link", name=terms.to_group)).to_be_visible()
    expect(page.get_by_role("main")).not_to_contain_text(terms.under_way)
