"""A machine's configuration, cmdlet by cmdlet, as New-AzVM sends it."""

import pytest

from calco.cloudshell.az import virtual_machine_config, virtual_machine_create
from calco.cloudshell.values import CREDENTIAL, Record, SecureString
from calco.model.document import Document
from tests.cloudshell.az.bench import Bench, table
from tests.cloudshell.world import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab"
WEB = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web"
NIC = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
IMAGE = f"{GROUP}/providers/Microsoft.Compute/images/golden"


@pytest.fixture
def bench() -> Bench:
    return Bench((virtual_machine_config.MODULE, virtual_machine_create.MODULE))


def credential() -> Record:
    return Record.of(CREDENTIAL, {"UserName": "ada", "Password": SecureString("Secret-12345")})


def sent(bench: Bench) -> Document:
    asked = bench.api.asked[-1]
    assert (asked.method, asked.path) == ("PUT", WEB)
    assert isinstance(asked.body, dict)
    return asked.body


def test_a_machine_of_an_image_with_a_key_is_built_up_and_sent(bench: Bench) -> None:
    vm = bench.one("New-AzVMConfig", "web", "Standard_B1s", Tags=table(a="b"))
    bench.run("Set-AzVMOperatingSystem", vm, Linux=True, ComputerName="web", Credential=credential(), CustomData="#!")
    bench.run("Set-AzVMSourceImage", VM=vm, Id=IMAGE)
    bench.run("Set-AzVMOSDisk", VM=vm, Name="os", CreateOption="fromimage", StorageAccountType="Premium_LRS")
    bench.run("Add-AzVMNetworkInterface", input=[vm], Id=NIC)
    same = bench.one("Add-AzVMSshPublicKey", VM=vm, KeyData="ssh-ed25519 AAAA")

    made = bench.one("New-AzVM", ResourceGroupName="lab", Location="eastus", VM=same)

    assert same is vm
    assert sent(bench) == {
        "location": "eastus",
        "tags": {"a": "b"},
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "osProfile": {
                "computerName": "web",
                "adminUsername": "ada",
                "adminPassword": "Secret-12345",
                "customData": "IyE=",
                "linuxConfiguration": {
                    "ssh": {"publicKeys": [{"path": "/home/ada/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA"}]}
                },
            },
            "storageProfile": {
                "imageReference": {"id": IMAGE},
                "osDisk": {
                    "name": "os",
                    "createOption": "FromImage",
                    "managedDisk": {"storageAccountType": "Premium_LRS"},
                },
            },
            "networkProfile": {"networkInterfaces": [{"id": NIC}]},
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        },
    }
    assert made.get("StatusCode") == "OK"
    assert "Secret-12345" not in bench.shown(vm) + bench.shown(vm.get("OSProfile"))


def test_a_machine_of_a_disk_that_is_there(bench: Bench) -> None:
    vm = bench.one("New-AzVMConfig", VMName="web", VMSize="Standard_B1s")
    disk = f"{GROUP}/providers/Microsoft.Compute/disks/os"
    bench.run("Set-AzVMOSDisk", vm, ManagedDiskId=disk, CreateOption="Attach", Linux=True)
    bench.run("Set-AzVMBootDiagnostic", vm, Disable=True)
    bench.run("New-AzVM", "lab", "eastus", vm)

    assert sent(bench)["properties"] == {
        "hardwareProfile": {"vmSize": "Standard_B1s"},
        "storageProfile": {"osDisk": {"osType": "Linux", "createOption": "Attach", "managedDisk": {"id": disk}}},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": False}},
    }


def test_a_windows_machine_has_its_agent_and_a_platform_image(bench: Bench) -> None:
    vm = bench.one("New-AzVMConfig", VMName="web", VMSize="Standard_B2s")
    bench.run("Set-AzVMOperatingSystem", vm, Windows=True, ComputerName="web", Credential=credential(), TimeZone="UTC")
    bench.run("Set-AzVMSourceImage", vm, "MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-g2", "latest")
    bench.run("New-AzVM", "lab", "eastus", vm)

    properties = sent(bench)["properties"]
    assert isinstance(properties, dict)
    profile, storage = properties["osProfile"], properties["storageProfile"]
    assert isinstance(profile, dict)
    assert profile["windowsConfiguration"] == {
        "provisionVMAgent": True,
        "enableAutomaticUpdates": False,
        "timeZone": "UTC",
    }
    assert "linuxConfiguration" not in profile
    assert storage == {
        "imageReference": {
            "publisher": "MicrosoftWindowsServer",
            "offer": "WindowsServer",
            "sku": "2022-datacenter-g2",
            "version": "latest",
        },
        "osDisk": {"createOption": "FromImage"},
    }


