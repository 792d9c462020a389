"""Availability zones: which of them a request may name, and what may be used together.

Each zone's storage is a pool of its own (``eastus-1``) that may be gone without the others.
"""

from collections.abc import Mapping

from calco.model import errors
from calco.model.disk import Sku
from calco.model.document import Json, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.ports import Resource
from calco.work.cloud import Rules
from calco.work.volume import zones_of


def check(rules: Rules, id: ResourceId, location: str, extra: Mapping[str, Json]) -> tuple[str, ...]:
    """``zones`` of a request, none or one. Raises ApiError when the region has no such zone."""
    asked = extra.get("zones")
    if asked is None or asked == []:
        return ()
    if not isinstance(asked, list) or len(asked) > 1 or not isinstance(asked[0], str):
        raise errors.invalid("zones", "A machine or disk is in one zone: an array of one string is expected.")
    there, zone = rules.zones.get(location, ()), asked[0]
    if not there:
        raise no_zones(id, location)
    if zone not in there:
        raise zone_not_there(id, location, zone, there)
    return (zone,)


def check_all(rules: Rules, id: ResourceId, location: str, extra: Mapping[str, Json]) -> None:
    """``zones`` of what may be in several, as a public address may. Raises ApiError like ``check``."""
    asked = extra.get("zones")
    for each in asked if isinstance(asked, list) else []:
        check(rules, id, location, {"zones": [each]})


def check_together(disk: Resource, machine_zones: tuple[str, ...]) -> None:
    """A disk and its machine are in one zone, or neither is in any; a ``_ZRS`` disk goes anywhere. Raises ApiError."""
    zones = zones_of(disk)
    sku = text_at(disk.extra, "sku", "name")
    if zones != machine_zones and not (sku in set(Sku) and Sku(sku).is_zone_redundant):
        raise not_together(disk.id, zones, machine_zones)


def no_zones(id: ResourceId, location: str) -> ApiError:
    """Source: what Azure said of southcentralus in 2019 (kubernetes-sigs/cluster-api-provider-azure, issue 294)."""
    return ApiError(
        400,
        "ResourceTypeNotSupportAvailabilityZones",
        f"The resource type '{id.types[-1]}' does not support availability zones at location '{location}'. Leave zones "
        "out, or use a location that has them.",
        "zones",
    )


def zone_not_there(id: ResourceId, location: str, zone: str, there: tuple[str, ...]) -> ApiError:
    """Source of a machine's: arm-protocol E.3, SkuNotAvailable. A disk's is ours."""
    have = f"The zones of '{location}' are {', '.join(there)}."
    if id.types[-1].lower() != "virtualmachines":
        return errors.invalid("zones", f"Zone '{zone[:20]}' is not available in location '{location}'. {have}")
    return ApiError(
        409,
        "SkuNotAvailable",
        f"The requested size for resource '{id}' is currently not available in location '{location}' zones "
        f"'{zone[:20]}' for subscription '{id.subscription}'. Please try another size or deploy to a different "
        f"location or zones. {have}",
        "zones",
    )


def not_together(disk: ResourceId, zones: tuple[str, ...], machine_zones: tuple[str, ...]) -> ApiError:
    """Sources: what Azure said in jenkins-infra/azure, pull request 1406, and jrudlin/Azure, pull request 7."""
    here, there = "".join(machine_zones), "".join(zones)
    why = f"it is not in zone '{here}'." if not zones else "it is not in the same zone as the VM. "
    more = f"VM zone: '{here}'. Disk zone: '{there}'." if zones else ""
    return errors.bad_request(f"Disk {disk} cannot be attached to the VM because {why}{more}")
