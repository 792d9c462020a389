"""DHCP of one virtual network: one dnsmasq for all its subnets, which answers known MAC addresses only.

Guests learn from it what they need of Azure's own DHCP: option 245 (where the wireserver is) and option 121 (routes to
the two fabric addresses); waagent looks for exactly that route. There is no DNS. Answers are always broadcast: to
reach an unconfigured client by unicast, dnsmasq would write its address into the kernel's neighbour table, over the
permanent entry that guards the address.
"""

import os
import select
import signal
import subprocess
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from calco.compute.holder_protocol import Plug
from calco.compute.network_links import bridge_of
from calco.model.subnet import METADATA, WIRESERVER, Subnet
from calco.tool import ToolFailed

_LOOK_SECONDS, _LOOKS = 0.01, 500
_DHCP_SERVER_PORT = ":0043 "
"""UDP port 67 as /proc/net/udp writes it. Source: proc(5)."""


class Dhcp:
    """The dnsmasq process of this namespace. It dies with the holder (PR_SET_PDEATHSIG)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._subnets: tuple[Subnet, ...] = ()
        self._leased: dict[str, str] = {}

    def serve(self, subnets: Sequence[Subnet], plugs: Collection[Plug]) -> None:
        """Answer in these subnets from now on. Raises ToolFailed."""
        if tuple(subnets) != self._subnets:
            self.stop()
            self._subnets = tuple(subnets)
        self.know(plugs)

    def know(self, plugs: Collection[Plug]) -> None:
        """Answer these NICs and no other. A dnsmasq that died is started again. Raises ToolFailed.

        A lease is never taken back from the MAC address it was given to, so an address that changes hands needs a
        dnsmasq without memory. Guests do not notice: it is authoritative and confirms what they have.
        """
        self._write_hosts(plugs)
        changed_hands = any(self._leased.get(plug.address, plug.mac) != plug.mac for plug in plugs)
        if changed_hands:
            self.stop()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)
        elif self._subnets:
            self._start()
        self._leased |= {plug.address: plug.mac for plug in plugs}

    def tend(self) -> None:
        """Start dnsmasq again if it died. Raises ToolFailed."""
        if self._subnets and (self._process is None or self._process.poll() is not None):
            self._start()

    def stop(self) -> None:
        """End dnsmasq and what it remembers; absent is fine."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._leased.clear()
        (self._folder / "leases").unlink(missing_ok=True)

    def _write_hosts(self, plugs: Collection[Plug]) -> None:
        fresh = self._folder / "hosts.new"
        fresh.write_text("".join(f"{plug.mac},{plug.address}\n" for plug in plugs))
        fresh.replace(self._folder / "hosts")

    def _start(self) -> None:
        (self._folder / "leases").unlink(missing_ok=True)
        argv = self._argv()
        try:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise ToolFailed(tuple(argv), None, str(error)) from error
        try:
            _wait_until_bound(self._process, argv)
        except BaseException:
            self.stop()
            raise

    def _argv(self) -> list[str]:
        argv = [
            # --no-daemon also keeps it from changing its groups, which a user namespace forbids.
            "setpriv", "--pdeathsig", "KILL",
            "dnsmasq", "--no-daemon", "--user=root", "--group=root", "--conf-file=/dev/null", "--pid-file=",
            "--no-resolv", "--no-hosts", "--port=0", "--bind-interfaces", "--except-interface=lo",
            "--log-facility=-", "--quiet-dhcp",
            "--dhcp-authoritative", "--dhcp-broadcast", "--dhcp-ignore=tag:!known",
            f"--dhcp-hostsfile={self._folder / 'hosts'}", f"--dhcp-leasefile={self._folder / 'leases'}",
        ]  # fmt: skip
        for number, subnet in enumerate(self._subnets):
            tag, gateway = f"s{number}", subnet.gateway
            routes = f"0.0.0.0/0,{gateway},{WIRESERVER}/32,{gateway},{METADATA}/32,{gateway}"
            argv += [
                f"--interface={bridge_of(subnet.name)}",
                f"--dhcp-range=set:{tag},{subnet.prefix.network_address},static,{subnet.prefix.netmask},infinite",
                f"--dhcp-option=tag:{tag},option:router,{gateway}",
                f"--dhcp-option-force=tag:{tag},245,{WIRESERVER}",
                f"--dhcp-option-force=tag:{tag},121,{routes}",
            ]
        return argv


def _wait_until_bound(process: subprocess.Popen[bytes], argv: Sequence[str]) -> None:
    """Return when dnsmasq has its port. Raises ToolFailed when it ends or does not get there in 5 s."""
    descriptor = os.pidfd_open(process.pid)
    try:
        for _ in range(_LOOKS):
            if select.select([descriptor], [], [], _LOOK_SECONDS)[0]:
                raise ToolFailed(tuple(argv), process.wait(), "dnsmasq ended at once; see holder.log")
            with suppress(OSError):
                if _DHCP_SERVER_PORT in Path("/proc/self/net/udp").read_text():
                    return
    finally:
        os.close(descriptor)
    raise ToolFailed(tuple(argv), None, "dnsmasq did not begin to serve")
