"""What Az PowerShell asks, sent as it sends it: it cannot be had where calco is built.

Calls, api-versions (ComputeRP 2024-07-01, DiskRP 2024-03-02) and what is read of the answers are those of the module's
source: `Add-AzEnvironment`, both ways of `Connect-AzAccount`, and the cmdlets by which a machine becomes an image.
"""

import re
from pathlib import Path

import pytest

from tests.contract import pages
from tests.contract.wire import Body, Wire, wired
from tests.world import KEY

pytestmark = pytest.mark.slow

COMPUTE, DISK, NETWORK = "2024-07-01", "2024-03-02", "2023-09-01"
ACCOUNT = "vhdsofpowershell"
SCRIPTS = Path(__file__).parents[1] / "cloudshell" / "scripts"
GROUP = "myResourceGroup"
"""In mixed case: ResourceGroupName is cut from an id, so the case has to stay."""


def test_powershells_requests_are_answered_as_it_needs_them(tmp_path: Path) -> None:
    with wired(tmp_path) as wire:
        add_environment(wire)
        connect_as_service_principal(wire)
        connect_with_access_token(wire)
        with wire.unrecorded():
            compute = furnish(wire)
            uri = blob(wire, compute)
        look_at_machine(wire, compute)
        stop_and_generalize(wire, compute)
        make_images(wire, compute, uri)
    pages.check("powershell", {"requests": pages.steady(wire.table()), **a_script_and_what_it_says()})


def a_script_and_what_it_says() -> dict[str, str]:
    """As `tests/cloudshell/test_scripts.py` holds it to."""
    file = SCRIPTS / "capture-all"
    return {
        "script": pages.fence("powershell", file.with_suffix(".ps1").read_text()),
        "said": pages.fence("console", file.with_suffix(".txt").read_text()),
    }


def add_environment(wire: Wire) -> None:
    """`Add-AzEnvironment -ARMEndpoint`: the oldest shape, of which it insists on these."""
    found = wire.get("/metadata/endpoints", "1.0")
    for name in ("galleryEndpoint", "graphEndpoint", "portalEndpoint"):
        assert found[name], name
    authentication = found["authentication"]
    assert authentication["audiences"][0]
    assert authentication["loginEndpoint"].startswith(wire.environ["CALCO_ENDPOINT"])


def connect_as_service_principal(wire: Wire) -> None:
    """`-ServicePrincipal -Credential`: MSAL against the login endpoint, in the way of its style."""
    login = wire.environ["AZURE_AUTHORITY_HOST"].rstrip("/")
    known = wire.http.get(f"{login}/.well-known/openid-configuration").json()
    assert known["authorization_endpoint"]
    wire.sign_in(known["token_endpoint"], scope=f"{wire.environ['CALCO_ENDPOINT']}/.default")
    login = login.removesuffix("/adfs")
    tenant = wire.environ["AZURE_TENANT_ID"]
    known = wire.get_open(f"{login}/{tenant}/v2.0/.well-known/openid-configuration")
    assert known["token_endpoint"] == f"{login}/{tenant}/oauth2/v2.0/token"
    wire.sign_in(known["token_endpoint"], scope=f"{wire.environ['CALCO_ENDPOINT']}/.default")


def connect_with_access_token(wire: Wire) -> None:
    """`-AccessToken`, with and without a subscription, and the population of contexts."""
    assert wire.get(wire.subscription, "2021-01-01")["state"] == "Enabled"
    (subscription,) = wire.get("/subscriptions", "2021-01-01")["value"]
    assert (subscription["subscriptionId"], subscription["tenantId"]) == (
        wire.environ["AZURE_SUBSCRIPTION_ID"],
        wire.environ["AZURE_TENANT_ID"],
    )
    (tenant,) = wire.get("/tenants", "2021-01-01")["value"]
    assert tenant["tenantId"] == wire.environ["AZURE_TENANT_ID"]


def furnish(wire: Wire) -> str:
    """A machine to capture, however it came to be; the compute provider's path in its group."""
    group = f"{wire.subscription}/resourceGroups/{GROUP}"
    compute, net = f"{group}/providers/Microsoft.Compute", f"{group}/providers/Microsoft.Network"
    wire.ask("PUT", group, "2021-04-01", {"location": "eastus"}, status=201)
    subnet = {"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]}
    make(wire, f"{net}/virtualNetworks/net", NETWORK, space, status=201)
    ip = {"name": "ip", "properties": {"subnet": {"id": f"{net}/virtualNetworks/net/subnets/default"}}}
    make(wire, f"{net}/networkInterfaces/nic", NETWORK, {"ipConfigurations": [ip]}, status=201)
    machine = machine_body("myVM", f"{net}/networkInterfaces/nic", {"name": "myOsDisk"})
    make(wire, f"{compute}/virtualMachines/myVM", COMPUTE, machine, status=201)
    creation = {"createOption": "Copy", "sourceResourceId": f"{compute}/disks/myOsDisk"}
    make(wire, f"{compute}/snapshots/mySnapshot", DISK, {"creationData": creation}, status=202)
    return compute


def machine_body(name: str, nic: str, os_disk: Body) -> Body:
    key = {"keyData": KEY, "path": "/home/azureuser/.ssh/authorized_keys"}
    linux = {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [key]}}
    debian = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}
    return {
        "hardwareProfile": {"vmSize": "Standard_B1s"},
        "networkProfile": {"networkInterfaces": [{"id": nic}]},
        "osProfile": {"adminUsername": "azureuser", "computerName": name, "linuxConfiguration": linux},
        "storageProfile": {"imageReference": debian, "osDisk": {"createOption": "FromImage", **os_disk}},
    }


