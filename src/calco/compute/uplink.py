"""The machine's own side of a public address: a veth into the network's namespace and a route; needs CAP_NET_ADMIN.

Nothing is bound on the machine, so nothing can be in the way of any port. The route's source address is the link's,
which is all the namespace can reach of this machine.
"""

import shutil
import socket
from hashlib import sha256
from pathlib import Path

from calco.compute.network_links import HOST_SIDE, NETWORK_SIDE, UPLINK, run_ip
from calco.tool import ToolFailed, run_tool

_CAP_NET_ADMIN = 12
"""Source: Linux, include/uapi/linux/capability.h."""


def is_allowed() -> bool:
    """Whether this process may make links and routes here, and nft is there for the other side."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return False
    effective = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    return bool(effective >> _CAP_NET_ADMIN & 1) and shutil.which("nft") is not None


def link_of(network: str) -> str:
    """Name of the machine's end of the link to ``network``."""
    return "cv" + sha256(network.encode()).hexdigest()[:12]


def exists(network: str) -> bool:
    return any(name == link_of(network) for _, name in socket.if_nameindex())


def make(network: str, pid: int) -> None:
    """Make the link, anew, into the network namespace of ``pid``. Raises ToolFailed; then nothing of it is left."""
    link = link_of(network)
    drop(network)
    try:
        run_ip(
            f"link add {link} type veth peer name {UPLINK} netns {pid}",
            f"addr add {HOST_SIDE}/32 dev {link}",
            f"link set {link} up",
        )
    except BaseException:
        drop(network)
        raise


def drop(network: str) -> None:
    """Take the link away, its routes with it; absent is fine."""
    if exists(network):
        run_ip(f"link del {link_of(network)}", keep_going=True)


def route(network: str, address: str) -> None:
    """Send ``address`` over the link. Raises ToolFailed, also when the machine has a use of its own for it."""
    run_ip(f"route replace {address}/32 via {NETWORK_SIDE} dev {link_of(network)} src {HOST_SIDE} onlink")


def unroute(network: str, address: str) -> None:
    """Absent is fine."""
    try:
        run_tool(["ip", "route", "del", f"{address}/32", "dev", link_of(network)], timeout_seconds=10)
    except ToolFailed:
        return
