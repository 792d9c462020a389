"""A machine's NICs on their way into their networks and out again."""

from collections.abc import Sequence
from dataclasses import dataclass

from calco.model.machine import Link
from calco.model.subnet import Port, Subnet
from calco.ports import Reader, Resource
from calco.work import network_interface
from calco.work.cloud import Cloud
from calco.work.machine_state import machine_in, nics_of


def nics_in(view: Reader, machine: Resource) -> list[Resource]:
    """The machine's NICs; those that are gone are left out."""
    return [nic for id in nics_of(machine) if (nic := view.resource(id)) is not None]


@dataclass(frozen=True)
class Plug:
    """One NIC on its way into its network: the network's subnets, the NIC's place, its public address if it has one."""

    port: Port
    subnets: Sequence[Subnet]
    public: str | None


def plugs_of(view: Reader, machine: Resource) -> list[Plug]:
    """Where the machine's NICs belong, the primary one first."""
    return [
        Plug(
            network_interface.port_of(view, nic),
            network_interface.network_of(view, nic)[1],
            network_interface.public_address_of(view, nic),
        )
        for nic in nics_in(view, machine)
    ]


def plug_in(cloud: Cloud, id: str) -> list[Link]:
    """Open the machine's networks and give its NICs their places; may be repeated, and answers the same then."""
    with cloud.records.read() as view:
        plugs = plugs_of(view, machine_in(view, id))
    links = []
    for each in plugs:
        cloud.networks.open(each.port.network, each.subnets)
        links.append(cloud.networks.plug(each.port))
        if each.public is not None:
            cloud.networks.publish(each.port, each.public, cloud.rules.public_ports)
    return links


def unplug(cloud: Cloud, id: str) -> None:
    """Take the machine's NICs out of their networks; may be repeated."""
    with cloud.records.read() as view:
        plugs = plugs_of(view, machine_in(view, id))
    for each in plugs:
        if each.public is not None:
            cloud.networks.unpublish(each.public)
        cloud.networks.unplug(each.port)
