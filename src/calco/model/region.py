"""Azure's regions: the names people see. Source: Azure, "List of Azure regions"."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from calco.model.volume import REGIONAL


@dataclass(frozen=True)
class Region:
    name: str
    display_name: str
    geography: str
    geography_group: str


_REGION = re.compile(r"[a-z0-9]{1,40}")

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


def read_zones(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The table behind the setting ``zones``: ``eastus=3`` has zones 1, 2 and 3, ``westus=0`` none, and ``eastus=1+3``
    just those. Raises ValueError."""
    return dict(_zones_of(each) for each in texts)


def _zones_of(text: str) -> tuple[str, tuple[str, ...]]:
    region, equals, given = (part.strip() for part in text.partition("="))
    if not equals or _REGION.fullmatch(region) is None:
        raise ValueError(f"{text!r} is no region with its zones; write it like eastus=3")
    if len(given) == 1 and given in "0123456789":
        return region, tuple(str(each + 1) for each in range(int(given)))
    named = given.split("+")
    if len(named) < 2 or any(len(each) != 1 or each not in "123456789" for each in named):
        raise ValueError(f"{text!r}: {given!r} is no number of zones from 0 to 9 and no list of their names like 1+3")
    return region, tuple(sorted(set(named)))


def pool_of(location: str, zones: Sequence[str] = ()) -> str:
    """The storage pool for what lies in a zone of that region (``eastus-1``), or in none."""
    return f"{location}-{zones[0]}" if zones else REGIONAL
