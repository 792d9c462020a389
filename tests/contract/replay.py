"""Plays recorded requests against the API over a world in memory, and tells where the answers differ from Azure's.

A recorded poll is asked of our own operation: the links of recorded answers are translated into ours. Work that was
still going on when Azure was asked is held back here until the same question has been put, so that an answer in the
middle of things is compared with one in the middle of things.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from calco.model.machine import Generation, Machine
from calco.work.cloud import Rules
from tests.arm.api import Api
from tests.contract.recorded import LINKS, SUBSCRIPTION, Exchange, bare
from tests.contract.scope import Scope
from tests.world import SUBSCRIPTION as OURS
from tests.world import World

WRITTEN_BY_THE_SERVER = frozenset({"date", "connection", "transfer-encoding", "content-length"})
"""Headers that the HTTP server below the application sees to; the application is played without one."""

VOLATILE = re.compile(
    r"(^|\.)(etag|resourceGuid|uniqueId|timeCreated|startTime|endTime|ipAddress|privateIPAddress"
    r"|macAddress|internalDomainNameSuffix|message|time|accessSAS|creationTime|lastEnabledTime|LastOwnershipUpdateTime"
    r"|managedBy|keyData|sourceUniqueId|sourceInstanceId|lastOwnershipUpdateTime)$|\.primaryEndpoints\.\w+$"
    r"|\.output\..*\.uri$"
)
"""Members whose values are a service's own choice: moments, addresses, secrets, sentences."""

NAMING = re.compile(r"(^|\.)(id|name)$")
"""Not compared where the state was built for the occasion; where a recording is played whole, every id is Azure's."""

ADAPTED: Mapping[str, str] = {"MGMT_PLACEHOLDER": "Secret-word-1"}
"""What the recorders took out of requests."""

CATALOGUES = ("GET locations/vmSizes", "GET providers")
"""Lists in which a service has what it has: of what both have the members are compared, not the numbers."""

LOCATIONS = (
    "eastus",
    *("australiasoutheast", "centralus", "eastus2", "eastus2euap", "southcentralus", "southeastasia"),
    *("westcentralus", "westeurope", "westus"),
)


@dataclass(frozen=True)
class Difference:
    """One field, header or status of one exchange that is not Azure's."""

    exchange: Exchange
    what: str

    def __str__(self) -> str:
        return f"{self.exchange.title}: {self.what}"

    @property
    def rule(self) -> str:
        """As the golden list of deliberate ones names it: without recording, place and names."""
        return f"{self.exchange.kind}: {self.what}"


