"""Usages, quotas and SKUs over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from calco.model.vm_size import SIZES, find
from tests.arm.api import COMPUTE, NETWORK, SUB, Api, machine_body

USAGES = f"{SUB}/providers/Microsoft.Compute/locations/eastus/usages"
SKUS = f"{SUB}/providers/Microsoft.Compute/skus"


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def used(lab: Api, path: str = USAGES) -> dict[str, tuple[int, int]]:
    """What is used of what there is, where something is."""
    found = lab.get(path)["value"]
    return {each["name"]["value"]: (each["currentValue"], each["limit"]) for each in found if each["currentValue"]}


def sized(lab: Api, name: str, size: str) -> Any:
    body: Any = machine_body(name, lab.nic(f"{name}-nic"))
    body["properties"]["hardwareProfile"]["vmSize"] = size
    return body


@pytest.fixture
def lab(api: Api) -> Api:
    """A region of four cores."""
    world = api.world
    world.cloud = replace(world.cloud, rules=replace(world.rules, cores_per_region=4))
    return Api(world).with_network()


def test_cores_count_as_long_as_their_machine_is_there(lab: Api) -> None:
    lab.put(f"{COMPUTE}/virtualMachines/one", sized(lab, "one", "Standard_D2s_v5"))
    lab.post(f"{COMPUTE}/virtualMachines/one/deallocate")
    counted = used(lab)

    lab.put(f"{COMPUTE}/virtualMachines/two", sized(lab, "two", "Standard_D2s_v5"))
    refused = lab.call("PUT", f"{COMPUTE}/virtualMachines/three", sized(lab, "three", "Standard_B1s"))

    assert (counted["cores"], counted["standardDSv5Family"], counted["virtualMachines"]) == ((2, 4), (2, 4), (1, 25000))
    assert counted["StandardDiskCount"][0] == 2
    assert refusal(refused) == (409, "OperationNotAllowed")
    message = refused.json()["error"]["message"]
    assert "Total Regional Cores quota" in message
    assert "Current Limit: 4, Current Usage: 4, Additional Required: 1, (Minimum) New Limit Required: 5." in message
    assert "cores_per_region" in message
    assert lab.call("GET", f"{COMPUTE}/virtualMachines/three").status_code == 404
    assert "virtualMachine" not in lab.get(f"{NETWORK}/networkInterfaces/three-nic")["properties"]
    lab.delete(f"{COMPUTE}/virtualMachines/one")
    assert lab.put(f"{COMPUTE}/virtualMachines/three", sized(lab, "three", "Standard_B1s")).status_code == 201


def test_a_larger_size_needs_its_cores_too(lab: Api) -> None:
    one = f"{COMPUTE}/virtualMachines/one"
    lab.put(one, sized(lab, "one", "Standard_D2s_v5"))
    lab.put(f"{COMPUTE}/virtualMachines/two", sized(lab, "two", "Standard_B1s"))
    lab.post(f"{one}/deallocate")

    def resized(size: str) -> Any:
        return lab.call("PATCH", one, {"properties": {"hardwareProfile": {"vmSize": size}}})

    refused = resized("Standard_D4s_v5")
    assert refusal(refused) == (409, "OperationNotAllowed")
    assert "Current Usage: 3, Additional Required: 2" in refused.json()["error"]["message"]
    assert lab.get(one)["properties"]["hardwareProfile"]["vmSize"] == "Standard_D2s_v5"
    assert resized("Standard_B1s").status_code == 200
    lab.world.drive()
    lab.delete(f"{COMPUTE}/virtualMachines/two")
    assert resized("Standard_D4s_v5").status_code == 200
    assert used(lab)["cores"] == (4, 4)


def test_a_smaller_size_is_let_in_where_there_is_too_much_already(lab: Api) -> None:
    one = f"{COMPUTE}/virtualMachines/one"
    lab.put(one, sized(lab, "one", "Standard_D4s_v5"))
    lab.post(f"{one}/deallocate")
    lab.world.cloud = replace(lab.world.cloud, rules=replace(lab.world.rules, cores_per_region=1))
    lab = Api(lab.world)

    resized = lab.call("PATCH", one, {"properties": {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}}})

    assert resized.status_code == 200, resized.text
    assert used(lab)["cores"] == (2, 1)


def test_regions_have_quotas_of_their_own(lab: Api) -> None:
    lab.put(f"{COMPUTE}/virtualMachines/one", sized(lab, "one", "Standard_D4s_v5"))

    assert used(lab, USAGES.replace("eastus", "westus")) == {}
    assert used(lab, USAGES.replace("eastus", "East US"))["cores"] == (4, 4)
    assert lab.call("GET", USAGES.replace("eastus", "moon")).status_code == 400
    networks = used(lab, f"{SUB}/providers/Microsoft.Network/locations/eastus/usages")
    assert networks == {"VirtualNetworks": (1, 1000), "NetworkInterfaces": (1, 65536)}


def test_skus_are_told_for_one_region_with_its_zones(lab: Api) -> None:
    found = lab.get(f"{SKUS}?$filter=location%20eq%20'eastus'")["value"]
    (size,) = [each for each in found if each["name"] == "Standard_D2s_v5"]
    capabilities = {each["name"]: each["value"] for each in size["capabilities"]}

    assert (size["resourceType"], size["tier"], size["size"]) == ("virtualMachines", "Standard", "D2s_v5")
    assert size["locationInfo"] == [{"location": "eastus", "zones": ["1", "2", "3"], "zoneDetails": []}]
    assert size["restrictions"] == []
    assert (capabilities["vCPUs"], capabilities["MemoryGB"], capabilities["PremiumIO"]) == ("2", "8", "True")
    assert capabilities["HyperVGenerations"] == "V1,V2"
    names = {(each["resourceType"], each["name"]) for each in found}
    assert ("disks", "Premium_ZRS") in names
    assert ("availabilitySets", "Aligned") in names
    assert all(each["locations"] == ["eastus"] for each in found)


def test_a_machine_tells_what_it_may_be_resized_to(lab: Api) -> None:
    lab.put(f"{COMPUTE}/virtualMachines/one", sized(lab, "one", "Standard_B1s"))

    found = lab.get(f"{COMPUTE}/virtualMachines/one/vmSizes")["value"]
    assert {each["name"] for each in found} == {each.name for each in SIZES}
    assert lab.call("GET", f"{COMPUTE}/virtualMachines/two/vmSizes").status_code == 404


def test_skus_without_a_filter_are_those_of_every_region(lab: Api) -> None:
    everything = lab.get(SKUS)["value"]
    places = {each["locations"][0] for each in everything}

    assert places == set(lab.world.rules.locations)
    without_zones = [each for each in everything if each["locations"] == ["westus"]]
    assert all(each["locationInfo"][0]["zones"] == [] for each in without_zones)
    assert not [each for each in without_zones if each["name"].endswith("_ZRS")]
    assert lab.get(f"{SKUS}?$filter=location%20eq%20'moon'")["value"] == []
    assert refusal(lab.call("GET", f"{SKUS}?$filter=name%20eq%20'x'")) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("size", "family"),
    [
        ("Standard_D2s_v5", "standardDSv5Family"),
        ("Standard_B1ls", "standardBSFamily"),
        ("Standard_DS15_v2", "standardDSv2Family"),
        ("Standard_F4s_v2", "standardFSv2Family"),
        ("Standard_A1", "standardA0_A7Family"),
        ("Standard_A1_v2", "standardAv2Family"),
        ("Basic_A0", "basicA0_A7Family"),
    ],
)
def test_a_size_is_of_a_family(size: str, family: str) -> None:
    found = find(size)

    assert found is not None
    assert found.family == family
    assert all(each.family_words for each in SIZES)
