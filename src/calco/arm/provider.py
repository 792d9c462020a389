"""Resource providers: which there are, which types and versions they have, and whether the subscription uses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calco.arm.call import Answer, Call, ok
from calco.model import region
from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.work import provider as work

_COMPUTE = ("2024-11-01", "2024-07-01", "2023-09-01", "2021-11-01", "2020-06-01")
_DISKS = ("2024-03-02", "2023-10-02", "2021-08-01", "2020-06-30")
_NETWORK = ("2024-05-01", "2022-01-01", "2019-09-01")
_STORAGE = ("2025-08-01", "2024-01-01", "2023-05-01")

TYPES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "Microsoft.Compute": {
        "availabilitySets": _COMPUTE,
        "virtualMachines": _COMPUTE,
        "virtualMachines/extensions": _COMPUTE,
        "images": _COMPUTE,
        "disks": _DISKS,
        "snapshots": _DISKS,
        "skus": ("2021-07-01", "2019-04-01", "2017-09-01"),
        "locations/operations": _COMPUTE[:1],
        "locations/DiskOperations": _DISKS[:1],
        "locations/publishers": _COMPUTE,
        "locations/usages": _COMPUTE,
        "locations/vmSizes": _COMPUTE[:1],
    },
    "Microsoft.Network": {
        "virtualNetworks": _NETWORK,
        "virtualNetworks/subnets": _NETWORK,
        "networkInterfaces": _NETWORK,
        "networkSecurityGroups": _NETWORK,
        "networkSecurityGroups/securityRules": _NETWORK,
        "publicIPAddresses": _NETWORK,
        "locations/CheckDnsNameAvailability": _NETWORK,
        "locations/operations": _NETWORK[:1],
        "locations/operationResults": _NETWORK[:1],
        "locations/usages": _NETWORK,
    },
    "Microsoft.Storage": {
        "storageAccounts": ("2025-08-01", "2025-06-01", "2024-01-01", "2023-05-01", "2018-11-01"),
        "storageAccounts/blobServices": _STORAGE,
        "storageAccounts/blobServices/containers": _STORAGE,
        "locations/asyncoperations": _STORAGE,
    },
    "Microsoft.Authorization": {
        "locks": ("2020-05-01", "2016-09-01"),
        "roleAssignments": ("2022-04-01", "2020-04-01-preview"),
        "roleDefinitions": ("2022-04-01", "2018-01-01-preview"),
    },
    "Microsoft.SerialConsole": {"consoleServices": ("2018-05-01",), "serialPorts": ("2018-05-01",)},
    "Microsoft.Insights": {"eventtypes": ("2017-03-01-preview", "2015-04-01", "2014-04-01")},
    "Microsoft.Resources": {
        "deployments": ("2025-04-01", "2024-11-01", "2022-09-01", "2021-04-01", "2018-02-01"),
        "resourceGroups": ("2024-11-01", "2021-01-01"),
        "subscriptions": ("2022-12-01",),
        "tags": ("2024-11-01", "2021-04-01"),
    },
}
"""Newest version first: ``az resource show`` takes the first. Any other well-formed version is accepted too."""

NOT_PLACED = frozenset({
    "Microsoft.Authorization", "Microsoft.Insights", "Microsoft.Resources", "Microsoft.SerialConsole",
})  # fmt: skip
"""Their resources lie in no region, and nobody has to register them."""


def list_all(call: Call) -> Answer:
    return ok({"value": [_show(call, namespace) for namespace in TYPES]})


def get(call: Call) -> Answer:
    return ok(_show(call, _namespace(call)))


@dataclass(frozen=True)
class Registration:
    """The acts on one provider: each has rows of its own, for the right to do it is called after the provider."""

    namespace: str

    def register(self, call: Call) -> Answer:
        """At once: every provider that is there is registered from the start, unless somebody unregistered it."""
        work.register(call.cloud, self.namespace)
        return ok(_show(call, self.namespace))

    def unregister(self, call: Call) -> Answer:
        here = self.namespace
        if here in NOT_PLACED:
            raise ApiError(409, "CannotUnregisterProvider", f"The resource provider '{here}' is always registered.")
        work.unregister(call.cloud, here, [f"{here}/{each}" for each in TYPES[here] if "/" not in each])
        return ok(_show(call, here))


def _namespace(call: Call) -> str:
    asked = call.variables["namespace"]
    for namespace in TYPES:
        if namespace.lower() == asked.lower():
            return namespace
    raise ApiError(404, "InvalidResourceNamespace", f"The resource namespace '{asked[:100]}' is invalid.")


def _show(call: Call, namespace: str) -> Document:
    placed = namespace not in NOT_PLACED
    names: list[Json] = [region.find(name).display_name for name in call.cloud.rules.locations] if placed else []
    types: list[Json] = [
        {
            "resourceType": name,
            "locations": names,
            "apiVersions": [*versions],
            "capabilities": "SupportsTags, SupportsLocation" if placed and "/" not in name else "None",
        }
        for name, versions in TYPES[namespace].items()
    ]
    return {
        "id": f"/subscriptions/{call.subscription}/providers/{namespace}",
        "namespace": namespace,
        "authorizations": [],
        "resourceTypes": types,
        "registrationState": "Registered" if work.is_registered(call.cloud, namespace) else "Unregistered",
        "registrationPolicy": "RegistrationRequired" if placed else "RegistrationFree",
    }
