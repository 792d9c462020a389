"""Images: the list, one image, its end."""

import pytest

from tests.arm.api import COMPUTE, SUB
from tests.portal.house import Browser, House

pytestmark = pytest.mark.slow

GOLDEN = "/portal/images/lab/golden"


@pytest.fixture
def house(house: House) -> House:
    house.api.with_network()
    house.api.image("golden", house.api.generalized("web1"))
    return house


def test_who_has_no_image_yet_is_told_what_to_do_first(house: House, browser: Browser) -> None:
    house.api.delete(f"{COMPUTE}/images/golden")

    page = browser.visit("/portal/images")

    assert "There are no images yet" in page.text
    assert page.links["To the virtual machines"] == "/portal/virtual-machines"


def test_the_list_leads_to_an_image_and_where_it_came_from(browser: Browser) -> None:
    page = browser.visit("/portal/images")

    # Lists of a subscription write groups in capitals, as Azure's do.
    assert page.links["golden"].lower() == GOLDEN
    assert page.links["web1"].lower() == "/portal/virtual-machines/lab/web1"


def test_a_search_that_finds_nothing_says_so_and_keeps_what_was_typed(browser: Browser) -> None:
    page = browser.visit("/portal/images?q=%22%3E%3Cscript%3E")

    assert "Nothing matches the search." in page.text
    assert "<script>" not in page.html.replace("<script src=", "")


def test_an_image_shows_its_disks_with_lun_and_size_and_what_was_made_of_it(house: House, browser: Browser) -> None:
    overview, disks = browser.visit(GOLDEN), browser.visit(f"{GOLDEN}/disks")
    machines = browser.visit(f"{GOLDEN}/machines")

    assert "Linux · Generalized" in overview.text
    assert "Bytes shared with others" in overview.text
    assert "OS disk" in disks.text
    assert "No virtual machine was made from this image" in machines.text
    for page in (overview, disks, machines):
        assert page.links["Create VM"] == f"{GOLDEN}/create-vm"


def test_an_image_goes_when_that_is_confirmed_and_its_machine_stays(house: House, browser: Browser) -> None:
    asked = browser.visit(f"{GOLDEN}/delete")
    assert "az image delete" in asked.text
    assert house.api.get(f"{COMPUTE}/images/golden")["name"] == "golden"

    page = browser.send(f"{GOLDEN}/delete")
    house.world.drive()

    assert page.path == "/portal/images"
    assert house.api.call("GET", f"{COMPUTE}/images/golden").status_code == 404
    assert house.api.get(f"{COMPUTE}/virtualMachines/web1")["name"] == "web1"


def test_a_locked_image_says_so_and_stays(house: House, browser: Browser) -> None:
    lock = f"{COMPUTE}/images/golden/providers/Microsoft.Authorization/locks/keep"
    house.api.put(lock, {"properties": {"level": "CanNotDelete"}}, version="2020-05-01")

    page = browser.send(f"{GOLDEN}/delete")

    assert page.status == 400
    assert "ScopeLocked" in page.text
    assert house.api.get(f"{COMPUTE}/images/golden")["name"] == "golden"


def test_a_reader_sees_no_button_that_is_not_for_them(house: House) -> None:
    page = house.browser(house.person("rita", "Reader")).visit(GOLDEN)

    assert page.status == 200
    assert "Delete" not in page.links


@pytest.mark.parametrize(
    "path", ["/portal/images", GOLDEN, f"{GOLDEN}/disks", f"{GOLDEN}/machines", f"{GOLDEN}/delete"]
)
def test_the_pages_are_spanish_to_a_spanish_reader(house: House, path: str) -> None:
    page = house.browser(language="es").visit(path)

    assert page.status == 200
    assert page.left_in("en") == set()


def test_what_is_not_there_is_a_page_with_the_apis_words(browser: Browser) -> None:
    page = browser.visit("/portal/images/lab/nothing")

    assert page.status == 404
    assert "ResourceNotFound" in page.text


def test_names_in_an_address_cannot_become_another_path(house: House, browser: Browser) -> None:
    page = browser.visit("/portal/images/lab/..%2f..%2f..%2f..%2f..%2f..?x=")

    assert page.status in (400, 404)
    assert SUB not in page.text
