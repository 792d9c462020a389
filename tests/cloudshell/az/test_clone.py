"""From a new machine to its image and to clones of it, by scripts against a real service with simulated machines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloudshell.az.live import session
from tests.cloudshell.az.test_end_to_end import given
from tests.cloudshell.world import Recorder
from tests.service_process import ServiceProcess, serving

pytestmark = pytest.mark.slow

MAKE = """
$password = ConvertTo-SecureString 'Secret-12345678' -AsPlainText -Force
$credential = New-Object System.Management.Automation.PSCredential('ada', $password)
$vm = New-AzVM -ResourceGroupName myResourceGroup -Name myVM -Location eastus -Image Debian12 -Size Standard_B1s `
    -Credential $credential -OpenPorts 22, 80 -DataDiskSizeInGb 1
$vm.ProvisioningState
$vm.FullyQualifiedDomainName -like 'myvm-*.eastus.*'
(Get-AzNetworkSecurityGroup -ResourceGroupName myResourceGroup).SecurityRules.DestinationPortRange -join ','
(Get-AzVM -Status).PowerState
"""

CAPTURE = """
$vmName = "myVM"
$rgName = "myResourceGroup"
$location = "EastUS"
$imageName = "myImage"
(Stop-AzVM -ResourceGroupName $rgName -Name $vmName -Force).Status
(Set-AzVm -ResourceGroupName $rgName -Name $vmName -Generalized).Status
$vm = Get-AzVM -Name $vmName -ResourceGroupName $rgName
$image = New-AzImageConfig -Location $location -SourceVirtualMachineId $vm.Id
(New-AzImage -Image $image -ImageName $imageName -ResourceGroupName $rgName).ProvisioningState
$made = Get-AzImage -ResourceGroupName $rgName -ImageName $imageName
$made.StorageProfile.OsDisk.ManagedDisk.Id -eq $vm.StorageProfile.OsDisk.ManagedDisk.Id
$made.StorageProfile.DataDisks.Count
"""

CLONE = """
$clone = New-AzVM -ResourceGroupName clones -Name clone1 -Image $made.Id -Location eastus -Size Standard_B1s `
    -Credential $credential
$clone.StorageProfile.ImageReference.Id -eq $made.Id
$clone.StorageProfile.DataDisks.Lun
(Get-AzVM clones clone1 -Status).Statuses[1].DisplayStatus

$blank = New-Object PSCredential('ada', (ConvertTo-SecureString ' ' -AsPlainText -Force))
$subnet = (Get-AzVirtualNetwork -ResourceGroupName clones).Subnets[0]
$nic = New-AzNetworkInterface -Name nic2 -ResourceGroupName clones -Location eastus -SubnetId $subnet.Id
$config = New-AzVMConfig -VMName clone2 -VMSize Standard_B1s |
    Set-AzVMOperatingSystem -Linux -ComputerName clone2 -Credential $blank -DisablePasswordAuthentication |
    Set-AzVMSourceImage -Id $made.Id |
    Add-AzVMNetworkInterface -Id $nic.Id |
    Add-AzVMSshPublicKey -KeyData 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFGm4fwDp4iPyIHBBMTmFwVYVk4bqcX5j9bQKcHZ4d1k'
(New-AzVM -ResourceGroupName clones -Location eastus -VM $config).IsSuccessStatusCode
$ssh = (Get-AzVM clones clone2).OSProfile.LinuxConfiguration.Ssh
$ssh.PublicKeys[0].Path
"""

CHANGE = """
$vm = Get-AzVM -ResourceGroupName clones -Name clone2
(Add-AzVMDataDisk -VM $vm -Name extra -Lun 5 -CreateOption Empty -DiskSizeInGB 1 | Update-AzVM clones).StatusCode
(Get-AzVM clones clone2).StorageProfile.DataDisks.Lun -join ','
$jobs = Get-AzVM -ResourceGroupName clones | ForEach-Object { Stop-AzVM -Id $_.Id -Force -AsJob }
($jobs | Wait-Job | Receive-Job).Status -join ','
(Get-AzVM -ResourceGroupName clones -Status).PowerState -join ','
(Get-AzResource -ResourceGroupName clones -ResourceType Microsoft.Compute/virtualMachines).Name -join ','
(Get-AzImage | Remove-AzImage -Force).Status
Remove-AzResourceGroup clones -Force
@(Get-AzVM).Name
"""

REFUSED = """
try {
    Start-AzVM myResourceGroup myVM -ErrorAction Stop
} catch {
    $_.Exception.Message -match 'ErrorCode: (\\w+)' | Out-Null
    $Matches[1]
}
Get-AzVM myResourceGroup none -ErrorAction SilentlyContinue
$?
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("shell") / "data") as service:
        yield service


def test_a_machine_becomes_an_image_and_the_image_machines(service: ServiceProcess, tmp_path: Path) -> None:
    host = Recorder()
    with session(service, tmp_path, host) as shell:
        assert given(shell, host, MAKE) == ["Succeeded", "True", "22,80", "VM running"]
        assert given(shell, host, CAPTURE) == ["Succeeded", "Succeeded", "Succeeded", "True", "1"]
        assert given(shell, host, CLONE) == [
            "True",
            "0",
            "VM running",
            "True",
            "/home/ada/.ssh/authorized_keys",
        ]
        assert given(shell, host, REFUSED) == ["OperationNotAllowed", "False"]
        assert given(shell, host, CHANGE) == [
            "OK",
            "0,5",
            "Succeeded,Succeeded",
            "VM deallocated,VM deallocated",
            "clone1,clone2",
            "Succeeded",
            "True",
            "myVM",
        ]
