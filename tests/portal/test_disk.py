"""Disks: the list, one disk, its end; what is offered by state and right; export and the steps of an import."""

from typing import Any

import pytest

from calco.model.disk import DiskState
from calco.portal.disk_command import TABLE, Command, Why
from tests.arm.api import COMPUTE, LAB
from tests.portal.house import Browser, House

pytestmark = pytest.mark.slow

DATA, WEB1 = "/portal/disks/lab/data", "/portal/virtual-machines/lab/web1"
FILE_BYTES = 20_972_032
IMPORT = {
    "name": "vhd", "group": "lab", "location": "eastus", "os": "Linux", "generation": "V2", "sku": "Premium_LRS",
    "file": "linux.vhd", "bytes": str(FILE_BYTES),
}  # fmt: skip


@pytest.fixture
def house(house: House) -> House:
    house.api.with_network()
    creation: dict[str, Any] = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 2}
    house.api.put(f"{COMPUTE}/disks/data", {"location": "eastus", "properties": creation, "tags": {"for": "tests"}})
    return house


def os_disk_of(house: House, machine: str) -> str:
    """The page of that machine's OS disk."""
    id: str = house.api.get(machine)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    return f"/portal/disks/lab/{id.rpartition('/')[2]}"


def state(house: House, name: str) -> Any:
    return house.api.get(f"{COMPUTE}/disks/{name}")["properties"]["diskState"]


# --- the list and one of it ------------------------------------------------------------------------------------------


def test_who_has_no_disk_yet_is_told_how_to_get_one(house: House, browser: Browser) -> None:
    house.api.delete(f"{COMPUTE}/disks/data")

    page = browser.visit("/portal/disks")

    assert "There are no disks yet" in page.text
    assert page.links["Import a VHD"] == "/portal/disks/import"


def test_the_list_says_whose_a_disk_is_and_leads_there(house: House, browser: Browser) -> None:
    house.api.machine("web1")

    page = browser.visit("/portal/disks?sort=owner&order=desc")

    assert page.links["data"] == DATA
    assert page.links["web1"] == WEB1
    assert "In use by a machine" in page.text
    assert "2.0 GiB" in page.text


def test_the_search_looks_at_names_owners_and_tags(house: House, browser: Browser) -> None:
    house.api.machine("web1")

    assert "data" not in browser.visit("/portal/disks?q=web1").links
    assert "web1" not in browser.visit("/portal/disks?q=for+tests").links


def test_a_disk_shows_what_is_known_of_it(browser: Browser) -> None:
    page = browser.visit(DATA)

    assert "2147483648 bytes" in page.text
    assert "for: tests" in page.text
    assert "No virtual machine" in page.text
    assert page.links["Create snapshot"] == f"{DATA}/snapshot"
    assert page.links["Create image"] == f"{DATA}/image"
    assert page.links["Export"] == f"{DATA}/export"
    assert page.links["Delete"] == f"{DATA}/delete"
    assert "Upload a VHD" not in page.links


def test_a_machines_disk_says_which_image_it_is_of_in_words(house: House, browser: Browser) -> None:
    page = browser.visit(os_disk_of(house, house.api.machine("web1")))

    assert "Source debian-12 12" in page.text
    assert "latest" not in page.text
    assert "Generation Gen 1 (BIOS)" in page.text


def test_before_an_attached_disk_is_deleted_the_page_says_why_it_cannot_be(house: House, browser: Browser) -> None:
    owned = browser.visit(f"{os_disk_of(house, house.api.machine('web1'))}/delete")

    assert "It is attached to a virtual machine." in owned.text
    assert "attached" not in browser.visit(f"{DATA}/delete").text


def test_a_running_machines_disk_can_be_copied_and_nothing_else_and_the_page_says_why(
    house: House, browser: Browser
) -> None:
    page = browser.visit(os_disk_of(house, house.api.machine("web1")))

    assert "Create snapshot" in page.links
    assert not {"Create image", "Export", "Delete"} & set(page.links)
    assert page.text.count("It is attached to a running virtual machine.") == 2
    assert "Detach it, or delete the machine first." in page.text


def test_a_reader_sees_no_command(house: House) -> None:
    page = house.browser(house.person("rita", "Reader")).visit(DATA)

    assert page.status == 200
    assert not {"Create snapshot", "Create image", "Export", "Delete"} & set(page.links)


def test_every_state_says_something_of_every_command() -> None:
    assert set(TABLE) == set(DiskState)
    for row in TABLE.values():
        assert set(row) == set(Command)


def test_every_reason_has_words(house: House) -> None:
    for language in ("en", "es"):
        words = house.portal.words[language]
        assert all(words(f"disk.why_{why}") for why in Why)


# --- its end ---------------------------------------------------------------------------------------------------------


