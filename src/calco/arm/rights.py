"""Whether a caller may do what a route does, which of the things in a list the caller may see, and what is locked.

Every route names one action; a caller has it by a role at the scope that the path names, or above. Nothing is
remembered between requests: a role that is taken away is gone with the next one. Why it is decided so:
docs/decisions/0021-rights-are-asked-at-the-gate.md.
"""

from dataclasses import replace

from calco.arm import linked, operations
from calco.arm.call import Answer, Call
from calco.arm.router import Grants, Route
from calco.model.authorization import authorization_failed, linked_failed, scope_locked
from calco.model.document import Document, Json, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId, is_guid
from calco.model.operation import Operation
from calco.model.role import Rights
from calco.work import lock, operation, role_assignment

READS = frozenset({"GET", "HEAD"})
RESOURCES_READ = frozenset(
    {
        "Microsoft.Resources/subscriptions/resources/read",
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    }
)
"""Lists of resources of every type: each is shown to who may read its own type."""
LOCKS = "Microsoft.Authorization/locks/"


def check(route: Route, call: Call) -> None:
    """Raises ApiError 403 AuthorizationFailed or LinkedAuthorizationFailed."""
    if role_assignment.is_owner(call.cloud, call.caller):
        return
    rights = role_assignment.rights_of(call.cloud, call.caller)
    polled = _polled(call)
    if (
        polled is not None
        and not route.tells
        and _is_anothers_act(polled, call)
        and not rights.allow(*_what_it_took(polled))
    ):
        raise authorization_failed(call.caller, *_what_it_took(polled))
    if not (rights.allow(route.action, call.scope) or _granted(route, call, rights, polled)):
        raise authorization_failed(call.caller, route.action, call.scope)
    if route.method not in READS:
        lacking = [each for each in linked.named(route, call) if not rights.allow(*each)]
        if lacking:
            raise linked_failed(call.caller, route.action, call.scope, lacking)


def _granted(route: Route, call: Call, rights: Rights, polled: Operation | None) -> bool:
    """Whether the route is open to this caller without its action at its scope. An operation is shown to who began it
    and to who may read what it is about."""
    if route.lists and _below(route, call, rights):
        return True
    if polled is not None and (_began(polled, call) or rights.allow(reading(polled.subject), str(polled.subject))):
        return True
    match route.grants:
        case Grants.ANYBODY:
            return True
        case Grants.WHO_HOLDS_ANYTHING:
            return rights.touch(call.scope)
        case Grants.NOBODY_ELSE:
            return False


def _below(route: Route, call: Call, rights: Rights) -> bool:
    """Whether there may be something in the list that the caller may read."""
    if route.action in RESOURCES_READ:
        return rights.touch(call.scope)
    return rights.allow_below(route.action, call.scope)


def _is_anothers_act(polled: Operation, call: Call) -> bool:
    """Whether somebody else did what takes more than a right to write: its result may be a signed URL, or what a script
    said, which are for those who could have asked for it themselves."""
    return polled.cause.action.endswith("/action") and not _began(polled, call)


def _what_it_took(polled: Operation) -> tuple[str, str]:
    return polled.cause.action, str(polled.subject)


def _began(polled: Operation, call: Call) -> bool:
    by = polled.cause.caller
    return by is not None and by.object_id == call.caller.object_id


def _polled(call: Call) -> Operation | None:
    """The operation that the path names, if it is a poll."""
    id = call.variables.get("operation", "")
    if "token" in call.variables:
        try:
            id = operations.operation_of_token(call.variables["token"])
        except ApiError:
            return None
    return operation.get(call.cloud, id.lower()) if is_guid(id) else None


def reading(id: ResourceId) -> str:
    """The action that reads a resource or group."""
    return f"{id.type}/read" if id.types else "Microsoft.Resources/subscriptions/resourceGroups/read"


# --- lists -----------------------------------------------------------------------------------------------------------


def visible(route: Route, call: Call, answer: Answer) -> Answer:
    """The answer without what the caller may not read."""
    if not route.lists or role_assignment.is_owner(call.cloud, call.caller):
        return answer
    rights = role_assignment.rights_of(call.cloud, call.caller)
    if route.action not in RESOURCES_READ and rights.allow(route.action, call.scope):
        return answer  # who may read all of it may read each
    return Answer(answer.status, _only(route, answer.body, rights), answer.headers, answer.operation, answer.unfinished)


def with_sight(route: Route, call: Call) -> Call:
    """The call of a list, or of what tells of several things, which knows what its caller may see."""
    if not (route.lists or route.tells) or role_assignment.is_owner(call.cloud, call.caller):
        return call
    rights = role_assignment.rights_of(call.cloud, call.caller)
    if route.tells:
        return replace(call, sees=lambda each: rights.allow(reading(ResourceId.parse(each)), each))
    return replace(call, sees=lambda each: _shown(route, each, rights))


def _only(route: Route, body: Json, rights: Rights) -> Json:
    elements = body if isinstance(body, list) else body.get("value") if isinstance(body, dict) else None
    if not isinstance(elements, list):
        return None
    kept = [each for each in elements if _shown(route, text_at(each, "id"), rights)]
    if not isinstance(body, dict):
        return kept
    shown: Document = {**body, "value": kept}
    if "count" in shown:
        shown["count"] = {"type": "Total", "value": len(kept)}
    return shown


def _shown(route: Route, id: str | None, rights: Rights) -> bool:
    if id is None:
        return False
    if route.grants is not Grants.NOBODY_ELSE:
        return rights.touch(id)
    if route.action in RESOURCES_READ:
        return rights.allow(reading(ResourceId.parse(id)), id)
    return rights.allow(route.action, id)


# --- locks -----------------------------------------------------------------------------------------------------------


def check_locks(route: Route, call: Call) -> None:
    """Raises ApiError 409 ScopeLocked. Locks themselves may always be changed: how else would one end?"""
    if route.action.startswith(LOCKS) or route.action.endswith("/read"):
        return
    deletes = route.method == "DELETE"
    locked = lock.in_the_way(call.cloud, call.scope, deletes=deletes)
    if locked:
        raise scope_locked(call.scope, "delete" if deletes else "write", locked)
