"""The part of az's table that is about virtual machines and template deployments. See az_table.py."""

from collections.abc import Mapping

from calco.model.document import Json
from tests.contract.az_rows import Row, crashes, keeps, prints, refused, shows, silent

CREATE = "vm create -g $g --size Standard_B1s --admin-username azureuser"
DEBIAN = "--image Debian:debian-12:12:latest"
KEY = "--ssh-key-values $key"
STATE = "statuses[].code"

LIFE = (
    shows(
        f"{CREATE} -n web1 {DEBIAN} {KEY} --public-ip-sku Standard",
        "[id, location, powerState, resourceGroup, privateIpAddress, publicIpAddress, macAddress, fqdns]",
        [
            "$compute/virtualMachines/web1",
            "eastus",
            "VM running",
            "$g",
            "10.0.0.4",
            "~[0-9.]+",
            "~[0-9A-F]{2}(-[0-9A-F]{2}){5}",
            "",
        ],
    ),
    silent("vm wait -g $g -n web1 --created --interval 1"),
    keeps("vm show -g $g -n web1", "vmId", "vmid", "~[0-9a-f-]{36}"),
    shows(
        "vm show -g $g -n web1",
        "[hardwareProfile.vmSize, osProfile.adminUsername, storageProfile.osDisk.osType, provisioningState]",
        ["Standard_B1s", "azureuser", "Linux", "Succeeded"],
    ),
    shows("vm show -d -g $g -n web1", "[powerState, privateIps]", ["VM running", "10.0.0.4"]),
    shows(
        "vm get-instance-view -g $g -n web1",
        "instanceView.statuses[].code",
        ["ProvisioningState/succeeded", "PowerState/running"],
    ),
    shows("vm list -g $g", "[].name", ["web1"]),
    shows("vm list", "[?resourceGroup=='$G'].name", ["web1"]),
    shows("vm list -g $g -d", "[].[name, powerState]", [["web1", "VM running"]]),
    shows(
        "vm list-ip-addresses -g $g -n web1",
        "[].virtualMachine.network.[privateIpAddresses, publicIpAddresses[].ipAddress]",
        [[["10.0.0.4"], ["~[0-9.]+"]]],
    ),
    shows(
        "network nsg show -g $g -n web1NSG",
        "securityRules[].[name, destinationPortRange]",
        [["default-allow-ssh", "22"]],
    ),
    shows("deployment group list -g $g", "[].properties.[provisioningState, mode]", [["Succeeded", "Incremental"]]),
    silent("vm stop -g $g -n web1"),
    shows("vm show -d -g $g -n web1", "powerState", "VM stopped"),
    silent("vm start -g $g -n web1"),
    shows("vm restart -g $g -n web1", "status", "Succeeded"),
    refused("vm generalize -g $g -n web1", 1, "(OperationNotAllowed)"),
    refused("image create -g $g -n early --source web1", 1, "(OperationNotAllowed)", "to be Generalized"),
    silent("vm deallocate -g $g -n web1"),
    shows("vm show -d -g $g -n web1", "powerState", "VM deallocated"),
    silent("vm generalize -g $g -n web1"),
    refused("vm start -g $g -n web1", 1, "(OperationNotAllowed)", "since the VM is generalized"),
    shows(
        "image create -g $g -n golden --source web1",
        "[sourceVirtualMachine.id, hyperVGeneration, storageProfile.osDisk.osState]",
        ["$compute/virtualMachines/web1", "V1", "Generalized"],
    ),
    shows(f"{CREATE} -n by-name --image golden {KEY}", "[powerState, privateIpAddress]", ["VM running", "10.0.0.5"]),
    shows(
        f"{CREATE} -n by-id --image $compute/images/golden --generate-ssh-keys --public-ip-address ''",
        "[powerState, publicIpAddress]",
        ["VM running", ""],
    ),
    shows("vm show -g $g -n by-id", "storageProfile.imageReference.id", "$compute/images/golden"),
    shows("vm show -g $g -n by-id", "vmId != '$vmid'", True),
    silent("vm delete -g $g -n web1 --yes"),
    silent("vm delete -g $g -n web1 --yes"),
    refused("vm show -g $g -n web1", 3, "(ResourceNotFound)", "'Microsoft.Compute/virtualMachines/web1'"),
    shows("vm list -g $g", "sort([].name)", ["by-id", "by-name"]),
)

