"""Virtual networks, NICs and public IPs: what may be wished for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from calco.model.document import Document
from calco.model.ids import ResourceId


@dataclass(frozen=True)
class NewSubnet:
    name: str
    prefix: IPv4Network
    properties: Document


@dataclass(frozen=True)
class NewVirtualNetwork:
    """A PUT of a virtual network; ``properties`` without ``subnets``."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    prefixes: tuple[IPv4Network, ...]
    subnets: tuple[NewSubnet, ...]
    properties: Document
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True)
class NewNetworkInterface:
    """A PUT of a NIC with one IPv4 configuration; ``address`` is the static private address, None for dynamic."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    subnet: ResourceId
    address: str | None
    public_address: ResourceId | None
    properties: Document
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True)
class NewPublicAddress:
    """A PUT of a public IP."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    properties: Document
    extra: Document = field(default_factory=dict)
