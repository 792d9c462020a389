"""From a VHD file to images, and from a disk by a snapshot to an image, by scripts against a real service with
simulated machines; with the network that a machine of them needs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calco.cloudshell.session import Session
from calco.model.vhd import FOOTER_BYTES, Footer, read_footer
from tests.cloudshell.az.live import session
from tests.cloudshell.az.test_vhd import write_vhd
from tests.cloudshell.world import Recorder
from tests.service_process import ServiceProcess, serving

pytestmark = pytest.mark.slow
MIB = 1024 * 1024

PREPARE = """
$ErrorActionPreference = 'Stop'
$rg = 'lab'; $location = 'westeurope'
$null = New-AzResourceGroup -Name $rg -Location $location
"""

FROM_BLOB = """
$account = New-AzStorageAccount -ResourceGroupName $rg -Name calcoshelldisks -Location $location -SkuName Standard_LRS
$null = New-AzStorageContainer -Name vhds -Context $account.Context
$uri = "$($account.Context.BlobEndPoint)vhds/golden.vhd"
$sent = Add-AzVhd -ResourceGroupName $rg -Destination $uri -LocalFilePath golden.vhd
$sent.DestinationUri -eq $uri
(Get-AzStorageBlob -Container vhds -Context $account.Context).Length

$config = New-AzImageConfig -Location $location
$config = Set-AzImageOsDisk -Image $config -OsType Linux -OsState Generalized -BlobUri $uri
$image = New-AzImage -ResourceGroupName $rg -ImageName fromBlob -Image $config
$image.ProvisioningState
$image.StorageProfile.OsDisk.BlobUri -eq $uri
"""

FROM_SNAPSHOT = """
$null = Add-AzVhd -ResourceGroupName $rg -Location $location -DiskName golden -LocalFilePath golden.vhd `
    -DiskOsType Linux
$disk = Get-AzDisk -ResourceGroupName $rg -DiskName golden
$disk.DiskState
$disk.DiskSizeBytes

$config = New-AzSnapshotConfig -SourceUri $disk.Id -Location $location -CreateOption Copy
$null = New-AzSnapshot -Snapshot $config -SnapshotName before -ResourceGroupName $rg
$snapshot = Get-AzSnapshot -ResourceGroupName $rg -SnapshotName before

$config = New-AzImageConfig -Location $location
$config = Set-AzImageOsDisk -Image $config -OsType Linux -OsState Generalized -SnapshotId $snapshot.Id
$image = New-AzImage -ResourceGroupName $rg -ImageName fromSnapshot -Image $config
$image.StorageProfile.OsDisk.Snapshot.Id -eq $snapshot.Id
"""

BYTES_BACK = """
$sas = Grant-AzDiskAccess -ResourceGroupName $rg -DiskName golden -Access Read -DurationInSecond 3600
(Get-AzDisk $rg golden).DiskState
$context = (Get-AzStorageAccount $rg calcoshelldisks).Context
$copy = Start-AzStorageBlobCopy -AbsoluteUri $sas.AccessSAS -DestContainer vhds -DestBlob back.vhd -DestContext $context
($copy | Get-AzStorageBlobCopyState -WaitForComplete).Status
$null = Get-AzStorageBlobContent -Container vhds -Blob back.vhd -Destination back.vhd -Context $context
$null = Save-AzVhd -SourceUri $sas.AccessSAS -LocalFilePath saved.vhd
$null = Revoke-AzDiskAccess -ResourceGroupName $rg -DiskName golden
(Get-AzDisk $rg golden).DiskState
New-AzDiskUpdateConfig -DiskSizeGB 2 | Update-AzDisk -ResourceGroupName $rg -DiskName golden |
    Select-Object -ExpandProperty DiskSizeGB
Get-AzDisk -ResourceGroupName $rg | Remove-AzDisk -Force | ForEach-Object { $_.Status }
@(Get-AzDisk -ResourceGroupName $rg).Count
"""

NETWORK = """
$place = @{ ResourceGroupName = $rg; Location = $location }
$ssh = New-AzNetworkSecurityRuleConfig -Name ssh -Protocol Tcp -Direction Inbound -Priority 1000 -Access Allow `
    -SourceAddressPrefix * -SourcePortRange * -DestinationAddressPrefix * -DestinationPortRange 22, 2222
