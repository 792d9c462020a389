"""A small HTTPS client: one connection kept open, little CPU of its own, for it shares the cores with what it measures.

It polls as Azure's SDKs do: the status URL at once, then again after ``Retry-After``, which a held poll makes needless.
"""

import http.client
import json
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

API_VERSION = "2024-07-01"
TIMEOUT_SECONDS = 300

Json = dict[str, object]


class Failed(Exception):
    """An answer that should not have come: the benchmark is worthless then."""


@dataclass(frozen=True)
class Access:
    """How a service is reached, as ``calco env --shell json`` tells it."""

    endpoint: str
    tenant: str
    client: str
    secret: str
    subscription: str
    authority_file: str

    @classmethod
    def of(cls, variables: dict[str, str]) -> "Access":
        return cls(
            endpoint=variables["CALCO_ENDPOINT"],
            tenant=variables["AZURE_TENANT_ID"],
            client=variables["AZURE_CLIENT_ID"],
            secret=variables["AZURE_CLIENT_SECRET"],
            subscription=variables["AZURE_SUBSCRIPTION_ID"],
            authority_file=variables["NODE_EXTRA_CA_CERTS"],
        )


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def document(self) -> Json:
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document


class Client:
    """One caller. Not for several threads at once; ``another`` makes one with a connection of its own."""

    def __init__(self, access: Access, token: str = "", context: ssl.SSLContext | None = None) -> None:
        self._access = access
        self._context = context or ssl.create_default_context(cafile=access.authority_file)
        place = urlsplit(access.endpoint)
        self._connection = http.client.HTTPSConnection(
            place.hostname or "", place.port, timeout=TIMEOUT_SECONDS, context=self._context
        )
        self._token = token or self._log_in()

    def another(self) -> "Client":
        return Client(self._access, self._token, self._context)

    def close(self) -> None:
        self._connection.close()

    def path(self, group: str, kind: str = "", name: str = "") -> str:
        """Path of a resource group, or of a resource in it: ``path("lab", "Microsoft.Compute/images", "golden")``.
        Without a name: of the list of them."""
        root = f"/subscriptions/{self._access.subscription}/resourceGroups/{group}"
        return f"{root}/providers/{kind}/{name}".rstrip("/") if kind else root

    def send(self, method: str, target: str, body: Json | None = None) -> Answer:
        """Raises Failed on a refusal."""
        headers = {"Authorization": f"Bearer {self._token}"}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        answer = self._exchange(method, target, content, headers)
        if answer.status >= 400:
            raise Failed(f"{method} {target}: {answer.status} {answer.body.decode(errors='replace')[:400]}")
        return answer

    def get(self, path: str) -> Json:
        return self.send("GET", _versioned(path)).document()

    def begin(self, method: str, path: str, body: Json | None = None) -> Answer:
        """The first answer of what may go on after it."""
        return self.send(method, _versioned(path), body)

    def finish(self, began: Answer) -> None:
        """Wait for the end of what an answer began. Raises Failed when it did not succeed."""
        url = began.headers["Azure-AsyncOperation"] or began.headers["Location"]
        while url is not None:
            answer = self.send("GET", _target(url))
            status = answer.document().get("status") if answer.body else None
            if answer.status == 202 or status == "InProgress":
                time.sleep(int(answer.headers["Retry-After"] or 1))
                continue
            if status not in (None, "Succeeded"):
                raise Failed(f"{url}: {answer.body.decode(errors='replace')[:400]}")
            return

    def do(self, method: str, path: str, body: Json | None = None) -> None:
        """Begin and finish."""
        self.finish(self.begin(method, path, body))

    def _log_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._access.client,
            "client_secret": self._access.secret,
            "scope": f"{self._access.endpoint}/.default",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        target = f"/{self._access.tenant}/oauth2/v2.0/token"
        answer = self._exchange("POST", target, urlencode(form).encode(), headers)
        if answer.status != 200:
            raise Failed(f"no token: {answer.status}")
        return str(answer.document()["access_token"])

    def _exchange(self, method: str, target: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        try:
            return self._once(method, target, content, headers)
        except (ConnectionError, ssl.SSLEOFError):
            # Servers close connections nobody has used for a while; all that is sent here may be sent again.
            self._connection.close()
            return self._once(method, target, content, headers)

    def _once(self, method: str, target: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        self._connection.request(method, target, body=content, headers=headers)
        response = self._connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def _versioned(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}api-version={API_VERSION}"


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
