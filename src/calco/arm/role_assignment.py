"""Role assignments on any scope: PUT, GET, DELETE, list."""

import re
from collections.abc import Callable

import msgspec

from calco.arm import reading
from calco.arm.call import Answer, Call, listed, ok
from calco.model import errors
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import is_guid
from calco.model.role import Assignment
from calco.model.scope import covers
from calco.work import role_assignment as work
from calco.work import role_definition

ROLE = re.compile(r"(?:/[^?#]*)?/providers/Microsoft\.Authorization/roleDefinitions/([^/?#]+)/?", re.IGNORECASE)
DESCRIPTION_LENGTH_MAX = 1024


class _Properties(msgspec.Struct, rename="camel"):
    role_definition_id: str
    principal_id: str
    principal_type: str = ""
    description: str | None = None
    condition: str | None = None
    delegated_managed_identity_resource_id: str | None = None


class _Body(msgspec.Struct):
    properties: _Properties


def put(call: Call) -> Answer:
    given = work.put(call.cloud, call.resource, _wanted(call))
    return Answer(201 if given.created else 200, show(call, given.assignment))


def _wanted(call: Call) -> Assignment:
    name = call.variables["assignment"]
    if not is_guid(name):
        raise ApiError(
            400,
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{name[:100]}' is not valid. The role assignment ID must be a GUID.",
        )
    asked = reading.fit(call.body, _Body)[0].properties
    if asked.condition:
        raise errors.not_supported("properties.condition")
    if asked.delegated_managed_identity_resource_id:
        raise errors.not_supported("properties.delegatedManagedIdentityResourceId")
    role = ROLE.fullmatch(asked.role_definition_id)
    if role is None or not is_guid(role[1]):
        raise errors.bad_linked_id(asked.role_definition_id, "properties.roleDefinitionId")
    if not is_guid(asked.principal_id):
        raise errors.invalid("properties.principalId", "A principal's object id is a GUID.")
    if asked.description is not None and len(asked.description) > DESCRIPTION_LENGTH_MAX:
        raise errors.invalid("properties.description", f"It has at most {DESCRIPTION_LENGTH_MAX} characters.")
    return Assignment(
        name=name.lower(),
        scope=call.place,
        role=role[1].lower(),
        principal=asked.principal_id.lower(),
        principal_type=asked.principal_type,
        description=asked.description,
    )


def get(call: Call) -> Answer:
    return ok(show(call, work.get(call.cloud, call.place, call.variables["assignment"])))


def delete(call: Call) -> Answer:
    gone = work.delete(call.cloud, call.place, call.variables["assignment"])
    return Answer(204) if gone is None else ok(show(call, gone))


def list_on(call: Call) -> Answer:
    """At, above and below the scope, as far as ``$filter`` says."""
    keep = _filter(call)
    return listed([show(call, each) for each in work.every(call.cloud) if keep(each)])


_TERM = re.compile(
    r"(?P<at>atScope\(\))|(?:assignedTo\('|principalId\s+eq\s+')(?P<who>[0-9a-f-]{36})'\)?", re.IGNORECASE
)


def _filter(call: Call) -> Callable[[Assignment], bool]:
    """Which assignments are asked for. Sources: Azure, "Role Assignments - List For Scope"; az's requests."""
    asked = call.query.get("$filter", "").strip()
    at_scope, who = False, ""
    for term in re.split(r"\s+and\s+", asked, flags=re.IGNORECASE) if asked else ():
        found = _TERM.fullmatch(term.strip())
        if found is None:
            raise errors.invalid("$filter", "It knows atScope(), assignedTo('{id}'), principalId eq '{id}' and `and`.")
        at_scope = at_scope or found["at"] is not None
        who = (found["who"] or who).lower()
    place = call.place

    def keep(each: Assignment) -> bool:
        here = covers(each.scope, place) or (not at_scope and covers(place, each.scope))
        return here and who in ("", each.principal)

    return keep


def show(call: Call, it: Assignment) -> Document:
    """In Azure's order. Source: Azure, "Role Assignments - Get"."""
    return {
        "properties": {
            "roleDefinitionId": role_definition.id_of(call.subscription, it.role),
            "principalId": it.principal,
            "principalType": it.principal_type,
            "scope": it.scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": it.created_at or None,
            "updatedOn": it.updated_at or None,
            "createdBy": it.created_by or None,
            "updatedBy": it.updated_by or None,
            "delegatedManagedIdentityResourceId": None,
            "description": it.description,
        },
        "id": it.id,
        "type": work.KIND,
        "name": it.name,
    }
