"""Public addresses by relay: for machines that do not let this process make links and routes.

The address itself is used when it is a loopback one (127.x.y.z) and the port binds: ports below
``ip_unprivileged_port_start`` do not for a plain user, and no port does that another program has on 0.0.0.0. Where it
does not bind, a high port of 127.0.0.1 stands for it; its number is kept, so that it is the same after a restart.
"""

import functools
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path

import msgspec

from calco.compute.network_folder import folder_of
from calco.compute.relay import Relay

Dial = Callable[[int], socket.socket]
"""A connection to the guest's TCP port of that number. Raises OSError."""

_KEPT = "public.json"


class RelayedAddresses:
    """The relayed addresses of all networks of one service. ``folder`` has a folder for each network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._relay = Relay()

    def publish(
        self, network: str, address: str, tcp_ports: Sequence[int], dial: Dial
    ) -> Mapping[int, tuple[str, int]]:
        """Relay each of ``tcp_ports``; answers where each is served. Repeated, it keeps the places.

        Raises OSError; then nothing of the address is served.
        """
        kept = self._kept(network)
        before = kept.get(address, {})
        self._end(address, [port for port in before if port not in tcp_ports])
        places: dict[int, tuple[str, int]] = {}
        try:
            for port in tcp_ports:
                places[port] = self._serve(address, port, before.get(port, 0), functools.partial(dial, port))
        except BaseException:
            self._end(address, tcp_ports)
            raise
        kept[address] = {port: number for port, (_, number) in places.items()}
        self._keep(network, kept)
        return places

    def unpublish(self, network: str, address: str) -> None:
        """Absent is fine."""
        kept = self._kept(network)
        if address in kept:
            self._end(address, list(kept.pop(address)))
            self._keep(network, kept)

    def end(self, network: str) -> None:
        """Stop relaying for the whole network."""
        for address, ports in self._kept(network).items():
            self._end(address, list(ports))

    def stop(self) -> None:
        """Stop relaying at all; what was kept is kept."""
        self._relay.stop()

    def _serve(self, address: str, port: int, high: int, connect: Callable[[], socket.socket]) -> tuple[str, int]:
        place = self._relay.place((address, port))
        if place is None:
            listener = _bind(address, port, high)
            place = listener.getsockname()[:2]
            self._relay.serve((address, port), listener, connect)
        return place

    def _end(self, address: str, ports: Sequence[int]) -> None:
        for port in ports:
            self._relay.end((address, port))

    def _kept(self, network: str) -> dict[str, dict[int, int]]:
        try:
            return msgspec.json.decode(
                (folder_of(self._folder, network) / _KEPT).read_bytes(), type=dict[str, dict[int, int]]
            )
        except (OSError, msgspec.MsgspecError):
            return {}

    def _keep(self, network: str, kept: dict[str, dict[int, int]]) -> None:
        file = folder_of(self._folder, network) / _KEPT
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_bytes(msgspec.json.encode(kept))
        fresh.replace(file)


def is_loopback(address: str) -> bool:
    """Raises ValueError when ``address`` is no IPv4 address."""
    return IPv4Address(address).is_loopback


def _bind(address: str, port: int, high: int) -> socket.socket:
    """The best place there is: the address itself, else the high port of before, else a new one."""
    places = [(address, port)] if is_loopback(address) else []
    for place in [*places, *([("127.0.0.1", high)] if high else [])]:
        with suppress(OSError):
            return socket.create_server(place)
    return socket.create_server(("127.0.0.1", 0))
