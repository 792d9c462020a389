"""Virtual networks as namespaces: real addresses, DHCP as in Azure, the fabric at its own two addresses; unprivileged.

Each network is a holder process (``network_holder``) with a folder in the data directory and a socket in the run
directory. This side remembers nothing: what a network has is asked of its holder, and which process that is, of the
kernel (SO_PEERCRED). When a holder is gone its network is gone with it, machines' links included; ``open`` makes a new
one and ``plug`` has to be called again.
"""

import logging
import os
import select
import shutil
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from calco import process
from calco.compute import holder_protocol as protocol
from calco.compute import uplink
from calco.compute.network_folder import folder_of, named, networks_in
from calco.compute.public_address import RelayedAddresses, is_loopback
from calco.model.machine import Link
from calco.model.subnet import Port, Subnet
from calco.ports import Clock, FabricSocket, NetworkCapabilities
from calco.tool import ToolFailed

_ANSWER_SECONDS = 60
"""A holder takes commands one after the other; each takes some hundredths of a second, on a busy machine far more."""

_START_SECONDS = 30
_DIAL_SECONDS = 15

log = logging.getLogger(__name__)


class NamespaceNetwork:
    """Implements ``ports.VirtualNetwork`` and ``ports.FabricSockets``. Opening takes about 0.3 s, a plug 0.05 s."""

    def __init__(self, folder: Path, run_dir: Path, clock: Clock) -> None:
        self._folder = folder.absolute()
        self._run_dir = run_dir
        self._clock = clock
        self._changing = threading.RLock()
        self._relayed = RelayedAddresses(self._folder)

    @property
    def capabilities(self) -> NetworkCapabilities:
        return NetworkCapabilities(waagent=True, between_machines=True, routed_addresses=uplink.is_allowed())

    def open(self, network: str, subnets: Sequence[Subnet]) -> None:
        lines = [protocol.SubnetLine(subnet.name, str(subnet.prefix)) for subnet in subnets]
        with self._changing:
            fresh = self._state(network) is None
            try:
                if fresh:
                    self._start_holder(network)
                self._ask(network, protocol.SetSubnets(lines))
            except BaseException:
                if fresh:
                    self.close(network)
                raise

    def close(self, network: str) -> None:
        folder = self._of(network)
        with self._changing:
            self._relayed.end(network)
            uplink.drop(network)
            holder = self._holder(network)
            if holder is not None:
                with suppress(OSError, ToolFailed):
                    self._ask(network, protocol.Quit())
                    _wait_gone(holder, 10)
                process.end(holder, grace_seconds=10)
            self._socket(network).unlink(missing_ok=True)
            if folder.exists():
                shutil.rmtree(folder)

    def networks(self) -> set[str]:
        return networks_in(self._folder)

    def plug(self, port: Port) -> Link:
        reply = self._ask(port.network, protocol.plug_of(port))
        enter = ("nsenter", "-t", str(reply.pid), "-U", "-n", "--preserve-credentials")
        netdev = f"tap,ifname={protocol.tap_of(port.nic)},script=no,downscript=no,vhost=off"
        return Link(port.mac, netdev, enter)

    def unplug(self, port: Port) -> None:
        if self._state(port.network) is not None:
            self._ask(port.network, protocol.Unplug(port.nic))

    def listeners(self, network: str) -> Sequence[FabricSocket]:
        reply = self._ask(network, protocol.GiveListeners())
        return [FabricSocket(name, one, None) for name, one in zip(reply.answer.listeners, reply.sockets, strict=True)]

    def dial(self, port: Port, tcp_port: int, *, timeout_seconds: float) -> socket.socket:
        until = self._clock.monotonic() + timeout_seconds
        try:
            (reached,) = self._ask(port.network, protocol.GiveSocket(), timeout_seconds).sockets
        except ToolFailed as refused:
            raise ConnectionError(str(refused)) from refused
        try:
            reached.settimeout(max(0.1, until - self._clock.monotonic()))
            reached.connect((port.address, tcp_port))
            reached.settimeout(None)
        except BaseException:
            reached.close()
            raise
        return reached

    def publish(self, port: Port, address: str, tcp_ports: Sequence[int]) -> Mapping[int, tuple[str, int]]:
        with self._changing:
            for network in self.networks() - {port.network}:
                self._withdraw(network, address)
            if not is_loopback(address) and uplink.is_allowed():
                try:
                    self._route(port, address)
                except (ToolFailed, OSError) as failed:
                    log.warning("%s cannot be routed here, it is relayed: %s", address, failed)
                    self._unroute(port.network, address)
                else:
                    self._relayed.unpublish(port.network, address)
                    return {number: (address, number) for number in tcp_ports}

            def dial(tcp_port: int) -> socket.socket:
                return self.dial(port, tcp_port, timeout_seconds=_DIAL_SECONDS)

            return self._relayed.publish(port.network, address, tcp_ports, dial)

    def unpublish(self, address: str) -> None:
        with self._changing:
            for network in self.networks():
                self._withdraw(network, address)

    def detach(self) -> None:
        """Let go of what the service itself holds (the relay); networks, machines and routed addresses go on."""
        self._relayed.stop()

    def _withdraw(self, network: str, address: str) -> None:
        self._relayed.unpublish(network, address)
        self._unroute(network, address)

    def _route(self, port: Port, address: str) -> None:
        state = self._ask(port.network, protocol.Describe())
        if state.answer.state is None or not state.answer.state.linked or not uplink.exists(port.network):
            uplink.make(port.network, state.pid)
            try:
                self._ask(port.network, protocol.LinkUp())
            except BaseException:
                uplink.drop(port.network)
                raise
            for known in state.answer.state.published if state.answer.state else ():
                uplink.route(port.network, known)
        # Mapping before route, and the other way round in ``_unroute``: so the holder knows every address with a route.
        self._ask(port.network, protocol.Publish(address, port.address))
        uplink.route(port.network, address)

    def _unroute(self, network: str, address: str) -> None:
        state = self._state(network)
        if state is not None and address in state.published:
            if uplink.exists(network):
                uplink.unroute(network, address)
            self._ask(network, protocol.Unpublish(address))

    def _state(self, network: str) -> protocol.State | None:
        """What the network's holder says there is; None when no holder answers."""
        try:
            return self._ask(network, protocol.Describe()).answer.state
        except (FileNotFoundError, ConnectionError):
            return None

    def _ask(self, network: str, command: protocol.Command, seconds: float = _ANSWER_SECONDS) -> protocol.Reply:
        return protocol.ask(self._socket(network), command, timeout_seconds=seconds)

    def _of(self, network: str) -> Path:
        return folder_of(self._folder, network)

    def _socket(self, network: str) -> Path:
        return self._run_dir / f"{named(network)}.net"

    def _holder(self, network: str) -> process.Mark | None:
        """The network's holder, surely ours; None when there is none."""
        folder = self._of(network)
        known = process.kept(folder / "holder.json")
        if known is None:
            with suppress(OSError, ToolFailed):
                known = process.mark(self._ask(network, protocol.Describe()).pid)
        return known if known is not None and process.belongs_to(known, folder) else None

    def _start_holder(self, network: str) -> None:
        folder = self._of(network)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        reader, writer = os.pipe()
        try:
            try:
                argv: list[str | os.PathLike[str]] = [
                    "unshare", "--user", "--map-root-user", "--net",
                    sys.executable, "-P", "-m", "calco.compute.network_holder",
                    folder, self._socket(network), "--ready", str(writer),
                ]  # fmt: skip
                started = process.spawn(argv, log=folder / "holder.log", pass_fds=[writer])
            finally:
                os.close(writer)
            ready = bool(select.select([reader], [], [], _START_SECONDS)[0]) and os.read(reader, 1) == b"1"
        finally:
            os.close(reader)
        # One that is not ready may have found another alive that a service killed a moment ago had begun.
        if not ready and self._state(network) is None:
            said = (folder / "holder.log").read_text(errors="replace")[-2000:]
            process.end(started, grace_seconds=2)
            raise ToolFailed(("network_holder", network), None, said or "the network's holder did not start")


def _wait_gone(known: process.Mark, seconds: float) -> None:
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(known.pid)
        try:
            process.wait_gone(descriptor, seconds)
        finally:
            os.close(descriptor)
