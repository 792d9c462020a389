"""Groups, their tags and the log can be used by everybody, full and in both languages."""

import re
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from calco.model.document import Document
from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.test_axe import NARROW

pytestmark = pytest.mark.slow

_numbers = count()
LONG = "a-disk-whose-name-is-as-long-as-names-of-disks-may-be-00000000000000000000000000"


@pytest.fixture
def group(portal: Portal) -> str:
    """A group with a disk in it."""
    name = f"full{next(_numbers)}"
    client = portal.service.client
    there = f"{client.subscription}/resourceGroups/{name}"
    client.change("PUT", there, {"location": "eastus", "tags": {"team": "images", "empty": ""}}, label=name)
    disk: Document = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    path = f"{there}/providers/Microsoft.Compute/disks/{LONG}"
    client.change("PUT", path, {"location": "eastus", "properties": disk}, label=LONG)
    return name


@pytest.mark.parametrize("narrow", [False, True], ids=["wide and light", "narrow and dark"])
def test_everybody_can_use_the_pages_of_a_group(
    portal: Portal, new_page: NewPage, locale: str, group: str, narrow: bool
) -> None:
    page = portal.enter(new_page(locale=locale, **(NARROW if narrow else {})))
    here = f"{portal.base}/portal/resource-groups/{group}"

    def looked_at(name: str) -> None:
        assert axe(page) == []
        width = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{name} is wider than the screen"
        shot(page, f"{name}-narrow" if narrow else name)

    page.goto(here)
    expect(page.get_by_role("link", name=LONG)).to_be_visible()
    looked_at("resource-group")
    page.get_by_role("link", name=re.compile("Edit tags|Editar etiquetas")).click()
    looked_at("tags")
    page.goto(f"{here}/delete")
    page.get_by_text(re.compile("^(View as|Ver como)")).click()
    looked_at("resource-group-delete")
    page.goto(f"{portal.base}/portal/activity?group={group}")
    page.locator("td summary").first.click()
    looked_at("activity-of-a-group")
    page.goto(f"{portal.base}/portal/")
    looked_at("home-in-use")


def test_a_page_is_used_by_the_keyboard_alone(portal: Portal, page: Page, group: str) -> None:
    portal.enter(page)

    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the page")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
    page.goto(f"{portal.base}/portal/resource-groups/{group}/delete")
    page.get_by_label(f"Type {group} to confirm").focus()
    page.keyboard.type(group)
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/portal/operations/"))
    expect(page.get_by_text("Succeeded").first).to_be_visible()