def make(wire: Wire, path: str, version: str, properties: Body, *, status: int) -> Body:
    answer = wire.ask("PUT", path, version, {"location": "eastus", "properties": properties}, status=status)
    wire.ended_or_done(answer)
    return wire.get(path, version)


def look_at_machine(wire: Wire, compute: str) -> None:
    """`Get-AzVM`, by name, with `-Status`, in the group, everywhere."""
    machine = f"{compute}/virtualMachines/myVM"
    found = wire.get(machine, COMPUTE)
    assert (found["name"], found["type"], found["id"]) == ("myVM", "Microsoft.Compute/virtualMachines", machine)
    assert re.fullmatch(r"[0-9a-f-]{36}", found["properties"]["vmId"])
    assert power_state(wire, machine) == "VM running"
    lists = (f"{compute}/virtualMachines", f"{wire.subscription}/providers/Microsoft.Compute/virtualMachines")
    assert [[each["name"] for each in wire.get(path, COMPUTE)["value"]] for path in lists] == [["myVM"], ["myVM"]]


def power_state(wire: Wire, machine: str) -> str:
    """The second status of the instance view is what the PowerState column shows."""
    view: dict[str, str] = {"$expand": "instanceView"}
    statuses = wire.get(machine, COMPUTE, **view)["properties"]["instanceView"]["statuses"]
    return str(statuses[1]["displayStatus"])


def stop_and_generalize(wire: Wire, compute: str) -> None:
    """`Stop-AzVM -Force` and `Set-AzVM -Generalized`. OperationId is what follows `operations/` in the last URL."""
    machine = f"{compute}/virtualMachines/myVM"
    wire.ended(wire.ask("POST", f"{machine}/powerOff", COMPUTE, status=202))
    assert power_state(wire, machine) == "VM stopped"
    answer = wire.ask("POST", f"{machine}/deallocate", COMPUTE, status=202)
    assert re.search(r"/locations/eastus/operations/[0-9a-f-]{36}\?", answer.headers["azure-asyncoperation"])
    told = wire.ended(answer)
    assert {"startTime", "endTime", "status", "name"} <= told.keys()
    assert power_state(wire, machine) == "VM deallocated"
    assert wire.ask("POST", f"{machine}/generalize", COMPUTE, status=200).content == b""


def make_images(wire: Wire, compute: str, uri: str) -> None:
    """`New-AzImage` of each source: zoneResilient and hyperVGeneration are there whether asked for or not."""
    image = f"{compute}/images"
    machine = {"sourceVirtualMachine": {"id": f"{compute}/virtualMachines/myVM"}}
    shown = new_image(wire, f"{image}/ofMachine", {**machine, "storageProfile": {"zoneResilient": False}})
    assert shown["sourceVirtualMachine"] == machine["sourceVirtualMachine"]
    assert shown["storageProfile"]["osDisk"]["managedDisk"]["id"] == f"{compute}/disks/myOsDisk"
    found = wire.get(f"{compute}/snapshots/mySnapshot", DISK)
    sources: dict[str, Body] = {
        "ofDisk": {"managedDisk": {"id": f"{compute}/disks/myOsDisk"}},
        "ofSnapshot": {"snapshot": {"id": found["id"]}},
        "ofBlob": {"blobUri": uri},
    }
    for name, source in sources.items():
        os_disk = {"osType": "Linux", "osState": "Generalized", **source}
        shown = new_image(wire, f"{image}/{name}", {"storageProfile": {"osDisk": os_disk, "zoneResilient": False}})
        assert {key: shown["storageProfile"]["osDisk"][key] for key in source} == source
    assert len(wire.get(image, COMPUTE)["value"]) == 4


def new_image(wire: Wire, path: str, properties: Body) -> Body:
    found = make(wire, path, COMPUTE, {**properties, "hyperVGeneration": "V1"}, status=201)
    assert f"/resourceGroups/{GROUP}/" in found["id"], "ResourceGroupName is cut from the id, case and all"
    shown: Body = found["properties"]
    assert (shown["provisioningState"], shown["hyperVGeneration"]) == ("Succeeded", "V1")
    assert shown["storageProfile"]["zoneResilient"] is False
    return shown


def blob(wire: Wire, compute: str) -> str:
    """A VHD in an account of this service: the one that a machine with unmanaged disks leaves behind."""
    group = compute.removesuffix("/providers/Microsoft.Compute")
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    body: Body = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}
    wire.ended_or_done(wire.ask("PUT", account, "2023-05-01", body, status=202))
    endpoint = wire.get(account, "2023-05-01")["properties"]["primaryEndpoints"]["blob"]
    uri = f"{endpoint}vhds/os.vhd"
    net = f"{group}/providers/Microsoft.Network"
    ip = {"name": "ip", "properties": {"subnet": {"id": f"{net}/virtualNetworks/net/subnets/default"}}}
    make(wire, f"{net}/networkInterfaces/nic2", NETWORK, {"ipConfigurations": [ip]}, status=201)
    machine = machine_body("old", f"{net}/networkInterfaces/nic2", {"name": "os", "vhd": {"uri": uri}})
    path = f"{compute}/virtualMachines/old"
    make(wire, path, COMPUTE, machine, status=201)
    wire.ended_or_done(wire.ask("DELETE", path, COMPUTE, status=202))
    return uri
