"""The paths that rows of the route tables begin with, and the rows that every type has."""

from calco.arm.router import Handler, Route

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUPS = f"{SUBSCRIPTION}/resourceGroups"
GROUP = f"{GROUPS}/{{group}}"
PROVIDERS = f"{SUBSCRIPTION}/providers"
ANY_RESOURCE = f"{GROUP}/providers/{{provider}}/{{type}}/{{name}}"
SCOPES = (SUBSCRIPTION, GROUP, ANY_RESOURCE, f"{ANY_RESOURCE}/{{below}}/{{inner}}")
"""What a role assignment or a lock may hang on."""


def resource(
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
        Route("GET", there, list_group, f"{type}/read", lists=True),
        Route("GET", f"{PROVIDERS}/{type}", list_all, f"{type}/read", lists=True),
    ]
    if patch is not None:
        rows.append(Route("PATCH", one, patch, f"{type}/write", long_running=True))
    return rows
