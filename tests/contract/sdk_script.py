"""The main job by Azure's own SDK, as any program would do it: generalize a machine, capture it, deploy from the image.

    eval "$(calco env)"
    .venvs/compute-39.0.0/bin/python tests/contract/sdk_script.py

Runs unmodified on azure-mgmt-compute 25.0.0, 30.6.0 and 39.0.0, knows nothing of calco, and reads what `calco env`
prints and nothing else. Bodies are given as models where that is short, as documents where it is not: both ways must
work. Prints a line for each step with its seconds; ends with status 0 only when everything was as Azure has it.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError  # type: ignore[import-not-found]
from azure.identity import EnvironmentCredential  # type: ignore[import-not-found]
from azure.mgmt.compute import ComputeManagementClient, models  # type: ignore[import-not-found]
from azure.mgmt.resource.resources import ResourceManagementClient  # type: ignore[import-not-found]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LOCATION = "westeurope"
NETWORK_VERSION = "2023-11-01"
SIZE = "Standard_B1s"
LUN = 3
"""Not 0, so that a LUN which is kept can be told from one that was counted."""
SOURCE, IMAGE, CLONES = "source", "golden", ("clone1", "clone2")
SNAPSHOTS = {"full": False, "incremental": True}
TAGS = {"stage": "golden", "Größe": "klein"}
WAITED_SECONDS = 10 * 60
"""More than a guest without hardware virtualization takes to boot."""


@dataclass
class Lab:
    """Clients, and the names that are given again and again. ``seen`` remembers what must differ later."""

    compute: Any
    resources: Any
    subscription: str
    group: str
    public_key: str
    seen: dict[str, Any] = field(default_factory=dict)

    def id(self, type: str, name: str) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{type}/{name}"

    def view(self, name: str) -> list[str]:
        """The codes of the instance view's statuses."""
        found = self.compute.virtual_machines.instance_view(self.group, name)
        return [each.code for each in found.statuses]

    def put_network(self, type: str, name: str, properties: dict[str, Any]) -> Any:
        """Virtual networks and NICs have their own SDK; the generic client does as well."""
        body = {"location": LOCATION, "properties": properties}
        id = self.id(f"Microsoft.Network/{type}", name)
        work = self.resources.resources.begin_create_or_update_by_id(
            resource_id=id, api_version=NETWORK_VERSION, parameters=body
        )
        return work.result(WAITED_SECONDS)


def sign_in() -> Lab:
    endpoint, subscription = os.environ["CALCO_ENDPOINT"], os.environ["AZURE_SUBSCRIPTION_ID"]
    credential = EnvironmentCredential()
    where = {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"]}
    key = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return Lab(
        compute=ComputeManagementClient(credential, subscription, **where),
        resources=ResourceManagementClient(credential, subscription, **where),
        subscription=subscription,
        group=f"sdk-{version('azure-mgmt-compute')}",
        public_key=key.decode(),
    )


def expect(found: object, wanted: object) -> None:
    """An assert that optimized byte code does not lose, and that shows both sides."""
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


@contextmanager
def refused(code: str, message: str) -> Iterator[None]:
    """What is done inside is refused, with 409 and these words."""
    try:
        yield
    except HttpResponseError as refusal:
        expect((refusal.status_code, refusal.error.code, refusal.error.message), (409, code, message))
    else:
        raise AssertionError(f"not refused: {code} {message}")


@contextmanager
def absent() -> Iterator[None]:
    """What is asked for inside is not there."""
    try:
        yield
    except ResourceNotFoundError as missing:
        expect((missing.status_code, missing.error.code), (404, "ResourceNotFound"))
    else:
        raise AssertionError("it is still there")


# --- the machine -----------------------------------------------------------------------------------------------------


def machine_body(lab: Lab, name: str, image: dict[str, str], data: list[dict[str, Any]] | None) -> dict[str, Any]:
    storage: dict[str, Any] = {"imageReference": image, "osDisk": {"createOption": "FromImage"}}
    if data is not None:
        storage["dataDisks"] = data
    keys = [{"path": "/home/azureuser/.ssh/authorized_keys", "keyData": lab.public_key}]
    return {
        "location": LOCATION,
        "properties": {
            "hardwareProfile": {"vmSize": SIZE},
            "storageProfile": storage,
            "osProfile": {
                "computerName": name,
                "adminUsername": "azureuser",
                "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": keys}},
            },
        },
    }


