"""What lies outside resource groups, over HTTP."""

from tests.arm.api import SUB, TENANT, Api
from tests.world import SUBSCRIPTION


def test_subscriptions_and_tenants_are_told(api: Api) -> None:
    (one,) = api.get("/subscriptions")["value"]

    assert (one["id"], one["subscriptionId"], one["tenantId"], one["state"]) == (SUB, SUBSCRIPTION, TENANT, "Enabled")
    assert api.get(SUB) == one
    assert api.get("/tenants")["value"][0]["tenantId"] == TENANT


def test_locations_have_what_az_reads(api: Api) -> None:
    first = api.get(f"{SUB}/locations")["value"][0]

    assert (first["name"], first["displayName"], first["regionalDisplayName"]) == ("eastus", "East US", "(US) East US")
    assert first["metadata"]["regionType"] == "Physical"
    assert first["metadata"]["regionCategory"] == "Recommended"


def test_sizes_are_listed_where_machines_can_be(api: Api) -> None:
    sizes = api.get(f"{SUB}/providers/Microsoft.Compute/locations/eastus/vmSizes")["value"]

    assert {"name", "numberOfCores", "memoryInMB", "maxDataDiskCount"} <= set(sizes[0])
    assert api.call("GET", f"{SUB}/providers/Microsoft.Compute/locations/moon/vmSizes").status_code == 400


def test_a_location_shows_its_zones_and_one_without_shows_none(api: Api) -> None:
    shown = {each["name"]: each for each in api.get(f"{SUB}/locations")["value"]}

    assert shown["eastus"]["availabilityZoneMappings"] == [
        {"logicalZone": str(zone), "physicalZone": f"eastus-az{zone}"} for zone in (1, 2, 3)
    ]
    assert "availabilityZoneMappings" not in shown["westus"]
