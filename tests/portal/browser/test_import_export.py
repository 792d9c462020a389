"""A VHD goes up in the browser and comes down again; what is no VHD sends nothing."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from calco.model import vhd
from calco.model.document import Document, objects_at, text_at
from calco.portal import words
from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.watch import Watch

MIB = 1024 * 1024
GUEST_BYTES = 21 * MIB
"""A little more than the least that can be uploaded; in pieces of 4 MiB the last is 1 MiB and the footer."""
FILLED = {0: b"\xeb\x63" + b"boot" * 100, 9 * MIB + 700: b"in the middle" * 100}
TEXTS = words.read()
Bend = Callable[[bytearray], None]


@pytest.fixture(scope="module")
def group(portal: Portal) -> str:
    id = f"{portal.service.client.subscription}/resourceGroups/vhds"
    portal.service.client.change("PUT", id, {"location": "eastus"}, label="group")
    return id


def disk_id(group: str, name: str) -> str:
    return f"{group}/providers/Microsoft.Compute/disks/{name}"


def disks_in(portal: Portal, group: str) -> list[str]:
    found = portal.service.client.get(f"{group}/providers/Microsoft.Compute/disks")
    return [text_at(each, "name") or "" for each in objects_at(found, "value")]


def file_at(path: Path, bend: Bend | None = None, guest_bytes: int = GUEST_BYTES) -> Path:
    """A sparse fixed VHD; ``bend`` spoils its footer, and the footer's checksum is put right afterwards."""
    footer = bytearray(
        vhd.footer(guest_bytes, "11111111-2222-3333-4444-555555555555", datetime(2024, 1, 1, tzinfo=UTC))
    )
    if bend is not None:
        bend(footer)
        footer[64:68] = struct.pack(">I", ~(sum(footer[:64]) + sum(footer[68:])) & 0xFFFFFFFF)
    with path.open("wb") as file:
        for offset, data in FILLED.items():
            file.seek(offset)
            file.write(data)
        file.seek(guest_bytes)
        file.write(footer)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return file_at(tmp_path / "small.vhd")


def changes(page: Page) -> list[Request]:
    """Fills up with every request of the page that could change anything."""
    found: list[Request] = []
    page.on("request", lambda each: found.append(each) if each.method not in ("GET", "HEAD", "OPTIONS") else None)
    return found


def fill(page: Page, portal: Portal, file: Path, name: str) -> dict[str, str]:
    """Open the page, fill in the form and press its button; its texts in the page's language."""
    page.goto(f"{portal.base}/portal/disks/import")
    language = page.locator("html").get_attribute("lang") or ""
    page.locator("#file").set_input_files(file)
    page.locator("#name").fill(name)
    page.locator("#group").select_option("vhds")
    page.locator("#upload-start").click()
    return dict(TEXTS[language].texts)


@pytest.mark.slow
def test_a_vhd_goes_up_without_its_empty_ranges_and_comes_down_byte_for_byte(
    portal: Portal, each_page: Page, group: str, good: Path, tmp_path: Path
) -> None:
    page = portal.enter(each_page)
    name = f"up-{page.locator('html').get_attribute('lang')}"
    sent = changes(page)

    said = fill(page, portal, good, name)
    page.wait_for_url(f"{portal.base}/portal/disks/vhds/{name}")

    puts = [each for each in sent if each.method == "PUT"]
    ranges = sorted(each.headers["x-ms-range"] for each in puts)
    middle = 9 * MIB + 512
    assert ranges == sorted(
        [f"bytes={GUEST_BYTES}-{GUEST_BYTES + 511}", "bytes=0-511", f"bytes={middle}-{middle + 1535}"]
    )
    assert all(each.url.startswith(portal.blob_origin) for each in puts)
    disk = portal.service.client.get(disk_id(group, name))
    assert text_at(disk, "properties", "diskState") == "Unattached"
    assert axe(page) == []
    shot(page, "disk")

    page.goto(f"{page.url}/export")
    assert axe(page) == []
    page.get_by_role("button", name=said["disk.give_access"]).click()
    link = page.get_by_role("link", name=said["disk.download"])
    expect(link).to_be_visible()
    assert axe(page) == []
    shot(page, "disk-export")
    with page.expect_download() as downloading:
        link.click()
    downloading.value.save_as(tmp_path / "back.vhd")

    assert downloading.value.suggested_filename == f"{name}.vhd"
    back, first = (tmp_path / "back.vhd").read_bytes(), good.read_bytes()
    assert len(back) == len(first)
    assert back[:GUEST_BYTES] == first[:GUEST_BYTES]
    assert vhd.read_footer(back[GUEST_BYTES:]).guest_bytes == GUEST_BYTES

    page.get_by_role("button", name=said["disk.end_access"]).click()
    expect(page.get_by_text(said["disk.access_ended"])).to_be_visible()
    assert text_at(portal.service.client.get(disk_id(group, name)), "properties", "diskState") == "Unattached"


