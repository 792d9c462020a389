# Nothing of this happens
Stop-AzVM -ResourceGroupName lab -Name web1 -Force -WhatIf
Set-AzVM -ResourceGroupName lab -Name web1 -Generalized -WhatIf
New-AzResourceGroup -Name another -Location westeurope -WhatIf
New-AzImage -ResourceGroupName lab -ImageName x -Image (New-AzImageConfig -Location eastus) -WhatIf
Get-AzVM -ResourceGroupName lab | Sort-Object Name | Remove-AzVM -Force -WhatIf
Remove-AzResourceGroup -Name lab -Force -WhatIf

$WhatIfPreference = $true
Restart-AzVM -ResourceGroupName lab -Name db1
Remove-AzImage -ResourceGroupName lab -ImageName golden -Force
Remove-AzImage -ResourceGroupName lab -ImageName golden -Force -WhatIf:$false -Confirm:$false -ErrorAction Ignore | ForEach-Object Status
$WhatIfPreference = $false

function Remove-Lab {
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$Name, [switch]$Everything)
    Get-AzVM -ResourceGroupName $Name -Name web* | Sort-Object Name | Stop-AzVM -Force | Out-Null
    if ($Everything -and $PSCmdlet.ShouldProcess($Name, 'Tear down')) { "tore down $Name" }
}
Remove-Lab lab -Everything -WhatIf

"Machines: $((Get-AzVM -ResourceGroupName lab -Status | Where-Object PowerState -eq 'VM running').Count)"
"Images: $(@(Get-AzImage -ResourceGroupName lab).Count)"
"Groups: $((Get-AzResourceGroup | Sort-Object ResourceGroupName).ResourceGroupName -join ', ')"
