"""Virtual networks, NICs and public addresses over HTTP."""

from typing import Any

import pytest

from calco.model.document import Document
from tests.arm.api import NETWORK, SUB, Api, machine_body, network_body, nic_body, without_etags

NET = f"{NETWORK}/virtualNetworks/net"
NIC = f"{NETWORK}/networkInterfaces/nic"
PUBLIC = f"{NETWORK}/publicIPAddresses/pub"
PLACE: Document = {"location": "eastus"}


def with_subnets(prefixes: list[str], **subnets: str) -> Any:
    named = [{"name": name, "properties": {"addressPrefix": prefix}} for name, prefix in subnets.items()]
    return PLACE | {"properties": {"addressSpace": {"addressPrefixes": prefixes}, "subnets": named}}


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def lab(api: Api) -> Api:
    return api.with_network()


# --- networks --------------------------------------------------------------------------------------------------------


def test_a_network_is_shown_with_its_subnets(lab: Api) -> None:
    answer = lab.put(f"{NETWORK}/virtualNetworks/n2", network_body())
    shown = lab.get(f"{NETWORK}/virtualNetworks/n2")

    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Updating")
    assert list(shown) == ["name", "id", "etag", "type", "location", "properties"]
    (subnet,) = shown["properties"]["subnets"]
    assert list(subnet) == ["name", "id", "etag", "properties", "type"]
    assert subnet["id"] == f"{NETWORK}/virtualNetworks/n2/subnets/default"
    assert subnet["properties"]["provisioningState"] == shown["properties"]["provisioningState"] == "Succeeded"


def test_what_get_shows_may_be_put_again(lab: Api) -> None:
    lab.nic("nic")
    shown = lab.get(NET)

    assert lab.put(NET, shown | {"tags": {"a": "b"}}).status_code == 200
    assert without_etags(lab.get(NET)["properties"]) == without_etags(shown["properties"])
    assert lab.get(NET)["tags"] == {"a": "b"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (with_subnets([], a="10.0.0.0/24"), "InvalidParameter"),
        (with_subnets(["10.0.0.0/16"], a="10.1.0.0/24"), "NetcfgInvalidSubnet"),
        (with_subnets(["10.0.0.0/16"], a="10.0.0.0/24", b="10.0.0.128/25"), "NetcfgSubnetRangesOverlap"),
        (with_subnets(["10.0.0.0/16", "10.0.1.0/24"]), "InvalidParameter"),
        (with_subnets(["10.0.0.0/16"], a="10.0.0.1/24"), "InvalidCIDRNotation"),
        (with_subnets(["10.0.0.0/33"]), "InvalidAddressPrefixFormat"),
        (with_subnets(["ten"]), "InvalidAddressPrefixFormat"),
        (with_subnets(["10.0.0.0/16"], a="10.0.0.0/30"), "InvalidAddressPrefixFormat"),
        (with_subnets(["0.0.0.0/0"]), "InvalidAddressPrefixFormat"),
        (with_subnets(["10.0.0.0/16"], **{"-": "10.0.0.0/24"}), "InvalidParameter"),
    ],
)
def test_blocks_lie_inside_and_beside_each_other(lab: Api, body: Any, code: str) -> None:
    path = f"{NETWORK}/virtualNetworks/n2"

    assert refusal(lab.call("PUT", path, body)) == (400, code)
    assert lab.call("GET", path).status_code == 404


def test_a_subnet_that_is_used_stays_as_it_is(lab: Api) -> None:
    lab.nic("nic")
    before = lab.get(NET)

    gone = lab.call("PUT", NET, with_subnets(["10.0.0.0/16"], other="10.0.9.0/24"))
    moved = lab.call("PUT", NET, with_subnets(["10.0.0.0/16"], default="10.0.9.0/24"))
    deleted = lab.call("DELETE", NET)
    alone = lab.call("DELETE", f"{NET}/subnets/default")

    assert refusal(gone) == (400, "InUseSubnetCannotBeDeleted")
    assert refusal(moved) == (400, "InUsePrefixCannotBeDeleted")
    assert refusal(deleted) == (400, "InUseSubnetCannotBeDeleted")
    assert refusal(alone) == (400, "InUseSubnetCannotBeDeleted")
    assert lab.get(NET) == before


