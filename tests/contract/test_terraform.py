"""What Terraform's azurerm 5.2.0 asks, sent as it sends it: it cannot be installed where calco is built.

Requests, api-versions, bodies and the statuses it takes are those of a run that was watched: apply of nine resources,
a plan with no change, destroy. Where it is strict, so is this: PUT of disks and snapshots must not answer 201.
"""

from pathlib import Path

import httpx
import pytest

from tests.contract import pages
from tests.contract.test_sdk import belongings, rows
from tests.contract.wire import Body, Wire, wired
from tests.world import KEY

pytestmark = pytest.mark.slow

NETWORK = "2025-01-01"
LOCATION = {"location": "westeurope", "tags": {}}


def test_terraforms_requests_are_answered_as_it_needs_them(tmp_path: Path) -> None:
    with wired(tmp_path) as wire:
        sign_in(wire)
        register_providers(wire)
        group = make_group(wire)
        nic = make_network(wire, group)
        disk = make_disk(wire, group)
        make_snapshot_and_image(wire, group, disk)
        os_disk = make_machine(wire, group, nic)
        nothing_to_change(wire, group, nic, os_disk)
        destroy(wire, group, os_disk)
        assert (belongings(wire.service), rows(wire.service)) == ([], [])
    pages.check("terraform", {"requests": pages.steady(wire.table())})


def sign_in(wire: Wire) -> None:
    """From `metadata_host` alone: no instance discovery, no openid-configuration."""
    found = wire.get("/metadata/endpoints", "2022-09-01")
    assert wire.get("/metadata/endpoints", "2022-09-01") == found
    assert isinstance(found, dict)
    for name in ("name", "resourceManager", "microsoftGraphResourceId"):
        assert found[name], f"an empty {name} is an error to it"
    assert found["resourceManager"].rstrip("/") == wire.environ["CALCO_ENDPOINT"]
    assert {"storage", "keyVaultDns"} <= found["suffixes"].keys()
    authentication = found["authentication"]
    login = authentication["loginEndpoint"].rstrip("/")
    assert login.startswith(wire.environ["CALCO_ENDPOINT"])
    audience = authentication["audiences"][0].rstrip("/")
    endpoint = f"{login}/{wire.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    told = wire.sign_in(endpoint, scope=f"{audience}/.default")
    assert (told["token_type"], int(told["expires_in"]) > 60) == ("Bearer", True)


def register_providers(wire: Wire) -> None:
    """Before version 5, and with `resource_provider_registrations = "core"`."""
    listed = wire.get(f"{wire.subscription}/providers", "2022-09-01")["value"]
    assert {"Microsoft.Compute", "Microsoft.Network"} <= {each["namespace"] for each in listed}
    path = f"{wire.subscription}/providers/Microsoft.Compute/register"
    assert wire.ask("POST", path, "2022-09-01", status=200).json()["registrationState"] == "Registered"


def make_group(wire: Wire) -> str:
    group = f"{wire.subscription}/resourceGroups/tf"
    wire.ask("GET", group, "2023-07-01", status=404)
    made = wire.ask("PUT", group, "2023-07-01", dict(LOCATION), status=201).json()
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert wire.get(group, "2023-07-01")["id"] == group
    return group


def put(wire: Wire, path: str, version: str, properties: Body, *, status: int, **more: object) -> Body:
    """PUT to its end, then GET, as azurerm does; what it reads."""
    wire.ended_or_done(wire.ask("PUT", path, version, {**LOCATION, **more, "properties": properties}, status=status))
    found = wire.get(path, version)
    assert found["id"] == path
    assert found["properties"]["provisioningState"] == "Succeeded"
    return found


def make_network(wire: Wire, group: str) -> str:
    """Nulls and empty lists throughout, as it sends them."""
    network, address, nic = (
        f"{group}/providers/Microsoft.Network/{each}"
        for each in ("virtualNetworks/net", "publicIPAddresses/ip", "networkInterfaces/nic")
    )
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "dhcpOptions": {"dnsServers": []}, "subnets": []}
    put(wire, network, NETWORK, space, status=201)
    subnet: Body = {
        "addressPrefix": "10.0.0.0/24",
        "addressPrefixes": None,
        "defaultOutboundAccess": True,
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
        "serviceEndpointPolicies": None,
        "serviceEndpoints": [],
    }
    path = f"{network}/subnets/default"
    wire.ended_or_done(wire.ask("PUT", path, NETWORK, {"properties": subnet}, status=201))
    assert wire.get(path, NETWORK)["properties"]["addressPrefix"] == "10.0.0.0/24"
    standard = {"publicIPAddressVersion": "IPv4", "publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": 4}
    sku = {"name": "Standard", "tier": "Regional"}
    shown = put(wire, address, NETWORK, {**standard, "ipTags": []}, status=201, sku=sku, zones=[])
    assert shown["properties"]["ipAddress"]
    ip = {
        "name": "internal",
        "properties": {
            "primary": True,
            "privateIPAddressVersion": "IPv4",
            "privateIPAllocationMethod": "Dynamic",
            "publicIPAddress": {"id": address},
            "subnet": {"id": path},
        },
    }
    card = {"ipConfigurations": [ip], "enableAcceleratedNetworking": False, "enableIPForwarding": False}
    found = put(wire, nic, NETWORK, {**card, "auxiliaryMode": None, "dnsSettings": {"dnsServers": None}}, status=201)
    (shown_ip,) = found["properties"]["ipConfigurations"]
    assert shown_ip["properties"]["privateIPAddress"].startswith("10.0.0.")
    assert found["properties"]["dnsSettings"]["dnsServers"] == []
    assert wire.get(address, NETWORK)["properties"]["ipConfiguration"]["id"].startswith(nic)
    return nic


