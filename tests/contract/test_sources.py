"""Every source that the document makes an image from, with real machines: the generalized machine itself, its managed
disk, a snapshot, a VHD in a storage account; and a zone-resilient image. One machine is used and generalized; a machine
comes out of each image, and each is its own.

The blob's way is a person's: the disk is fetched by its signed URL with azure-storage-blob, looked at, put into a
container with it, and made into an image by its address.
"""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from calco.model.document import Document, Json, number_at, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.storage.migrations import open_records
from tests.boot.lab import Lab, laboratory
from tests.boot.source import DATA_LUN, STORAGE, WRITTEN, use_and_generalize

pytestmark = [pytest.mark.guest, pytest.mark.timeout(2400)]

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venvs" / "blob" / "bin" / "python"
SOURCE = "source"
ACCOUNT = "vhdsofthelab"


def test_images_of_a_snapshot_and_of_a_blob_boot_as_machines_of_their_own(tmp_path: Path) -> None:
    with laboratory(tmp_path) as lab:
        images_boot(lab, tmp_path, "snapshot", "blob")


@pytest.mark.long
def test_images_of_every_source_boot_as_machines_of_their_own(tmp_path: Path) -> None:
    with laboratory(tmp_path) as lab:
        images_boot(lab, tmp_path, *WAYS)


def images_boot(lab: Lab, folder: Path, *ways: str) -> None:
    lab.succeeded(lab.put("virtualMachines", SOURCE, lab.machine(SOURCE, STORAGE)))
    use_and_generalize(lab)
    disks = disks_of_source(lab)
    seen = []
    for way in ways:
        name = f"from-{way}"
        made = WAYS[way](lab, disks, folder)
        image: Document = {"location": "eastus", "properties": {"hyperVGeneration": "V1", **made}}
        lab.succeeded(lab.put("images", name, image))
        seen.append(look_at_machine_from(lab, name, zone="2" if way == "zones" else None))
    assert [each.host_name for each in seen] == [f"from-{way}" for way in ways]
    assert [each.written for each in seen] == [WRITTEN] * len(ways)
    for own in ([each.machine_id for each in seen], [each.host_key for each in seen]):
        assert len(set(own)) == len(ways), f"two machines have the same: {own}"
    assert all(each.machine_id != each.sources_machine_id for each in seen)
    assert all(each.host_key != each.sources_host_key for each in seen)


@dataclass(frozen=True)
class Seen:
    """One machine, from within; the source's are what it had written on its disk."""

    host_name: str
    machine_id: str
    host_key: str
    written: list[str]
    sources_machine_id: str
    sources_host_key: str


def disks_of_source(lab: Lab) -> Mapping[int | None, str]:
    """Ids of its disks by LUN."""
    profile = object_at(lab.get("virtualMachines", SOURCE), "properties", "storageProfile")
    shown = [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]
    return {number_at(each, "lun"): text_at(each, "managedDisk", "id") or "" for each in shown}


def look_at_machine_from(lab: Lab, name: str, *, zone: str | None) -> Seen:
    """Make a machine of the image of that name, look at it from within, delete it."""
    body = lab.machine(name, {"imageReference": {"id": lab.path("images", name)}})
    if zone is not None:
        body["zones"] = [zone]
    lab.succeeded(lab.put("virtualMachines", name, body))
    host, machine_id, key, *rest = lab.ssh(
        name,
        "cloud-init status --wait >/dev/null; hostname; cat /etc/machine-id\n"
        "cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub; cat /opt/os /data/file\n"
        "cat /opt/machine-id; cut -d' ' -f2 /opt/host-key",
    ).splitlines()
    lab.service.client.change("DELETE", lab.path("virtualMachines", name), label=f"delete {name}")
    return Seen(host, machine_id, key, rest[:2], *rest[2:])


# --- the sources -----------------------------------------------------------------------------------------------------


def of_machine(lab: Lab, _disks: Mapping[int | None, str], _folder: Path) -> Document:
    return {"sourceVirtualMachine": {"id": lab.path("virtualMachines", SOURCE)}}


def of_zones(lab: Lab, disks: Mapping[int | None, str], folder: Path) -> Document:
    return {**of_machine(lab, disks, folder), "storageProfile": {"zoneResilient": True}}


