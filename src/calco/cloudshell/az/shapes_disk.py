"""The objects of managed disks, snapshots and availability sets, as tables.

Sources: Azure/azure-powershell, Compute/Generated/Models (PSDisk, PSSnapshot, PSDiskUpdate, PSAccessUri).
"""

from calco.cloudshell.az.record import Family, Shape
from calco.cloudshell.az.shapes import COMPUTE

_MODELS = "Microsoft.Azure.Commands.Compute.Automation.Models."

DISK = Family(
    "Microsoft.Azure.Management.Compute.Models.",
    {
        "PSDisk": Shape(
            "ResourceGroupName ManagedBy ManagedByExtended Sku:DiskSku Zones TimeCreated~ OsType HyperVGeneration "
            "CreationData:CreationData DiskSizeGB DiskSizeBytes UniqueId EncryptionSettingsCollection "
            "ProvisioningState DiskIOPSReadWrite DiskMBpsReadWrite DiskIOPSReadOnly DiskMBpsReadOnly DiskState "
            "Encryption:Encryption MaxShares ShareInfo Id Name Type Location ExtendedLocation:ExtendedLocation "
            "Tags{} NetworkAccessPolicy DiskAccessId Tier BurstingEnabled PurchasePlan SupportsHibernation "
            "SecurityProfile PublicNetworkAccess SupportedCapabilities DataAccessAuthMode",
            flat=True,
            type=f"{_MODELS}PSDisk",
        ),
        "PSDiskUpdate": Shape(
            "Sku:DiskSku OsType DiskSizeGB DiskIOPSReadWrite DiskMBpsReadWrite Encryption:Encryption MaxShares "
            "Tags{} NetworkAccessPolicy DiskAccessId Tier BurstingEnabled PublicNetworkAccess",
            flat=True,
            type=f"{_MODELS}PSDiskUpdate",
        ),
        "PSSnapshot": Shape(
            "ResourceGroupName ManagedBy Sku:SnapshotSku TimeCreated~ OsType HyperVGeneration "
            "CreationData:CreationData DiskSizeGB DiskSizeBytes UniqueId EncryptionSettingsCollection "
            "ProvisioningState Incremental Encryption:Encryption Id Name Type Location "
            "ExtendedLocation:ExtendedLocation Tags{} NetworkAccessPolicy DiskAccessId PurchasePlan "
            "SupportsHibernation PublicNetworkAccess CompletionPercent IncrementalSnapshotFamilyId DiskState",
            flat=True,
            type=f"{_MODELS}PSSnapshot",
        ),
        "PSSnapshotUpdate": Shape(
            "Sku:SnapshotSku OsType DiskSizeGB Tags{} NetworkAccessPolicy PublicNetworkAccess",
            flat=True,
            type=f"{_MODELS}PSSnapshotUpdate",
        ),
        "PSAccessUri": Shape("AccessSAS=accessSAS SecurityDataAccessSAS", type=f"{_MODELS}PSAccessUri"),
        "PSAvailabilitySet": Shape(
            "ResourceGroupName VirtualMachinesReferences=virtualMachines:SubResource* PlatformFaultDomainCount "
            "PlatformUpdateDomainCount Statuses ProximityPlacementGroup:SubResource Sku=sku.name Id Name Type "
            "Location Tags{}",
            flat=True,
            type="Microsoft.Azure.Commands.Compute.Models.PSAvailabilitySet",
        ),
        "DiskSku": Shape("Name Tier"),
        "SnapshotSku": Shape("Name Tier"),
        "Encryption": Shape("DiskEncryptionSetId Type"),
        "CreationData": Shape(
            "CreateOption StorageAccountId ImageReference:ImageDiskReference "
            "GalleryImageReference:ImageDiskReference SourceUri SourceResourceId SourceUniqueId UploadSizeBytes "
            "LogicalSectorSize"
        ),
        "ImageDiskReference": Shape("Id SharedGalleryImageId CommunityGalleryImageId Lun"),
    },
    also=COMPUTE,
)
