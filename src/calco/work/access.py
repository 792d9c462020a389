"""Access to the bytes of disks and snapshots by a shared access signature: given, found, ended.

One grant at a time, kept in ``internal`` of what it is for, so that it goes with it. A grant ends by itself: one that
has run out is not there, and the state it gave (ActiveSAS, ActiveUpload) is never stored but read from clock and grant.
A note leads from the account in the URL to the resource.

``internal`` of a disk or snapshot: ``access``: ``account``, ``container``, ``write``, ``identifier``, ``until``,
``key``.
"""

from datetime import datetime

from calco.model import errors
from calco.model.access import Grant
from calco.model.document import flag_at, number_at, text_at
from calco.model.ids import ResourceId
from calco.model.volume import VolumeId
from calco.ports import Reader, Resource
from calco.work.volume import DISK_SLOT


def grant_of(resource: Resource, now: datetime) -> Grant | None:
    """The grant that is out on it; one that has run out is none."""
    texts = [text_at(resource.internal, "access", name) for name in ("identifier", "until", "key")]
    identifier, until, key = texts
    if identifier is None or until is None or key is None or datetime.fromisoformat(until) <= now:
        return None
    return Grant(
        resource.id,
        flag_at(resource.internal, "access", "write") is True,
        identifier,
        datetime.fromisoformat(until),
        key.encode(),
        text_at(resource.internal, "access", "account") or "",
        text_at(resource.internal, "access", "container") or "",
    )


def find(view: Reader, account: str, container: str, now: datetime) -> Grant | None:
    """The grant whose URL names that account and container; None when there is none or it has run out."""
    id = view.note(f"access/{account}")
    resource = None if id is None else view.resource(ResourceId.parse(id))
    grant = None if resource is None else grant_of(resource, now)
    return grant if grant is not None and (grant.account, grant.container) == (account, container) else None


def source_for_reading(view: Reader, id: ResourceId) -> tuple[VolumeId, int]:
    """The volume whose bytes a read grant on a disk or snapshot shows, and how many a guest sees of it. The volume may
    hold fewer (the disk has grown over a frozen one: the rest is zeros); a flat one has its own footer behind them."""
    resource, held = view.resource(id), view.held(id).get(DISK_SLOT)
    if resource is None or held is None:
        raise errors.linked_not_found(id.name)
    return held, number_at(resource.properties, "diskSizeBytes") or 0


def upload_volume(view: Reader, id: ResourceId) -> VolumeId:
    """The flat volume that a write grant on an upload disk writes."""
    held = view.held(id).get(DISK_SLOT)
    if held is None:
        raise errors.linked_not_found(id.name)
    return held
