"""Create an image from what people have: a running machine, this or that ticked; and what is refused, in its place."""

import pytest
from playwright.sync_api import Page, expect

from tests.portal.browser import walk
from tests.portal.browser.axe import axe
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.terms import ENGLISH, TERMS
from tests.portal.browser.watch import Watch

TERM = TERMS["en"]
ROADS = {"delete": (True, False), "zone resiliency": (False, True), "neither": (False, False)}
"""Whether the machine is deleted, whether the image is zone resilient."""


@pytest.fixture
def lab(portal: Portal) -> Lab:
    return Lab(portal)


def machine_in(lab: Lab) -> str:
    """A machine's name that is in no other group's list."""
    return f"web-{lab.group}"


@pytest.mark.slow
def test_what_a_name_is_refused_for_stands_beside_it_and_nothing_typed_is_lost(
    portal: Portal, page: Page, watch: Watch, lab: Lab
) -> None:
    name = machine_in(lab)
    lab.image("taken", lab.generalized(name))
    walk.to_capture(portal.enter(page), ENGLISH, name)
    page.get_by_label(ENGLISH.delete).check()
    zones = page.get_by_role("radiogroup", name=ENGLISH.zone_resiliency)
    zones.get_by_label(ENGLISH.on, exact=True).check()

    for typed, said in (("taken", "ResourceAlreadyExists: "), ("not a name", "InvalidResourceName: ")):
        watch.expect("status of 400")
        walk.name_of(page, ENGLISH).fill(typed)
        walk.create(page, ENGLISH)

        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(walk.name_of(page, ENGLISH)).to_have_accessible_description(page.get_by_role("alert").inner_text())
        expect(walk.name_of(page, ENGLISH)).to_have_value(typed)
        expect(page.get_by_label(ENGLISH.delete)).to_be_checked()
        expect(zones.get_by_label(ENGLISH.on, exact=True)).to_be_checked()
        assert axe(page) == []
        shot(page, f"capture-refused-{typed.replace(' ', '-')}")
    assert lab.names("images") == ["taken"]
    assert lab.names("virtualMachines") == [name]


@pytest.mark.slow
def test_a_running_machine_is_captured_by_whoever_types_its_name_and_by_nobody_else(
    portal: Portal, page: Page, watch: Watch, lab: Lab
) -> None:
    name = machine_in(lab)
    lab.machine(name)
    walk.to_capture(portal.enter(page), ENGLISH, name)
    for warned in ("stopped and deallocated", "marked as generalized", "can never be started again"):
        expect(page.get_by_role("main")).to_contain_text(warned)
    walk.name_of(page, ENGLISH).fill("golden")

    watch.expect("status of 400")
    page.get_by_label(TERM.confirm).fill("another")
    walk.create(page, ENGLISH)
    expect(page.get_by_role("alert")).to_have_text(f"This is not the machine's name. Type {name}.")
    expect(walk.name_of(page, ENGLISH)).to_have_value("golden")
    assert axe(page) == []
    shot(page, "capture-not-confirmed")
    assert lab.codes(name) == ["PowerState/running"]
    assert lab.names("images") == []

    page.get_by_label(TERM.confirm).fill(name)
    walk.create(page, ENGLISH)

    walk.see_end(page, TERM)
    expect(page.get_by_role("main")).to_contain_text("The image golden is there.")
    assert lab.names("images") == ["golden"]
    assert lab.codes(name) == ["OSState/generalized", "PowerState/deallocated"]


@pytest.mark.long
def test_nothing_is_asked_for_that_would_stay_empty(portal: Portal, page: Page, lab: Lab) -> None:
    name = machine_in(lab)
    lab.machine(name)
    walk.to_capture(portal.enter(page), ENGLISH, name)

    walk.create(page, ENGLISH)

    expect(page.get_by_label(TERM.confirm)).to_be_focused()
    assert lab.codes(name) == ["PowerState/running"]


@pytest.mark.long
@pytest.mark.parametrize(("deletes", "zone_resilient"), ROADS.values(), ids=ROADS)
def test_only_what_was_ticked_happens(
    portal: Portal, page: Page, lab: Lab, deletes: bool, zone_resilient: bool
) -> None:
    name = machine_in(lab)
    lab.generalized(name)
    walk.to_capture(portal.enter(page), ENGLISH, name)
    expect(page.get_by_label(TERM.confirm)).to_have_count(0)
    walk.name_of(page, ENGLISH).fill("golden")
    page.get_by_label(ENGLISH.delete).set_checked(deletes)
    zones = page.get_by_role("radiogroup", name=ENGLISH.zone_resiliency)
    zones.get_by_label(ENGLISH.on if zone_resilient else TERM.off, exact=True).check()
    walk.create(page, ENGLISH)

    walk.see_end(page, TERM)
    how = "Copied" if zone_resilient else "Shared: no bytes were copied"
    expect(page.get_by_role("main")).to_contain_text(how)
    image = portal.service.client.get(f"{lab.compute}/images/golden")
    assert image["properties"]["storageProfile"]["zoneResilient"] is zone_resilient  # type: ignore[index,call-overload]
    assert lab.names("virtualMachines") == ([] if deletes else [name])


@pytest.mark.long
def test_a_group_that_is_there_may_be_chosen_from_the_list(portal: Portal, page: Page, lab: Lab) -> None:
    other, name = Lab(portal), machine_in(lab)
    lab.generalized(name)
    walk.to_capture(portal.enter(page), ENGLISH, name)
    page.get_by_label(ENGLISH.group, exact=True).select_option(label=other.group)
    walk.name_of(page, ENGLISH).fill("golden")
    walk.create(page, ENGLISH)

    walk.see_end(page, TERM)
    assert other.names("images") == ["golden"]
    assert lab.names("images") == []
