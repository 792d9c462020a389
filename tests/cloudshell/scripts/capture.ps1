<#
    Turns one generalized machine into a managed image.
    Exit codes: 0 done, 1 no such machine, 2 the image could not be made.
#>
param(
    [Parameter(Mandatory = $true)]
    [string]$VMName,
    [string]$ResourceGroupName = 'lab',
    [string]$ImageName = "$VMName-image"
)

try {
    $vm = Get-AzVM -ResourceGroupName $ResourceGroupName -Name $VMName -ErrorAction Stop
}
catch {
    Write-Host "Cannot read ${VMName}: $($_.Exception.Message.Split("`n")[0])" -ForegroundColor Red
    exit 1
}

try {
    Write-Host "Stopping $($vm.Name) ..."
    $stop = Stop-AzVM -ResourceGroupName $ResourceGroupName -Name $vm.Name -Force -ErrorAction Stop
    Write-Host "Stop: $($stop.Status)"

    $flag = Set-AzVM -ResourceGroupName $ResourceGroupName -Name $vm.Name -Generalized -ErrorAction Stop
    Write-Host "Generalize: $($flag.Status)"

    $config = New-AzImageConfig -Location $vm.Location -SourceVirtualMachineId $vm.Id -Tag @{ from = $vm.Name }
    $image = New-AzImage -ResourceGroupName $ResourceGroupName -ImageName $ImageName -Image $config -ErrorAction Stop
    $image
}
catch {
    Write-Warning "Capture of $VMName failed"
    Write-Host $_.Exception.Message
    exit 2
}
finally {
    $state = (Get-AzVM -ResourceGroupName $ResourceGroupName -Name $VMName -Status).Statuses |
        Where-Object { $_.Code -like 'PowerState/*' }
    Write-Host "$VMName is now: $($state.DisplayStatus)"
}
