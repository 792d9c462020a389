"""The demo's machines: what is asked for, what is done in them, what they say of themselves, and that they differ."""

from collections.abc import Mapping
from dataclasses import dataclass

from calco.cli.common import Failure
from calco.model.document import Document

USER = "azureuser"

OS_FOLDER = "/opt/calco-demo"
OS_FILE = f"{OS_FOLDER}/on-the-os-disk"
DATA_FILE = "/data/on-the-data-disk"

USE_IT = f"""
set -e
sudo mkfs.ext4 -q -L demo-data /dev/disk/azure/scsi1/lun0
echo 'LABEL=demo-data /data ext4 defaults,nofail 0 2' | sudo tee -a /etc/fstab >/dev/null
sudo mkdir -p /data {OS_FOLDER}
sudo mount /data
echo 'written on the OS disk of the source' | sudo tee {OS_FILE} >/dev/null
echo 'written on the data disk of the source' | sudo tee {DATA_FILE} >/dev/null
sync
"""
LOOK_AT_IT = f"""
hostname
cat /etc/machine-id
cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub
cat {OS_FILE}
cat {DATA_FILE}
"""
"""Both are run by the guest's shell, over SSH; nothing in them comes from outside."""


@dataclass(frozen=True)
class Seen:
    """What one machine says of itself."""

    host_name: str
    machine_id: str
    host_key: str
    os_file: str
    data_file: str


def machine_body(location: str, name: str, *, size: str, storage: Document, subnet: str, key: str) -> Document:
    """A machine as one asks for it: its disks go with it, its NIC and public address are made with it."""
    address: Document = {"subnet": {"id": subnet}, "publicIPAddressConfiguration": {"name": "public"}}
    configuration: Document = {"name": "ip", "properties": address}
    nic: Document = {"primary": True, "deleteOption": "Delete", "ipConfigurations": [configuration]}
    keys: Document = {"publicKeys": [{"path": f"/home/{USER}/.ssh/authorized_keys", "keyData": key}]}
    properties: Document = {
        "hardwareProfile": {"vmSize": size},
        "storageProfile": {**storage, "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"}},
        "osProfile": {
            "computerName": name,
            "adminUsername": USER,
            "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": keys},
        },
        "networkProfile": {
            "networkApiVersion": "2020-11-01",
            "networkInterfaceConfigurations": [{"name": "nic", "properties": nic}],
        },
    }
    return {"location": location, "properties": properties}


def compare(source: Seen, clones: Mapping[str, Seen]) -> None:
    """Raises Failure unless these are different machines that carry the same files."""
    everyone = [source, *clones.values()]
    for what, values in (
        ("host names", [each.host_name for each in everyone]),
        ("machine-ids", [each.machine_id for each in everyone]),
        ("SSH host keys", [each.host_key for each in everyone]),
    ):
        if len(set(values)) < len(values):
            raise Failure(f"two machines share their {what}: {values}")
    for name, seen in clones.items():
        if (seen.os_file, seen.data_file) != (source.os_file, source.data_file):
            raise Failure(f"{name} does not carry what the source had on its disks: {seen}")
