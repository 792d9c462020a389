"""Azure's limits on requests: what is left of them is told with every answer, and whoever goes beyond one that the
settings name is told to come back later.

Each request takes a token of the subscription's buckets, one of the caller's own and one that all share, and one of
Compute's where its kind of request has any. Nothing is kept but a number and a time for each bucket in use, and nothing
outlives the service, as a restart would be the quickest way to be served. All on the event loop, so without a lock.

Sources: Azure, "Understand how Azure Resource Manager throttles requests" (the headers and the buckets by principal
and by subscription), "Troubleshoot API throttling errors - Compute" (the second shape of 429), recorded headers.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

import msgspec

from calco.arm import showing
from calco.arm.router import Route
from calco.model.bucket import BUCKETS, Bucket
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.ports import Clock

_KINDS = MappingProxyType({"GET": "Reads", "HEAD": "Reads", "DELETE": "Deletes"})
"""By method; all others write."""
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "images/write": "CreateImages",
        "images/read": "GetImages",
        "images/delete": "DeleteImages",
        "virtualMachines/write": "PutVM",
        "virtualMachines/delete": "DeleteVM",
        "virtualMachines/deallocate/action": "DeleteVM",
        "virtualMachines/read": "LowCostGet",
        "virtualMachines/instanceView/read": "LowCostGet",
        "disks/write": "CreateUpdateDisks",
        "disks/read": "LowCostGet",
        "disks/beginGetAccess/action": "HighCostDiskHydrate",
        "disks/endGetAccess/action": "HighCostDiskHydrate",
        "snapshots/write": "HighCostSnapshotCreateHydrate",
        "snapshots/beginGetAccess/action": "HighCostSnapshotCreateHydrate",
        "snapshots/endGetAccess/action": "HighCostSnapshotCreateHydrate",
        "snapshots/read": "LowCostGet",
        "locations/operations/read": "GetOperation",
        "locations/diskOperations/read": "GetOperation",
    }
)
"""Compute's buckets by action; other acts on machines take from UpdateVM. Which bucket a list or a deletion of a disk
takes from is not known; they take from none, or from the one of a single GET."""
_COMPUTE, _MACHINE = "Microsoft.Compute/", "virtualMachines/"


@dataclass(eq=False)
class Throttled(ApiError):
    """429. ``retry_seconds`` is a whole number: clients read no other. ``left``: the headers that say what is left."""

    retry_seconds: int = 1
    left: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Level:
    """What is left in a bucket, as it was at ``at`` (monotonic seconds); ``refused`` since it last gave a token."""

    bucket: Bucket
    felt: bool
    """Whether requests are refused when it is empty."""
    left: float
    at: float
    refused: int = 0

    def fill(self, now: float) -> None:
        size = self.bucket.size
        self.left = min(size, self.left + (now - self.at) * size / self.bucket.seconds)
        self.at = now


@dataclass(frozen=True)
class _Place:
    """Which buckets a route takes from, and the names of the headers that tell of them."""

    own: str
    shared: str
    own_header: str
    shared_header: str
    of_compute: tuple[str, ...]


class Throttle:
    """``sizes``: the buckets whose emptiness is felt, by name; the others are only told of, at Azure's size."""

    def __init__(self, clock: Clock, sizes: Mapping[str, int]) -> None:
        self._clock = clock
        self._sizes = sizes
        self._levels: dict[tuple[str, str], _Level] = {}
        self._places: dict[tuple[str, str], _Place] = {}

    def take(self, route: Route, caller: str) -> Mapping[str, str]:
        """Take a token of each bucket that the route takes from; the headers that say what is left. ``caller`` is an
        object id. Raises Throttled, and then nothing is taken."""
        place = self._places.get((route.method, route.action))
        if place is None:
            place = self._places[route.method, route.action] = _place_of(route)
        now = self._clock.monotonic()
        own, shared = self._level(place.own, caller, now), self._level(place.shared, "", now)
        of_compute = [self._level(name, "", now) for name in place.of_compute]
        levels = (own, shared, *of_compute)
        empty = next((level for level in levels if level.felt and level.left < 1), None)
        if empty is None:
            for level in levels:
                level.left = max(0.0, level.left - 1)
                level.refused = 0
        headers = {place.own_header: str(int(own.left)), place.shared_header: str(int(shared.left))}
        if of_compute:
            left = (f"{_COMPUTE}{each.bucket.name};{int(each.left)}" for each in of_compute)
            headers["x-ms-ratelimit-remaining-resource"] = ",".join(left)
        if empty is not None:
            raise self._refusal(empty, _method_kind(route.method), headers)
        return headers

    def _level(self, name: str, caller: str, now: float) -> _Level:
        level = self._levels.get((name, caller))
        if level is None:
            bucket = BUCKETS[name]
            felt = name in self._sizes
            if felt:
                bucket = Bucket(name, self._sizes[name], bucket.seconds)
            level = self._levels[name, caller] = _Level(bucket, felt, bucket.size, now)
        else:
            level.fill(now)
        return level

    def _refusal(self, level: _Level, kind: str, left: Mapping[str, str]) -> Throttled:
        bucket = level.bucket
        level.refused += 1
        seconds = max(1, math.ceil((1 - level.left) * bucket.seconds / bucket.size))
        if bucket.name.startswith("Subscription"):
            return _of_gateway(bucket, kind, seconds, left)
        until = self._clock.now()
        told: Document = {
            "operationGroup": bucket.name,
            "startTime": showing.time(until - timedelta(seconds=bucket.seconds)),
            "endTime": showing.time(until),
            "allowedRequestCount": bucket.size,
            "measuredRequestCount": bucket.size + level.refused,
        }
        return _of_compute(bucket, msgspec.json.encode(told).decode(), seconds, left)


def _method_kind(method: str) -> str:
    return _KINDS.get(method, "Writes")


def _place_of(route: Route) -> _Place:
    kind = _method_kind(route.method)
    header = "x-ms-ratelimit-remaining-subscription"
    group = _group_of(route.action)
    return _Place(
        own=f"Subscription{kind}",
        shared=f"SubscriptionGlobal{kind}",
        own_header=f"{header}-{kind.lower()}",
        shared_header=f"{header}-global-{kind.lower()}",
        of_compute=() if group is None else (f"{group}3Min", f"{group}30Min"),
    )


def _group_of(action: str) -> str | None:
    if not action.startswith(_COMPUTE):
        return None
    what = action.removeprefix(_COMPUTE)
    found = GROUPS.get(what)
    if found is None and what.startswith(_MACHINE) and what.endswith("/action"):
        return "UpdateVM"
    return found


# --- the two shapes of 429 -------------------------------------------------------------------------------------------


def _of_gateway(bucket: Bucket, kind: str, seconds: int, left: Mapping[str, str]) -> Throttled:
    return Throttled(
        429,
        "TooManyRequests",
        f"The request is being throttled as the limit of {bucket.size} has been reached for {kind.lower()} "
        f"({bucket.name}). Please try again after {seconds} seconds.",
        retry_seconds=seconds,
        left=left,
    )


def _of_compute(bucket: Bucket, told: str, seconds: int, left: Mapping[str, str]) -> Throttled:
    return Throttled(
        429,
        "OperationNotAllowed",
        "The server rejected the request because too many requests have been received for this subscription.",
        details=(ApiError(429, "TooManyRequests", told, bucket.name),),
        retry_seconds=seconds,
        left=left,
    )
