"""How much of what there may be: cores in a region are limited, by a setting; of all else there is as much as fits.

What machines have counts while they exist, allocated or not. Source: Azure, "Increase regional vCPU quotas": quota is
calculated on the total number of cores in use, both allocated and deallocated.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calco.model import errors
from calco.model.document import text_at
from calco.model.errors import ApiError
from calco.model.vm_size import SIZES, VmSize, find
from calco.ports import Reader, Resource, Writer
from calco.work.cloud import Cloud
from calco.work.common import normal_location

MACHINES = "Microsoft.Compute/virtualMachines"


@dataclass(frozen=True)
class Usage:
    """One line of a region's usages; ``name`` is for programs, ``words`` for people."""

    name: str
    words: str
    used: int
    limit: int


def check(cloud: Cloud, tx: Writer, location: str, size: VmSize, *, instead_of: Resource | None = None) -> None:
    """Whether a machine of ``size`` fits into the region's cores, ``instead_of`` one that is there. Raises ApiError."""
    freed = 0 if instead_of is None else _cores_of(instead_of)
    if size.cores <= freed:
        return
    used, limit = cores_in(tx, location), cloud.rules.cores_per_region
    if used - freed + size.cores > limit:
        raise _exceeded(location, limit, used, size.cores - freed)


def cores_in(view: Reader, location: str) -> int:
    """Cores of the machines there."""
    return sum(_cores(size) * many for size, many in _sizes_in(view, location).items())


_SIZE = ("hardwareProfile", "vmSize")


def _sizes_in(view: Reader, location: str) -> Mapping[str, int]:
    """How many machines of each size there are."""
    return {size: many for (place, size), many in view.tally(MACHINES, *_SIZE).items() if place == location}


def _cores_of(machine: Resource) -> int:
    return _cores(text_at(machine.properties, *_SIZE) or "")


def _cores(name: str) -> int:
    size = find(name)
    return 0 if size is None else size.cores


def _exceeded(location: str, limit: int, used: int, more: int) -> ApiError:
    """Azure's words, and where the limit is here. Source: answers quoted in public issue threads."""
    return errors.refused(
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional "
        f"details - Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, Current Usage: "
        f"{used}, Additional Required: {more}, (Minimum) New Limit Required: {used + more}. Delete machines there, use "
        "another region, or raise the limit with the setting cores_per_region."
    )


# --- usages ----------------------------------------------------------------------------------------------------------

SETS_MAX, MACHINES_MAX, DISKS_MAX = 2500, 25000, 50000
NETWORKS_MAX, NICS_MAX, SECURITY_GROUPS_MAX = 1000, 65536, 5000
"""Azure's limits for a region, shown and not enforced. Source: Azure, "Azure subscription and service limits"."""


def compute(cloud: Cloud, location: str) -> Sequence[Usage]:
    """What of ``Microsoft.Compute`` is used in a region."""
    place = normal_location(cloud, location, "locations/usages")
    with cloud.records.read() as view:
        machines = _sizes_in(view, place)
        sets = _count(view, "Microsoft.Compute/availabilitySets", place)
        tiers = _by_tier(view, "Microsoft.Compute/disks", place)
        snapshots = _count(view, "Microsoft.Compute/snapshots", place)
    limit = cloud.rules.cores_per_region
    families: Counter[str] = Counter({each.family: 0 for each in SIZES})
    for name, many in machines.items():
        size = find(name)
        if size is not None:
            families[size.family] += size.cores * many
    words = {each.family: each.family_words for each in SIZES}
    return [
        Usage("availabilitySets", "Availability Sets", sets, SETS_MAX),
        Usage("cores", "Total Regional vCPUs", sum(families.values()), limit),
        Usage("virtualMachines", "Virtual Machines", sum(machines.values()), MACHINES_MAX),
        Usage("virtualMachineScaleSets", "Virtual Machine Scale Sets", 0, SETS_MAX),
        *(Usage(name, words[name], used, limit) for name, used in families.items()),
        Usage("StandardDiskCount", "Standard HDD Managed Disks", tiers["Standard"], DISKS_MAX),
        Usage("StandardSSDDiskCount", "Standard SSD Managed Disks", tiers["StandardSSD"], DISKS_MAX),
        Usage("PremiumDiskCount", "Premium SSD Managed Disks", tiers["Premium"], DISKS_MAX),
        Usage("StandardSnapshotCount", "Standard Snapshots", snapshots, DISKS_MAX),
    ]


def network(cloud: Cloud, location: str) -> Sequence[Usage]:
    """What of ``Microsoft.Network`` is used in a region."""
    place = normal_location(cloud, location, "locations/usages")
    kinds = (
        ("VirtualNetworks", "Virtual Networks", "virtualNetworks", NETWORKS_MAX),
        ("NetworkInterfaces", "Network Interfaces", "networkInterfaces", NICS_MAX),
        ("NetworkSecurityGroups", "Network Security Groups", "networkSecurityGroups", SECURITY_GROUPS_MAX),
        ("PublicIPAddresses", "Public IP Addresses", "publicIPAddresses", NETWORKS_MAX),
    )
    with cloud.records.read() as view:
        return [
            Usage(name, words, _count(view, f"Microsoft.Network/{type}", place), most)
            for name, words, type, most in kinds
        ]


def _count(view: Reader, kind: str, place: str) -> int:
    return sum(each.location == place for each in view.resources(kind))


def _by_tier(view: Reader, kind: str, place: str) -> Counter[str]:
    """Disks by the word their SKU begins with."""
    here = (each for each in view.resources(kind) if each.location == place)
    return Counter((text_at(each.extra, "sku", "name") or "").partition("_")[0] for each in here)
