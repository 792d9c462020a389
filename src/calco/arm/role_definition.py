"""Role definitions: PUT, GET, DELETE, list; at any scope, though each is the whole subscription's."""

import re
from collections.abc import Callable

import msgspec

from calco.arm import reading
from calco.arm.call import Answer, Call, listed, ok
from calco.model import errors
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import is_guid
from calco.model.permission import Permission, document_of
from calco.model.role import BUILT_IN, Role
from calco.model.scope import covers, read
from calco.work import role_definition as work

TITLE_LENGTH_MAX, DESCRIPTION_LENGTH_MAX, ACTIONS_MAX, SCOPES_MAX = 512, 2048, 2048, 2000
_ACTION = re.compile(r"[A-Za-z0-9.*_/-]{1,512}")


class _Permission(msgspec.Struct, rename="camel"):
    actions: list[str] = []
    not_actions: list[str] = []
    data_actions: list[str] = []
    not_data_actions: list[str] = []
    condition: str | None = None


class _Properties(msgspec.Struct, rename="camel"):
    role_name: str
    permissions: list[_Permission]
    assignable_scopes: list[str] = []
    description: str = ""


class _Body(msgspec.Struct):
    properties: _Properties


def put(call: Call) -> Answer:
    role = read_role(call)
    work.put(call.cloud, role)
    return Answer(201, show(call, role))


def read_role(call: Call) -> Role:
    """The role that a body defines. Raises ApiError."""
    guid = call.variables["definition"]
    if not is_guid(guid):
        raise ApiError(
            400,
            "InvalidRoleDefinitionId",
            f"The role definition ID '{guid[:100]}' is not valid. The role definition ID must be a GUID.",
        )
    asked = reading.fit(call.body, _Body)[0].properties
    if not 1 <= len(asked.role_name) <= TITLE_LENGTH_MAX:
        raise errors.invalid("properties.roleName", f"A role's name has 1 to {TITLE_LENGTH_MAX} characters.")
    if len(asked.description) > DESCRIPTION_LENGTH_MAX:
        raise errors.invalid("properties.description", f"It has at most {DESCRIPTION_LENGTH_MAX} characters.")
    return Role(
        guid=guid.lower(),
        title=asked.role_name,
        description=asked.description,
        permissions=tuple(map(_permission, asked.permissions)),
        assignable=_scopes(call, asked.assignable_scopes),
        built_in=False,
    )


def _permission(asked: _Permission) -> Permission:
    if asked.data_actions or asked.not_data_actions:
        raise errors.not_supported("properties.permissions.dataActions")
    if asked.condition:
        raise errors.not_supported("properties.permissions.condition")
    every = [*asked.actions, *asked.not_actions]
    for action in every[:ACTIONS_MAX]:
        if not _ACTION.fullmatch(action) or not ("/" in action or "*" in action):
            raise ApiError(
                400,
                "InvalidActionOrNotAction",
                f"'{action[:200]}' does not match any of the actions supported by the providers. An action reads "
                "like 'Microsoft.Compute/images/write'; '*' stands for any text.",
            )
    if len(every) > ACTIONS_MAX:
        raise errors.invalid("properties.permissions", f"A role has at most {ACTIONS_MAX} actions.")
    return Permission(tuple(asked.actions), tuple(asked.not_actions))


def _scopes(call: Call, asked: list[str]) -> tuple[str, ...]:
    if not asked:
        raise errors.missing("properties.assignableScopes")
    if len(asked) > SCOPES_MAX:
        raise errors.invalid("properties.assignableScopes", f"A role has at most {SCOPES_MAX} assignable scopes.")
    try:
        return tuple(read(each, call.subscription) for each in asked)
    except ValueError as wrong:
        raise errors.invalid(
            "properties.assignableScopes", f"This subscription, groups and resources in it can be named: {wrong}."
        ) from wrong


def get(call: Call) -> Answer:
    return ok(show(call, work.get(call.cloud, call.variables["definition"])))


def delete(call: Call) -> Answer:
    gone = work.delete(call.cloud, call.variables["definition"])
    return Answer(204) if gone is None else ok(show(call, gone))


def list_on(call: Call) -> Answer:
    """What may be assigned at the scope, as far as ``$filter`` says."""
    keep = _filter(call)
    return listed([show(call, each) for each in work.every(call.cloud) if keep(each)])


def list_built_in(call: Call) -> Answer:
    keep = _filter(call)
    return listed([show(call, each) for each in BUILT_IN.values() if keep(each)])


_TERM = re.compile(
    r"(?P<below>atScopeAndBelow\(\))|(?P<member>roleName|type)\s+eq\s+'(?P<text>(?:[^']|'')*)'", re.IGNORECASE
)


def _filter(call: Call) -> Callable[[Role], bool]:
    """Which roles are asked for. Sources: Azure, "Role Definitions - List"; az's requests."""
    asked = call.query.get("$filter", "").strip()
    below, wanted = False, dict[str, str]()
    for found in _terms(asked):
        below = below or found["below"] is not None
        if found["member"]:
            wanted[found["member"].lower()] = found["text"].replace("''", "'").lower()
    place = call.place

    def keep(role: Role) -> bool:
        here = any(covers(top, place) or (below and covers(place, top)) for top in role.assignable)
        named = wanted.get("rolename", role.title.lower()) == role.title.lower()
        return here and named and wanted.get("type", _type(role).lower()) == _type(role).lower()

    return keep


def _terms(asked: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    at = 0
    while at < len(asked):
        term = _TERM.match(asked, at)
        joint = re.compile(r"\s*(?:and\s+)?", re.IGNORECASE).match(asked, term.end()) if term else None
        if term is None or joint is None:
            raise errors.invalid(
                "$filter", "It knows atScopeAndBelow(), roleName eq '{name}', type eq '{type}', `and`."
            )
        found.append(term)
        at = joint.end()
    return found


def _type(role: Role) -> str:
    return "BuiltInRole" if role.built_in else "CustomRole"


def show(call: Call, role: Role) -> Document:
    """In Azure's order. A role that is built in is asked for at the tenant as well."""
    id = work.id_of(call.subscription, role.guid)
    return {
        "properties": {
            "roleName": role.title,
            "type": _type(role),
            "description": role.description,
            "assignableScopes": list(role.assignable),
            "permissions": [document_of(each) for each in role.permissions],
        },
        "id": id if call.place != "/" else id.removeprefix(f"/subscriptions/{call.subscription}"),
        "type": work.KIND,
        "name": role.guid,
    }
