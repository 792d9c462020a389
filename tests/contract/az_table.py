"""Every command of az that has to do with machines, disks and images: as typed, and what it must show.

A flow is one test, on a group of its own. az_rows.py says what the names and the kinds of rows mean;
az_commands.py holds the list of commands that must be here.
"""

from collections.abc import Mapping

from tests.contract.az_machines import MACHINES
from tests.contract.az_rows import Row, keeps, prints, refused, shows, silent

GROUPS = (
    shows("group show -n $g", "[name, location, properties.provisioningState]", ["$g", "eastus", "Succeeded"]),
    shows("group create -n $g -l eastus --tags stage=test", "[id, tags]", ["$rg", {"stage": "test"}]),
    shows("group update -n $g --set tags.more=yes", "tags", {"stage": "test", "more": "yes"}),
    shows("group list", "[?name=='$g'].[location, tags.stage]", [["eastus", "test"]]),
    shows("group exists -n $g", "@", True),
    shows("group exists -n nobody-has-this", "@", False),
    refused("group show -n nobody-has-this", 3, "(ResourceGroupNotFound)", "'nobody-has-this' could not be found."),
    refused("group create -n $g -l westeurope", 1, "(InvalidResourceGroupLocation)"),
    refused("group create -n elsewhere -l atlantis", 1, "(LocationNotAvailableForResourceType)"),
    shows("account show", "[id, environmentName, state, user.type]", ["$sub", "calco", "Enabled", "servicePrincipal"]),
    shows("account list", "[].[id, isDefault]", [["$sub", True]]),
    shows(
        "account list-locations",
        "[?name=='westeurope'].[displayName, metadata.regionType, metadata.regionCategory]",
        [["West Europe", "Physical", "Recommended"]],
    ),
    shows("account get-access-token", "[subscription, tokenType]", ["$sub", "Bearer"]),
    shows("provider list", "[?namespace=='Microsoft.Compute'].registrationState", ["Registered"]),
    silent("provider register -n Microsoft.Compute"),
    shows("provider show -n Microsoft.Compute", "[namespace, registrationState]", ["Microsoft.Compute", "Registered"]),
    shows("rest --method get --url $rg?api-version=2024-07-01", "name", "$g"),
    shows("disk create -g $g -n one --size-gb 1 --sku Standard_LRS --tags stage=test", "tags", {"stage": "test"}),
    shows("resource list -g $g", "[].[name, type, location]", [["one", "Microsoft.Compute/disks", "eastus"]]),
    shows("resource list --tag stage=test", "[?resourceGroup=='$g'].name", ["one"]),
    shows("resource show --ids $compute/disks/one", "[name, properties.diskSizeGB]", ["one", 1]),
    refused("resource show --ids $compute/disks/two", 3, "(ResourceNotFound)"),
    shows("group create -n $g-short -l eastus", "properties.provisioningState", "Succeeded"),
    silent("group delete -n $g-short --yes"),
    shows("group exists -n $g-short", "@", False),
)

