"""Members of Az.Network's objects that hold several words where the wire has one name for one and another for many."""

from copy import deepcopy

from calco.model.document import Document, Json, object_at, objects_at

SUBNET = (("addressPrefix", "addressPrefixes"),)
RULE = (
    ("sourcePortRange", "sourcePortRanges"),
    ("destinationPortRange", "destinationPortRanges"),
    ("sourceAddressPrefix", "sourceAddressPrefixes"),
    ("destinationAddressPrefix", "destinationAddressPrefixes"),
)
Names = tuple[tuple[str, str], ...]


def gathered(document: Document, names: Names, *lists: str) -> Document:
    """A copy whose ``names``, in its own properties or in those of each object in ``lists``, hold a list under the name
    for one."""
    made = deepcopy(document)
    for properties in _each(made, lists):
        for one, many in names:
            several, single = properties.pop(many, None), properties.get(one)
            if several:
                properties[one] = several
            elif isinstance(single, str):
                properties[one] = [single]
    return made


def spread(document: Document, names: Names, *lists: str) -> Document:
    """The reverse: as the wire has it."""
    made = deepcopy(document)
    for properties in _each(made, lists):
        for one, many in names:
            value = properties.get(one)
            if isinstance(value, list):
                del properties[one]
                properties.update(_as_sent(one, many, value))
    return made


def _as_sent(one: str, many: str, value: list[Json]) -> Document:
    return {one: value[0]} if len(value) == 1 else {many: value} if value else {}


def _each(document: Document, lists: tuple[str, ...]) -> list[Document]:
    if not lists:
        return [object_at(document, "properties")]
    return [object_at(each, "properties") for name in lists for each in objects_at(document, "properties", name)]
