"""Rows of storage accounts and their containers."""

from calco.arm import operation, storage_account
from calco.arm.route_patterns import GROUP, PROVIDERS, resource
from calco.arm.router import Route

_ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{{name}}"
_BLOB_SERVICE = f"{_ACCOUNT}/blobServices/default"
_STORAGE_WRITE = "Microsoft.Storage/storageAccounts/blobServices/containers/write"
_STORAGE_READ = "Microsoft.Storage/storageAccounts/blobServices/containers/read"
STORAGE: tuple[Route, ...] = (
    *resource(
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
        "Microsoft.Storage/checkNameAvailability/read",
    ),
    Route(
        "GET",
        f"{PROVIDERS}/Microsoft.Storage/locations/{{location}}/asyncoperations/{{operation}}",
        operation.get_storage,
        "Microsoft.Storage/operations/read",
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
