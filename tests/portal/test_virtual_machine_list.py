"""The list of virtual machines: what is found, in which order, and what is done to several at once."""

import gc
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from calco.model.document import Document, object_at, objects_at
from calco.service import YOUNG_OBJECTS
from tests.arm.api import COMPUTE, LAB
from tests.portal.house import Browser, House, Shown

pytestmark = pytest.mark.slow

MACHINES = "/portal/virtual-machines"


@pytest.fixture
def house(house: House) -> House:
    """web1 runs, db1 is off, gold is generalized."""
    house.api.with_network()
    house.api.machine("web1")
    house.api.post(f"{house.api.machine('db1')}/deallocate")
    house.api.generalized("gold")
    return house


def names(page: Shown) -> list[str]:
    return [name for name, path in page.links.items() if path.startswith(f"{MACHINES}/lab/")]


def state(house: House, name: str) -> list[str]:
    statuses = house.api.get(f"{COMPUTE}/virtualMachines/{name}/instanceView")["statuses"]
    return [each["code"] for each in statuses if each["code"].startswith("PowerState/")]


def test_who_has_no_machine_yet_is_told_what_to_do_first(house: House, browser: Browser) -> None:
    for name in ("web1", "db1", "gold"):
        house.api.delete(f"{COMPUTE}/virtualMachines/{name}")

    page = browser.visit(MACHINES)

    assert "There are no virtual machines yet" in page.text
    assert page.links["See the images"] == "/portal/images"
    assert {"Start", "Stop", "Delete"} & set(page.buttons) == set()


def test_a_list_tells_of_each_machine_and_leads_to_it(browser: Browser) -> None:
    page = browser.visit(MACHINES)

    assert names(page) == ["db1", "gold", "web1"]
    assert page.links["web1"] == f"{MACHINES}/lab/web1", "the group as it is spelled, not in capitals"
    for word in ("Running", "Stopped (deallocated)", "Generalized (deallocated)", "10.0.0.4", "eastus", "Succeeded"):
        assert word in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=web", ["web1"]),
        ("q=10.0.0.5", ["db1"]),
        ("state=generalized_deallocated", ["gold"]),
        ("state=running&group=LAB", ["web1"]),
        ("group=other", []),
        ("sort=name&order=desc", ["web1", "gold", "db1"]),
        ("sort=address", ["web1", "db1", "gold"]),
        ("sort=state&order=desc", ["web1", "gold", "db1"]),
        ("sort=nonsense&page=99", ["db1", "gold", "web1"]),
    ],
)
def test_the_address_says_what_is_shown_and_in_which_order(browser: Browser, query: str, found: list[str]) -> None:
    assert names(browser.visit(f"{MACHINES}?{query}")) == found


def test_ticked_machines_are_stopped_and_the_others_are_not(house: House, browser: Browser) -> None:
    house.api.machine("web2")

    page = browser.send(f"{MACHINES}?sort=address", do="stop", machine="lab/web1")
    house.world.drive()

    assert "Stopping: 1" in page.text
    assert page.answer.url.params["sort"] == "address", "the list is as it was"
    assert state(house, "web1") == ["PowerState/deallocated"]
    assert state(house, "web2") == ["PowerState/running"]


def test_what_is_refused_for_one_is_done_for_the_others_and_told(house: House, browser: Browser) -> None:
    page = browser.send(MACHINES, do="start", machine=["lab/gold", "lab/db1"])
    house.world.drive()

    assert page.status == 400
    assert "gold: OperationNotAllowed" in page.text
    assert "db1: " not in page.text
    assert state(house, "db1") == ["PowerState/running"]
    assert state(house, "gold") == ["PowerState/deallocated"]


def test_ticked_machines_are_deleted_when_that_was_asked_once_more(house: House, browser: Browser) -> None:
    asked = browser.send(MACHINES, do="delete", machine=["lab/db1", "lab/gold"])
    house.world.drive()
    still_there = [house.api.call("GET", f"{COMPUTE}/virtualMachines/{each}").status_code for each in ("db1", "gold")]

    done = browser.send(asked.path, machine=["lab/db1", "lab/gold"])
    house.world.drive()

    assert asked.path == f"{MACHINES}/delete"
    assert "Virtual machines that will be deleted: 2" in asked.text
    assert still_there == [200, 200]
    assert "Deleting: 2" in done.text
    assert names(browser.visit(MACHINES)) == ["web1"]


