"""Machines' pages in a browser: everybody can use them, they change by themselves, their console can be typed into."""

import re

import pytest
from playwright.sync_api import Page, expect

from calco.portal.virtual_machine import TABS
from calco.service import CONSOLE_MESSAGE_BYTES_MAX
from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.test_axe import NARROW

pytestmark = pytest.mark.long

ON = {"bootDiagnostics": {"enabled": True}}
PASTE = """(place, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    place.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true}));
}"""


@pytest.fixture(scope="module")
def lab(portal: Portal) -> Lab:
    """web1 runs with boot diagnostics, gold is generalized."""
    lab = Lab(portal)
    lab.machine("web1", diagnosticsProfile=ON)
    lab.generalized("gold")
    return lab


def test_everybody_can_use_every_tab_of_a_machine(portal: Portal, each_page: Page, lab: Lab) -> None:
    portal.enter(each_page)
    for tab, each in TABS.items():
        each_page.goto(f"{lab.page('virtual-machines', 'web1')}{each.end}")
        if tab == "console":
            expect(each_page.locator(".xterm-rows")).to_contain_text("simulated machine web1")
        assert axe(each_page) == [], tab
        shot(each_page, f"virtual-machine-{tab}")
    for end in ("", "/console", "/delete"):
        each_page.goto(f"{lab.page('virtual-machines', 'gold')}{end}")
        assert axe(each_page) == [], end
    shot(each_page, "virtual-machine-delete")


def test_a_machine_fits_a_small_dark_screen(portal: Portal, new_page: NewPage, lab: Lab) -> None:
    page = portal.enter(new_page(**NARROW))
    pages = [f"{portal.base}/portal/virtual-machines"]
    pages += [f"{lab.page('virtual-machines', name)}{each.end}" for name in ("web1", "gold") for each in TABS.values()]
    for url in pages:
        page.goto(url)
        assert axe(page) == [], url
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 400, url


def test_the_console_is_typed_into_by_hand_and_left_by_hand_and_opened_again(
    portal: Portal, page: Page, lab: Lab
) -> None:
    portal.enter(page)
    page.goto(f"{lab.page('virtual-machines', 'web1')}/console")
    shown, status = page.locator(".xterm-rows"), page.locator("#serial-status")

    expect(status).to_have_text("Connected.")
    page.keyboard.type("typed by hand\n")
    expect(shown).to_contain_text("typed by hand")
    page.keyboard.press("F6")
    again = page.get_by_role("button", name="Connect again")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")

    expect(status).to_have_text("Connected.")
    expect(shown).to_contain_text("simulated machine web1")


def test_more_is_pasted_into_a_console_than_the_service_takes_at_once(portal: Portal, page: Page, lab: Lab) -> None:
    portal.enter(page)
    page.goto(f"{lab.page('virtual-machines', 'web1')}/console")
    expect(page.locator("#serial-status")).to_have_text("Connected.")

    page.get_by_role("textbox", name="Terminal input").evaluate(PASTE, "." * CONSOLE_MESSAGE_BYTES_MAX + "\nits end\n")

    expect(page.locator(".xterm-rows")).to_contain_text("its end")
    expect(page.locator("#serial-status")).to_have_text("Connected.")


def test_half_an_escape_sequence_of_a_guest_is_no_fault_of_the_page(portal: Portal, page: Page, lab: Lab) -> None:
    """Real ones say it: systemd cuts long lines wherever they are too long."""
    portal.enter(page)
    page.goto(f"{lab.page('virtual-machines', 'web1')}/console")
    expect(page.locator("#serial-status")).to_have_text("Connected.")

    page.get_by_role("textbox", name="Terminal input").evaluate(PASTE, "dbus.socket\x1b[…- D-Bus\nthe next line\n")

    expect(page.locator(".xterm-rows")).to_contain_text("the next line")


def test_a_console_says_that_its_machine_went_off(portal: Portal, page: Page) -> None:
    lab = Lab(portal)
    id = lab.machine("web1", diagnosticsProfile=ON)
    portal.enter(page)
    page.goto(f"{lab.page('virtual-machines', 'web1')}/console")
    expect(page.locator("#serial-status")).to_have_text("Connected.")

    portal.service.client.change("POST", f"{id}/deallocate", label="deallocate")

    expect(page.locator("#serial-status")).to_have_text("The machine does not run any more.")
    expect(page.get_by_text("The machine is not running: there is nothing to connect to.")).to_be_visible()


def test_a_console_begins_by_itself_when_its_machine_starts(portal: Portal, page: Page) -> None:
    lab = Lab(portal)
    id = lab.machine("web1", diagnosticsProfile=ON)
    portal.service.client.change("POST", f"{id}/deallocate", label="deallocate")
    portal.enter(page)
    page.goto(f"{lab.page('virtual-machines', 'web1')}/console")
    expect(page.locator("#serial")).to_be_hidden()

    page.get_by_role("button", name="Start", exact=True).click()

    expect(page.locator("#serial-status")).to_have_text("Connected.")
    expect(page.locator(".xterm-rows")).to_contain_text("simulated machine web1")


def test_a_machine_is_stopped_and_started_and_the_page_follows_by_itself(portal: Portal, page: Page) -> None:
    lab = Lab(portal)
    lab.machine("web1")
    portal.enter(page)
    page.goto(lab.page("virtual-machines", "web1"))

    for command, told in (("Stop", "web1 was stopped."), ("Start", "web1 was started.")):
        page.get_by_role("button", name=command, exact=True).click()
        expect(page.get_by_text(told)).to_be_visible()
        expect(page.get_by_role("button", name=command, exact=True)).to_be_disabled()


def test_ticks_stay_while_the_list_changes_and_the_ticked_are_stopped(portal: Portal, page: Page) -> None:
    lab = Lab(portal)
    for name in ("one", "two"):
        lab.machine(name)
    portal.enter(page)
    page.goto(f"{portal.base}/portal/virtual-machines?group={lab.group}")
    page.get_by_label("Choose two").check()

    lab.machine("three")

    expect(page.get_by_role("link", name="three", exact=True)).to_be_visible()
    expect(page.get_by_label("Choose two")).to_be_checked()
    page.get_by_role("button", name="Stop", exact=True).click()
    row = page.get_by_role("row", name=re.compile("^Choose two"))
    expect(row).to_contain_text("Stopped (deallocated)")
    assert lab.codes("one") == ["PowerState/running"]