def inline_nic(subnet: str) -> dict[str, Any]:
    address = {"name": "ip", "properties": {"subnet": {"id": subnet}, "publicIPAddressConfiguration": {"name": "pub"}}}
    nic = {"name": "nic", "properties": {"primary": True, "deleteOption": "Delete", "ipConfigurations": [address]}}
    return {"networkApiVersion": "2020-11-01", "networkInterfaceConfigurations": [nic]}


def make_group(lab: Lab) -> None:
    expect(lab.resources.resource_groups.check_existence(lab.group), False)
    made = lab.resources.resource_groups.create_or_update(lab.group, {"location": LOCATION, "tags": {"by": "sdk"}})
    expect((made.name, made.location, made.tags), (lab.group, LOCATION, {"by": "sdk"}))
    expect(lab.resources.resource_groups.check_existence(lab.group), True)


def make_network(lab: Lab) -> None:
    subnet = {"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    lab.put_network("virtualNetworks", "net", {"addressSpace": space, "subnets": [subnet]})
    lab.seen["subnet"] = f"{lab.id('Microsoft.Network/virtualNetworks', 'net')}/subnets/default"
    address = {"name": "ip", "properties": {"subnet": {"id": lab.seen["subnet"]}}}
    nic = lab.put_network("networkInterfaces", "source-nic", {"ipConfigurations": [address]})
    lab.seen["nic"] = nic.id
    shown = nic.properties["ipConfigurations"][0]["properties"]
    expect(shown["privateIPAddress"].rpartition(".")[0], "10.0.0")


def make_source(lab: Lab) -> None:
    debian = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}
    body = machine_body(lab, SOURCE, debian, [{"lun": LUN, "createOption": "Empty", "diskSizeGB": 1}])
    body["properties"]["networkProfile"] = {"networkInterfaces": [{"id": lab.seen["nic"]}]}
    work = lab.compute.virtual_machines.begin_create_or_update(lab.group, SOURCE, body)
    made = work.result(WAITED_SECONDS)
    expect((work.status(), made.provisioning_state, made.hardware_profile.vm_size), ("Succeeded", "Succeeded", SIZE))
    expect([(each.lun, each.disk_size_gb) for each in made.storage_profile.data_disks], [(LUN, 1)])
    expect([each.name for each in lab.compute.virtual_machines.list(lab.group)], [SOURCE])
    expect(SOURCE in [each.name for each in lab.compute.virtual_machines.list_all()], True)
    lab.seen["source"] = made


def see_running(lab: Lab) -> None:
    expect(lab.view(SOURCE), ["ProvisioningState/succeeded", "PowerState/running"])
    expanded = lab.compute.virtual_machines.get(lab.group, SOURCE, expand="instanceView")
    expect(expanded.instance_view.statuses[-1].display_status, "VM running")
    expect(expanded.vm_id, lab.seen["source"].vm_id)


def refuse_to_generalize_what_runs(lab: Lab) -> None:
    try:
        lab.compute.virtual_machines.generalize(lab.group, SOURCE)
    except HttpResponseError as refusal:
        expect((refusal.status_code, refusal.error.code), (409, "OperationNotAllowed"))
    else:
        raise AssertionError("a running machine was generalized")
    expect(lab.view(SOURCE), ["ProvisioningState/succeeded", "PowerState/running"])


def deallocate(lab: Lab) -> None:
    lab.compute.virtual_machines.begin_deallocate(lab.group, SOURCE).result(WAITED_SECONDS)
    expect(lab.view(SOURCE), ["ProvisioningState/succeeded", "PowerState/deallocated"])


def refuse_image_of_what_is_not_generalized(lab: Lab) -> None:
    message = f"The operation 'Create Image' requires the Virtual Machine '{SOURCE}' to be Generalized."
    with refused("OperationNotAllowed", message):
        lab.compute.images.begin_create_or_update(lab.group, IMAGE, image_body(lab)).result(WAITED_SECONDS)
    with absent():
        lab.compute.images.get(lab.group, IMAGE)


