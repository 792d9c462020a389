"""What can be done with a disk or a snapshot, and why not: a table from its state, so that a page shows a reason where
the API would refuse. The API decides all the same.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from calco.model.disk import DiskState
from calco.model.document import Document, text_at
from calco.portal.rights import Rights


class Command(StrEnum):
    """The last part of a page's address."""

    SNAPSHOT = "snapshot"
    IMAGE = "image"
    EXPORT = "export"
    UPLOAD = "upload"
    DELETE = "delete"


class Why(StrEnum):
    """Why not: keys of the words, ``disk.why_...``."""

    BUSY = "busy"
    FAILED = "failed"
    OWNED = "owned"
    RUNNING = "running"
    SHARED = "shared"
    EMPTY = "empty"
    UPLOADING = "uploading"
    FULL = "full"


_ALL = dict.fromkeys(Command, None) | {Command.UPLOAD: Why.FULL}
_EMPTY = dict.fromkeys(Command, Why.EMPTY) | {Command.UPLOAD: None}

TABLE: Mapping[DiskState, Mapping[Command, Why | None]] = MappingProxyType(
    {
        DiskState.UNATTACHED: _ALL,
        DiskState.RESERVED: _ALL | {Command.DELETE: Why.OWNED},
        DiskState.ATTACHED: _ALL | {Command.DELETE: Why.OWNED, Command.IMAGE: Why.RUNNING, Command.EXPORT: Why.RUNNING},
        DiskState.ACTIVE_SAS: _ALL | {Command.DELETE: Why.SHARED},
        DiskState.READY_TO_UPLOAD: _EMPTY | {Command.DELETE: None},
        DiskState.ACTIVE_UPLOAD: dict.fromkeys(Command, Why.UPLOADING) | {Command.UPLOAD: None},
    }
)
"""Of what has been made. Export of a disk whose address is out leads to the page that ends it."""

_FAILED = dict.fromkeys(Command, Why.FAILED) | {Command.DELETE: None}
_BUSY = dict.fromkeys(Command, Why.BUSY)

_RIGHTS = MappingProxyType(
    {
        Command.SNAPSHOT: "Microsoft.Compute/snapshots/write",
        Command.IMAGE: "Microsoft.Compute/images/write",
        Command.EXPORT: "{type}/beginGetAccess/action",
        Command.UPLOAD: "{type}/beginGetAccess/action",
        Command.DELETE: "{type}/delete",
    }
)
"""The right that each takes; of an image and a snapshot the one to make it beside the disk."""


def state_of(document: Document) -> str:
    """``diskState``; empty when it has none."""
    return text_at(document, "properties", "diskState") or ""


def why_not(document: Document) -> Mapping[Command, Why | None]:
    """For each command the reason against it, by the resource's state; None when there is none."""
    match text_at(document, "properties", "provisioningState"):
        case "Succeeded":
            found = state_of(document)
            return TABLE[DiskState(found)] if found in set(DiskState) else _ALL
        case "Failed":
            return _FAILED
        case _:
            return _BUSY


def allowed(rights: Rights, type: str) -> frozenset[Command]:
    """What of it somebody with these rights is shown at all."""
    return frozenset(each for each in Command if rights(_RIGHTS[each].format(type=type)))
