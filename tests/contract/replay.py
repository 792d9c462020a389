"""Plays recorded requests against the API over a world in memory, and tells where the answers differ from Azure's.

A recorded poll is asked of our own operation: the links of recorded answers are translated into ours.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from calco.model.machine import Generation
from tests.arm.api import Api
from tests.shared import recording
from tests.world import SUBSCRIPTION

LRO_HEADERS = ("azure-asyncoperation", "location", "retry-after", "azure-asyncnotification")

VOLATILE = re.compile(
    r"(^|\.)(id|vmId|name|etag|resourceGuid|uniqueId|timeCreated|startTime|endTime|ipAddress|privateIPAddress"
    r"|macAddress|internalDomainNameSuffix|diskSizeGB|diskSizeBytes|message|time)$"
)
"""Members whose values are a service's own choice."""


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer."""

    method: str
    url: str
    request: str
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def is_poll(self) -> bool:
        return "operations/" in self.path.lower() or "operationresults" in self.path.lower()

    @property
    def is_unfinished_poll(self) -> bool:
        running = isinstance(self.body, dict) and self.body.get("status") == "InProgress"
        return self.is_poll and (running or self.status == 202)

    @property
    def label(self) -> str:
        """Method and kind of path, without names."""
        words = [word for word in self.path.split("/") if word]
        kinds = words[words.index("providers") + 2 :: 2] if "providers" in words else words[2::2]
        last = words[-1] if self.method == "POST" else ""
        return " ".join(word for word in (self.method, "/".join(kinds), last) if word)


def exchanges(name: str) -> Iterator[Exchange]:
    """The exchanges of a recording of .NET's or xplat's kind, in order, each once."""
    document = json.loads(recording(name).read_text())
    seen = None
    for each in document.get("Entries") or document["entries"]:
        headers = each.get("ResponseHeaders") or each.get("headers") or {}
        found = Exchange(
            each.get("RequestMethod") or each["method"],
            each.get("RequestUri") or each["url"],
            each.get("RequestBody") or "",
            each.get("StatusCode") or each["status"],
            {key.lower(): value[0] if isinstance(value, list) else value for key, value in headers.items()},
            _json(each.get("ResponseBody") or each.get("body") or ""),
        )
        if found != seen:
            yield found
        seen = found


def _json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None


@dataclass
class Replay:
    """``adapt`` makes a recorded text ours: sizes, passwords and the like."""

    api: Api
    adapt: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    played: int = 0

    def play(self, each: Exchange) -> None:
        """One exchange; what differs is kept."""
        url = self._url(each)
        if url is None:
            return
        if not each.is_unfinished_poll:
            self.api.world.drive()
        answer = self.api.call(each.method, url, content=self._ours(each.request).encode() or None)
        self.played += 1
        for header in ("azure-asyncoperation", "location"):
            if header in each.headers and header in answer.headers:
                self.links[_bare(each.headers[header])] = answer.headers[header]
        self._compare(each, answer)

    def _url(self, each: Exchange) -> str | None:
        if each.is_poll:
            return self.links.get(_bare(each.url))
        return self._ours(each.path + ("?" + urlsplit(each.url).query if "?" in each.url else ""))

    def _ours(self, text: str) -> str:
        text = re.sub(r"/subscriptions/[0-9a-f-]{36}", f"/subscriptions/{SUBSCRIPTION}", text)
        for theirs, ours in self.adapt.items():
            text = text.replace(theirs, ours)
        return text

    def _compare(self, each: Exchange, answer: httpx.Response) -> None:
        def differs(what: str) -> None:
            text = f"{each.label}: {what}"
            if text not in self.differences:
                self.differences.append(text)

        if answer.status_code != each.status:
            differs(f"status {answer.status_code}, Azure's {each.status}: {answer.text[:300]}")
            return
        for header in LRO_HEADERS:
            if (header in answer.headers) != (header in each.headers) and not each.is_poll:
                differs(f"header {header} {'more' if header in answer.headers else 'missing'}")
        ours = answer.json() if answer.content else None
        theirs = None if each.body is None else json.loads(self._ours(json.dumps(each.body)))
        for what in compare(theirs, ours):
            differs(what)


def _bare(url: str) -> str:
    parts = urlsplit(url)
    monitor = "?monitor" if "monitor=true" in parts.query else ""
    return parts.path.lower() + monitor


def compare(theirs: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Members that only one side has, and values that differ where they should not."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in [*theirs, *(each for each in ours if each not in theirs)]:
            below = f"{path}.{name}" if path else name
            if name not in ours:
                yield f"lacks {below}"
            elif name not in theirs:
                yield f"adds {below}"
            else:
                yield from compare(theirs[name], ours[name], below)
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield f"{path} has {len(ours)} elements, Azure's {len(theirs)}"
        for their, our in zip(theirs, ours, strict=False):
            yield from compare(their, our, f"{path}[]")
    elif theirs != ours and not VOLATILE.search(path):
        yield f"{path} is {ours!r}, Azure's {theirs!r}"


class AnyBase:
    """Every platform image there is, all of them one empty disk."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "any.raw"
        with self.file.open("wb") as out:
            out.truncate(30 * 1024**3)

    def path(self, _urn: str) -> tuple[Path, str]:
        return self.file, "raw"

    def size_bytes(self, _urn: str) -> int:
        return 30 * 1024**3

    def generation(self, _urn: str) -> Generation:
        return Generation.V1
