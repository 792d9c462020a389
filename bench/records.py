"""Many images at once, written straight into the records of a service that is down: making ten thousand over the API
would take minutes and is not what is measured. Each is what a capture of a machine with one disk shows; there are no
volumes behind them.
"""

from dataclasses import replace
from pathlib import Path

from bench import resources
from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.ports import Resource
from calco.storage.migrations import open_records

GROUP_KIND = "Microsoft.Resources/resourceGroups"


def name_of(number: int) -> str:
    return f"image{number}"


def add_images(data: Path, count: int) -> None:
    """As many more, into the group the benchmark lies in."""
    records = open_records(data)
    try:
        with records.write() as tx:
            (group,) = tx.resources(GROUP_KIND)
            first = len(tx.resources(resources.IMAGES))
            for number in range(first, first + count):
                tx.put(_image(group.id, number))
    finally:
        records.close()


def _image(group: ResourceId, number: int) -> Resource:
    id = replace(group, namespace="Microsoft.Compute", types=("images",), names=(name_of(number),))
    disks = replace(group, namespace="Microsoft.Compute", types=("disks",), names=(f"source_disk1_{number:032x}",))
    machine = replace(group, namespace="Microsoft.Compute", types=("virtualMachines",), names=(f"source{number}",))
    os_disk: Document = {
        "osType": "Linux",
        "osState": "Generalized",
        "managedDisk": {"id": str(disks)},
        "caching": "ReadWrite",
        "storageAccountType": "Standard_LRS",
        "diskSizeGB": 4,
    }
    properties: Document = {
        "sourceVirtualMachine": {"id": str(machine)},
        "storageProfile": {"osDisk": os_disk, "dataDisks": []},
        "provisioningState": "Succeeded",
        "hyperVGeneration": "V1",
    }
    return Resource(id, resources.LOCATION, properties, {"made": "by the benchmark"})