DISKS = (
    shows(
        "disk create -g $g -n empty --size-gb 1 --sku Standard_LRS",
        "[diskState, diskSizeBytes, provisioningState, sku.name]",
        ["Unattached", 2**30, "Succeeded", "Standard_LRS"],
    ),
    shows(
        "snapshot create -g $g -n full --source empty",
        "[creationData.createOption, creationData.sourceResourceId, incremental, sku.name]",
        ["Copy", "$compute/disks/empty", False, "Standard_LRS"],
    ),
    shows("snapshot create -g $g -n more --source empty --incremental true", "[incremental, diskSizeGB]", [True, 1]),
    shows("disk create -g $g -n copy --source empty", "[creationData.createOption, sku.name]", ["Copy", "Premium_LRS"]),
    shows("disk create -g $g -n back --source full", "creationData.sourceResourceId", "$compute/snapshots/full"),
    shows(
        "disk create -g $g -n system --image-reference Debian:debian-12:12:latest",
        "[creationData.createOption, osType, hyperVGeneration]",
        ["FromImage", "Linux", "V1"],
    ),
    shows(
        "disk create -g $g -n upload --upload-type Upload --upload-size-bytes 20972032",
        "[diskState, creationData.uploadSizeBytes]",
        ["ReadyToUpload", 20972032],
    ),
    shows("disk update -g $g -n copy --size-gb 2", "diskSizeGB", 2),
    refused("disk update -g $g -n copy --size-gb 1", 1, "(InvalidParameter)", "cannot be resized down"),
    shows("disk update -g $g -n copy --set tags.stage=test", "[tags.stage, diskSizeGB]", ["test", 2]),
    shows(
        "disk list -g $g",
        "sort_by([], &name)[].[name, diskSizeGB]",
        [["back", 1], ["copy", 2], ["empty", 1], ["system", 4], ["upload", None]],
    ),
    shows("snapshot list -g $g", "[].[name, incremental]", [["full", False], ["more", True]]),
    shows(
        "disk grant-access -g $g -n copy --access-level Read --duration-in-seconds 600",
        "accessSAS",
        "~https://.+sig=.+",
    ),
    shows("disk show -g $g -n copy", "diskState", "ActiveSAS"),
    silent("disk revoke-access -g $g -n copy"),
    shows("disk show -g $g -n copy", "diskState", "Unattached"),
    shows(
        "snapshot grant-access -g $g -n full --access-level Read --duration-in-seconds 600",
        "accessSAS",
        "~https://.+sig=.+",
    ),
    silent("snapshot revoke-access -g $g -n full"),
    shows("snapshot show -g $g -n full", "diskState", "Unattached"),
    silent("disk delete -g $g -n empty --yes"),
    refused("disk show -g $g -n empty", 3, "(ResourceNotFound)", "'Microsoft.Compute/disks/empty'"),
    shows("disk show -g $g -n back", "provisioningState", "Succeeded"),
    silent("snapshot delete -g $g -n full"),
    refused("snapshot show -g $g -n full", 3, "(ResourceNotFound)"),
    refused("disk create -g $g -n none --source nothing", 1, "usage error"),
    refused("disk create -g no-such-group -n none --size-gb 1", 3, "(ResourceGroupNotFound)"),
    silent("disk delete -g $g -n empty --yes"),
)

STORAGE = (
    shows("storage account check-name -n $account", "nameAvailable", True),
    shows(
        "storage account create -g $g -n $account --sku Standard_LRS",
        "[provisioningState, sku.name, primaryEndpoints.blob]",
        ["Succeeded", "Standard_LRS", "$blobs/$account/"],
    ),
    shows("storage account keys list -g $g -n $account", "[].keyName", ["key1", "key2"]),
    keeps(
        "storage account show-connection-string -g $g -n $account",
        "connectionString",
        "by",
        "~.*BlobEndpoint=$blobs/$account/.*",
    ),
    shows("storage container create -n vhds --connection-string $by", "created", True),
    shows("storage account list -g $g", "[].name", ["$account"]),
    silent("storage account delete -g $g -n $account --yes"),
    shows("storage account list -g $g", "[].name", []),
)

SOURCE = "storageProfile.osDisk.[managedDisk.id, snapshot.id, blobUri, osState]"
MAKE = "image create -g $g --os-type Linux"

