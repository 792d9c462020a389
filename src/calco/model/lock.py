"""Locks: a scope and all below that must not be deleted, or not be changed at all, whoever asks.

Source: Azure, "Lock your resources to protect your infrastructure".
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """As Azure spells them. ``READ_ONLY`` stops every request but those that read: starting a machine too."""

    CAN_NOT_DELETE = "CanNotDelete"
    READ_ONLY = "ReadOnly"


NAME_LENGTH_MAX, NOTES_LENGTH_MAX = 260, 512


@dataclass(frozen=True)
class Lock:
    """``owners`` are application ids that Azure keeps beside a lock; nothing is done with them."""

    name: str
    scope: str
    level: Level
    notes: str | None = None
    owners: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/locks/{self.name}"
