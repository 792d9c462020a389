# Data disks: the next LUN that is free, attach, detach, and an image with two of them
$vm = Get-AzVM -ResourceGroupName lab -Name db1

function Get-FreeLun($vm) {
    $used = @($vm.StorageProfile.DataDisks | ForEach-Object { $_.Lun })
    $lun = 0
    while ($used -contains $lun) { $lun++ }
    $lun
}

for ($i = 1; $i -le 2; $i++) {
    $lun = Get-FreeLun $vm
    $vm = Add-AzVMDataDisk -VM $vm -Name "db1-data$i" -Lun $lun -CreateOption Empty -DiskSizeInGB ($i * 4)
}
$result = Update-AzVM -ResourceGroupName lab -VM $vm
"Update: $($result.StatusCode)"

$vm = Get-AzVM -ResourceGroupName lab -Name db1
$vm.StorageProfile.DataDisks | Select-Object Lun, Name, DiskSizeGB, Caching

# the first of the new ones goes
Remove-AzVMDataDisk -VM $vm -DataDiskNames 'db1-data1' | Update-AzVM -ResourceGroupName lab | Out-Null
$vm = Get-AzVM -ResourceGroupName lab -Name db1
"LUNs now: $(($vm.StorageProfile.DataDisks.Lun | Sort-Object) -join ', '); next free: $(Get-FreeLun $vm)"
"Left alone: $((Get-AzDisk -ResourceGroupName lab -DiskName db1-data1).DiskState)"

# an image of disks: the OS disk and every data disk at its LUN; one more is taken out again
Stop-AzVM -ResourceGroupName lab -Name db1 -Force | Out-Null
Set-AzVM -ResourceGroupName lab -Name db1 -Generalized | Out-Null
$config = New-AzImageConfig -Location eastus
$config = Set-AzImageOsDisk -Image $config -OsType Linux -OsState Generalized -ManagedDiskId $vm.StorageProfile.OsDisk.ManagedDisk.Id -DiskSizeGB 40 -Caching ReadWrite
$vm.StorageProfile.DataDisks | ForEach-Object { Add-AzImageDataDisk -Image $config -Lun $_.Lun -ManagedDiskId $_.ManagedDisk.Id -Caching ReadOnly | Out-Null }
Add-AzImageDataDisk -Image $config -Lun 9 -ManagedDiskId (Get-AzDisk -ResourceGroupName lab -DiskName db1-data1).Id | Out-Null
$config = Remove-AzImageDataDisk -Image $config -Lun 9

$image = New-AzImage -ResourceGroupName lab -ImageName with-data -Image $config
$image.StorageProfile.OsDisk.DiskSizeGB
$image.StorageProfile.DataDisks | Format-Table Lun, DiskSizeGB, Caching, @{ n = 'Disk'; e = { ($_.ManagedDisk.Id -split '/')[-1] } }
