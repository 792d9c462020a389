"""A list that is open keeps itself true, and leaves alone what a person has under their hands."""

import pytest
from playwright.sync_api import Page, expect

from tests.portal.browser.conftest import NewPage
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Portal

pytestmark = pytest.mark.long

MACHINES = 6


@pytest.fixture(scope="module")
def lab(portal: Portal) -> Lab:
    made = Lab(portal)
    for number in range(MACHINES):
        made.machine(f"web{number}")
    return made


def listed(page: Page, lab: Lab) -> None:
    """The group's machines alone, by the list's own filter."""
    lab.portal.enter(page)
    page.get_by_role("link", name="Virtual machines", exact=True).first.click()
    page.get_by_label("Resource group", exact=True).select_option(label=lab.group)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row")).to_have_count(len(lab.names("virtualMachines")) + 1)


def test_a_new_machine_appears_and_neither_scroll_nor_tick_nor_focus_nor_typed_text_is_lost(
    new_page: NewPage, lab: Lab
) -> None:
    page = new_page(viewport={"width": 1000, "height": 300})
    listed(page, lab)
    page.evaluate("() => { window.kept = 'never loaded again'; }")
    page.get_by_role("searchbox").fill("half a wo")
    page.get_by_label("Choose web4", exact=True).check()
    last = page.get_by_role("link", name="web5", exact=True)
    last.focus()  # and so it is scrolled to
    scrolled = page.evaluate("() => scrollY")
    assert scrolled > 0

    lab.machine("another")

    expect(page.get_by_role("link", name="another", exact=True)).to_be_attached()
    assert page.evaluate("() => window.kept") == "never loaded again"
    assert abs(page.evaluate("() => scrollY") - scrolled) < 100
    expect(last).to_be_focused()
    expect(page.get_by_label("Choose web4", exact=True)).to_be_checked()
    expect(page.get_by_label("Choose another", exact=True)).not_to_be_checked()
    expect(page.get_by_role("searchbox")).to_have_value("half a wo")


def test_a_machine_that_stops_or_goes_is_shown_so(page: Page, lab: Lab) -> None:
    client = lab.portal.service.client
    id = lab.machine("passing")
    listed(page, lab)
    row = page.get_by_role("row").filter(has_text="passing")
    expect(row).to_contain_text("Running")

    client.change("POST", f"{id}/deallocate", label="deallocate")
    expect(row).to_contain_text("Stopped (deallocated)")

    client.change("DELETE", id, label="delete")
    expect(row).to_have_count(0)
