"""One virtual machine's page: what it tells, what it lets be done, and what becomes of what was done."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.types import Receive, Scope, Send

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.machine import Machine
from calco.portal.virtual_machine import TABS
from calco.portal.virtual_machine_console import plain
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api, machine_body, nic_body
from tests.arm.people import AUTHORIZATION, definition, guid
from tests.inspectors import looking, write_word
from tests.portal.house import Browser, House, Shown
from tests.world import LOCATION

pytestmark = pytest.mark.slow

WEB1 = "/portal/virtual-machines/lab/web1"
ID = f"{COMPUTE}/virtualMachines/web1"
ON: Document = {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}


@pytest.fixture
def house(house: House) -> House:
    house.api.with_network()
    house.api.machine("web1", tags={"team": "<web>"})
    return house


def diagnosed(api: Api) -> None:
    answer = api.call("PATCH", ID, {"properties": ON})
    assert answer.status_code in (200, 202), answer.text
    api.world.drive()


def power(api: Api) -> list[str]:
    return [each["code"] for each in api.get(f"{ID}/instanceView")["statuses"]]


# --- what it tells ---------------------------------------------------------------------------------------------------


def test_every_tab_of_a_running_machine_tells_its_part(browser: Browser) -> None:
    told = {
        "overview": ["Running", "Standard_B1s", "debian-12 12", "10.0.0.4", "azureuser", "team: <web>"],
        "disks": ["web1_OsDisk", "4 GiB", "OS disk", "stays"],
        "networking": ["web1-nic", "net/default", "10.0.0.4"],
        "activity": ["virtual machine", "Succeeded", "You"],
        "screen": ["Boot diagnostics are off"],
        "console": ["needs boot diagnostics", "az serial-console connect"],
        "connect": ["calco vm ssh -g lab web1", "It has no public IP address"],
    }
    assert set(told) == set(TABS)

    for tab, words in told.items():
        page = browser.visit(f"{WEB1}{TABS[tab].end}")
        assert page.status == 200, tab
        assert [each for each in words if each not in page.text] == [], tab


def test_a_machine_leads_to_the_image_it_came_from_and_to_its_disks(house: House, browser: Browser) -> None:
    image = house.api.image("golden", house.api.generalized("gold"))
    house.api.put(f"{COMPUTE}/virtualMachines/clone", machine_body("clone", house.api.nic("c-nic"), {"id": image}))

    overview = browser.visit("/portal/virtual-machines/lab/clone")
    disks = browser.visit("/portal/virtual-machines/lab/clone/disks")

    assert overview.links["golden"] == "/portal/images/lab/golden"
    assert any(each.startswith("/portal/disks/lab/clone_disk1") for each in disks.links.values())


def test_a_public_address_is_in_the_line_to_log_in_with(house: House, browser: Browser) -> None:
    body = {"location": "eastus", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    house.api.put(f"{NETWORK}/publicIPAddresses/ip", body)
    house.api.put(
        ID.replace("web1", "web2"), machine_body("web2", house.api.nic("n2", f"{NETWORK}/publicIPAddresses/ip"))
    )
    address = house.api.get(f"{NETWORK}/publicIPAddresses/ip")["properties"]["ipAddress"]

    page = browser.visit("/portal/virtual-machines/lab/web2/connect")

    assert f"ssh azureuser@{address}" in page.text


def test_the_verdict_on_the_disk_comes_with_its_evidence_and_findings_when_somebody_has_looked(
    house: House, browser: Browser
) -> None:
    looking(house.world)
    house.restart()
    write_word(house.world, ResourceId.parse(ID), "specialized")
    house.api.post(f"{ID}/deallocate")
    before = browser.visit(WEB1)

    after = browser.send(WEB1, do="inspect")
    later = browser.visit(WEB1)

    assert "Nobody has looked at its disk" in before.text
    for page in (after, later):
        assert "It is not generalized" in page.text
        assert "an SSH host key is there." in page.text
        assert "/etc/ssh/ssh_host_rsa_key" in page.text
        assert "rm -f /etc/ssh/ssh_host_*" in page.text


def test_a_look_that_is_not_kept_is_shown_once_and_not_wiped_away(house: House, browser: Browser) -> None:
    house.api.post(f"{ID}/deallocate")

    page = browser.send(WEB1, do="inspect")

    assert "It cannot be told" in page.text
    assert "Nobody looks at disks here." in page.text
    assert "Nothing was found that would harm clones." not in page.text
    assert 'id="live"' not in page.html


def test_there_is_no_page_of_a_machine_that_is_not_there(browser: Browser) -> None:
    for end in ("", "/disks", "/delete", "/console"):
        assert browser.visit(f"/portal/virtual-machines/lab/none{end}").status == 404


# --- what it lets be done --------------------------------------------------------------------------------------------


def test_a_running_machine_is_stopped_and_the_page_says_so_until_it_is(house: House, browser: Browser) -> None:
    page = browser.send(WEB1, do="stop")
    again = browser.visit(str(page.answer.url))
    house.world.drive()
    stopped = browser.visit(str(page.answer.url))

    assert "Stopping web1…" in page.text
    assert "Stopping (deallocating)" in again.text, "it survives a reload"
    assert "Something is under way with it." in page.text
    assert "web1 was stopped." in stopped.text
    assert "Start" in stopped.buttons
    assert "Stop" not in stopped.buttons


def test_how_long_a_machine_takes_to_start_is_told_while_one_waits(house: House, browser: Browser) -> None:
    house.api.post(f"{ID}/deallocate")
    page = browser.send(WEB1, do="start")
    house.world.clock.move(timedelta(seconds=65))

    (open_page,) = browser.watch(WEB1)

    assert "Starting web1… 1:05 so far" in browser.visit(str(page.answer.url)).text
    assert "Start · virtual machine 1:05 so far" in browser.visit(WEB1).text
    assert 'role="timer">1:05 so far' in open_page, "nobody is read each second"
    assert "tiempo transcurrido: 1:05" in house.browser(language="es").visit(WEB1).text
    house.world.drive()
    assert "so far" not in browser.visit(str(page.answer.url)).text


def test_an_operation_that_fails_says_why_in_the_apis_words(house: House, browser: Browser) -> None:
    house.api.post(f"{ID}/deallocate")
    page = browser.send(WEB1, do="start")
    house.world.hypervisor._capacity_mib = 1  # the fake's own size, which no request sets
    house.world.drive()

    failed = browser.visit(str(page.answer.url))

    assert "web1 could not be started." in failed.text
    assert "AllocationFailed" in failed.text
    assert "web1 was started." not in failed.text


def test_a_generalized_machine_cannot_start_and_the_page_says_why_and_what_to_do(
    house: House, browser: Browser
) -> None:
    house.api.post(f"{ID}/deallocate")
    house.api.post(f"{ID}/generalize")

    page = browser.visit(WEB1)

    assert "Start" not in page.buttons
    assert "It is generalized." in page.text
    assert "it can never start again" in page.text
    assert page.links["Capture"] == page.links["Capture it"] == f"{WEB1}/capture"


def test_a_command_that_comes_too_late_is_answered_where_it_was_given(house: House, browser: Browser) -> None:
    house.api.post(f"{ID}/deallocate")
    house.api.post(f"{ID}/generalize")

    page = browser.send(f"{WEB1}/disks", do="start")

    assert page.status == 409
    assert "since the VM is generalized" in page.text
    assert page.html.index("since the VM is generalized") < page.html.index('id="live"'), "it is not wiped away"
    assert "web1_OsDisk" in page.text, "the tab is still there"


def test_a_reader_sees_no_button_that_would_be_refused(house: House) -> None:
    page = house.browser(house.person("ana@example.org", "Reader")).visit(WEB1)
    sent = house.browser(house.person("eva@example.org", "Reader")).send(WEB1, do="stop")

    assert {"Start", "Restart", "Stop", "Inspect"} & set(page.buttons) == set()
    assert {"Capture", "Delete", "Edit tags"} & set(page.links) == set()
    assert "Running" in page.text
    assert "AuthorizationFailed" in sent.text
    assert "PowerState/running" in power(house.api)


def test_a_command_nobody_knows_does_nothing(house: House, browser: Browser) -> None:
    for said in ("", "explode", "capture", "connect"):
        assert browser.send(WEB1, do=said).status == 200
    assert "PowerState/running" in power(house.api)


def test_a_made_up_address_tells_of_nothing(browser: Browser) -> None:
    for query in ("did=delete", "did=explode", "did=stop&operation=11111111-2222-4333-8444-555555555555"):
        page = browser.visit(f"{WEB1}?{query}")
        assert page.status == 200
        assert "was stopped" not in page.text


def test_a_machine_called_like_a_tab_is_a_machine(house: House, browser: Browser) -> None:
    house.api.machine("disks")

    page = browser.send("/portal/virtual-machines/lab/disks", do="start")

    assert page.path == "/portal/virtual-machines/lab/disks"
    assert "10.0.0.5" in page.text


def test_an_open_page_changes_by_itself(house: House, browser: Browser) -> None:
    (shown,) = browser.watch(WEB1)
    house.api.post(f"{ID}/deallocate")
    house.restart()
    (later,) = browser.watch(WEB1)

    assert "Running" in shown
    assert "Stopped (deallocated)" in later
    assert "<html" not in shown, "only what changes is sent"


# --- deleting --------------------------------------------------------------------------------------------------------


DOOR, NIC = f"{NETWORK}/publicIPAddresses/door", f"{NETWORK}/networkInterfaces/web1-nic"


def carried_out_at_once(house: House) -> None:
    """What the service accepts has ended when it answers."""
    world = house.world
    world.cloud = replace(world.cloud, accepted=lambda _id: world.drive())
    house.restart()


def parts(house: House) -> tuple[str, str]:
    """Ids of the machine's OS disk and of its data disk."""
    profile = house.api.get(ID)["properties"]["storageProfile"]
    return profile["osDisk"]["managedDisk"]["id"], profile["dataDisks"][0]["managedDisk"]["id"]


