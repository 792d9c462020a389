"""Create an image of a disk or of a snapshot."""

import pytest

from tests.arm.api import COMPUTE, LAB, SUB
from tests.portal.house import Browser, House

pytestmark = pytest.mark.slow

DISK = "/portal/disks/lab/os"


@pytest.fixture
def house(house: House) -> House:
    """With a disk of a second generation, copied from a machine's."""
    house.api.with_network()
    machine = house.api.get(house.api.machine("web1"))
    source = machine["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    creation = {"createOption": "Copy", "sourceResourceId": source}
    properties = {"creationData": creation, "osType": "Linux", "hyperVGeneration": "V2"}
    house.api.put(f"{COMPUTE}/disks/os", {"location": "eastus", "properties": properties})
    creation = {"createOption": "Copy", "sourceResourceId": f"{COMPUTE}/disks/os"}
    house.api.put(f"{COMPUTE}/snapshots/os", {"location": "eastus", "properties": {"creationData": creation}})
    return house


def test_the_form_is_filled_in_as_the_disk_says(house: House, browser: Browser) -> None:
    page = browser.visit(f"{DISK}/image")

    assert f'value="os-image-{house.world.clock.now():%Y%m%d%H%M%S}"' in page.html
    assert 'name="os" value="Linux" checked' in page.html
    assert 'name="generation" value="V2" checked' in page.html
    assert 'name="os_state" value="Generalized" checked' in page.html
    assert "az image create" in page.text


@pytest.mark.parametrize(("noun", "member"), [("disks", "managedDisk"), ("snapshots", "snapshot")])
def test_it_becomes_an_image(house: House, browser: Browser, noun: str, member: str) -> None:
    page = browser.send(f"/portal/{noun}/lab/os/image", name="golden", group="lab", os="Linux", generation="V2")
    house.world.drive()

    assert page.path.startswith(("/portal/operations/", "/portal/images/"))
    image = house.api.get(f"{COMPUTE}/images/golden")["properties"]
    assert image["provisioningState"] == "Succeeded"
    assert image["hyperVGeneration"] == "V2"
    assert image["storageProfile"]["osDisk"][member]["id"] == f"{COMPUTE}/{noun}/os"
    assert image["storageProfile"]["osDisk"]["osState"] == "Generalized"
    assert image["storageProfile"]["zoneResilient"] is False


def test_an_image_can_be_zone_resilient_where_there_are_zones(house: House, browser: Browser) -> None:
    browser.send(f"{DISK}/image", name="golden", group="lab", os="Linux", generation="V2", zone_resiliency="on")
    house.world.drive()

    assert house.api.get(f"{COMPUTE}/images/golden")["properties"]["storageProfile"]["zoneResilient"] is True


def test_a_region_without_zones_says_so_and_offers_none(house: House, browser: Browser) -> None:
    properties = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    house.api.put(f"{COMPUTE}/disks/far", {"location": "westus", "properties": properties})

    page = browser.visit("/portal/disks/lab/far/image")

    assert "The region westus has no availability zones." in page.text
    assert 'name="zone_resiliency" value="on" disabled>' in page.html


@pytest.mark.parametrize("page", [f"{DISK}/image", "/portal/virtual-machines/lab/web1/capture"])
def test_who_may_not_see_the_regions_is_told_nothing_false_of_their_zones(house: House, page: str) -> None:
    shown = house.browser(house.person("ann", "Contributor", LAB)).visit(page)

    assert "no availability zones" not in shown.text
    assert 'name="zone_resiliency" value="on">' in shown.html


def test_a_running_machines_disk_is_refused_in_the_apis_words(house: House, browser: Browser) -> None:
    machine = house.api.get(f"{COMPUTE}/virtualMachines/web1")
    name = machine["properties"]["storageProfile"]["osDisk"]["name"]
    asked = browser.visit(f"/portal/disks/lab/{name}/image")
    assert "It is attached to a running virtual machine." in asked.text

    page = browser.send(f"/portal/disks/lab/{name}/image", name="golden", group="*", new_group="new", os="Linux")
    house.world.drive()

    assert page.status == 400
    assert 'value="golden"' in page.html
    assert house.api.call("GET", f"{COMPUTE}/images/golden").status_code == 404
    assert house.api.call("GET", f"{SUB}/resourceGroups/new").status_code == 404


def test_a_wrong_generation_is_refused_in_place(house: House, browser: Browser) -> None:
    page = browser.send(f"{DISK}/image", name="golden", group="lab", os="Linux", generation="V1")

    assert page.status == 400
    assert "hyperVGeneration" in page.text
    assert 'name="generation" value="V1" checked' in page.html


@pytest.mark.parametrize("path", [f"{DISK}/image", "/portal/snapshots/lab/os/image"])
def test_the_page_is_spanish_to_a_spanish_reader(house: House, path: str) -> None:
    assert house.browser(language="es").visit(path).left_in("en") == set()
