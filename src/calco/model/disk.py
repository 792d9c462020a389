"""Managed disks: the values Azure knows for them, the states they move through, and what may be wished for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from calco.model import errors
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
    def is_zone_redundant(self) -> bool:
        return self.endswith("_ZRS")

    @property
    def tier(self) -> str:
        """``sku.tier``: the part before the underscore, without SSD's version. Source: recorded traffic (Standard)."""
        return {"StandardSSD": "Standard", "UltraSSD": "Ultra", "PremiumV2": "Premium"}.get(
            self.split("_")[0], self.split("_")[0]
        )


class DiskState(StrEnum):
    """Source: behaviour C, diskState. The two with a signed URL out are never stored: see ``while_granted``."""

    UNATTACHED = "Unattached"
    ATTACHED = "Attached"
    RESERVED = "Reserved"
    ACTIVE_SAS = "ActiveSAS"
    READY_TO_UPLOAD = "ReadyToUpload"
    ACTIVE_UPLOAD = "ActiveUpload"


class DiskEvent(StrEnum):
    ATTACH = "attach"
    ALLOCATE = "allocate"
    DEALLOCATE = "deallocate"
    DETACH = "detach"
    GRANT_READ = "grant read access"
    GRANT_WRITE = "grant write access"
    UPLOADED = "end the upload"


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
        (DiskState.UNATTACHED, DiskEvent.GRANT_READ): DiskState.ACTIVE_SAS,
        (DiskState.RESERVED, DiskEvent.GRANT_READ): DiskState.ACTIVE_SAS,
        (DiskState.READY_TO_UPLOAD, DiskEvent.GRANT_WRITE): DiskState.ACTIVE_UPLOAD,
        (DiskState.READY_TO_UPLOAD, DiskEvent.UPLOADED): DiskState.UNATTACHED,
    }
)


def after(state: DiskState, event: DiskEvent) -> DiskState:
    """The state ``event`` leads to; an unlisted pair is refused, never ignored."""
    if (state, event) not in MOVES:
        raise refused(f"Operation '{event}' is not allowed on a disk in state '{state}'.")
    return MOVES[state, event]


def while_granted(state: DiskState, *, write: bool) -> DiskState:
    """What a disk in ``state`` shows while a signed URL is out; ``state`` comes back by itself when the URL ends."""
    return MOVES.get((state, DiskEvent.GRANT_WRITE if write else DiskEvent.GRANT_READ), state)


class Use(StrEnum):
    """What may be asked of a disk besides moving it; the value goes into Azure's sentence about signed URLs."""

    ATTACH = "attaching the disk"
    START = "starting the VM"
    DELETE = "deleting the disk"
    RESIZE = "resizing the disk"
    COPY = "copying the disk"


USES: Mapping[DiskState, frozenset[Use]] = MappingProxyType(
    {
        DiskState.UNATTACHED: frozenset(Use),
        DiskState.RESERVED: frozenset({Use.START, Use.RESIZE, Use.COPY}),
        DiskState.ATTACHED: frozenset({Use.START, Use.COPY}),
        DiskState.ACTIVE_SAS: frozenset({Use.COPY}),
        DiskState.READY_TO_UPLOAD: frozenset({Use.DELETE}),
        DiskState.ACTIVE_UPLOAD: frozenset(),
    }
)


def check_use(name: str, state: DiskState, use: Use, owner: ResourceId | None) -> None:
    """Raises Azure's refusal when ``state`` forbids ``use``. ``owner`` is the disk's machine."""
    if use in USES[state]:
        return
    match state:
        case DiskState.ACTIVE_SAS | DiskState.ACTIVE_UPLOAD:
            raise errors.access_outstanding(name, use)
        case DiskState.READY_TO_UPLOAD:
            raise not_uploaded(name)
        case _ if use is Use.RESIZE:
            raise resize_attached(name, owner)
        case _ if use is Use.ATTACH and owner is not None:
            raise errors.disk_owned(name, owner.name)
        case _:
            raise errors.disk_attached(name, owner)


def resize_attached(name: str, owner: ResourceId | None) -> ApiError:
    return refused(
        f"Cannot resize disk {name} while it is attached to running VM {owner}. Resizing a disk of an Azure Virtual "
        "Machine requires the virtual machine to be deallocated. Please stop your VM and retry the operation."
    )


def not_uploaded(name: str) -> ApiError:
    """Ours."""
    return refused(
        f"Disk {name} is in state '{DiskState.READY_TO_UPLOAD}': nothing was uploaded to it yet. Call BeginGetAccess "
        "with access 'Write', upload a fixed VHD to that URL and call EndGetAccess."
    )


MAX_DISK_GB = 32767
"""Source: Azure, "Prepare a Windows VHD": data disk 32,767 GiB."""
MAX_OS_DISK_GB = 4095
MIN_UPLOAD_BYTES, MAX_UPLOAD_BYTES = 20_972_032, 35_183_298_347_520
"""``uploadSizeBytes``, the footer's 512 bytes included. Source: azure-mgmt-compute, CreationData."""


def size_gb(size_bytes: int) -> int:
    """``diskSizeGB``: whole GiB, at least one. Source: recording c7n-disk-2024-03-02-attached, where 32213303296 bytes
    are 30 GB and 136367308800 are 127, a MiB and two more than that."""
    return max(1, size_bytes // GIB)


@dataclass(frozen=True)
class NewDisk:
    """A PUT of a disk, read and well-formed. ``source`` is ``sourceResourceId``: a disk or snapshot. ``image`` is a
    managed image and ``urn`` a platform image; ``lun`` the image's data disk, None its OS disk. ``upload_bytes`` is
    ``uploadSizeBytes``."""

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
    source_uri: str | None = None
    image: ResourceId | None = None
    urn: str | None = None
    lun: int | None = None
    upload_bytes: int | None = None

    @property
    def zones(self) -> tuple[str, ...]:
        zones = self.extra.get("zones")
        return tuple(each for each in zones if isinstance(each, str)) if isinstance(zones, list) else ()


def not_possible(option: CreateOption) -> ApiError:
    """Ours: ``Attach`` is how a machine takes a disk, not how one is made."""
    return ApiError(
        400,
        "InvalidParameter",
        f"A disk is not created with createOption '{option}'. Name it in the dataDisks of a virtual machine instead.",
        "creationData.createOption",
    )
