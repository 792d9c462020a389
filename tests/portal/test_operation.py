"""The progress page tells which path an image's bytes took, how far they are, and why."""

from datetime import timedelta

import pytest

from calco.operations.engine import Engine
from calco.work import image_capture, plans
from calco.work.operation import speaker
from tests.arm.api import COMPUTE
from tests.portal.house import TEXTS, Browser, House

pytestmark = pytest.mark.slow

WEB1 = f"{COMPUTE}/virtualMachines/web1"
GOLDEN = f"{COMPUTE}/images/golden"


@pytest.fixture
def house(house: House) -> House:
    house.api.with_network()
    house.api.machine("web1")
    for verb in ("deallocate", "generalize"):
        house.api.post(f"{WEB1}/{verb}")
    return house


def begun(house: House, *, zone_resilient: bool) -> str:
    """An image is asked for; the operation's id."""
    properties = {"sourceVirtualMachine": {"id": WEB1}, "storageProfile": {"zoneResilient": zone_resilient}}
    answer = house.api.call("PUT", GOLDEN, {"location": "eastus", "properties": properties})
    assert answer.status_code == 201, answer.text
    return answer.headers["x-ms-request-id"]


def test_what_is_shared_says_so_and_why_from_its_beginning_to_its_end(house: House, browser: Browser) -> None:
    page = f"/portal/operations/{begun(house, zone_resilient=False)}"

    for _ in range(2):
        text = browser.visit(page).text
        assert "How the disks were taken Shared: no bytes were copied" in text
        assert "Why An image shares its sources' volumes" in text
        assert "zone-resilient" not in text
        house.world.drive()
    assert "Copied 0 B" in browser.visit(page).text


def test_what_is_copied_says_why_however_far_it_is(house: House, browser: Browser) -> None:
    operation = begun(house, zone_resilient=True)
    page = f"/portal/operations/{operation}"
    speaker(house.world.cloud, operation, "Copying disk 'os'.", part=(2, 4))(3 << 20, 6 << 20)

    text = browser.visit(page).text

    assert "How the disks were taken Copied" in text
    assert "Why A zone-resilient image is a whole copy" in text
    assert "3.0 MiB / 6.0 MiB" in text
    assert "Copying disk 'os'. 50 % of" in text

    house.world.drive()

    text = browser.visit(page).text
    assert "Why A zone-resilient image is a whole copy" in text
    assert "Shared 0 B" in text
    assert "So far" not in text, "it has come to its end"


def test_a_step_that_copies_says_how_far_it_is_and_the_page_says_why(house: House, browser: Browser) -> None:
    """What is copied for a capture is told in its row, and there alone."""
    asked = {"image": GOLDEN, "zoneResilient": True}
    making = house.api.call("POST", f"{WEB1}/providers/Calco/createImage", asked).headers["x-ms-request-id"]
    world = house.world
    Engine(world.cloud, world.records, plans.BOOK, world.clock).advance(making)
    (copying,) = [each.id for each in world.unfinished() if each.plan == "image.replicate"]
    speaker(world.cloud, copying, "Copying disk 'os'.", part=(1, 2))(3 << 20, 6 << 20)
    world.clock.move(timedelta(hours=2, seconds=5))

    text = browser.visit(f"/portal/operations/{making}").text

    assert text.count("2:00:05 so far") == 2, "all of it, and the step"

    assert "3.0 MiB / 6.0 MiB Copying disk 'os'. 50 % of" in text
    assert text.count("Copying disk 'os'.") == 1
    assert "Why A zone-resilient image is a whole copy" in text


def test_every_plan_that_may_copy_has_its_reason() -> None:
    copying = [each for each in image_capture.PLANS if each != image_capture.CAPTURE.name]

    for words in TEXTS.values():
        keys = {f"operation.why_copied_{each.replace('.', '_').lower()}" for each in copying}
        assert keys == {each for each in words.texts if each.startswith("operation.why_copied_")}
