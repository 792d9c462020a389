"""Azure's regions: the names people see. Source: Azure, "List of Azure regions"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.volume import REGIONAL


@dataclass(frozen=True)
class Region:
    name: str
    display_name: str
    geography: str
    geography_group: str


_KNOWN: Mapping[str, Region] = MappingProxyType(
    {
        each.name: each
        for each in (
            Region("eastus", "East US", "United States", "US"),
            Region("eastus2", "East US 2", "United States", "US"),
            Region("centralus", "Central US", "United States", "US"),
            Region("northcentralus", "North Central US", "United States", "US"),
            Region("southcentralus", "South Central US", "United States", "US"),
            Region("westcentralus", "West Central US", "United States", "US"),
            Region("westus", "West US", "United States", "US"),
            Region("westus2", "West US 2", "United States", "US"),
            Region("westus3", "West US 3", "United States", "US"),
            Region("northeurope", "North Europe", "Europe", "Europe"),
            Region("westeurope", "West Europe", "Europe", "Europe"),
            Region("uksouth", "UK South", "United Kingdom", "Europe"),
            Region("francecentral", "France Central", "France", "Europe"),
            Region("germanywestcentral", "Germany West Central", "Germany", "Europe"),
            Region("spaincentral", "Spain Central", "Spain", "Europe"),
            Region("swedencentral", "Sweden Central", "Sweden", "Europe"),
            Region("southeastasia", "Southeast Asia", "Asia Pacific", "Asia Pacific"),
            Region("japaneast", "Japan East", "Japan", "Asia Pacific"),
            Region("australiaeast", "Australia East", "Australia", "Asia Pacific"),
            Region("brazilsouth", "Brazil South", "Brazil", "South America"),
        )
    }
)


def find(name: str) -> Region:
    """The region of that short name; one nobody listed shows its short name."""
    return _KNOWN.get(name, Region(name, name, name, name))


def pool_of(location: str, zones: Sequence[str] = ()) -> str:
    """The storage pool for what lies in a zone of that region (``eastus-1``), or in none."""
    return f"{location}-{zones[0]}" if zones else REGIONAL


def check_zones(offered: Mapping[str, tuple[str, ...]], id: ResourceId, location: str, zones: Sequence[str]) -> None:
    """Raises when a resource that may be in one zone asks for more, or for one the region does not have. ``offered``:
    zones by region. The codes are Azure's; of the sentences no recording is known."""
    if not zones:
        return
    if not offered.get(location):
        raise ApiError(
            400,
            "LocationNotSupportAvailabilityZones",
            f"The resource '{id}' does not support availability zones at location '{location}'. Leave out 'zones' or "
            "choose a region that has them.",
            "zones",
        )
    if len(zones) > 1:
        raise ApiError(400, "InvalidParameter", "A resource may be in one zone. Name one of them.", "zones")
    if zones[0] not in offered[location]:
        raise ApiError(
            400,
            "InvalidAvailabilityZone",
            f"The zone(s) '{zones[0][:20]}' for resource '{id}' is not supported. The supported zones for location "
            f"'{location}' are '{','.join(offered[location])}'",
            "zones",
        )
