"""Availability sets: how many fault and update domains machines are told to be spread over. There is one host here, so
nothing is spread; the set is kept and shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calco.model import errors
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId


class SetSku(StrEnum):
    """``ALIGNED`` is for machines with managed disks, ``CLASSIC`` for those with disks in blobs."""

    CLASSIC = "Classic"
    ALIGNED = "Aligned"


@dataclass(frozen=True)
class NewAvailabilitySet:
    """A PUT of a set. Domains are counts; None is unsaid."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    sku: SetSku | None
    fault_domains: int | None
    update_domains: int | None
    properties: Document
    extra: Document = field(default_factory=dict)


FAULT_DOMAINS, UPDATE_DOMAINS = (1, 3), (1, 20)
"""Source: Azure, "Availability sets overview"."""
FAULT_DOMAINS_UNSAID, UPDATE_DOMAINS_UNSAID = 3, 5
"""What a set has that says nothing. Source: azure-sdk test recordings of 2017 to 2024: 3 and 5."""


# --- refusals --------------------------------------------------------------------------------------------------------


def not_found(id: ResourceId) -> ApiError:
    return ApiError(404, "NotFound", f"The Availability Set {id} cannot be found.", "availabilitySet")


def not_empty(name: str) -> ApiError:
    """Source: answers quoted in public issue threads."""
    return errors.refused(
        f"Availability Set '{name}' cannot be deleted. Before deleting an Availability Set please ensure that it does "
        "not contain any VM."
    )


def other_disks() -> ApiError:
    """Source: the same."""
    return errors.refused(
        "Addition of a managed disk to a VM with blob based disks is not supported, nor is addition of a VM with "
        "managed disks to non-managed Availability Set or addition of a VM with blob based disks to managed "
        "Availability Set. Please create an Availability Set with 'managed' property set (sku 'Aligned') in order to "
        "add a VM with managed disks to it."
    )


def with_zone() -> ApiError:
    """Ours; that it is refused is Azure's."""
    return errors.bad_request(
        "A virtual machine is in an availability set or in an availability zone, not in both. Leave out "
        "'properties.availabilitySet' or 'zones'.",
        "availabilitySet",
    )


def less_managed() -> ApiError:
    """Ours; that it is refused is Azure's."""
    return errors.property_change("sku.name")
