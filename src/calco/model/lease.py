"""Leases of blobs: who may write to one, for how long, and what becomes of that. The states are a table.

Source: Azure, "Lease Blob", "Outcomes of lease operations on blobs by lease state".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from uuid import NAMESPACE_OID, uuid5

from calco.model.document import Document, number_at, text_at
from calco.model.errors import ApiError

INFINITE = -1
SHORTEST_SECONDS, LONGEST_SECONDS = 15, 60
_NS = 1_000_000_000


class State(StrEnum):
    AVAILABLE = "available"
    LEASED = "leased"
    BREAKING = "breaking"
    BROKEN = "broken"
    EXPIRED = "expired"


class Act(StrEnum):
    ACQUIRE = "acquire"
    RENEW = "renew"
    CHANGE = "change"
    RELEASE = "release"
    BREAK = "break"


@dataclass(frozen=True)
class Lease:
    """``id`` None: never leased, or released. Moments are nanoseconds since 1970, None for never. ``owner``: the
    machine whose disk the blob is; its lease ends with it."""

    id: str | None = None
    seconds: int = INFINITE
    until: int | None = None
    """When it expires, unless renewed."""
    breaks_at: int | None = None
    """When it is broken, once that was asked for."""
    owner: str | None = None

    def state_at(self, now: int) -> State:
        if self.id is None:
            return State.AVAILABLE
        if self.breaks_at is not None:
            return State.BREAKING if now < self.breaks_at else State.BROKEN
        return State.EXPIRED if self.until is not None and now >= self.until else State.LEASED

    def status_at(self, now: int) -> str:
        """``x-ms-lease-status``: whether writing needs the lease's id."""
        return "locked" if self.state_at(now) in (State.LEASED, State.BREAKING) else "unlocked"


@dataclass(frozen=True)
class Refused:
    """The answer to an act in a state that does not allow it."""

    code: str
    message: str


_MISMATCH = Refused(
    "LeaseIdMismatchWithLeaseOperation", "The lease ID specified did not match the lease ID for the blob."
)
_PRESENT = Refused("LeaseAlreadyPresent", "There is already a lease present.")
_ABSENT = Refused("LeaseNotPresentWithLeaseOperation", "There is currently no lease on the blob.")
_BREAKING = "There is already a breaking lease, and it cannot be"

NEXT: Mapping[tuple[State, Act], State | Refused] = MappingProxyType(
    {
        (State.AVAILABLE, Act.ACQUIRE): State.LEASED,
        (State.AVAILABLE, Act.RENEW): _MISMATCH,
        (State.AVAILABLE, Act.CHANGE): _ABSENT,
        (State.AVAILABLE, Act.RELEASE): _MISMATCH,
        (State.AVAILABLE, Act.BREAK): _ABSENT,
        (State.LEASED, Act.ACQUIRE): State.LEASED,
        (State.LEASED, Act.RENEW): State.LEASED,
        (State.LEASED, Act.CHANGE): State.LEASED,
        (State.LEASED, Act.RELEASE): State.AVAILABLE,
        (State.LEASED, Act.BREAK): State.BREAKING,
        (State.BREAKING, Act.ACQUIRE): Refused("LeaseIsBreakingAndCannotBeAcquired", f"{_BREAKING} acquired."),
        (State.BREAKING, Act.RENEW): Refused(
            "LeaseIsBrokenAndCannotBeRenewed", "The lease ID matched, but the lease has been broken."
        ),
        (State.BREAKING, Act.CHANGE): Refused("LeaseIsBreakingAndCannotBeChanged", f"{_BREAKING} changed."),
        (State.BREAKING, Act.RELEASE): State.AVAILABLE,
        (State.BREAKING, Act.BREAK): State.BREAKING,
        (State.BROKEN, Act.ACQUIRE): State.LEASED,
        (State.BROKEN, Act.RENEW): Refused(
            "LeaseIsBrokenAndCannotBeRenewed", "The lease ID matched, but the lease has been broken."
        ),
        (State.BROKEN, Act.CHANGE): _ABSENT,
        (State.BROKEN, Act.RELEASE): State.AVAILABLE,
        (State.BROKEN, Act.BREAK): State.BROKEN,
        (State.EXPIRED, Act.ACQUIRE): State.LEASED,
        (State.EXPIRED, Act.RENEW): State.LEASED,
        (State.EXPIRED, Act.CHANGE): _ABSENT,
        (State.EXPIRED, Act.RELEASE): State.AVAILABLE,
        (State.EXPIRED, Act.BREAK): State.BROKEN,
    }
)


