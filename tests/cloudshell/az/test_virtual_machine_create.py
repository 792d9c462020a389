"""New-AzVM from a few words: what is made around the machine, what is used as it is, what is refused."""

import pytest

from calco.cloudshell.api import Refused
from calco.cloudshell.az import virtual_machine, virtual_machine_create
from calco.cloudshell.values import CREDENTIAL, Record, SecureString, Value
from calco.model.document import Document
from tests.cloudshell.az.bench import Bench
from tests.cloudshell.world import SUBSCRIPTION

ROOT = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{ROOT}/resourceGroups/lab"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
IMAGES = f"{ROOT}/providers/Microsoft.Compute/locations/eastus/publishers"
DEBIAN = f"{IMAGES}/Debian/artifacttypes/vmimage/offers/debian-12/skus/12-gen2/versions/latest"
ADA = Record.of(CREDENTIAL, {"UserName": "ada", "Password": SecureString("Secret-12345")})


@pytest.fixture
def bench() -> Bench:
    made = Bench((virtual_machine.MODULE, virtual_machine_create.MODULE))
    made.api.when("GET", DEBIAN, {"properties": {"osDiskImage": {"operatingSystem": "Linux"}}})
    return made


def new(bench: Bench, **given: Value) -> list[Value]:
    return bench.run("New-AzVM", ResourceGroupName="lab", Name="web", Credential=ADA, **given)


def body(bench: Bench, path: str) -> Document:
    (asked,) = [each for each in bench.api.asked if each.method == "PUT" and each.path == path]
    assert isinstance(asked.body, dict)
    return asked.body


def test_everything_a_machine_needs_is_made_in_its_order_under_its_name(bench: Bench) -> None:
    (made,) = new(bench, Image="debian12", Size="Standard_B1s", DomainNameLabel="web1")

    assert bench.api.changes() == [
        ("PUT", GROUP),
        ("PUT", f"{NETWORK}/publicIPAddresses/web"),
        ("PUT", f"{NETWORK}/virtualNetworks/web"),
        ("PUT", f"{NETWORK}/virtualNetworks/web/subnets/web"),
        ("PUT", f"{NETWORK}/networkSecurityGroups/web"),
        ("PUT", f"{NETWORK}/networkInterfaces/web"),
        ("PUT", f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web"),
    ], "the fake's network does not show its subnets, so that the subnet is put as well"
    assert [each for each, status, _ in bench.host.progresses if status] == [
        "Creating the resource group lab",
        "Creating the public address web",
        "Creating the virtual network web",
        "Creating the subnet web",
        "Creating the network security group web",
        "Creating the network interface web",
        "Creating the virtual machine web",
    ]
    assert body(bench, GROUP) == {"location": "eastus"}
    assert body(bench, f"{NETWORK}/publicIPAddresses/web") == {
        "location": "eastus",
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": "web1"}},
    }
    rules = body(bench, f"{NETWORK}/networkSecurityGroups/web")["properties"]
    assert rules == {
        "securityRules": [
            {
                "name": "web22",
                "properties": {
                    "protocol": "Tcp",
                    "access": "Allow",
                    "direction": "Inbound",
                    "priority": 1000,
                    "destinationPortRange": "22",
                    "sourcePortRange": "*",
                    "sourceAddressPrefix": "*",
                    "destinationAddressPrefix": "*",
                },
            }
        ]
    }
    assert body(bench, f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web") == {
        "location": "eastus",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "osProfile": {
                "computerName": "web",
                "adminUsername": "ada",
                "adminPassword": "Secret-12345",
                "linuxConfiguration": {},
            },
            "networkProfile": {"networkInterfaces": [{"id": f"{NETWORK}/networkInterfaces/web"}]},
            "storageProfile": {
                "imageReference": {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "latest"},
                "osDisk": {"createOption": "FromImage"},
                "dataDisks": [],
            },
        },
    }
    assert isinstance(made, Record)
    assert made.get("Name") == "web"
    assert "Secret-12345" not in str(bench.host)


