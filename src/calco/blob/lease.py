"""Leases of blobs, act by act. Source: Azure, "Lease Blob"."""

from calco.blob import headers
from calco.blob.call import Answer, Body, Call
from calco.model import blob as model
from calco.model import lease as model_lease
from calco.model.conditions import Conditions
from calco.model.lease import INFINITE, LONGEST_SECONDS, SHORTEST_SECONDS, Act, Lease
from calco.work import stored_blob
from calco.work.stored_blob import State


def act(call: Call, _body: Body) -> Answer:
    given = call.headers.get("x-ms-lease-action", "")
    try:
        wanted = Act(given.lower())
    except ValueError as unknown:
        raise model.bad_header("x-ms-lease-action", given) from unknown
    match wanted:
        case Act.ACQUIRE:
            return _acquire(call)
        case Act.RENEW:
            id = _id(call)
            return _told(200, _changed(call, lambda it, now: model_lease.renewed(it, id, now)))
        case Act.CHANGE:
            id, proposed = _id(call), _proposed(call, needed=True)
            return _told(200, _changed(call, lambda it, now: model_lease.changed(it, id, proposed, now)))
        case Act.RELEASE:
            id = _id(call)
            return _told(200, _changed(call, lambda it, now: model_lease.released(it, id, now)))
        case Act.BREAK:
            return _break(call)


def _acquire(call: Call) -> Answer:
    text = call.headers.get("x-ms-lease-duration", "")
    if not text:
        raise model.missing_header("x-ms-lease-duration")
    seconds = INFINITE if text == str(INFINITE) else headers.number(call.headers, "x-ms-lease-duration") or 0
    if seconds != INFINITE and not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise model.bad_header("x-ms-lease-duration", text)
    proposed = _proposed(call, needed=False)
    return _told(201, _changed(call, lambda it, now: model_lease.acquired(it, proposed, seconds, now)))


def _break(call: Call) -> Answer:
    wanted = headers.number(call.headers, "x-ms-lease-break-period")
    if wanted is not None and wanted > LONGEST_SECONDS:
        raise model.bad_header("x-ms-lease-break-period", str(wanted))
    left = 0

    def broken(it: Lease, now: int) -> Lease:
        nonlocal left
        after, left = model_lease.broken(it, wanted, now)
        return after

    found = _changed(call, broken)
    return Answer(202, headers.version(found.version) | {"x-ms-lease-time": str(left)})


def _changed(call: Call, change: stored_blob.LeaseChange) -> State:
    """A lease's id is no condition here: the acts look at it themselves."""
    given = headers.conditions(call.headers)
    asked = Conditions(given.if_match, given.if_none_match, given.if_modified_since, given.if_unmodified_since)
    return stored_blob.change_lease(call.cloud, call.target, asked, change)


def _told(status: int, found: State) -> Answer:
    told = headers.version(found.version)
    return Answer(status, told | ({"x-ms-lease-id": found.lease.id} if found.lease.id else {}))


def _id(call: Call) -> str:
    text = call.headers.get("x-ms-lease-id")
    if not text:
        raise model.missing_header("x-ms-lease-id")
    return headers.guid("x-ms-lease-id", text)


def _proposed(call: Call, *, needed: bool) -> str:
    text = call.headers.get("x-ms-proposed-lease-id")
    if text:
        return headers.guid("x-ms-proposed-lease-id", text)
    if needed:
        raise model.missing_header("x-ms-proposed-lease-id")
    return call.cloud.chance.guid()
