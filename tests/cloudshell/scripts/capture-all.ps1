# Every web server of the group becomes an image; what goes wrong with one must not stop the others.
$rg = 'lab'
$results = @()

$vms = Get-AzVM -ResourceGroupName $rg | Where-Object { $_.Tags['role'] -eq 'web' } | Sort-Object Name
Write-Host "Found $($vms.Count) machines"

foreach ($vm in $vms) {
    $imageName = '{0}-{1:yyyyMMdd}' -f $vm.Name, [datetime]'2026-11-23'
    $outcome = 'ok'
    try {
        Stop-AzVM -ResourceGroupName $rg -Name $vm.Name -Force -ErrorAction Stop | Out-Null
        if ($vm.Name -ne 'web2') {
            # web2 is left out on purpose: what is not generalized cannot be captured
            Set-AzVM -ResourceGroupName $rg -Name $vm.Name -Generalized -ErrorAction Stop | Out-Null
        }
        $config = New-AzImageConfig -Location $vm.Location -SourceVirtualMachineId $vm.Id
        $null = New-AzImage -Image $config -ImageName $imageName -ResourceGroupName $rg -ErrorAction Stop
    }
    catch {
        $outcome = ($_.Exception.Message -split "`n" | Where-Object { $_ -match '^ErrorCode' }) -replace '^ErrorCode: ', ''
    }
    $results += [PSCustomObject]@{
        Machine = $vm.Name
        Image   = $imageName
        Result  = $outcome
    }
}

$results | Format-Table -AutoSize
"{0} of {1} captured" -f @($results | Where-Object Result -eq 'ok').Count, $results.Count
Get-AzImage -ResourceGroupName $rg | Sort-Object Name | Select-Object -ExpandProperty Name
