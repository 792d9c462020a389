"""Azure's recorded traffic, read into one shape whoever recorded it.

Four recorders wrote the files: .NET's and xplat's (lists of entries), Java's (network call records), Ruby's (VCR, YAML)
and cloud-custodian's (VCR, JSON). An exchange keeps its place in its file, so that a line of a golden file leads there.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import yaml  # type: ignore[import-untyped]

from tests.shared import SHARED, recording

ARTEFACTS: Mapping[str, frozenset[str]] = {"java": frozenset({"retry-after"})}
"""Headers that a recorder wrote over: what Azure sent is not known. Source: the recordings' own README."""

FILTERED = frozenset({"c7n"})
"""Recorders that kept only some headers: of two answers of one minute one has three of them, the other seventeen."""

SUBSCRIPTION = re.compile(r"/subscriptions/(?:[0-9a-fA-F-]{36}|<AZURE_SUBSCRIPTION_ID>)")

_VERSION = re.compile(r"api-version=(\d{4}-\d\d-\d\d)")

LINKS = ("azure-asyncoperation", "location")


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer. ``request`` is its body, empty when none was sent or none was kept."""

    recording: str
    index: int
    method: str
    url: str
    request: str
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def target(self) -> str:
        """Path and query. A version later than the answer itself was written into the recording afterwards, when its
        client was moved to a new one: the answer knows nothing of it, so the day of the answer stands in for it."""
        parts = urlsplit(self.url)
        answered = self.headers.get("date")
        day = "9999" if answered is None else parsedate_to_datetime(answered).date().isoformat()
        query = _VERSION.sub(lambda found: f"api-version={min(found[1], day)}", parts.query)
        return f"{parts.path}?{query}" if query else parts.path

    @property
    def is_poll(self) -> bool:
        return re.search(r"/(\w*operations|operationresults)/[^/?]+$", self.path, re.IGNORECASE) is not None

    @property
    def is_unfinished(self) -> bool:
        """Whether this answer tells of work that was still going on."""
        if self.is_poll:
            status = self.body.get("status", "") if isinstance(self.body, dict) else ""
            return self.status == 202 or status.lower() == "inprogress"
        return self.method == "GET" and self.state in ("Creating", "Updating", "Deleting")

    @property
    def state(self) -> str:
        """``provisioningState`` of the resource in the answer."""
        properties = self.body.get("properties") if isinstance(self.body, dict) else None
        return str(properties.get("provisioningState", "")) if isinstance(properties, dict) else ""

    @property
    def artefacts(self) -> frozenset[str]:
        return ARTEFACTS.get(self.recording.partition("-")[0], frozenset())

    @property
    def has_all_headers(self) -> bool:
        """Whether this answer's headers were kept as they were: a body without a type says that they were not."""
        typed = self.body is None or "content-type" in self.headers
        return typed and self.recording.partition("-")[0] not in FILTERED

    @property
    def links(self) -> list[str]:
        return [bare(self.headers[name]) for name in LINKS if name in self.headers]

    @property
    def kind(self) -> str:
        """Method and types of the path, without names: ``POST virtualMachines/deallocate``, ``GET images list``."""
        words = [word for word in self.path.split("/") if word]
        lowered = [word.lower() for word in words]
        kinds = words[lowered.index("providers") + 2 :] if "providers" in lowered else words[2:]
        listed = " list" if len(kinds) == 1 else ""
        monitor = "?monitor" if self.is_poll and "monitor=true" in self.url else ""
        return f"{self.method} {'/'.join(kinds[::2]) or 'providers'}{monitor}{listed}"

    @property
    def tail(self) -> str:
        """The end of the path, as far as it takes to know the exchange again; an operation's id is left out."""
        words = [word for word in self.path.split("/") if word]
        if self.is_poll:
            return f"{words[-2]}/..." + ("?monitor" if "monitor=true" in self.url else "")
        return "/".join(words[-2:])

    @property
    def title(self) -> str:
        return f"{self.recording}#{self.index} {self.method} {self.tail}"


