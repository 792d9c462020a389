# What goes wrong, and how it is told
Get-AzVM -ResourceGroupName lab -Name nobody
"Went well: $?"
"Last error: $($Error[0].Exception.Message.Split("`n")[1])"
"Type: $($Error[0].Exception.GetType().Name)"

# quietly, and looked at afterwards
Get-AzImage -ResourceGroupName lab -ImageName nothing -ErrorAction SilentlyContinue -ErrorVariable quiet
"Kept: $($quiet.Count); code: $([regex]::Match($quiet[0].Exception.Message, 'ErrorCode: (\w+)').Groups[1].Value)"

# the API says no
try {
    New-AzVM -ResourceGroupName lab -Location eastus -VM (New-AzVMConfig -VMName bare -VMSize Standard_B1s) -ErrorAction Stop
}
catch [System.Management.Automation.CommandNotFoundException] {
    'never here'
}
catch {
    "Caught: $(($_.Exception.Message -split "`n" | Where-Object { $_ -match '^ErrorCode' }))"
    "Where: $($_.InvocationInfo.MyCommand)"
    "Category: $($_.CategoryInfo.Category)"
}

# no such cmdlet, no such parameter
try { Get-AzUnicorn } catch { $_.FullyQualifiedErrorId; $_.Exception.Message.Split("`n")[0] }
try { Get-AzVM -Horn 1 } catch { $_.Exception.Message }

# an expression at the head of a pipeline fails by itself, not the command behind it
$nothing.Split('/') | Select-Object -Last 1

function Test-All {
    try {
        'trying'
        throw [System.ArgumentException]::new('the argument is wrong')
    }
    catch [System.ArgumentException] {
        "an argument: $($_.Exception.Message)"
        Write-Error 'this one goes on'
        'and it did'
    }
    finally { 'cleaned up' }
}
Test-All

$ErrorActionPreference = 'Stop'
try { Write-Error 'this one stops'; 'never here' } catch { "stopped: $_" }

$failed = $Error.Count
"Errors in all: $failed"
if ($failed -gt 0) { exit $failed }