def make_disk(wire: Wire, group: str) -> str:
    disk = f"{group}/providers/Microsoft.Compute/disks/data"
    properties = {
        "creationData": {"createOption": "Empty", "performancePlus": False},
        "diskSizeGB": 1,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "optimizedForFrequentAttach": False,
        "osType": "",
    }
    found = put(wire, disk, "2023-04-02", properties, status=202, sku={"name": "Standard_LRS"})
    assert (found["properties"]["diskSizeGB"], found["sku"]["name"]) == (1, "Standard_LRS")
    assert "osType" not in found["properties"]
    return disk


def make_snapshot_and_image(wire: Wire, group: str, disk: str) -> None:
    snapshot, image = (f"{group}/providers/Microsoft.Compute/{each}" for each in ("snapshots/snap", "images/golden"))
    creation = {"createOption": "Copy", "sourceUri": disk}
    found = put(wire, snapshot, "2022-03-02", {"creationData": creation, "incremental": False}, status=202)
    assert found["properties"]["diskSizeGB"] == 1
    os_disk = {
        "osType": "Linux",
        "osState": "Generalized",
        "managedDisk": {"id": disk},
        "blobUri": "",
        "caching": "None",
        "diskSizeGB": 1,
        "storageAccountType": "Standard_LRS",
    }
    storage = {"dataDisks": [], "osDisk": os_disk, "zoneResilient": False}
    found = put(wire, image, "2022-03-01", {"hyperVGeneration": "V1", "storageProfile": storage}, status=201)
    shown = found["properties"]["storageProfile"]["osDisk"]
    assert (shown["managedDisk"]["id"], shown["osState"], shown["caching"]) == (disk, "Generalized", "None")
    assert not shown.get("blobUri")


def make_machine(wire: Wire, group: str, nic: str) -> str:
    """The id of its OS disk."""
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/web1"
    key = {"keyData": KEY, "path": "/home/azureuser/.ssh/authorized_keys"}
    linux = {
        "disablePasswordAuthentication": True,
        "patchSettings": {"assessmentMode": "ImageDefault", "patchMode": "ImageDefault"},
        "provisionVMAgent": True,
        "ssh": {"publicKeys": [key]},
    }
    properties = {
        "additionalCapabilities": {},
        "applicationProfile": {"galleryApplications": []},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": False, "storageUri": ""}},
        "extensionsTimeBudget": "PT1H30M",
        "hardwareProfile": {"vmSize": "Standard_B1s"},
        "networkProfile": {"networkInterfaces": [{"id": nic, "properties": {"primary": True}}]},
        "osProfile": {
            "adminUsername": "azureuser",
            "allowExtensionOperations": True,
            "computerName": "web1",
            "linuxConfiguration": linux,
            "secrets": [],
        },
        "priority": "Regular",
        "storageProfile": {
            "dataDisks": [],
            "imageReference": {"offer": "debian-12", "publisher": "Debian", "sku": "12", "version": "latest"},
            "osDisk": {
                "caching": "ReadWrite",
                "createOption": "FromImage",
                "managedDisk": {"storageAccountType": "Standard_LRS"},
                "osType": "Linux",
                "writeAcceleratorEnabled": False,
            },
        },
    }
    found = put(wire, machine, "2024-03-01", properties, status=201, identity={"type": "None"})
    os_disk = found["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    assert isinstance(os_disk, str)
    return os_disk


def nothing_to_change(wire: Wire, group: str, nic: str, os_disk: str) -> None:
    """A plan behind an apply reads all again; what it would take for a change must not be there."""
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/web1"
    expanded: dict[str, str] = {"$expand": "userData"}
    found = wire.get(machine, "2024-03-01", **expanded)["properties"]
    assert not found.get("additionalCapabilities")
    assert "userData" not in found
    assert (found["priority"], found["extensionsTimeBudget"]) == ("Regular", "PT1H30M")
    assert found["osProfile"]["linuxConfiguration"]["patchSettings"]["patchMode"] == "ImageDefault"
    assert wire.get(os_disk, "2023-04-02")["properties"]["diskState"] == "Attached"
    assert wire.get(nic, "2023-09-01")["properties"]["virtualMachine"]["id"] == machine


def destroy(wire: Wire, group: str, os_disk: str) -> None:
    """Each DELETE is followed by GETs of the resource, not of the operation, until there is none."""
    compute, network = f"{group}/providers/Microsoft.Compute", f"{group}/providers/Microsoft.Network"
    for path, version in (
        (f"{compute}/snapshots/snap", "2022-03-02"),
        (f"{compute}/virtualMachines/web1", "2024-03-01"),
        (os_disk, "2023-04-02"),
        (f"{compute}/images/golden", "2022-03-01"),
        (f"{network}/networkInterfaces/nic", NETWORK),
        (f"{compute}/disks/data", "2023-04-02"),
        (f"{network}/virtualNetworks/net/subnets/default", NETWORK),
        (f"{network}/publicIPAddresses/ip", NETWORK),
        (f"{network}/virtualNetworks/net", NETWORK),
    ):
        gone(wire, path, version)
    asked: dict[str, str] = {"$expand": "provisioningState", "$top": "10"}
    assert wire.get(f"{group}/resources", "2023-07-01", **asked)["value"] == []
    gone(wire, group, "2023-07-01")


def gone(wire: Wire, path: str, version: str) -> None:
    wire.ask("DELETE", path, version, status=202)
    wire.wait_for_404(path, version)
    answer: httpx.Response = wire.ask("GET", path, version, status=404)
    assert answer.json()["error"]["code"].endswith("NotFound")
