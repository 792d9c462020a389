"""Refusals of who may do what, in Azure's words. Sources: recorded refusals; Azure, "Troubleshoot Azure RBAC"."""

from collections.abc import Iterable

from calco.model.errors import ApiError
from calco.model.principal import Caller


def authorization_failed(caller: Caller, action: str, scope: str) -> ApiError:
    return ApiError(
        403,
        "AuthorizationFailed",
        f"The client '{caller.shown}' with object id '{caller.object_id}' does not have authorization to perform "
        f"action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please "
        "refresh your credentials.",
    )


def linked_failed(caller: Caller, action: str, scope: str, lacking: Iterable[tuple[str, str]]) -> ApiError:
    """``lacking``: actions and the scopes they are lacking on, which the request names."""
    pairs = list(dict.fromkeys(lacking))
    return ApiError(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{caller.shown}' with object id '{caller.object_id}' has permission to perform action '{action}' "
        f"on scope '{scope}'; however, it does not have permission to perform action(s) "
        f"'{','.join(each for each, _ in pairs)}' on the linked scope(s) '{','.join(each for _, each in pairs)}' "
        "(respectively) or the linked scope(s) are invalid.",
    )


def scope_locked(scope: str, verb: str, locked: Iterable[str]) -> ApiError:
    """``verb`` is ``write`` or ``delete``."""
    scopes = ",".join(dict.fromkeys(locked))
    return ApiError(
        409,
        "ScopeLocked",
        f"The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: '{scopes}'. "
        "Please remove the lock and try again.",
    )
