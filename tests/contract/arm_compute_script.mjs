// The main job by Azure's own SDK for JavaScript: generalize a machine, capture it, create one from the image, delete.
//
//     eval "$(calco env)"
//     node arm_compute_script.mjs
//
// Knows nothing of calco and reads what `calco env` prints and nothing else. Ends with status 0 only when everything
// was as Azure has it. @azure/arm-compute has no groups and no networks: those two are asked for by fetch.

import assert from "node:assert/strict";
import { ComputeManagementClient } from "@azure/arm-compute";
import { ClientSecretCredential } from "@azure/identity";

const { env } = process;
const endpoint = env.CALCO_ENDPOINT;
const subscription = env.AZURE_SUBSCRIPTION_ID;
const location = "westeurope";
const group = "javascript";

// page: sign in
const credential = new ClientSecretCredential(env.AZURE_TENANT_ID, env.AZURE_CLIENT_ID, env.AZURE_CLIENT_SECRET, {
  authorityHost: env.AZURE_AUTHORITY_HOST,
  disableInstanceDiscovery: true,
});
const compute = new ComputeManagementClient(credential, subscription, {
  endpoint,
  credentials: { scopes: [`${endpoint}/.default`] },
});
// page end

const groupId = `/subscriptions/${subscription}/resourceGroups/${group}`;
const machineId = (name) => `${groupId}/providers/Microsoft.Compute/virtualMachines/${name}`;

async function ask(method, path, version, body) {
  const { token } = await credential.getToken(`${endpoint}/.default`);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const url = `${endpoint}${path}?api-version=${version}`;
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  const operation = answer.headers.get("azure-asyncoperation") ?? answer.headers.get("location");
  while (operation) {
    const poll = await fetch(operation, { headers });
    if (poll.status !== 202 && (await poll.json().catch(() => ({}))).status !== "InProgress") break;
  }
}

function machine(image, subnet) {
  const nic = { name: "nic", primary: true, deleteOption: "Delete" };
  const networkInterfaceConfigurations = [{ ...nic, ipConfigurations: [{ name: "ip", subnet: { id: subnet } }] }];
  return {
    location,
    hardwareProfile: { vmSize: "Standard_B1s" },
    storageProfile: { imageReference: image, osDisk: { createOption: "FromImage", deleteOption: "Delete" } },
    osProfile: { computerName: "js", adminUsername: "azureuser", adminPassword: "Secret-123456" },
    networkProfile: { networkApiVersion: "2020-11-01", networkInterfaceConfigurations },
  };
}

async function refused(promise, statusCode, code) {
  await assert.rejects(promise, (error) => {
    assert.deepEqual([error.statusCode, error.code], [statusCode, code], error.message);
    return true;
  });
}

async function powerOf(name) {
  const { statuses } = await compute.virtualMachines.instanceView(group, name);
  return statuses.map((each) => each.code).at(-1);
}

const net = `${groupId}/providers/Microsoft.Network/virtualNetworks/net`;
const subnet = `${net}/subnets/default`;
await ask("PUT", groupId, "2024-07-01", { location });
await ask("PUT", net, "2023-11-01", {
  location,
  properties: {
    addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
    subnets: [{ name: "default", properties: { addressPrefix: "10.0.0.0/24" } }],
  },
});

const debian = { publisher: "Debian", offer: "debian-12", sku: "12", version: "latest" };
const source = await compute.virtualMachines.createOrUpdate(group, "source", machine(debian, subnet));
assert.equal(source.provisioningState, "Succeeded");
assert.equal(await powerOf("source"), "PowerState/running");
await refused(compute.virtualMachines.generalize(group, "source"), 409, "OperationNotAllowed");

// page: capture
await compute.virtualMachines.deallocate(group, "source");
await compute.virtualMachines.generalize(group, "source");
const image = await compute.images.createOrUpdate(group, "golden", {
  location,
  hyperVGeneration: "V1",
  sourceVirtualMachine: { id: machineId("source") },
});
console.log(image.name, image.provisioningState, image.storageProfile.osDisk.osState);

const clone = await compute.virtualMachines.createOrUpdate(group, "clone", machine({ id: image.id }, subnet));
console.log(clone.name, clone.provisioningState, await powerOf("clone"));
// page end

assert.notEqual(clone.vmId, source.vmId);
assert.equal(clone.storageProfile.imageReference.id, image.id);
const names = [];
for await (const each of compute.images.listByResourceGroup(group)) names.push(each.name);
assert.deepEqual(names, ["golden"]);

// page: delete
await compute.virtualMachines.delete(group, "clone");
await compute.images.delete(group, "golden");
// page end

await refused(compute.images.get(group, "golden"), 404, "ResourceNotFound");
await refused(compute.virtualMachines.get(group, "clone"), 404, "ResourceNotFound");
assert.equal((await compute.virtualMachines.get(group, "source")).provisioningState, "Succeeded");
await ask("DELETE", groupId, "2024-07-01");
