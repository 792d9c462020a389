"""``If-Match`` and ``If-None-Match``, where Azure honours them: machines and everything of the network's.

The condition is looked at twice: before anything else is done, and once more inside the transaction with which the
handler changes things, so that of two callers who read the same ETag one is told that it was too late. Images, disks
and snapshots have no ETag, and what is sent for them counts for nothing. Sources: RFC 9110, section 13.1; Compute's
specification (machines, from 2023-09-01); recorded traffic (network).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

from calco.arm import showing
from calco.arm.call import Call
from calco.arm.router import Route
from calco.model.document import objects_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.ports import Reader, Records, Resource, Writer

MATCH, NONE_MATCH = "if-match", "if-none-match"
CHANGES = frozenset({"PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Tagged:
    """How a type's ETag is made, and the version from which on its conditions count."""

    etag: Callable[[Resource], str]
    since: str = ""


_NETWORK = Tagged(showing.etag)
TAGGED: Mapping[str, Tagged] = MappingProxyType(
    {
        "microsoft.compute/virtualmachines": Tagged(showing.machine_etag, showing.MACHINE_ETAGS),
        "microsoft.network/virtualnetworks": _NETWORK,
        "microsoft.network/networkinterfaces": _NETWORK,
        "microsoft.network/publicipaddresses": _NETWORK,
        "microsoft.network/networksecuritygroups": _NETWORK,
    }
)
"""By top-level type, in lower case; what is nested in a resource has the resource's ETag."""


def guarded(route: Route, call: Call) -> Call:
    """The call, whose changes happen only if the condition it carries still holds then. Raises ApiError 412
    PreconditionFailed when it does not hold now."""
    headers = call.headers
    if MATCH not in headers and NONE_MATCH not in headers:
        return call
    id = call.resource
    if route.method not in CHANGES or id is None or not id.types:
        return call
    # Nothing but the resource itself, as the router spells its type: locks and roles that hang on it have no ETag.
    tagged = TAGGED.get(f"{id.namespace}/{id.types[0]}".lower())
    if tagged is None or call.version < tagged.since or not route.action.lower().startswith(f"{id.kind}/"):
        return call
    condition = Condition(id, tagged, headers.get(MATCH), headers.get(NONE_MATCH))
    with call.cloud.records.read() as view:
        condition.check(view)
    return replace(call, cloud=replace(call.cloud, records=Conditional(call.cloud.records, condition.check)))


@dataclass(frozen=True)
class Condition:
    """What a caller believes of ``id``."""

    id: ResourceId
    tagged: Tagged
    match: str | None
    none_match: str | None

    def check(self, view: Reader) -> None:
        """Raises ApiError 412."""
        etag = self._etag(view)
        if self.match is not None and not _names(self.match, etag):
            raise self._failed("If-Match", self.match, etag)
        if self.none_match is not None and _names(self.none_match, etag):
            raise self._failed("If-None-Match", self.none_match, etag)

    def _etag(self, view: Reader) -> str | None:
        """The ETag as it is now; None when there is no such resource."""
        id = self.id
        top = view.resource(ResourceId(id.subscription, id.group, id.namespace, id.types[:1], id.names[:1]))
        if top is None:
            return None
        if len(id.types) > 1:
            nested = objects_at(top.properties, id.types[1])
            if not any((text_at(each, "name") or "").lower() == id.names[1].lower() for each in nested):
                return None
        return self.tagged.etag(top)

    def _failed(self, header: str, sent: str, etag: str | None) -> ApiError:
        now = "is not there" if etag is None else f"has the ETag {etag} now"
        return ApiError(
            412,
            "PreconditionFailed",
            f"Precondition failed: {header} was {sent[:200]}, and {self.id} {now}. Read the resource again, and send "
            "your change with the ETag it has then.",
        )


_ETAG = re.compile(r'(?:W/)?("[^"]*"|[^\s",]+)')


def _names(header: str, etag: str | None) -> bool:
    """Whether the header names the ETag, or anything that is there. Weak ones count: the network has no others."""
    if etag is None:
        return False
    if header.strip() == "*":
        return True
    return etag.removeprefix("W/").strip('"') in {found[1].strip('"') for found in _ETAG.finditer(header)}


class Conditional:
    """``ports.Records`` whose first write begins with a check. For one request, so for one thread."""

    def __init__(self, records: Records, check: Callable[[Reader], None]) -> None:
        self._records = records
        self._check: Callable[[Reader], None] | None = check

    def read(self) -> AbstractContextManager[Reader]:
        return self._records.read()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        with self._records.write() as tx:
            if self._check is not None:
                self._check(tx)
                self._check = None
            yield tx
