"""A hive of Windows' registry, as checks see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

Data = str | int | bytes | tuple[str, ...]
"""REG_SZ and REG_EXPAND_SZ; REG_DWORD and REG_QWORD; REG_BINARY and whatever else there is; REG_MULTI_SZ."""


@dataclass(frozen=True)
class Value:
    """``type`` as Windows names it: ``REG_DWORD``."""

    name: str
    type: str
    data: Data


class Hive(Protocol):
    """Paths have backslashes and no root (``Setup\\Status``), and compare in any case. Damage raises Unreadable.
    ``stale``: why what is read may be older than what Windows wrote last; empty when the hive is clean."""

    stale: str

    def value(self, path: str, name: str) -> Value | None:
        """None when key or value is absent."""

    def values(self, path: str) -> Sequence[Value] | None:
        """None when the key is absent."""

    def keys(self, path: str) -> Sequence[str] | None:
        """The names of its subkeys; None when the key is absent."""


OpenHive = Callable[[bytes, Sequence[bytes]], Hive]
"""Of a hive's bytes and those of its transaction logs. Raises Unreadable."""
