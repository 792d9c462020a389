# Images that are kept in three zones, beside the plain one, and how to tell them apart
$source = Get-AzVM -ResourceGroupName lab -Name source
$common = @{ Location = $source.Location; SourceVirtualMachineId = $source.Id }

$plain = New-AzImageConfig @common
$zoned = New-AzImageConfig @common -ZoneResilient -HyperVGeneration V1 -Tag @{ storage = 'zrs'; owner = 'ada' }
"Before: plain $($plain.StorageProfile.ZoneResilient), zoned $($zoned.StorageProfile.ZoneResilient)"

New-AzImage -ResourceGroupName lab -ImageName plain -Image $plain | Out-Null
New-AzImage -ResourceGroupName lab -ImageName zoned -Image $zoned | Out-Null

Get-AzImage -ResourceGroupName lab | Sort-Object Name |
    Select-Object Name, HyperVGeneration, @{ N = 'Zones'; E = { $_.StorageProfile.ZoneResilient } }, @{ N = 'Tags'; E = { ($_.Tags.GetEnumerator() | Sort-Object Key | ForEach-Object { "$($_.Key)=$($_.Value)" }) -join ';' } } |
    Format-Table -AutoSize

# a tag more, and nothing else of it changes
Update-AzImage -ResourceGroupName lab -ImageName zoned -Tag @{ storage = 'zrs'; owner = 'grace' } | Out-Null
$image = Get-AzImage -ResourceGroupName lab -ImageName zoned
"Owner now: $($image.Tags.owner); still zone resilient: $($image.StorageProfile.ZoneResilient)"

# a generation that the machine does not have
$wrong = New-AzImageConfig @common -HyperVGeneration V2
New-AzImage -ResourceGroupName lab -ImageName wrong -Image $wrong -ErrorAction SilentlyContinue -ErrorVariable failed | Out-Null
"Refused: $($failed.Count -gt 0)"
"Made all the same: $([bool](Get-AzImage -ResourceGroupName lab | Where-Object Name -eq 'wrong'))"
