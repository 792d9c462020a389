"""Networks, interfaces, addresses and rules: what goes over the wire, what a script holds, what is printed."""

import pytest

from calco.cloudshell.az import network_interface, public_address, security_group, virtual_network
from calco.cloudshell.az.record import items
from calco.cloudshell.values import Record, Value
from calco.model.document import Document
from tests.cloudshell.az.bench import Bench, table
from tests.cloudshell.world import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Network"
NETWORK = f"{GROUP}/virtualNetworks/net1"
SUBNET = f"{NETWORK}/subnets/default"
NIC = f"{GROUP}/networkInterfaces/nic1"
ADDRESS = f"{GROUP}/publicIPAddresses/address1"
RULES = f"{GROUP}/networkSecurityGroups/rules"
HERE: dict[str, Value] = {"ResourceGroupName": "lab", "Location": "westeurope"}


@pytest.fixture
def bench() -> Bench:
    return Bench((network_interface.MODULE, public_address.MODULE, security_group.MODULE, virtual_network.MODULE))


@pytest.fixture
def network(bench: Bench) -> Record:
    bench.api.put(
        NETWORK,
        {
            "location": "westeurope",
            "etag": 'W/"1"',
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [
                    {"name": "default", "id": SUBNET, "properties": {"addressPrefix": "10.0.0.0/24", "delegations": []}}
                ],
            },
        },
    )
    return bench.one("Get-AzVirtualNetwork", ResourceGroupName="lab", Name="net1")


def body_of(bench: Bench, method: str, path: str) -> Document:
    bodies = [each.body for each in bench.api.asked if (each.method, each.path) == (method, path)]
    assert isinstance(bodies[-1], dict)
    return bodies[-1]


def test_a_network_is_made_of_subnets_that_were_described(bench: Bench) -> None:
    subnet = bench.one("New-AzVirtualNetworkSubnetConfig", Name="default", AddressPrefix="10.0.0.0/24",
                       NetworkSecurityGroupId=RULES)  # fmt: skip
    assert bench.api.asked == []
    bench.run("New-AzVirtualNetwork", **HERE, Name="net1", AddressPrefix="10.0.0.0/16", Subnet=subnet)
    assert body_of(bench, "PUT", NETWORK) == {
        "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {
                    "name": "default",
                    "properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": RULES}},
                }
            ],
        },
    }


def test_a_network_that_is_there_is_not_overwritten_without_asking(bench: Bench, network: Record) -> None:
    bench.host.answers = ["n"]
    asked: dict[str, Value] = {**HERE, "Name": "net1", "AddressPrefix": "10.0.0.0/8"}
    assert bench.run("New-AzVirtualNetwork", **asked) == []
    assert bench.api.changes() == []
    bench.run("New-AzVirtualNetwork", **asked, Force=True)
    assert bench.api.changes() == [("PUT", NETWORK)]


def test_a_subnet_is_added_in_memory_and_sent_with_the_whole(bench: Bench, network: Record) -> None:
    (changed,) = bench.run("Add-AzVirtualNetworkSubnetConfig", Name="back", AddressPrefix="10.0.1.0/24",
                           input=[network])  # fmt: skip
    assert changed is network
    assert bench.api.changes() == []
    bench.run("Set-AzVirtualNetwork", input=[changed])
    sent = body_of(bench, "PUT", NETWORK)["properties"]
    assert isinstance(sent, dict)
    assert sent["subnets"] == [
        {"name": "default", "id": SUBNET, "properties": {"addressPrefix": "10.0.0.0/24", "delegations": []}},
        {"name": "back", "properties": {"addressPrefix": "10.0.1.0/24"}},
    ]


