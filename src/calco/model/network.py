"""Virtual networks, NICs and public IPs: what may be wished for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from calco.model.delete_option import DeleteOption
from calco.model.document import Document
from calco.model.errors import ApiError
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
    """A PUT of a NIC with one IPv4 configuration; ``address`` is the static private address, None for dynamic.
    ``public_delete_option``: whether the public address goes with the machine."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    subnet: ResourceId
    address: str | None
    public_address: ResourceId | None
    properties: Document
    extra: Document = field(default_factory=dict)
    public_delete_option: DeleteOption | None = None


@dataclass(frozen=True)
class NewPublicAddress:
    """A PUT of a public IP."""

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    properties: Document
    extra: Document = field(default_factory=dict)


# --- refusals: Azure's network provider answers 400 where Compute would say 409 ---------------------------------------
# Sources: Azure documentation ("Delete a subnet", "Delete a NIC", "Delete a public IP") and public issue threads.


def subnet_outside(subnet: str, network: str) -> ApiError:
    return ApiError(
        400,
        "NetcfgInvalidSubnet",
        f"Subnet '{subnet}' is not valid because its IP address range is outside the IP address range of virtual "
        f"network '{network}'.",
    )


def subnets_overlap(subnet: str, network: str) -> ApiError:
    return ApiError(
        400,
        "NetcfgSubnetRangesOverlap",
        f"Subnet '{subnet}' is not valid because its IP address range overlaps with that of an existing subnet in "
        f"virtual network '{network}'.",
    )


def prefix_size(prefix: IPv4Network, shortest: int, longest: int) -> ApiError:
    return ApiError(
        400,
        "InvalidAddressPrefixFormat",
        f"Address prefix {prefix} has a length of {prefix.prefixlen} bits. It must have {shortest} to {longest}.",
    )


def subnet_in_use(subnet: str, by: str) -> ApiError:
    return ApiError(
        400,
        "InUseSubnetCannotBeDeleted",
        f"Subnet {subnet} is in use by {by} and cannot be deleted. In order to delete the subnet, delete all the "
        "resources within the subnet. See aka.ms/deletesubnet.",
    )


def prefix_in_use(prefix: str, subnet: str) -> ApiError:
    return ApiError(
        400,
        "InUsePrefixCannotBeDeleted",
        f"IpPrefix {prefix} on Subnet {subnet} has active allocations and cannot be deleted.",
    )


def subnet_full(subnet: str, prefix: IPv4Network) -> ApiError:
    return ApiError(
        400,
        "SubnetIsFull",
        f"Subnet {subnet} with address prefix {prefix} does not have enough capacity for 1 IP addresses.",
    )


def address_outside(address: str, prefix: IPv4Network) -> ApiError:
    return ApiError(
        400,
        "PrivateIPAddressNotInSubnet",
        f"Private static IP address {address[:100]} does not belong to the range of subnet prefix {prefix}, or is one "
        "of the five addresses that Azure keeps there.",
    )


def address_taken(address: str, by: str, wanted_by: str) -> ApiError:
    return ApiError(
        400,
        "PrivateIPAddressInUse",
        f"IP configuration {wanted_by} is using the private IP address {address} which is already allocated to "
        f"resource {by}.",
    )


def public_address_taken(address: ResourceId, by: str, wanted_by: str) -> ApiError:
    return ApiError(
        400,
        "PublicIPAddressInUse",
        f"Resource {wanted_by} is referencing public IP address {address} that is already allocated to resource {by}.",
    )


def plugged_in(what: str, machine: ResourceId) -> ApiError:
    """Ours: Azure changes these under a machine that runs."""
    return ApiError(
        400,
        "NotSupported",
        f"Another {what} for a NIC of VM '{machine.name}' is not supported by calco while the VM is allocated. "
        "Deallocate the VM, change the NIC and start the VM again.",
        "ipConfigurations",
    )


def public_address_in_use(address: ResourceId, by: str) -> ApiError:
    return ApiError(
        400,
        "PublicIPAddressCannotBeDeleted",
        f"Public IP address {address} can not be deleted since it is still allocated to resource {by}. In order to "
        "delete the public IP, disassociate/detach the Public IP address from the resource. To learn how to do this, "
        "see aka.ms/deletepublicip.",
    )


def label_taken(name: str) -> ApiError:
    """Source: answers quoted in public issue threads."""
    return ApiError(400, "DnsRecordInUse", f"DNS record {name} is already used by another public IP.")


def no_public_address_left(range: str) -> ApiError:
    """Ours: the range is a setting here."""
    return ApiError(
        400,
        "PublicIPCountLimitReached",
        f"Cannot create more public IP addresses: every address of {range} is taken. Delete one, or set a larger "
        "range.",
    )
