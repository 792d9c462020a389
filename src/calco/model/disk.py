"""Managed disks: the values Azure knows for them, the states they move through, and what may be wished for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from calco.model.document import Document
from calco.model.errors import ApiError, refused
from calco.model.ids import ResourceId
from calco.model.volume import GIB


class OsType(StrEnum):
    LINUX = "Linux"
    WINDOWS = "Windows"


class Caching(StrEnum):
    NONE = "None"
    READ_ONLY = "ReadOnly"
    READ_WRITE = "ReadWrite"


class CreateOption(StrEnum):
    """Source: azure-mgmt-compute, DiskCreateOption and DiskCreateOptionTypes."""

    EMPTY = "Empty"
    ATTACH = "Attach"
    FROM_IMAGE = "FromImage"
    COPY = "Copy"
    IMPORT = "Import"
    UPLOAD = "Upload"


class Sku(StrEnum):
    STANDARD_LRS = "Standard_LRS"
    STANDARD_SSD_LRS = "StandardSSD_LRS"
    PREMIUM_LRS = "Premium_LRS"
    STANDARD_SSD_ZRS = "StandardSSD_ZRS"
    PREMIUM_ZRS = "Premium_ZRS"
    ULTRA_SSD_LRS = "UltraSSD_LRS"
    PREMIUM_V2_LRS = "PremiumV2_LRS"

    @property
    def tier(self) -> str:
        """``sku.tier``: the part before the underscore, without SSD's version. Source: recorded traffic (Standard)."""
        return {"StandardSSD": "Standard", "UltraSSD": "Ultra", "PremiumV2": "Premium"}.get(
            self.split("_")[0], self.split("_")[0]
        )


class DiskState(StrEnum):
    UNATTACHED = "Unattached"
    ATTACHED = "Attached"
    RESERVED = "Reserved"


class DiskEvent(StrEnum):
    ATTACH = "attach"
    ALLOCATE = "allocate"
    DEALLOCATE = "deallocate"
    DETACH = "detach"


MOVES: Mapping[tuple[DiskState, DiskEvent], DiskState] = MappingProxyType(
    {
        (DiskState.UNATTACHED, DiskEvent.ATTACH): DiskState.RESERVED,
        (DiskState.RESERVED, DiskEvent.ALLOCATE): DiskState.ATTACHED,
        (DiskState.ATTACHED, DiskEvent.ALLOCATE): DiskState.ATTACHED,
        (DiskState.ATTACHED, DiskEvent.DEALLOCATE): DiskState.RESERVED,
        (DiskState.RESERVED, DiskEvent.DEALLOCATE): DiskState.RESERVED,
        (DiskState.ATTACHED, DiskEvent.DETACH): DiskState.UNATTACHED,
        (DiskState.RESERVED, DiskEvent.DETACH): DiskState.UNATTACHED,
        (DiskState.UNATTACHED, DiskEvent.DETACH): DiskState.UNATTACHED,
    }
)


def after(state: DiskState, event: DiskEvent) -> DiskState:
    """The state ``event`` leads to; an unlisted pair is refused, never ignored."""
    if (state, event) not in MOVES:
        raise refused(f"Operation '{event}' is not allowed on a disk in state '{state}'.")
    return MOVES[state, event]


MAX_DISK_GB = 32767
"""Source: Azure, "Prepare a Windows VHD": data disk 32,767 GiB."""
MAX_OS_DISK_GB = 4095


def size_gb(size_bytes: int) -> int:
    """``diskSizeGB``: whole GiB, rounded up."""
    return -(-size_bytes // GIB)


@dataclass(frozen=True)
class NewDisk:
    """A PUT of a disk, read and well-formed. ``source`` is ``sourceResourceId`` or the image's id."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    create_option: CreateOption
    size_gb: int | None
    sku: Sku | None
    os_type: OsType | None
    source: ResourceId | None
    properties: Document
    extra: Document = field(default_factory=dict)


def not_possible(option: CreateOption) -> ApiError:
    """Ours: the create options whose sources calco does not keep yet."""
    return ApiError(
        400,
        "NotSupported",
        f"Creating a disk with createOption '{option}' is not supported by calco yet. Use 'Empty'.",
        "creationData.createOption",
    )
