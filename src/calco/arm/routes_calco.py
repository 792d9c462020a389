"""Rows of what Azure has elsewhere than in Resource Manager, or nowhere, and calco keeps here: users and service
principals, the host.

Rights over principals are named as Azure names those over access: whoever lacks ``Microsoft.Authorization/*/write``, as
a Contributor does, can neither make a principal nor give one a new secret. So that is a write, not an action.
"""

from calco.arm import host
from calco.arm.principal import TYPES, Principals
from calco.arm.route_patterns import PROVIDERS
from calco.arm.router import Route
from calco.model.principal import PrincipalType


def _rows(type: PrincipalType, action: str) -> list[Route]:
    on, there = Principals(type), f"{PROVIDERS}/{TYPES[type]}"
    one = f"{there}/{{name}}"
    return [
        Route("GET", there, on.list, f"{action}/read"),
        Route("GET", one, on.get, f"{action}/read"),
        Route("PUT", one, on.put, f"{action}/write"),
        Route("POST", f"{one}/rotate", on.rotate, f"{action}/write"),
        Route("DELETE", one, on.delete, f"{action}/delete"),
    ]


CALCO: tuple[Route, ...] = (
    *_rows(PrincipalType.USER, "Microsoft.Authorization/users"),
    *_rows(PrincipalType.SERVICE_PRINCIPAL, "Microsoft.Authorization/servicePrincipals"),
    # The right is Azure's to look at a dedicated host, which is what this is to its owner.
    Route("GET", f"{PROVIDERS}/Calco/host", host.get, "Microsoft.Compute/hostGroups/hosts/read"),
)
