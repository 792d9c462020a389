"""Rows of inspections: what is on a disk.

Findings name accounts, files and leftovers of secrets, so whoever is to learn them needs more than a right to read the
resource: each type has an action of its own, ``inspect/action``, that a Reader lacks and that comes with the roles that
may read the disk's bytes anyway (by ``beginGetAccess``, or by a capture). What the last look found takes the same.
A blob is inspected by its address: there the right is that to read its account's keys (``arm/linked``).
"""

from collections.abc import Iterator

from calco.arm import inspection
from calco.arm.route_patterns import GROUP, PROVIDERS
from calco.arm.router import Grants, Route

TYPES = ("virtualMachines", "disks", "snapshots", "images")


def _rows() -> Iterator[Route]:
    for type in TYPES:
        one = f"{GROUP}/providers/Microsoft.Compute/{type}/{{name}}/providers/Calco"
        action = f"Microsoft.Compute/{type}/inspect/action"
        yield Route("POST", f"{one}/inspect", inspection.inspect, action, heavy=True, looks=True)
        yield Route("GET", f"{one}/inspections/current", inspection.current, action)
    yield Route(
        "POST",
        f"{PROVIDERS}/Calco/inspectBlob",
        inspection.inspect_blob,
        "Microsoft.Resources/subscriptions/inspectBlob/action",
        heavy=True,
        looks=True,
        grants=Grants.WHO_HOLDS_ANYTHING,
    )


INSPECTION: tuple[Route, ...] = tuple(_rows())
