"""A world with one of everything, and for every route a path and a body that lead to it: for tests of all routes."""

from pathlib import Path
from urllib.parse import quote

from calco.arm.router import Route
from calco.model.document import Document, Json
from tests.arm.api import LAB, NETWORK, SUB, Api, image_body, machine_body, network_body, nic_body
from tests.world import World

GONE = "00000000-0000-0000-0000-000000000000"

NAMES = {
    "subscription": SUB.rsplit("/", maxsplit=1)[-1],
    "group": "lab",
    "name": "one",
    "subnet": "default",
    "rule": "ssh",
    "container": "vhds",
    "location": "eastus",
    "namespace": "Microsoft.Compute",
    "operation": GONE,
    "token": "e30",
    "publisher": "Debian",
    "offer": "debian-12",
    "sku": "12",
    "version": "latest",
    "provider": "Microsoft.Compute",
    "type": "virtualMachines",
    "below": "extensions",
    "inner": "one",
    "assignment": GONE,
    "definition": GONE,
    "lock": "one",
    "part": "0123456789ABCDEF",
    "extension": "one",
    "command": "RunShellScript",
}
"""What fills the variables of patterns. Whoever adds a variable adds it here, or nothing tries the route."""


def path_of(route: Route, **other: str) -> str:
    """The route's path to what is there, but for ``other`` names."""
    path = route.pattern
    for name, value in {**NAMES, **other}.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def furnished(folder: Path) -> Api:
    return furnish(Api(World(folder)))


def furnish(api: Api) -> Api:
    """Make one of everything."""
    api.with_network()
    api.put(f"{NETWORK}/virtualNetworks/one", network_body())
    api.put(f"{NETWORK}/publicIPAddresses/one", {"location": "eastus"})
    api.put(f"{NETWORK}/networkInterfaces/one", nic_body())
    api.put(f"{NETWORK}/networkSecurityGroups/one", _security_group_body())
    api.put(f"{LAB}/providers/Microsoft.Compute/availabilitySets/one", _set_body())
    source = api.generalized("one")
    api.image("one", source)
    api.put(f"{LAB}/providers/Microsoft.Compute/disks/one", _disk_body())
    api.put(f"{LAB}/providers/Microsoft.Compute/snapshots/one", _snapshot_body())
    api.put(f"{LAB}/providers/Microsoft.Storage/storageAccounts/one", _account_body())
    api.put(f"{LAB}/providers/Microsoft.Resources/deployments/one", _deployment_body())
    return api


def _disk_body() -> Document:
    return {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}


def _snapshot_body() -> Document:
    source: Document = {"createOption": "Copy", "sourceResourceId": f"{LAB}/providers/Microsoft.Compute/disks/one"}
    return {"location": "eastus", "properties": {"creationData": source, "incremental": True}}


def _account_body() -> Document:
    return {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


def _set_body() -> Document:
    return {"location": "eastus", "sku": {"name": "Aligned"}, "properties": {"platformFaultDomainCount": 2}}


def _rule_body() -> Document:
    ends: Document = dict.fromkeys(("sourcePortRange", "sourceAddressPrefix", "destinationAddressPrefix"), "*")
    more: Document = {"destinationPortRanges": ["22"], "access": "Allow", "priority": 100, "direction": "Inbound"}
    return {"name": "ssh", "properties": {"protocol": "Tcp", **ends, **more}}


def _security_group_body() -> Document:
    return {"location": "eastus", "properties": {"securityRules": [_rule_body()]}}


def _deployment_body() -> Document:
    """Nothing is made by it, so that it takes the right to deploy and no other."""
    template: Document = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"size": {"type": "int", "defaultValue": 1, "maxValue": 9}},
        "variables": {"name": "[concat('disk', parameters('size'))]"},
        "resources": [],
        "outputs": {"name": {"type": "string", "value": "[variables('name')]"}},
    }
    return {"properties": {"mode": "Incremental", "template": template, "parameters": {"size": {"value": 2}}}}


def good_body(route: Route) -> Document:
    """A body this route would take."""
    if route.method == "PATCH":
        return {"tags": {"a": "b"}}
    bodies: tuple[tuple[str, Document], ...] = (
        ("/deployments/{name}", _deployment_body()),
        ("locks/{lock}", {"properties": {"level": "CanNotDelete"}}),
        ("roleAssignments/{assignment}", _assignment_body()),
        ("roleDefinitions/{definition}", _definition_body()),
        ("inspectBlob", {"blobUri": "https://one.blob.core.windows.net/vhds/one.vhd"}),
        ("createImage", {"image": f"{LAB}/providers/Microsoft.Compute/images/two"}),
        ("runCommand", {"commandId": "RunShellScript", "script": ["hostname"]}),
        ("attachDetachDataDisks", {"dataDisksToAttach": [{"diskId": f"{LAB}/providers/Microsoft.Compute/disks/one"}]}),
        ("virtualMachines/{name}", machine_body("one", f"{NETWORK}/networkInterfaces/one")),
        ("images", image_body(f"{LAB}/providers/Microsoft.Compute/virtualMachines/one")),
        ("beginGetAccess", {"access": "Read", "durationInSeconds": 100}),
        ("disks", _disk_body()),
        ("snapshots", _snapshot_body()),
        ("containers/{container}", {"properties": {"metadata": {"a": "b"}}}),
        ("regenerateKey", {"keyName": "key1"}),
        ("checkNameAvailability", {"name": "two", "type": "Microsoft.Storage/storageAccounts"}),
        ("storageAccounts", _account_body()),
        ("securityRules", _rule_body()),
        ("networkSecurityGroups", _security_group_body()),
        ("availabilitySets", _set_body()),
        ("subnets", {"properties": {"addressPrefix": "10.0.9.0/24"}}),
        ("virtualNetworks", network_body()),
        ("networkInterfaces", nic_body()),
        ("publicIPAddresses", {"location": "eastus", "properties": {"dnsSettings": {"domainNameLabel": "abc"}}}),
    )
    return next((body for word, body in bodies if word in route.pattern), {"location": "eastus"})


def _assignment_body() -> Document:
    reader = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    return {"properties": {"roleDefinitionId": reader, "principalId": GONE}}


def _definition_body() -> Document:
    permissions: list[Json] = [{"actions": ["*/read"], "notActions": []}]
    return {"properties": {"roleName": "Looker", "permissions": permissions, "assignableScopes": [LAB]}}