def start(lab: Lab) -> None:
    lab.compute.virtual_machines.begin_start(lab.group, SOURCE).result(WAITED_SECONDS)
    expect(lab.view(SOURCE), ["ProvisioningState/succeeded", "PowerState/running"])


GENERALIZED_VIEW = ["ProvisioningState/succeeded", "OSState/generalized", "PowerState/deallocated"]


def expect_generalized(lab: Lab) -> None:
    """Azure's statuses, and behind them what a look at a real disk found: this machine was only flagged."""
    seen = lab.view(SOURCE)
    expect(seen[:3], GENERALIZED_VIEW)
    expect(seen[3:] in ([], ["Inspection/specialized"]), True)


UPLOAD = {"createOption": "Upload", "uploadSizeBytes": 20 * 1024**2 + 512}


def copy_of(source: str, **more: Any) -> dict[str, Any]:
    return {
        "location": LOCATION,
        "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": source}, **more},
    }


def take_snapshots(lab: Lab) -> None:
    """Of its OS disk, while it runs and goes on running."""
    source = lab.compute.virtual_machines.get(lab.group, SOURCE).storage_profile.os_disk.managed_disk.id
    size = lab.compute.disks.get(lab.group, source.rsplit("/", 1)[1]).disk_size_bytes
    for name, incremental in SNAPSHOTS.items():
        body = copy_of(source, incremental=incremental)
        made = lab.compute.snapshots.begin_create_or_update(lab.group, name, body).result(WAITED_SECONDS)
        expect((made.provisioning_state, made.incremental, made.os_type), ("Succeeded", incremental, "Linux"))
        expect((made.sku.name, made.disk_state, made.disk_size_bytes), ("Standard_LRS", "Unattached", size))
        expect(made.creation_data.source_resource_id.lower(), source.lower())
    tagged = lab.compute.snapshots.begin_update(lab.group, "full", {"tags": TAGS}).result(WAITED_SECONDS)
    expect(tagged.tags, TAGS)
    expect([each.name for each in lab.compute.snapshots.list_by_resource_group(lab.group)], list(SNAPSHOTS))
    expect(lab.view(SOURCE), ["ProvisioningState/succeeded", "PowerState/running"])


def use_snapshots(lab: Lab) -> None:
    """A disk made of one outlives it."""
    body = copy_of(lab.id("Microsoft.Compute/snapshots", "full"))
    made = lab.compute.disks.begin_create_or_update(lab.group, "copy", body).result(WAITED_SECONDS)
    expect((made.provisioning_state, made.disk_state, made.os_type), ("Succeeded", "Unattached", "Linux"))
    for name in SNAPSHOTS:
        lab.compute.snapshots.begin_delete(lab.group, name).result(WAITED_SECONDS)
        with absent():
            lab.compute.snapshots.get(lab.group, name)
    expect(lab.compute.disks.get(lab.group, "copy").provisioning_state, "Succeeded")
    lab.compute.disks.begin_delete(lab.group, "copy").result(WAITED_SECONDS)


def share_disks(lab: Lab) -> None:
    """A signed URL to upload to a disk, and one to read it: each state, and what an upload that is no VHD is told."""
    asked = {"location": LOCATION, "properties": {"creationData": UPLOAD}}
    made = lab.compute.disks.begin_create_or_update(lab.group, "upload", asked).result(WAITED_SECONDS)
    expect((made.disk_state, made.disk_size_gb), ("ReadyToUpload", None))
    for_writing = {"access": "Write", "durationInSeconds": 3600}
    shared = lab.compute.disks.begin_grant_access(lab.group, "upload", for_writing).result(WAITED_SECONDS)
    expect(shared.access_sas.startswith("https://localhost:"), True)
    expect(lab.compute.disks.get(lab.group, "upload").disk_state, "ActiveUpload")
    message = "There is an active shared access signature outstanding for disk upload. Call EndGetAccess before "
    with refused("OperationNotAllowed", f"{message}deleting the disk."):
        lab.compute.disks.begin_delete(lab.group, "upload").result(WAITED_SECONDS)
    try:
        lab.compute.disks.begin_revoke_access(lab.group, "upload").result(WAITED_SECONDS)
    except HttpResponseError as failed:
        expect("InvalidVhd" in str(failed) and "'conectix'" in str(failed), True)
    else:
        raise AssertionError("an upload of nothing became a disk")
    expect(lab.compute.disks.get(lab.group, "upload").disk_state, "ReadyToUpload")
    lab.compute.disks.begin_delete(lab.group, "upload").result(WAITED_SECONDS)