def test_subnets_come_and_go_by_themselves(lab: Api) -> None:
    extra = f"{NET}/subnets/extra"

    made = lab.put(extra, {"properties": {"addressPrefix": "10.0.9.0/24"}})
    again = lab.put(extra, {"properties": {"addressPrefix": "10.0.8.0/24"}})

    assert (made.status_code, again.status_code) == (201, 200)
    assert lab.get(extra)["properties"]["addressPrefix"] == "10.0.8.0/24"
    assert [each["name"] for each in lab.get(f"{NET}/subnets")["value"]] == ["default", "extra"]
    assert lab.delete(extra).status_code == 202
    assert lab.call("DELETE", extra).status_code == 204
    assert lab.call("GET", extra).status_code == 404
    orphan = lab.call("PUT", f"{NET}2/subnets/extra", {"properties": {"addressPrefix": "10.0.9.0/24"}})
    assert refusal(orphan) == (404, "ParentResourceNotFound")


def test_an_empty_network_goes(lab: Api) -> None:
    assert lab.delete(NET).status_code == 202
    assert lab.call("GET", NET).status_code == 404


# --- NICs ------------------------------------------------------------------------------------------------------------


def test_a_nic_gets_the_first_free_address_and_keeps_it(lab: Api) -> None:
    first, second = lab.get(lab.nic("nic")), lab.get(lab.nic("nic2"))
    lab.delete(NIC)
    third = lab.get(lab.nic("nic3"))
    lab.put(f"{NETWORK}/networkInterfaces/nic2", nic_body() | {"tags": {"a": "b"}})

    assert [_address(each) for each in (first, second, third)] == ["10.0.0.4", "10.0.0.5", "10.0.0.4"]
    assert _address(lab.get(f"{NETWORK}/networkInterfaces/nic2")) == "10.0.0.5"
    assert "macAddress" not in first["properties"]
    assert "virtualMachine" not in first["properties"]


def _address(nic: Any) -> str:
    address: str = nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    return address


def asking(address: str) -> Any:
    body: Any = nic_body()
    body["properties"]["ipConfigurations"][0]["properties"] |= {
        "privateIPAllocationMethod": "static",
        "privateIPAddress": address,
    }
    return body


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.0.1.4", "PrivateIPAddressNotInSubnet"),
        ("10.0.0.3", "PrivateIPAddressNotInSubnet"),
        ("10.0.0.255", "PrivateIPAddressNotInSubnet"),
        ("ten", "PrivateIPAddressNotInSubnet"),
        ("10.0.0.4", "PrivateIPAddressInUse"),
    ],
)
def test_an_address_that_is_asked_for_must_be_free(lab: Api, address: str, code: str) -> None:
    lab.nic("nic")

    assert refusal(lab.call("PUT", f"{NIC}2", asking(address))) == (400, code)
    assert lab.call("GET", f"{NIC}2").status_code == 404


def test_a_static_address_is_given(lab: Api) -> None:
    lab.put(NIC, asking("10.0.0.77"))

    inner = lab.get(NIC)["properties"]["ipConfigurations"][0]["properties"]
    assert (inner["privateIPAddress"], inner["privateIPAllocationMethod"]) == ("10.0.0.77", "Static")


