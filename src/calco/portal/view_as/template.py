"""The template that makes machines from an image: what the portal deploys is what it shows.

Whatever people typed is a parameter's value. The template itself is fixed words, so that a name such as
``[parameters('password')]`` stays a name: values of parameters are not evaluated. Source: Azure, "Template syntax".
"""

from calco.model.disk import OsType
from calco.model.document import Document, Json
from calco.portal.view_as.action import CreateMachines, Place
from calco.portal.view_as.parts import (
    SPACE,
    SUBNET,
    SUBNET_SPACE,
    key_of,
    keys_path,
    machine_names,
    network_name,
    takes_key,
)

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
NETWORK_VERSION, COMPUTE_VERSION = "2024-05-01", "2024-07-01"
_NAME = "parameters('names')[copyIndex()]"
_NETWORK = "Microsoft.Network"


def deployment(action: CreateMachines, place: Place, secret: str) -> Document:
    """The body of a PUT of a deployment. ``secret`` is the password, or where the machine has a key and none is in the
    action, that public key: the one value that the caller sends and nobody is shown."""
    return {
        "properties": {
            "mode": "Incremental",
            "parameters": {name: {"value": value} for name, value in _values(action, place, secret).items()},
            "template": {
                "$schema": SCHEMA,
                "contentVersion": "1.0.0.0",
                "parameters": {name: {"type": type} for name, type in _types(action).items()},
                "resources": _resources(action),
            },
        }
    }


def _values(action: CreateMachines, place: Place, secret: str) -> Document:
    values: Document = {
        "names": list(machine_names(action)),
        "location": place.location,
        "size": action.size,
        "image": str(action.image),
        "user": action.user,
        "tags": dict(action.tags),
    }
    if takes_key(action):
        values |= {"key": key_of(action) or secret, "keyPath": keys_path(action.user)}
    else:
        values["password"] = secret
    if action.subnet:
        return values | {"subnet": str(action.subnet)}
    return values | {"network": network_name(action)}


def _types(action: CreateMachines) -> dict[str, str]:
    types = dict.fromkeys(_values(action, Place("", "", ""), ""), "string")
    types |= {"names": "array", "tags": "object"}
    return types | ({"password": "securestring"} if "password" in types else {})


def _resources(action: CreateMachines) -> list[Json]:
    resources: list[Json] = []
    if not action.subnet:
        resources.append(_network())
    if action.public_address:
        resources.append(_address())
    return [*resources, _nic(action), _machine(action)]


def _resource(
    type: str, version: str, name: str, properties: Document, *, after: tuple[str, ...] = (), each: str = ""
) -> Document:
    shown: Document = {"type": type, "apiVersion": version, "name": name, "location": "[parameters('location')]"}
    if each:
        shown["copy"] = {"name": each, "count": "[length(parameters('names'))]"}
    if after:
        shown["dependsOn"] = list(after)
    return shown | {"properties": properties}


def _network() -> Document:
    subnet: Document = {"name": SUBNET, "properties": {"addressPrefix": SUBNET_SPACE}}
    space: Document = {"addressSpace": {"addressPrefixes": [SPACE]}, "subnets": [subnet]}
    return _resource(f"{_NETWORK}/virtualNetworks", NETWORK_VERSION, "[parameters('network')]", space)


def _address() -> Document:
    static: Document = {"publicIPAllocationMethod": "Static"}
    type, name = f"{_NETWORK}/publicIPAddresses", f"[concat({_NAME}, 'PublicIP')]"
    return _resource(type, NETWORK_VERSION, name, static, each="addresses") | {"sku": {"name": "Standard"}}


def _nic(action: CreateMachines) -> Document:
    subnet = (
        "parameters('subnet')"
        if action.subnet
        else (f"resourceId('{_NETWORK}/virtualNetworks/subnets', parameters('network'), '{SUBNET}')")
    )
    ip: Document = {"subnet": {"id": f"[{subnet}]"}, "privateIPAllocationMethod": "Dynamic"}
    if action.public_address:
        ip["publicIPAddress"] = {"id": f"[resourceId('{_NETWORK}/publicIPAddresses', concat({_NAME}, 'PublicIP'))]"}
    after = (
        *(() if action.subnet else ("[parameters('network')]",)),
        *(("addresses",) if action.public_address else ()),
    )
    return _resource(
        f"{_NETWORK}/networkInterfaces",
        NETWORK_VERSION,
        f"[concat({_NAME}, 'VMNic')]",
        {"ipConfigurations": [{"name": "ipconfig1", "properties": ip}]},
        after=after,
        each="nics",
    )


def _machine(action: CreateMachines) -> Document:
    nic = f"[resourceId('{_NETWORK}/networkInterfaces', concat({_NAME}, 'VMNic'))]"
    properties: Document = {
        "hardwareProfile": {"vmSize": "[parameters('size')]"},
        "storageProfile": {
            "imageReference": {"id": "[parameters('image')]"},
            "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
        },
        "osProfile": {"computerName": f"[{_NAME}]", "adminUsername": "[parameters('user')]", **_login(action)},
        "networkProfile": {"networkInterfaces": [{"id": nic, "properties": {"deleteOption": "Delete"}}]},
    }
    type = "Microsoft.Compute/virtualMachines"
    machine = _resource(type, COMPUTE_VERSION, f"[{_NAME}]", properties, after=("nics",), each="machines")
    return machine | ({"tags": "[parameters('tags')]"} if action.tags else {})


def _login(action: CreateMachines) -> Document:
    if takes_key(action):
        key: Document = {"path": "[parameters('keyPath')]", "keyData": "[parameters('key')]"}
        return {"linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [key]}}}
    password: Document = {"adminPassword": "[parameters('password')]"}
    if action.os_type is OsType.LINUX:
        password["linuxConfiguration"] = {"disablePasswordAuthentication": False}
    return password