def generalize(lab: Lab) -> None:
    lab.compute.virtual_machines.generalize(lab.group, SOURCE)
    expect_generalized(lab)


def refuse_to_start_what_is_generalized(lab: Lab) -> None:
    message = f"Operation 'Start VM' is not allowed on VM '{SOURCE}' since the VM is generalized."
    with refused("OperationNotAllowed", message):
        lab.compute.virtual_machines.begin_start(lab.group, SOURCE).result(WAITED_SECONDS)
    expect_generalized(lab)


# --- the image -------------------------------------------------------------------------------------------------------


def image_body(lab: Lab) -> Any:
    source = models.SubResource(id=lab.id("Microsoft.Compute/virtualMachines", SOURCE))
    return models.Image(location=LOCATION, source_virtual_machine=source, hyper_v_generation="V1")


def capture(lab: Lab) -> None:
    """The answer that leaves at once has the disks already, the one at the end has their sizes too."""
    answers: list[Any] = []
    work = lab.compute.images.begin_create_or_update(
        lab.group, IMAGE, image_body(lab), raw_response_hook=lambda each: answers.append(each.http_response)
    )
    image = work.result(WAITED_SECONDS)
    first = answers[0]
    expect((first.status_code, "Azure-AsyncOperation" in first.headers), (201, True))
    expect("Location" in first.headers, False)
    shown = json.loads(first.text())["properties"]
    expect(shown["provisioningState"], "Creating")
    expect([each["lun"] for each in shown["storageProfile"]["dataDisks"]], [LUN])
    expect("diskSizeGB" in shown["storageProfile"]["osDisk"], False)
    expect((image.provisioning_state, image.hyper_v_generation), ("Succeeded", "V1"))
    see_image(lab, image)


def see_image(lab: Lab, image: Any) -> None:
    """It has every disk of its source, with LUNs and sizes."""
    source = lab.seen["source"]
    expect(image.source_virtual_machine.id.lower(), lab.id("Microsoft.Compute/virtualMachines", SOURCE).lower())
    os_disk = image.storage_profile.os_disk
    expect((os_disk.os_type, os_disk.os_state), ("Linux", "Generalized"))
    expect(os_disk.managed_disk.id.lower(), source.storage_profile.os_disk.managed_disk.id.lower())
    expect(os_disk.disk_size_gb, source.storage_profile.os_disk.disk_size_gb)
    (data_disk,) = image.storage_profile.data_disks
    expect((data_disk.lun, data_disk.disk_size_gb), (LUN, 1))
    expect(data_disk.managed_disk.id.lower(), source.storage_profile.data_disks[0].managed_disk.id.lower())


def list_images(lab: Lab) -> None:
    expect([each.name for each in lab.compute.images.list_by_resource_group(lab.group)], [IMAGE])
    ids = [each.id.lower() for each in lab.compute.images.list()]
    expect(ids.count(lab.id("Microsoft.Compute/images", IMAGE).lower()), 1)


def tag_image(lab: Lab) -> None:
    update = models.ImageUpdate(tags=TAGS)
    changed = lab.compute.images.begin_update(lab.group, IMAGE, update).result(WAITED_SECONDS)
    expect(changed.tags, TAGS)
    found = lab.compute.images.get(lab.group, IMAGE)
    expect(found.tags, TAGS)
    see_image(lab, found)


# --- machines from the image -----------------------------------------------------------------------------------------


def make_clones(lab: Lab) -> None:
    """Both at once. The second asks for a larger data disk, the first names none: it comes along all the same."""
    asked = {CLONES[0]: None, CLONES[1]: [{"lun": LUN, "createOption": "FromImage", "diskSizeGB": 2}]}
    image = {"id": lab.id("Microsoft.Compute/images", IMAGE)}
    works = {}
    for name, data in asked.items():
        body = machine_body(lab, name, image, data)
        body["properties"]["networkProfile"] = inline_nic(lab.seen["subnet"])
        works[name] = lab.compute.virtual_machines.begin_create_or_update(lab.group, name, body)
    for name, work in works.items():
        lab.seen[name] = work.result(WAITED_SECONDS)
        expect((lab.seen[name].provisioning_state, lab.seen[name].os_profile.computer_name), ("Succeeded", name))
        expect(lab.view(name), ["ProvisioningState/succeeded", "PowerState/running"])


