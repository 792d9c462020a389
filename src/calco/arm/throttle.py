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
from calco.model.bucket import BUCKETS
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
        "availabilitySets/write": "PutVM",
        "availabilitySets/delete": "DeleteVM",
        "disks/write": "CreateUpdateDisks",
        "disks/read": "LowCostGet",
        "disks/delete": "DeleteDisks",
        "disks/beginGetAccess/action": "HighCostDiskHydrate",
        "disks/endGetAccess/action": "HighCostDiskHydrate",
        "snapshots/write": "HighCostSnapshotCreateHydrate",
        "snapshots/read": "LowCostGet",
        "snapshots/delete": "DeleteDisks",
        "snapshots/beginGetAccess/action": "HighCostSnapshotCreateHydrate",
        "snapshots/endGetAccess/action": "HighCostSnapshotCreateHydrate",
        "locations/operations/read": "GetOperation",
        "locations/diskOperations/read": "GetOperation",
    }
)
"""Compute's buckets by action, as recorded; other acts on machines take from UpdateVM."""
LISTS: Mapping[str, str] = MappingProxyType({"LowCostGet": "HighCostGet", "GetImages": "HighCostGetImages"})
"""What a list takes from instead."""
_COMPUTE, _MACHINE = "Microsoft.Compute/", "virtualMachines/"


@dataclass(eq=False)
class Throttled(ApiError):
    """429. ``retry_seconds`` is a whole number: clients read no other. ``left``: the headers that say what is left."""

    retry_seconds: int = 1
    left: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Level:
    """What is ``left`` in a bucket, as it was at ``at`` (monotonic seconds); ``refused`` since it last gave a token.
    ``felt``: whether requests are refused when it is empty."""

    name: str
    size: int
    seconds: float
    felt: bool
    each_second: float
    left: float
    at: float
    refused: int = 0


@dataclass(frozen=True)
class _Place:
    """Which buckets a kind of request of one caller takes from, and the names of the headers that tell of them."""

    own: _Level
    shared: _Level
    of_compute: tuple[_Level, ...]
    own_header: str
    shared_header: str
    levels: tuple[_Level, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", (self.own, self.shared, *self.of_compute))

    def headers(self) -> dict[str, str]:
        told = {self.own_header: str(int(self.own.left)), self.shared_header: str(int(self.shared.left))}
        if self.of_compute:
            short, long = self.of_compute
            told["x-ms-ratelimit-remaining-resource"] = (
                f"{_COMPUTE}{short.name};{int(short.left)},{_COMPUTE}{long.name};{int(long.left)}"
            )
        return told


class Throttle:
    """``sizes``: the buckets whose emptiness is felt, by name; the others are only told of, at Azure's size."""

    def __init__(self, clock: Clock, sizes: Mapping[str, int]) -> None:
        self._clock = clock
        self._sizes = sizes
        self._levels: dict[tuple[str, str], _Level] = {}
        self._places: dict[tuple[str, str, bool, str], _Place] = {}

    def take(self, route: Route, caller: str) -> Mapping[str, str]:
        """Take a token of each bucket that the route takes from; the headers that say what is left. ``caller`` is an
        object id. Raises Throttled, and then nothing is taken. Some microseconds, for it is a part of every answer."""
        key = (route.method, route.action, route.lists, caller)
        place = self._places.get(key)
        now = self._clock.monotonic()
        if place is None:
            place = self._places[key] = self._place(route, caller, now)
        empty: _Level | None = None
        for level in place.levels:
            left = level.left + (now - level.at) * level.each_second
            level.left, level.at = min(left, level.size), now
            if level.felt and left < 1 and empty is None:
                empty = level
        if empty is None:
            for level in place.levels:
                level.left = level.left - 1 if level.left > 1 else 0.0
                level.refused = 0
        headers = place.headers()
        if empty is not None:
            raise self._refusal(empty, _method_kind(route.method), headers)
        return headers

    def _place(self, route: Route, caller: str, now: float) -> "_Place":
        kind = _method_kind(route.method)
        header = "x-ms-ratelimit-remaining-subscription"
        group = _group_of(route)
        return _Place(
            own=self._level(f"Subscription{kind}", caller, now),
            shared=self._level(f"SubscriptionGlobal{kind}", "", now),
            of_compute=tuple(self._level(f"{group}{time}", "", now) for time in ("3Min", "30Min") if group),
            own_header=f"{header}-{kind.lower()}",
            shared_header=f"{header}-global-{kind.lower()}",
        )

    def _level(self, name: str, caller: str, now: float) -> _Level:
        level = self._levels.get((name, caller))
        if level is None:
            bucket = BUCKETS[name]
            size = self._sizes.get(name, bucket.size)
            level = _Level(name, size, bucket.seconds, name in self._sizes, size / bucket.seconds, size, now)
            self._levels[name, caller] = level
        return level

    def _refusal(self, level: _Level, kind: str, left: Mapping[str, str]) -> Throttled:
        level.refused += 1
        seconds = max(1, math.ceil((1 - level.left) / level.each_second))
        if level.name.startswith("Subscription"):
            return _of_gateway(level, kind, seconds, left)
        until = self._clock.now()
        told: Document = {
            "operationGroup": level.name,
            "startTime": showing.time(until - timedelta(seconds=level.seconds)),
            "endTime": showing.time(until),
            "allowedRequestCount": level.size,
            "measuredRequestCount": level.size + level.refused,
        }
        return _of_compute(level, msgspec.json.encode(told).decode(), seconds, left)


def _method_kind(method: str) -> str:
    return _KINDS.get(method, "Writes")


def _group_of(route: Route) -> str | None:
    if not route.action.startswith(_COMPUTE):
        return None
    what = route.action.removeprefix(_COMPUTE)
    found = GROUPS.get(what)
    if found is None and what.startswith(_MACHINE) and what.endswith("/action"):
        return "UpdateVM"
    return LISTS.get(found, found) if route.lists and found is not None else found


# --- the two shapes of 429 -------------------------------------------------------------------------------------------


def _of_gateway(level: _Level, kind: str, seconds: int, left: Mapping[str, str]) -> Throttled:
    return Throttled(
        429,
        "TooManyRequests",
        f"The request is being throttled as the limit of {level.size} has been reached for {kind.lower()} "
        f"({level.name}). Please try again after {seconds} seconds.",
        retry_seconds=seconds,
        left=left,
    )


def _of_compute(level: _Level, told: str, seconds: int, left: Mapping[str, str]) -> Throttled:
    return Throttled(
        429,
        "OperationNotAllowed",
        "The server rejected the request because too many requests have been received for this subscription.",
        details=(ApiError(429, "TooManyRequests", told, level.name),),
        retry_seconds=seconds,
        left=left,
    )
