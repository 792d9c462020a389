"""NICs: a MAC and an address in a subnet, chosen when the NIC is made and kept as long as it lives.

Nothing is plugged in here: that is done when the machine starts. ``port_of`` tells how.
"""

from collections.abc import Sequence
from dataclasses import replace

from calco.model import errors, network
from calco.model.delete_option import DeleteOption
from calco.model.document import Document, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.network import NewNetworkInterface, NewPublicAddress
from calco.model.operation import Claim, Family
from calco.model.subnet import Port, Subnet
from calco.model.virtual_machine import NicWish
from calco.ports import Reader, Resource, Writer
from calco.work import network_security_group, public_address, virtual_network
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    delete_at_once,
    existing_here,
    found,
    listed,
    normal_location,
    settled,
    with_properties,
)
from calco.work.machine_state import condition_of

KIND = "Microsoft.Network/networkInterfaces"

MAC_PREFIX = "00:0d:3a"
"""Microsoft's OUI, as Azure's NICs have it."""

MAC, ADDRESS, NETWORK, NIC = "mac", "address", "network", "nic"
"""``internal`` members: MAC with colons in lower case, private address, the network's GUID and the NIC's own."""


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return found(view, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    with cloud.records.read() as view:
        return listed(view, KIND, group)


def put(cloud: Cloud, wanted: NewNetworkInterface) -> Accepted:
    """Create a NIC, or change one; one that a machine has keeps its subnet and addresses."""
    location = normal_location(cloud, wanted.location, KIND)
    wanted = replace(wanted, location=location)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if there is not None:
            check_free(tx, (Claim(there.id),))
        made = new(cloud, tx, wanted, there)
        if there is not None:
            _check_change(tx, there, made)
            _take_back(tx, there)
        tx.put(made)
        _give(tx, made)
        operation = settled(cloud, tx, made, Family.NETWORK)
    return Accepted(made, operation, created=there is None)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete a NIC that no machine has."""

    def forget_unused(tx: Writer, nic: Resource) -> None:
        machine = machine_of(nic)
        if machine is not None:
            raise errors.nic_in_use(id, machine)
        forget(tx, nic)

    return delete_at_once(cloud, id, forget_unused)


def forget(tx: Writer, nic: Resource) -> None:
    """Drop the NIC; its public address is free again."""
    _take_back(tx, nic)
    tx.delete(nic.id)


# --- for machines ----------------------------------------------------------------------------------------------------


def attached(nic: Resource, machine: ResourceId, *, primary: bool) -> Resource:
    """The NIC as it is when ``machine`` has it."""
    mac = str(nic.internal[MAC]).replace(":", "-").upper()
    return with_properties(nic, {"virtualMachine": {"id": str(machine)}, "macAddress": mac, "primary": primary})


def detached(nic: Resource) -> Resource:
    """The NIC as it is when no machine has it any more: its address stays. Source: recording java-vm-404."""
    return with_properties(nic, {"virtualMachine": None, "primary": None})


def leaving_address_of(nic: Resource) -> ResourceId | None:
    """The public address that goes with the NIC's machine, because its ``deleteOption`` says so."""
    option = text_at(_configuration(nic), "properties", "publicIPAddress", "properties", "deleteOption")
    return _public_id(nic) if option == DeleteOption.DELETE else None


def without_address(tx: Writer, nic: Resource) -> Resource:
    """The NIC without its public address, which is deleted."""
    public = _public_id(nic)
    if public is not None:
        tx.delete(public)
    configuration = _configuration(nic)
    inner = object_at(configuration, "properties")
    kept: Document = {name: each for name, each in inner.items() if name != "publicIPAddress"}
    return with_properties(nic, {"ipConfigurations": [{**configuration, "properties": kept}]})


def machine_of(nic: Resource) -> ResourceId | None:
    """The machine that has it."""
    id = text_at(nic.properties, "virtualMachine", "id")
    return None if id is None else ResourceId.parse(id)


def put_inline(cloud: Cloud, tx: Writer, machine: ResourceId, location: str, wish: NicWish) -> Resource:
    """Make the NIC, and the public address, that a machine's ``networkInterfaceConfigurations`` describes. The records
    alone change; the answer is the NIC. Raises ApiError when the subnet is missing or full."""
    assert wish.subnet is not None
    mark = cloud.chance.guid()[:8]
    public = None
    if wish.public_address is not None:
        id = machine.sibling("Microsoft.Network", "publicIPAddresses", f"{wish.public_address}-{mark}")
        public = public_address.new(cloud, tx, NewPublicAddress(id, location, None, {}, {}))
        tx.put(public)
    made = new(
        cloud,
        tx,
        NewNetworkInterface(
            id=machine.sibling("Microsoft.Network", "networkInterfaces", f"{wish.name or machine.name}-{mark}"),
            location=location,
            tags=None,
            subnet=wish.subnet,
            address=None,
            public_address=None if public is None else public.id,
            properties=wish.document,
            public_delete_option=wish.public_delete_option,
        ),
        None,
    )
    tx.put(made)
    _give(tx, made)
    return made


def port_of(view: Reader, nic: Resource) -> Port:
    """Where the NIC is plugged in."""
    subnet_id = subnet_of(nic)
    parent = view.resource(subnet_id.parent)
    assert parent is not None, "a network stays as long as it has NICs"
    subnet = next(each for each in virtual_network.subnets_of(parent) if each.name == subnet_id.name.lower())
    return Port(
        nic=str(nic.internal[NIC]),
        network=str(nic.internal[NETWORK]),
        subnet=subnet,
        mac=str(nic.internal[MAC]),
        address=str(nic.internal[ADDRESS]),
    )


def network_of(view: Reader, nic: Resource) -> tuple[str, Sequence[Subnet]]:
    """What has to be open before the NIC is plugged in: the network's GUID and its subnets."""
    parent = view.resource(subnet_of(nic).parent)
    assert parent is not None, "a network stays as long as it has NICs"
    return virtual_network.guid_of(parent), virtual_network.subnets_of(parent)


def public_address_of(view: Reader, nic: Resource) -> str | None:
    """The public address itself, in dotted form."""
    id = _public_id(nic)
    public = None if id is None else view.resource(id)
    return None if public is None else public_address.address_of(public)


def subnet_of(nic: Resource) -> ResourceId:
    """The id of its subnet."""
    return ResourceId.parse(text_at(_configuration(nic), "properties", "subnet", "id") or "")


# --- rules -----------------------------------------------------------------------------------------------------------


def _configuration(nic: Resource) -> Document:
    """Its one IP configuration."""
    return objects_at(nic.properties, "ipConfigurations")[0]


def _public_id(nic: Resource) -> ResourceId | None:
    id = text_at(_configuration(nic), "properties", "publicIPAddress", "id")
    return None if id is None else ResourceId.parse(id)


def _check_change(view: Reader, there: Resource, made: Resource) -> None:
    """A NIC that is plugged in stays where it is plugged in, and goes by the public address it has; its machine's next
    start plugs it in anew."""
    id = machine_of(there)
    machine = None if id is None else view.resource(id)
    if machine is None or (condition_of(machine).is_deallocated and not view.claims(machine.id)):
        return
    if there.internal[ADDRESS] != made.internal[ADDRESS] or subnet_of(there).key != subnet_of(made).key:
        raise network.plugged_in("private address", machine.id)
    if _public_id(there) != _public_id(made):
        raise network.plugged_in("public address", machine.id)


def _take_back(tx: Writer, nic: Resource) -> None:
    id = _public_id(nic)
    public = None if id is None else tx.resource(id)
    if public is not None and public_address.user_of(public) == text_at(_configuration(nic), "id"):
        tx.put(public_address.taken_back(public))


def _give(tx: Writer, nic: Resource) -> None:
    id = _public_id(nic)
    public = None if id is None else tx.resource(id)
    if public is not None:
        tx.put(public_address.given(public, str(_configuration(nic)["id"])))


def new(cloud: Cloud, view: Reader, wanted: NewNetworkInterface, there: Resource | None) -> Resource:
    """The NIC as it would be put; one that is ``there`` keeps its MAC, and its address while the subnet is the same."""
    parent, subnet = virtual_network.subnet_of(view, wanted.subnet, wanted.location, by=wanted.id)
    network_security_group.check_reference(view, wanted.properties, wanted.location, by=wanted.id)
    id = wanted.id if there is None else there.id
    asked = object_at(_asked(wanted), "properties")
    name = text_at(_asked(wanted), "name") or "ipconfig1"
    configuration_id = f"{id}/ipConfigurations/{name}"
    _check_public(view, wanted, there, configuration_id)
    nics = view.resources(KIND)
    address = _address(nics, wanted, subnet, there, configuration_id)
    guid = cloud.chance.guid() if there is None else str(there.internal[NIC])
    mac = _mac(cloud, nics) if there is None else str(there.internal[MAC])
    configuration: Document = {
        "name": name,
        "id": configuration_id,
        "properties": {
            **asked,
            "provisioningState": "Succeeded",
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Dynamic" if wanted.address is None else "Static",
            **_asked_public(wanted),
            "subnet": {"id": str(wanted.subnet)},
            "primary": True,
            "privateIPAddressVersion": "IPv4",
        },
        "type": f"{KIND}/ipConfigurations",
    }
    properties: Document = {
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": False,
        **wanted.properties,
        "provisioningState": "Succeeded",
        "resourceGuid": guid,
        "ipConfigurations": [configuration],
        "dnsSettings": {"dnsServers": [], **_asked_names(wanted), "appliedDnsServers": []},
        "hostedWorkloads": [],
        "tapConfigurations": [],
        **({} if there is None else _bond(there)),
    }
    internal: Document = {MAC: mac, ADDRESS: address, NETWORK: virtual_network.guid_of(parent), NIC: guid}
    return Resource(id, wanted.location, properties, wanted.tags, internal, wanted.extra)


def _bond(there: Resource) -> Document:
    """What says that a machine has the NIC."""
    return {
        name: there.properties[name] for name in ("virtualMachine", "macAddress", "primary") if name in there.properties
    }


def _asked_names(wanted: NewNetworkInterface) -> Document:
    """What of ``dnsSettings`` is the caller's to say."""
    asked = object_at(wanted.properties, "dnsSettings")
    return {name: asked[name] for name in ("dnsServers", "internalDnsNameLabel") if name in asked}


def _asked_public(wanted: NewNetworkInterface) -> Document:
    if wanted.public_address is None:
        return {}
    option = wanted.public_delete_option
    said: Document = {} if option is None else {"properties": {"deleteOption": str(option)}}
    return {"publicIPAddress": {"id": str(wanted.public_address), **said}}


def _asked(wanted: NewNetworkInterface) -> Document:
    configurations = objects_at(wanted.properties, "ipConfigurations")
    return configurations[0] if configurations else {}


def _check_public(view: Reader, wanted: NewNetworkInterface, there: Resource | None, configuration: str) -> None:
    if wanted.public_address is None:
        return
    public = public_address.referred(view, wanted.public_address, wanted.location)
    if public is None:
        raise errors.reference_not_found(wanted.public_address, wanted.id)
    user = public_address.user_of(public)
    mine = None if there is None else text_at(_configuration(there), "id")
    if user is not None and user != mine:
        raise network.public_address_taken(wanted.public_address, user, configuration)


def _address(
    nics: Sequence[Resource],
    wanted: NewNetworkInterface,
    subnet: Subnet,
    there: Resource | None,
    configuration: str,
) -> str:
    taken = _taken(nics, wanted.subnet, there)
    if wanted.address is not None:
        if not subnet.holds(wanted.address):
            raise network.address_outside(wanted.address, subnet.prefix)
        if wanted.address in taken:
            raise network.address_taken(wanted.address, taken[wanted.address], configuration)
        return wanted.address
    if there is not None and subnet_of(there).key == wanted.subnet.key:
        return str(there.internal[ADDRESS])
    address = subnet.first_free(taken)
    if address is None:
        raise network.subnet_full(subnet.name, subnet.prefix)
    return address


def _taken(nics: Sequence[Resource], subnet: ResourceId, there: Resource | None) -> dict[str, str]:
    """Addresses in the subnet and who has them."""
    return {
        str(nic.internal[ADDRESS]): str(_configuration(nic)["id"])
        for nic in nics
        if subnet_of(nic).key == subnet.key and (there is None or nic.id.key != there.id.key)
    }


def _mac(cloud: Cloud, nics: Sequence[Resource]) -> str:
    taken = {nic.internal[MAC] for nic in nics}
    while True:
        tail = cloud.chance.guid().replace("-", "")[-6:]
        mac = f"{MAC_PREFIX}:{tail[:2]}:{tail[2:4]}:{tail[4:]}"
        if mac not in taken:
            return mac
