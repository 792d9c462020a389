"""Bridges and taps of one virtual network, made inside its namespace with iproute2.

Each subnet is a bridge that has the gateway's address. A tap's port learns nothing: where a MAC address lives is said
once, by a static entry, and which MAC an address has by a permanent neighbour entry. So a guest that sends with
another's addresses is answered at the other's tap, never at its own.
"""

import socket
from hashlib import sha256
from ipaddress import IPv4Network

from calco.compute.holder_protocol import Plug, tap_of
from calco.model.subnet import METADATA, WIRESERVER, Subnet
from calco.tool import ToolFailed, run_tool

GATEWAY_MAC = "12:34:56:78:9a:bc"
"""What every Azure gateway shows. A stated address also keeps the bridge from changing it with each tap."""

UPLINK = "up0"
"""This side of the veth to the machine."""

HOST_SIDE, NETWORK_SIDE = "169.254.0.1", "169.254.0.2"
"""Addresses of the veth's two ends: link-local, and the same for every network, for each is on its own link."""

_LIMIT_SECONDS = 10


def run_ip(*lines: str, keep_going: bool = False) -> None:
    """Run lines of ``ip`` in one process. With ``keep_going`` failing lines are passed over. Raises ToolFailed."""
    _batch("ip", lines, keep_going)


def _batch(program: str, lines: tuple[str, ...], keep_going: bool) -> None:
    argv = [program, *(["-force"] if keep_going else []), "-batch", "-"]
    try:
        run_tool(argv, timeout_seconds=_LIMIT_SECONDS, stdin="".join(f"{line}\n" for line in lines).encode())
    except ToolFailed:
        if not keep_going:
            raise


def prepare() -> None:
    """Bring the fabric's addresses up, and what is true of the whole namespace."""
    run_ip(
        "link set lo up",
        f"addr replace {WIRESERVER}/32 dev lo",
        f"addr replace {METADATA}/32 dev lo",
    )


def bridge_of(subnet: str) -> str:
    """Name of a subnet's bridge."""
    return "br" + sha256(subnet.encode()).hexdigest()[:12]


def make_bridge(subnet: Subnet) -> None:
    """Give ``subnet`` its bridge. Raises ToolFailed; then nothing of it is left."""
    bridge = bridge_of(subnet.name)
    try:
        run_ip(
            f"link add {bridge} address {GATEWAY_MAC} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            f"addr add {subnet.gateway}/{subnet.prefix.prefixlen} dev {bridge}",
            f"link set {bridge} up",
        )
    except BaseException:
        drop_bridge(subnet.name)
        raise


def drop_bridge(subnet: str) -> None:
    """Absent is fine."""
    run_ip(f"link del {bridge_of(subnet)}", keep_going=True)


def make_tap(plug: Plug) -> None:
    """Give a NIC its tap, on its subnet's bridge. Raises ToolFailed; then nothing of it is left."""
    tap, bridge = tap_of(plug.nic), bridge_of(plug.subnet)
    try:
        run_ip(
            f"tuntap add {tap} mode tap",
            f"link set {tap} master {bridge} up",
            f"neigh replace {plug.address} lladdr {plug.mac} dev {bridge} nud permanent",
        )
        _batch(
            "bridge",
            (f"link set dev {tap} learning off flood off", f"fdb replace {plug.mac} dev {tap} master static"),
            False,
        )
    except BaseException:
        drop_tap(plug)
        raise


def drop_tap(plug: Plug) -> None:
    """Absent is fine; its forwarding entry goes with the tap."""
    run_ip(
        f"neigh del {plug.address} dev {bridge_of(plug.subnet)}",
        f"link del {tap_of(plug.nic)}",
        keep_going=True,
    )


def make_uplink() -> None:
    """Configure this side of the veth. Only the machine's own end can be reached by it: there is no default route."""
    run_ip(
        f"addr replace {NETWORK_SIDE}/32 dev {UPLINK}",
        f"link set {UPLINK} up",
        f"route replace {HOST_SIDE}/32 dev {UPLINK} scope link",
    )


def drop_uplink() -> None:
    """Absent is fine."""
    run_ip(f"link del {UPLINK}", keep_going=True)


def drop_all() -> None:
    """Take every link of the namespace away that was made in it or moved into it."""
    run_ip(*(f"link del {name}" for _, name in socket.if_nameindex() if name != "lo"), keep_going=True)


def subnet_of(name: str, prefix: str) -> Subnet:
    """Raises ValueError when ``prefix`` is no block with room for a machine."""
    block = IPv4Network(prefix)
    if block.prefixlen > 29:
        raise ValueError(f"subnet {prefix} has no room for a machine")
    return Subnet(name, block)
