"""Rows of who may do what: role assignments and definitions, locks, and what hangs on any scope."""

from calco.arm import lock, permission, role_assignment, role_definition
from calco.arm.route_patterns import SCOPES
from calco.arm.router import Grants, Handler, Route


def _hanging(type: str, name: str, *, put: Handler, get: Handler, delete: Handler, list_on: Handler) -> list[Route]:
    """The rows of a type that hangs on any scope."""
    action = f"Microsoft.Authorization/{type}"
    return [
        row
        for scope in SCOPES
        for there in [f"{scope}/providers/{action}"]
        for row in (
            Route("PUT", f"{there}/{{{name}}}", put, f"{action}/write"),
            Route("GET", f"{there}/{{{name}}}", get, f"{action}/read"),
            Route("DELETE", f"{there}/{{{name}}}", delete, f"{action}/delete"),
            Route("GET", there, list_on, f"{action}/read"),
        )
    ]


_DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"
_READ_DEFINITIONS = "Microsoft.Authorization/roleDefinitions/read"

AUTHORIZATION: tuple[Route, ...] = (
    *_hanging(
        "roleAssignments",
        "assignment",
        put=role_assignment.put,
        get=role_assignment.get,
        delete=role_assignment.delete,
        list_on=role_assignment.list_on,
    ),
    *_hanging(
        "roleDefinitions",
        "definition",
        put=role_definition.put,
        get=role_definition.get,
        delete=role_definition.delete,
        list_on=role_definition.list_on,
    ),
    *(
        # What one may do oneself is no secret to oneself.
        Route(
            "GET",
            f"{scope}/providers/Microsoft.Authorization/permissions",
            permission.list_on,
            "Microsoft.Authorization/permissions/read",
            grants=Grants.WHO_HOLDS_ANYTHING,
        )
        for scope in SCOPES
    ),
    *_hanging("locks", "lock", put=lock.put, get=lock.get, delete=lock.delete, list_on=lock.list_on),
    # What is built in is the same for every tenant.
    Route("GET", _DEFINITIONS, role_definition.list_built_in, _READ_DEFINITIONS, grants=Grants.ANYBODY),
    Route("GET", f"{_DEFINITIONS}/{{definition}}", role_definition.get, _READ_DEFINITIONS, grants=Grants.ANYBODY),
)