def test_a_disk_goes_when_that_is_confirmed(house: House, browser: Browser) -> None:
    assert "az disk delete" in browser.visit(f"{DATA}/delete").text
    assert state(house, "data") == "Unattached"

    page = browser.send(f"{DATA}/delete")
    house.world.drive()

    assert page.path == "/portal/disks"
    assert house.api.call("GET", f"{COMPUTE}/disks/data").status_code == 404


def test_an_attached_disk_stays_and_the_api_says_why(house: House, browser: Browser) -> None:
    disk = os_disk_of(house, house.api.machine("web1"))

    page = browser.send(f"{disk}/delete")
    house.world.drive()

    assert page.status == 400
    assert "is attached to VM" in page.text
    assert browser.visit(disk).status == 200


# --- export ----------------------------------------------------------------------------------------------------------


def test_an_export_gives_an_address_for_as_long_as_one_likes_and_takes_it_back(house: House, browser: Browser) -> None:
    asked = browser.visit(f"{DATA}/export")
    assert "2.0 GiB" in asked.text
    assert state(house, "data") == "Unattached"

    page = browser.send(f"{DATA}/export", do="begin", seconds="14400")

    assert page.links["Download"].startswith(f"{house.world.rules.blob_url}/md-")
    assert 'download="data.vhd"' in page.html
    assert "2147484160 bytes" in page.text
    assert state(house, "data") == "ActiveSAS"

    again = browser.visit(str(page.answer.url))
    assert again.links["Download"] == page.links["Download"]

    ended = browser.send(f"{DATA}/export", do="end")
    assert "The address is no longer good." in ended.text
    assert "Download" not in ended.links
    assert state(house, "data") == "Unattached"


def test_the_address_ends_when_the_page_says(house: House, browser: Browser) -> None:
    now = house.world.clock.now()

    page = browser.send(f"{DATA}/export", do="begin", seconds="14400")

    until = now.replace(microsecond=0).timestamp() + 14400
    said = [f"{moment:%Y-%m-%d %H:%M}" for moment in (now.fromtimestamp(until, now.tzinfo),)]
    assert said[0] in page.text


def test_who_comes_without_the_operation_sees_no_address_and_can_end_it(house: House, browser: Browser) -> None:
    browser.send(f"{DATA}/export", do="begin")

    page = browser.visit(f"{DATA}/export")

    assert "There is already an address" in page.text
    assert "Download" not in page.links
    assert "End access" in page.buttons


def test_a_running_machines_disk_is_refused_with_the_advice_to_make_a_snapshot(house: House, browser: Browser) -> None:
    disk = os_disk_of(house, house.api.machine("web1"))

    page = browser.send(f"{disk}/export", do="begin")

    assert page.status == 400
    assert "is currently attached to running VM" in page.text
    assert "Make a snapshot and export that" in page.text
    assert page.links["Create snapshot"] == f"{disk}/snapshot"
    assert "md-" not in page.html


def test_a_reader_gets_no_address(house: House) -> None:
    reader = house.browser(house.person("rita", "Reader"))

    asked = reader.visit(f"{DATA}/export")
    page = reader.send(f"{DATA}/export", do="begin")

    assert "Create the address" not in asked.buttons
    assert page.status == 400
    assert "AuthorizationFailed" in page.text
    assert state(house, "data") == "Unattached"


def test_who_may_do_everything_in_one_group_only_exports_and_imports_there(house: House) -> None:
    ben = house.browser(house.person("ben", "Contributor", LAB))

    assert ben.visit("/portal/disks/import").status == 200
    assert ben.visit(f"{DATA}/image").status == 200
    assert "Download" in ben.send(f"{DATA}/export", do="begin").links
    upload = ben.send("/portal/disks/import", **IMPORT).answer.json()["upload"]
    house.world.drive()
    assert "address" in ben.send(upload, do="begin").answer.json()
    operation = ben.send(upload, do="end").answer.json()["operation"]
    assert ben.send(upload, do="ended", operation=operation).answer.json() == {"wait": True}


def test_a_readers_eye_on_the_owners_page_sees_no_address(house: House, browser: Browser) -> None:
    page = browser.send(f"{DATA}/export", do="begin")

    seen = house.browser(house.person("rita", "Reader")).visit(str(page.answer.url))

    assert "Download" in page.links
    assert "Download" not in seen.links
    assert "sig=" not in seen.html


# --- import ----------------------------------------------------------------------------------------------------------


def test_the_import_page_tells_the_script_everything_it_says_and_needs(browser: Browser) -> None:
    page = browser.visit("/portal/disks/import")

    for each in ("guard", "least", "most-os", "most-data", "cookie", "dynamic", "progress", "again"):
        assert f' data-{each}="' in page.html
    assert "/portal/static/upload.js" in page.html
    assert "A browser without script cannot upload a disk." in page.text


