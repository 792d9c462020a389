"""The objects of Az.Compute and Az.Resources, as tables: their members, in Az's order.

Sources: Azure/azure-powershell, Compute/Models (PSVirtualMachine, PSVirtualMachineInstanceView) and Generated/Models
(PSImage); Microsoft.Azure.Management.Compute.Models' reference; Az.Resources' PSResourceGroup and PSResource.
"""

from calco.cloudshell.az.record import Family, Shape

COMPUTE = Family(
    "Microsoft.Azure.Management.Compute.Models.",
    {
        "SubResource": Shape("Id"),
        "ExtendedLocation": Shape("Name Type"),
        "Plan": Shape("Name Publisher Product PromotionCode"),
        "PSVirtualMachine": Shape(
            "ResourceGroupName Id VmId Name Type Location ExtendedLocation:ExtendedLocation LicenseType Tags{} "
            "AvailabilitySetReference=availabilitySet:SubResource DiagnosticsProfile:DiagnosticsProfile "
            "Extensions=resources HardwareProfile:HardwareProfile InstanceView NetworkProfile:NetworkProfile "
            "SecurityProfile:SecurityProfile OSProfile:OSProfile BillingProfile Plan:Plan ProvisioningState "
            "StorageProfile:StorageProfile Identity Zones FullyQualifiedDomainName AdditionalCapabilities "
            "ProximityPlacementGroup:SubResource Host:SubResource VirtualMachineScaleSet:SubResource "
            "EvictionPolicy Priority HostGroup:SubResource UserData TimeCreated~ Etag",
            flat=True,
            type="Microsoft.Azure.Commands.Compute.Models.PSVirtualMachine",
        ),
        "DiagnosticsProfile": Shape("BootDiagnostics:BootDiagnostics"),
        "BootDiagnostics": Shape("Enabled StorageUri"),
        "HardwareProfile": Shape("VmSize VmSizeProperties"),
        "NetworkProfile": Shape("NetworkInterfaces:NetworkInterfaceReference*"),
        "NetworkInterfaceReference": Shape("Primary=properties.primary DeleteOption=properties.deleteOption Id"),
        "SecurityProfile": Shape("UefiSettings EncryptionAtHost SecurityType"),
        "OSProfile": Shape(
            "ComputerName AdminUsername AdminPassword CustomData WindowsConfiguration:WindowsConfiguration "
            "LinuxConfiguration:LinuxConfiguration Secrets AllowExtensionOperations RequireGuestProvisionSignal"
        ),
        "WindowsConfiguration": Shape(
            "ProvisionVMAgent EnableAutomaticUpdates TimeZone AdditionalUnattendContent PatchSettings WinRM"
        ),
        "LinuxConfiguration": Shape(
            "DisablePasswordAuthentication Ssh:SshConfiguration ProvisionVMAgent PatchSettings"
        ),
        "SshConfiguration": Shape("PublicKeys:SshPublicKey*"),
        "SshPublicKey": Shape("Path KeyData"),
        "StorageProfile": Shape("ImageReference:ImageReference OsDisk:OSDisk DataDisks:DataDisk*"),
        "ImageReference": Shape("Publisher Offer Sku Version ExactVersion SharedGalleryImageId Id"),
        "OSDisk": Shape(
            "OsType EncryptionSettings Name Vhd:VirtualHardDisk Image:VirtualHardDisk Caching "
            "WriteAcceleratorEnabled DiffDiskSettings CreateOption DiskSizeGB ManagedDisk:ManagedDiskParameters "
            "DeleteOption"
        ),
        "DataDisk": Shape(
            "Lun Name Vhd:VirtualHardDisk Image:VirtualHardDisk Caching WriteAcceleratorEnabled CreateOption "
            "DiskSizeGB ManagedDisk:ManagedDiskParameters ToBeDetached DetachOption DeleteOption"
        ),
        "VirtualHardDisk": Shape("Uri"),
        "ManagedDiskParameters": Shape("StorageAccountType DiskEncryptionSet:SubResource Id"),
        "PSVirtualMachineInstanceView": Shape(
            "ResourceGroupName Name ComputerName OsName OsVersion HyperVGeneration AssignedHost "
            "BootDiagnostics:BootDiagnosticsInstanceView Disks:DiskInstanceView* "
            "Extensions:VirtualMachineExtensionInstanceView* PlatformFaultDomain PlatformUpdateDomain "
            "RemoteDesktopThumbprint=rdpThumbPrint VMAgent:VirtualMachineAgentInstanceView "
            "Statuses:InstanceViewStatus* MaintenanceRedeployStatus",
            type="Microsoft.Azure.Commands.Compute.Models.PSVirtualMachineInstanceView",
        ),
        "BootDiagnosticsInstanceView": Shape(
            "ConsoleScreenshotBlobUri SerialConsoleLogBlobUri Status:InstanceViewStatus"
        ),
        "DiskInstanceView": Shape("Name EncryptionSettings Statuses:InstanceViewStatus*"),
        "VirtualMachineExtensionInstanceView": Shape(
            "Name Type TypeHandlerVersion Substatuses:InstanceViewStatus* Statuses:InstanceViewStatus*"
        ),
        "VirtualMachineAgentInstanceView": Shape(
            "VmAgentVersion ExtensionHandlers:VirtualMachineExtensionHandlerInstanceView* Statuses:InstanceViewStatus*"
        ),
        "VirtualMachineExtensionHandlerInstanceView": Shape("Type TypeHandlerVersion Status:InstanceViewStatus"),
        "InstanceViewStatus": Shape("Code Level DisplayStatus Message Time~"),
        "PSImage": Shape(
            "ResourceGroupName SourceVirtualMachine:SubResource StorageProfile:ImageStorageProfile "
            "ProvisioningState HyperVGeneration Id Name Type Location ExtendedLocation:ExtendedLocation Tags{}",
            flat=True,
            type="Microsoft.Azure.Commands.Compute.Automation.Models.PSImage",
        ),
        "ImageStorageProfile": Shape("OsDisk:ImageOSDisk DataDisks:ImageDataDisk* ZoneResilient"),
        "ImageOSDisk": Shape(
            "OsType OsState Snapshot:SubResource ManagedDisk:SubResource BlobUri Caching DiskSizeGB "
            "StorageAccountType DiskEncryptionSet:SubResource"
        ),
        "ImageDataDisk": Shape(
            "Lun Snapshot:SubResource ManagedDisk:SubResource BlobUri Caching DiskSizeGB StorageAccountType "
            "DiskEncryptionSet:SubResource"
        ),
        "PSVirtualMachineSize": Shape(
            "Name NumberOfCores MemoryInMB MaxDataDiskCount OSDiskSizeInMB ResourceDiskSizeInMB",
            type="Microsoft.Azure.Commands.Compute.Models.PSVirtualMachineSize",
        ),
        "PSUsage": Shape(
            "Name:UsageName Unit CurrentValue Limit", type="Microsoft.Azure.Commands.Compute.Models.PSUsage"
        ),
        "UsageName": Shape("Value LocalizedValue"),
        "PSRunCommandResult": Shape(
            "Value:InstanceViewStatus*", type="Microsoft.Azure.Commands.Compute.Automation.Models.PSRunCommandResult"
        ),
    },
)

RESOURCES = Family(
    "Microsoft.Azure.Commands.ResourceManager.Cmdlets.SdkModels.",
    {
        "PSResourceGroup": Shape(
            "ResourceGroupName=name Location ProvisioningState=properties.provisioningState Tags{} ResourceId=id "
            "ManagedBy"
        ),
        "PSResource": Shape(
            "ResourceId=id Id ResourceGroupName ResourceType=type ResourceName=name Name Location Kind Identity "
            "Plan Properties Sku Tags{} ManagedBy Zones Type ETag=etag"
        ),
    },
)
