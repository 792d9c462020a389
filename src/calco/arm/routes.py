"""Everything the API can do, one row each: what is asked, which noun answers, which right it takes."""

from calco.arm import (
    access,
    disk,
    image,
    location,
    network_interface,
    operation,
    public_address,
    resource_group,
    snapshot,
    storage_account,
    virtual_machine,
    virtual_network,
)
from calco.arm.router import Handler, Route

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUPS = f"{SUBSCRIPTION}/resourceGroups"
GROUP = f"{GROUPS}/{{group}}"
PROVIDERS = f"{SUBSCRIPTION}/providers"
COMPUTE_LOCATION = f"{PROVIDERS}/Microsoft.Compute/locations/{{location}}"
NETWORK_LOCATION = f"{PROVIDERS}/Microsoft.Network/locations/{{location}}"


def _resource(
    type: str,
    *,
    put: Handler,
    get: Handler,
    delete: Handler,
    list_group: Handler,
    list_all: Handler,
    patch: Handler | None = None,
    quick: bool = False,
) -> list[Route]:
    """The rows every top-level type has."""
    there, one = f"{GROUP}/providers/{type}", f"{GROUP}/providers/{type}/{{name}}"
    rows = [
        Route("PUT", one, put, f"{type}/write", long_running=True),
        Route("GET", one, get, f"{type}/read", quick=quick),
        Route("DELETE", one, delete, f"{type}/delete", long_running=True),
        Route("GET", there, list_group, f"{type}/read"),
        Route("GET", f"{PROVIDERS}/{type}", list_all, f"{type}/read"),
    ]
    if patch is not None:
        rows.append(Route("PATCH", one, patch, f"{type}/write", long_running=True))
    return rows


_ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{{name}}"
_BLOB_SERVICE = f"{_ACCOUNT}/blobServices/default"
_STORAGE_WRITE = "Microsoft.Storage/storageAccounts/blobServices/containers/write"
_STORAGE_READ = "Microsoft.Storage/storageAccounts/blobServices/containers/read"
_STORAGE: tuple[Route, ...] = (
    *_resource(
        "Microsoft.Storage/storageAccounts",
        put=storage_account.put,
        get=storage_account.get,
        delete=storage_account.delete,
        list_group=storage_account.list_group,
        list_all=storage_account.list_all,
        patch=storage_account.patch,
    ),
    Route(
        "POST",
        f"{_ACCOUNT}/listKeys",
        storage_account.list_keys,
        "Microsoft.Storage/storageAccounts/listKeys/action",
    ),
    Route(
        "POST",
        f"{_ACCOUNT}/regenerateKey",
        storage_account.regenerate_key,
        "Microsoft.Storage/storageAccounts/regenerateKey/action",
    ),
    Route(
        "POST",
        f"{PROVIDERS}/Microsoft.Storage/checkNameAvailability",
        storage_account.check_name,
        "Microsoft.Storage/checkNameAvailability/action",
    ),
    Route(
        "GET",
        f"{PROVIDERS}/Microsoft.Storage/locations/{{location}}/asyncoperations/{{operation}}",
        operation.get_storage,
        "Microsoft.Storage/locations/operations/read",
    ),
    Route(
        "GET", _BLOB_SERVICE, storage_account.get_blob_service, "Microsoft.Storage/storageAccounts/blobServices/read"
    ),
    Route("GET", f"{_BLOB_SERVICE}/containers", storage_account.list_containers, _STORAGE_READ),
    Route("GET", f"{_BLOB_SERVICE}/containers/{{container}}", storage_account.get_container, _STORAGE_READ),
    Route("PUT", f"{_BLOB_SERVICE}/containers/{{container}}", storage_account.put_container, _STORAGE_WRITE),
    Route("PATCH", f"{_BLOB_SERVICE}/containers/{{container}}", storage_account.put_container, _STORAGE_WRITE),
    Route(
        "DELETE",
        f"{_BLOB_SERVICE}/containers/{{container}}",
        storage_account.delete_container,
        "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
    ),
)
_MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{{name}}"
_NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/{{name}}"


def _acts() -> list[Route]:
    acts: dict[str, Handler] = {
        "start": virtual_machine.start,
        "restart": virtual_machine.restart,
        "powerOff": virtual_machine.power_off,
        "deallocate": virtual_machine.deallocate,
        "generalize": virtual_machine.generalize,
        "capture": virtual_machine.capture,
        "convertToManagedDisks": virtual_machine.convert_to_managed_disks,
    }
    return [
        Route(
            "POST",
            f"{_MACHINE}/{name}",
            handler,
            f"Microsoft.Compute/virtualMachines/{name}/action",
            long_running=name != "generalize",
        )
        for name, handler in acts.items()
    ]


def _access(type: str) -> list[Route]:
    """Signed URLs to the bytes of a disk or snapshot."""
    one = f"{GROUP}/providers/{type}/{{name}}"
    return [
        Route("POST", f"{one}/beginGetAccess", access.begin, f"{type}/beginGetAccess/action", long_running=True),
        Route("POST", f"{one}/endGetAccess", access.end, f"{type}/endGetAccess/action", long_running=True),
    ]


