"""nftables rules of one virtual network, loaded inside its namespace.

The guard drops, as it comes out of a tap, every frame that does not carry the NIC's own addresses: so a guest cannot
pass for another, nor for the gateway, in the eyes of its neighbours either. The uplink's rules turn a public address
into the private one, hide the machine behind the gateway's address (so that any guest can answer it, whatever the
machine's own network is), and let no guest begin a connection outwards.

Both are second lines: without nft, the bridge's static tables still keep answers from a spoofer, and public addresses
are relayed instead.
"""

from collections.abc import Mapping

from calco.compute.holder_protocol import Plug, tap_of
from calco.compute.network_links import UPLINK
from calco.tool import ToolFailed, run_tool

_GUARD = """
table bridge calco {
    set nics { type ifname . ether_addr; }
    set places { type ifname . ether_addr . ipv4_addr; }
    chain from_guest {
        iifname . ether saddr != @nics drop
        ether type arp arp saddr ip 0.0.0.0 accept
        ether type arp iifname . arp saddr ether . arp saddr ip @places accept
        ether type ip ip saddr 0.0.0.0 udp dport 67 accept
        ether type ip iifname . ether saddr . ip saddr @places accept
        drop
    }
    chain prerouting {
        type filter hook prerouting priority -300; policy accept;
        iifname "tap*" jump from_guest
    }
}
"""

_UPLINK = f"""
add table ip calco
delete table ip calco
table ip calco {{
    map public {{ type ipv4_addr : ipv4_addr; }}
    chain inwards {{
        type nat hook prerouting priority -100; policy accept;
        iifname "{UPLINK}" dnat to ip daddr map @public
    }}
    chain behind_gateway {{
        type nat hook postrouting priority 100; policy accept;
        iifname "{UPLINK}" masquerade
    }}
    chain outwards {{
        type filter hook forward priority 0; policy accept;
        oifname "{UPLINK}" ct state new drop
    }}
}}
"""


def load_guard() -> bool:
    """Whether this machine's kernel and nft can filter on the bridge."""
    try:
        _nft(_GUARD)
    except ToolFailed:
        return False
    return True


def admit(plug: Plug) -> None:
    """Let the NIC's own addresses through its tap. Raises ToolFailed."""
    _nft(_elements("add", plug))


def forget(plug: Plug) -> None:
    """Undo ``admit``; absent is fine."""
    for line in _elements("delete", plug).splitlines():
        try:
            _nft(line)
        except ToolFailed:
            continue


def load_uplink(published: Mapping[str, str]) -> None:
    """Load the uplink's rules, anew, with the addresses published by now. Raises ToolFailed."""
    _nft(_UPLINK + "".join(_mapping("add", *pair) for pair in published.items()))


def publish(address: str, private: str, *, before: str | None) -> None:
    """Turn ``address`` into ``private``, in one transaction with forgetting what it was. Raises ToolFailed."""
    gone = "" if before is None else _mapping("delete", address, before)
    _nft(gone + _mapping("add", address, private))


def unpublish(address: str, private: str) -> None:
    """Raises ToolFailed."""
    _nft(_mapping("delete", address, private))


def _elements(verb: str, plug: Plug) -> str:
    nic = f'"{tap_of(plug.nic)}" . {plug.mac}'
    return (
        f"{verb} element bridge calco nics {{ {nic} }}\n"
        f"{verb} element bridge calco places {{ {nic} . {plug.address} }}\n"
    )  # fmt: skip


def _mapping(verb: str, address: str, private: str) -> str:
    return f"{verb} element ip calco public {{ {address} : {private} }}\n"


def _nft(rules: str) -> None:
    run_tool(["nft", "-f", "-"], timeout_seconds=10, stdin=rules.encode())