WAYS_TO_CREATE = (
    shows(
        f"{CREATE} -n pass {DEBIAN} --admin-password Secret-123456 --authentication-type password",
        "powerState",
        "VM running",
    ),
    shows("vm show -g $g -n pass", "osProfile.linuxConfiguration.disablePasswordAuthentication", False),
    refused(
        "vm create -g $g -n weak --image Debian:debian-12:12:latest --admin-username azureuser --admin-password short",
        1,
    ),
    shows(f"{CREATE} -n many {DEBIAN} {KEY} --count 3", "sort([].name)", ["many0", "many1", "many2"]),
    shows(
        "vm list -g $g -d",
        "sort_by([], &name)[].[name, powerState]",
        [[f"{n}", "VM running"] for n in ("many0", "many1", "many2", "pass")],
    ),
    shows(f"{CREATE} -n zoned {DEBIAN} {KEY} --zone 2", "[powerState, zones]", ["VM running", "2"]),
    shows(f"{CREATE} -n later {DEBIAN} {KEY} --no-wait", "@", None),
    silent("vm wait -g $g -n later --created --interval 1 --timeout 60"),
    shows("vm show -d -g $g -n later", "powerState", "VM running"),
    shows(f"{CREATE} -n only-checked {DEBIAN} {KEY} --validate", "properties.provisioningState", "Succeeded"),
    refused("vm show -g $g -n only-checked", 3, "(ResourceNotFound)"),
    shows(f"{CREATE} -n by-alias --image Debian12 {KEY} --validate", "properties.provisioningState", "Succeeded"),
    shows("disk create -g $g -n system --image-reference Debian:debian-12:12:latest", "diskState", "Unattached"),
    shows(
        "vm create -g $g --size Standard_B1s -n own --attach-os-disk system --os-type linux", "powerState", "VM running"
    ),
    shows(
        "vm show -g $g -n own",
        "storageProfile.osDisk.[createOption, managedDisk.id, osType]",
        ["Attach", "$compute/disks/system", "Linux"],
    ),
    refused(f"{CREATE} -n none --image no-such-image {KEY}", 2, "(ResourceNotFound)", "images/no-such-image"),
    crashes(
        f"{CREATE} -n none {DEBIAN} {KEY} --size Standard_Nothing", "(InvalidTemplateDeployment)", "Standard_Nothing"
    ),
    crashes(f"{CREATE} -n pass {DEBIAN} {KEY} --location westeurope", "(InvalidResourceLocation)"),
)

CHANGES = (
    shows(f"{CREATE} -n web1 {DEBIAN} {KEY} --data-disk-sizes-gb 1 --size Standard_B2s", "powerState", "VM running"),
    shows("vm update -g $g -n web1 --set tags.stage=test", "[tags.stage, provisioningState]", ["test", "Succeeded"]),
    shows("disk create -g $g -n old --size-gb 1", "diskState", "Unattached"),
    silent("vm disk attach -g $g --vm-name web1 -n old --lun 3"),
    silent("vm disk attach -g $g --vm-name web1 -n new --new --size-gb 1"),
    shows(
        "vm show -g $g -n web1", "sort_by(storageProfile.dataDisks, &lun)[].[lun, diskSizeGB]", [[0, 1], [1, 1], [3, 1]]
    ),
    silent("vm disk detach -g $g --vm-name web1 -n new"),
    shows("disk show -g $g -n new", "[diskState, managedBy]", ["Unattached", None]),
    refused("disk delete -g $g -n old --yes", 1, "(OperationNotAllowed)", "attached to VM"),
    silent("vm boot-diagnostics enable -g $g -n web1"),
    shows("vm show -g $g -n web1", "diagnosticsProfile.bootDiagnostics.enabled", True),
    prints("vm boot-diagnostics get-boot-log -g $g -n web1", "web1"),
    shows(
        "vm boot-diagnostics get-boot-log-uris -g $g -n web1",
        "[consoleScreenshotBlobUri, serialConsoleLogBlobUri]",
        ["~https://.+", "~https://.+"],
    ),
    shows(
        "vm run-command invoke -g $g -n web1 --command-id RunShellScript --scripts hostname",
        "value[0].[code, displayStatus, message]",
        [
            "ProvisioningState/succeeded",
            "Provisioning succeeded",
            "~Enable succeeded: \\n\\[stdout\\]\\n.*\\[stderr\\]\\n.*",
        ],
    ),
    shows(
        "vm open-port -g $g -n web1 --port 80",
        "securityRules[?destinationPortRange=='80'].[access, direction]",
        [["Allow", "Inbound"]],
    ),
    refused("vm disk attach -g $g --vm-name web1 -n nothing", 3, "nothing"),
    refused("vm disk attach -g $g --vm-name nobody -n old", 3, "(ResourceNotFound)"),
    refused("vm start -g $g -n nobody", 3, "(ResourceNotFound)"),
    refused("vm run-command invoke -g $g -n web1 --command-id Nothing --scripts hostname", 1),
    silent("vm delete -g $g -n web1 --yes"),
)