def test_data_disks_are_added_changed_and_removed(bench: Bench) -> None:
    vm = bench.one("New-AzVMConfig", "web", "Standard_B1s")
    for lun, name in enumerate(("a", "b", "c")):
        bench.run("Add-AzVMDataDisk", vm, name, Lun=lun, CreateOption="Empty", DiskSizeInGB=1)
    bench.run("Set-AzVMDataDisk", vm, "B", DiskSizeInGB=2)
    bench.run("Set-AzVMDataDisk", VM=vm, Lun=2, Caching="ReadOnly", StorageAccountType="Standard_LRS")
    bench.run("Remove-AzVMDataDisk", vm, "A")
    bench.run("New-AzVM", "lab", "eastus", vm)

    properties = sent(bench)["properties"]
    assert isinstance(properties, dict)
    assert properties["storageProfile"] == {
        "dataDisks": [
            {"lun": 1, "name": "b", "createOption": "Empty", "diskSizeGB": 2},
            {
                "lun": 2,
                "name": "c",
                "createOption": "Empty",
                "diskSizeGB": 1,
                "caching": "ReadOnly",
                "managedDisk": {"storageAccountType": "Standard_LRS"},
            },
        ]
    }
    assert bench.run("Remove-AzVMDataDisk", vm, "none") == []
    assert bench.run("Set-AzVMDataDisk", VM=vm, Lun=9, DiskSizeInGB=2) == []
    assert [each.id for each in bench.reported] == ["ArgumentException"] * 2


def test_a_key_without_a_user_is_refused_in_words(bench: Bench) -> None:
    vm = bench.one("New-AzVMConfig", "web", "Standard_B1s")

    assert bench.run("Add-AzVMSshPublicKey", vm, "ssh-ed25519 AAAA") == []

    assert "Set-AzVMOperatingSystem" in bench.reported[0].message


def test_a_configuration_without_a_group_is_not_sent(bench: Bench) -> None:
    vm = bench.one("New-AzVMConfig", "web", "Standard_B1s")

    assert bench.run("New-AzVM", VM=vm) == []

    assert "missing mandatory parameters: ResourceGroupName" in bench.reported[0].message
    assert bench.api.asked == []


def test_interfaces_may_be_objects_and_are_taken_out_again(bench: Bench) -> None:
    vm = bench.one("New-AzVMConfig", "web", "Standard_B1s")
    nic = Record.of("Microsoft.Azure.Commands.Network.Models.PSNetworkInterface", {"Id": NIC})
    bench.run("Add-AzVMNetworkInterface", VM=vm, NetworkInterface=nic)
    bench.run("Add-AzVMNetworkInterface", VM=vm, Id=f"{NIC}2", Primary=True, DeleteOption="Delete")
    bench.run("Remove-AzVMNetworkInterface", VM=vm, NetworkInterfaceIDs=NIC.upper())
    bench.run("New-AzVM", "lab", "eastus", vm)

    properties = sent(bench)["properties"]
    assert isinstance(properties, dict)
    assert properties["networkProfile"] == {
        "networkInterfaces": [{"id": f"{NIC}2", "properties": {"primary": True, "deleteOption": "Delete"}}]
    }


def test_a_blank_password_goes_nowhere_where_keys_alone_are_taken(bench: Bench) -> None:
    blank = Record.of(CREDENTIAL, {"UserName": "ada", "Password": SecureString(" ")})
    vm = bench.one("New-AzVMConfig", "web", "Standard_B1s")
    bench.run("Set-AzVMOperatingSystem", vm, Linux=True, Credential=blank, DisablePasswordAuthentication=True)
    bench.run("New-AzVM", "lab", "eastus", vm)

    properties = sent(bench)["properties"]
    assert isinstance(properties, dict)
    assert properties["osProfile"] == {
        "adminUsername": "ada",
        "linuxConfiguration": {"disablePasswordAuthentication": True},
    }