@pytest.mark.parametrize("picked", [[], ["lab"], ["lab/web1/extra"], ["../../x/y"], ["lab/.."], ["lab/web1?x"]])
def test_what_names_no_machine_is_done_to_none(house: House, browser: Browser, picked: list[str]) -> None:
    for page in (browser.send(MACHINES, do="stop", machine=picked), browser.send(f"{MACHINES}/delete", machine=picked)):
        assert page.status == 400
    house.world.drive()

    assert state(house, "web1") == ["PowerState/running"]


def test_a_reader_has_nothing_to_tick_and_who_owns_one_group_has(house: House) -> None:
    reader = house.browser(house.person("ana@example.org", "Reader")).visit(MACHINES)
    owner = house.browser(house.person("eva@example.org", "Contributor", LAB)).visit(MACHINES)

    assert names(reader) == names(owner) == ["db1", "gold", "web1"]
    assert {"Start", "Stop", "Delete"} & set(reader.buttons) == set()
    assert 'name="machine"' not in reader.html
    assert {"Start", "Stop", "Delete"} <= set(owner.buttons)


def test_the_list_in_spanish_says_nothing_in_english(house: House) -> None:
    browser = house.browser(language="es")

    for path in (MACHINES, f"{MACHINES}/delete?machine=lab/web1", f"{MACHINES}/delete", f"{MACHINES}?q=none"):
        assert browser.visit(path).left_in("en") == set()


# --- many ------------------------------------------------------------------------------------------------------------

MANY, TIME_SECONDS = 1000, 0.3


@pytest.fixture
def as_served() -> Iterator[None]:
    """The collector as the service has it: what is there already is not looked at again and again."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def with_many(house: House) -> None:
    """As many machines in all, each with a NIC and two disks, written down and not made: that would take minutes."""
    world = house.world
    machine = world.resource(world.id("virtualMachines", "web1"))
    nic = world.resource(world.id("networkInterfaces", "web1-nic"))
    profile = object_at(machine.properties, "storageProfile")
    disk = world.resource(world.id("disks", str(object_at(profile, "osDisk")["name"])))
    with world.records.write() as tx:
        for number in range(MANY - 3):
            own = [replace(disk, id=world.id("disks", f"disk{number}-{lun}")) for lun in range(2)]
            for each in (*own, replace(nic, id=world.id("networkInterfaces", f"nic{number}"))):
                tx.put(each)
            managed: list[Document] = [{"id": str(each.id)} for each in own]
            properties: Document = {
                **machine.properties,
                "storageProfile": {
                    **profile,
                    "osDisk": {**object_at(profile, "osDisk"), "managedDisk": managed[0]},
                    "dataDisks": [{**objects_at(profile, "dataDisks")[0], "managedDisk": managed[1]}],
                },
                "networkProfile": {
                    "networkInterfaces": [{"id": str(world.id("networkInterfaces", f"nic{number}"))}],
                },
            }
            tx.put(replace(machine, id=world.id("virtualMachines", f"many{number:04}"), properties=properties))


@pytest.mark.long
@pytest.mark.usefixtures("as_served")
def test_a_thousand_machines_come_by_a_hundred_a_page_within_the_time(house: House, browser: Browser) -> None:
    with_many(house)

    took = []
    for _ in range(5):
        began = time.process_time()
        answer = browser.request("GET", f"{MACHINES}?sort=address&page=3")
        took.append(time.process_time() - began)

    page = Shown(answer)
    assert len(names(page)) == 100
    assert "1000 in all" in page.text
    assert "Page 3 of 10" in page.text
    assert names(browser.visit(f"{MACHINES}?q=many0500")) == ["many0500"]
    assert min(took) <= TIME_SECONDS, took
