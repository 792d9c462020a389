"""Role assignments: who holds which role where.

The principal of ``calco env`` owns the subscription without any: nobody, he neither, can take that away and lock
everybody out. It is shown among the others all the same, as an assignment that cannot be deleted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import NAMESPACE_OID, uuid5

import msgspec

from calco.model.document import Document
from calco.model.errors import ApiError, refused
from calco.model.ids import ResourceId
from calco.model.principal import Caller, PrincipalType
from calco.model.role import EVERYTHING, OWNER, Assignment, Held, Rights
from calco.model.scope import covers
from calco.ports import Entry, Reader
from calco.work import principal, role_definition
from calco.work.cloud import Cloud
from calco.work.scope import check_there

KIND = "Microsoft.Authorization/roleAssignments"


def is_owner(cloud: Cloud, caller: Caller) -> bool:
    """Whether the caller owns everything here, whatever is assigned to whom. Where nobody is named (tests), all do."""
    return cloud.rules.owner in ("", caller.object_id)


def rights_of(cloud: Cloud, caller: Caller) -> Rights:
    """What the caller holds: one look-up by index, one by key for each role that somebody wrote; none for the owner."""
    if is_owner(cloud, caller):
        return EVERYTHING
    with cloud.records.read() as view:
        assignments = [_read(each) for each in view.entries(KIND, subject=caller.object_id)]
        roles = {
            guid: role_definition.find(view, cloud.rules.subscription, guid)
            for guid in {each.role for each in assignments}
        }
    return Rights(tuple(Held(each.scope, role) for each in assignments if (role := roles[each.role]) is not None))


@dataclass(frozen=True)
class Given:
    """The assignment as it is now, and whether it is new."""

    assignment: Assignment
    created: bool


def put(cloud: Cloud, on: ResourceId | None, wanted: Assignment) -> Given:
    """Give a role. ``on`` is the group or resource of its scope, None the subscription; who did it when is filled in.

    Raises ApiError: no such scope, role or principal; the role is for other scopes; the same is there under another
    name, or something else under this one.
    """
    with cloud.records.write() as tx:
        check_there(tx, on)
        role = role_definition.find(tx, cloud.rules.subscription, wanted.role)
        if role is None:
            raise role_definition.does_not_exist(wanted.role)
        if not any(covers(top, wanted.scope) for top in role.assignable):
            raise _not_assignable(wanted.scope, role.title)
        wanted = replace(wanted, principal_type=_type_of(cloud, tx, wanted))
        there = tx.entry(wanted.id)
        _check_same(None if there is None else _read(there), wanted)
        _check_once(_every(cloud, tx), wanted)
        stamped = _stamped(cloud, wanted, None if there is None else _read(there))
        tx.put_entry(_kept(stamped))
    return Given(stamped, created=there is None)


def get(cloud: Cloud, scope: str, name: str) -> Assignment:
    """Raises ApiError 404."""
    found = _find(cloud, scope, name)
    if found is None:
        raise ApiError(404, "RoleAssignmentNotFound", f"The role assignment '{name[:100]}' is not found.")
    return found


def delete(cloud: Cloud, scope: str, name: str) -> Assignment | None:
    """Take a role away; the assignment as it was, None when there was none. Raises ApiError for the owner's own."""
    found = _find(cloud, scope, name)
    if found is None:
        return None
    if found == _owners(cloud):
        raise refused(
            f"The role assignment '{name}' cannot be deleted: it is what the principal of `calco env` "
            f"({found.principal}) owns the subscription by, and without it nobody could say who may do what."
        )
    with cloud.records.write() as tx:
        tx.delete_entry(found.id)
    return found


def every(cloud: Cloud) -> Sequence[Assignment]:
    """All assignments, the owner's own first."""
    with cloud.records.read() as view:
        return _every(cloud, view)


def _every(cloud: Cloud, view: Reader) -> Sequence[Assignment]:
    owners = _owners(cloud)
    return [*([owners] if owners else []), *(_read(each) for each in view.entries(KIND))]


def _find(cloud: Cloud, scope: str, name: str) -> Assignment | None:
    sought = Assignment(name, scope, "", "", "").id
    owners = _owners(cloud)
    if owners is not None and owners.id.lower() == sought.lower():
        return owners
    with cloud.records.read() as view:
        entry = view.entry(sought)
    return None if entry is None else _read(entry)


def _owners(cloud: Cloud) -> Assignment | None:
    """How the owner's right is shown."""
    owner = cloud.rules.owner
    if not owner:
        return None
    return Assignment(
        name=str(uuid5(NAMESPACE_OID, owner)),
        scope=f"/subscriptions/{cloud.rules.subscription}",
        role=OWNER.guid,
        principal=owner,
        principal_type=PrincipalType.SERVICE_PRINCIPAL,
        description="The principal of `calco env`.",
    )


# --- rules -----------------------------------------------------------------------------------------------------------


def _type_of(cloud: Cloud, view: Reader, wanted: Assignment) -> str:
    """The principal's type. Raises ApiError when there is no such principal, or it is of another type than was said."""
    if wanted.principal == cloud.rules.owner:
        found = PrincipalType.SERVICE_PRINCIPAL
    else:
        there = principal.find_by_object(view, wanted.principal)
        if there is None:
            raise _no_principal(wanted.principal)
        found = there.type
    if wanted.principal_type and wanted.principal_type.lower() != found.lower():
        raise ApiError(
            400,
            "UnmatchedPrincipalType",
            f"The PrincipalId '{wanted.principal}' has type '{found}' , which is different from specified "
            f"PrincipalType '{wanted.principal_type[:100]}'.",
        )
    return found


def _check_same(there: Assignment | None, wanted: Assignment) -> None:
    """Only the description of an assignment may change."""
    if there is not None and (there.principal, there.role) != (wanted.principal, wanted.role):
        raise ApiError(
            400,
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )


def _check_once(every: Iterable[Assignment], wanted: Assignment) -> None:
    for each in every:
        same = (each.principal, each.role, each.scope.lower()) == (wanted.principal, wanted.role, wanted.scope.lower())
        if same and each.id.lower() != wanted.id.lower():
            raise ApiError(409, "RoleAssignmentExists", "The role assignment already exists.")


def _stamped(cloud: Cloud, wanted: Assignment, there: Assignment | None) -> Assignment:
    now = f"{cloud.clock.now():%Y-%m-%dT%H:%M:%S.%f}Z"
    by = cloud.cause.caller.object_id if cloud.cause.caller is not None else ""
    first = there or replace(wanted, created_at=now, created_by=by)
    return replace(wanted, created_at=first.created_at, created_by=first.created_by, updated_at=now, updated_by=by)


def _kept(assignment: Assignment) -> Entry:
    document: Document = msgspec.to_builtins(assignment)
    return Entry(assignment.id, KIND, assignment.scope, document, assignment.principal)


def _read(entry: Entry) -> Assignment:
    return msgspec.convert(entry.document, Assignment)


# --- refusals --------------------------------------------------------------------------------------------------------


def _no_principal(id: str) -> ApiError:
    """Code and first sentence are Azure's."""
    return ApiError(
        400,
        "PrincipalNotFound",
        f"Principal {id} does not exist in the directory. Check that you have the correct principal ID: "
        "`calco user list` and `calco sp list` show them as objectId.",
    )


def _not_assignable(scope: str, title: str) -> ApiError:
    """Azure's text is unconfirmed."""
    return ApiError(
        400,
        "RoleDefinitionScopeMismatch",
        f"The role '{title}' cannot be assigned at '{scope}': none of its assignableScopes is there or above.",
    )