def see_clones(lab: Lab) -> None:
    """They are machines of their own, with disks of their own."""
    machines = [lab.seen[name] for name in (SOURCE, *CLONES)]
    expect(len({each.vm_id for each in machines}), 3)
    for name, size_gb in zip(CLONES, (1, 2), strict=True):
        (data_disk,) = lab.seen[name].storage_profile.data_disks
        expect((data_disk.lun, data_disk.create_option, data_disk.disk_size_gb), (LUN, "FromImage", size_gb))
        shown = lab.compute.disks.get(lab.group, data_disk.name)
        expect((shown.disk_size_gb, shown.disk_state), (size_gb, "Attached"))
        expect(shown.managed_by.lower(), lab.seen[name].id.lower())
    profiles = [each.storage_profile for each in machines]
    disks = [each.managed_disk.id.lower() for profile in profiles for each in (profile.os_disk, *profile.data_disks)]
    expect(len(set(disks)), 6)
    nics = [each.network_profile.network_interfaces[0].id.lower() for each in machines]
    expect(len(set(nics)), 3)


def delete_source(lab: Lab) -> None:
    lab.compute.virtual_machines.begin_delete(lab.group, SOURCE).result(WAITED_SECONDS)
    with absent():
        lab.compute.virtual_machines.get(lab.group, SOURCE)
    see_image(lab, lab.compute.images.get(lab.group, IMAGE))


def delete_image(lab: Lab) -> None:
    lab.compute.images.begin_delete(lab.group, IMAGE).result(WAITED_SECONDS)
    with absent():
        lab.compute.images.get(lab.group, IMAGE)
    expect(list(lab.compute.images.list_by_resource_group(lab.group)), [])
    for name in CLONES:
        expect(lab.view(name), ["ProvisioningState/succeeded", "PowerState/running"])


def delete_group(lab: Lab) -> None:
    lab.resources.resource_groups.begin_delete(lab.group).result(WAITED_SECONDS)
    expect(lab.resources.resource_groups.check_existence(lab.group), False)
    expect(lab.group in [each.name for each in lab.resources.resource_groups.list()], False)
    expect([each.id for each in lab.compute.images.list() if f"/{lab.group}/".lower() in each.id.lower()], [])


STEPS: tuple[tuple[str, Callable[[Lab], None]], ...] = (
    ("resource group", make_group),
    ("virtual network and NIC", make_network),
    ("virtual machine from the base image", make_source),
    ("instance view", see_running),
    ("generalize while it runs: refused", refuse_to_generalize_what_runs),
    ("deallocate", deallocate),
    ("image before generalize: refused", refuse_image_of_what_is_not_generalized),
    ("start", start),
    ("snapshots of its disk while it runs", take_snapshots),
    ("a disk of a snapshot; both go", use_snapshots),
    ("a signed URL to upload to a disk", share_disks),
    ("deallocate again", deallocate),
    ("generalize", generalize),
    ("start once generalized: refused", refuse_to_start_what_is_generalized),
    ("image from the virtual machine", capture),
    ("list images", list_images),
    ("tag the image", tag_image),
    ("two virtual machines from the image", make_clones),
    ("their disks and ids", see_clones),
    ("delete the source; the image is still there", delete_source),
    ("delete the image; its machines go on", delete_image),
    ("delete the group; it is gone", delete_group),
)


def main() -> None:
    began = time.monotonic()
    lab = sign_in()
    print(f"azure-mgmt-compute {version('azure-mgmt-compute')} at {os.environ['CALCO_ENDPOINT']}", flush=True)
    for title, do in STEPS:
        started = time.monotonic()
        try:
            do(lab)
        except BaseException:
            print(f"{time.monotonic() - started:8.2f}  FAILED: {title}", flush=True)
            raise
        print(f"{time.monotonic() - started:8.2f}  {title}", flush=True)
    print(f"{time.monotonic() - began:8.2f}  in all", flush=True)


if __name__ == "__main__":
    main()
