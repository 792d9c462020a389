"""While an image is being made: the page is loaded again, somebody else comes, the service dies and comes back.

A zone-resilient image is copied by qemu-img. This service finds one on its PATH that first waits until the test lets it
go on, and is Debian's from there on: so a capture is under way for as long as a test needs it to be.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.portal.browser import walk
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.terms import ENGLISH, TERMS
from tests.portal.browser.watch import Watch
from tests.service_process import serving

pytestmark = pytest.mark.long

TERM = TERMS["en"]
WAITS = """#!/bin/sh
# It becomes qemu-img itself: what ends with the service ends as ever.
[ "$1" = convert ] && exec flock --shared --no-fork "{gate}" {qemu_img} "$@"
exec {qemu_img} "$@"
"""
PATIENCE_MILLISECONDS = 60_000
"""For a page to find a service again; it asks at longer and longer distances."""


@dataclass(frozen=True)
class Gate:
    """Copies wait in front of it while it is shut. It opens when this process ends, whatever happens."""

    file: int

    def shut(self) -> None:
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def open(self) -> None:
        fcntl.flock(self.file, fcntl.LOCK_UN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mid-capture")


@pytest.fixture(scope="module")
def portal(folder: Path) -> Iterator[Portal]:
    """A portal like any other, on a service whose copies wait for the gate."""
    bin, qemu_img = folder / "bin", shutil.which("qemu-img")
    if qemu_img is None and not os.environ.get("CI"):
        pytest.skip("there is no qemu-img: make deps")
    bin.mkdir()
    (bin / "qemu-img").write_text(WAITS.format(gate=folder / "gate", qemu_img=qemu_img))
    (bin / "qemu-img").chmod(0o755)
    (folder / "gate").touch()
    with serving(folder / "data", settings={"PATH": f"{bin}:{os.environ['PATH']}"}) as service:
        yield Portal(service)


@pytest.fixture
def gate(portal: Portal, folder: Path) -> Iterator[Gate]:
    """Open: a first machine's disk is copied too."""
    file = os.open(folder / "gate", os.O_RDWR)
    yield Gate(file)
    os.close(file)


@pytest.fixture
def lab(portal: Portal, gate: Gate) -> Lab:
    return Lab(portal)


def begin(portal: Portal, page: Page, gate: Gate, lab: Lab, name: str) -> None:
    """A capture that has come as far as its first copy, and goes no further."""
    gate.shut()
    portal.enter(page)
    walk.to_capture(page, ENGLISH, name)
    fill(page)
    walk.create(page, ENGLISH)
    expect(page.get_by_role("row").filter(has_text="Create the image")).to_contain_text("0 B / ")
    assert lab.names("virtualMachines") == [name]


def fill(page: Page) -> None:
    walk.name_of(page, ENGLISH).fill("golden")
    zones = page.get_by_role("radiogroup", name=ENGLISH.zone_resiliency)
    zones.get_by_label(ENGLISH.on, exact=True).check()
    page.get_by_label(ENGLISH.delete).check()


def under_way(page: Page) -> None:
    expect(page.get_by_role("row").filter(has_text="Create the image")).to_contain_text(TERM.under_way)
    expect(page.get_by_role("link", name=TERM.to_group)).to_have_count(0)


def test_a_page_loaded_again_shows_how_far_it_is_and_then_its_end(
    portal: Portal, page: Page, gate: Gate, lab: Lab
) -> None:
    name = f"web-{lab.group}"
    lab.generalized(name)
    begin(portal, page, gate, lab, name)

    page.reload()

    under_way(page)
    shot(page, "mid-capture")
    gate.open()
    walk.see_end(page, TERM)
    assert lab.names("images") == ["golden"]
    assert lab.names("virtualMachines") == []


def test_the_second_of_two_is_refused_in_the_apis_words_and_does_no_harm(
    portal: Portal, new_page: NewPage, watch: Watch, gate: Gate, lab: Lab
) -> None:
    name, first, second = f"web-{lab.group}", new_page(), new_page()
    lab.generalized(name)
    walk.to_capture(portal.enter(second), ENGLISH, name)
    walk.name_of(second, ENGLISH).fill("other")
    begin(portal, first, gate, lab, name)

    watch.expect("status of 400")
    walk.create(second, ENGLISH)

    expect(second.get_by_role("alert")).to_contain_text(name)
    assert second.get_by_role("alert").inner_text().startswith("OperationNotAllowed: ")
    expect(walk.name_of(second, ENGLISH)).to_have_value("other")
    shot(second, "capture-busy")
    gate.open()
    walk.see_end(first, TERM)
    assert lab.names("images") == ["golden"]


def test_a_page_finds_the_service_again_that_was_killed_and_shows_the_end(
    portal: Portal, page: Page, watch: Watch, gate: Gate, lab: Lab
) -> None:
    name = f"web-{lab.group}"
    lab.generalized(name)
    begin(portal, page, gate, lab, name)
    loaded = page.evaluate("() => { window.kept = true; return performance.timeOrigin; }")

    portal.service.kill()
    portal.service.start()
    assert lab.names("virtualMachines") == [name]
    gate.open()

    expect(page.get_by_role("link", name=TERM.to_group)).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    assert page.evaluate("() => performance.timeOrigin") == loaded, "the page was loaded again"
    assert lab.names("images") == ["golden"]
    assert lab.names("virtualMachines") == []
    page.reload()
    walk.see_end(page, TERM)
    # How often it asked in vain is the browser's own affair.
    watch.faults[:] = [each for each in watch.faults if "net::ERR_" not in each and "htmx:sse:error" not in each]
