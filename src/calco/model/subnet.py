"""Address rules of a subnet. Azure keeps the first four addresses and the last one: x.x.x.1 is the gateway, the first
machine gets x.x.x.4. Source: Azure, "Virtual Network FAQ"."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Network

WIRESERVER = "168.63.129.16"
METADATA = "169.254.169.254"

FABRIC = {"imds": (METADATA, 80), "wireserver": (WIRESERVER, 80), "hostplugin": (WIRESERVER, 32526)}
"""Address and TCP port at which guests find each of the fabric's services. Source: Azure, "What is IP address
168.63.129.16?"."""


@dataclass(frozen=True)
class Subnet:
    """``name`` is its resource name in lower case; ``prefix`` its CIDR block."""

    name: str
    prefix: IPv4Network

    @property
    def gateway(self) -> str:
        return str(self.prefix.network_address + 1)

    def first_free(self, taken: Collection[str]) -> str | None:
        """The lowest address no machine has; None when the subnet is full."""
        first, last = int(self.prefix.network_address) + 4, int(self.prefix.broadcast_address)
        return next((text for number in range(first, last) if (text := _dotted(number)) not in taken), None)

    def holds(self, address: str) -> bool:
        """Whether a machine may have ``address`` here."""
        number = _number(address)
        first, last = int(self.prefix.network_address) + 4, int(self.prefix.broadcast_address)
        return number is not None and first <= number < last


def _dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def _number(address: str) -> int | None:
    parts = address.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts):
        return None
    return sum(int(part) << shift for part, shift in zip(parts, (24, 16, 8, 0), strict=True))


@dataclass(frozen=True)
class Port:
    """One NIC's place in a virtual network. ``mac`` has colons, lower case (``00:0d:3a:..``); ``address`` is inside
    ``subnet``; ``nic`` names the NIC uniquely within the service (a GUID)."""

    nic: str
    network: str
    subnet: Subnet
    mac: str
    address: str
