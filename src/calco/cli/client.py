"""The public API as the commands use it: what went wrong is told with a next step, what takes time is shown."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from calco import client
from calco.cli.common import Failure, note, plain
from calco.cli.progress import Waiting, waiting
from calco.data_dir import DataDir
from calco.identity import principals
from calco.model.document import Document, Json, text_at


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


@dataclass
class Client:
    """``http`` has the service's URL as its base. ``wait`` passes the time between two polls."""

    http: httpx.Client
    credentials: principals.Principal
    secret: str = field(repr=False)
    wait: client.Wait = field(default_factory=lambda: threading.Event().wait)
    watch: Callable[[str], Waiting] = waiting

    def __post_init__(self) -> None:
        self._api = client.Client(self.http, client.Token(self._new_token), self.wait)

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.credentials.subscription_id}"

    def get(self, path: str, **query: str) -> Document:
        """The document at ``path``. Raises Failure."""
        with _told():
            return self._api.get(path, query)

    def list(self, path: str, **query: str) -> list[Document]:
        """All elements of a list, page after page. Raises Failure."""
        with _told():
            return self._api.list(path, query)

    def change(self, method: str, path: str, body: Json = None, *, label: str) -> Document:
        """Ask for a change and follow it to its end; the resource as it then is (PUT, PATCH), or what the operation
        put out. ``label`` is shown meanwhile. Raises Failure when it is refused or fails."""
        with self.watch(label) as step, _told():
            ended = self._api.change(method, path, body, step=step)
            for warning in ended.warnings:
                note(f"warning: {plain(warning)}")
            return ended.document

    def send(
        self, method: str, path: str, body: Json = None, *, query: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One request; its answer when the status is below 400. Raises Failure."""
        with _told():
            return self._api.send(method, path, body, query=query)

    def token(self) -> str:
        """The access token in use; after a request that was answered, one that is good. Raises Failure."""
        with _told():
            return self._api.token("")

    def _new_token(self) -> str:
        known = self.credentials
        form = {"grant_type": "client_credentials", "client_id": known.client_id, "client_secret": self.secret}
        try:
            return text_at(client.granted(self.http, known.tenant_id, form), "access_token") or ""
        except client.Refused as refused:
            raise Failure(f"the service gives no token: {refused.message}") from refused


@contextmanager
def _told() -> Iterator[None]:
    """What the API refuses, and its silence, in a command's words."""
    try:
        yield
    except client.Refused as refused:
        raise ApiFailure(refused.status, refused.code, refused.message) from refused
    except client.Unreachable as silent:
        raise Failure(str(silent), "See whether it runs: calco status") from silent


def connect(data: DataDir) -> Client:
    """A client of the service that runs on ``data``. Raises Failure when none does."""
    running = data.running()
    if running is None:
        raise Failure(f"no calco runs on {data.root}", f"Start it: calco up --detach --data-dir {data.root}")
    try:
        known, secret = principals.read(data.secrets), principals.read_secret(data.secrets)
        http = http_to(data, running.url)
    except (OSError, ValueError) as unreadable:
        raise Failure(f"the secrets in {data.root} cannot be read: {unreadable}") from unreadable
    return Client(http, known, secret)


def http_to(data: DataDir, url: str) -> httpx.Client:
    """A client that trusts the service of ``data`` at ``url``. Raises OSError, ValueError when that is not there."""
    trust = ssl.create_default_context(cafile=data.certificates / "ca.pem")
    # Never through a proxy: the service is on this machine.
    return httpx.Client(base_url=url, verify=trust, timeout=client.TIMEOUT_SECONDS, trust_env=False)
