"""Create an image, page by page, as the document's eight steps have it; and all that must not happen."""

import html
import re

import pytest

from tests.arm.api import COMPUTE, SUB
from tests.portal.house import Browser, House

pytestmark = pytest.mark.slow

CAPTURE = "/portal/virtual-machines/lab/web1/capture"
WEB1 = f"{COMPUTE}/virtualMachines/web1"


@pytest.fixture
def house(house: House) -> House:
    house.api.with_network()
    house.api.machine("web1")
    return house


def filled(**changes: str) -> dict[str, str]:
    """The form as a person leaves it: the machine's own group, nothing ticked, its name typed."""
    return {"name": "golden", "group": "lab", "new_group": "", "zone_resiliency": "off", "confirm": "web1", **changes}


def power_of(house: House) -> list[str]:
    codes = [each["code"] for each in house.api.get(f"{WEB1}/instanceView")["statuses"]]
    return sorted(each for each in codes if each.startswith(("PowerState", "OSState")))


def images(house: House) -> list[str]:
    return [each["name"] for each in house.api.get(f"{SUB}/providers/Microsoft.Compute/images")["value"]]


def test_the_page_says_what_will_happen_to_a_running_machine_before_anything_does(
    house: House, browser: Browser
) -> None:
    page = browser.visit(CAPTURE)

    assert page.status == 200
    assert "the virtual machine is stopped and deallocated; it is marked as generalized." in page.text
    assert "can never be started again" in page.text
    assert "/snapshot" in page.links["make a snapshot of its OS disk"]
    assert f'value="web1-image-{house.world.clock.now():%Y%m%d%H%M%S}"' in page.html
    assert "az vm deallocate" in page.text
    assert power_of(house) == ["PowerState/running"]


@pytest.mark.parametrize(("os", "run", "not_run"), [("Linux", "waagent", "sysprep"), ("Windows", "sysprep", "waagent")])
def test_the_page_says_what_to_run_inside_by_the_machines_system(
    house: House, browser: Browser, os: str, run: str, not_run: str
) -> None:
    disk = {"creationData": {"createOption": "Empty"}, "osType": os, "diskSizeGB": 1}
    house.api.put(f"{COMPUTE}/disks/system", {"location": "eastus", "properties": disk})
    os_disk = {"createOption": "Attach", "osType": os, "managedDisk": {"id": f"{COMPUTE}/disks/system"}}
    properties = {
        "hardwareProfile": {"vmSize": "Standard_B1s"},
        "storageProfile": {"osDisk": os_disk},
        "networkProfile": {"networkInterfaces": [{"id": house.api.nic("own")}]},
    }
    house.api.put(f"{COMPUTE}/virtualMachines/own", {"location": "eastus", "properties": properties})

    page = browser.visit(CAPTURE.replace("web1", "own"))

    assert run in page.text
    assert not_run not in page.text


