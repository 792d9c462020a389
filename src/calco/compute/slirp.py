"""Networks by QEMU's own user network (slirp): the fallback that needs nothing of the machine.

Each machine sits alone behind its QEMU process: it reaches the fabric, through a Unix socket of its own by which it is
known, and nothing else; this machine reaches it on the few TCP ports that are forwarded from a loopback port. Guests
have the address 168.0.0.4, not their NIC's private address, in a network wide enough to hold both fabric addresses, for
slirp forwards none outside it. Its DHCP cannot send options 245 and 121: cloud-init is satisfied, waagent finds no
route to the wireserver and goes on asking.

The QEMU process starts ``slirp_relay`` for each request (20 ms of CPU), so its sandbox must let it start programs.
Source: QEMU manual, -netdev user.
"""

import os
import shlex
import shutil
import socket
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from calco.compute.network_folder import folder_of, named, networks_in
from calco.compute.public_address import RelayedAddresses
from calco.model.machine import Link
from calco.model.subnet import FABRIC, Port, Subnet
from calco.ports import FabricSocket, NetworkCapabilities

_GUEST_SIDE = "net=168.0.0.0/7,host=168.0.0.1,dns=168.0.0.2,dhcpstart=168.0.0.4"
_BACKLOG = 64
T = TypeVar("T")


class Plugged(msgspec.Struct, frozen=True):
    """A NIC as it is kept. ``forwards``: which loopback port stands for which of the guest's TCP ports."""

    address: str
    forwards: dict[int, int]


