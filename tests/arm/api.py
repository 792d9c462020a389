"""The API over a world in memory: what a client would see, without a server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from calco.arm.app import Check, make_app
from calco.arm.endings import Endings
from calco.identity.errors import no_token
from calco.model.document import Document
from calco.model.principal import Caller
from tests.asgi import AsgiClient
from tests.world import KEY, LOCATION, SUBSCRIPTION, World

TENANT = "99999999-8888-4777-8666-555555555555"
SUB = f"/subscriptions/{SUBSCRIPTION}"
LAB = f"{SUB}/resourceGroups/lab"
COMPUTE = f"{LAB}/providers/Microsoft.Compute"
NETWORK = f"{LAB}/providers/Microsoft.Network"
VERSION = "2024-07-01"


def anyone(header: str | None, _authority: str) -> Caller:
    """Every token will do; none will not."""
    if header is None:
        raise no_token()
    return Caller("object", "client", TENANT)


@dataclass
class Api:
    world: World
    hold_seconds: float = 0
    version: str = VERSION
    endings: Endings = field(default_factory=Endings)
    check: Check = anyone

    def __post_init__(self) -> None:
        app = make_app(
            self.world.cloud, self.check, tenant=TENANT, endings=self.endings, hold_seconds=self.hold_seconds, threads=2
        )
        self.app = app
        self.client = AsgiClient(app, "https://cloud.test:8443")

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        version: str | None = None,
    ) -> httpx.Response:
        """One request. ``path`` may carry a query, and may be absolute as links are."""
        parts = urlsplit(path)
        path = path if not parts.scheme else f"{parts.path}?{parts.query}"
        if "api-version=" not in path:
            path = f"{path}{'&' if '?' in path else '?'}api-version={version or self.version}"
        return self.client.request(
            method,
            path,
            content=msgspec.json.encode(body) if body is not None else content,
            headers={"Authorization": "Bearer good", **(headers or {})},
        )

    def get(self, path: str, **more: Any) -> Any:
        """The body of a GET that must succeed."""
        answer = self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: object, **more: Any) -> httpx.Response:
        """A PUT that must be accepted, carried to its end."""
        answer = self.call("PUT", path, body, **more)
        assert answer.status_code in (200, 201, 202), answer.text
        return self._ended(answer)

    def post(self, path: str) -> httpx.Response:
        answer = self.call("POST", path)
        assert answer.status_code in (200, 202), answer.text
        return self._ended(answer)

    def delete(self, path: str) -> httpx.Response:
        answer = self.call("DELETE", path)
        assert answer.status_code in (202, 204), answer.text
        return self._ended(answer)

    def _ended(self, answer: httpx.Response) -> httpx.Response:
        self.world.drive()
        url = answer.headers.get("Azure-AsyncOperation")
        if url is not None:
            status = self.get(url)
            assert status["status"] == "Succeeded", status
        return answer

    # --- things to begin with ------------------------------------------------------------------------------------

    def with_group(self) -> "Api":
        self.put(LAB, {"location": LOCATION})
        return self

    def with_network(self) -> "Api":
        self.with_group()
        self.put(f"{NETWORK}/virtualNetworks/net", network_body())
        return self

    def nic(self, name: str, public: str | None = None) -> str:
        id = f"{NETWORK}/networkInterfaces/{name}"
        self.put(id, nic_body(public))
        return id

    def machine(self, name: str, **more: Document) -> str:
        """A running machine with a data disk at LUN 3."""
        id = f"{COMPUTE}/virtualMachines/{name}"
        self.put(id, machine_body(name, self.nic(f"{name}-nic")) | more)
        return id

    def generalized(self, name: str) -> str:
        id = self.machine(name)
        self.post(f"{id}/deallocate")
        self.post(f"{id}/generalize")
        return id

    def image(self, name: str, source: str) -> str:
        id = f"{COMPUTE}/images/{name}"
        self.put(id, image_body(source))
        return id


def network_body() -> Document:
    return {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    }


def nic_body(public: str | None = None) -> Document:
    properties: Document = {"subnet": {"id": f"{NETWORK}/virtualNetworks/net/subnets/default"}}
    if public is not None:
        properties["publicIPAddress"] = {"id": public}
    return {
        "location": LOCATION,
        "properties": {"ipConfigurations": [{"name": "primary", "properties": properties}]},
    }


def machine_body(name: str, nic: str, image: Document | None = None) -> Document:
    data_disks: Document = {} if image else {"dataDisks": [{"lun": 3, "createOption": "Empty", "diskSizeGB": 1}]}
    return {
        "location": LOCATION,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": {
                "imageReference": image
                or {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"},
                "osDisk": {"createOption": "FromImage"},
                **data_disks,
            },
            "osProfile": {
                "computerName": name,
                "adminUsername": "azureuser",
                "adminPassword": "Secret-word-1",
                "customData": "I2Nsb3VkLWNvbmZpZwo=",
                "linuxConfiguration": {
                    "ssh": {"publicKeys": [{"path": "/home/azureuser/.ssh/authorized_keys", "keyData": KEY}]}
                },
            },
            "networkProfile": {"networkInterfaces": [{"id": nic}]},
        },
    }


def image_body(source: str) -> Document:
    return {
        "location": LOCATION,
        "properties": {"sourceVirtualMachine": {"id": source}, "hyperVGeneration": "V1"},
    }


def without_etags(shown: Any) -> Any:
    """The same without what changes at every change: ETags, at any depth."""
    if isinstance(shown, dict):
        return {name: without_etags(each) for name, each in shown.items() if name != "etag"}
    return [without_etags(each) for each in shown] if isinstance(shown, list) else shown