def test_what_is_there_is_used_as_it_is(bench: Bench) -> None:
    bench.api.put(GROUP, {"location": "westus"})
    subnet = f"{NETWORK}/virtualNetworks/net/subnets/back"
    bench.api.put(f"{NETWORK}/virtualNetworks/net", {"properties": {"subnets": [{"name": "back", "id": subnet}]}})
    bench.api.put(f"{NETWORK}/networkSecurityGroups/walls", {})
    bench.api.put(f"{NETWORK}/publicIPAddresses/door", {"properties": {"dnsSettings": {"fqdn": "door.example.com"}}})
    image = f"{GROUP}/providers/Microsoft.Compute/images/golden"
    disks: Document = {"osDisk": {"osType": "Windows"}, "dataDisks": [{"lun": 0}]}
    bench.api.put(image, {"properties": {"storageProfile": disks}})

    (made,) = new(
        bench,
        Image="GOLDEN",
        VirtualNetworkName="net",
        SubnetName="Back",
        SecurityGroupName="walls",
        PublicIpAddressName="door",
        DataDiskSizeInGb=[8],
        OSDiskDeleteOption="Delete",
        Verbose=True,
    )

    assert bench.api.changes() == [
        ("PUT", f"{NETWORK}/networkInterfaces/web"),
        ("PUT", f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web"),
    ]
    place = body(bench, f"{NETWORK}/networkInterfaces/web")
    assert place["location"] == "westus", "where the group is"
    assert f"'id': '{subnet}'" in str(place)
    properties = body(bench, f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web")["properties"]
    assert isinstance(properties, dict)
    assert properties["storageProfile"] == {
        "imageReference": {"id": image},
        "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
        "dataDisks": [{"lun": 0, "createOption": "FromImage"}, {"lun": 1, "createOption": "Empty", "diskSizeGB": 8}],
    }
    assert isinstance(made, Record)
    assert made.get("FullyQualifiedDomainName") == "door.example.com"
    assert bench.host.verboses[-1] == "Use 'mstsc /v:door.example.com' to connect to the VM."


def test_the_group_is_called_like_the_machine_when_nobody_says(bench: Bench) -> None:
    bench.run("New-AzVM", Name="Web_1", Credential=ADA, Image="Debian12", OpenPorts=[22, 80])

    group = f"{ROOT}/resourceGroups/Web_1"
    assert bench.api.changes()[0] == ("PUT", group)
    address = body(bench, f"{group}/providers/Microsoft.Network/publicIPAddresses/Web_1")["properties"]
    assert "'domainNameLabel': 'web-1-000000'" in str(address)
    rules = body(bench, f"{group}/providers/Microsoft.Network/networkSecurityGroups/Web_1")
    assert "Web_122" in str(rules)
    assert "'priority': 1001, 'destinationPortRange': '80'" in str(rules)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Image": "nothing"}, "Can not find image 'nothing'"),
        ({"Image": "a:b"}, "publisher:offer:sku:version"),
        ({"Image": "/subscriptions/x"}, "is not the id of a resource"),
        ({"Image": "Debian12", "GenerateSshKey": True}, "Add-AzVMSshPublicKey"),
    ],
)
def test_what_cannot_be_leaves_nothing_behind(bench: Bench, given: dict[str, Value], said: str) -> None:
    assert new(bench, **given) == []

    assert said in bench.reported[0].message
    assert bench.api.changes() == []


def test_what_the_platform_says_of_an_image_it_has_not_reaches_people(bench: Bench) -> None:
    path = f"{IMAGES}/Canonical/artifacttypes/vmimage/offers/o/skus/s/versions/latest"
    bench.api.when("GET", path, Refused(404, "NotFound", "Set image_aliases."))

    assert new(bench, Image="Canonical:o:s:latest") == []

    assert "Set image_aliases." in bench.reported[0].message
    assert bench.api.changes() == []


def test_what_if_makes_nothing(bench: Bench) -> None:
    assert new(bench, Image="Debian12", WhatIf=True) == []
    assert bench.api.asked == []
