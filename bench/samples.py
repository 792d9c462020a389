"""Arithmetic on measured numbers. Medians, not means: one slow moment of a shared machine should not decide."""

import math
import statistics
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """Raises ValueError on an empty sequence."""
    if not values:
        raise ValueError("nothing was measured")
    return statistics.median(values)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` (0 to 1] of all values do not exceed: a value that was really measured.
    Raises ValueError on an empty sequence."""
    if not values:
        raise ValueError("nothing was measured")
    if not 0 < share <= 1:
        raise ValueError(f"not a share: {share}")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """How many times the median of ``to`` the median of ``of`` is. Raises ValueError when there is no such number."""
    below = median(to)
    if below <= 0:
        raise ValueError("a ratio to nothing")
    return median(of) / below
