# Keep the newest images, and those that somebody wants to keep
param(
    [int]$Keep = 2,
    [switch]$Delete
)
$ErrorActionPreference = 'Stop'

# what a year of builds leaves behind
$source = (Get-AzVM -ResourceGroupName lab -Name source).Id
foreach ($built in '2026-01-15', '2026-03-02', '2026-06-30', '2026-09-01', '2026-11-20') {
    $config = New-AzImageConfig -Location eastus -SourceVirtualMachineId $source -Tag @{ built = $built; pin = "$($built -eq '2026-03-02')" }
    New-AzImage -ResourceGroupName lab -ImageName "build-$($built.Replace('-', ''))" -Image $config | Out-Null
}

$limit = (Get-Date '2026-11-23').AddDays(-100)
$builds = Get-AzImage -ResourceGroupName lab | Where-Object { $_.Tags.ContainsKey('built') } | Sort-Object { [datetime]$_.Tags['built'] } -Descending
$old = $builds | Select-Object -Skip $Keep | Where-Object { [datetime]$_.Tags.built -lt $limit -and $_.Tags.pin -ne 'True' }

"Images: $($builds.Count); older than $($limit.ToString('yyyy-MM-dd')) and not pinned: $(@($old).Count)"
foreach ($image in $old) {
    $age = (New-TimeSpan -Start ([datetime]$image.Tags.built) -End ([datetime]'2026-11-23')).Days
    "  $($image.Name), $age days"
    $answer = $image | Remove-AzImage -Force -WhatIf:(-not $Delete)
    if ($answer) { "  removed: $($answer.Status)" }
}
(Get-AzImage -ResourceGroupName lab -ImageName 'build-*').Name -join ' '
