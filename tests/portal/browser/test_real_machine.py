"""The portal on a real machine, by mouse and by what a person reads: its console is typed into, its screen seen, and an
image captured of it, of which another comes. Two boots, one after the other.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from calco.model.document import Document
from tests.boot.lab import BOOT_SECONDS, DEBIAN_V1, USER, Lab, laboratory
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.watch import Watch

pytestmark = [pytest.mark.guest, pytest.mark.long, pytest.mark.timeout(2400)]

PASSWORD = "Typed-in-1"
BOOT = BOOT_SECONDS * 1000
GUEST = 180_000
"""Milliseconds: for what a guest does on a busy machine."""
SEEN = """img => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(img, 0, 0);
    const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let lit = 0;
    for (let at = 0; at < bytes.length; at += 4) lit += bytes[at] + bytes[at + 1] + bytes[at + 2] > 150;
    return [canvas.width, canvas.height, lit];
}"""
"""Width, height, and how many points of a picture are not dark."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with laboratory(tmp_path_factory.mktemp("real")) as made:
        yield made


@pytest.fixture(scope="module")
def portal(lab: Lab) -> Portal:
    """In place of the one with simulated machines."""
    return Portal(lab.service)


def test_a_real_machine_is_typed_into_seen_captured_and_cloned(
    lab: Lab, portal: Portal, page: Page, watch: Watch, tmp_path: Path
) -> None:
    lab.put("virtualMachines", "source", source(lab))

    portal.enter(page)
    it_is_watched_until_it_runs(page)
    its_screen_and_its_log_are_seen(page)
    console = page.context.new_page()
    console.goto(page.url)
    it_is_typed_into(console)
    an_image_is_captured(page)
    the_console_says_so(console, watch)
    key = a_clone_is_created(page, tmp_path)

    assert lab.ssh("clone", "hostname; ls /home", key=key) == f"clone\n{USER}"
    assert lab.ssh("clone", "cat /opt/typed", key=key) == "by hand"
    assert lab.vm_id("clone") != lab.vm_id("source")


def source(lab: Lab) -> Document:
    login: Document = {"disablePasswordAuthentication": False}
    return lab.machine("source", {"imageReference": DEBIAN_V1}, adminPassword=PASSWORD, linuxConfiguration=login)


def it_is_watched_until_it_runs(page: Page) -> None:
    """The list changes by itself; nobody loads it again."""
    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Virtual machines").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="source", exact=True))
    expect(row).to_contain_text("Creating")
    shot(page, "real-creating")
    expect(row).to_contain_text("Succeeded", timeout=BOOT)
    expect(row).to_contain_text("Running")
    row.get_by_role("link", name="source", exact=True).click()
    expect(fact(page, "Provisioning")).to_have_text("Succeeded")


def its_screen_and_its_log_are_seen(page: Page) -> None:
    tab(page, "Boot diagnostics").click()
    page.get_by_role("button", name="Turn on boot diagnostics").click()
    screen = page.get_by_role("img", name="The screen of source")
    expect(screen).to_be_visible(timeout=GUEST)
    width, height, lit = screen.evaluate(SEEN)
    assert width >= 640
    assert height >= 400
    assert lit > 200, "the picture is black"
    log = page.get_by_role("region", name="Serial log")
    expect(log).to_contain_text("source login:", timeout=GUEST)
    expect(log).to_contain_text(re.compile(r"Cloud-init v\. \S+ finished at"), timeout=GUEST)  # the password is set
    assert "\x1b" not in log.inner_text()
    shot(page, "real-boot-diagnostics")