$rules = New-AzNetworkSecurityGroup @place -Name rules -SecurityRules $ssh
$subnet = New-AzVirtualNetworkSubnetConfig -Name default -AddressPrefix 10.0.0.0/24
$net = New-AzVirtualNetwork @place -Name net1 -AddressPrefix 10.0.0.0/16 -Subnet $subnet
$net | Add-AzVirtualNetworkSubnetConfig -Name back -AddressPrefix 10.0.1.0/24 -NetworkSecurityGroup $rules |
    Set-AzVirtualNetwork | Select-Object -ExpandProperty Subnets | ForEach-Object { "$($_.Name) $($_.AddressPrefix)" }
$address = New-AzPublicIpAddress @place -Name address1 -AllocationMethod Static -Sku Standard
$nic = New-AzNetworkInterface @place -Name nic1 -SubnetId $net.Subnets[0].Id -PublicIpAddressId $address.Id `
    -NetworkSecurityGroupId $rules.Id
$nic.IpConfigurations[0].PrivateIpAddress
($rules | Get-AzNetworkSecurityRuleConfig -Name ssh).DestinationPortRange -join ' '
$set = New-AzAvailabilitySet @place -Name set1 -Sku Aligned -PlatformFaultDomainCount 2 -PlatformUpdateDomainCount 2
$set.Sku
$null = Update-AzTag -ResourceId $net.Id -Tag @{team = 'lab'} -Operation Merge
(Get-AzVirtualNetwork -Name net1 -ResourceGroupName $rg).Tag['team']
$nic | Set-AzNetworkInterface | Out-Null
$nic | Remove-AzNetworkInterface -Force
try { Remove-AzNetworkSecurityGroup -Name rules -ResourceGroupName $rg -Force -ErrorAction Stop } catch { 'in use' }
@(Get-AzActivityLog -ResourceGroupName $rg -Status Succeeded).Count -gt 3
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("shell") / "data") as service:
        yield service


def given(shell: Session, host: Recorder, script: str) -> list[str]:
    """The lines that the script wrote; it must go well."""
    host.written.clear()
    outcome = shell.run(script)
    assert host.messages == []
    assert not outcome.ended
    return host.text.split("\n")[:-1]


def test_files_become_images_and_come_back(service: ServiceProcess, tmp_path: Path) -> None:
    guest = write_vhd(tmp_path, 21 * MIB, name="golden.vhd")
    host = Recorder()
    with session(service, tmp_path, host) as shell:
        given(shell, host, PREPARE)
        assert given(shell, host, FROM_BLOB) == ["True", str(21 * MIB + 512), "Succeeded", "True"]
        assert given(shell, host, FROM_SNAPSHOT) == ["Unattached", str(21 * MIB), "True"]
        lines = given(shell, host, BYTES_BACK)
    assert lines == ["ActiveSAS", "Success", "Unattached", "2", "Succeeded", "0"]
    copied, saved = ((tmp_path / name).read_bytes() for name in ("back.vhd", "saved.vhd"))
    assert copied[: len(guest)] == guest
    assert saved[:-FOOTER_BYTES] == copied[:-FOOTER_BYTES]
    assert timeless(saved) == timeless(copied)


def timeless(disk: bytes) -> Footer:
    """A footer but for its time: that of a grant is the disk's, in a copy stands when the upload had ended."""
    return replace(read_footer(disk[-FOOTER_BYTES:]), created=datetime(2000, 1, 1, tzinfo=UTC))


def test_the_network_of_a_machine_is_made_by_hand(service: ServiceProcess, tmp_path: Path) -> None:
    host = Recorder()
    with session(service, tmp_path, host) as shell:
        given(shell, host, PREPARE.replace("'lab'", "'net'"))
        lines = given(shell, host, NETWORK)
    assert lines == [
        "default 10.0.0.0/24",
        "back 10.0.1.0/24",
        "10.0.0.4",
        "22 2222",
        "Aligned",
        "lab",
        "in use",
        "True",
    ]
