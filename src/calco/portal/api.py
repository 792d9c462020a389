"""The public API as the portal uses it: with the signed-in user's token, and with no right beyond theirs.

Requests reach the service's own application without a socket in between; to it they are as any others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

import httpx
import msgspec

from calco.model.document import Document, Json, document_in, object_at, objects_at, text_at

API_VERSION = "2024-11-01"
PAGES_MAX = 100
POLLS_MAX = 2
"""Each is held for 20 s."""


class Refused(Exception):
    """The API refused, in its own words. ``status`` 401: the session is over. ``target``: what in the request it is
    about; ``details``: what was refused for each part of it."""

    def __init__(
        self, status: int, code: str, message: str, target: str = "", details: Sequence["Refused"] = ()
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = details


@dataclass(frozen=True)
class Reply:
    """``operation`` is the id of the work that goes on, ``follow`` where the API tells of its end; empty when nothing
    does."""

    status: int
    document: Document
    operation: str = ""
    follow: str = ""


@dataclass(frozen=True)
class Listed:
    """One page of a list; ``next`` leads to the following one, empty at the end."""

    items: list[Document]
    next: str = ""


@dataclass(frozen=True)
class Api:
    """``base`` is scheme and host as the browser used them, so that addresses in answers lead back the way it came."""

    http: httpx.AsyncClient
    base: str
    subscription_id: str
    token: str = field(repr=False)

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.subscription_id}"

    async def get(self, path: str, **query: str) -> Document:
        """The document at ``path``. Raises Refused."""
        return (await self.send("GET", path, query=query)).document

    async def find(self, path: str, **query: str) -> Document | None:
        """The document at ``path``; None when there is nothing, or nothing that this user may see. Raises Refused."""
        try:
            return await self.get(path, **query)
        except Refused as refusal:
            if refusal.status in (403, 404):
                return None
            raise

    async def list(self, path: str, **query: str) -> list[Document]:
        """All of a list, page after page. Raises Refused."""
        found: list[Document] = []
        page = await self.page(path, **query)
        for _ in range(PAGES_MAX):
            found += page.items
            if not page.next:
                break
            page = await self.page(page.next)
        return found

    async def seen(self, path: str, **query: str) -> Sequence[Document]:
        """All of a list as far as this user may see it: nothing when it may not be read. Raises Refused."""
        try:
            return await self.list(path, **query)
        except Refused as refusal:
            if refusal.status in (403, 404):
                return []
            raise

    async def page(self, path: str, **query: str) -> Listed:
        """One page of a list. Raises Refused."""
        document = await self.get(path, **query)
        return Listed(objects_at(document, "value"), text_at(document, "nextLink") or "")

    async def send(self, method: str, path: str, body: Json = None, *, query: Mapping[str, str] | None = None) -> Reply:
        """One request. ``path`` may bring its own query, an ``api-version`` included. Raises Refused."""
        asked = {**({} if "api-version=" in path else {"api-version": API_VERSION}), **(query or {})}
        url = _leading(self.base, path).copy_merge_params(asked)
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.http.request(method, url, json=body, headers=headers)
        document = document_in(answer.content, msgspec.json.decode)  # lists are long
        if answer.status_code >= 400:
            raise _refused(answer, document)
        follow = answer.headers.get("azure-asyncoperation", "")
        goes_on = bool(follow) or answer.status_code == 202
        operation = answer.headers.get("x-ms-request-id", "") if goes_on else ""
        return Reply(answer.status_code, document, operation, follow)

    async def ended(self, reply: Reply) -> None:
        """Wait for the success of what takes no more than a moment; the API holds a poll until then. Raises Refused,
        also when it takes longer."""
        if not reply.follow:
            return
        for _ in range(POLLS_MAX):
            told = await self.get(reply.follow)
            status = text_at(told, "status")
            if status == "Succeeded":
                return
            if status != "InProgress":
                raise _of(409, object_at(told, "error"), f"A change before this one: {status}.")
        raise Refused(409, "Conflict", "A change before this one still goes on.")


def _leading(base: str, path: str) -> httpx.URL:
    """That path of this service. A following page's address is absolute; only its path and query are believed. A name
    of dots, or none, would make it another path than it looks: there is nothing of such a name. Raises Refused."""
    try:
        raw = httpx.URL(path).raw_path
        names = [unquote(each) for each in raw.decode("ascii").partition("?")[0].split("/")]
        if names[0] or any(each in ("", ".", "..") for each in names[1:]):
            raise Refused(404, "ResourceNotFound", f"There is nothing at '{path[:200]}'.")
        return httpx.URL(base).copy_with(raw_path=raw)
    except httpx.InvalidURL as no_address:
        raise Refused(404, "ResourceNotFound", f"There is nothing at '{path[:200]}'.") from no_address


def _refused(answer: httpx.Response, document: Document) -> Refused:
    return _of(answer.status_code, object_at(document, "error"), answer.reason_phrase)


def _of(status: int, error: Document, reason: str = "") -> Refused:
    return Refused(
        status,
        text_at(error, "code") or str(status),
        text_at(error, "message") or reason,
        text_at(error, "target") or "",
        [_of(status, each) for each in objects_at(error, "details")],
    )