@dataclass
class Replay:
    """One recording against one world."""

    api: Api
    scope: Scope
    is_whole: bool = True
    """Whether the recording made its own state, request by request."""
    links: dict[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    asked: list[Exchange] = field(default_factory=list)
    _held_until: dict[str, int] = field(default_factory=dict)
    _renamed: dict[str, str] = field(default_factory=dict)
    """Names that Azure made up and sent in answers, and what they are called here."""

    def play(self, exchanges: list[Exchange]) -> None:
        """Every exchange that is in scope, in order."""
        for each in exchanges:
            if each.index in self.scope.out:
                continue
            self.api.world.drive(held=[id for id, until in self._held_until.items() if each.index <= until])
            answer = self._ask(each)
            if answer is None:
                self.differences.append(Difference(each, "cannot be asked: no link was given"))
                continue
            self.asked.append(each)
            self._remember(each, answer, exchanges)
            self._compare(each, answer)

    def _ask(self, each: Exchange) -> httpx.Response | None:
        url = self.links.get(bare(each.url)) if each.is_poll else self._here(each.target)
        if url is None:
            return None
        return self.api.call(each.method, url, content=self._here(each.request).encode() or None)

    def _here(self, text: str) -> str:
        """A recorded request in our names."""
        text = ours(text)
        for theirs, mine in sorted(self._renamed.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(theirs, mine)
        return text

    def _remember(self, each: Exchange, answer: httpx.Response, exchanges: list[Exchange]) -> None:
        """The links of the answer, and for how long the work it began stays undone."""
        for header in LINKS:
            if header in each.headers and header in answer.headers:
                self.links[bare(each.headers[header])] = answer.headers[header]
        if each.is_poll or each.method == "GET" or answer.status_code >= 400:
            return
        asks = {*each.links, bare(each.url)}
        later = [it.index for it in exchanges if it.index > each.index and it.is_unfinished and bare(it.url) in asks]
        if later:
            self._held_until[answer.headers["x-ms-request-id"]] = max(later)

    def _compare(self, each: Exchange, answer: httpx.Response) -> None:
        def differs(what: str) -> None:
            found = Difference(each, what)
            if found not in self.differences:
                self.differences.append(found)

        said = self.scope.without_excepted(json.loads(ours(json.dumps(each.body))))
        mine = in_order_of(said, _json(answer))
        self._renamed |= dict(renamed(said, mine))
        theirs = json.loads(self._here(json.dumps(said)))
        if each.kind in CATALOGUES:
            theirs, mine = in_both(theirs, mine)
        if answer.status_code != each.status:
            differs(f"status {answer.status_code}{_code(mine)}, Azure's {each.status}{_code(theirs)}")
            return
        for header in sorted({*each.headers, *answer.headers} - WRITTEN_BY_THE_SERVER - each.artefacts):
            if header not in answer.headers:
                differs(f"lacks header {header}")
            elif header not in each.headers and each.has_all_headers:
                differs(f"adds header {header}")
        for what in compare(theirs, mine, with_names=self.is_whole):
            if each.kind not in CATALOGUES or what.startswith(("lacks", "adds")):
                differs(what)


_MADE_UP = re.compile(r"[\w.-]*(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.vhd)?")


def renamed(theirs: Any, mine: Any) -> Iterator[tuple[str, str]]:
    """What is called by a made-up name in both answers: disks, machines' ids, blobs of a capture."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for name in theirs.keys() & mine.keys():
            yield from renamed(theirs[name], mine[name])
    elif isinstance(theirs, list) and isinstance(mine, list):
        for their, my in zip(theirs, mine, strict=False):
            yield from renamed(their, my)
    elif isinstance(theirs, str) and isinstance(mine, str):
        old, new = theirs.rpartition("/")[2], mine.rpartition("/")[2]
        if old != new and _MADE_UP.fullmatch(old) and _MADE_UP.fullmatch(new):
            yield old, new


def in_order_of(theirs: Any, mine: Any) -> Any:
    """Our list of resources in the order of theirs: the order of a list is nobody's promise."""
    if not (isinstance(theirs, dict) and isinstance(mine, dict)):
        return mine
    asked, had = theirs.get("value"), mine.get("value")
    if not (isinstance(asked, list) and isinstance(had, list)):
        return mine
    places = {_name(each).lower(): at for at, each in enumerate(asked)}
    return {**mine, "value": sorted(had, key=lambda each: places.get(_name(each).lower(), len(places)))}


def in_both(theirs: Any, mine: Any) -> tuple[Any, Any]:
    """Two documents whose lists hold only the elements that both have: same name, or same type."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        pairs = {name: in_both(theirs[name], mine[name]) for name in theirs if name in mine}
        left, right = ({name: pair[side] for name, pair in pairs.items()} for side in (0, 1))
        return {**theirs, **left}, {**mine, **right}
    if isinstance(theirs, list) and isinstance(mine, list):
        here = {_name(each): each for each in mine}
        both = [(each, here[_name(each)]) for each in theirs if _name(each) in here]
        return [each for each, _ in both], [each for _, each in both]
    return theirs, mine


def _name(element: Any) -> str:
    return str(element.get("name") or element.get("resourceType")) if isinstance(element, dict) else str(element)


def ours(text: str) -> str:
    """A recorded text with our subscription, and with what recorders took out put in again."""
    text = SUBSCRIPTION.sub(f"/subscriptions/{OURS}", text)
    for old, new in ADAPTED.items():
        text = text.replace(old, new)
    return text


def _json(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None


def _code(body: Any) -> str:
    """The code of a refusal, to stand behind its status."""
    error = body.get("error") if isinstance(body, dict) else None
    return f" {error.get('code')}" if isinstance(error, dict) else ""


def compare(theirs: Any, mine: Any, path: str = "", *, with_names: bool = False) -> Iterator[str]:
    """Members that only one side has, and values that differ where they should not."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for name in [*theirs, *(each for each in mine if each not in theirs)]:
            below = f"{path}.{name}" if path else name
            if name not in mine:
                yield f"lacks {below}"
            elif name not in theirs:
                yield f"adds {below}"
            else:
                yield from compare(theirs[name], mine[name], below, with_names=with_names)
    elif isinstance(theirs, list) and isinstance(mine, list):
        if len(theirs) != len(mine):
            yield f"{path} has {len(mine)} elements, Azure's {len(theirs)}"
        for their, my in zip(theirs, mine, strict=False):
            yield from compare(their, my, f"{path}[]", with_names=with_names)
    elif theirs != mine and not VOLATILE.search(path) and (with_names or not NAMING.search(path)):
        yield f"{path or 'the body'} is {_shown(mine)}, Azure's {_shown(theirs)}"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


Guest = Callable[[World], Callable[[Machine], None]]


# --- the world it is played in ---------------------------------------------------------------------------------------


GIB = 1024**3
BASES: Mapping[str, tuple[int, Generation]] = {
    "canonical:ubuntu-24_04-lts": (32213303296, Generation.V2),
    "microsoftwindowsdesktop:windows-10": (136367308800, Generation.V2),
    "microsoftwindowsserver:windowsserver": (127 * GIB, Generation.V1),
}
"""What the recordings' platform images hold, where it is not 30 GB and V1. Source: the recordings' own disks."""


class AnyBase:
    """Every platform image there is, each one an empty disk of the recorded size."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> Sequence[str]:
        return ()

    def version(self, urn: str) -> str | None:
        return urn.rpartition(":")[2]

    def path(self, urn: str) -> tuple[Path, str]:
        size = self.size_bytes(urn)
        file = self._folder / f"any-{size}.raw"
        if not file.exists():
            with file.open("wb") as out:
                out.truncate(size)
        return file, "raw"

    def size_bytes(self, urn: str) -> int:
        return self._find(urn)[0]

    def generation(self, urn: str) -> Generation:
        return self._find(urn)[1]

    def _find(self, urn: str) -> tuple[int, Generation]:
        publisher_offer = ":".join(urn.lower().split(":")[:2])
        return BASES.get(publisher_offer, (30 * GIB, Generation.V1))


def recorded_world(folder: Path, guest: Guest | None = None) -> World:
    """A service that has the recordings' locations and platform images. ``guest`` is what a machine's guest reports."""
    world = World(folder, rules=Rules(subscription=OURS, locations=LOCATIONS))
    if guest is not None:
        world.guest = guest(world)
    world.cloud = replace(world.cloud, base_images=AnyBase(folder))
    return world
