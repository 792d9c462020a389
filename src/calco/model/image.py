"""Managed images: what may be wished for. An image holds frozen volumes: the OS disk's under slot ``os``, a data disk's
under its LUN."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.machine import Generation


@dataclass(frozen=True)
class NewImage:
    """A PUT of an image, read and well-formed. ``properties`` is the document as it came (nulls gone)."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    source: ResourceId | None
    """``sourceVirtualMachine.id``; None when the body has a ``storageProfile`` with disks instead."""
    generation: Generation | None
    zone_resilient: bool | None
    properties: Document
    extra: Document = field(default_factory=dict)


OS_SLOT = "os"


def slot(lun: int | None) -> str:
    """The slot under which an image or machine holds a disk's volume."""
    return OS_SLOT if lun is None else str(lun)