def it_is_typed_into(page: Page) -> None:
    """Somebody logs in at the terminal, and makes the machine forget whose it was."""
    tab(page, "Serial console").click()
    expect(page.get_by_text("Connected.", exact=True)).to_be_visible()
    terminal = page.get_by_role("region", name="Serial console").get_by_role("list")
    for line, answer in (
        (USER, "Password:"),
        (PASSWORD, f"{USER}@source"),
        ("tty; echo sum=$((40 + 2))", "/dev/ttyS0.*sum=42"),
        ("echo by hand | sudo tee /opt/typed; echo both=$((41 + 2))", "by hand.*by hand.*both=43"),
    ):
        typed(page, line)
        expect(terminal).to_contain_text(re.compile(answer, re.DOTALL), timeout=GUEST)
    assert PASSWORD not in terminal.inner_text()
    shot(page, "real-serial-console")
    typed(page, "clear; sudo waagent -deprovision+user -force >/dev/null; sync; echo done=$((40 + 2))")
    expect(terminal).to_contain_text("done=42", timeout=GUEST)


def typed(page: Page, line: str) -> None:
    page.keyboard.type(line)
    page.keyboard.press("Enter")


def an_image_is_captured(page: Page) -> None:
    page.get_by_role("link", name="Capture", exact=True).click()
    expect(page.get_by_role("heading", name="Create an image")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("golden")
    expect(page.get_by_label("Resource group", exact=True)).to_have_value("lab")
    page.get_by_label("Name of the virtual machine").fill("source")
    shot(page, "real-capture")
    page.get_by_role("button", name="Create", exact=True).click()

    page.wait_for_url("**/portal/operations/*")
    expect(page.get_by_text("The image golden is there.")).to_be_visible(timeout=GUEST)
    expect(fact(page, "How the disks were taken")).to_have_text("Shared: no bytes were copied")
    expect(fact(page, "Copied")).to_have_text("0 B")
    expect(fact(page, "Shared")).not_to_have_text("0 B")
    for step in ("Stop and deallocate the virtual machine", "Mark it as generalized", "Create the image"):
        expect(page.get_by_role("row", name=step)).to_contain_text("Succeeded")
    shot(page, "real-progress")


def the_console_says_so(page: Page, watch: Watch) -> None:
    """Whose machine has stopped under his hands is told, and so is whoever asks for it again."""
    expect(page.get_by_text("The machine does not run any more.")).to_be_visible()
    watch.expect("status of 409")
    page.get_by_role("button", name="Connect again").click()
    expect(page.locator("#serial-status")).to_contain_text("running")
    shot(page, "real-serial-console-over")
    page.close()


def a_clone_is_created(page: Page, folder: Path) -> Path:
    """The private key that its page offered."""
    page.get_by_role("link", name="Go to the image").click()
    expect(fact(page, "Source")).to_have_text("source")
    page.get_by_role("link", name="Create VM").click()
    page.get_by_label("Virtual machine name").fill("clone")
    expect(page.get_by_label("Virtual network and subnet")).to_have_value(re.compile("/net/subnets/default$"))
    shot(page, "real-create")
    page.get_by_role("button", name="Review + create").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download the private key").click()
    key = folder / "clone_key.pem"
    coming.value.save_as(key)
    key.chmod(0o600)
    page.get_by_label("I have downloaded the private key").check()
    shot(page, "real-review")
    page.get_by_role("button", name="Create", exact=True).click()

    expect(page.get_by_text("The virtual machine clone is there.")).to_be_visible(timeout=BOOT)
    shot(page, "real-deployment")
    page.get_by_role("link", name="Go to clone").click()
    expect(fact(page, "Provisioning")).to_have_text("Succeeded")
    expect(fact(page, "Power state")).to_have_text("Running")
    expect(fact(page, "Image")).to_have_text("golden")
    shot(page, "real-clone")
    return key


def tab(page: Page, name: str) -> Locator:
    return page.get_by_role("navigation", name="Parts of this page").get_by_role("link", name=name, exact=True)


def fact(page: Page, name: str) -> Locator:
    """The value beside a name in a page's list of facts."""
    exactly = page.get_by_role("term").filter(has_text=re.compile(f"^{re.escape(name)}$"))
    return page.locator("dl.facts > div").filter(has=exactly).get_by_role("definition")
