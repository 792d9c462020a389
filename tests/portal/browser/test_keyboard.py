"""A whole capture without a mouse: Tab, Enter, Space, an arrow and letters, and always to be seen where one is."""

import pytest
from playwright.sync_api import Page, expect

from tests.portal.browser import walk
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Portal
from tests.portal.browser.terms import ENGLISH, TERMS

pytestmark = pytest.mark.slow

TERM = TERMS["en"]
STOPS_MAX = 120
AT = """() => {
    const at = document.activeElement, style = getComputedStyle(at);
    const text = at.labels && at.labels.length ? at.labels[0].innerText
        : at.tagName === "SELECT" || at.tagName === "INPUT" ? "" : at.innerText;
    const box = at.getBoundingClientRect();
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return [text.trim(), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 && inside,
            at.outerHTML.slice(0, 200)];
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus. Every stop on the way must be seen to have it."""
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        text, visible, html = page.evaluate(AT)
        if html.startswith("<body"):
            continue  # past the end; it begins again
        assert visible, f"nobody sees that this has the focus: {html}"
        if text == name:
            return
    raise AssertionError(f"Tab does not lead to {name} on {page.url}")


def test_a_running_machine_is_captured_by_keyboard_alone(portal: Portal, page: Page) -> None:
    lab = Lab(portal)
    name = f"web-{lab.group}"
    lab.machine(name)
    portal.enter(page)

    for step in (ENGLISH.machines, name, ENGLISH.capture):
        tab_to(page, step)
        page.keyboard.press("Enter")
        page.wait_for_load_state()
        expect(
            page.get_by_role("heading", name=ENGLISH.create_image if step == ENGLISH.capture else step)
        ).to_be_visible()
    tab_to(page, ENGLISH.name)
    page.keyboard.press("Control+A")
    page.keyboard.type("golden")
    tab_to(page, ENGLISH.group)
    page.keyboard.type(ENGLISH.new)
    tab_to(page, TERM.new_group)
    page.keyboard.type(f"{lab.group}-images")
    tab_to(page, ENGLISH.delete)
    page.keyboard.press("Space")
    tab_to(page, TERM.off)
    page.keyboard.press("ArrowDown")
    tab_to(page, TERM.confirm)
    page.keyboard.type(name)
    tab_to(page, ENGLISH.create)
    page.keyboard.press("Enter")

    walk.see_end(page, TERM)
    tab_to(page, TERM.to_group)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="golden", exact=True)).to_be_visible()
    assert lab.names("images", f"{lab.group}-images") == ["golden"]
    assert lab.names("virtualMachines") == []


def test_the_first_tab_leads_past_the_menu(portal: Portal, page: Page) -> None:
    portal.enter(page)

    tab_to(page, "Skip to the page")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("() => document.querySelector('main').contains(document.activeElement)")
