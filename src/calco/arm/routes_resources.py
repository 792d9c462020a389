"""Rows of what lies outside the providers of machines, networks and storage: subscriptions, groups, providers."""

from calco.arm import location, operation, provider, resource, resource_group, tag
from calco.arm.route_patterns import ANY_RESOURCE, GROUP, GROUPS, PROVIDERS, SUBSCRIPTION
from calco.arm.router import Grants, Route


def _registrations() -> list[Route]:
    """The right to register a provider is one of the provider's own: ``Microsoft.Compute/register/action``."""
    return [
        Route("POST", f"{PROVIDERS}/{each}/{act}", handler, f"{each}/{act}/action")
        for each in provider.TYPES
        for one in [provider.Registration(each)]
        for act, handler in (("register", one.register), ("unregister", one.unregister))
    ]


RESOURCES: tuple[Route, ...] = (
    Route(
        "GET",
        "/subscriptions",
        location.list_subscriptions,
        "Microsoft.Resources/subscriptions/read",
        lists=True,
        grants=Grants.ANYBODY,
    ),
    Route("GET", "/tenants", location.list_tenants, "Microsoft.Resources/tenants/read", grants=Grants.ANYBODY),
    Route(
        "GET",
        SUBSCRIPTION,
        location.get_subscription,
        "Microsoft.Resources/subscriptions/read",
        grants=Grants.WHO_HOLDS_ANYTHING,
    ),
    Route(
        "GET",
        f"{SUBSCRIPTION}/locations",
        location.list_locations,
        "Microsoft.Resources/subscriptions/locations/read",
    ),
    Route("GET", PROVIDERS, provider.list_all, "Microsoft.Resources/subscriptions/providers/read"),
    Route("GET", f"{PROVIDERS}/{{namespace}}", provider.get, "Microsoft.Resources/subscriptions/providers/read"),
    *_registrations(),
    Route("GET", GROUPS, resource_group.list_all, "Microsoft.Resources/subscriptions/resourceGroups/read", lists=True),
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
        f"{SUBSCRIPTION}/resources",
        resource.list_all,
        "Microsoft.Resources/subscriptions/resources/read",
        lists=True,
    ),
    Route(
        "GET",
        f"{GROUP}/resources",
        resource.list_all,
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
        lists=True,
    ),
    *(
        Route(
            method, f"{scope}/providers/Microsoft.Resources/tags/default", handler, f"Microsoft.Resources/tags/{right}"
        )
        for scope in (GROUP, ANY_RESOURCE)
        for method, handler, right in (
            ("GET", tag.get, "read"),
            ("PUT", tag.put, "write"),
            ("PATCH", tag.patch, "write"),
            ("DELETE", tag.delete, "delete"),
        )
    ),
    Route("GET", f"{SUBSCRIPTION}/tagNames", tag.list_names, "Microsoft.Resources/subscriptions/tagNames/read"),
    Route(
        "GET",
        f"{SUBSCRIPTION}/operationresults/{{token}}",
        operation.get_result,
        "Microsoft.Resources/subscriptions/operationresults/read",
    ),
)
