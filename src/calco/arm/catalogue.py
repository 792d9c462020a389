"""Platform images by publisher, offer, SKU and version, and the short names az has for them.

These lists are bare arrays, not ``{"value": [...]}``. Source: azure-mgmt-compute, VirtualMachineImagesOperations.
"""

from collections.abc import Callable, Iterable

from calco.arm.call import Answer, Call, ok
from calco.model import catalogue as names
from calco.model import errors
from calco.model.disk import OsType
from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.virtual_machine import Urn
from calco.work import catalogue as work
from calco.work.catalogue import Offered
from calco.work.cloud import Cloud

SPELLING = {
    "publisher": "Publishers",
    "offer": "ArtifactTypes/VMImage/Offers",
    "sku": "Skus",
    "version": "Versions",
}
"""The path below a location that leads to each part. Source: recordings c7n-disk-2024-03-02-*."""


def list_publishers(call: Call) -> Answer:
    found = _below(call, lambda each: each[0], ())
    return ok([_entry(call, {"publisher": each}) for each in found])


def list_offers(call: Call) -> Answer:
    publisher = call.variables["publisher"]
    found = _below(call, lambda each: each[1], (publisher,))
    _check_any(call, found, publisher)
    return ok([_entry(call, {"publisher": publisher, "offer": each}) for each in found])


def list_skus(call: Call) -> Answer:
    publisher, offer = call.variables["publisher"], call.variables["offer"]
    found = _below(call, lambda each: each[2], (publisher, offer))
    _check_any(call, found, publisher, offer)
    return ok([_entry(call, {"publisher": publisher, "offer": offer, "sku": each}) for each in found])


def list_versions(call: Call) -> Answer:
    """One version at most: the one that is here. So ``$orderby`` and all but a ``$top`` of 0 change nothing."""
    offered = _offered(call, names.LATEST)
    if call.query.get("$top") == "0":
        return ok([])
    return ok([_version(call, offered, whole=bool(call.query.get("$expand")))])


def get_version(call: Call) -> Answer:
    return ok(_version(call, _offered(call, call.variables["version"]), whole=True))


def list_extension_types(call: Call) -> Answer:
    """Extensions are refused, so nobody publishes any here."""
    _place(call)
    return ok([])


def _offered(call: Call, version: str) -> Offered:
    _place(call)
    publisher, offer, sku = (call.variables[each] for each in ("publisher", "offer", "sku"))
    return work.version(call.cloud, Urn(publisher, offer, sku, version))


def _below(call: Call, part: Callable[[tuple[str, str, str]], str], above: Iterable[str]) -> list[str]:
    """The names in one place of those that begin with ``above``, each once."""
    _place(call)
    wanted = [each.lower() for each in above]
    found = [part(each) for each in work.names(call.cloud) if [it.lower() for it in each[: len(wanted)]] == wanted]
    return list({each.lower(): each for each in found}.values())


def _check_any(call: Call, found: list[str], publisher: str, offer: str = "*") -> None:
    if not found:
        raise ApiError(
            404,
            "NotFound",
            f"Artifact: VMImage was not found. {work.hint(call.cloud, Urn(publisher, offer, '*', '*'))}",
        )


def _place(call: Call) -> str:
    place = call.variables["location"].replace(" ", "").lower()
    if place not in call.cloud.rules.locations:
        raise errors.location_not_available(place, "locations/publishers", call.cloud.rules.locations)
    return place


def _entry(call: Call, parts: dict[str, str]) -> Document:
    """One element of a list: the last of ``parts``, in its region."""
    place = _place(call)
    path = "/".join(f"{SPELLING[name]}/{value}" for name, value in parts.items())
    begin = f"/Subscriptions/{call.subscription}/Providers/Microsoft.Compute/Locations/{place}"
    return {"location": place, "name": [*parts.values()][-1], "id": f"{begin}/{path}"}


def _version(call: Call, offered: Offered, *, whole: bool) -> Document:
    urn = offered.urn
    parts = {"publisher": urn.publisher, "offer": urn.offer, "sku": urn.sku, "version": urn.version}
    properties: Document = {
        "osDiskImage": {"operatingSystem": offered.os_type.value},
        "dataDiskImages": [],
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
        "hyperVGeneration": offered.generation.value,
        "architecture": "x64",
        "features": [],
        "imageDeprecationStatus": {"imageState": "Active"},
    }
    entry = _entry(call, parts)
    return {**entry, "properties": properties} if whole else entry


# --- short names -----------------------------------------------------------------------------------------------------


def alias_document(cloud: Cloud) -> Document:
    """What az reads at ``vmImageAliasDoc``: its own list, with what the setting adds."""
    values: dict[OsType, dict[str, Json]] = {OsType.LINUX: {}, OsType.WINDOWS: {}}
    for each in names.ALIASES:
        values[each.os_type][each.name] = _alias(each.publisher, each.offer, each.sku)
    known = {each.name.lower() for each in names.ALIASES}
    for row in cloud.rules.image_aliases:
        if row.name and row.name.lower() not in known:
            values[OsType.LINUX][row.name] = _alias(*row.parts[:3])
    shown: Document = {system.value: {**aliases} for system, aliases in values.items()}
    return {
        "$schema": "http://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json",
        "contentVersion": "1.0.0.0",
        "parameters": {},
        "variables": {},
        "resources": [],
        "outputs": {"aliases": {"type": "object", "value": shown}},
    }


def _alias(publisher: str, offer: str, sku: str) -> Document:
    return {"publisher": publisher, "offer": offer, "sku": sku, "version": names.LATEST, "architecture": "x64"}
