"""A machine's serial console for tests, over the service's own websocket, as a program uses it.

with console(service, machine_id) as screen:
    screen.wait_for(b"login:", seconds=120)
    screen.type("azureuser\\r")
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from calco.model.document import text_at
from tests.service_process import ServiceProcess


class Screen:
    """What a console has shown so far, and its keyboard."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.shown = b""
        self.looked = 0

    def type(self, keys: str | bytes) -> None:
        """Enter is a carriage return."""
        self.connection.send(keys.encode() if isinstance(keys, str) else keys)

    def wait_for(self, what: bytes, *, seconds: float = 20) -> bytes:
        """Until that is shown, behind what was waited for before; what was shown up to its end. An AssertionError, with
        all that was shown, when the machine says nothing for so long."""
        while (at := self.shown.find(what, self.looked)) < 0:
            try:
                self._take(seconds)
            except TimeoutError as silent:
                raise AssertionError(f"{what!r} is not shown: {self.shown[-4000:]!r}") from silent
        seen = self.shown[self.looked : at + len(what)]
        self.looked = at + len(what)
        return seen

    def ending(self, *, seconds: float = 20) -> tuple[int, str]:
        """Code and reason of its end."""
        with suppress(ConnectionClosed):
            while True:
                self._take(seconds)
        return self.connection.close_code or 0, self.connection.close_reason or ""

    def _take(self, seconds: float) -> None:
        said = self.connection.recv(seconds)
        self.shown += said if isinstance(said, bytes) else said.encode()


def address(service: ServiceProcess, machine: str) -> str:
    """A fresh address of the console of the machine with that id: it opens one once."""
    port = f"{machine}/providers/Microsoft.SerialConsole/serialPorts/0"
    found = text_at(service.client.change("POST", f"{port}/connect", label="connecting"), "connectionString")
    assert found is not None
    return found


@contextmanager
def console(service: ServiceProcess, machine: str) -> Iterator[Screen]:
    """The machine runs and has boot diagnostics."""
    with opened(service, address(service, machine)) as connection:
        yield Screen(connection)


def opened(service: ServiceProcess, url: str, *, origin: str | None = None) -> ClientConnection:
    """A websocket of the service's."""
    trust = ssl.create_default_context(cafile=service.data.certificates / "ca.pem")
    headers = {} if origin is None else {"Origin": origin}
    return connect(url, ssl=trust, additional_headers=headers, proxy=None, user_agent_header=None)
