"""Storage accounts: what they may be called, of what kind they are, and their two keys.

An account's name is the first label of a host in Azure, so it is unique among all accounts, whatever their group.
Source: Azure, "Storage account overview", "Naming rules and restrictions for Azure resources".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId

KIND = "Microsoft.Storage/storageAccounts"
KEY_BYTES = 64
"""Source: Azure, "Manage storage account access keys" (512-bit)."""

_NAME = re.compile(r"[a-z0-9]{3,24}")


class Sku(StrEnum):
    """Source: azure-mgmt-storage, SkuName."""

    STANDARD_LRS = "Standard_LRS"
    STANDARD_GRS = "Standard_GRS"
    STANDARD_RAGRS = "Standard_RAGRS"
    STANDARD_ZRS = "Standard_ZRS"
    PREMIUM_LRS = "Premium_LRS"
    PREMIUM_ZRS = "Premium_ZRS"
    STANDARD_GZRS = "Standard_GZRS"
    STANDARD_RAGZRS = "Standard_RAGZRS"

    @property
    def tier(self) -> str:
        return self.split("_")[0]

    @property
    def is_geographic(self) -> bool:
        """Whether Azure keeps a copy in a second region; calco says so and keeps one copy."""
        return "G" in self.split("_")[1]


PAIRS: Mapping[str, str] = MappingProxyType(
    {
        "westeurope": "northeurope",
        "northeurope": "westeurope",
        "uksouth": "ukwest",
        "ukwest": "uksouth",
        "eastus": "westus",
        "westus": "eastus",
        "eastus2": "centralus",
        "centralus": "eastus2",
        "northcentralus": "southcentralus",
        "southcentralus": "northcentralus",
        "westus2": "westcentralus",
        "westcentralus": "westus2",
        "southeastasia": "eastasia",
        "eastasia": "southeastasia",
    }
)
"""Where the second copy of a geographic account would be. Source: Azure, "Azure paired regions"."""


class Kind(StrEnum):
    STORAGE = "Storage"
    STORAGE_V2 = "StorageV2"
    BLOB_STORAGE = "BlobStorage"
    BLOCK_BLOB_STORAGE = "BlockBlobStorage"
    FILE_STORAGE = "FileStorage"


class KeyName(StrEnum):
    """An account always has two keys, so that one can be changed while clients use the other."""

    KEY1 = "key1"
    KEY2 = "key2"


@dataclass(frozen=True)
class NewStorageAccount:
    """What a PUT asks for. ``extra`` are other top-level members, kept as they came."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    sku: Sku
    kind: Kind
    properties: Document = field(default_factory=dict)
    extra: Document = field(default_factory=dict)


def is_name(name: str) -> bool:
    """Whether an account may be called so: 3 to 24 lower-case letters and digits."""
    return _NAME.fullmatch(name) is not None


def bad_name(name: str) -> ApiError:
    """Source: Azure, "Resolve errors for storage account names"."""
    return ApiError(
        400,
        "AccountNameInvalid",
        f"{name[:100]} is not a valid storage account name. Storage account name must be between 3 and 24 characters "
        "in length and use numbers and lower-case letters only.",
    )


def name_taken(name: str) -> ApiError:
    """Source: Azure, "Resolve errors for storage account names"."""
    return ApiError(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")


def in_use(name: str, blob: str, machine: str) -> ApiError:
    """Ours: Azure leaves the lease to say it."""
    return ApiError(
        409,
        "StorageAccountOperationInProgress",
        f"The storage account named {name} cannot be deleted: its blob {blob} is a disk of the virtual machine "
        f"{machine}. Delete the machine first.",
    )


def not_found(name: str) -> ApiError:
    """What Compute says of an account that is not there. Source: Azure, "Common VM error codes"."""
    return ApiError(409, "StorageAccountNotFound", f"The storage account '{name}' cannot be found.")