IMAGES = (
    shows("storage account create -g $g -n $account --sku Standard_LRS", "provisioningState", "Succeeded"),
    keeps("storage account show-connection-string -g $g -n $account", "connectionString", "by"),
    shows("storage container create -n vhds --connection-string $by", "created", True),
    shows(
        "storage blob upload -c vhds -n one.vhd -f $vhd --type page --no-progress --connection-string $by",
        "lastModified",
        "~.+",
    ),
    keeps("storage blob url -c vhds -n one.vhd --connection-string $by", "@", "blob", "~https://.+/one.vhd"),
    shows("disk create -g $g -n disk --source $blob", "creationData.[createOption, sourceUri]", ["Import", "$blob"]),
    shows("snapshot create -g $g -n taken --source disk", "provisioningState", "Succeeded"),
    shows(f"{MAKE} -n of-disk --source disk", SOURCE, ["$compute/disks/disk", None, None, "Generalized"]),
    shows(f"{MAKE} -n of-snap --source taken", SOURCE, [None, "$compute/snapshots/taken", None, "Generalized"]),
    shows(f"{MAKE} -n of-blob --source $blob", SOURCE, [None, None, "$blob", "Generalized"]),
    shows(f"{MAKE} -n of-id --source $compute/disks/disk", "[hyperVGeneration, name]", ["V1", "of-id"]),
    shows(
        f"{MAKE} -n mixed --source disk --data-disk-sources $blob taken --hyper-v-generation V2 --zone-resilient true"
        " --os-disk-caching ReadOnly --storage-sku StandardSSD_LRS",
        "[hyperVGeneration, storageProfile.[zoneResilient, osDisk.caching, osDisk.storageAccountType,"
        " dataDisks[].[lun, snapshot.id, blobUri]]]",
        ["V2", [True, "ReadOnly", "StandardSSD_LRS", [[0, None, "$blob"], [1, "$compute/snapshots/taken", None]]]],
    ),
    shows("image show -g $g -n mixed", "[provisioningState, storageProfile.osDisk.diskSizeGB]", ["Succeeded", 1]),
    shows("image list -g $g", "sort([].name)", ["mixed", "of-blob", "of-disk", "of-id", "of-snap"]),
    shows("image list", "[?resourceGroup=='$G'] | length(@)", 5),
    shows("image update -g $g -n mixed --tags stage=test", "tags", {"stage": "test"}),
    shows("image update -g $g -n mixed --set tags.more=yes", "tags", {"stage": "test", "more": "yes"}),
    silent("image delete -g $g -n mixed"),
    refused("image show -g $g -n mixed", 3, "(ResourceNotFound)", "'Microsoft.Compute/images/mixed'"),
    refused(f"{MAKE} -n none --source nothing", 2, "(ResourceNotFound)", "disks/nothing"),
    refused(f"{MAKE} -n none --source $blob.not", 1, "(ImageBlobNotFound)", "$blob.not"),
    refused(f"{MAKE} -n none --source $compute/disks/nothing", 3, "(NotFound)", "Resource nothing is not found"),
    refused("image show -g no-such-group -n none", 3, "(ResourceGroupNotFound)"),
)