def test_a_subnet_of_a_name_that_is_taken_or_missing_is_refused(bench: Bench, network: Record) -> None:
    prefix: dict[str, Value] = {"AddressPrefix": "10.0.1.0/24", "VirtualNetwork": network}
    bench.run("Add-AzVirtualNetworkSubnetConfig", Name="DEFAULT", **prefix)
    bench.run("Set-AzVirtualNetworkSubnetConfig", Name="other", **prefix)
    bench.run("Get-AzVirtualNetworkSubnetConfig", Name="other", VirtualNetwork=network)
    assert [each.message for each in bench.reported] == [
        "The subnet 'DEFAULT' exists already in this virtual network.",
        "The subnet 'other' does not exist in this virtual network.",
        "The subnet 'other' does not exist in this virtual network.",
    ]
    assert len(bench.run("Get-AzVirtualNetworkSubnetConfig", VirtualNetwork=network)) == 1


def test_a_subnet_is_changed_and_taken_out(bench: Bench, network: Record) -> None:
    bench.run("Set-AzVirtualNetworkSubnetConfig", Name="default", AddressPrefix="10.0.9.0/24", input=[network])
    assert bench.one("Get-AzVirtualNetworkSubnetConfig", input=[network]).get("AddressPrefix") == ["10.0.9.0/24"]
    bench.run("Remove-AzVirtualNetworkSubnetConfig", Name="default", VirtualNetwork=network)
    assert bench.run("Get-AzVirtualNetworkSubnetConfig", VirtualNetwork=network) == []


def test_what_is_inside_a_network_prints_as_json(bench: Bench, network: Record) -> None:
    shown = bench.shown(network)
    assert "Name                   : net1" in shown
    assert '"10.0.0.0/16"' in shown
    assert '"AddressPrefix": [' in shown
    assert '"NetworkSecurityGroup"' not in shown, "what is null is left out of the JSON"


def test_an_interface_is_made_of_a_subnet_and_an_address(bench: Bench, network: Record) -> None:
    bench.run(
        "New-AzNetworkInterface", **HERE, Name="nic1", SubnetId=SUBNET, PublicIpAddressId=ADDRESS,
        NetworkSecurityGroupId=RULES, DnsServer=["10.0.0.4"],
    )  # fmt: skip
    configuration = {
        "name": "ipconfig1",
        "properties": {
            "privateIPAllocationMethod": "Dynamic",
            "subnet": {"id": SUBNET},
            "publicIPAddress": {"id": ADDRESS},
        },
    }
    assert body_of(bench, "PUT", NIC) == {
        "location": "westeurope",
        "properties": {
            "ipConfigurations": [configuration],
            "networkSecurityGroup": {"id": RULES},
            "dnsSettings": {"dnsServers": ["10.0.0.4"]},
        },
    }


def test_an_interface_of_objects_sends_their_ids_alone(bench: Bench, network: Record) -> None:
    subnet = bench.one("Get-AzVirtualNetworkSubnetConfig", Name="default", VirtualNetwork=network)
    bench.run("New-AzNetworkInterface", **HERE, Name="nic1", Subnet=subnet, PrivateIpAddress="10.0.0.10")
    sent = body_of(bench, "PUT", NIC)["properties"]
    assert isinstance(sent, dict)
    assert sent["ipConfigurations"] == [
        {
            "name": "ipconfig1",
            "properties": {
                "privateIPAddress": "10.0.0.10",
                "privateIPAllocationMethod": "Static",
                "subnet": {"id": SUBNET},
            },
        }
    ]


def test_an_address_that_a_script_puts_into_an_interface_is_sent_by_its_id(bench: Bench, network: Record) -> None:
    nic = bench.one("New-AzNetworkInterface", **HERE, Name="nic1", SubnetId=SUBNET)
    address = bench.one("New-AzPublicIpAddress", **HERE, Name="address1", AllocationMethod="Static")
    (configuration,) = items(nic, "IpConfigurations")
    configuration.members["PublicIpAddress"] = address
    bench.run("Set-AzNetworkInterface", input=[nic])
    sent = body_of(bench, "PUT", NIC)["properties"]
    assert isinstance(sent, dict)
    assert sent["ipConfigurations"] == [
        {
            "name": "ipconfig1",
            "properties": {
                "privateIPAllocationMethod": "Dynamic",
                "subnet": {"id": SUBNET},
                "publicIPAddress": {"id": ADDRESS},
            },
        }
    ]


