"""What an image would cost in Azure, estimated: used bytes by a table of prices, as snapshots are billed.

Azure bills snapshots by what they hold, and images as it seems in the same way (behaviour A.9: unconfirmed), so this is
an estimate and says so wherever it is shown.
"""

from collections.abc import Iterable, Mapping

from calco.model.volume import GIB


def read(texts: Iterable[str]) -> dict[str, float]:
    """The table behind the setting ``price_per_gib_month``: ``Standard_LRS=0.05``. Raises ValueError."""
    return dict(_one(each) for each in texts)


def _one(text: str) -> tuple[str, float]:
    type, equals, price = (part.strip() for part in text.partition("="))
    if not equals or not type.replace("_", "").isalnum() or not type.isascii():
        raise ValueError(f"{text!r} is no storage type with its price; write it like Standard_LRS=0.05")
    try:
        value = float(price)
    except ValueError as malformed:
        raise ValueError(f"{text!r}: {price!r} is no price") from malformed
    if not 0 <= value <= 1_000_000:
        raise ValueError(f"{text!r}: a price is between 0 and 1000000")
    return type, value


def storage_type(sku: str, *, zone_resilient: bool) -> str:
    """The row that counts: what is copied into every zone is billed as zone-redundant."""
    return f"{sku.partition('_')[0]}_ZRS" if zone_resilient else sku


def monthly(prices: Mapping[str, float], type: str, used_bytes: int) -> float | None:
    """None when the table has no row for that type."""
    price = prices.get(type)
    return None if price is None else price * used_bytes / GIB