def of_disks(_lab: Lab, disks: Mapping[int | None, str], _folder: Path) -> Document:
    return profile({"managedDisk": {"id": disks[None]}}, {"managedDisk": {"id": disks[DATA_LUN]}})


def of_snapshots(lab: Lab, disks: Mapping[int | None, str], _folder: Path) -> Document:
    taken = {lun: snapshot_of(lab, disk, f"snapshot{number}") for number, (lun, disk) in enumerate(disks.items())}
    return profile({"snapshot": {"id": taken[None]}}, {"snapshot": {"id": taken[DATA_LUN]}})


def snapshot_of(lab: Lab, disk: str, name: str) -> str:
    creation: Document = {"createOption": "Copy", "sourceResourceId": disk}
    body: Document = {"location": "eastus", "properties": {"creationData": creation, "incremental": True}}
    lab.service.client.change("PUT", lab.path("snapshots", name), body, label=name)
    return lab.path("snapshots", name)


def of_blob(lab: Lab, disks: Mapping[int | None, str], folder: Path) -> Document:
    """The OS disk by way of a file; the data disk is mixed in as it is."""
    file = folder / "os.vhd"
    access: Document = {"access": "Read", "durationInSeconds": 3600}
    given = lab.service.client.change("POST", f"{disks[None]}/beginGetAccess", access, label="grant access")
    azure_storage_blob(lab, "download", text_at(given, "accessSAS") or "", str(file))
    lab.service.client.change("POST", f"{disks[None]}/endGetAccess", label="revoke access")
    is_the_disk(lab, file, disks[None])
    uri = uploaded(lab, file)
    return profile({"blobUri": uri}, {"managedDisk": {"id": disks[DATA_LUN]}})


def is_the_disk(lab: Lab, file: Path, disk: str) -> None:
    """The file is a fixed VHD with the disk's bytes, every one of them."""
    volume = volume_of(lab, disk)
    subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", volume], check=True, timeout=120)
    subprocess.run(["qemu-img", "compare", "-f", "vpc", "-F", "qcow2", file, volume], check=True, timeout=300)
    assert file.stat().st_size % (1 << 20) == 512


def volume_of(lab: Lab, disk: str) -> Path:
    """The file whose bytes the disk has, read from the records: nothing in the API tells it."""
    root = lab.service.data.root
    records = open_records(root)
    try:
        with records.read() as view:
            (volume,) = view.held(ResourceId.parse(disk)).values()
    finally:
        records.close()
    return root / "volumes" / f"{volume}.qcow2"


def uploaded(lab: Lab, file: Path) -> str:
    """The address of a page blob with the file's bytes, in a new account of this service."""
    client, account = lab.service.client, lab.path("storageAccounts", ACCOUNT)
    body: Document = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}
    shown = client.change("PUT", account, body, label="storage account")
    endpoint = (text_at(shown, "properties", "primaryEndpoints", "blob") or "").rstrip("/")
    keys = client.change("POST", f"{account}/listKeys", label="keys")
    key = text_at(objects_at(keys, "keys")[0], "value") or ""
    return azure_storage_blob(lab, "upload", endpoint, ACCOUNT, key, "os.vhd", str(file))


def azure_storage_blob(lab: Lab, *words: str) -> str:
    if not PYTHON.exists() and not os.environ.get("CI"):
        pytest.skip(f"{PYTHON} is missing: make deps-sdk")
    done = subprocess.run(
        [PYTHON, HERE / "vhd_script.py", *words],
        env=lab.service.environ,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr[-4000:]}\n{lab.service.log[-3000:]}"
    return done.stdout.strip()


def profile(os_source: Document, data_source: Document) -> Document:
    data: Json = [{"lun": DATA_LUN, **data_source}]
    os_disk: Document = {"osType": "Linux", "osState": "Generalized", **os_source}
    return {"storageProfile": {"osDisk": os_disk, "dataDisks": data}}


Way = Callable[[Lab, Mapping[int | None, str], Path], Document]
WAYS: Mapping[str, Way] = {
    "machine": of_machine,
    "disks": of_disks,
    "snapshot": of_snapshots,
    "blob": of_blob,
    "zones": of_zones,
}
