# The machine stays as it is: snapshot its disks, make the image of the snapshots
$rg = 'lab'
$location = 'eastus'
$vm = Get-AzVM -ResourceGroupName $rg -Name db1

$stop = Stop-AzVM -ResourceGroupName $rg -Name $vm.Name -Force
"$($vm.Name): $($stop.Status)"

# OS disk
$snapshotConfig = New-AzSnapshotConfig -SourceUri $vm.StorageProfile.OsDisk.ManagedDisk.Id -Location $location -CreateOption Copy
$osSnapshot = New-AzSnapshot -Snapshot $snapshotConfig -SnapshotName "$($vm.Name)-os" -ResourceGroupName $rg

# every data disk, with the LUN it has
$luns = @{}
foreach ($disk in $vm.StorageProfile.DataDisks) {
    $config = New-AzSnapshotConfig -SourceUri $disk.ManagedDisk.Id -Location $location -CreateOption Copy
    $luns[$disk.Lun] = New-AzSnapshot -Snapshot $config -SnapshotName "$($vm.Name)-lun$($disk.Lun)" -ResourceGroupName $rg
}

$imageConfig = New-AzImageConfig -Location $location
$imageConfig = Set-AzImageOsDisk -Image $imageConfig -OsState Generalized -OsType Linux -SnapshotId $osSnapshot.Id
foreach ($lun in ($luns.Keys | Sort-Object)) {
    $imageConfig = Add-AzImageDataDisk -Image $imageConfig -Lun $lun -SnapshotId $luns[$lun].Id
}
$image = New-AzImage -ImageName db-image -ResourceGroupName $rg -Image $imageConfig

"Image $($image.Name): $($image.ProvisioningState), OS $($image.StorageProfile.OsDisk.OsType)"
$image.StorageProfile.DataDisks | Sort-Object Lun | Format-Table Lun, @{ n = 'Snapshot'; e = { $_.Snapshot.Id.Split('/')[-1] } }, DiskSizeGB

Start-AzVM -ResourceGroupName $rg -Name $vm.Name | Select-Object Status
Get-AzSnapshot -ResourceGroupName $rg | Sort-Object Name | Format-Table Name, DiskSizeGB, Location

# the snapshots have done their work
Get-AzSnapshot -ResourceGroupName $rg | Remove-AzSnapshot -Force | Measure-Object | ForEach-Object { "$($_.Count) snapshots removed" }