def test_a_full_subnet_takes_no_more(lab: Api) -> None:
    lab.put(f"{NET}/subnets/tiny", {"properties": {"addressPrefix": "10.0.9.0/29"}})
    body: Any = nic_body()
    body["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = f"{NET}/subnets/tiny"

    for name in "abc":
        lab.put(f"{NETWORK}/networkInterfaces/{name}", body)

    assert refusal(lab.call("PUT", f"{NETWORK}/networkInterfaces/d", body)) == (400, "SubnetIsFull")


def test_a_nic_of_a_machine_stays_with_it(lab: Api) -> None:
    nic = lab.nic("nic")
    web = NETWORK.replace("Network", "Compute") + "/virtualMachines/web"
    lab.put(web, machine_body("web", nic))
    shown = lab.get(nic)

    deleted = lab.call("DELETE", nic)
    put_back = lab.call("PUT", nic, shown)
    moved = lab.call("PUT", nic, asking("10.0.0.99"))

    assert refusal(deleted) == (400, "NicInUse")
    assert put_back.status_code == 200
    assert refusal(moved) == (400, "NotSupported")
    assert lab.get(nic)["properties"] == shown["properties"]
    assert shown["properties"]["macAddress"].startswith("00-0D-3A-")
    lab.delete(web)
    assert "virtualMachine" not in lab.get(nic)["properties"]
    assert lab.delete(nic).status_code == 202


def test_a_nic_needs_a_subnet_that_is_there(lab: Api) -> None:
    body: Any = nic_body()
    body["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = f"{NET}/subnets/nowhere"

    assert refusal(lab.call("PUT", NIC, body)) == (400, "InvalidResourceReference")


def test_nics_are_listed(lab: Api) -> None:
    lab.nic("nic")

    here = lab.get(f"{NETWORK}/networkInterfaces")["value"]
    anywhere = lab.get(f"{SUB}/providers/Microsoft.Network/networkInterfaces")["value"]

    assert here == anywhere == [lab.get(NIC)]


# --- public addresses ------------------------------------------------------------------------------------------------


def test_a_public_address_is_given_and_not_given_twice(lab: Api) -> None:
    addresses = []
    for name in ("a", "b", "c"):
        lab.put(f"{NETWORK}/publicIPAddresses/{name}", PLACE)
        addresses.append(lab.get(f"{NETWORK}/publicIPAddresses/{name}")["properties"]["ipAddress"])
    lab.delete(f"{NETWORK}/publicIPAddresses/c")
    lab.put(f"{NETWORK}/publicIPAddresses/d", PLACE)
    addresses.append(lab.get(f"{NETWORK}/publicIPAddresses/d")["properties"]["ipAddress"])

    assert addresses == ["100.64.0.4", "100.64.0.5", "100.64.0.6", "100.64.0.7"]


def test_an_address_knows_whose_it_is_until_it_is_let_go(lab: Api) -> None:
    lab.put(PUBLIC, PLACE)
    lab.nic("nic", PUBLIC)

    held = lab.get(PUBLIC)["properties"]["ipConfiguration"]["id"]
    taken = lab.call("PUT", f"{NIC}2", nic_body(PUBLIC))
    deleted = lab.call("DELETE", PUBLIC)
    lab.put(NIC, nic_body())

    assert held == f"{NIC}/ipConfigurations/primary"
    assert refusal(taken) == (400, "PublicIPAddressInUse")
    assert refusal(deleted) == (400, "PublicIPAddressCannotBeDeleted")
    assert "ipConfiguration" not in lab.get(PUBLIC)["properties"]
    assert lab.delete(PUBLIC).status_code == 202


def test_an_address_keeps_its_number_when_its_settings_change(lab: Api) -> None:
    lab.put(PUBLIC, PLACE)
    before = lab.get(PUBLIC)["properties"]["ipAddress"]

    lab.put(PUBLIC, PLACE | {"properties": {"ipAddress": "8.8.8.8", "dnsSettings": {"domainNameLabel": "web-1"}}})

    after = lab.get(PUBLIC)["properties"]
    assert after["ipAddress"] == before
    assert after["dnsSettings"] == {"domainNameLabel": "web-1", "fqdn": "web-1.eastus.cloudapp.azure.com"}


def test_standard_addresses_are_static(lab: Api) -> None:
    standard: Document = PLACE | {"sku": {"name": "standard"}}
    lab.put(PUBLIC, standard)

    dynamic = lab.call("PUT", f"{PUBLIC}2", standard | {"properties": {"publicIPAllocationMethod": "dynamic"}})

    assert lab.get(PUBLIC)["properties"]["publicIPAllocationMethod"] == "Static"
    assert lab.get(PUBLIC)["sku"] == {"name": "Standard"}
    assert refusal(dynamic) == (400, "InvalidParameter")


# --- what az asks of all of them -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [NET, NIC, PUBLIC])
def test_a_patch_changes_tags_alone(lab: Api, path: str) -> None:
    lab.put(PUBLIC, PLACE)
    lab.nic("nic", PUBLIC)
    before = lab.get(path)

    answer = lab.call("PATCH", path, {"tags": {"a": "b"}, "properties": {"provisioningState": "Lost"}})

    assert (answer.status_code, answer.json()["tags"]) == (200, {"a": "b"})
    assert without_etags(lab.get(path)["properties"]) == without_etags(before["properties"])
    assert lab.get(path)["etag"] != before["etag"]
    assert refusal(lab.call("PATCH", f"{path}9", {"tags": {}})) == (404, "ResourceNotFound")


def labelled(label: str, **more: Any) -> Any:
    return PLACE | {"properties": {"dnsSettings": {"domainNameLabel": label}}} | more


def test_a_label_is_had_once_in_a_region(lab: Api) -> None:
    check = f"{SUB}/providers/Microsoft.Network/locations/eastus/CheckDnsNameAvailability?domainNameLabel=web-1"
    free = lab.get(check)
    lab.put(PUBLIC, labelled("web-1"))

    taken = lab.call("PUT", f"{PUBLIC}2", labelled("web-1"))
    again = lab.put(PUBLIC, labelled("web-1"))
    elsewhere = lab.put(f"{PUBLIC}3", labelled("web-1", location="westus"))

    assert (free, lab.get(check)) == ({"available": True}, {"available": False})
    assert refusal(taken) == (400, "DnsRecordInUse")
    assert lab.call("GET", f"{PUBLIC}2").status_code == 404
    assert (again.status_code, elsewhere.status_code) == (200, 201)
    assert elsewhere.json()["properties"]["dnsSettings"]["fqdn"] == "web-1.westus.cloudapp.azure.com"
    lab.put(PUBLIC, PLACE)
    assert "dnsSettings" not in lab.get(PUBLIC)["properties"]
    assert lab.get(check) == {"available": True}


@pytest.mark.parametrize("label", ["ab", "Web", "1web", "web-", "we.b", "x" * 64])
def test_a_label_is_a_label(lab: Api, label: str) -> None:
    assert refusal(lab.call("PUT", PUBLIC, labelled(label))) == (400, "InvalidDomainNameLabel")
    assert lab.call("GET", PUBLIC).status_code == 404


def test_a_nic_moves_while_its_machine_is_deallocated_alone(lab: Api) -> None:
    lab.put(PUBLIC, PLACE)
    lab.put(f"{NET}/subnets/extra", {"properties": {"addressPrefix": "10.0.9.0/24", "defaultOutboundAccess": False}})
    machine = lab.machine("one")
    nic = f"{NETWORK}/networkInterfaces/one-nic"
    moved: Any = nic_body(PUBLIC)
    moved["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = f"{NET}/subnets/extra"

    running = lab.call("PUT", nic, nic_body(PUBLIC))
    also = lab.call("PUT", nic, moved)
    lab.post(f"{machine}/deallocate")
    lab.put(nic, moved)
    lab.post(f"{machine}/start")

    assert refusal(running) == refusal(also) == (400, "NotSupported")
    assert "Deallocate the VM" in running.json()["error"]["message"]
    (shown,) = lab.get(nic)["properties"]["ipConfigurations"]
    assert shown["properties"]["privateIPAddress"] == "10.0.9.4"
    assert shown["properties"]["publicIPAddress"] == {"id": PUBLIC}
    assert lab.get(nic)["properties"]["virtualMachine"] == {"id": machine}
    assert lab.get(PUBLIC)["properties"]["ipConfiguration"]["id"] == shown["id"]


def test_a_public_address_is_in_zones_that_the_region_has(lab: Api) -> None:
    lab.put(PUBLIC, PLACE | {"sku": {"name": "Standard"}, "zones": ["1", "2", "3"]})

    nowhere = lab.call("PUT", f"{PUBLIC}2", PLACE | {"zones": ["1", "9"]})
    without = lab.call("PUT", f"{PUBLIC}3", {"location": "westus", "zones": ["1"]})

    assert lab.get(PUBLIC)["zones"] == ["1", "2", "3"]
    assert refusal(nowhere) == (400, "InvalidParameter")
    assert refusal(without) == (400, "ResourceTypeNotSupportAvailabilityZones")
    assert len(lab.get(f"{NETWORK}/publicIPAddresses")["value"]) == 1


def test_what_a_nic_is_told_of_names_stays(lab: Api) -> None:
    body: Any = nic_body()
    body["properties"]["dnsSettings"] = {"dnsServers": ["10.0.0.9"], "internalDnsNameLabel": "db"}

    lab.put(NIC, body)

    asked = {"dnsServers": ["10.0.0.9"], "internalDnsNameLabel": "db", "appliedDnsServers": []}
    assert lab.get(NIC)["properties"]["dnsSettings"] == asked
    assert lab.put(NIC, lab.get(NIC)).status_code == 200
    assert lab.get(NIC)["properties"]["dnsSettings"] == asked


def test_a_subnet_tells_who_is_in_it(lab: Api) -> None:
    empty = lab.get(f"{NET}/subnets/default")
    lab.nic("nic")
    lab.nic("nic2")

    inside = [{"id": f"{each}/ipConfigurations/primary"} for each in (NIC, f"{NIC}2")]
    assert "ipConfigurations" not in empty["properties"]
    assert lab.get(f"{NET}/subnets/default")["properties"]["ipConfigurations"] == inside
    assert lab.get(NET)["properties"]["subnets"][0]["properties"]["ipConfigurations"] == inside
    (listed,) = lab.get(f"{NET}/subnets")["value"]
    assert lab.put(f"{NET}/subnets/default", listed).status_code == 200
    lab.delete(NIC)
    assert lab.get(f"{NET}/subnets/default")["properties"]["ipConfigurations"] == inside[1:]
