"""Resource groups: found, made in place, looked into, and deleted by who types the name."""

import pytest

from tests.arm.api import COMPUTE, LAB, SUB
from tests.portal.house import Browser, House

pytestmark = pytest.mark.slow

LIST, PAGE = "/portal/resource-groups", "/portal/resource-groups/lab"


def names(house: House) -> list[str]:
    return [each["name"] for each in house.api.get(f"{SUB}/resourceGroups")["value"]]


def test_an_empty_list_says_what_a_group_is_and_offers_the_first(browser: Browser) -> None:
    page = browser.visit(LIST)

    assert "There are no resource groups yet" in page.text
    assert "Create" in page.buttons
    assert '<details class="create" open>' in page.html


def test_a_group_is_made_in_place(house: House, browser: Browser) -> None:
    page = browser.send(LIST, name="build-agents", location="westeurope")

    assert page.path == f"{LIST}/build-agents"
    made = house.api.get(f"{SUB}/resourceGroups/build-agents")
    assert made["location"] == "westeurope"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "A resource group has a name."),
        ("no spaces", "InvalidResourceGroup: "),
        ("dot.", "InvalidResourceGroup: "),
        ("../..", "InvalidResourceGroup: "),
        ("a/b?c=d", "InvalidResourceGroup: "),
        ("x" * 91, "InvalidResourceGroup"),
    ],
)
def test_a_name_that_cannot_be_is_refused_where_it_was_typed(
    house: House, browser: Browser, name: str, said: str
) -> None:
    page = browser.send(LIST, name=name, location="eastus")

    assert (page.status, page.path, names(house)) == (400, LIST, [])
    assert said in page.text
    assert f'value="{name}"' in page.html, "what was typed is still there"


def test_a_group_that_is_there_is_not_changed_by_making_it_again(house: House, browser: Browser) -> None:
    house.api.put(LAB, {"location": "eastus", "tags": {"team": "images"}})

    page = browser.send(LIST, name="LAB", location="eastus")

    assert page.status == 400
    assert "There is a resource group of that name." in page.text
    assert house.api.get(LAB)["tags"] == {"team": "images"}


def test_view_as_code_makes_nothing(house: House, browser: Browser) -> None:
    page = browser.send(LIST, name="new", location="eastus", do="view")

    assert "az group create -n new -l eastus" in page.text
    assert names(house) == []


def test_the_list_is_searched_and_ordered_by_its_address(house: House, browser: Browser) -> None:
    for name, location in (("alpha", "westus"), ("beta", "eastus"), ("gamma", "eastus")):
        house.api.put(f"{SUB}/resourceGroups/{name}", {"location": location})

    def rows(query: str) -> list[str]:
        links = browser.visit(f"{LIST}?{query}").links
        return [each for each in links if each in ("alpha", "beta", "gamma")]

    assert rows("") == ["alpha", "beta", "gamma"]
    assert rows("sort=name&order=desc") == ["gamma", "beta", "alpha"]
    assert rows("q=eastus") == ["beta", "gamma"]
    assert rows("q=nothing") == []


def test_a_group_shows_what_is_in_it_of_every_kind_images_among_them(house: House, browser: Browser) -> None:
    house.api.with_network()
    house.api.image("golden", house.api.generalized("web1"))

    page = browser.visit(PAGE)

    assert page.links["golden"] == "/portal/images/lab/golden"
    assert page.links["web1"] == "/portal/virtual-machines/lab/web1"
    for kind in ("image", "virtual machine", "virtual network", "network interface", "disk"):
        assert f" {kind} eastus" in page.text.lower()
    assert "golden" in browser.visit(f"{PAGE}?q=image").links
    assert "web1" not in browser.visit(f"{PAGE}?q=images").links


def test_an_empty_group_says_what_to_do(house: House, browser: Browser) -> None:
    house.api.with_group()

    assert "Nothing is in this resource group" in browser.visit(PAGE).text


def test_what_is_not_there_is_told_in_the_apis_words(browser: Browser) -> None:
    page = browser.visit(f"{LIST}/none")

    assert page.status == 404
    assert "Resource group 'none' could not be found." in page.text


# --- its end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["", "la", "LAB", "lab2"])
def test_a_group_stays_while_its_name_is_not_typed(house: House, browser: Browser, typed: str) -> None:
    house.api.with_group()

    page = browser.send(f"{PAGE}/delete", confirm=typed)

    assert (page.status, names(house)) == (400, ["lab"])
    assert "This is not the name." in page.text