def test_what_is_refused_leaves_no_line_in_the_machines_activity(house: House, browser: Browser) -> None:
    browser.send(CAPTURE, **filled(name="no name"))

    lines = house.api.get(f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01")
    assert "Failed" not in {each["status"]["value"] for each in lines["value"]}
    assert "virtualMachines/write" in str(lines)


def test_an_image_is_made_and_the_page_behind_the_form_tells_how(house: House, browser: Browser) -> None:
    page = browser.send(CAPTURE, **filled())
    assert page.path.startswith("/portal/operations/")
    assert "You may leave this page" in page.text

    house.world.drive()
    page = browser.visit(page.path)

    assert "The image golden is there." in page.text
    assert "Stop and deallocate the virtual machine" in page.text
    assert "Shared: no bytes were copied" in page.text
    assert "Delete the virtual machine" not in page.text
    assert images(house) == ["golden"]
    assert power_of(house) == ["OSState/generalized", "PowerState/deallocated"]
    shown = browser.visit(page.links["Go to the image"])
    assert "web1" in shown.text


def test_a_new_group_is_made_and_the_machine_goes_when_that_is_ticked(house: House, browser: Browser) -> None:
    browser.send(CAPTURE, **filled(group="*", new_group="pictures", delete="on", zone_resiliency="on"))
    house.world.drive()

    image = house.api.get(f"{SUB}/resourceGroups/pictures/providers/Microsoft.Compute/images/golden")
    assert image["properties"]["storageProfile"]["zoneResilient"] is True
    assert house.api.call("GET", WEB1).status_code == 404


@pytest.mark.parametrize(
    ("changes", "said", "place"),
    [
        ({"confirm": "web2"}, "This is not the machine's name. Type web1.", "confirm"),
        ({"confirm": ""}, "This is not the machine's name. Type web1.", "confirm"),
        ({"name": "no name"}, "InvalidResourceName: ", "name"),
        ({"name": ""}, "Type a name for the image.", "name"),
        ({"group": "*"}, "Type a name for the new resource group", "group"),
        ({"name": "", "group": "*"}, "Type a name for the new resource group", "group"),
        ({"group": "nowhere"}, "ResourceGroupNotFound: ", "group"),
        ({"group": "*", "new_group": "bad."}, "InvalidResource", "new_group"),
    ],
)
def test_what_is_wrong_is_said_in_place_and_nothing_happens(
    house: House, browser: Browser, changes: dict[str, str], said: str, place: str
) -> None:
    page = browser.send(CAPTURE, **filled(**changes))

    assert (page.status, page.path) == (400, CAPTURE)
    fault = re.search(rf'id="{place}-fault"[^>]*>(.*?)</p>', page.html)
    assert fault is not None, page.text
    assert said in html.unescape(fault[1])
    assert 'value="golden"' in page.html or "name" in changes
    house.world.drive()
    assert power_of(house) == ["PowerState/running"]
    assert images(house) == []


def test_all_that_is_wrong_is_said_at_once(house: House, browser: Browser) -> None:
    page = browser.send(CAPTURE, **filled(name="", group="*", confirm="web2"))

    for place in ("name", "group", "confirm"):
        assert f'id="{place}-fault"' in page.html
    assert power_of(house) == ["PowerState/running"]


def test_a_name_that_is_taken_is_refused_with_everything_that_was_typed(house: House, browser: Browser) -> None:
    house.api.machine("web2")
    browser.send("/portal/virtual-machines/lab/web2/capture", **filled(confirm="web2"))
    house.world.drive()

    page = browser.send(CAPTURE, **filled(delete="on"))

    assert page.status == 400
    assert "ResourceAlreadyExists: The image 'golden' already exists" in page.text
    assert 'name="delete" value="on" checked' in page.html
    assert power_of(house) == ["PowerState/running"]


def test_a_reader_is_refused_while_the_machine_still_runs(house: House) -> None:
    reader = house.browser(house.person("rita", "Reader"))

    page = reader.send(CAPTURE, **filled())

    assert page.status in (400, 403)
    assert "AuthorizationFailed" in page.text
    assert power_of(house) == ["PowerState/running"]


def test_a_machine_that_is_generalized_already_asks_for_no_name(house: House, browser: Browser) -> None:
    house.api.post(f"{WEB1}/deallocate")
    house.api.post(f"{WEB1}/generalize")

    page = browser.visit(CAPTURE)
    assert "Before the image is made" not in page.text
    assert 'name="confirm"' not in page.html

    browser.send(CAPTURE, **{name: value for name, value in filled().items() if name != "confirm"})
    house.world.drive()
    assert images(house) == ["golden"]


def test_the_pages_are_spanish_to_a_spanish_reader(house: House) -> None:
    ana = house.browser(language="es")

    form = ana.visit(CAPTURE)
    progress = ana.send(CAPTURE, **filled())
    house.world.drive()
    done = ana.visit(progress.path)

    for page in (form, progress, done):
        assert page.status == 200
        assert page.left_in("en") == set()
    for words in ("Crear imagen", "Nombre", "Grupo de recursos", "Crear nuevo", "Resistencia de zona", "Activar"):
        assert words in form.text
    assert "Eliminar automáticamente esta máquina virtual después de crear la imagen" in form.text
    assert "Crear" in form.buttons
    assert "La imagen golden ya está creada." in done.text


def test_progress_survives_a_service_that_was_killed_in_between(house: House, browser: Browser) -> None:
    page = browser.send(CAPTURE, **filled())
    house.restart()

    assert "In progress" in browser.visit(page.path).text
    house.world.drive()
    assert "The image golden is there." in browser.visit(page.path).text
