"""The machine that images are made of: used so that its copies can be told from it, then generalized."""

from calco.model.document import Document

from .lab import DEBIAN_V1, Lab

DATA_LUN = 3
STORAGE: Document = {
    "imageReference": DEBIAN_V1,
    "dataDisks": [{"lun": DATA_LUN, "createOption": "Empty", "diskSizeGB": 1, "deleteOption": "Delete"}],
}
"""A platform image's OS disk and an empty data disk."""

WRITTEN = ["on the os disk", "on the data disk"]
"""What every copy of it carries."""

SAME = (
    "cmp -s /etc/machine-id /opt/machine-id; echo $?\ncmp -s /etc/ssh/ssh_host_ed25519_key.pub /opt/host-key; echo $?"
)
"""Prints 0 for each of these that a copy shares with the machine it comes from."""


def use_and_generalize(lab: Lab) -> None:
    """Write on both disks, deprovision, deallocate, generalize."""
    lab.ssh(
        "source",
        f"set -e; sudo mkfs.ext4 -q -L lab-data /dev/disk/azure/scsi1/lun{DATA_LUN}\n"
        "echo 'LABEL=lab-data /data ext4 defaults,nofail 0 2' | sudo tee -a /etc/fstab >/dev/null\n"
        "sudo mkdir /data; sudo mount /data\n"
        "echo on the os disk | sudo tee /opt/os >/dev/null; echo on the data disk | sudo tee /data/file >/dev/null\n"
        "cat /etc/machine-id | sudo tee /opt/machine-id >/dev/null\n"
        "sudo cp /etc/ssh/ssh_host_ed25519_key.pub /opt/host-key; sync",
    )
    lab.ssh("source", "sudo waagent -deprovision+user -force >/dev/null && sync")
    lab.post("source", "deallocate")
    lab.post("source", "generalize")