def dynamic(footer: bytearray) -> None:
    footer[60:64] = struct.pack(">I", vhd.Kind.DYNAMIC)


def differencing(footer: bytearray) -> None:
    footer[60:64] = struct.pack(">I", vhd.Kind.DIFFERENCING)


def foreign(footer: bytearray) -> None:
    footer[:8] = b"connectx"


def cut(footer: bytearray) -> None:
    footer[48:56] = struct.pack(">Q", GUEST_BYTES + MIB)


WRONGS: dict[str, Bend] = {"dynamic": dynamic, "differencing": differencing, "cookie": foreign, "cut": cut}


@pytest.mark.slow
def test_a_file_that_is_no_fixed_vhd_sends_nothing_and_is_told_why(
    portal: Portal, each_page: Page, group: str, tmp_path: Path
) -> None:
    page = portal.enter(each_page)
    files = {why: file_at(tmp_path / f"{why}.vhd", bend) for why, bend in WRONGS.items()}
    files["unaligned"] = file_at(tmp_path / "unaligned.vhd", guest_bytes=GUEST_BYTES + 512)
    files["small"] = file_at(tmp_path / "little.vhd", guest_bytes=19 * MIB)
    files["checksum"] = file_at(tmp_path / "checksum.vhd")
    with files["checksum"].open("r+b") as damaged:
        damaged.seek(GUEST_BYTES + 200)
        damaged.write(b"!")
    sent = changes(page)

    for why, file in files.items():
        said = fill(page, portal, file, "wrong")
        begin = said[f"upload.{why}"].partition("{")[0]
        expect(page.locator("#upload-fault")).to_contain_text(begin)
        expect(page.locator("#upload-start")).to_be_enabled()
    assert axe(page) == []
    shot(page, "disk-import-refused")

    assert sent == []
    assert "wrong" not in disks_in(portal, group)


@pytest.mark.long
def test_a_page_that_is_lost_on_its_way_is_sent_again(
    portal: Portal, page: Page, watch: Watch, group: str, good: Path
) -> None:
    portal.enter(page)
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "PUT" and len(lost) < 2:
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(f"{portal.blob_origin}/**", lose)
    watch.expect("ERR_CONNECTION_RESET")
    watch.expect("ERR_CONNECTION_RESET")

    fill(page, portal, good, "lost")
    page.wait_for_url(f"{portal.base}/portal/disks/vhds/lost")

    assert len(lost) == 2
    assert text_at(portal.service.client.get(disk_id(group, "lost")), "properties", "diskState") == "Unattached"


@pytest.mark.long
def test_an_upload_that_is_cancelled_leaves_nothing(portal: Portal, new_page: NewPage, group: str, good: Path) -> None:
    page = portal.enter(new_page())
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PUT":
            held.append(route)
        else:
            route.continue_()

    page.route(f"{portal.blob_origin}/**", hold)

    fill(page, portal, good, "cancelled")
    expect(page.locator("#upload-progress")).to_be_visible()
    expect(page.locator("#upload-bytes")).to_contain_text("21.0 MiB")
    assert axe(page) == []
    shot(page, "disk-import-busy")
    page.locator("#upload-cancel").click()
    page.wait_for_url(f"{portal.base}/portal/disks")

    expect(page.get_by_role("link", name="cancelled", exact=True)).to_have_count(0)
    assert "cancelled" not in disks_in(portal, group)


@pytest.mark.long
def test_an_upload_that_broke_off_is_begun_anew_from_the_disks_page(
    portal: Portal, page: Page, group: str, good: Path, tmp_path: Path
) -> None:
    """What was left there by the first is cleared: the second file is emptier."""
    client = portal.service.client
    creation: Document = {"createOption": "Upload", "uploadSizeBytes": good.stat().st_size}
    body: Document = {"location": "eastus", "properties": {"creationData": creation}}
    client.change("PUT", disk_id(group, "anew"), body, label="disk")
    portal.enter(page)
    page.goto(f"{portal.base}/portal/disks/vhds/anew")
    page.get_by_role("link", name="Upload a VHD").click()
    other = file_at(tmp_path / "other.vhd", guest_bytes=22 * MIB)
    sent = changes(page)

    page.locator("#file").set_input_files(other)
    page.locator("#upload-start").click()
    expect(page.locator("#upload-fault")).to_contain_text(f"a file of {good.stat().st_size} bytes")
    assert sent == []
    assert axe(page) == []
    shot(page, "disk-upload")

    page.locator("#file").set_input_files(good)
    page.locator("#upload-start").click()
    page.wait_for_url(f"{portal.base}/portal/disks/vhds/anew")

    kinds = [each.headers["x-ms-page-write"] for each in sent if each.method == "PUT"]
    assert kinds == ["clear", "update", "update", "update"]
    assert text_at(client.get(disk_id(group, "anew")), "properties", "diskState") == "Unattached"
