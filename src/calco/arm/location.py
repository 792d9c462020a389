"""What lies outside resource groups: subscriptions, tenants, locations, providers, sizes."""

from collections.abc import Mapping, Sequence

from calco.arm.call import Answer, Call, ok
from calco.model import errors, region
from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.vm_size import SIZES, VmSize


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


# --- providers -------------------------------------------------------------------------------------------------------

TYPES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "Microsoft.Compute": {
        "virtualMachines": ("2024-11-01", "2024-07-01", "2023-09-01", "2021-11-01", "2020-06-01"),
        "images": ("2024-11-01", "2024-07-01", "2023-09-01", "2021-11-01", "2020-06-01"),
        "disks": ("2024-03-02", "2023-10-02", "2021-08-01", "2020-06-30"),
        "snapshots": ("2024-03-02", "2023-10-02", "2021-08-01", "2020-06-30"),
        "availabilitySets": ("2024-11-01", "2024-07-01", "2023-09-01", "2021-11-01", "2020-06-01"),
        "locations/operations": ("2024-11-01",),
        "locations/DiskOperations": ("2024-03-02",),
        "locations/vmSizes": ("2024-11-01",),
    },
    "Microsoft.Network": {
        "virtualNetworks": ("2024-05-01", "2022-01-01", "2019-09-01"),
        "networkInterfaces": ("2024-05-01", "2022-01-01", "2019-09-01"),
        "publicIPAddresses": ("2024-05-01", "2022-01-01", "2019-09-01"),
        "networkSecurityGroups": ("2024-05-01", "2022-01-01", "2019-09-01"),
        "locations/operations": ("2024-05-01",),
        "locations/operationResults": ("2024-05-01",),
    },
    "Microsoft.Storage": {
        "storageAccounts": ("2025-08-01", "2025-06-01", "2024-01-01", "2023-05-01", "2018-11-01"),
        "storageAccounts/blobServices": ("2025-08-01", "2024-01-01", "2023-05-01"),
        "storageAccounts/blobServices/containers": ("2025-08-01", "2024-01-01", "2023-05-01"),
        "locations/asyncoperations": ("2025-08-01", "2024-01-01", "2023-05-01"),
    },
    "Microsoft.Resources": {
        "resourceGroups": ("2024-11-01", "2021-01-01"),
        "subscriptions": ("2022-12-01",),
    },
}
"""Newest version first: ``az resource show`` takes the first. Any other well-formed version is accepted too."""


def list_providers(call: Call) -> Answer:
    return ok({"value": [_provider(call, namespace) for namespace in TYPES]})


def get_provider(call: Call) -> Answer:
    return ok(_provider(call, _namespace(call)))


def register(call: Call) -> Answer:
    """Every provider that is there is registered from the start."""
    return get_provider(call)


def _namespace(call: Call) -> str:
    asked = call.variables["namespace"]
    for namespace in TYPES:
        if namespace.lower() == asked.lower():
            return namespace
    raise ApiError(404, "InvalidResourceNamespace", f"The resource namespace '{asked[:100]}' is invalid.")


def _provider(call: Call, namespace: str) -> Document:
    names: list[Json] = [region.find(name).display_name for name in call.cloud.rules.locations]
    types: list[Json] = [
        {
            "resourceType": name,
            "locations": names,
            "apiVersions": [*versions],
            "capabilities": "SupportsTags, SupportsLocation",
        }
        for name, versions in TYPES[namespace].items()
    ]
    return {
        "id": f"/subscriptions/{call.subscription}/providers/{namespace}",
        "namespace": namespace,
        "authorizations": [],
        "resourceTypes": types,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
    }


# --- sizes -----------------------------------------------------------------------------------------------------------


def list_sizes(call: Call) -> Answer:
    place = call.variables["location"].replace(" ", "").lower()
    if place not in call.cloud.rules.locations:
        raise errors.location_not_available(place, "locations/vmSizes", call.cloud.rules.locations)
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
