"""Snapshots: made of a disk, the list, one of them, its end."""

from urllib.parse import quote

import pytest

from tests.arm.api import COMPUTE, SUB
from tests.portal.house import Browser, House

pytestmark = pytest.mark.slow

SNAP = "/portal/snapshots/lab/snap"


@pytest.fixture
def disk(house: House) -> str:
    """The page of a running machine's OS disk."""
    house.api.with_network()
    machine = house.api.get(house.api.machine("web1"))
    id: str = machine["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    return f"/portal/disks/lab/{id.rpartition('/')[2]}"


@pytest.fixture
def snap(house: House, disk: str, browser: Browser) -> str:
    browser.send(f"{disk}/snapshot", name="snap", group="lab")
    house.world.drive()
    return SNAP


def test_who_has_no_snapshot_is_told_how_one_is_made(house: House, disk: str, browser: Browser) -> None:
    page = browser.visit("/portal/snapshots")

    assert "There are no snapshots yet" in page.text
    assert page.links["To the disks"] == "/portal/disks"


def test_a_running_machines_disk_becomes_a_snapshot(house: House, disk: str, browser: Browser) -> None:
    asked = browser.visit(f"{disk}/snapshot")
    assert "az snapshot create" in asked.text

    page = browser.send(f"{disk}/snapshot", name="snap", group="lab")
    house.world.drive()

    assert page.path == SNAP
    made = house.api.get(f"{COMPUTE}/snapshots/snap")["properties"]
    assert made["provisioningState"] == "Succeeded"
    assert made["creationData"]["sourceResourceId"].rpartition("/")[2] == disk.rpartition("/")[2]


def test_the_name_that_is_proposed_tells_the_moment_and_is_no_longer_than_names_may_be(
    house: House, disk: str, browser: Browser
) -> None:
    long = "d" * 80
    empty = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    house.api.put(f"{COMPUTE}/disks/{long}", {"location": "eastus", "properties": empty})
    end = f"-snapshot-{house.world.clock.now():%Y%m%d%H%M%S}"

    short, cut = browser.visit(f"{disk}/snapshot"), browser.visit(f"/portal/disks/lab/{long}/snapshot")

    name = disk.rpartition("/")[2]
    assert f'value="{name[: 80 - len(end)]}{end}"' in short.html
    assert f'value="{long[: 80 - len(end)]}{end}"' in cut.html


@pytest.mark.parametrize("group", ["kept", "Año(1)"])
def test_a_snapshot_can_go_into_a_group_that_is_made_for_it(
    house: House, disk: str, browser: Browser, group: str
) -> None:
    page = browser.send(f"{disk}/snapshot", name="snap", group="*", new_group=group)
    house.world.drive()

    assert (page.status, page.path) == (200, f"/portal/snapshots/{group}/snap")
    assert house.api.get(f"{SUB}/resourceGroups/{quote(group)}")["location"] == "eastus"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "group": "lab"}, "Type a name."),
        ({"name": "snap", "group": "*", "new_group": ""}, "Type a name for the new resource group"),
        ({"name": "a/b", "group": "lab"}, "Invalid"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    house: House, disk: str, browser: Browser, form: dict[str, str], said: str
) -> None:
    page = browser.send(f"{disk}/snapshot", **form)

    assert page.status == 400
    assert said in page.text
    assert house.api.get(f"{SUB}/providers/Microsoft.Compute/snapshots")["value"] == []


def test_a_name_that_is_taken_changes_nothing(house: House, disk: str, snap: str, browser: Browser) -> None:
    page = browser.send(f"{disk}/snapshot", name="snap", group="lab")

    assert page.status == 400
    assert "There is already one called snap" in page.text


def test_what_we_say_is_wrong_is_said_in_the_readers_language(house: House, disk: str, snap: str) -> None:
    page = house.browser(language="es").send(f"{disk}/snapshot", name="snap", group="lab")

    assert "Ya hay uno llamado snap" in page.own
    assert page.left_in("en") == set()


@pytest.mark.parametrize("path", ["/portal/snapshots", SNAP])
def test_a_snapshot_is_ready_and_no_disk_that_is_attached_to_nothing(browser: Browser, snap: str, path: str) -> None:
    page = browser.visit(path)

    assert "Ready" in page.text
    assert "Not attached" not in page.text


def test_the_list_leads_to_a_snapshot_and_its_source(disk: str, snap: str, browser: Browser) -> None:
    page = browser.visit("/portal/snapshots")

    assert page.links["snap"] == SNAP
    assert page.links[disk.rpartition("/")[2]] == disk


def test_a_snapshot_can_be_exported_and_becomes_an_image(snap: str, browser: Browser) -> None:
    page = browser.visit(snap)

    assert page.links["Export"] == f"{SNAP}/export"
    assert page.links["Create image"] == f"{SNAP}/image"
    assert "Download" in browser.send(f"{SNAP}/export", do="begin").links


def test_a_snapshot_goes_when_that_is_confirmed_and_the_disk_stays(
    house: House, disk: str, snap: str, browser: Browser
) -> None:
    page = browser.send(f"{SNAP}/delete")
    house.world.drive()

    assert page.path == "/portal/snapshots"
    assert browser.visit(SNAP).status == 404
    assert browser.visit(disk).status == 200


def test_a_reader_sees_no_command(house: House, snap: str) -> None:
    page = house.browser(house.person("rita", "Reader")).visit(snap)

    assert page.status == 200
    assert not {"Create image", "Export", "Delete"} & set(page.links)


@pytest.mark.parametrize("path", ["/portal/snapshots", SNAP, f"{SNAP}/delete", f"{SNAP}/export"])
def test_the_pages_are_spanish_to_a_spanish_reader(house: House, snap: str, path: str) -> None:
    page = house.browser(language="es").visit(path)

    assert page.status == 200
    assert page.left_in("en") == set()


def test_the_page_that_makes_one_is_spanish_too(house: House, disk: str) -> None:
    assert house.browser(language="es").visit(f"{disk}/snapshot").left_in("en") == set()