def test_deleting_a_group_shows_what_goes_and_then_how_far_it_is(house: House, browser: Browser) -> None:
    house.api.with_network()
    house.api.machine("web1")

    asked = browser.visit(f"{PAGE}/delete")
    assert "virtual machine web1" in asked.text.lower()
    assert names(house) == ["lab"], "asking deletes nothing"
    page = browser.send(f"{PAGE}/delete", confirm="lab")

    assert page.path.startswith("/portal/operations/")
    house.world.drive()
    assert names(house) == []
    assert "Succeeded" in browser.visit(page.path).text


def test_a_locked_group_is_not_deleted_and_the_page_says_why(house: House, browser: Browser) -> None:
    house.api.with_group()
    lock = f"{LAB}/providers/Microsoft.Authorization/locks/keep"
    house.api.call("PUT", lock, {"properties": {"level": "CanNotDelete"}}, version="2020-05-01")

    page = browser.send(f"{PAGE}/delete", confirm="lab")

    assert (page.status, page.path) == (400, f"{PAGE}/delete")
    assert "ScopeLocked" in page.text
    house.world.drive()
    assert names(house) == ["lab"]


# --- tags ------------------------------------------------------------------------------------------------------------


def test_tags_are_all_that_the_page_sent_and_nothing_else(house: House, browser: Browser) -> None:
    house.api.put(LAB, {"location": "eastus", "tags": {"old": "gone", "team": "images"}})
    there = browser.visit(PAGE).links["Edit tags"]

    assert 'value="gone"' in browser.visit(there).html
    page = browser.send(there, name=["team", "cost centre", ""], value=["builds", "4711", "nobody's"])

    assert page.path == PAGE
    assert house.api.get(LAB)["tags"] == {"team": "builds", "cost centre": "4711"}


def test_tags_of_a_disk_are_edited_on_the_same_page(house: House, browser: Browser) -> None:
    house.api.with_network()
    web1 = house.api.machine("web1")

    page = browser.send(f"/portal/tags{web1}", name=["a"], value=["b"])

    assert page.path == "/portal/virtual-machines/lab/web1"
    assert house.api.get(f"{COMPUTE}/virtualMachines/web1")["tags"] == {"a": "b"}


def test_a_tag_that_cannot_be_is_refused_and_what_was_typed_stays(house: House, browser: Browser) -> None:
    house.api.with_group()

    page = browser.send(f"/portal/tags{LAB}", name=["a<b", "kept"], value=["1", "2"])

    assert page.status == 400
    assert 'value="a&lt;b"' in page.html
    assert "tags" not in house.api.get(LAB)


@pytest.mark.parametrize("of", ["/", "/x", "/subscriptions", "//evil", "/../portal/", "/https://evil.example/"])
def test_tags_of_nothing_are_no_page(browser: Browser, of: str) -> None:
    assert browser.visit(f"/portal/tags{of}").status in (404, 403, 400)


# --- who may do what -------------------------------------------------------------------------------------------------


def test_a_reader_sees_everything_and_no_button_that_changes_it(house: House) -> None:
    house.api.with_group()
    reader = house.browser(house.person("ana", "Reader"))

    shell = ("Start again", "Close")
    assert [each for each in reader.visit(LIST).buttons if each not in shell] == ["Sign out", "Search"]
    page = reader.visit(PAGE)
    assert "Edit tags" not in page.links
    assert "Delete resource group" not in page.links
    assert "Activity log" in page.links
    assert "Save" not in reader.visit(f"/portal/tags{LAB}").buttons


def test_a_reader_who_sends_the_form_all_the_same_is_refused_by_the_api(house: House) -> None:
    house.api.with_group()
    reader = house.browser(house.person("ana", "Reader"))

    for path, form in (
        (LIST, {"name": "new", "location": "eastus"}),
        (f"{PAGE}/delete", {"confirm": "lab"}),
        (f"/portal/tags{LAB}", {"name": "a", "value": "b"}),
    ):
        assert "AuthorizationFailed" in reader.send(path, **form).text
    house.world.drive()
    assert names(house) == ["lab"]
    assert "tags" not in house.api.get(LAB)


def test_a_contributor_of_one_group_has_its_buttons_and_none_to_make_another(house: House) -> None:
    house.api.with_group()
    ben = house.browser(house.person("ben", "Contributor", LAB))

    assert "Create" not in ben.visit(LIST).buttons
    assert {"Edit tags", "Delete resource group"} <= set(ben.visit(PAGE).links)