def boxes(page: Shown) -> dict[str, str]:
    """What can go along by its name, and how its box is."""
    found = re.findall(r'name="take" value="[^"]*/([^"]+)"([^>]*)>', page.html)
    return {name: said.strip() for name, said in found}


def asked_for(page: Shown) -> list[str]:
    """What the page's form says it asked about."""
    return re.findall(r'name="asked" value="([^"]*)"', page.html)


def is_there(house: House, id: str) -> bool:
    return house.api.call("GET", id).status_code == 200


def test_deleting_takes_along_what_is_ticked_and_leaves_the_rest(house: House, browser: Browser) -> None:
    house.api.call("PATCH", ID, {"properties": {"storageProfile": {"osDisk": {"deleteOption": "Delete"}}}})
    house.world.drive()
    house.api.post(f"{ID}/deallocate")
    house.api.put(DOOR, {"location": LOCATION})
    house.api.put(NIC, nic_body(DOOR))
    carried_out_at_once(house)
    os_disk, data_disk = parts(house)

    asked = browser.visit(f"{WEB1}/delete")
    done = browser.send(f"{WEB1}/delete", machine="lab/web1", asked=asked_for(asked), take=[data_disk, NIC, DOOR])

    names = {each.rpartition("/")[2]: each for each in (os_disk, data_disk, NIC, DOOR)}
    assert boxes(asked) == {name: "checked" if id == os_disk else "" for name, id in names.items()}, "as it is set"
    assert done.path == "/portal/virtual-machines"
    assert [is_there(house, each) for each in (ID, data_disk, NIC, DOOR)] == [False] * 4
    assert house.api.get(os_disk)["properties"]["diskState"] == "Unattached"


