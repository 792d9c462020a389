# The document's next step: machines of the image, each with an interface of its own
[CmdletBinding()]
param(
    [string]$ImageName = 'golden',
    [string[]]$Names = @('app1', 'app2')
)

$image = Get-AzImage -ResourceGroupName lab -ImageName $ImageName
$cred = [PSCredential]::new('ada', (ConvertTo-SecureString 'Correct-Horse-9' -AsPlainText -Force))

$vnet = Get-AzVirtualNetwork -ResourceGroupName lab -Name app-net -ErrorAction SilentlyContinue
if (-not $vnet) {
    Write-Host 'There is no network yet'
    $vnet = New-AzVirtualNetwork -ResourceGroupName lab -Location eastus -Name app-net -AddressPrefix 10.9.0.0/16
    Add-AzVirtualNetworkSubnetConfig -Name apps -VirtualNetwork $vnet -AddressPrefix 10.9.1.0/24 | Out-Null
    $vnet = $vnet | Set-AzVirtualNetwork
}
$subnet = $vnet.Subnets | Where-Object Name -eq 'apps'

foreach ($name in $Names) {
    $nic = New-AzNetworkInterface -ResourceGroupName lab -Location eastus -Name "$name-nic" -SubnetId $subnet.Id
    $vm = New-AzVMConfig -VMName $name -VMSize Standard_B1s
    $vm = Set-AzVMOperatingSystem -VM $vm -Linux -ComputerName $name -Credential $cred
    $vm = Set-AzVMSourceImage -VM $vm -Id $image.Id
    $vm = Set-AzVMOSDisk -VM $vm -Name "$name-os" -CreateOption FromImage -Caching ReadWrite
    $vm = Set-AzVMBootDiagnostic -VM $vm -Disable
    $vm = Add-AzVMNetworkInterface -VM $vm -Id $nic.Id
    New-AzVM -ResourceGroupName lab -Location eastus -VM $vm
}

foreach ($name in $Names) {
    $vm = Get-AzVM -ResourceGroupName lab -Name $name
    [pscustomobject]@{
        Name    = $vm.Name
        State   = $vm.ProvisioningState
        Image   = $vm.StorageProfile.ImageReference.Id.Split('/') | Select-Object -Last 1
        Address = (Get-AzNetworkInterface -ResourceId $vm.NetworkProfile.NetworkInterfaces[0].Id).IpConfigurations.PrivateIpAddress
    }
}
Get-AzVM -ResourceGroupName lab -Name $Names[0]
