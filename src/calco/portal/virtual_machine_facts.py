"""What pages say of a virtual machine, read from its document."""

from dataclasses import dataclass

from calco.model.delete_option import DeleteOption
from calco.model.document import Document, flag_at, number_at, object_at, objects_at, text_at
from calco.portal.page import name_of
from calco.portal.visit import ROOT

TYPE = "Microsoft.Compute/virtualMachines"
ADDRESS = f"{ROOT}/virtual-machines"


@dataclass(frozen=True)
class Disk:
    """One of the machine's disks. ``lun`` is None for the OS disk; ``id`` is empty for one that is a blob."""

    name: str
    id: str
    lun: int | None
    size_gb: int | None
    sku: str
    caching: str
    leaves: bool
    """Whether it goes when the machine goes."""


@dataclass(frozen=True)
class Status:
    """A line of the instance view, in the API's words."""

    code: str
    level: str
    said: str
    message: str


def image_of(machine: Document) -> tuple[str, str]:
    """What the machine was made from: its name for people, and its id when it is a managed image."""
    reference = object_at(machine, "properties", "storageProfile", "imageReference")
    id = text_at(reference, "id")
    if id:
        return name_of(id), id
    names = [text_at(reference, each) for each in ("offer", "sku")]
    return " ".join(each for each in names if each), ""


def disks_of(machine: Document) -> list[Disk]:
    """The OS disk first."""
    profile = object_at(machine, "properties", "storageProfile")
    return [_disk(each) for each in [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]]


def _disk(document: Document) -> Disk:
    return Disk(
        name=text_at(document, "name") or "",
        id=text_at(document, "managedDisk", "id") or "",
        lun=number_at(document, "lun"),
        size_gb=number_at(document, "diskSizeGB"),
        sku=text_at(document, "managedDisk", "storageAccountType") or "",
        caching=text_at(document, "caching") or "None",
        leaves=text_at(document, "deleteOption") == DeleteOption.DELETE,
    )


def statuses_of(machine: Document) -> list[Status]:
    """What the instance view says beside power: warnings, a failure, why something waits."""
    return [
        Status(
            code=text_at(each, "code") or "",
            level=text_at(each, "level") or "",
            said=text_at(each, "displayStatus") or "",
            message=text_at(each, "message") or "",
        )
        for each in objects_at(machine, "properties", "instanceView", "statuses")
    ]


def zones_of(machine: Document) -> list[str]:
    zones = machine.get("zones")
    return [each for each in zones if isinstance(each, str)] if isinstance(zones, list) else []


def is_windows(machine: Document) -> bool:
    return text_at(machine, "properties", "storageProfile", "osDisk", "osType") == "Windows"


def is_diagnosed(machine: Document) -> bool:
    """Whether boot diagnostics are on."""
    return flag_at(machine, "properties", "diagnosticsProfile", "bootDiagnostics", "enabled") is True
