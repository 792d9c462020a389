"""The state that recordings without request bodies begin in, and the bodies they must have sent.

xplat, Java and cloud-custodian kept answers only. What stood there before the first request, and what a PUT sent, is
read off the answers themselves: a resource as Azure showed it, sent back, is what a client would have asked for. Only
the shape of the answers is compared, so that is enough.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.arm.api import Api
from tests.contract.recorded import Exchange, exchanges
from tests.contract.replay import ours
from tests.contract.scope import EXCEPTED
from tests.world import KEY, SUBSCRIPTION

Document = dict[str, Any]

PASSWORD = "Secret-word-1"
VERSIONS = {"Microsoft.Compute": "2024-07-01", "Microsoft.Network": "2023-11-01", "Microsoft.Storage": "2016-12-01"}


class CannotBuild(Exception):
    """The state cannot be had here (yet); says which request was refused, and how."""


@dataclass
class Lab:
    """One group, filled by requests like a client's."""

    api: Api
    group: str
    location: str

    def __post_init__(self) -> None:
        self._done("PUT", self.root, {"location": self.location})

    @property
    def root(self) -> str:
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.group}"

    def put(self, type: str, name: str, body: Document) -> str:
        path = f"{self.root}/providers/{type}/{name}"
        self._done("PUT", path, {"location": self.location, **body}, VERSIONS[type.partition("/")[0]])
        return path

    def patch(self, path: str, body: Document) -> None:
        if body:
            self._done("PATCH", path, body)

    def post(self, path: str) -> None:
        self._done("POST", path, None)

    def _done(self, method: str, path: str, body: Document | None, version: str | None = None) -> None:
        answer = self.api.call(method, path, body, version=version)
        self.api.world.drive()
        status = answer.headers.get("azure-asyncoperation")
        ended = self.api.get(status) if status else {}
        failure = ended.get("error") or (answer.json().get("error") if answer.status_code >= 400 else None)
        if failure:
            raise CannotBuild(f"{method} {'/'.join(path.split('/')[-2:])} {answer.status_code} {failure['code']}")

    # --- what machines need --------------------------------------------------------------------------------------

    def account(self, name: str) -> None:
        self.put(
            "Microsoft.Storage/storageAccounts",
            name,
            {"sku": {"name": "Standard_LRS"}, "kind": "Storage", "properties": {}},
        )

    def delete(self, path: str) -> None:
        self._done("DELETE", path, None)

    def nic(self, name: str, public: str | None = None) -> None:
        """A NIC in a network of its own; ``public`` is the name of an address to make for it."""
        subnet = {"name": "subnet", "properties": {"addressPrefix": "10.0.0.0/24"}}
        network = self.put(
            "Microsoft.Network/virtualNetworks",
            "network",
            {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]}},
        )
        properties: Document = {"subnet": {"id": f"{network}/subnets/subnet"}}
        if public is not None:
            address = self.put("Microsoft.Network/publicIPAddresses", public, {"properties": {}})
            properties["publicIPAddress"] = {"id": address}
        self.put(
            "Microsoft.Network/networkInterfaces",
            name,
            {"properties": {"ipConfigurations": [{"name": "one", "properties": properties}]}},
        )

    def machine(self, shown: Document, public: str | None = None) -> str:
        """A machine as Azure showed it, with all it needs."""
        if "availabilitySet" in shown["properties"]:
            name = shown["properties"]["availabilitySet"]["id"].rpartition("/")[2]
            self.put("Microsoft.Compute/availabilitySets", name, {"tags": {}})
        for nic in shown["properties"]["networkProfile"]["networkInterfaces"]:
            self.nic(nic["id"].rpartition("/")[2], public)
        for account in sorted(accounts(shown)):
            self.account(account)
        return self.put("Microsoft.Compute/virtualMachines", shown["name"], machine_body(shown))


def accounts(document: Any) -> set[str]:
    """The storage accounts whose blobs a document names."""
    if isinstance(document, dict):
        return set().union(*(accounts(each) for each in document.values())) if document else set()
    if isinstance(document, list):
        return set().union(*(accounts(each) for each in document)) if document else set()
    if isinstance(document, str) and ".blob.core.windows.net" in document:
        return {document.removeprefix("https://").partition(".")[0]}
    return set()


def machine_body(shown: Document) -> Document:
    """What a client sent to get a machine that is shown so: with a password, and with a key of today."""
    properties = {name: value for name, value in shown["properties"].items() if name not in NOT_SENT}
    profile = {**properties["osProfile"], "adminPassword": PASSWORD}
    if "linuxConfiguration" in profile:
        linux = dict(profile["linuxConfiguration"])
        if "ssh" in linux:
            path = f"/home/{profile['adminUsername']}/.ssh/authorized_keys"
            linux["ssh"] = {"publicKeys": [{"path": path, "keyData": KEY}]}
        profile["linuxConfiguration"] = linux
    kept: Document = {name: shown[name] for name in ("location", "tags") if name in shown}
    return {**kept, "properties": {**properties, "osProfile": profile}}


NOT_SENT = frozenset({"vmId", "provisioningState", "instanceView", "resources", "timeCreated"})


def without_excepted_members(value: Any) -> Any:
    """An answer without the members that refer to resources out of scope (``proximityPlacementGroup``)."""
    if isinstance(value, dict):
        return {name: without_excepted_members(each) for name, each in value.items() if not _is_excepted(each)}
    return [without_excepted_members(each) for each in value] if isinstance(value, list) else value


def _is_excepted(value: Any) -> bool:
    id = value.get("id") if isinstance(value, dict) and set(value) == {"id"} else None
    return isinstance(id, str) and any(f"/{type.lower()}/" in id.lower() for type in EXCEPTED)


def answer(name: str, index: int = 0) -> Document:
    """A recorded answer with our subscription, and without what is out of scope."""
    found: Document = in_scope(next(each.body for each in exchanges(name) if each.index == index))
    return found


def in_scope(body: Any) -> Any:
    return without_excepted_members(json.loads(ours(json.dumps(body))))


def sent(each: Exchange) -> Document | None:
    """The body that led to this answer, where the answer shows it."""
    if each.method != "PUT" or not isinstance(each.body, dict) or each.status >= 400:
        return None
    shown: Document = in_scope(each.body)
    if "/virtualMachines/" in each.path:
        return machine_body(shown)
    return {name: value for name, value in shown.items() if name not in ("id", "name", "type", "etag")}
