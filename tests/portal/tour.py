"""What a person may come to see in the portal, in one language: also what is empty, under way, wrong, refused.

for name, page in Tour(house, "es").pages():      # from a house in which nothing is yet
    ...
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from calco.model.document import Document
from calco.model.host import Examination
from calco.portal.app import PAGES
from tests.ailing import UNHEARD_OF, ailments
from tests.arm.api import COMPUTE, LAB
from tests.portal.house import Browser, House, Shown
from tests.portal.test_machine_create import carried
from tests.standing import HOST, StandingHost
from tests.world import KEY, LOCATION

PORTAL = "/portal"
MACHINES, GOLDEN, DATA = f"{PORTAL}/virtual-machines", f"{PORTAL}/images/lab/golden", f"{PORTAL}/disks/lab/data"
LISTS = [each.path for each in PAGES if "{" not in each.path and each.path not in ("/", "/virtual-machines/delete")]
NAMED = {
    "virtual-machines": "web1",
    "images": "golden",
    "disks": "data",
    "snapshots": "before",
    "resource-groups": "lab",
    "deployments": "made",
}
TABS = ("", "/disks", "/networking", "/activity", "/boot-diagnostics", "/console", "/connect")
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [],
}
ON: Document = {"bootDiagnostics": {"enabled": True}}
NEW_MACHINE = {
    "do": "review", "group": "lab", "new_group": "", "name": "web", "count": "1", "size": "Standard_B1s",
    "user": "azureuser", "login": "key", "key": KEY, "subnet": "*", "network": "", "public": "on",
}  # fmt: skip
WRONG_MACHINES: Sequence[dict[str, str | Sequence[str]]] = (
    {"name": "", "count": "99", "key": "no key", "user": "", "size": ""},
    {"name": "no name", "user": "root", "subnet": "/gone", "group": "*"},
    {"name": "web1", "tag": ["a<b"], "tag_value": ["1"]},
)
CAPTURE = {"name": "picture", "group": "lab", "new_group": "", "zone_resiliency": "on", "delete": "on"}
WRONG_CAPTURES = (
    {"name": ""},
    {"name": "no name"},
    {"confirm": "another"},
    {"name": "golden"},
    {"group": "*"},
    {"group": "*", "new_group": "a/b"},
)
WRONG_IMPORTS: Sequence[dict[str, str]] = (
    {},
    {"name": "vhd", "group": "*", "new_group": "", "location": LOCATION, "bytes": "7", "file": "a.iso"},
    {"name": "data", "group": "lab", "location": LOCATION, "os": "Linux", "bytes": "1049088", "file": "a.vhd"},
)


@dataclass
class Tour:
    """``house`` is empty at first; what it is furnished with is called as ``NAMED`` says."""

    house: House
    language: str
    browser: Browser = field(init=False)
    doctors: set[str] = field(default_factory=set, init=False)
    """What the doctor has said, in its own English, of the host that lacks everything."""

    def __post_init__(self) -> None:
        self.browser = self.house.browser(language=self.language)

    def pages(self) -> Iterator[tuple[str, Shown]]:
        """How one came there, and what was shown."""
        yield from self.outside()
        yield from self.ailing()
        yield from self.empty()
        operations = self.furnish()
        yield from self.every(operations)
        yield from self.machines()
        yield from self.wrong()
        yield from self.refused()
        yield from self.under_way()

    def see(self, path: str, browser: Browser | None = None) -> tuple[str, Shown]:
        return path, (browser or self.browser).visit(path)

    def send(self, path: str, browser: Browser | None = None, /, **form: str | Sequence[str]) -> tuple[str, Shown]:
        return f"{path} {form}", (browser or self.browser).send(path, **form)

    def outside(self) -> Iterator[tuple[str, Shown]]:
        anybody = self.house.browser(language=self.language, signed_in=False)
        for end in ("", "?why=link", "?why=failed", "?why=out"):
            yield self.see(f"{PORTAL}/sign-in{end}", anybody)
        yield self.send(f"{PORTAL}/resource-groups", anybody, name="x")

    def ailing(self) -> Iterator[tuple[str, Shown]]:
        """On a host that lacks everything."""
        host, now = self.house.world.cloud.host, self.house.world.clock.now()
        assert isinstance(host, StandingHost)
        found = (*ailments(self.house.folder / "ailing"), UNHEARD_OF)
        host.view = replace(HOST, examination=Examination(now, found))
        self.doctors |= {each.message for each in found if each is not UNHEARD_OF}
        yield self.see(f"{PORTAL}/")

    def empty(self) -> Iterator[tuple[str, Shown]]:
        for path in ("/", *LISTS):
            yield self.see(f"{PORTAL}{path}")
        self.house.api.with_group()
        yield self.see(f"{PORTAL}/resource-groups/lab")
        yield self.see(f"{PORTAL}/resource-groups/lab/delete")

    def furnish(self) -> list[str]:
        """One of everything; the ids of what was done for it."""
        api = self.house.api
        api.with_network()
        api.image("golden", api.generalized("web1"))
        api.machine("on", diagnosticsProfile=ON)
        api.machine("off")
        api.post(f"{COMPUTE}/virtualMachines/off/deallocate")
        empty = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
        api.put(f"{COMPUTE}/disks/data", empty)
        source = {"createOption": "Copy", "sourceResourceId": f"{COMPUTE}/disks/data"}
        api.put(f"{COMPUTE}/snapshots/before", {"location": LOCATION, "properties": {"creationData": source}})
        made: dict[str, object] = {"properties": {"mode": "Incremental", "template": TEMPLATE}}
        api.put(f"{LAB}/providers/Microsoft.Resources/deployments/made", made)
        return [*dict.fromkeys(self.house.world.told)]

    def every(self, operations: Sequence[str]) -> Iterator[tuple[str, Shown]]:
        """Each page of the portal's table, each search without a hit, and how each kind of work ended."""
        for each in PAGES:
            yield self.see(self.address(each.path, operations[0]))
        for path in LISTS:
            yield self.see(f"{PORTAL}{path}?q=nothing-is-called-so")
        for id in operations:
            yield self.see(f"{PORTAL}/operations/{id}")

    def address(self, path: str, operation: str) -> str:
        """A page's address, of something that is there."""
        name = NAMED.get(path.split("/")[1], "lab")
        found = path.replace("{group}", "lab").replace("{name}", name).replace("{id}", operation)
        return f"{PORTAL}{found.replace('/{of:path}', LAB)}"

    def machines(self) -> Iterator[tuple[str, Shown]]:
        for name in ("on", "off", "web1"):
            for tab in TABS:
                yield self.see(f"{MACHINES}/lab/{name}{tab}")
            for end in ("delete", "capture"):
                yield self.see(f"{MACHINES}/lab/{name}/{end}")
        yield self.see(f"{MACHINES}/delete?machine=lab/on&machine=lab/gone")
        for do in ("start", "stop"):
            yield self.send(MACHINES, do=do)
            yield self.send(MACHINES, do=do, machine=["lab/on", "lab/web1", "lab/gone"])
            self.house.world.drive()
        yield self.send(f"{MACHINES}/lab/on/console/address")
        for name in ("on", "web1"):
            for do in ("stop", "restart", "inspect", "start"):
                _, page = asked = self.send(f"{MACHINES}/lab/{name}", do=do)
                yield asked
                self.house.world.drive()
                yield self.see(str(page.answer.url.raw_path, "ascii"))

    def wrong(self) -> Iterator[tuple[str, Shown]]:
        """Forms with faults in them."""
        for name in ("", "LAB", "a/b", "ends."):
            yield self.send(f"{PORTAL}/resource-groups", name=name, location="eastus")
        yield self.send(f"{PORTAL}/resource-groups", name="new", location="eastus", do="view")
        yield self.send(f"{PORTAL}/resource-groups/lab/delete", confirm="another")
        yield self.send(f"{PORTAL}/tags{LAB}", name=["a<b"], value=["1"])
        for changes in WRONG_CAPTURES:
            yield self.send(f"{MACHINES}/lab/on/capture", **{**CAPTURE, "confirm": "on", **changes})
        for faults in WRONG_MACHINES:
            yield self.send(f"{GOLDEN}/create-vm", **{**NEW_MACHINE, **faults})
        for login in ("generate", "password", "key"):
            _, review = reviewed = self.send(f"{GOLDEN}/create-vm", **{**NEW_MACHINE, "login": login})
            yield reviewed
            if login != "key":
                yield self.send(f"{GOLDEN}/create-vm", **carried(review))
                yield self.send(f"{GOLDEN}/create-vm", **carried(review, password="weak", repeated="other"))
        for end in ("snapshot", "image"):
            for name in ("", "no name", "before", "golden"):
                yield self.send(f"{DATA}/{end}", name=name, group="*" if not name else "lab", new_group="a/b")
        for wrong in WRONG_IMPORTS:
            yield self.send(f"{PORTAL}/disks/import", **wrong)

    def refused(self) -> Iterator[tuple[str, Shown]]:
        """To who may not; of what is not there; and what the portal itself does not take."""
        reader = self.house.browser(self.house.person("reader", "Reader"), self.language)
        nobody = self.house.browser(self.house.person("nobody"), self.language)
        pages = [self.address(each.path, "00000000-0000-0000-0000-000000000000") for each in PAGES]
        for path in pages:
            yield self.see(path, reader)
            yield self.see(path, nobody)
            yield self.see(path.replace("/lab", "/gone"))
        yield self.send(f"{MACHINES}/lab/on", reader, do="stop")
        yield self.send(f"{MACHINES}/lab/on/capture", reader, **CAPTURE)
        yield self.send(f"{GOLDEN}/create-vm", reader, **NEW_MACHINE)
        yield self.send(f"{GOLDEN}/delete", reader)
        yield self.see(f"{PORTAL}/no-such-page")
        yield self.send(f"{PORTAL}/resource-groups", name="x", location="eastus", guard="no guard")

    def under_way(self) -> Iterator[tuple[str, Shown]]:
        """While something goes on, when it has ended, and when it has failed."""
        began = [
            self.send(f"{MACHINES}/lab/on/capture", **{**CAPTURE, "confirm": "on"}),
            self.send(f"{GOLDEN}/create-vm", **{**NEW_MACHINE, "do": "create", "count": "2"}),
            self.send(f"{DATA}/snapshot", name="later", group="lab"),
            self.send(f"{DATA}/export", do="begin"),
        ]
        yield from began
        yield self.see(f"{PORTAL}/")
        yield self.see(f"{PORTAL}/activity")
        yield self.see(MACHINES)
        self.house.api.put(
            f"{LAB}/providers/Microsoft.Authorization/locks/no", {"properties": {"level": "CanNotDelete"}}
        )
        self.house.world.drive()
        for _, page in began:
            yield self.see(page.path)
        yield self.send(f"{DATA}/export", do="begin")
        yield self.send(f"{DATA}/export", do="end")
        yield self.send(f"{MACHINES}/lab/off/delete", machine="lab/off")
        yield self.send(f"{PORTAL}/resource-groups/lab/delete", confirm="lab")
        self.house.world.drive()
        for path in ("/", "/activity", "/virtual-machines"):
            yield self.see(f"{PORTAL}{path}")
