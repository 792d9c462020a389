"""The objects of Az.Storage, as tables. Sources: Azure/azure-powershell, Storage.Management/Models (PSStorageAccount);
Storage.Management.format.ps1xml, Storage.generated.format.ps1xml."""

from calco.cloudshell.az.record import Family, Shape

STORAGE = Family(
    "Microsoft.Azure.Management.Storage.Models.",
    {
        "PSStorageAccount": Shape(
            "ResourceGroupName StorageAccountName=name Id Location Sku:Sku Kind Encryption AccessTier "
            "CreationTime~ CustomDomain Identity LastGeoFailoverTime PrimaryEndpoints:Endpoints PrimaryLocation "
            "ProvisioningState SecondaryEndpoints:Endpoints SecondaryLocation StatusOfPrimary StatusOfSecondary "
            "Tags{} EnableHttpsTrafficOnly=supportsHttpsTrafficOnly NetworkRuleSet=networkAcls "
            "LargeFileSharesState AllowBlobPublicAccess MinimumTlsVersion AllowSharedKeyAccess "
            "PublicNetworkAccess",
            flat=True,
            type="Microsoft.Azure.Commands.Management.Storage.Models.PSStorageAccount",
        ),
        "Sku": Shape("Name Tier", type="Microsoft.Azure.Commands.Management.Storage.Models.PSSku"),
        "Endpoints": Shape("Blob Queue Table File Web Dfs"),
        "StorageAccountKey": Shape("KeyName Value Permissions CreationTime~"),
        "StorageAccountListKeysResult": Shape("Keys:StorageAccountKey*"),
        "CheckNameAvailabilityResult": Shape("NameAvailable Reason Message"),
    },
)
