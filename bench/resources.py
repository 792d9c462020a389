"""What is asked of the API: a group, a network, machines, images. Bodies as Azure's SDKs send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from bench.client import Client, Json
from calco.model.document import Document, objects_at, text_at

GROUP = "bench"
LOCATION = "eastus"
NETWORKS = "Microsoft.Network/virtualNetworks"
MACHINES = "Microsoft.Compute/virtualMachines"
IMAGES = "Microsoft.Compute/images"
DISKS = "Microsoft.Compute/disks"

PLATFORM_IMAGE: Json = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}


def prepare(client: Client) -> None:
    """The group and the network everything lies in."""
    client.do("PUT", client.path(GROUP), {"location": LOCATION})
    subnet = {"name": "default", "properties": {"addressPrefix": "10.60.0.0/20"}}
    network: Json = {
        "location": LOCATION,
        "properties": {"addressSpace": {"addressPrefixes": ["10.60.0.0/16"]}, "subnets": [subnet]},
    }
    client.do("PUT", client.path(GROUP, NETWORKS, "net"), network)


def machine(client: Client, name: str, image: Json, *, empty_disks_gb: Sequence[int] = ()) -> Json:
    """A machine with its NIC, its OS disk from ``image``, which goes with it, and its disks named after it. Without
    ``empty_disks_gb`` the image's data disks come along."""
    os_disk: Json = {"name": f"{name}-os", "createOption": "FromImage", "deleteOption": "Delete"}
    storage: Json = {"imageReference": image, "osDisk": os_disk}
    if empty_disks_gb:
        storage["dataDisks"] = [
            {"lun": lun, "name": f"{name}-{lun}", "createOption": "Empty", "diskSizeGB": size}
            for lun, size in enumerate(empty_disks_gb)
        ]
    subnet = {"id": client.path(GROUP, NETWORKS, "net") + "/subnets/default"}
    nic = {"primary": True, "deleteOption": "Delete"}
    nic_properties = {**nic, "ipConfigurations": [{"name": "ip", "properties": {"subnet": subnet}}]}
    return {
        "location": LOCATION,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": storage,
            "osProfile": {"computerName": name, "adminUsername": "bench", "adminPassword": "Only-for-1-bench"},
            "networkProfile": {
                "networkApiVersion": "2020-11-01",
                "networkInterfaceConfigurations": [{"name": "nic", "properties": nic_properties}],
            },
        },
    }


def image(client: Client, source: str) -> Json:
    """An image of the machine ``source``."""
    path = client.path(GROUP, MACHINES, source)
    return {"location": LOCATION, "properties": {"sourceVirtualMachine": {"id": path}}}


def generalized(client: Client, name: str, body: Json) -> None:
    """Make a machine and leave it deallocated and generalized."""
    path = client.path(GROUP, MACHINES, name)
    client.do("PUT", path, body)
    client.do("POST", f"{path}/deallocate")
    client.do("POST", f"{path}/generalize")


@dataclass(frozen=True)
class StorageAccount:
    """``endpoint`` has no trailing slash; ``key`` is base64."""

    name: str
    endpoint: str
    key: str


def storage_account(client: Client, name: str) -> StorageAccount:
    """A new account in the group, which is made when it is missing."""
    client.do("PUT", client.path(GROUP), {"location": LOCATION})
    path = client.path(GROUP, "Microsoft.Storage/storageAccounts", name)
    client.do("PUT", path, {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    shown = cast("Document", client.get(path))
    endpoint = text_at(shown, "properties", "primaryEndpoints", "blob") or ""
    keys = cast("Document", client.begin("POST", f"{path}/listKeys").document())
    return StorageAccount(name, endpoint.rstrip("/"), text_at(objects_at(keys, "keys")[0], "value") or "")
