"""What -Image of New-AzVM means: an image of one's own by name or id, or a platform image by a short name or its URN.

Source: Azure/azure-powershell, Compute/Strategies/ComputeRp (ImageEx): the order in which these are tried, and that the
operating system is looked up, for ports and configuration go by it.
"""

from dataclasses import dataclass

from calco.cloudshell.az.target import argument, parsed, path, place_path, segment
from calco.cloudshell.cmdlet import Call
from calco.cloudshell.objects.pattern import has_wildcard
from calco.model.catalogue import ALIASES, LATEST, OWN_OFFER, OWN_PUBLISHER
from calco.model.document import Document, number_at, objects_at, text_at

IMAGES = "Microsoft.Compute/images"


@dataclass(frozen=True)
class SourceImage:
    """``reference`` is the request's imageReference; ``luns`` are those of the image's data disks."""

    reference: Document
    is_windows: bool
    luns: tuple[int, ...] = ()


def source_image(call: Call, name: str, group: str, location: str) -> SourceImage:
    """The image that ``name`` means in that group and region. Raises Terminating and Refused when there is none."""
    if ":" in name:
        return _platform(call, name, location)
    if "/" in name:
        return _own(call.shell.api.get(str(parsed(name, IMAGES))))
    known = None if has_wildcard(name) else call.shell.api.find(path(call.shell.api, group, IMAGES, name))
    if known is not None:
        return _own(known)
    short = next((each for each in ALIASES if each.name.casefold() == name.casefold()), None)
    if short is not None:
        return _platform(call, short.urn, location)
    own = _find_platform(call, f"{OWN_PUBLISHER}:{OWN_OFFER}:{name}:{LATEST}", location)
    if own is not None:
        return own
    names = ", ".join(each.name for each in ALIASES)
    raise argument(
        f"Can not find image '{name}' in the resource group '{group}' or among the platform's: {names}. An image of "
        "another group goes by its id."
    )


def _own(image: Document) -> SourceImage:
    disks = objects_at(image, "properties", "storageProfile", "dataDisks")
    luns = tuple(lun for each in disks if (lun := number_at(each, "lun")) is not None)
    os_type = text_at(image, "properties", "storageProfile", "osDisk", "osType")
    return SourceImage({"id": text_at(image, "id")}, os_type == "Windows", luns)


def _platform(call: Call, urn: str, location: str) -> SourceImage:
    """Raises Refused, with what there is, when the platform has no such image."""
    return _described(urn, call.shell.api.get(_version_path(call, urn, location)))


def _find_platform(call: Call, urn: str, location: str) -> SourceImage | None:
    found = call.shell.api.find(_version_path(call, urn, location))
    return None if found is None else _described(urn, found)


def _described(urn: str, version: Document) -> SourceImage:
    publisher, offer, sku, wanted = urn.split(":")
    os_type = text_at(version, "properties", "osDiskImage", "operatingSystem")
    reference: Document = {"publisher": publisher, "offer": offer, "sku": sku, "version": wanted}
    return SourceImage(reference, os_type == "Windows")


def _version_path(call: Call, urn: str, location: str) -> str:
    parts = urn.split(":")
    if len(parts) != 4:
        raise argument(f"Invalid image name '{urn}': write it as publisher:offer:sku:version.")
    publisher, offer, sku, version = (segment(each, "Image") for each in parts)
    return (
        f"{place_path(call.shell.api, location)}/publishers/{publisher}"
        f"/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions/{version}"
    )
