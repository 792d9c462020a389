# Four machines of one image at a time, as jobs.
param([int]$Count = 4, [string]$Prefix = 'node')

$image = Get-AzImage -ResourceGroupName lab -ImageName golden
$password = ConvertTo-SecureString 'Correct-Horse-9' -AsPlainText -Force
$cred = New-Object System.Management.Automation.PSCredential ('ada', $password)

$jobs = foreach ($i in 1..$Count) {
    $name = '{0}{1:d2}' -f $Prefix, $i
    $vmParams = @{
        ResourceGroupName  = 'lab'
        Location           = 'eastus'
        Name               = $name
        Image              = $image.Id
        Credential         = $cred
        Size               = 'Standard_B1s'
        VirtualNetworkName = 'fleet-net'
        SubnetName         = 'default'
        SecurityGroupName  = 'fleet-nsg'
    }
    if ($i -eq 1) {
        New-AzVM @vmParams | Out-Null      # makes the network that the others share
    }
    else {
        New-AzVM @vmParams -AsJob
    }
}

"Started $($jobs.Count) jobs"
$jobs | Wait-Job | Sort-Object Id | Format-Table Id, Name, State, HasMoreData -AutoSize

$made = $jobs | Receive-Job
$made | Sort-Object Name | ForEach-Object { "$($_.Name): $($_.ProvisioningState)" }
$jobs | Remove-Job
"Jobs left: $(@(Get-Job).Count)"

Get-AzVM -ResourceGroupName lab -Name "$Prefix*" -Status |
    Sort-Object Name |
    Format-Table Name, Location, ProvisioningState, PowerState

# One that cannot work: its job fails, and says why when it is received
$bad = New-AzVM -ResourceGroupName lab -Location eastus -Name bad -Image golden -Credential $cred -Size Standard_Nonsense -AsJob
$bad | Wait-Job | Out-Null
"Job $($bad.Id - $bad.Id + 1) of the bad machine: $($bad.State)"
try {
    Receive-Job $bad -ErrorAction Stop
}
catch {
    ($_.Exception.Message -split "`n")[0]
}
