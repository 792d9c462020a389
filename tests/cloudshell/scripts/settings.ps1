# Settings as JSON in a here-string, a summary as JSON in the end
$settings = @'
{
  "group": "lab",
  "location": "eastus",
  "images": [
    { "name": "web-a", "source": "source", "tags": { "tier": "front", "n": 1 } },
    { "name": "web-b", "source": "source", "tags": {} }
  ],
  "dryRun": false
}
'@ | ConvertFrom-Json

if (-not $settings.dryRun) {
    foreach ($wanted in $settings.images) {
        $tags = @{ made = 'by settings' }
        $wanted.tags.PSObject.Properties | ForEach-Object { $tags[$_.Name] = "$($_.Value)" }
        $vm = Get-AzVM -ResourceGroupName $settings.group -Name $wanted.source
        $config = New-AzImageConfig -Location $settings.location -SourceVirtualMachineId $vm.Id -Tag $tags
        New-AzImage -ResourceGroupName $settings.group -ImageName $wanted.name -Image $config | Out-Null
    }
}

$summary = [ordered]@{
    group  = $settings.group
    images = @(
        Get-AzImage -ResourceGroupName $settings.group -ImageName 'web-*' | Sort-Object Name | ForEach-Object {
            [ordered]@{
                name  = $_.Name
                state = $_.ProvisioningState
                tags  = $_.Tags
            }
        }
    )
    none   = $null
}
$summary | ConvertTo-Json -Depth 4
$summary | ConvertTo-Json -Compress

$mail = @"
Dear $($settings.group) team,

$($summary.images.Count) images are ready: `"$($summary.images.name -join '", "')`".
	- price: `$0
"@
$mail
(ConvertFrom-Json '[1, 2.5, "x", null, true]').Count
