"""Azure's limits on requests, as token buckets: each request takes a token, and time fills the bucket up again.

Sources: Azure, "Understand how Azure Resource Manager throttles requests" (the subscription's buckets and what refills
them, from 2024 on) and "Troubleshoot API throttling errors - Compute" with recorded headers (the start values of
Compute's, whose names say in which time they are filled).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

MINUTE = 60.0
ALL = "azure"
"""In the settings: every bucket, with the size it has in Azure."""


@dataclass(frozen=True)
class Bucket:
    """``size`` tokens at most, and ``seconds`` until an empty one is full again."""

    name: str
    size: int
    seconds: float


def _both(group: str, short: int, long: int) -> tuple[Bucket, Bucket]:
    return Bucket(f"{group}3Min", short, 3 * MINUTE), Bucket(f"{group}30Min", long, 30 * MINUTE)


BUCKETS: Mapping[str, Bucket] = MappingProxyType(
    {
        each.name: each
        for each in (
            Bucket("SubscriptionReads", 250, 10),
            Bucket("SubscriptionWrites", 200, 20),
            Bucket("SubscriptionDeletes", 200, 20),
            Bucket("SubscriptionGlobalReads", 3750, 10),
            Bucket("SubscriptionGlobalWrites", 3000, 20),
            Bucket("SubscriptionGlobalDeletes", 3000, 20),
            *_both("CreateImages", 40, 200),
            *_both("GetImages", 360, 1800),
            *_both("DeleteImages", 120, 600),
            *_both("PutVM", 240, 1200),
            *_both("UpdateVM", 240, 1200),
            *_both("DeleteVM", 240, 1200),
            *_both("LowCostGet", 4000, 32000),
            *_both("HighCostGet", 240, 1920),
            *_both("HighCostGetImages", 80, 400),
            *_both("GetOperation", 15000, 30000),
            *_both("CreateUpdateDisks", 1000, 8000),
            *_both("DeleteDisks", 3000, 24000),
            *_both("HighCostSnapshotCreateHydrate", 240, 1920),
            *_both("HighCostDiskHydrate", 1000, 8000),
        )
    }
)
"""By name, in the order of the docs."""


def read(values: Sequence[str]) -> Mapping[str, int]:
    """What the settings say: the size of each bucket whose emptiness is to be felt, by name. Raises ValueError."""
    sizes: dict[str, int] = {}
    names = {name.lower(): name for name in BUCKETS}
    for value in values:
        name, equals, text = (part.strip() for part in value.partition("="))
        if name.lower() == ALL and not equals:
            sizes = {each.name: each.size for each in BUCKETS.values()} | sizes
            continue
        known = names.get(name.lower())
        if known is None:
            raise ValueError(f"{name!r} is no bucket; there are {', '.join(BUCKETS)}, and {ALL} for all of them")
        if equals and not (text.isascii() and text.isdigit() and 0 < int(text) <= 1_000_000):
            raise ValueError(f"{value!r}: write a whole number from 1 to 1000000, like {known}={BUCKETS[known].size}")
        sizes[known] = int(text) if equals else BUCKETS[known].size
    return sizes
