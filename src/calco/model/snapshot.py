"""Snapshots: what may be wished for, and the values Azure knows for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid5

from calco.model.disk import CreateOption, OsType
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import Generation


class SnapshotSku(StrEnum):
    """Source: azure-mgmt-compute, SnapshotStorageAccountTypes."""

    STANDARD_LRS = "Standard_LRS"
    PREMIUM_LRS = "Premium_LRS"
    STANDARD_ZRS = "Standard_ZRS"

    @property
    def tier(self) -> str:
        """``sku.tier``. Source: recorded traffic (Standard, of both Standard_LRS and Standard_ZRS)."""
        return self.split("_")[0]


@dataclass(frozen=True)
class NewSnapshot:
    """A PUT of a snapshot, read and well-formed. ``source`` is a disk or snapshot, ``source_uri`` a blob: one of them,
    as ``create_option`` says."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    create_option: CreateOption
    size_gb: int | None
    sku: SnapshotSku | None
    os_type: OsType | None
    generation: Generation | None
    source: ResourceId | None
    source_uri: str | None
    incremental: bool
    properties: Document
    extra: Document = field(default_factory=dict)


def family_of(source_unique_id: str) -> str:
    """``incrementalSnapshotFamilyId``: the same for all incremental snapshots of one disk."""
    return str(uuid5(UUID(source_unique_id), "incremental"))


def not_possible(option: CreateOption) -> ApiError:
    """Ours: what a snapshot is not made with."""
    return ApiError(
        400,
        "InvalidParameter",
        f"A snapshot is not created with createOption '{option}'. Use 'Copy' with the sourceResourceId of a disk or "
        "snapshot, or 'Import' with the sourceUri of a page blob.",
        "creationData.createOption",
    )
