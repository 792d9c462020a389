"""One blob, or another resource of a blob endpoint, behind a signed URL: asked over a few connections that are kept.

By the standard library's client: for bodies of megabytes it takes half of httpx's processor time. What a failure says
never has the signature in it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit
from xml.etree import ElementTree

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPSConnection

ATTEMPTS = 4
TIMEOUT_SECONDS = 120
VERSION = "2019-12-12"


class BlobFailure(Exception):
    """The endpoint refused (``status`` and Azure's ``code`` then), or did not answer (0 and empty)."""

    def __init__(self, message: str, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Answer:
    """``headers`` by name in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""


class Resource(Protocol):
    """What is behind a signed URL. May be asked from several threads."""

    def ask(self, method: str, more: str = "", headers: Mapping[str, str] = ..., data: bytes | None = None) -> Answer:
        """One request; ``more`` goes behind the URL's query, beginning with "&". Raises BlobFailure."""

    def close(self) -> None: ...


class SignedUrl:
    """A ``Resource`` over HTTPS. A request is tried again when the service was too busy or the connection broke."""

    def __init__(self, url: str, trust: "ssl.SSLContext") -> None:
        parts = urlsplit(url)
        self._target = f"{parts.path}?{parts.query}"
        self._host, self._port = parts.hostname or "", parts.port
        self._trust = trust
        self._idle: list[HTTPSConnection] = []

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def ask(self, method: str, more: str = "", headers: Mapping[str, str] = {}, data: bytes | None = None) -> Answer:
        from http.client import HTTPException

        broken: Exception | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                threading.Event().wait(0.2 * 2**attempt)
            try:
                answer = self._once(method, more, headers, data)
            except (OSError, HTTPException) as error:
                broken = error
                continue
            except ValueError as strange:  # a header of somebody's words with a line end in it
                raise BlobFailure("what was asked of the blob endpoint is nothing that can be sent") from strange
            if answer.status not in (500, 503):
                break
        else:
            raise BlobFailure(f"the blob endpoint does not answer: {broken or 'it is too busy'}") from broken
        if answer.status >= 400:
            raise refusal(answer)
        return answer

    def _once(self, method: str, more: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
        connection = self._connection()
        try:
            connection.request(method, self._target + more, data, {"x-ms-version": VERSION, **headers})
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.headers.items()}
            answer = Answer(response.status, told, response.read())
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _connection(self) -> "HTTPSConnection":
        """One that is kept, or a new one; adding to a list and taking from it are whole in every thread."""
        from http.client import HTTPSConnection

        try:
            return self._idle.pop()
        except IndexError:
            return HTTPSConnection(self._host, self._port, timeout=TIMEOUT_SECONDS, context=self._trust)


def refusal(answer: Answer) -> BlobFailure:
    """What an answer of 400 or more says, in one sentence."""
    code = answer.headers.get("x-ms-error-code", "")
    try:
        told = ElementTree.fromstring(answer.content)  # noqa: S314 our own service's
    except ElementTree.ParseError:
        said = f"{answer.status} {code}".strip()
    else:
        code, lines = told.findtext("Code") or code, (told.findtext("Message") or "").splitlines()
        said = ": ".join(each for each in (code, lines[0] if lines else str(answer.status)) if each)
    return BlobFailure(f"the blob endpoint refuses: {said}", answer.status, code)
