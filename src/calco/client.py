"""The public API as programs of ours use it: tokens, lists, and slow operations followed to their end.

Both the command line and the Cloud Shell stand on it. It knows Azure's conventions and nothing of calco's service:
``Azure-AsyncOperation`` first, else ``Location``; ``Retry-After`` is kept. Source: Azure, Resource Manager, "Track
asynchronous operations". httpx is loaded with the first request: a shell is there before it asks anything.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from calco.model.document import Document, Json, at, document_in, number_at, object_at, objects_at, text_at

if TYPE_CHECKING:
    import httpx

API_VERSION = "2024-11-01"
TIMEOUT_SECONDS = 60
"""Longer than the service holds a poll."""
PAGES_MAX = 1000
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
WATCHED_SECONDS = 4
"""How long a poll may be held when somebody is told how far it is; what they are told is as old as that."""
ENDED = frozenset({"Succeeded", "Failed", "Canceled"})


class Refused(Exception):
    """The API refused, or an operation failed (``status`` 200 then), in its own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class Unreachable(Exception):
    """There was no answer; says why."""


class Wait(Protocol):
    def __call__(self, seconds: float, /) -> object: ...


Step = Callable[[str, int | None], None]
"""Hears the status of what goes on, and how many of 100 parts are done where the operation says so."""


@dataclass(frozen=True)
class Ended:
    """How a change ended. ``document``: the resource as it then is (PUT, PATCH), what the operation put out (POST), or
    empty. ``operation_id`` is empty when it was done at once; ``status`` is "Succeeded", or "InProgress" when nobody
    waited. Times are the API's when it gave them, ISO 8601, else this client's."""

    document: Document
    started: str
    ended: str
    operation_id: str = ""
    status: str = "Succeeded"
    warnings: tuple[str, ...] = ()


@dataclass
class Token:
    """An access token that is fetched when it is needed, and anew when it was refused. Any thread may ask."""

    fetch: Callable[[], str]
    _kept: str = field(default="", repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, refused: str = "") -> str:
        """The token; another one than ``refused``. Raises what ``fetch`` raises."""
        with self._lock:
            if not self._kept or self._kept == refused:
                self._kept = self.fetch()
            return self._kept


@dataclass
class Client:
    """``http`` has the service's URL as its base. ``token`` gives the access token, another one than it is handed;
    an empty one is not sent, for whoever passes requests on adds his own.
    ``wait`` passes the time between two polls. Any thread may use it. All raise Refused and Unreachable."""

    http: "httpx.Client"
    token: Callable[[str], str]
    wait: Wait = field(default_factory=lambda: threading.Event().wait)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Document:
        """The document at ``path``."""
        return document_in(self.send("GET", path, query=query).content)

    def find(self, path: str, query: Mapping[str, str] | None = None) -> Document | None:
        """None where there is none (404)."""
        try:
            return self.get(path, query)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def list(self, path: str, query: Mapping[str, str] | None = None) -> list[Document]:
        """All elements of a list, page after page; a bare array is one page (platform images are listed so)."""
        content = self.send("GET", path, query=query).content
        if content.lstrip()[:1] == b"[":
            return objects_at(document_in(b'{"value":%b}' % content), "value")
        found: list[Document] = []
        page = document_in(content)
        for _ in range(PAGES_MAX):
            found += objects_at(page, "value")
            following = text_at(page, "nextLink")
            if not following:
                break
            page = document_in(self._checked("GET", following, None).content)
        return found

    def change(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Mapping[str, str] | None = None,
        wait: bool = True,
        step: Step | None = None,
    ) -> Ended:
        """Ask for a change and follow it to its end, unless ``wait`` is False."""
        began = self._moment()
        answer = self.send(method, path, body, query=query)
        status_url, location = answer.headers.get("azure-asyncoperation"), answer.headers.get("location")
        monitor = location if answer.status_code == 202 else None
        id = _operation_id(status_url or monitor or "")
        if not (status_url or monitor):
            return Ended(document_in(answer.content), began, self._moment())
        if not wait:
            return Ended(document_in(answer.content), began, "", id, "InProgress")
        if not status_url:
            return Ended(self._awaited(monitor or "", step), began, self._moment(), id)
        last = self._followed(status_url, step)
        replaces = method in {"PUT", "PATCH"}
        document = self.get(path, query) if replaces else object_at(last, "properties", "output")
        times = (text_at(last, "startTime") or began, text_at(last, "endTime") or self._moment())
        warnings = tuple(text_at(each, "message") or "" for each in objects_at(last, "warnings"))
        return Ended(document, *times, id, warnings=warnings)

    def send(
        self, method: str, path: str, body: Json = None, *, query: Mapping[str, str] | None = None
    ) -> "httpx.Response":
        """One request; its answer when the status is below 400."""
        return self._checked(method, _address(path, {"api-version": API_VERSION, **(query or {})}), body)

    def _checked(self, method: str, url: str, body: Json, more: Mapping[str, str] = NO_HEADERS) -> "httpx.Response":
        token = self.token("")
        answer = self._once(method, url, body, token, more)
        if answer.status_code == 401:  # it ran out while an operation was followed
            answer = self._once(method, url, body, self.token(token), more)
        if answer.status_code >= 400:
            raise _refusal(answer)
        return answer

    def _once(self, method: str, url: str, body: Json, token: str, more: Mapping[str, str]) -> "httpx.Response":
        if "://" in url and not is_own(self.http, url):
            raise Refused(400, "InvalidUri", f"The service points at an address that is not its own: {url}")
        headers = {**more, "Authorization": f"Bearer {token}"} if token else more
        return reached(self.http, lambda: self.http.request(method, url, json=body, headers=headers))

    def _followed(self, url: str, step: Step | None) -> Document:
        while True:
            answer = self._poll(url, step)
            document = document_in(answer.content)
            status = text_at(document, "status") or "Succeeded"
            if status == "Succeeded":
                return document
            if status in ENDED:
                code = text_at(document, "error", "code") or status
                raise Refused(200, code, text_at(document, "error", "message") or "the operation did not succeed")
            if step is not None:
                step(text_at(document, "properties", "statusMessage") or status, _percent(document))
            self.wait(_retry_after(answer))

    def _awaited(self, url: str, step: Step | None) -> Document:
        while True:
            answer = self._poll(url, step)
            if answer.status_code != 202:
                return document_in(answer.content)
            if step is not None:
                step("InProgress", None)
            self.wait(_retry_after(answer))

    def _poll(self, url: str, step: Step | None) -> "httpx.Response":
        """Held by the service until the operation ends: too long for whoever wants to be told how far it is."""
        return self._checked("GET", url, None, NO_HEADERS if step is None else {"Prefer": f"wait={WATCHED_SECONDS}"})

    def _moment(self) -> str:
        return self.now().isoformat().replace("+00:00", "Z")


