"""Everybody can use the pages of disks and snapshots, wide and narrow, light and dark, in both languages.

`test_one_thing` looks at each of them before every change; here is every look of them.
"""

from typing import Any

import pytest
from playwright.sync_api import Page

from calco.model.document import Document
from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.portal import Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.test_axe import NARROW, opened

pytestmark = pytest.mark.long

DISK, SNAPSHOT = "/portal/disks/diskpages/data", "/portal/snapshots/diskpages/kept"
PAGES = {
    "disks-filled": "/portal/disks",
    "snapshots-filled": "/portal/snapshots",
    "disk-empty": DISK,
    "disk-snapshot": f"{DISK}/snapshot",
    "disk-image": f"{DISK}/image",
    "disk-delete": f"{DISK}/delete",
    "disk-export-asked": f"{DISK}/export",
    "disk-upload-refused": f"{DISK}/upload",
    "snapshot": SNAPSHOT,
    "snapshot-image": f"{SNAPSHOT}/image",
    "snapshot-delete": f"{SNAPSHOT}/delete",
    "snapshot-export": f"{SNAPSHOT}/export",
}


@pytest.fixture(scope="module")
def scene(portal: Portal) -> Portal:
    """A portal with a disk and a snapshot of it."""
    client = portal.service.client
    group = f"{client.subscription}/resourceGroups/diskpages"
    compute = f"{group}/providers/Microsoft.Compute"
    client.change("PUT", group, {"location": "eastus"}, label="group")
    empty: Document = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}
    client.change("PUT", f"{compute}/disks/data", {"location": "eastus", "properties": empty}, label="disk")
    copy: Document = {"creationData": {"createOption": "Copy", "sourceResourceId": f"{compute}/disks/data"}}
    client.change("PUT", f"{compute}/snapshots/kept", {"location": "eastus", "properties": copy}, label="snapshot")
    return portal


@pytest.fixture(params=[{}, NARROW], ids=["wide", "narrow"])
def seen(request: pytest.FixtureRequest, new_page: NewPage, locale: str) -> Page:
    options: dict[str, Any] = request.param
    return new_page(locale=locale, **options)


def test_everybody_can_use_every_page(scene: Portal, seen: Page) -> None:
    scene.enter(seen)
    narrow = (seen.viewport_size or {"width": 0})["width"] == 400

    for name, path in PAGES.items():
        opened(seen, f"{scene.base}{path}")

        assert axe(seen) == [], path
        assert not narrow or seen.evaluate("() => document.documentElement.scrollWidth") <= 400, path
        shot(seen, f"{name}-narrow" if narrow else name)