def test_what_is_left_as_it_is_set_changes_nothing_before_the_machine_goes(house: House, browser: Browser) -> None:
    os_disk, data_disk = parts(house)

    asked = asked_for(browser.visit(f"{WEB1}/delete"))
    browser.send(f"{WEB1}/delete", machine="lab/web1", asked=asked)  # a change would still go on, and keep the machine
    house.world.drive()

    assert [is_there(house, each) for each in (ID, os_disk, data_disk, NIC)] == [False, True, True, True]


def test_rights_in_a_group_are_asked_for_once_for_all_that_is_in_it(house: House, browser: Browser) -> None:
    house.api.machine("web2")
    asked, inner = list[str](), house.app

    async def heard(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        await inner(scope, receive, send)

    house.app = heard
    browser.visit("/portal/virtual-machines/delete?machine=lab/web1&machine=lab/web2")

    assert len([each for each in asked if each.startswith(f"{LAB}/") and each.endswith("/permissions")]) == 1


def test_what_could_not_be_chosen_goes_as_the_page_showed_it(house: House, browser: Browser) -> None:
    os_disk, data_disk = parts(house)
    house.api.call("PATCH", ID, {"properties": {"storageProfile": {"osDisk": {"deleteOption": "Delete"}}}})
    asked = browser.visit(f"{WEB1}/delete")  # while the change goes on
    house.world.drive()
    carried_out_at_once(house)

    browser.send(f"{WEB1}/delete", machine="lab/web1", asked=asked_for(asked))

    assert (boxes(asked)[os_disk.rpartition("/")[2]], asked_for(asked)) == ("checked disabled", [])
    assert [is_there(house, each) for each in (ID, os_disk, data_disk)] == [False, False, True]


def test_a_machine_stays_when_what_was_chosen_can_be_chosen_no_more(house: House, browser: Browser) -> None:
    os_disk, _ = parts(house)
    asked = asked_for(browser.visit(f"{WEB1}/delete"))
    house.api.post(f"{ID}/deallocate")
    house.api.post(f"{ID}/generalize")

    page = browser.send(f"{WEB1}/delete", machine="lab/web1", asked=asked, take=os_disk)
    house.world.drive()

    assert (page.status, is_there(house, ID)) == (400, True)
    assert "Not deleted: web1. What can go along has changed since you chose." in page.text


def test_a_machine_whose_creation_failed_goes_with_what_is_ticked_and_is_not_created_again(
    house: House, browser: Browser
) -> None:
    house.world.hypervisor._capacity_mib = 1
    id, nic = f"{COMPUTE}/virtualMachines/web9", house.api.nic("web9-nic")
    house.api.call("PUT", id, machine_body("web9", nic))
    house.world.drive()
    before = house.api.get(id)["properties"]["provisioningState"]
    house.world.hypervisor._capacity_mib = 1 << 20
    started: list[Machine] = []
    house.world.guest = started.append
    carried_out_at_once(house)
    asked = asked_for(browser.visit("/portal/virtual-machines/lab/web9/delete"))

    done = browser.send("/portal/virtual-machines/delete", machine="lab/web9", asked=asked, take=nic)

    assert (before, done.path) == ("Failed", "/portal/virtual-machines")
    assert (is_there(house, id), is_there(house, nic)) == (False, False)
    assert started == []


def test_whoever_may_only_delete_the_machine_chooses_nothing_that_goes_with_it(house: House) -> None:
    removes = definition("removes", ("*/read", "Microsoft.Compute/virtualMachines/delete"), (SUB,))
    house.api.put(f"{SUB}/{AUTHORIZATION}/roleDefinitions/{guid('removes')}", removes)
    browser = house.browser(house.person("ana", guid("removes")))

    asked = browser.visit(f"{WEB1}/delete")
    done = browser.send(f"{WEB1}/delete", machine="lab/web1", take=NIC)
    house.world.drive()

    assert set(boxes(asked).values()) == {"disabled"}
    assert "You lack the right to do this." in asked.text
    assert done.path == "/portal/virtual-machines"
    assert (is_there(house, ID), is_there(house, NIC)) == (False, True)


def test_a_generalized_machine_goes_as_it_is_set_and_the_page_says_why(house: House, browser: Browser) -> None:
    house.api.post(f"{ID}/deallocate")
    house.api.post(f"{ID}/generalize")

    asked = browser.visit(f"{WEB1}/delete")

    assert set(boxes(asked).values()) == {"disabled"}
    assert "Network interface: web1-nic Cannot be chosen any more: the machine is generalized." in asked.text


def test_a_refused_deletion_is_told_on_the_page_that_asked(house: House, browser: Browser) -> None:
    lock = f"{ID}/providers/Microsoft.Authorization/locks/keep"
    house.api.put(f"{lock}?api-version=2020-05-01", {"properties": {"level": "CanNotDelete"}})

    page = browser.send(f"{WEB1}/delete", machine="lab/web1")

    assert page.status == 400
    assert "ScopeLocked" in page.text
    assert house.api.get(ID)


# --- boot diagnostics and the console --------------------------------------------------------------------------------


def test_boot_diagnostics_are_turned_on_where_they_are_missed(house: House, browser: Browser) -> None:
    page = browser.send(f"{WEB1}/boot-diagnostics", do="diagnose")
    house.world.drive()
    shown = browser.visit(f"{WEB1}/boot-diagnostics")

    assert page.status == 200
    assert 'src="data:image/png;base64,' in shown.html
    assert "simulated machine web1" in shown.text
    assert "sig=" not in shown.html, "no signed address is left on a page"


def test_a_reader_is_not_shown_the_screen(house: House) -> None:
    diagnosed(house.api)

    page = house.browser(house.person("ana@example.org", "Reader")).visit(f"{WEB1}/boot-diagnostics")

    assert page.status == 200
    assert "data:image" not in page.html
    assert "AuthorizationFailed" in page.text


def test_the_consoles_script_is_told_where_the_line_is_and_a_page_is_not(house: House, browser: Browser) -> None:
    diagnosed(house.api)

    page = browser.visit(f"{WEB1}/console")
    told = [browser.send(f"{WEB1}/console/address").answer for _ in range(2)]

    addresses = [json.loads(each.text)["address"] for each in told]
    assert all(each.startswith("wss://localhost:8443/calco/serialConsole/") for each in addresses)
    assert addresses[0] != addresses[1], "each opens the line once"
    assert told[0].headers["cache-control"] == "no-store"
    assert "token=" not in page.html
    assert browser.visit(f"{WEB1}/console/address").path == f"{WEB1}/console"


def test_the_consoles_script_hears_why_there_is_no_line(house: House, browser: Browser) -> None:
    off = browser.send(f"{WEB1}/console/address").answer
    reader = house.browser(house.person("ana@example.org", "Reader")).send(f"{WEB1}/console/address").answer

    assert (off.status_code, "boot diagnostics" in json.loads(off.text)["said"]) == (409, True)
    assert (reader.status_code, "AuthorizationFailed" in json.loads(reader.text)["said"]) == (403, True)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b[0;32m  OK  \x1b[0m Started\r\n", "  OK   Started\n"),
        ("\x1b]0;title\x07root# \x1b[2J\x1b[1;1H", "root# "),
        ("\x1b]0;title\x1b\\done", "done"),
        ("a\x08\x00\x7fb\x9b", "ab"),
        ("unended \x1b[", "unended "),
        ("one\rtwo\tthree", "one\ntwo\tthree"),
    ],
)
def test_what_a_terminal_would_obey_is_left_out_of_the_log(printed: str, shown: str) -> None:
    assert plain(printed) == shown


# --- both languages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_in_spanish_says_nothing_in_english(house: House, tab: str) -> None:
    house.api.post(f"{ID}/deallocate")
    house.api.post(f"{ID}/generalize")

    page = house.browser(language="es").visit(f"{WEB1}{TABS[tab].end}")

    assert page.status == 200
    assert page.left_in("en") == set()
