"""The first page: what there is, what goes on, what happened last, what the host has left."""

from dataclasses import replace

import pytest

from calco.model.host import Examination, HostWarning
from tests.ailing import UNHEARD_OF
from tests.arm.api import COMPUTE, LAB
from tests.portal.house import Browser, House
from tests.standing import HOST, StandingHost

pytestmark = pytest.mark.slow


def test_an_empty_service_says_what_to_do_first(browser: Browser) -> None:
    page = browser.visit("/portal/")

    assert page.status == 200
    assert page.links["Create a resource group"] == "/portal/resource-groups"
    assert "Nothing is going on." in page.text


def test_what_there_is_is_counted_with_the_way_to_it(house: House, browser: Browser) -> None:
    house.api.with_network()
    house.api.image("golden", house.api.generalized("web1"))

    page = browser.visit("/portal/")

    counted = {"1 Resource groups", "1 Virtual machines", "1 Images", "2 Disks", "0 Snapshots"}
    assert counted <= set(page.links)
    assert page.links["1 Images"] == "/portal/images"


def test_what_goes_on_is_shown_until_it_has_ended(house: House, browser: Browser) -> None:
    house.api.with_network()
    web1 = house.api.machine("web1")
    operation = house.api.call("POST", f"{web1}/deallocate").headers["x-ms-request-id"]

    page = browser.visit("/portal/")
    assert page.links["Stop · virtual machine"] == f"/portal/operations/{operation}"

    house.world.drive()
    assert "Nothing is going on." in browser.visit("/portal/").text


def test_what_happened_last_is_shown_once_a_request_with_why_it_failed(house: House, browser: Browser) -> None:
    house.api.with_network()
    web1 = house.api.machine("web1")
    body = {"location": "eastus", "properties": {"sourceVirtualMachine": {"id": web1}}}
    house.api.call("PUT", f"{COMPUTE}/images/early", body)

    text = browser.visit("/portal/").text

    assert "requires the Virtual Machine 'web1' to be Generalized." in text
    assert text.count("Create or update · virtual machine web1") == 1


def test_the_hosts_room_and_what_it_lacks_are_shown(house: House, browser: Browser) -> None:
    host = house.world.cloud.host
    assert isinstance(host, StandingHost)
    lacks = HostWarning("memory", "limited", "memory: 1", "calco up", {"available": "1", "wanted": "4096"})
    host.view = replace(HOST, examination=Examination(house.world.clock.now(), (lacks, UNHEARD_OF)))

    text = browser.visit("/portal/").text
    spanish = house.browser(language="es").visit("/portal/")

    assert "8.0 GiB of 16.0 GiB in use" in text
    assert "40.0 GiB of 100 GiB in use" in text
    assert "Little memory is free: 1 MiB. Four small machines need 4096 MiB" in text
    assert "calco up" in text
    assert "Queda poca memoria libre: 1 MiB" in spanish.own
    assert f"{UNHEARD_OF.message} {UNHEARD_OF.mend}" in spanish.text
    assert UNHEARD_OF.message not in spanish.own, "it is marked as English"


def test_whoever_may_see_one_group_sees_that_alone_and_not_the_host(house: House) -> None:
    house.api.with_group()
    house.api.put(f"{LAB.removesuffix('lab')}secret", {"location": "eastus"})
    ana = house.browser(house.person("ana", "Reader", LAB))

    page = ana.visit("/portal/")

    assert page.status == 200
    assert "1 Resource groups" in page.links
    assert "This host" not in page.text
    assert "secret" not in page.html


def test_whoever_holds_nothing_sees_an_empty_page_and_no_refusal(house: House) -> None:
    house.api.with_group()
    nobody = house.browser(house.person("nobody"))

    page = nobody.visit("/portal/")

    assert page.status == 200
    assert "0 Resource groups" in page.links