ROUTES: tuple[Route, ...] = (
    Route("GET", "/subscriptions", location.list_subscriptions, "Microsoft.Resources/subscriptions/read"),
    Route("GET", "/tenants", location.list_tenants, "Microsoft.Resources/tenants/read"),
    Route("GET", SUBSCRIPTION, location.get_subscription, "Microsoft.Resources/subscriptions/read"),
    Route(
        "GET",
        f"{SUBSCRIPTION}/locations",
        location.list_locations,
        "Microsoft.Resources/subscriptions/locations/read",
    ),
    Route("GET", PROVIDERS, location.list_providers, "Microsoft.Resources/subscriptions/providers/read"),
    Route("GET", f"{PROVIDERS}/{{namespace}}", location.get_provider, "Microsoft.Resources/providers/read"),
    Route("POST", f"{PROVIDERS}/{{namespace}}/register", location.register, "Microsoft.Resources/register/action"),
    Route("GET", GROUPS, resource_group.list_all, "Microsoft.Resources/subscriptions/resourceGroups/read"),
    Route("PUT", GROUP, resource_group.put, "Microsoft.Resources/subscriptions/resourceGroups/write"),
    Route("PATCH", GROUP, resource_group.patch, "Microsoft.Resources/subscriptions/resourceGroups/write"),
    Route("GET", GROUP, resource_group.get, "Microsoft.Resources/subscriptions/resourceGroups/read"),
    Route("HEAD", GROUP, resource_group.head, "Microsoft.Resources/subscriptions/resourceGroups/read"),
    Route(
        "DELETE",
        GROUP,
        resource_group.delete,
        "Microsoft.Resources/subscriptions/resourceGroups/delete",
        long_running=True,
    ),
    Route(
        "GET",
        f"{SUBSCRIPTION}/operationresults/{{token}}",
        operation.get_result,
        "Microsoft.Resources/subscriptions/operationresults/read",
    ),
    *_resource(
        "Microsoft.Compute/virtualMachines",
        put=virtual_machine.put,
        get=virtual_machine.get,
        delete=virtual_machine.delete,
        list_group=virtual_machine.list_group,
        list_all=virtual_machine.list_all,
        patch=virtual_machine.patch,
    ),
    Route(
        "GET",
        f"{_MACHINE}/instanceView",
        virtual_machine.get_instance_view,
        "Microsoft.Compute/virtualMachines/instanceView/read",
    ),
    *_acts(),
    *_resource(
        "Microsoft.Compute/disks",
        put=disk.put,
        get=disk.get,
        delete=disk.delete,
        list_group=disk.list_group,
        list_all=disk.list_all,
        patch=disk.patch,
    ),
    *_access("Microsoft.Compute/disks"),
    *_resource(
        "Microsoft.Compute/snapshots",
        put=snapshot.put,
        get=snapshot.get,
        delete=snapshot.delete,
        list_group=snapshot.list_group,
        list_all=snapshot.list_all,
        patch=snapshot.patch,
    ),
    *_access("Microsoft.Compute/snapshots"),
    *_resource(
        "Microsoft.Compute/images",
        put=image.put,
        get=image.get,
        delete=image.delete,
        list_group=image.list_group,
        list_all=image.list_all,
        patch=image.patch,
        quick=True,
    ),
    Route(
        "GET",
        f"{GROUP}/providers/Microsoft.Compute/images/{{name}}/providers/Calco/usages/current",
        image.get_usage,
        "Microsoft.Compute/images/read",
    ),
    Route(
        "GET",
        f"{COMPUTE_LOCATION}/operations/{{operation}}",
        operation.get_compute,
        "Microsoft.Compute/locations/operations/read",
    ),
    Route(
        "GET",
        f"{COMPUTE_LOCATION}/DiskOperations/{{operation}}",
        operation.get_disk,
        "Microsoft.Compute/locations/diskOperations/read",
    ),
    Route("GET", f"{COMPUTE_LOCATION}/vmSizes", location.list_sizes, "Microsoft.Compute/locations/vmSizes/read"),
    *_resource(
        "Microsoft.Network/virtualNetworks",
        put=virtual_network.put,
        get=virtual_network.get,
        delete=virtual_network.delete,
        list_group=virtual_network.list_group,
        list_all=virtual_network.list_all,
    ),
    Route(
        "PUT",
        f"{_NETWORK}/subnets/{{subnet}}",
        virtual_network.put_subnet,
        "Microsoft.Network/virtualNetworks/subnets/write",
        long_running=True,
    ),
    Route(
        "GET",
        f"{_NETWORK}/subnets/{{subnet}}",
        virtual_network.get_subnet,
        "Microsoft.Network/virtualNetworks/subnets/read",
    ),
    Route(
        "DELETE",
        f"{_NETWORK}/subnets/{{subnet}}",
        virtual_network.delete_subnet,
        "Microsoft.Network/virtualNetworks/subnets/delete",
        long_running=True,
    ),
    Route(
        "GET",
        f"{_NETWORK}/subnets",
        virtual_network.list_subnets,
        "Microsoft.Network/virtualNetworks/subnets/read",
    ),
    *_resource(
        "Microsoft.Network/networkInterfaces",
        put=network_interface.put,
        get=network_interface.get,
        delete=network_interface.delete,
        list_group=network_interface.list_group,
        list_all=network_interface.list_all,
    ),
    *_resource(
        "Microsoft.Network/publicIPAddresses",
        put=public_address.put,
        get=public_address.get,
        delete=public_address.delete,
        list_group=public_address.list_group,
        list_all=public_address.list_all,
    ),
    Route(
        "GET",
        f"{NETWORK_LOCATION}/operations/{{operation}}",
        operation.get_network,
        "Microsoft.Network/locations/operations/read",
    ),
    Route(
        "GET",
        f"{NETWORK_LOCATION}/operationResults/{{operation}}",
        operation.get_network_result,
        "Microsoft.Network/locations/operationResults/read",
    ),
    *_STORAGE,
)