def test_an_interface_may_be_made_of_a_configuration(bench: Bench) -> None:
    made = bench.one("New-AzNetworkInterfaceIpConfig", Name="first", SubnetId=SUBNET, Primary=True)
    bench.run("New-AzNetworkInterface", **HERE, Name="nic1", IpConfiguration=made)
    sent = body_of(bench, "PUT", NIC)["properties"]
    assert isinstance(sent, dict)
    assert sent["ipConfigurations"] == [
        {
            "name": "first",
            "properties": {
                "privateIPAddressVersion": "IPv4",
                "privateIPAllocationMethod": "Dynamic",
                "subnet": {"id": SUBNET},
                "primary": True,
            },
        }
    ]


def test_an_id_of_something_else_is_refused(bench: Bench) -> None:
    assert bench.run("New-AzNetworkInterface", **HERE, Name="nic1", SubnetId=NETWORK) == []
    assert "is not the id of a Microsoft.Network/virtualNetworks/subnets" in bench.reported[0].message
    assert bench.api.changes() == []


@pytest.mark.parametrize("version", [{}, {"IpAddressVersion": None}])
def test_an_address_is_made_with_its_label_and_shown(bench: Bench, version: dict[str, Value]) -> None:
    made = bench.one("New-AzPublicIpAddress", **HERE, Name="address1", AllocationMethod="static", Sku="Standard",
                     DomainNameLabel="web", Tag=table(team="lab"), **version)  # fmt: skip
    assert body_of(bench, "PUT", ADDRESS) == {
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "tags": {"team": "lab"},
        "properties": {
            "publicIPAllocationMethod": "Static",
            "publicIPAddressVersion": "IPv4",
            "dnsSettings": {"domainNameLabel": "web"},
        },
    }
    shown = bench.shown(made)
    assert "team  lab" in shown
    assert "PublicIpAllocationMethod : Static" in shown


def test_rules_have_lists_where_the_wire_has_two_names(bench: Bench) -> None:
    rule = bench.one(
        "New-AzNetworkSecurityRuleConfig", Name="web", Protocol="tcp", Direction="inbound", Priority=100,
        Access="Allow", SourceAddressPrefix="*", SourcePortRange="*", DestinationAddressPrefix="*",
        DestinationPortRange=[80, "443"],
    )  # fmt: skip
    made = bench.one("New-AzNetworkSecurityGroup", **HERE, Name="rules", SecurityRules=rule)
    sent = body_of(bench, "PUT", RULES)["properties"]
    assert sent == {
        "securityRules": [
            {
                "name": "web",
                "properties": {
                    "protocol": "Tcp",
                    "sourcePortRange": "*",
                    "destinationPortRanges": ["80", "443"],
                    "sourceAddressPrefix": "*",
                    "destinationAddressPrefix": "*",
                    "access": "Allow",
                    "priority": 100,
                    "direction": "Inbound",
                },
            }
        ]
    }
    (read,) = bench.run("Get-AzNetworkSecurityRuleConfig", input=[made])
    assert isinstance(read, Record)
    assert (read.get("SourcePortRange"), read.get("DestinationPortRange")) == (["*"], ["80", "443"])


def test_a_removal_gives_true_only_when_asked(bench: Bench, network: Record) -> None:
    assert bench.run("Remove-AzVirtualNetwork", input=[network], Force=True, PassThru=True) == [True]
    assert bench.run("Remove-AzNetworkInterface", ResourceGroupName="lab", Name="nic1", Force=True) == []
    assert bench.api.changes() == [("DELETE", NETWORK), ("DELETE", NIC)]


def test_a_network_that_a_script_put_into_itself_is_still_shown(bench: Bench, network: Record) -> None:
    network.members["Subnets"] = [network]
    assert "Subnets" in bench.shown(network)
