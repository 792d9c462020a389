"""What the page for Python shows: short programs as people write them, on azure-mgmt-compute 39.0.0."""

# page: sign in
import os

from azure.identity import EnvironmentCredential  # type: ignore[import-not-found]
from azure.mgmt.compute import ComputeManagementClient  # type: ignore[import-not-found]
from azure.mgmt.resource.resources import ResourceManagementClient  # type: ignore[import-not-found]

endpoint, subscription = os.environ["CALCO_ENDPOINT"], os.environ["AZURE_SUBSCRIPTION_ID"]
where = {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"]}
compute = ComputeManagementClient(EnvironmentCredential(), subscription, **where)
resources = ResourceManagementClient(EnvironmentCredential(), subscription, **where)
# page end

# page: create
resources.resource_groups.create_or_update("python", {"location": "westeurope"})
group = f"/subscriptions/{subscription}/resourceGroups/python"
net = f"{group}/providers/Microsoft.Network/virtualNetworks/net"
network = {
    "location": "westeurope",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    },
}
resources.resources.begin_create_or_update_by_id(net, api_version="2023-11-01", parameters=network).result()


def machine(image: dict[str, str]) -> dict[str, object]:
    address = {"name": "ip", "properties": {"subnet": {"id": f"{net}/subnets/default"}}}
    nic = {"name": "nic", "properties": {"primary": True, "deleteOption": "Delete", "ipConfigurations": [address]}}
    return {
        "location": "westeurope",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": {"imageReference": image, "osDisk": {"createOption": "FromImage"}},
            "osProfile": {"computerName": "py", "adminUsername": "azureuser", "adminPassword": "Secret-123456"},
            "networkProfile": {"networkApiVersion": "2020-11-01", "networkInterfaceConfigurations": [nic]},
        },
    }


debian = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}
made = compute.virtual_machines.begin_create_or_update("python", "web1", machine(debian)).result()
print(made.name, made.provisioning_state, made.hardware_profile.vm_size)
# page end

# page: capture
compute.virtual_machines.begin_deallocate("python", "web1").result()
compute.virtual_machines.generalize("python", "web1")
source = {"location": "westeurope", "properties": {"hyperVGeneration": "V1", "sourceVirtualMachine": {"id": made.id}}}
image = compute.images.begin_create_or_update("python", "golden", source).result()
print(image.name, image.provisioning_state, image.storage_profile.os_disk.os_state)

clone = compute.virtual_machines.begin_create_or_update("python", "web2", machine({"id": image.id})).result()
print(clone.name, clone.provisioning_state, clone.vm_id != made.vm_id)
# page end

# page: refusals
from azure.core.exceptions import HttpResponseError  # type: ignore[import-not-found]  # noqa: E402

try:
    compute.virtual_machines.begin_start("python", "web1").result()
except HttpResponseError as refusal:
    print(refusal.status_code, refusal.error.code, refusal.error.message)
# page end

resources.resource_groups.begin_delete("python").result()
