# Ask without waiting, look until it is so; try again what fails for a while
$rg = 'lab'
Stop-AzVM -ResourceGroupName $rg -Name web2 -Force -NoWait | Select-Object -ExpandProperty IsSuccessStatusCode

$tries = 0
do {
    $tries++
    Start-Sleep -Milliseconds 200
    $state = ((Get-AzVM -ResourceGroupName $rg -Name web2 -Status).Statuses | Where-Object Code -match 'PowerState').DisplayStatus
} until ($state -eq 'VM deallocated' -or $tries -ge 50)
"web2: $state"

function Invoke-WithRetry {
    param([scriptblock]$Do, [int]$Times = 3)
    for ($try = 1; ; $try++) {
        try {
            return & $Do
        }
        catch {
            Write-Warning ("Attempt {0} of {1}: {2}" -f $try, $Times, ($_.Exception.Message -split "`n")[0])
            if ($try -eq $Times) { throw }
            Start-Sleep -Milliseconds ([math]::Pow(2, $try) * 10)
        }
    }
}

# the third time it is there
$script:calls = 0
$found = Invoke-WithRetry -Times 5 {
    $script:calls++
    if ($script:calls -lt 3) { Get-AzVM -ResourceGroupName lab -Name nowhere -ErrorAction Stop }
    else { Get-AzVM -ResourceGroupName lab -Name web1 -ErrorAction Stop }
}
"Found $($found.Name) after $calls calls"

try { Invoke-WithRetry { throw 'never works' } -Times 2 }
catch { "Given up: $_" }

while ($true) {
    if (++$n -gt 3) { break }
    if ($n -eq 2) { continue }
    "round $n"
}
