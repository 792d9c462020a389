# Functions of one's own, with a pipeline of machines through them

function Get-MachineSummary {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
        [string]$ResourceGroupName,

        [Parameter(Mandatory, ValueFromPipelineByPropertyName, Position = 0)]
        [string[]]$Name,

        [ValidateSet('Short', 'Long')]
        [string]$Style = 'Short'
    )
    begin {
        $count = 0
        Write-Verbose "Style is $Style"
    }
    process {
        foreach ($each in $Name) {
            $count++
            $vm = Get-AzVM -ResourceGroupName $ResourceGroupName -Name $each
            if ($Style -eq 'Short') { "$($vm.Name) ($($vm.HardwareProfile.VmSize))" }
            else {
                [ordered]@{ Name = $vm.Name; Size = $vm.HardwareProfile.VmSize; Disk = $vm.StorageProfile.OsDisk.Name.Substring(0, 3) } |
                    ForEach-Object { New-Object PSObject -Property $_ }
            }
        }
    }
    end { Write-Verbose "$count machines" }
}

function Format-Size([int]$GB) {
    if ($GB -ge 1024) { return '{0:N1} TB' -f ($GB / 1024) }
    return "$GB GB"
}

filter Select-Running { if ($_.PowerState -eq 'VM running') { $_ } }

Get-AzVM -ResourceGroupName lab | Sort-Object Name | Get-MachineSummary -Verbose
Get-MachineSummary -ResourceGroupName lab web1, db1 -Style Long
Format-Size 30
Format-Size -GB 2560
(Get-AzVM -ResourceGroupName lab -Status | Select-Running).Name | Sort-Object

try { Get-MachineSummary -ResourceGroupName lab -Name web1 -Style Medium }
catch { "Refused: $($_.Exception.Message)" }
