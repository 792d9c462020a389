# Disks that nobody uses any more, and what they take
New-AzDisk -ResourceGroupName lab -DiskName orphan1 -Disk (New-AzDiskConfig -Location eastus -CreateOption Empty -DiskSizeGB 8 -SkuName Standard_LRS) | Out-Null
New-AzDisk -ResourceGroupName lab -DiskName orphan2 -Disk (New-AzDiskConfig -Location eastus -CreateOption Empty -DiskSizeGB 16 -SkuName Premium_LRS -Tag @{ keep = 'yes' }) | Out-Null

$disks = Get-AzDisk -ResourceGroupName lab
$unattached = $disks | Where-Object { $_.ManagedBy -eq $null }
"Disks: $($disks.Count), unattached: $($unattached.Count)"

$unattached |
    Sort-Object DiskSizeGB -Descending |
    Format-Table Name, @{ Label = 'GB'; Expression = { $_.DiskSizeGB }; Align = 'Right' }, @{ L = 'Sku'; E = { $_.Sku.Name } }, DiskState

$sum = ($unattached | Measure-Object DiskSizeGB -Sum).Sum
"They take $sum GB, that is {0:N2} TB" -f ($sum / 1024)

foreach ($group in ($disks | Where-Object { -not $_.Name.Contains('-') -and $_.Name -match '^(orphan|db1)' } | Group-Object { $_.Sku.Name } | Sort-Object Name)) {
    "{0,-15} {1,3}  {2}" -f $group.Name, $group.Count, (($group.Group.Name | Sort-Object) -join ', ')
}

switch -Wildcard ($unattached.Name) {
    'orphan1' { "$_ will go" }
    'orphan*' { "$_ is an orphan" }
    default { "$_ is somebody's" }
}

$unattached | Where-Object { -not $_.Tags['keep'] } | Remove-AzDisk -Force | Select-Object Status
(Get-AzDisk -ResourceGroupName lab | Where-Object ManagedBy -EQ $null).Name
