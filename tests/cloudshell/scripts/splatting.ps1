# A machine from its parts, each from a table of its own
$common = @{ ResourceGroupName = 'lab'; Location = 'eastus' }

$subnet = New-AzVirtualNetworkSubnetConfig -Name front -AddressPrefix 10.20.1.0/24
$vnet = New-AzVirtualNetwork @common -Name splat-net -AddressPrefix 10.20.0.0/16 -Subnet $subnet
$pip = New-AzPublicIpAddress @common -Name splat-ip -AllocationMethod Static -Sku Standard

$rule = @{
    Name                     = 'ssh'
    Access                   = 'Allow'
    Protocol                 = 'Tcp'
    Direction                = 'Inbound'
    Priority                 = 1000
    SourceAddressPrefix      = '*'
    SourcePortRange          = '*'
    DestinationAddressPrefix = '*'
    DestinationPortRange     = 22
}
$nsg = New-AzNetworkSecurityGroup @common -Name splat-nsg -SecurityRules (New-AzNetworkSecurityRuleConfig @rule)

$nicParams = $common + @{
    Name                   = 'splat-nic'
    SubnetId               = $vnet.Subnets[0].Id
    PublicIpAddressId      = $pip.Id
    NetworkSecurityGroupId = $nsg.Id
}
$nic = New-AzNetworkInterface @nicParams

$password = 'Correct-Horse-9' | ConvertTo-SecureString -AsPlainText -Force
$os = @{ Linux = $true; ComputerName = 'splat'; Credential = [pscredential]::new('ada', $password) }
$vm = New-AzVMConfig -VMName splat -VMSize Standard_B2s -Tags @{ role = 'test' } |
    Set-AzVMOperatingSystem @os |
    Set-AzVMSourceImage -PublisherName Debian -Offer debian-12 -Skus 12 -Version latest |
    Set-AzVMOSDisk -CreateOption FromImage -StorageAccountType Standard_LRS -Name splat-os |
    Add-AzVMDataDisk -Name splat-data -Lun 0 -CreateOption Empty -DiskSizeInGB 4 -Caching ReadOnly |
    Add-AzVMNetworkInterface -Id $nic.Id

$answer = New-AzVM @common -VM $vm
"Made: $($answer.IsSuccessStatusCode) $($answer.StatusCode)"

Get-AzVM -ResourceGroupName lab -Name splat | Format-List Name, ProvisioningState, @{ n = 'Disks'; e = { $_.StorageProfile.DataDisks | % { "$($_.Lun): $($_.Name) $($_.DiskSizeGB) GB $($_.Caching)" } } }
$nic = Get-AzNetworkInterface -ResourceGroupName lab -Name splat-nic
"Private address: $($nic.IpConfigurations[0].PrivateIpAddress)"
"Open: $($nsg.SecurityRules.DestinationPortRange -join ',')"
