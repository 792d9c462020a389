"""A deployment's page: what it makes and how far each of it is, through reload, restart, failure and cancellation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from calco.model.document import Document
from calco.operations.engine import Engine
from calco.work import plans
from tests.arm.api import COMPUTE, LAB
from tests.portal.house import Browser, House
from tests.portal.view_actions import KEY

pytestmark = pytest.mark.slow

ONE = f"{LAB}/providers/Microsoft.Resources/deployments/it"
PAGE = "/portal/deployments/lab/it"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@pytest.fixture
def house(house: House) -> House:
    house.api.with_group()
    return house


def disk(name: str, size_gb: int = 1, *after: str, sku: str = "Standard_LRS") -> Document:
    return {
        "type": "Microsoft.Compute/disks",
        "apiVersion": "2024-03-02",
        "name": name,
        "location": "eastus",
        "dependsOn": [*after],
        "sku": {"name": sku},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": size_gb},
    }


def begin(house: House, *resources: Document) -> None:
    template: Document = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [*resources]}
    answer = house.api.call("PUT", ONE, {"properties": {"mode": "Incremental", "template": template}})
    assert answer.status_code == 201, answer.text


def test_what_is_made_and_what_is_yet_to_come_is_shown_through_a_restart(house: House, browser: Browser) -> None:
    begin(house, disk("one"), disk("two", 1, "[resourceId('Microsoft.Compute/disks', 'one')]"))

    page = browser.visit(PAGE)
    assert "0 of 2 resources are there." in page.text
    assert "one disk" in page.text
    assert "two disk Not begun" in page.text
    assert "two" not in page.links
    assert "Cancel deployment" in page.buttons
    house.restart()
    assert browser.visit(PAGE).text == page.text

    house.world.drive()
    page = browser.visit(PAGE)
    assert "2 of 2 resources are there." in page.text
    assert page.links["two"] == "/portal/disks/lab/two"
    assert "Cancel deployment" not in page.buttons


def test_an_open_page_is_sent_what_has_changed(house: House, browser: Browser) -> None:
    begin(house, disk("one"))

    (event,) = browser.watch(PAGE)

    assert "Accepted" in event
    assert "<html" not in event


@pytest.mark.slow
def test_a_failure_is_told_in_the_apis_words(house: House, browser: Browser) -> None:
    begin(house, disk("one"), disk("two", 1, "[resourceId('Microsoft.Compute/disks', 'one')]"))
    house.api.put(f"{LAB}/providers/Microsoft.Authorization/locks/no", {"properties": {"level": "ReadOnly"}})
    house.world.drive()

    page = browser.visit(PAGE)

    assert "The deployment failed. What was made stays." in page.text
    assert "ScopeLocked" in page.text
    assert page.html.count("ScopeLocked") >= 2


def test_a_deployment_is_canceled_and_what_was_not_begun_is_not_made(house: House, browser: Browser) -> None:
    begin(house, disk("one"), disk("two", 1, "[resourceId('Microsoft.Compute/disks', 'one')]"))

    page = browser.send(PAGE, do="cancel")
    house.world.drive()

    assert page.path == PAGE
    assert "The deployment was canceled." in browser.visit(PAGE).text
    assert house.api.call("GET", f"{COMPUTE}/disks/two").status_code == 404
    late = browser.send(PAGE, do="cancel")
    assert late.status == 400
    assert "DeploymentCannotBeCancelled" in late.text or "cancel" in late.text.lower()


def test_a_reader_sees_it_and_may_not_cancel_it(house: House) -> None:
    begin(house, disk("one"))
    reader = house.browser(house.person("rita", "Reader"))

    assert "Cancel deployment" not in reader.visit(PAGE).buttons
    refused = reader.send(PAGE, do="cancel")
    assert refused.status == 400
    assert "AuthorizationFailed" in refused.text
    house.world.drive()
    assert house.api.get(f"{COMPUTE}/disks/one")["name"] == "one"


@pytest.mark.slow
def test_a_machine_that_waits_for_its_images_turn_says_so(house: House, browser: Browser) -> None:
    house.world.cloud = replace(house.world.cloud, rules=replace(house.world.cloud.rules, deployments_at_once=1))
    house.restart()
    house.api.with_network()
    house.api.image("golden", house.api.generalized("src"))
    create = "/portal/images/lab/golden/create-vm"
    form = {"do": "create", "group": "lab", "name": "web", "count": "2", "size": "Standard_B1s", "user": "ana"}
    page = browser.send(create, **form, login="key", key=KEY, subnet="*", public="off")
    assert page.path.startswith("/portal/deployments/"), page.text
    drive_until_machines_stand_in_line(house)
    house.world.clock.move(timedelta(seconds=65))

    said = browser.visit(page.path)
    own = browser.visit("/portal/virtual-machines/lab/web0")

    assert "1:05 so far" in own.text, "on the machine's own page too, though a template asked for it"
    assert "Waiting for its turn: place 1 of 1. Image 'golden' is being deployed" in said.text
    assert said.text.count("1:05 so far") == 2, "each machine's own wait"
    house.world.drive()
    assert "2 virtual machines are there." in browser.visit(page.path).text


def drive_until_machines_stand_in_line(house: House) -> None:
    """Carry everything on but the machines themselves."""
    engine = Engine(house.world.cloud, house.world.records, plans.BOOK, house.world.clock)
    for _ in range(100):
        unfinished = house.world.unfinished()
        others = [each for each in unfinished if each.plan != "machine.create"]
        if len(unfinished) - len(others) == 2:
            return
        for each in others:
            engine.advance(each.id)
    raise AssertionError("the machines were never asked for")


@pytest.mark.slow
def test_the_page_is_spanish_to_a_spanish_reader(house: House) -> None:
    ana = house.browser(language="es")
    begin(house, disk("one"), disk("two", 1, "[resourceId('Microsoft.Compute/disks', 'one')]"))
    under_way = ana.visit(PAGE)
    house.api.put(f"{LAB}/providers/Microsoft.Authorization/locks/no", {"properties": {"level": "ReadOnly"}})
    house.world.drive()
    failed = ana.visit(PAGE)

    for page in (under_way, failed):
        assert page.left_in("en") == set()
    assert "Cancelar implementación" in under_way.buttons
    assert "La implementación ha fallado." in failed.text
