"""Locks: kept, and asked before anything is changed. They hold whoever asks, the owner too."""

from collections.abc import Iterable, Sequence

import msgspec

from calco.model import errors
from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.lock import Level, Lock
from calco.model.scope import covers, is_below
from calco.ports import Entry, Reader
from calco.work import machine_delete
from calco.work.cloud import Cloud
from calco.work.scope import LOCKS, check_there

KIND = LOCKS


def put(cloud: Cloud, on: ResourceId | None, lock: Lock) -> bool:
    """Keep a lock; answers whether it is new. Raises ApiError when what it hangs on is missing."""
    with cloud.records.write() as tx:
        check_there(tx, on)
        there = tx.entry(lock.id)
        document: Document = msgspec.to_builtins(lock)
        tx.put_entry(Entry(lock.id, KIND, lock.scope, document))
    return there is None


def get(cloud: Cloud, scope: str, name: str) -> Lock:
    """Raises ApiError 404."""
    with cloud.records.read() as view:
        entry = view.entry(Lock(name, scope, Level.CAN_NOT_DELETE).id)
    if entry is None:
        raise errors.ApiError(404, "LockNotFound", f"The lock '{name[:100]}' could not be found.")
    return _read(entry)


def delete(cloud: Cloud, scope: str, name: str) -> bool:
    """Take a lock away; answers whether there was one."""
    with cloud.records.write() as tx:
        id = Lock(name, scope, Level.CAN_NOT_DELETE).id
        there = tx.entry(id) is not None
        tx.delete_entry(id)
    return there


def every(cloud: Cloud) -> Sequence[Lock]:
    with cloud.records.read() as view:
        return _every(view)


def _every(view: Reader) -> Sequence[Lock]:
    return [_read(each) for each in view.entries(KIND)]


def _read(entry: Entry) -> Lock:
    return msgspec.convert(entry.document, Lock)


def in_the_way(cloud: Cloud, scope: str, *, deletes: bool) -> list[str]:
    """The locked scopes that stop a change at ``scope``: those at and above it, and of a deletion those of whatever it
    would take along: what is below, and machines' disks, NICs and public addresses, wherever they are. One look-up by
    index: there are few locks."""
    with cloud.records.read() as view:
        locks = _every(view)
        going = [scope, *_taken_along(view, scope)] if locks and deletes else [scope]
        return [each.scope for place in going for each in _stopping(locks, place, deletes=deletes)]


def _taken_along(view: Reader, scope: str) -> Sequence[str]:
    try:
        return machine_delete.taken_along(view, ResourceId.parse(scope))
    except ValueError:  # what hangs on something takes nothing along
        return ()


def _stopping(locks: Iterable[Lock], scope: str, *, deletes: bool) -> Iterable[Lock]:
    for lock in locks:
        if covers(lock.scope, scope):
            if deletes or lock.level is Level.READ_ONLY:
                yield lock
        elif deletes and _takes_along_what_is_below(scope) and is_below(lock.scope, scope):
            yield lock


def _takes_along_what_is_below(scope: str) -> bool:
    """Nobody deletes a subscription: what is deleted at one, a principal say, lies beside its groups."""
    return "/resourcegroups/" in scope.lower()
