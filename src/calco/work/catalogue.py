"""The marketplace: which platform images there are here, by Azure's names, and what a name stands for."""

from collections.abc import Sequence
from dataclasses import dataclass

from calco.model import catalogue, errors
from calco.model.catalogue import LATEST, is_exact
from calco.model.disk import OsType
from calco.model.document import text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.model.virtual_machine import Urn
from calco.ports import Resource
from calco.work.cloud import Cloud

OWN_VERSION = "1.0.0"
"""The version that a managed image has under a platform image's name."""


@dataclass(frozen=True)
class Offered:
    """One version of a platform image."""

    urn: Urn
    os_type: OsType
    generation: Generation


def resolve(cloud: Cloud, urn: Urn) -> Urn | ResourceId:
    """What ``urn`` stands for: itself, another base image, or a managed image of one's own."""
    alias = catalogue.find(cloud.rules.image_aliases, urn)
    return urn if alias is None else alias.goes_to(cloud.rules.subscription)


def names(cloud: Cloud) -> Sequence[tuple[str, str, str]]:
    """Publisher, offer and SKU of every image there is, each once, those that are mapped last. What a pattern maps
    cannot be listed, only asked for."""
    mapped = [each.pattern.rpartition(":")[0] for each in cloud.rules.image_aliases if is_exact(each.pattern)]
    found: dict[str, tuple[str, str, str]] = {}
    for each in (*cloud.base_images.names(), *mapped):
        publisher, offer, sku = each.split(":")
        found.setdefault(each.lower(), (publisher, offer, sku))
    return [*found.values()]


def version(cloud: Cloud, urn: Urn) -> Offered:
    """The one version that ``urn`` means, with its own name in place of ``latest``. Raises ApiError."""
    target = resolve(cloud, urn)
    if isinstance(target, ResourceId):
        return _own(cloud, urn, target)
    generation = cloud.base_images.generation(str(target))
    here = cloud.base_images.version(str(target))
    if generation is None or here is None:
        raise not_here(cloud, urn)
    return Offered(_versioned(urn, here), target.os_type, generation)


def _own(cloud: Cloud, urn: Urn, id: ResourceId) -> Offered:
    with cloud.records.read() as view:
        image = view.resource(id)
    if image is None:
        raise errors.platform_image_not_found(
            str(urn), f"The setting image_aliases maps it to {id.group}/{id.name}, and there is no such image."
        )
    return Offered(_versioned(urn, OWN_VERSION), _os_type(image), _generation(image))


def _os_type(image: Resource) -> OsType:
    return OsType(text_at(image.properties, "storageProfile", "osDisk", "osType") or OsType.LINUX)


def _generation(image: Resource) -> Generation:
    return Generation(text_at(image.properties, "hyperVGeneration") or Generation.V1)


def _versioned(urn: Urn, here: str) -> Urn:
    return Urn(urn.publisher, urn.offer, urn.sku, here if urn.version.lower() == LATEST else urn.version)


def not_here(cloud: Cloud, urn: Urn) -> ApiError:
    """Azure's refusal, and what one can do."""
    return errors.platform_image_not_found(str(urn), hint(cloud, urn))


def hint(cloud: Cloud, urn: Urn) -> str:
    """What one can do when there is no image of that name: a sentence or two."""
    target = resolve(cloud, urn)
    if isinstance(target, Urn) and cloud.base_images.generation(str(target)) is not None:
        return f"{target} is not built on this machine yet: 'make demo' or 'python -m calco.catalog' builds it."
    base = next(iter(cloud.base_images.names()), "Debian:debian-12:12")
    how = (
        f"Use {base}:{LATEST}, or map this name to an image you have with the setting image_aliases: "
        f'"{urn.publisher[:80]}:{urn.offer[:80]}:{urn.sku[:80]}:{LATEST}={base}:{LATEST}", or behind the equals '
        "sign the group and name of a managed image of yours, like lab/golden."
    )
    return f"{NO_WINDOWS} {how}" if urn.os_type is OsType.WINDOWS else how


NO_WINDOWS = (
    "calco has no disk with Windows on it, for none may be given away: make an image of one of your own with "
    "'calco image import', or run the service with --hypervisor simulated, where a name stands for an empty disk."
)