def is_own(http: "httpx.Client", address: str) -> bool:
    """Whether ``address`` is that of the service behind ``http``: the same scheme, host and port, whatever path.
    Tokens go nowhere else."""
    own, asked = urlsplit(str(http.base_url)), urlsplit(address)
    try:
        return (asked.scheme, asked.hostname, asked.port) == (own.scheme, own.hostname, own.port)
    except ValueError:
        return False


def granted(http: "httpx.Client", tenant_id: str, form: Mapping[str, str]) -> Document:
    """What the token endpoint of ``tenant_id`` answers to ``form``: "access_token" and more. The audience is the
    service itself, unless the form names one. Raises Refused (``code`` is OAuth's) and Unreachable. Source: RFC 6749.
    """
    scope = f"{str(http.base_url).rstrip('/')}/.default"
    answer = reached(http, lambda: http.post(f"/{tenant_id}/oauth2/v2.0/token", data={"scope": scope, **form}))
    document = document_in(answer.content)
    if answer.status_code == 200 and text_at(document, "access_token"):
        return document
    said = text_at(document, "error_description") or f"status {answer.status_code}"
    raise Refused(answer.status_code, text_at(document, "error") or str(answer.status_code), said)


def reached(http: "httpx.Client", ask: "Callable[[], httpx.Response]") -> "httpx.Response":
    """The answer to ``ask``. Raises Unreachable when there is none, Refused when the address cannot be asked."""
    import httpx

    try:
        return ask()
    except (httpx.InvalidURL, UnicodeError) as wrong:
        raise _no_address(wrong) from wrong
    except httpx.HTTPError as broken:
        raise Unreachable(f"the service at {http.base_url} does not answer: {broken}") from broken


def _address(path: str, query: Mapping[str, str]) -> str:
    """Raises Refused when the path can be no part of an address."""
    import httpx

    try:
        return str(httpx.URL(path).copy_merge_params(query))
    except (httpx.InvalidURL, UnicodeError) as wrong:
        raise _no_address(wrong) from wrong


def _no_address(why: Exception) -> Refused:
    return Refused(400, "InvalidUri", f"The request's address is none: {why}")


def _operation_id(url: str) -> str:
    found = re.search(r"/operations/([0-9a-fA-F-]{36})(?=[/?]|$)", url)
    return found[1] if found else ""


def _percent(status: Document) -> int | None:
    value = at(status, "percentComplete")
    whole = int(value) if isinstance(value, float) else number_at(status, "percentComplete")
    return None if whole is None else max(0, min(whole, 100))


def _refusal(answer: "httpx.Response") -> Refused:
    document = document_in(answer.content)
    code = text_at(document, "error", "code") or str(answer.status_code)
    return Refused(answer.status_code, code, text_at(document, "error", "message") or answer.reason_phrase)


def _retry_after(answer: "httpx.Response") -> float:
    text = answer.headers.get("retry-after", "1")
    return float(text) if re.fullmatch(r"\d{1,3}", text) else 1.0
