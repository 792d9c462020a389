"""Windows at the API: what the document's blocks ask for, over simulated machines, for there is no disk with Windows on
it to be had; and what is refused."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from calco.catalog.base_images import EmptyImages
from calco.model.disk import OsType
from calco.model.document import Document
from tests.arm.api import COMPUTE, LAB, Api
from tests.world import World

WINDOWS = {
    "publisher": "MicrosoftWindowsServer",
    "offer": "WindowsServer",
    "sku": "2022-datacenter",
    "version": "latest",
}
PASSWORD, LOGON = "Secret-word-1", "<AutoLogon><Password>hidden</Password></AutoLogon>"
LOCATION = "EastUS"
"""As the document writes it."""
STORAGE = f"{LAB}/providers/Microsoft.Storage/storageAccounts/mystorageaccount"
VHD = "https://mystorageaccount.blob.core.windows.net/vhdcontainer/vhdfilename.vhd"


def simulated(folder: Path) -> Api:
    """A service with the platform images that the simulated hypervisor has."""
    world = World(folder)
    world.cloud = replace(world.cloud, base_images=EmptyImages(folder / "simulated-base.raw"))
    return Api(world).with_network()


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return simulated(tmp_path)


def machine_body(nic: str, image: Document | None = None, **profile: Any) -> dict[str, Any]:
    reference: Document = image or dict(WINDOWS)
    return {
        "location": LOCATION,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v3"},
            "storageProfile": {"imageReference": reference, "osDisk": {"createOption": "FromImage"}},
            "osProfile": {
                "computerName": "myVM",
                "adminUsername": "azureuser",
                "adminPassword": PASSWORD,
                **profile,
            },
            "networkProfile": {"networkInterfaces": [{"id": nic}]},
        },
    }


def machine(api: Api, name: str, image: Document | None = None, **profile: Any) -> str:
    id = f"{COMPUTE}/virtualMachines/{name}"
    api.put(id, machine_body(api.nic(f"{name}-nic"), image, **profile))
    return id


def unmanaged(api: Api) -> str:
    """``myVM`` with its disk in a storage account."""
    account = {"location": LOCATION, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    api.put(STORAGE, account)
    body = machine_body(api.nic("myVM-nic"))
    body["properties"]["storageProfile"]["osDisk"] = {"name": "os", "createOption": "FromImage", "vhd": {"uri": VHD}}
    id = f"{COMPUTE}/virtualMachines/myVM"
    api.put(id, body)
    return id


def generalize(api: Api, machine: str) -> None:
    """``Stop-AzVM``, then ``Set-AzVm -Generalized``."""
    api.post(f"{machine}/deallocate")
    api.post(f"{machine}/generalize")


def os_disk(api: Api, machine: str) -> str:
    id: str = api.get(machine)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    return id


# --- the document's blocks -------------------------------------------------------------------------------------------


def from_machine(api: Api) -> Document:
    """ "Create an image of a VM using PowerShell"."""
    id = machine(api, "myVM")
    generalize(api, id)
    return {"sourceVirtualMachine": {"id": id}}


def from_managed_disk(api: Api) -> Document:
    """ "Create an image from a managed disk using PowerShell"."""
    id = machine(api, "myVM")
    generalize(api, id)
    return _os_disk_from({"managedDisk": {"id": os_disk(api, id)}})


def from_snapshot(api: Api) -> Document:
    """ "Create an image from a snapshot using PowerShell"."""
    id = machine(api, "myVM")
    generalize(api, id)
    snapshot = f"{COMPUTE}/snapshots/mySnapshot"
    creation: Document = {"createOption": "Copy", "sourceResourceId": os_disk(api, id)}
    api.put(snapshot, {"location": LOCATION, "properties": {"creationData": creation}})
    assert api.get(snapshot)["properties"]["osType"] == "Windows"
    return _os_disk_from({"snapshot": {"id": snapshot}})


def from_storage_account(api: Api) -> Document:
    """ "Create an image from a VM that uses a storage account"."""
    generalize(api, unmanaged(api))
    return {**_os_disk_from({"blobUri": VHD}), "hyperVGeneration": "V1"}


def _os_disk_from(source: Document) -> Document:
    """``Set-AzImageOsDisk -OsState Generalized -OsType Windows``."""
    return {"storageProfile": {"osDisk": {"osType": "Windows", "osState": "Generalized", **source}}}


@pytest.mark.parametrize("source", [from_machine, from_managed_disk, from_snapshot, from_storage_account])
def test_the_documents_blocks_make_an_image_of_windows_and_a_machine_of_it(api: Api, source: Any) -> None:
    image = f"{COMPUTE}/images/myImage"

    api.put(image, {"location": LOCATION, "properties": source(api)})

    shown = api.get(image)
    assert (shown["location"], shown["properties"]["provisioningState"]) == ("eastus", "Succeeded")
    disk = shown["properties"]["storageProfile"]["osDisk"]
    assert (disk["osType"], disk["osState"], disk["diskSizeGB"]) == ("Windows", "Generalized", 127)
    clone = machine(api, "clone", {"id": image}, computerName="clone")
    properties = api.get(clone)["properties"]
    assert properties["storageProfile"]["osDisk"]["osType"] == "Windows"
    assert properties["osProfile"]["windowsConfiguration"]["provisionVMAgent"] is True
    assert api.get(os_disk(api, clone))["properties"]["osType"] == "Windows"
    assert api.get(f"{clone}?$expand=instanceView")["properties"]["provisioningState"] == "Succeeded"


# --- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "patching"),
    [
        ("2019-12-01", {}),
        ("2020-06-01", {"patchSettings": {"patchMode": "AutomaticByOS"}}),
        (
            "2024-07-01",
            {
                "patchSettings": {"patchMode": "AutomaticByOS", "assessmentMode": "ImageDefault"},
                "enableVMAgentPlatformUpdates": False,
            },
        ),
    ],
)
def test_a_configuration_that_was_not_sent_is_shown_with_azures_defaults(
    api: Api, version: str, patching: Document
) -> None:
    """Source: recordings net-vm-errors-PropertyChangeNotAllowed and java-vm-404-ResourceNotFound."""
    web = machine(api, "web")

    profile = api.get(web, version=version)["properties"]["osProfile"]

    assert profile["windowsConfiguration"] == {
        "provisionVMAgent": True,
        "enableAutomaticUpdates": True,
        **patching,
    }
    assert "linuxConfiguration" not in profile
    assert "adminPassword" not in profile


def test_what_was_sent_is_shown_but_for_its_secrets(api: Api) -> None:
    sent: Document = {
        "provisionVMAgent": True,
        "enableAutomaticUpdates": False,
        "timeZone": "Romance Standard Time",
        "patchSettings": {"patchMode": "manual"},
        "winRM": {"listeners": [{"protocol": "Http"}]},
        "additionalUnattendContent": [
            {
                "passName": "OobeSystem",
                "componentName": "Microsoft-Windows-Shell-Setup",
                "settingName": "AutoLogon",
                "content": LOGON,
            }
        ],
    }

    web = machine(api, "web", windowsConfiguration=sent)

    answer = api.call("GET", web)
    shown = answer.json()["properties"]["osProfile"]["windowsConfiguration"]
    assert shown["patchSettings"] == {"patchMode": "Manual", "assessmentMode": "ImageDefault"}
    assert (shown["timeZone"], shown["winRM"]) == (sent["timeZone"], sent["winRM"])
    assert "additionalUnattendContent" not in shown
    for secret in ("hidden", PASSWORD):
        assert secret not in answer.text


def test_a_licence_is_kept_and_shown(api: Api) -> None:
    body = machine_body(api.nic("nic"))
    body["properties"]["licenseType"] = "Windows_Server"

    api.put(f"{COMPUTE}/virtualMachines/web", body)

    assert api.get(f"{COMPUTE}/virtualMachines/web")["properties"]["licenseType"] == "Windows_Server"


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "target"),
    [
        ({"computerName": "sixteen-letters-"}, "computerName"),
        ({"computerName": "123"}, "computerName"),
        ({"computerName": "a.b,c"}, "computerName"),
        ({"adminPassword": "Short-1"}, "adminPassword"),
        ({"adminPassword": "P@ssw0rd"}, "adminPassword"),
        ({"adminPassword": None}, "adminPassword"),
        ({"adminUsername": "Administrator"}, "adminUsername"),
        ({"adminUsername": "a" * 21}, "adminUsername"),
        ({"linuxConfiguration": {}}, "linuxConfiguration"),
        ({"linuxConfiguration": {}, "windowsConfiguration": {}}, "linuxConfiguration"),
        ({"windowsConfiguration": {"timeZone": ""}}, "windowsConfiguration.timeZone"),
        ({"windowsConfiguration": {"patchSettings": {"patchMode": "x"}}}, "patchSettings.patchMode"),
        ({"windowsConfiguration": {"winRM": {"listeners": [{"protocol": "Https"}]}}}, "certificateUrl"),
        ({"windowsConfiguration": {"additionalUnattendContent": [{"settingName": "AutoLogon"}]}}, "content"),
    ],
)
def test_a_profile_that_windows_cannot_have_is_refused_by_name(api: Api, profile: dict[str, Any], target: str) -> None:
    answer = api.call("PUT", f"{COMPUTE}/virtualMachines/web", machine_body(api.nic("nic"), **profile))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "InvalidParameter"), error
    assert error["target"].endswith(target)
    assert api.call("GET", f"{COMPUTE}/virtualMachines/web").status_code == 404


def test_a_windows_configuration_is_nothing_for_linux(api: Api) -> None:
    debian: Document = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}

    answer = api.call(
        "PUT",
        f"{COMPUTE}/virtualMachines/web",
        machine_body(api.nic("nic"), debian, windowsConfiguration={"provisionVMAgent": True}),
    )

    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "windowsConfiguration")


def test_where_guests_boot_there_is_no_image_of_windows_and_the_refusal_says_what_to_do(tmp_path: Path) -> None:
    api = Api(World(tmp_path)).with_network()

    answer = api.call("PUT", f"{COMPUTE}/virtualMachines/web", machine_body(api.nic("nic")))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (404, "PlatformImageNotFound")
    assert "calco image import" in error["message"]
    assert "--hypervisor simulated" in error["message"]


@dataclass
class LinuxMedia:
    """A DVD's maker that knows Linux only, as the one for real guests."""

    inner: Any
    provisions: frozenset[OsType] = field(default=frozenset({OsType.LINUX}))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_where_guests_boot_a_windows_guest_is_not_set_up_and_nothing_is_made(api: Api) -> None:
    api.world.cloud = replace(api.world.cloud, media=LinuxMedia(api.world.cloud.media))
    real = Api(api.world)

    answer = real.call("PUT", f"{COMPUTE}/virtualMachines/web", machine_body(real.nic("nic")))

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NotSupported")
    assert "Windows" in answer.json()["error"]["message"]
    assert real.call("GET", f"{COMPUTE}/virtualMachines/web").status_code == 404
    assert real.get(f"{COMPUTE}/disks")["value"] == []
