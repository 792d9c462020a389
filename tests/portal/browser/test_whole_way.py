"""A new user's whole way, from the link of ``calco open`` to a machine made of an image, in both languages.

`python -m tests.portal.browser.whole_way` goes the same way through the portal that ``make demo`` leaves.
"""

import pytest
from playwright.sync_api import Page

from tests.portal.browser.conftest import PATIENCE_MILLISECONDS
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.whole_way import WholeWay

pytestmark = pytest.mark.slow


def test_visible_names_lead_from_a_link_to_an_image_and_a_machine_of_it_that_runs(
    portal: Portal, each_page: Page, locale: str
) -> None:
    lab = Lab(portal)
    machine, clone = f"source-of-{lab.group}", f"clone-of-{lab.group}"
    lab.generalized(machine)
    link = portal.service.run("open", "--print").strip()

    WholeWay(
        each_page,
        locale[:2],
        machine,
        "golden",
        clone,
        PATIENCE_MILLISECONDS,
        lambda page, name: shot(page, f"whole-way-{name}"),
    ).go(link)

    made = portal.service.client.get(f"{lab.compute}/virtualMachines/{clone}")
    profile = made["properties"]["storageProfile"]  # type: ignore[index,call-overload]
    assert profile["imageReference"]["id"].lower() == f"{lab.compute}/images/golden".lower()  # type: ignore[index,call-overload,union-attr]
    assert lab.codes(clone) == ["PowerState/running"]
    assert lab.codes(machine) == ["OSState/generalized", "PowerState/deallocated"]
    assert lab.names("images") == ["golden"]
    assert lab.names("virtualMachines") == sorted([clone, machine])
