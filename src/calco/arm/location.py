"""What lies outside resource groups: subscriptions, tenants, locations, sizes."""

from calco.arm.call import Answer, Call, ok
from calco.model import errors, region
from calco.model.document import Document
from calco.model.vm_size import SIZES, VmSize
from calco.work import virtual_machine


def list_subscriptions(call: Call) -> Answer:
    return ok({"value": [_subscription(call)], "count": {"type": "Total", "value": 1}})


def get_subscription(call: Call) -> Answer:
    return ok(_subscription(call))


def _subscription(call: Call) -> Document:
    return {
        "id": f"/subscriptions/{call.subscription}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": call.subscription,
        "tenantId": call.tenant,
        "displayName": "calco",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def list_tenants(call: Call) -> Answer:
    tenant: Document = {
        "id": f"/tenants/{call.tenant}",
        "tenantId": call.tenant,
        "displayName": "calco",
        "tenantCategory": "Home",
    }
    return ok({"value": [tenant]})


def list_locations(call: Call) -> Answer:
    return ok({"value": [_location(call, name) for name in call.cloud.rules.locations]})


def _location(call: Call, name: str) -> Document:
    here = region.find(name)
    shown: Document = {
        "id": f"/subscriptions/{call.subscription}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": here.display_name,
        "regionalDisplayName": f"({here.geography_group}) {here.display_name}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geography": here.geography,
            "geographyGroup": here.geography_group,
            "pairedRegion": [],
        },
    }
    zones = call.cloud.rules.zones.get(name, ())
    if zones:
        # Which building a zone is in differs between subscriptions in Azure; here they are in one order.
        shown["availabilityZoneMappings"] = [
            {"logicalZone": zone, "physicalZone": f"{name}-az{number}"} for number, zone in enumerate(zones, start=1)
        ]
    return shown


# --- sizes -----------------------------------------------------------------------------------------------------------


def list_sizes(call: Call) -> Answer:
    place = call.variables["location"].replace(" ", "").lower()
    if place not in call.cloud.rules.locations:
        raise errors.location_not_available(place, "locations/vmSizes", call.cloud.rules.locations)
    return sizes()


def list_sizes_of_machine(call: Call) -> Answer:
    """What a machine may be resized to: as in its region."""
    virtual_machine.get(call.cloud, call.id)
    return sizes()


def sizes() -> Answer:
    """Every size, wherever it is asked for."""
    return ok({"value": [_size(each) for each in SIZES]})


def _size(size: VmSize) -> Document:
    return {
        "name": size.name,
        "numberOfCores": size.cores,
        "osDiskSizeInMB": 1047552,
        "resourceDiskSizeInMB": 0,
        "memoryInMB": size.memory_mib,
        "maxDataDiskCount": size.max_data_disks,
    }
