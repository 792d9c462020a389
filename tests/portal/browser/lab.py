"""A resource group of a test's own, and what lies in it: set up and looked at through the public API.

lab = Lab(portal)                # a group that nobody else has
lab.machine("web1")              # running
lab.generalized("web2")          # deallocated and marked
"""

import itertools
import json
from dataclasses import dataclass, field

from calco.model.document import Document, objects_at, text_at
from tests.arm.api import LAB, SUB, machine_body, network_body, nic_body
from tests.portal.browser.portal import Portal

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Lab:
    portal: Portal
    group: str = field(default_factory=lambda: f"group{next(_numbers)}")

    def __post_init__(self) -> None:
        self.put(self.id, {"location": "eastus"})
        self.put(f"{self.network}/virtualNetworks/net", network_body())

    @property
    def id(self) -> str:
        return f"{self.portal.service.client.subscription}/resourceGroups/{self.group}"

    @property
    def compute(self) -> str:
        return f"{self.id}/providers/Microsoft.Compute"

    @property
    def network(self) -> str:
        return f"{self.id}/providers/Microsoft.Network"

    @property
    def path(self) -> str:
        """The group's page."""
        return f"{self.portal.base}/portal/resource-groups/{self.group}"

    def page(self, kind: str, name: str) -> str:
        """The page of one thing: ``page("virtual-machines", "web1")``."""
        return f"{self.portal.base}/portal/{kind}/{self.group}/{name}"

    def put(self, id: str, body: Document) -> Document:
        """Make or change something and wait for it. ``body`` may be one of ``tests.arm.api``, about its group."""
        here = json.dumps(body).replace(LAB, self.id).replace(SUB, self.portal.service.client.subscription)
        return self.portal.service.client.change("PUT", id, json.loads(here), label=id)

    def machine(self, name: str, **properties: object) -> str:
        """A running machine with a data disk; its id."""
        nic = f"{self.network}/networkInterfaces/{name}"
        self.put(nic, nic_body())
        body = json.loads(json.dumps(machine_body(name, nic)))
        body["properties"] |= properties
        id = f"{self.compute}/virtualMachines/{name}"
        self.put(id, body)
        return id

    def generalized(self, name: str) -> str:
        """A machine as the document starts with: deallocated, and marked as generalized; its id."""
        id = self.machine(name)
        for act in ("deallocate", "generalize"):
            self.portal.service.client.change("POST", f"{id}/{act}", label=act)
        return id

    def image(self, name: str, machine: str) -> Document:
        """An image of that generalized machine, by its id."""
        body: Document = {
            "location": "eastus",
            "properties": {"sourceVirtualMachine": {"id": machine}, "hyperVGeneration": "V1"},
        }
        return self.put(f"{self.compute}/images/{name}", body)

    # --- what has become of it ---------------------------------------------------------------------------------------

    def names(self, kind: str, group: str = "") -> list[str]:
        """What there is of a kind: ``names("images")``, here or in another group."""
        group_id = f"{self.portal.service.client.subscription}/resourceGroups/{group or self.group}"
        found = self.portal.service.client.list(f"{group_id}/providers/Microsoft.Compute/{kind}")
        return sorted(text_at(each, "name") or "" for each in found)

    def codes(self, name: str) -> list[str]:
        """The machine's power state and whether it is generalized, as the API says it."""
        view = self.portal.service.client.get(f"{self.compute}/virtualMachines/{name}/instanceView")
        codes = [text_at(each, "code") or "" for each in objects_at(view, "statuses")]
        return sorted(each for each in codes if each.startswith(("PowerState/", "OSState/")))
