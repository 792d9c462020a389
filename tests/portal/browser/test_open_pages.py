"""Open pages keep themselves true, and leave alone what a person has under their hands."""

import re
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from calco.model.document import Document
from tests.portal.browser.portal import Portal
from tests.portal.browser.watch import Watch

pytestmark = pytest.mark.slow

PATIENCE = 20_000
_numbers = count()


@pytest.fixture
def group(portal: Portal) -> str:
    """A group of this test's own."""
    name = f"open{next(_numbers)}"
    make(portal, name)
    return name


def make(portal: Portal, name: str, **tags: str) -> None:
    client = portal.service.client
    body: Document = {"location": "eastus", "tags": {**tags}}
    client.change("PUT", f"{client.subscription}/resourceGroups/{name}", body, label=name)


def test_a_list_shows_what_is_new_and_keeps_what_one_is_doing(portal: Portal, page: Page, group: str) -> None:
    portal.enter(page)
    page.goto(f"{portal.base}/portal/resource-groups?q={group}")
    page.get_by_text("Create a resource group", exact=True).click()
    page.get_by_label("Name").fill("half typ")
    link = page.get_by_role("link", name=group, exact=True)
    link.focus()
    link.evaluate("each => { window.kept = each; getSelection().selectAllChildren(each); }")

    make(portal, f"{group}-a")

    expect(page.get_by_role("link", name=f"{group}-a")).to_be_visible()
    assert page.get_by_label("Name").input_value() == "half typ"
    assert page.evaluate("() => document.activeElement === window.kept"), "the focus stays where it was"
    assert page.evaluate("() => getSelection().toString()") == group
    make(portal, f"{group}-0")
    expect(page.get_by_role("link", name=f"{group}-0")).to_be_visible()
    assert page.evaluate("() => window.kept.isConnected")


def test_what_was_folded_open_stays_open(portal: Portal, page: Page, group: str) -> None:
    portal.enter(page)
    page.goto(f"{portal.base}/portal/activity?group={group}")
    details = page.locator("td details").first
    details.locator("summary").first.click()
    before = page.locator("tbody tr").count()

    make(portal, group, changed="now")

    expect(page.locator("tbody tr")).to_have_count(before + 1, timeout=PATIENCE)
    expect(page.locator("td details[open]")).to_have_count(1)
    expect(page.locator("td details").nth(1)).to_have_attribute("open", "")


def test_a_page_whose_subject_is_gone_says_so(portal: Portal, page: Page, watch: Watch, group: str) -> None:
    portal.enter(page)
    page.goto(f"{portal.base}/portal/resource-groups/{group}")
    expect(page.get_by_role("heading", level=1)).to_have_text(group)

    watch.expect("404 (Not Found)")
    client = portal.service.client
    client.change("DELETE", f"{client.subscription}/resourceGroups/{group}", label=group)

    expect(page.get_by_role("alert")).to_contain_text("could not be found")


def test_text_to_copy_is_copied(portal: Portal, page: Page, group: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    portal.enter(page)
    page.goto(f"{portal.base}/portal/resource-groups/{group}/delete")
    page.get_by_text(re.compile("^View as")).click()

    page.get_by_role("button", name="Copy: Azure CLI").click()

    expect(page.locator("[data-copy]").first).to_have_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == f"az group delete -n {group} --yes"


def test_every_page_does_without_script(portal: Portal, page: Page, group: str) -> None:
    state = portal.enter(page).context.storage_state()
    browser = page.context.browser
    assert browser is not None
    bare = browser.new_context(java_script_enabled=False, ignore_https_errors=True, storage_state=state).new_page()

    bare.goto(f"{portal.base}/portal/resource-groups")
    bare.get_by_text("Create a resource group", exact=True).click()
    bare.get_by_label("Name").fill(f"{group}-made")
    bare.get_by_role("button", name="Create", exact=True).click()
    expect(bare.get_by_role("heading", level=1)).to_have_text(f"{group}-made")
    bare.get_by_role("link", name="Delete resource group").click()
    bare.get_by_label("Type").fill(f"{group}-made")
    bare.get_by_role("button", name="Delete resource group").click()

    expect(bare).to_have_url(re.compile("/portal/operations/"))
    expect(bare.get_by_role("button", name="Copy")).to_have_count(0)
    bare.context.close()


def test_a_field_that_does_not_matter_yet_is_hidden_where_there_is_script(
    portal: Portal, page: Page, group: str
) -> None:
    portal.enter(page)
    client = portal.service.client
    disk: Document = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    path = f"{client.subscription}/resourceGroups/{group}/providers/Microsoft.Compute/disks/data"
    client.change("PUT", path, {"location": "eastus", "properties": disk}, label="data")
    page.goto(f"{portal.base}/portal/disks/{group}/data/snapshot")
    new_group = page.locator("#new_group")
    expect(new_group).to_be_hidden()

    page.locator("#group").select_option("*")
    expect(new_group).to_be_visible()
    page.locator("#group").select_option(group)
    expect(new_group).to_be_hidden()
