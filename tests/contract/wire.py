"""A client that cannot be had here, request by request: over real HTTPS, with tokens it gets as that client gets them.

Each request is written down with its answer's status; `table` is what the client's page shows of that.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.service_process import ServiceProcess, serving

Body = dict[str, Any]


@dataclass
class Wire:
    """``version`` of each request is the client's own."""

    service: ServiceProcess
    http: httpx.Client
    environ: dict[str, str]
    token: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.environ['AZURE_SUBSCRIPTION_ID']}"

    def ask(
        self, method: str, path: str, version: str, body: Body | None = None, *, status: int, **query: str
    ) -> httpx.Response:
        """Ask, and see the one status that the client takes."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        params = {**query, "api-version": version}
        answer = self.http.request(method, path, params=params, json=body, headers=headers)
        self.lines.append(self._line(method, path, query, version, answer.status_code))
        said = f"{method} {path}: {answer.status_code} instead of {status}\n{answer.text}"
        assert answer.status_code == status, said
        return answer

    def get(self, path: str, version: str, **query: str) -> Body:
        found: Body = self.ask("GET", path, version, None, status=200, **query).json()
        return found

    def get_open(self, url: str) -> Body:
        """What anybody may read, without a token and without a version."""
        answer = self.http.get(url)
        self.lines.append(self._line("GET", httpx.URL(url).path, {}, "", answer.status_code))
        assert answer.status_code == 200, answer.text
        found: Body = answer.json()
        return found

    def ended(self, answer: httpx.Response) -> Body:
        """Poll what an answer names to its end; the document of an operation that succeeded."""
        for _ in range(100):
            poll = self.http.get(
                answer.headers["azure-asyncoperation"], headers={"Authorization": f"Bearer {self.token}"}
            )
            assert poll.status_code == 200, poll.text
            document: Body = poll.json()
            if document["status"] != "InProgress":
                assert document["status"] == "Succeeded", document
                return document
        raise AssertionError(f"{answer.url} does not end")

    def ended_or_done(self, answer: httpx.Response) -> None:
        """An answer that names an operation has it polled to its end; one that names none was the end."""
        if "azure-asyncoperation" in answer.headers:
            self.ended(answer)

    def wait_for_404(self, path: str, version: str) -> None:
        """Ask for a resource again and again, as clients do that follow no operation, until there is none."""
        pause = threading.Event()
        for _ in range(300):
            answer = self.http.get(
                path, params={"api-version": version}, headers={"Authorization": f"Bearer {self.token}"}
            )
            if answer.status_code == 404:
                return
            pause.wait(0.1)
        raise AssertionError(f"{path} does not go: {answer.status_code} {answer.text}")

    def sign_in(self, token_endpoint: str, **form: str) -> Body:
        """A token for the requests to come, by this client's own form."""
        answer = self.http.post(
            token_endpoint,
            data={
                "client_id": self.environ["AZURE_CLIENT_ID"],
                "client_secret": self.environ["AZURE_CLIENT_SECRET"],
                "grant_type": "client_credentials",
                **form,
            },
        )
        self.lines.append(self._line("POST", httpx.URL(token_endpoint).path, {}, "", answer.status_code))
        assert answer.status_code == 200, answer.text
        document: Body = answer.json()
        self.token = document["access_token"]
        return document

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """What is asked in the block is no part of the table: furniture, not the client's own requests."""
        kept = list(self.lines)
        yield
        self.lines = kept

    def table(self) -> str:
        """All requests, as a table; ids of the subscription and the tenant by name, repeated requests once."""
        return "\n".join(["| request | api-version | answer |", "| --- | --- | --- |", *dict.fromkeys(self.lines)])

    def _line(self, method: str, path: str, query: dict[str, str], version: str, status: int) -> str:
        shown = path.replace(self.environ["AZURE_SUBSCRIPTION_ID"], "{s}").replace(
            self.environ["AZURE_TENANT_ID"], "{t}"
        )
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return f"| `{method} {shown}{'?' if asked else ''}{asked}` | {version or '-'} | {status} |"


@contextmanager
def wired(folder: Path) -> Iterator[Wire]:
    """A service on simulated machines, and a client that has only what `calco env` prints."""
    with serving(folder / "data") as service:
        environ = service.env
        trusted = ssl.create_default_context(cafile=environ["SSL_CERT_FILE"])
        with httpx.Client(base_url=environ["CALCO_ENDPOINT"], verify=trusted, timeout=60, trust_env=False) as http:
            yield Wire(service, http, environ)