class SlirpNetwork:
    """Implements ``ports.VirtualNetwork`` and ``ports.FabricSockets``. Everything costs a small file at most.

    ``forwarded`` are the guest's TCP ports that can be dialled. A forwarding port is chosen free when a NIC is plugged
    for the first time; another program may take it before the machine starts, and then QEMU says so.
    """

    def __init__(self, folder: Path, run_dir: Path, *, forwarded: Sequence[int] = (22,)) -> None:
        self._folder = folder.absolute()
        self._run_dir = run_dir.absolute()
        self._forwarded = tuple(forwarded)
        self._changing = threading.RLock()
        self._listening: dict[tuple[str, str], socket.socket] = {}
        self._relayed = RelayedAddresses(self._folder)

    @property
    def capabilities(self) -> NetworkCapabilities:
        return NetworkCapabilities(waagent=False, between_machines=False, routed_addresses=False)

    def open(self, network: str, subnets: Sequence[Subnet]) -> None:
        folder = self._of(network)
        with self._changing:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(folder / "subnets.json", {subnet.name: str(subnet.prefix) for subnet in subnets})

    def close(self, network: str) -> None:
        folder = self._of(network)
        with self._changing:
            self._relayed.end(network)
            for nic in self._plugged(network):
                self._stop_listening(nic)
            if folder.exists():
                shutil.rmtree(folder)

    def networks(self) -> set[str]:
        return networks_in(self._folder)

    def plug(self, port: Port) -> Link:
        with self._changing:
            plugged = self._plugged(port.network)
            self._check(port)
            before = plugged.get(port.nic)
            forwards = dict(before.forwards) if before else {}
            taken = {number for network in self.networks() for number in self._taken(network)}
            for tcp_port in self._forwarded:
                if tcp_port not in forwards:
                    forwards[tcp_port] = _free_port(taken)
                    taken.add(forwards[tcp_port])
            self._listen(port.nic)
            plugged[port.nic] = Plugged(port.address, forwards)
            _write(self._of(port.network) / "plugs.json", plugged)
        return Link(port.mac, self._netdev(port.nic, forwards))

    def unplug(self, port: Port) -> None:
        with self._changing:
            plugged = self._plugged(port.network)
            if plugged.pop(port.nic, None) is not None:
                _write(self._of(port.network) / "plugs.json", plugged)
            self._stop_listening(port.nic)

    def listeners(self, network: str) -> Sequence[FabricSocket]:
        with self._changing:
            if not self._of(network).is_dir():
                raise FileNotFoundError(f"network {network} is not open")
            plugged = self._plugged(network)
            for nic in plugged:
                self._listen(nic)
            return [
                FabricSocket(service, self._listening[nic, service].dup(), one.address)
                for nic, one in plugged.items()
                for service in FABRIC
            ]

    def dial(self, port: Port, tcp_port: int, *, timeout_seconds: float) -> socket.socket:
        plugged = self._plugged(port.network).get(port.nic)
        if plugged is None or tcp_port not in plugged.forwards:
            raise ConnectionRefusedError(f"port {tcp_port} of {port.address} is not forwarded")
        reached = socket.create_connection(("127.0.0.1", plugged.forwards[tcp_port]), timeout=timeout_seconds)
        reached.settimeout(None)
        return reached

    def publish(self, port: Port, address: str, tcp_ports: Sequence[int]) -> Mapping[int, tuple[str, int]]:
        """Only forwarded ports are answered for."""

        def dial(tcp_port: int) -> socket.socket:
            return self.dial(port, tcp_port, timeout_seconds=15)

        with self._changing:
            for network in self.networks() - {port.network}:
                self._relayed.unpublish(network, address)
            reachable = [tcp_port for tcp_port in tcp_ports if tcp_port in self._forwarded]
            return self._relayed.publish(port.network, address, reachable, dial)

    def unpublish(self, address: str) -> None:
        with self._changing:
            for network in self.networks():
                self._relayed.unpublish(network, address)

    def detach(self) -> None:
        """Let go of what the service itself holds; its sockets are bound again when they are asked for."""
        with self._changing:
            self._relayed.stop()
            for one in self._listening.values():
                one.close()
            self._listening.clear()

    def _check(self, port: Port) -> None:
        known = _read(self._of(port.network) / "subnets.json", dict[str, str])
        if known is None or port.subnet.name not in known or not port.subnet.holds(port.address):
            raise FileNotFoundError(f"{port.address} has no subnet {port.subnet.name} in network {port.network}")

    def _netdev(self, nic: str, forwards: Mapping[int, int]) -> str:
        words = ["user", "restrict=on", _GUEST_SIDE]
        for service, (address, tcp_port) in FABRIC.items():
            command = shlex.join(
                [sys.executable, "-P", "-m", "calco.compute.slirp_relay", os.fspath(self._path(nic, service))]
            )
            words.append(f"guestfwd=tcp:{address}:{tcp_port}-cmd:{command.replace(',', ',,')}")
        words += [f"hostfwd=tcp:127.0.0.1:{number}-:{tcp_port}" for tcp_port, number in forwards.items()]
        return ",".join(words)

    def _listen(self, nic: str) -> None:
        for service in FABRIC:
            if (nic, service) not in self._listening:
                path = self._path(nic, service)
                path.unlink(missing_ok=True)
                fresh = socket.socket(socket.AF_UNIX)
                try:
                    fresh.bind(os.fspath(path))
                    path.chmod(0o600)
                    fresh.listen(_BACKLOG)
                    fresh.setblocking(False)  # for all duplicates: see network_holder
                except BaseException:
                    fresh.close()
                    raise
                self._listening[nic, service] = fresh

    def _stop_listening(self, nic: str) -> None:
        for service in FABRIC:
            held = self._listening.pop((nic, service), None)
            if held is not None:
                held.close()
            self._path(nic, service).unlink(missing_ok=True)

    def _path(self, nic: str, service: str) -> Path:
        return self._run_dir / f"{named(nic)}.{service}"

    def _of(self, network: str) -> Path:
        return folder_of(self._folder, network)

    def _plugged(self, network: str) -> dict[str, Plugged]:
        return _read(self._of(network) / "plugs.json", dict[str, Plugged]) or {}

    def _taken(self, network: str) -> set[int]:
        return {number for one in self._plugged(network).values() for number in one.forwards.values()}


def _read(file: Path, shape: type[T]) -> T | None:
    """What ``file`` says; None when it is absent or damaged."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=shape)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(file: Path, value: object) -> None:
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_bytes(msgspec.json.encode(value))
    fresh.replace(file)


def _free_port(taken: Collection[int]) -> int:
    """A loopback port that is free now and promised to no other NIC."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as trial:
            number = int(trial.getsockname()[1])
        if number not in taken:
            return number
