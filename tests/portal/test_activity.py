"""The activity log: filtered by its address, page by page, and leading to what it is about."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from calco.portal.activity import LINES_A_PAGE
from tests.arm.api import COMPUTE, LAB, SUB
from tests.portal.house import Browser, House

pytestmark = pytest.mark.slow

PAGE = "/portal/activity"


def test_an_empty_log_says_what_it_is_for(browser: Browser) -> None:
    assert "Nothing has been done yet" in browser.visit(PAGE).text


def test_a_line_leads_to_its_resource_and_to_how_far_it_is(house: House, browser: Browser) -> None:
    house.api.with_network()
    web1 = house.api.machine("web1")
    operation = house.api.call("POST", f"{web1}/deallocate").headers["x-ms-request-id"]

    page = browser.visit(PAGE)

    assert page.links["web1"] == "/portal/virtual-machines/lab/web1"
    assert page.links["Started"] == f"/portal/operations/{operation}"
    assert browser.visit(page.links["Started"]).status == 200
    assert "You" in page.text, "whose doing it was"


def test_what_was_refused_tells_why(house: House, browser: Browser) -> None:
    house.api.with_network()
    body = {"location": "eastus", "properties": {"sourceVirtualMachine": {"id": house.api.machine("web1")}}}
    house.api.call("PUT", f"{COMPUTE}/images/early", body)

    text = browser.visit(f"{PAGE}?status=Failed").text

    assert "requires the Virtual Machine 'web1' to be Generalized." in text
    assert "virtual network" not in text


def test_filters_are_in_the_address_and_in_the_form(house: House) -> None:
    for name in ("alpha", "beta"):
        house.api.put(f"{SUB}/resourceGroups/{name}", {"location": "eastus"})
        house.world.clock.move(timedelta(days=2))
    browser = house.browser()

    def rows(query: str) -> set[str]:
        return {"alpha", "beta"} & set(browser.visit(f"{PAGE}?{query}").links)

    assert rows("") == {"alpha", "beta"}
    assert rows("group=beta") == {"beta"}
    assert rows(f"resource={quote(f'{SUB}/resourceGroups/alpha')}") == {"alpha"}
    assert rows("caller=nobody") == set()
    assert rows("from=2026-11-23") == {"beta"}
    assert rows("to=2026-11-22") == {"alpha"}
    assert rows("from=2026-11-22&to=2026-11-22") == {"alpha"}
    assert 'name="group" value="beta"' in browser.visit(f"{PAGE}?group=beta").html
    assert "Nothing matches these filters" in browser.visit(f"{PAGE}?caller=nobody").text


@pytest.mark.parametrize(
    "value",
    ["'", "lab' and resourceGroupName eq 'lab", "x' or '1' eq '1", "' and caller eq 'x", "\\", "\x00", "é" * 300],
)
def test_a_filter_cannot_become_another(house: House, browser: Browser, value: str) -> None:
    house.api.with_group()

    page = browser.visit(f"{PAGE}?group={quote(value)}")

    assert page.status in (200, 400)
    assert "lab" not in page.links


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "2026-11-22' or '"])
def test_a_day_that_is_none_is_told_above_the_list(browser: Browser, value: str) -> None:
    page = browser.visit(f"{PAGE}?from={quote(value)}")

    assert (page.status, page.path) == (400, PAGE)
    assert "InvalidFilterInQueryString" in page.text


def test_older_lines_are_on_following_pages_each_line_once(house: House, browser: Browser) -> None:
    count = 2 * LINES_A_PAGE + 7
    for number in range(count):
        house.api.put(f"{LAB}{number:03}", {"location": "eastus"})
        house.world.clock.move(timedelta(seconds=1))
    seen: list[str] = []
    address = PAGE
    for _ in range(3):
        page = browser.visit(address)
        seen += [each for each in page.links if each.startswith("lab")]
        address = page.links.get("Older", "")

    assert seen == [f"lab{number:03}" for number in reversed(range(count))]
    assert address == ""
    assert page.links["Newest"] == f"{PAGE}?"


def test_a_reader_of_one_group_reads_its_lines_alone(house: House) -> None:
    house.api.with_group()
    house.api.put(f"{SUB}/resourceGroups/secret", {"location": "eastus"})
    ana = house.browser(house.person("ana", "Reader", LAB))

    page = ana.visit(PAGE)

    assert "lab" in page.links
    assert "secret" not in page.html
