"""The document's eight steps, word for word: from the list of machines to the image in its resource group's list.

The Spanish words are the document's own; the English ones are those of the same page in English.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.portal.browser import walk
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.terms import ENGLISH, TERMS, Steps, Terms, documents_steps
from tests.shared import needs_shared

pytestmark = pytest.mark.slow


@needs_shared
def test_the_documents_steps_lead_to_an_image(portal: Portal, spanish_page: Page) -> None:
    eight_steps(portal, spanish_page, documents_steps(), TERMS["es"])


def test_the_same_steps_in_english_lead_to_an_image(portal: Portal, page: Page) -> None:
    eight_steps(portal, page, ENGLISH, TERMS["en"])


def eight_steps(portal: Portal, page: Page, steps: Steps, terms: Terms) -> None:
    lab = Lab(portal)
    new_group, machine = f"{lab.group}-images", f"origin-of-{lab.group}"
    lab.generalized(machine)
    portal.enter(page)

    # 1: Virtual machines. 2: the machine. 3: Capture, and "Create an image" appears.
    walk.to_machine(page, steps, machine)
    expect(page.get_by_role("main")).to_contain_text(steps.machine)
    page.get_by_role("link", name=steps.capture, exact=True).click()
    expect(page.get_by_role("heading", name=steps.create_image)).to_be_visible()
    # 4: Name, accepted as it is filled in.
    name = walk.name_of(page, steps).input_value()
    assert re.fullmatch(rf"{machine}-image-\d{{14}}", name)
    # 5: Resource group, Create new.
    expect(page.get_by_label(steps.group, exact=True)).to_have_value(lab.group)
    page.get_by_label(steps.group, exact=True).select_option(label=steps.new)
    page.get_by_label(terms.new_group, exact=True).fill(new_group)
    # 6: delete the machine afterwards. 7: Zone resiliency, On.
    page.get_by_label(steps.delete, exact=True).check()
    page.get_by_role("radiogroup", name=steps.zone_resiliency).get_by_label(steps.on, exact=True).check()
    shot(page, "eight-steps")
    # 8: Create.
    walk.create(page, steps)

    walk.see_end(page, terms)
    page.get_by_role("link", name=terms.to_group).click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row.get_by_role("cell", name=steps.kind, exact=True)).to_be_visible()
    image = portal.service.client.get(
        f"{portal.service.client.subscription}/resourceGroups/{new_group}/providers/Microsoft.Compute/images/{name}"
    )
    assert image["properties"]["storageProfile"]["zoneResilient"] is True  # type: ignore[index,call-overload]
    assert lab.names("images") == []
    assert lab.names("virtualMachines") == []
