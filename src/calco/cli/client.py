"""The public API as the commands use it: tokens, lists, and slow operations followed to their end."""

import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from calco.cli.common import Failure, note, plain
from calco.cli.progress import Waiting, waiting
from calco.data_dir import DataDir
from calco.identity import principals
from calco.model.document import Document, Json, document_in, object_at, objects_at, text_at

API_VERSION = "2024-11-01"
TIMEOUT_SECONDS = 60
"""Longer than the service holds a poll."""
PAGES_MAX = 1000
ENDED = frozenset({"Succeeded", "Failed", "Canceled"})


class ApiFailure(Failure):
    """The service refused, or an operation failed; ``code`` is Azure's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}", HINTS.get(code, ""))
        self.status = status
        self.code = code


HINTS: Mapping[str, str] = {
    "AllocationFailed": "The host has no room: delete or deallocate a machine, or choose a smaller vmSize.",
    "OSProvisioningTimedOut": "See what the guest printed: calco vm console NAME",
    "InvalidAuthenticationToken": "The secrets on disk are not this service's: restart it with calco down, calco up.",
}


class Wait(Protocol):
    def __call__(self, seconds: float, /) -> object: ...


@dataclass
class Client:
    """``http`` has the service's URL as its base. ``wait`` passes the time between two polls."""

    http: httpx.Client
    credentials: principals.Principal
    secret: str = field(repr=False)
    wait: Wait = field(default_factory=lambda: threading.Event().wait)
    watch: Callable[[str], Waiting] = waiting
    _token: str = field(default="", repr=False)

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.credentials.subscription_id}"

    def get(self, path: str, **query: str) -> Document:
        """The document at ``path``. Raises Failure."""
        return document_in(self.send("GET", path, query=query).content)

    def list(self, path: str, **query: str) -> list[Document]:
        """All elements of a list, page after page. Raises Failure."""
        found: list[Document] = []
        page = self.get(path, **query)
        for _ in range(PAGES_MAX):
            found += objects_at(page, "value")
            following = text_at(page, "nextLink")
            if not following:
                break
            page = document_in(self._checked("GET", following, None).content)
        return found

    def change(self, method: str, path: str, body: Json = None, *, label: str) -> Document:
        """Ask for a change and follow it to its end; the resource as it then is (PUT, PATCH), or what the operation
        put out. ``label`` is shown meanwhile. Raises Failure when it is refused or fails."""
        with self.watch(label) as step:
            answer = self.send(method, path, body)
            status_url, location = answer.headers.get("azure-asyncoperation"), answer.headers.get("location")
            if status_url:
                document = self._followed(status_url, step)
            elif location and answer.status_code == 202:
                return self._awaited(location, step)
            else:
                return document_in(answer.content)
            if method in {"PUT", "PATCH"}:
                return self.get(path)
            return object_at(document, "properties", "output")

    def send(
        self, method: str, path: str, body: Json = None, *, query: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One request; its answer when the status is below 400. Raises Failure."""
        asked = {"api-version": API_VERSION, **(query or {})}
        return self._checked(method, str(httpx.URL(path).copy_merge_params(asked)), body)

    def _checked(self, method: str, url: str, body: Json) -> httpx.Response:
        answer = self._once(method, url, body)
        if answer.status_code == 401 and self._token:
            self._token = ""  # it ran out while an operation was followed
            answer = self._once(method, url, body)
        if answer.status_code >= 400:
            raise _refusal(answer)
        return answer

    def _once(self, method: str, url: str, body: Json) -> httpx.Response:
        try:
            self._token = self._token or self._new_token()
            headers = {"Authorization": f"Bearer {self._token}"}
            return self.http.request(method, url, json=body, headers=headers)
        except httpx.HTTPError as broken:
            raise Failure(
                f"the service at {self.http.base_url} does not answer: {broken}", "See whether it runs: calco status"
            ) from broken

    def _new_token(self) -> str:
        known = self.credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": known.client_id,
            "client_secret": self.secret,
            "scope": f"{str(self.http.base_url).rstrip('/')}/.default",
        }
        answer = self.http.post(f"/{known.tenant_id}/oauth2/v2.0/token", data=form)
        token = text_at(document_in(answer.content), "access_token")
        if answer.status_code != 200 or not token:
            said = text_at(document_in(answer.content), "error_description") or f"status {answer.status_code}"
            raise Failure(f"the service gives no token: {said}")
        return token

    def _followed(self, url: str, step: Callable[[str], None]) -> Document:
        while True:
            answer = self._checked("GET", url, None)
            document = document_in(answer.content)
            status = text_at(document, "status") or "Succeeded"
            if status == "Succeeded":
                _warn(document)
                return document
            if status in ENDED:
                code = text_at(document, "error", "code") or status
                raise ApiFailure(200, code, text_at(document, "error", "message") or "the operation did not succeed")
            step(status)
            self.wait(_retry_after(answer))

    def _awaited(self, url: str, step: Callable[[str], None]) -> Document:
        while True:
            answer = self._checked("GET", url, None)
            if answer.status_code != 202:
                return document_in(answer.content)
            step("InProgress")
            self.wait(_retry_after(answer))


def connect(data: DataDir) -> Client:
    """A client of the service that runs on ``data``. Raises Failure when none does."""
    running = data.running()
    if running is None:
        raise Failure(f"no calco runs on {data.root}", f"Start it: calco up --detach --data-dir {data.root}")
    try:
        known, secret = principals.read(data.secrets), principals.read_secret(data.secrets)
        trust = ssl.create_default_context(cafile=data.certificates / "ca.pem")
    except (OSError, ValueError) as unreadable:
        raise Failure(f"the secrets in {data.root} cannot be read: {unreadable}") from unreadable
    # Never through a proxy: the service is on this machine.
    http = httpx.Client(base_url=running.url, verify=trust, timeout=TIMEOUT_SECONDS, trust_env=False)
    return Client(http, known, secret)


def _refusal(answer: httpx.Response) -> ApiFailure:
    document = document_in(answer.content)
    code = text_at(document, "error", "code") or str(answer.status_code)
    return ApiFailure(answer.status_code, code, text_at(document, "error", "message") or answer.reason_phrase)


def _warn(status: Document) -> None:
    """Tell what an operation that went well warns of."""
    for each in objects_at(status, "warnings"):
        note(f"warning: {plain(text_at(each, 'message'))}")


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "1")
    return float(text) if re.fullmatch(r"\d{1,3}", text) else 1.0