def bare(url: str) -> str:
    """What makes a link known again: its path, and whether it asks for the result instead of the status."""
    parts = urlsplit(url)
    monitor = "?monitor" if "monitor=true" in parts.query else ""
    return SUBSCRIPTION.sub("/subscriptions/x", parts.path).lower() + monitor


def names() -> list[str]:
    """Every recording there is, by file name without its ending."""
    return sorted(file.stem for file in (SHARED / "recordings").iterdir() if file.suffix in (".json", ".yml"))


def exchanges(name: str) -> list[Exchange]:
    """The exchanges of a recording in order; one that was recorded twice running is there once.

    .NET's recorder files requests of one method and URL together, at the place of the first. When each was answered
    stands in ``Date``; that is the order in which they were sent, for its client waits for every answer.
    """
    found: list[Exchange] = []
    for index, raw in enumerate(_raw(name)):
        each = _exchange(name, index, raw)
        same = found and _same(found[-1], each)
        if not same and urlsplit(each.url).hostname != "login.microsoftonline.com":
            found.append(each)
    return sorted(found, key=_moment) if name.startswith("net-") else found


def _moment(each: Exchange) -> tuple[datetime, bool]:
    """In one second the last poll comes before what its end was waited for."""
    return parsedate_to_datetime(each.headers["date"]), not each.is_poll


def _same(one: Exchange, other: Exchange) -> bool:
    return (one.method, one.url, one.request, one.status, one.headers, one.body) == (
        other.method,
        other.url,
        other.request,
        other.status,
        other.headers,
        other.body,
    )


@dataclass(frozen=True)
class _Raw:
    method: str
    url: str
    request: str | None
    status: int | str
    headers: Mapping[str, str | list[str]]
    body: Any


def _raw(name: str) -> Iterator[_Raw]:
    if name.startswith("ruby-"):
        return _vcr(yaml.safe_load(recording(f"{name}.yml").read_text())["http_interactions"])
    document = json.loads(recording(f"{name}.json").read_text())
    if "interactions" in document:
        return _vcr(document["interactions"])
    if "networkCallRecords" in document:
        return _java(document["networkCallRecords"])
    return _entries(document.get("Entries") or document["entries"])


def _entries(entries: Iterable[Any]) -> Iterator[_Raw]:
    for each in entries:
        yield _Raw(
            each.get("RequestMethod") or each["method"],
            each.get("RequestUri") or each["url"],
            each.get("RequestBody"),
            each.get("StatusCode") or each["status"],
            each.get("ResponseHeaders") or each.get("headers") or {},
            each.get("ResponseBody") or each.get("body"),
        )


def _java(records: Iterable[Any]) -> Iterator[_Raw]:
    for each in records:
        answer = each["Response"]
        headers = {name: value for name, value in answer.items() if name not in ("StatusCode", "Body")}
        yield _Raw(each["Method"], each["Uri"], None, answer["StatusCode"], headers, answer.get("Body"))


def _vcr(interactions: Iterable[Any]) -> Iterator[_Raw]:
    for each in interactions:
        asked, answered = each["request"], each["response"]
        sent, body = asked.get("body"), answered["body"]
        yield _Raw(
            asked["method"].upper(),
            asked["uri"],
            sent.get("string") if isinstance(sent, dict) else sent,
            answered["status"]["code"],
            answered["headers"],
            body.get("data", body.get("string")),
        )


def _exchange(name: str, index: int, raw: _Raw) -> Exchange:
    headers = {key.lower(): value if isinstance(value, str) else value[0] for key, value in raw.headers.items()}
    return Exchange(
        name,
        index,
        raw.method,
        raw.url,
        raw.request or "",
        int(raw.status),
        headers,
        _json(raw.body),
    )


def _json(text: Any) -> Any:
    """A body as JSON; None when it was empty."""
    return json.loads(text) if isinstance(text, str) and text.strip() else text or None