NETWORKS = (
    shows(
        "network vnet create -g $g -n net --address-prefix 10.1.0.0/16 --subnet-name default"
        " --subnet-prefix 10.1.0.0/24",
        "newVNet.[provisioningState, addressSpace.addressPrefixes, subnets[].name]",
        ["Succeeded", ["10.1.0.0/16"], ["default"]],
    ),
    shows(
        "network vnet subnet create -g $g --vnet-name net -n more --address-prefixes 10.1.1.0/24",
        "[name, provisioningState]",
        ["more", "Succeeded"],
    ),
    shows(
        "network vnet subnet update -g $g --vnet-name net -n default --default-outbound-access false",
        "defaultOutboundAccess",
        False,
    ),
    shows("network vnet subnet list -g $g --vnet-name net", "sort([].name)", ["default", "more"]),
    silent("network vnet subnet delete -g $g --vnet-name net -n more"),
    shows("network vnet list -g $g", "[].[name, subnets[].name]", [["net", ["default"]]]),
    shows("network nsg create -g $g -n guard", "NewNSG.[name, securityRules]", ["guard", []]),
    shows(
        "network nsg rule create -g $g --nsg-name guard -n http --priority 100 --access Allow --protocol Tcp"
        " --direction Inbound --destination-port-ranges 80",
        "[name, access, direction, priority, destinationPortRange]",
        ["http", "Allow", "Inbound", 100, "80"],
    ),
    shows("network nsg rule list -g $g --nsg-name guard", "[].name", ["http"]),
    shows(
        "network public-ip create -g $g -n front --sku Standard --dns-name $account",
        "publicIp.[publicIPAllocationMethod, dnsSettings.domainNameLabel]",
        ["Static", "$account"],
    ),
    shows("network public-ip show -g $g -n front", "dnsSettings.fqdn", "~$account\\.eastus\\..+"),
    shows(
        "network nic create -g $g -n card --vnet-name net --subnet default --network-security-group guard"
        " --public-ip-address front",
        "NewNIC.ipConfigurations[0].[privateIPAddress, provisioningState]",
        ["~10\\.1\\.0\\.\\d+", "Succeeded"],
    ),
    shows(
        "network nic list -g $g",
        "[].[name, networkSecurityGroup.id]",
        [["card", "$network/networkSecurityGroups/guard"]],
    ),
    shows("network public-ip list -g $g", "[].[name, ipAddress]", [["front", "~[0-9.]+"]]),
    shows("network nsg show -g $g -n guard", "networkInterfaces[].id", ["$network/networkInterfaces/card"]),
    shows("network nic update -g $g -n card --set tags.stage=test", "tags", {"stage": "test"}),
    refused("network public-ip delete -g $g -n front", 1, "(PublicIPAddressCannotBeDeleted)"),
    refused("network vnet delete -g $g -n net", 1, "(InUseSubnetCannotBeDeleted)"),
    silent("network nic delete -g $g -n card"),
    silent("network public-ip delete -g $g -n front"),
    silent("network nsg delete -g $g -n guard"),
    silent("network vnet delete -g $g -n net"),
    refused("network vnet show -g $g -n net", 3, "(ResourceNotFound)"),
)

CATALOGUE = (
    shows("vm image list-publishers -l eastus", "[?name=='Debian'].location", ["eastus"]),
    shows("vm image list-offers -l eastus -p Debian", "[?name=='debian-12'].name", ["debian-12"]),
    shows("vm image list-skus -l eastus -p Debian -f debian-12", "[].name", ["12", "12-gen2"]),
    shows(
        "vm image list -l eastus -p Debian -f debian-12 -s 12 --all",
        "[].[publisher, offer, sku]",
        [["Debian", "debian-12", "12"], ["Debian", "debian-12", "12-gen2"]],
    ),
    shows(
        "vm image show -l eastus --urn Debian:debian-12:12-gen2:latest",
        "[hyperVGeneration, osDiskImage.operatingSystem, architecture]",
        ["V2", "Linux", "x64"],
    ),
    refused(
        "vm image show -l eastus --urn Debian:debian-12:13:latest",
        3,
        "(PlatformImageNotFound)",
        "Use Debian:debian-12:12:latest",
    ),
    shows("vm list-sizes -l eastus", "[?name=='Standard_B1s'].[numberOfCores, memoryInMB]", [[1, 1024]]),
    shows(
        "vm list-skus -l eastus --size Standard_B1s",
        "[?name=='Standard_B1s'].[resourceType, locations, restrictions]",
        [["virtualMachines", ["eastus"], []]],
    ),
    shows("vm list-skus -l eastus --zone --size Standard_B1s", "length(@)", 1),
    shows("vm list-usage -l eastus", "[?name.value=='cores'].unit", ["Count"]),
)

FLOWS: Mapping[str, tuple[Row, ...]] = {
    "groups": GROUPS,
    "disks": DISKS,
    "storage": STORAGE,
    "images": IMAGES,
    "networks": NETWORKS,
    "catalogue": CATALOGUE,
    **MACHINES,
}

__all__ = ["FLOWS", "prints"]
