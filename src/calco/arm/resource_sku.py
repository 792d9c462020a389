"""``Microsoft.Compute/skus``: sizes of machines and kinds of disks, region by region, with what each can do.

Source: azure-mgmt-compute, ResourceSku; the capabilities are those that az and Terraform read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from calco.arm.call import Answer, Call, listed
from calco.model import errors
from calco.model.availability_set import SetSku
from calco.model.disk import Sku
from calco.model.document import Document, Json
from calco.model.vm_size import SIZES, VmSize

_FILTER = re.compile(r"\s*location\s+eq\s+'(?P<place>[^']*)'\s*", re.IGNORECASE)

DISK_SKUS = (Sku.STANDARD_LRS, Sku.STANDARD_SSD_LRS, Sku.PREMIUM_LRS, Sku.STANDARD_SSD_ZRS, Sku.PREMIUM_ZRS)
"""What disks can be here."""


def list_all(call: Call) -> Answer:
    """Every SKU, or those of the one region that ``$filter`` names."""
    zones = call.cloud.rules.zones
    return listed([each for place in _places(call) for each in _of_region(place, zones.get(place, ()))])


def _places(call: Call) -> Sequence[str]:
    asked = call.query.get("$filter", "").strip()
    if not asked:
        return call.cloud.rules.locations
    found = _FILTER.fullmatch(asked)
    if found is None:
        raise errors.invalid("$filter", "Only \"location eq 'eastus'\" is understood.")
    place = found["place"].replace(" ", "").lower()
    return [place] if place in call.cloud.rules.locations else []


def _of_region(place: str, zones: Sequence[str]) -> Iterator[Document]:
    for set in SetSku:
        yield _entry("availabilitySets", set.value, place, (), {"MaximumPlatformFaultDomainCount": "3"})
    for size in SIZES:
        series, _, short = size.name.partition("_")
        shown = _entry("virtualMachines", size.name, place, zones, _capabilities(size))
        yield {**shown, "tier": series, "size": short, "family": size.family}
    for type in ("disks", "snapshots"):
        for disk in DISK_SKUS:
            if zones or not disk.is_zone_redundant:
                tier = {"tier": disk.tier}
                yield {**_entry(type, disk.value, place, () if disk.is_zone_redundant else zones, {}), **tier}


def _entry(type: str, name: str, place: str, zones: Sequence[str], capabilities: Mapping[str, str]) -> Document:
    told: list[Json] = [{"name": each, "value": value} for each, value in capabilities.items()]
    return {
        "resourceType": type,
        "name": name,
        "locations": [place],
        "locationInfo": [{"location": place, "zones": [*zones], "zoneDetails": []}],
        "capabilities": told,
        "restrictions": [],
    }


def _capabilities(size: VmSize) -> Mapping[str, str]:
    return {
        "MaxResourceVolumeMB": "0",
        "OSVhdSizeMB": "1047552",
        "vCPUs": str(size.cores),
        "MemoryPreservingMaintenanceSupported": "True",
        "HyperVGenerations": ",".join(sorted(size.generations)),
        "MemoryGB": f"{size.memory_mib / 1024:g}",
        "MaxDataDiskCount": str(size.max_data_disks),
        "CpuArchitectureType": "x64",
        "LowPriorityCapable": "True",
        "PremiumIO": str(size.takes_premium),
        "VMDeploymentTypes": "IaaS",
        "vCPUsAvailable": str(size.cores),
        "vCPUsPerCore": "1",
        "EphemeralOSDiskSupported": "False",
        "EncryptionAtHostSupported": "False",
        "AcceleratedNetworkingEnabled": "False",
        "TrustedLaunchDisabled": "True",
        "HibernationSupported": "False",
    }