def test_without_script_the_form_shows_the_commands_for_what_was_filled_in(browser: Browser) -> None:
    page = browser.visit("/portal/disks/import?file=my.vhd&bytes=20972032&name=mine&group=lab&os=Windows&generation=V2")

    assert "az disk create" in page.text
    assert "--upload-size-bytes 20972032" in page.text
    assert "my.vhd" in page.text
    assert "guard=" not in page.answer.url.query.decode()


def test_an_import_goes_step_by_step_to_a_disk(house: House, browser: Browser) -> None:
    made = browser.send("/portal/disks/import", **IMPORT).answer.json()
    assert made == {"upload": "/portal/disks/lab/vhd/upload"}
    assert browser.send(made["upload"], do="begin").answer.json() == {"wait": True}
    house.world.drive()

    begun = browser.send(made["upload"], do="begin").answer.json()

    assert begun["address"].startswith(f"{house.world.rules.blob_url}/md-")
    disk = house.api.get(f"{COMPUTE}/disks/vhd")
    assert disk["properties"]["diskState"] == "ActiveUpload"
    assert disk["properties"]["hyperVGeneration"] == "V2"
    assert disk["sku"]["name"] == "Premium_LRS"

    # Nothing was put there, so it is no VHD; the API says so, and the disk waits for another upload.
    ended = browser.send(made["upload"], do="end").answer.json()
    asked = {"do": "ended", "operation": ended["operation"]}
    assert browser.send(made["upload"], **asked).answer.json() == {"wait": True}
    house.world.drive()
    assert "InvalidVhd" in browser.send(made["upload"], **asked).answer.json()["fault"]
    assert state(house, "vhd") == "ReadyToUpload"
    assert browser.visit("/portal/disks/lab/vhd").links["Upload a VHD"] == made["upload"]


def test_a_cancelled_import_leaves_nothing(house: House, browser: Browser) -> None:
    upload = browser.send("/portal/disks/import", **IMPORT).answer.json()["upload"]
    house.world.drive()
    browser.send(upload, do="begin")

    said = browser.send(upload, do="cancel").answer.json()
    assert said == {"wait": True}
    assert browser.send(upload, do="cancel").answer.json() == {"wait": True}
    house.world.drive()
    said = browser.send(upload, do="cancel").answer.json()
    house.world.drive()

    assert said == {"page": "/portal/disks"}
    assert house.api.call("GET", f"{COMPUTE}/disks/vhd").status_code == 404


def test_a_stopped_upload_leaves_the_disk_for_another_one(house: House, browser: Browser) -> None:
    upload = browser.send("/portal/disks/import", **IMPORT).answer.json()["upload"]
    house.world.drive()
    browser.send(upload, do="begin")
    browser.send(upload, do="stop")
    house.world.drive()

    assert browser.send(upload, do="stop").answer.json() == {"page": "/portal/disks/lab/vhd"}
    assert state(house, "vhd") == "ReadyToUpload"
    assert "address" in browser.send(upload, do="begin").answer.json()


def test_a_name_that_is_taken_is_refused_and_the_group_made_for_it_is_gone(house: House, browser: Browser) -> None:
    taken = browser.send("/portal/disks/import", **{**IMPORT, "name": "data"}).answer
    wrong = browser.send("/portal/disks/import", **{**IMPORT, "group": "*", "new_group": "new", "bytes": "7"}).answer
    house.world.drive()

    assert taken.status_code == 400
    assert "already" in taken.json()["fault"]
    assert "uploadSizeBytes" in wrong.json()["fault"]
    assert house.api.get(f"{COMPUTE}/disks/data")["properties"]["creationData"] == {"createOption": "Empty"}
    assert house.api.call("GET", LAB.replace("lab", "new")).status_code == 404


def test_steps_need_the_guard_and_are_known(browser: Browser) -> None:
    assert browser.send(f"{DATA}/upload", do="anything").answer.status_code == 400
    assert browser.request("POST", f"{DATA}/upload", form={"do": "cancel"}).status_code == 403


def test_a_reader_is_shown_no_form_to_import_with(house: House) -> None:
    page = house.browser(house.person("rita", "Reader")).visit("/portal/disks/import")

    assert "You lack the right to do this." in page.text
    assert "upload.js" not in page.html


@pytest.mark.parametrize(
    "path",
    ["/portal/disks", "/portal/disks/import", DATA, f"{DATA}/delete", f"{DATA}/export", f"{DATA}/upload"],
)
def test_the_pages_are_spanish_to_a_spanish_reader(house: House, path: str) -> None:
    house.api.machine("web1")

    page = house.browser(language="es").visit(path)

    assert page.status == 200
    assert page.left_in("en") == set()
