"""Every page of one thing, by the portal's own table: everybody can use it, in both languages, and it is pictured.

What is shown is one of each kind: a machine and a generalized one, an image, a disk, a snapshot, what was done, and
their group. A page that is added to the table is looked at too, or its example is missing here and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from calco.model.document import Document, text_at
from calco.portal import app
from calco.portal.visit import ROOT
from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Person, Portal
from tests.portal.browser.shot import shot

PATHS = sorted({page.path for page in app.PAGES if "{" in page.path})
LOOKS: Mapping[str, dict[str, Any]] = {
    "wide": {},
    "narrow": {"viewport": {"width": 400, "height": 800}, "color_scheme": "dark"},
}
WALKS = [
    pytest.param("en-US", "wide", marks=pytest.mark.slow, id="english wide"),
    pytest.param("es-ES", "narrow", marks=pytest.mark.slow, id="spanish narrow"),
    pytest.param("es-ES", "wide", marks=pytest.mark.long, id="spanish wide"),
    pytest.param("en-US", "narrow", marks=pytest.mark.long, id="english narrow"),
]
LEADS_ON = {"/virtual-machines/{group}/{name}/console/address", "/disks/{group}/{name}/upload"}
"""They lead to another page when there is nothing to do on them."""
EMPTY: Document = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [],
}


@dataclass(frozen=True)
class Scene:
    """One of each kind in a group, and a capture that was made of it."""

    lab: Lab
    operation: str
    names: Mapping[str, str]

    def path(self, pattern: str) -> str:
        """The address of that page about one of its kind."""
        kind = pattern.split("/")[1]
        if kind == "operations":
            return pattern.format(id=self.operation)
        if kind == "tags":
            return f"/tags{self.lab.id}"
        return pattern.format(group=self.lab.group, name=self.names[kind])


@pytest.fixture(scope="module")
def scene(portal: Portal) -> Scene:
    lab = Lab(portal)
    machine = lab.machine("web", diagnosticsProfile={"bootDiagnostics": {"enabled": True}})
    lab.image("golden", lab.generalized("old"))
    disk = f"{lab.compute}/disks/data"
    lab.put(disk, {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}})
    copied: Document = {"createOption": "Copy", "sourceResourceId": disk}
    lab.put(f"{lab.compute}/snapshots/before", {"location": "eastus", "properties": {"creationData": copied}})
    deployed: Document = {"properties": {"mode": "Incremental", "template": EMPTY}}
    lab.put(f"{lab.id}/providers/Microsoft.Resources/deployments/deployed", deployed)
    wanted: Document = {"image": f"{lab.compute}/images/made", "zoneResilient": True}
    made = lab.generalized("source")
    operation = lab.portal.service.client.send("POST", f"{made}/providers/Calco/createImage", wanted)
    names = {
        "virtual-machines": machine.rpartition("/")[2],
        "images": "golden",
        "disks": "data",
        "snapshots": "before",
        "resource-groups": lab.group,
        "deployments": "deployed",
    }
    return Scene(lab, text_at(operation.json(), "name") or "", names)


@pytest.mark.parametrize(("locale", "look"), WALKS)
def test_everybody_can_use_every_page_of_one_thing(
    portal: Portal, new_page: NewPage, scene: Scene, locale: str, look: str
) -> None:
    page = portal.enter(new_page(locale=locale, **LOOKS[look]))
    wrong = []
    for pattern in PATHS:
        wrong += [
            f"{pattern}: {each}" for each in faults_of(page, f"{portal.base}{ROOT}{scene.path(pattern)}", pattern)
        ]
        shot(page, named(pattern) + ("" if look == "wide" else f"-{look}"))

    assert wrong == []


@pytest.mark.slow
def test_a_machine_that_is_running_or_generalized_is_captured_on_a_page_for_everybody(
    portal: Portal, each_page: Page, scene: Scene
) -> None:
    portal.enter(each_page)
    for name in ("web", "old"):
        for end in ("", "/capture"):
            each_page.goto(f"{scene.lab.page('virtual-machines', name)}{end}")
            assert axe(each_page) == []
            shot(each_page, f"virtual-machine-{name}{end.replace('/', '-')}")


@pytest.mark.slow
def test_a_reader_is_offered_no_change_of_anything(portal: Portal, page: Page, scene: Scene, reader: Person) -> None:
    portal.sign_in(page, reader)
    offered = []
    for pattern in PATHS:
        if pattern.count("/") > pattern.count("{") + 1 or pattern in LEADS_ON or pattern.startswith("/tags"):
            continue  # only what is opened for its own sake: forms are looked at by those who may send them
        page.goto(f"{portal.base}{ROOT}{scene.path(pattern)}")
        main = page.get_by_role("main")
        offered += [f"{pattern}: {each}" for each in main.locator("form[method=post]").all_inner_texts()]
        for end in ("capture", "delete", "create-vm", "image", "snapshot", "tags"):
            offered += [f"{pattern}: {each}" for each in main.locator(f"a[href$='/{end}']").all_inner_texts()]

    assert offered == []


def faults_of(page: Page, url: str, pattern: str) -> list[str]:
    """What is wrong with the page at that address."""
    answer = page.goto(url)
    assert answer is not None
    if answer.status != 200:
        return [f"status {answer.status}"]
    if page.url != url and pattern not in LEADS_ON:
        return [f"led to {urlsplit(page.url).path}"]
    found = [str(each) for each in axe(page)]
    width = page.evaluate("() => document.documentElement.scrollWidth")
    viewport = page.viewport_size
    if viewport is not None and width > viewport["width"]:
        found.append(f"{width} pixels wide")
    return found


def named(pattern: str) -> str:
    words = [each for each in pattern.split("/") if each and "{" not in each]
    return "one-" + "-".join(words)
