"""Managed images: what may be wished for. An image holds frozen volumes: the OS disk's under slot ``os``, a data disk's
under its LUN. A zone-resilient one holds a whole copy in each zone's pool instead: ``os@eastus-1``, ``0@eastus-1``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calco.model.disk import Caching, OsType, Sku
from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.machine import Generation


class OsState(StrEnum):
    GENERALIZED = "Generalized"
    SPECIALIZED = "Specialized"


@dataclass(frozen=True)
class Origin:
    """Where a disk of an image comes from: a managed disk or a snapshot by its id, or a page blob by its URI."""

    resource: ResourceId | None = None
    uri: str | None = None


@dataclass(frozen=True)
class ImageDisk:
    """One disk of a ``storageProfile``; ``lun`` is None for the OS disk. ``size_gb`` is what disks made from it get."""

    lun: int | None
    origin: Origin
    caching: Caching | None = None
    size_gb: int | None = None
    sku: Sku | None = None


@dataclass(frozen=True)
class NewImage:
    """A PUT of an image, read and well-formed. ``properties`` is the document as it came (nulls gone)."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    source: ResourceId | None
    """``sourceVirtualMachine.id``; None when ``disks`` say where the bytes come from."""
    generation: Generation | None
    zone_resilient: bool | None
    properties: Document
    extra: Document = field(default_factory=dict)
    disks: tuple[ImageDisk, ...] = ()
    """``storageProfile``'s disks, the OS disk first."""
    os_type: OsType | None = None
    os_state: OsState | None = None


OS_SLOT = "os"


def slot(lun: int | None, pool: str = "") -> str:
    """The slot under which an image or machine holds a disk's volume; ``pool``: the copy in a zone's pool."""
    name = OS_SLOT if lun is None else str(lun)
    return f"{name}@{pool}" if pool else name