def after(lease: Lease, act: Act, now: int) -> State:
    """Where ``act`` leads. Raises ApiError 409."""
    outcome = NEXT[lease.state_at(now), act]
    if isinstance(outcome, Refused):
        raise ApiError(409, outcome.code, outcome.message)
    return outcome


def acquired(lease: Lease, proposed: str, seconds: int, now: int) -> Lease:
    """Who has the lease may acquire it again, for another time; nobody else may. Raises ApiError 409."""
    after(lease, Act.ACQUIRE, now)
    if lease.state_at(now) is State.LEASED and lease.id != proposed:
        raise already_present()
    return Lease(proposed, seconds, _later(now, seconds))


def renewed(lease: Lease, id: str, now: int) -> Lease:
    """The clock begins anew. Raises ApiError 409."""
    after(lease, Act.RENEW, now)
    _check_id(lease, id)
    return replace(lease, until=_later(now, lease.seconds))


def changed(lease: Lease, id: str, proposed: str, now: int) -> Lease:
    """The same lease under another id; repeating it changes nothing. Raises ApiError 409."""
    after(lease, Act.CHANGE, now)
    if lease.id != proposed:
        _check_id(lease, id)
    return replace(lease, id=proposed)


def released(lease: Lease, id: str, now: int) -> Lease:
    """Raises ApiError 409."""
    after(lease, Act.RELEASE, now)
    _check_id(lease, id)
    return Lease()


def broken(lease: Lease, seconds: int | None, now: int) -> tuple[Lease, int]:
    """The lease on its way out, and how many seconds that takes: what is left of it, at most ``seconds``; an infinite
    one ends at once unless they are given. Raises ApiError 409."""
    if after(lease, Act.BREAK, now) is State.BROKEN:
        return (replace(lease, breaks_at=lease.breaks_at or now), 0)
    ends = lease.breaks_at if lease.breaks_at is not None else lease.until
    left = (ends - now) / _NS if ends is not None else float(seconds or 0)
    wait = left if seconds is None else min(left, seconds)
    return (replace(lease, breaks_at=now + int(wait * _NS)), max(0, round(wait)))


def check_write(lease: Lease, given: str | None, now: int) -> None:
    """Whether a write that shows this lease id may happen. Raises ApiError 412."""
    state = lease.state_at(now)
    if state in (State.LEASED, State.BREAKING):
        if given is None:
            raise ApiError(
                412, "LeaseIdMissing", "There is currently a lease on the blob and no lease ID was specified in the "
                "request."
            )  # fmt: skip
        if given != lease.id:
            raise _mismatch()
    elif given is not None:
        _check_gone(state)


def check_read(lease: Lease, given: str | None, now: int) -> None:
    """Reading needs no lease; who shows one must have it. Raises ApiError 412."""
    if given is None:
        return
    state = lease.state_at(now)
    if state not in (State.LEASED, State.BREAKING):
        _check_gone(state)
    if given != lease.id:
        raise _mismatch()


def _mismatch() -> ApiError:
    return ApiError(
        412, "LeaseIdMismatchWithBlobOperation", "The lease ID specified did not match the lease ID for the blob."
    )


def _check_gone(state: State) -> None:
    if state is State.AVAILABLE:
        raise ApiError(412, "LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.")
    raise ApiError(412, "LeaseLost", "A lease ID was specified, but the lease for the blob has expired.")


def already_present() -> ApiError:
    return ApiError(409, _PRESENT.code, _PRESENT.message)


def _check_id(lease: Lease, id: str) -> None:
    if lease.id != id:
        raise ApiError(409, _MISMATCH.code, _MISMATCH.message)


def _later(now: int, seconds: int) -> int | None:
    return None if seconds == INFINITE else now + seconds * _NS


def of_machine(owner: str) -> Lease:
    """The infinite lease of a machine on its disk. Nobody is told its id."""
    return Lease(str(uuid5(NAMESPACE_OID, owner.lower())), owner=owner)


def read(document: Document) -> Lease:
    """The lease in a blob's properties; none when the document is empty."""
    seconds = number_at(document, "seconds")
    return Lease(
        text_at(document, "id"),
        INFINITE if seconds is None else seconds,
        number_at(document, "until"),
        number_at(document, "breaksAt"),
        text_at(document, "owner"),
    )


def write(lease: Lease) -> Document | None:
    """The other way; None for no lease."""
    if lease.id is None:
        return None
    document: Document = {"id": lease.id, "seconds": lease.seconds}
    for name, value in (("until", lease.until), ("breaksAt", lease.breaks_at), ("owner", lease.owner)):
        if value is not None:
            document[name] = value
    return document
