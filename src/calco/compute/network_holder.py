"""The small process that holds one virtual network, whatever becomes of the service.

It is started as the first process of a user and network namespace and does what can only be done inside: bridges, taps,
DHCP, the fabric's listening sockets, sockets for connections to guests. A threaded service could not enter the
namespace itself (setns(2) refuses a multithreaded process a user namespace), so it asks here and is handed
descriptors. The listening sockets are made once and stay open here: while the service is away, guests wait.

One thread, one command at a time, no memory but what the namespace itself holds; it ends on Quit or SIGTERM and takes
the network with it.
"""

import argparse
import fcntl
import os
import selectors
import signal
import socket
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import FrameType

import msgspec

from calco import process
from calco.compute import holder_protocol as protocol
from calco.compute import network_guard, network_links
from calco.compute.network_dhcp import Dhcp
from calco.model.subnet import FABRIC, Subnet
from calco.tool import ToolFailed

_BACKLOG = 256
_TEND_SECONDS = 20
_MOST_CONNECTIONS = 64


class Holding:
    """What this namespace holds. Every method may be repeated; one that fails takes back what it began."""

    def __init__(self, folder: Path) -> None:
        network_links.prepare()
        _set("net/ipv4/ip_forward", "1")
        # A source address is believed only on the bridge where it belongs; links made later inherit this.
        _set("net/ipv4/conf/default/rp_filter", "1")
        with suppress(OSError):  # a kernel without IPv6 has nothing to switch off
            _set("net/ipv6/conf/all/disable_ipv6", "1")
            _set("net/ipv6/conf/default/disable_ipv6", "1")
        self._guarded = network_guard.load_guard()
        self._listeners = {name: _listen(*place) for name, place in FABRIC.items()}
        self._dhcp = Dhcp(folder)
        self._subnets: dict[str, Subnet] = {}
        self._plugs: dict[str, protocol.Plug] = {}
        self._published: dict[str, str] = {}
        self._linked = False

    def state(self) -> protocol.State:
        return protocol.State(
            subnets=[protocol.SubnetLine(one.name, str(one.prefix)) for one in self._subnets.values()],
            plugs=list(self._plugs.values()),
            published=dict(self._published),
            linked=self._is_linked(),
            guarded=self._guarded,
        )

    def set_subnets(self, lines: list[protocol.SubnetLine]) -> None:
        wanted = {line.name: network_links.subnet_of(line.name, line.prefix) for line in lines}
        for name in [name for name, one in self._subnets.items() if wanted.get(name) != one]:
            for plug in [plug for plug in self._plugs.values() if plug.subnet == name]:
                self.unplug(plug.nic)
            network_links.drop_bridge(name)
            del self._subnets[name]
        fresh = [one for name, one in wanted.items() if name not in self._subnets]
        try:
            for one in fresh:
                network_links.make_bridge(one)
                self._subnets[one.name] = one
            self._dhcp.serve(tuple(self._subnets.values()), self._plugs.values())
        except BaseException:
            for one in fresh:
                network_links.drop_bridge(one.name)
                self._subnets.pop(one.name, None)
            raise

    def plug(self, plug: protocol.Plug) -> None:
        subnet = self._subnets.get(plug.subnet)
        if subnet is None or not subnet.holds(plug.address):
            raise ValueError(f"{plug.address} is no machine's address in subnet {plug.subnet}")
        if any(one.nic != plug.nic and plug.address == one.address for one in self._plugs.values()):
            raise ValueError(f"{plug.address} is another NIC's")
        if self._plugs.get(plug.nic) == plug:
            self._dhcp.know(self._plugs.values())
            return
        self.unplug(plug.nic)
        network_links.make_tap(plug)
        self._plugs[plug.nic] = plug
        try:
            if self._guarded:
                network_guard.admit(plug)
            self._dhcp.know(self._plugs.values())
        except BaseException:
            with suppress(ToolFailed):
                self.unplug(plug.nic)
            raise

    def unplug(self, nic: str) -> None:
        plug = self._plugs.pop(nic, None)
        if plug is None:
            return
        network_links.drop_tap(plug)
        if self._guarded:
            network_guard.forget(plug)
        self._dhcp.know(self._plugs.values())

    def link_up(self) -> None:
        try:
            network_links.make_uplink()
            network_guard.load_uplink(self._published)
        except BaseException:
            network_links.drop_uplink()
            raise
        self._linked = True

    def publish(self, address: str, private: str) -> None:
        if not self._is_linked():
            raise ValueError("there is no link to the machine")
        if self._published.get(address) != private:
            network_guard.publish(address, private, before=self._published.get(address))
            self._published[address] = private

    def unpublish(self, address: str) -> None:
        if address in self._published:
            network_guard.unpublish(address, self._published[address])
            del self._published[address]

    def listeners(self) -> dict[str, socket.socket]:
        return self._listeners

    def tend(self) -> None:
        """Mend what broke by itself; when it cannot be mended now, it is tried again later."""
        try:
            self._dhcp.tend()
        except ToolFailed as failed:
            print(failed, file=sys.stderr, flush=True)

    def quit(self) -> None:
        """Take everything down: a machine that still stands keeps the namespace, but must not keep the network."""
        self._dhcp.stop()
        network_links.drop_all()
        for one in self._listeners.values():
            one.close()

    def _is_linked(self) -> bool:
        return self._linked and any(name == network_links.UPLINK for _, name in socket.if_nameindex())