UNMANAGED = (
    shows("storage account create -g $g -n $account --sku Standard_LRS", "provisioningState", "Succeeded"),
    shows(
        f"{CREATE} -n old1 {DEBIAN} {KEY} --use-unmanaged-disk --storage-account $account",
        "powerState",
        "VM running",
    ),
    shows(
        "vm show -g $g -n old1",
        "storageProfile.osDisk.[vhd.uri, managedDisk]",
        ["~https://$account\\.blob\\.localhost:\\d+/vhds/.+", None],
    ),
    silent("vm deallocate -g $g -n old1"),
    silent("vm generalize -g $g -n old1"),
    shows(
        "vm capture -g $g -n old1 --vhd-name-prefix golden",
        "properties.storageProfile.osDisk.image.uri",
        "~https://.+/system/Microsoft.Compute/Images/vhds/golden-osDisk\\..+\\.vhd",
    ),
    shows(
        "image create -g $g -n golden --source old1",
        "storageProfile.osDisk.blobUri",
        "~https://$account\\.blob\\.localhost:\\d+/vhds/.+",
    ),
    silent("vm delete -g $g -n old1 --yes"),
    shows(
        f"{CREATE} -n old2 {DEBIAN} {KEY} --use-unmanaged-disk --storage-account $account",
        "powerState",
        "VM running",
    ),
    silent("vm deallocate -g $g -n old2"),
    silent("vm convert -g $g -n old2"),
    shows("vm show -g $g -n old2", "storageProfile.osDisk.[vhd, managedDisk.id]", [None, "~$compute/disks/.+"]),
    shows("vm show -d -g $g -n old2", "powerState", "VM deallocated"),
    silent("vm start -g $g -n old2"),
)

DEPLOY = "-g $g -n first --template-file $templates/one_disk.json"

OUTPUTS: Json = {"size": {"type": "Int", "value": 1}}

DEPLOYMENTS = (
    shows(f"deployment group validate {DEPLOY}", "properties.provisioningState", "Succeeded"),
    shows("disk list -g $g", "@", []),
    shows(f"deployment group what-if {DEPLOY} --no-pretty-print", "changes[].changeType", ["Create"]),
    shows(
        f"deployment group create {DEPLOY}",
        "properties.[provisioningState, outputs]",
        ["Succeeded", OUTPUTS],
    ),
    shows("disk show -g $g -n of-template", "[diskSizeGB, tags.by]", [1, "az"]),
    shows("deployment group show -g $g -n first", "properties.outputs", OUTPUTS),
    shows("deployment group list -g $g", "[].name", ["first"]),
    shows(
        "deployment operation group list -g $g -n first",
        "[?properties.targetResource].[properties.provisioningState, properties.targetResource.resourceName]",
        [["Succeeded", "of-template"]],
    ),
    shows(f"deployment group create {DEPLOY} --parameters sizeGb=2", "properties.outputs.size.value", 2),
    shows(
        f"deployment group what-if {DEPLOY} --parameters sizeGb=2 --no-pretty-print",
        "changes[].changeType",
        ["NoChange"],
    ),
    refused(f"deployment group create {DEPLOY} --parameters sizeGb=0", 1, '"code": "InvalidTemplate"', "sizeGb"),
    refused(f"deployment group create {DEPLOY} --parameters other=1", 1, "other"),
    refused("deployment group show -g $g -n second", 3, "(DeploymentNotFound)"),
    silent("deployment group delete -g $g -n first"),
    shows("deployment group list -g $g", "@", []),
    shows("disk list -g $g", "[].[name, diskSizeGB]", [["of-template", 2]]),
)

MACHINES: Mapping[str, tuple[Row, ...]] = {
    "life of a machine": LIFE,
    "ways to create": WAYS_TO_CREATE,
    "changes": CHANGES,
    "unmanaged": UNMANAGED,
    "deployments": DEPLOYMENTS,
}