class Holder:
    """The loop: takes connections, reads one command from each, answers it."""

    def __init__(self, holding: Holding, listener: socket.socket) -> None:
        self._holding = holding
        self._listener = listener
        self._waiting: deque[socket.socket] = deque()
        self._goes_on = True

    def run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while self._goes_on:
                for key, _ in selector.select(_TEND_SECONDS):
                    if key.fileobj is self._listener:
                        self._take(selector)
                    elif isinstance(key.fileobj, socket.socket):
                        selector.unregister(key.fileobj)
                        self._waiting.remove(key.fileobj)
                        with key.fileobj as connection, suppress(OSError):
                            self._serve(connection)
                self._holding.tend()

    def _take(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.settimeout(2)
        if protocol.peer(connection)[1] != os.getuid():
            connection.close()
            return
        self._waiting.append(connection)
        selector.register(connection, selectors.EVENT_READ)
        if len(self._waiting) > _MOST_CONNECTIONS:
            oldest = self._waiting.popleft()
            selector.unregister(oldest)
            oldest.close()

    def _serve(self, connection: socket.socket) -> None:
        record = connection.recv(protocol.RECORD_BYTES)
        if not record:
            return
        try:
            answer, sockets = self._obey(protocol.read_command(record))
        except (ToolFailed, ValueError, OSError) as refused:
            answer, sockets = protocol.Answer(error=str(refused)[:2000]), []
        try:
            line = msgspec.json.encode(answer)
            socket.send_fds(connection, [line], [one.fileno() for one in sockets])
        finally:
            for one in sockets:
                one.close()

    def _obey(self, command: protocol.Command) -> tuple[protocol.Answer, list[socket.socket]]:  # noqa: C901 one case each
        holding = self._holding
        match command:
            case protocol.Describe():
                return protocol.Answer(state=holding.state()), []
            case protocol.SetSubnets():
                holding.set_subnets(command.subnets)
            case protocol.Plug():
                holding.plug(command)
            case protocol.Unplug():
                holding.unplug(command.nic)
            case protocol.GiveListeners():
                listeners = holding.listeners()
                return protocol.Answer(listeners=list(listeners)), [one.dup() for one in listeners.values()]
            case protocol.GiveSocket():
                return protocol.Answer(), [socket.socket(socket.AF_INET, socket.SOCK_STREAM)]
            case protocol.LinkUp():
                holding.link_up()
            case protocol.Publish():
                holding.publish(command.address, command.private)
            case protocol.Unpublish():
                holding.unpublish(command.address)
            case protocol.Quit():
                self._goes_on = False
        return protocol.Answer(), []


def _listen(address: str, port: int) -> socket.socket:
    made = socket.create_server((address, port), backlog=_BACKLOG)
    # The flag belongs to what all duplicates share, and dup() sets it to what this end thinks it is: a blocking one
    # here would make the next hand-out stall the loop that serves the last one.
    made.setblocking(False)
    return made


def _set(name: str, value: str) -> None:
    (Path("/proc/sys") / name).write_text(value)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def main() -> None:
    """Hold the network until told to quit. Ends with 1 when another holder of that folder lives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("socket", type=Path)
    parser.add_argument("--ready", type=int, required=True, help="a pipe that is told when the network can be used")
    args = parser.parse_args()
    os.chdir("/")
    os.umask(0o077)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with (args.folder / "holder.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(1)
        # Written here and not by the service, which may be killed before it could.
        if (own := process.mark(os.getpid())) is not None:
            process.keep(own, args.folder / "holder.json")
        _hold(args.folder, args.socket, args.ready)


def _hold(folder: Path, path: Path, ready: int) -> None:
    holding = Holding(folder)
    try:
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(os.fspath(path))
            listener.listen(_BACKLOG)
            os.write(ready, b"1")
            os.close(ready)
            Holder(holding, listener).run()
    finally:
        holding.quit()
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
