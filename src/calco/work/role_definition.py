"""Role definitions: those that are built in, and those that somebody wrote.

A definition is a subscription's, whatever scopes it may be assigned at, as in Azure.
"""

from collections.abc import Sequence

from calco.model.document import Document, objects_at, text_at
from calco.model.errors import ApiError, refused
from calco.model.permission import Permission
from calco.model.role import BUILT_IN, Role
from calco.model.scope import covers
from calco.ports import Entry, Reader
from calco.work.cloud import Cloud

KIND = "Microsoft.Authorization/roleDefinitions"
_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


def id_of(subscription: str, guid: str) -> str:
    return f"/subscriptions/{subscription}/providers/{KIND}/{guid}"


def find(view: Reader, subscription: str, guid: str) -> Role | None:
    """The role of that GUID, in any case; one look-up by key, none for a role that is built in."""
    built_in = BUILT_IN.get(guid.lower())
    if built_in is not None:
        return built_in
    entry = view.entry(id_of(subscription, guid))
    return None if entry is None else _read(entry)


def get(cloud: Cloud, guid: str) -> Role:
    """Raises ApiError 404."""
    with cloud.records.read() as view:
        role = find(view, cloud.rules.subscription, guid)
    if role is None:
        raise does_not_exist(guid)
    return role


def every(cloud: Cloud) -> Sequence[Role]:
    """All roles, those that are built in first."""
    with cloud.records.read() as view:
        return [*BUILT_IN.values(), *(_read(each) for each in view.entries(KIND))]


def put(cloud: Cloud, role: Role) -> bool:
    """Keep a role; answers whether it is new. Raises ApiError: built in, its title is taken, in use elsewhere."""
    if role.guid.lower() in BUILT_IN:
        raise _is_built_in(BUILT_IN[role.guid.lower()])
    with cloud.records.write() as tx:
        titles = {each.title.lower(): each.guid for each in BUILT_IN.values()}
        titles |= {each.title.lower(): each.guid for each in map(_read, tx.entries(KIND))}
        if titles.get(role.title.lower(), role.guid).lower() != role.guid.lower():
            raise ApiError(
                409,
                "RoleDefinitionWithSameNameExists",
                f"A custom role with the same name already exists in this directory. Use a different name than "
                f"'{role.title}'.",
            )
        outside = [each for each in _used_on(tx, role.guid) if not any(covers(top, each) for top in role.assignable)]
        if outside:
            raise _has_assignments(role, outside)
        there = find(tx, cloud.rules.subscription, role.guid)
        tx.put_entry(_kept(cloud, role))
    return there is None


def delete(cloud: Cloud, guid: str) -> Role | None:
    """Forget a role; the role as it was, None when there was none. Raises ApiError: built in, in use."""
    if guid.lower() in BUILT_IN:
        raise _is_built_in(BUILT_IN[guid.lower()])
    with cloud.records.write() as tx:
        role = find(tx, cloud.rules.subscription, guid)
        if role is None:
            return None
        if used := _used_on(tx, guid):
            raise _has_assignments(role, used)
        tx.delete_entry(id_of(cloud.rules.subscription, guid))
    return role


def _used_on(view: Reader, guid: str) -> list[str]:
    """The scopes at which somebody holds the role."""
    return [
        text_at(each.document, "scope") or ""
        for each in view.entries(_ASSIGNMENTS)
        if (text_at(each.document, "role") or "").lower() == guid.lower()
    ]


# --- entries ---------------------------------------------------------------------------------------------------------


def _kept(cloud: Cloud, role: Role) -> Entry:
    document: Document = {
        "guid": role.guid,
        "title": role.title,
        "description": role.description,
        "permissions": [
            {"actions": list(each.actions), "notActions": list(each.not_actions)} for each in role.permissions
        ],
        "assignable": list(role.assignable),
    }
    subscription = cloud.rules.subscription
    return Entry(id_of(subscription, role.guid), KIND, f"/subscriptions/{subscription}", document, role.guid.lower())


def _read(entry: Entry) -> Role:
    kept = entry.document
    return Role(
        guid=text_at(kept, "guid") or "",
        title=text_at(kept, "title") or "",
        description=text_at(kept, "description") or "",
        permissions=tuple(
            Permission(texts(each, "actions"), texts(each, "notActions")) for each in objects_at(kept, "permissions")
        ),
        assignable=texts(kept, "assignable"),
        built_in=False,
    )


def texts(document: Document, name: str) -> tuple[str, ...]:
    """The strings in the array ``name``."""
    value = document.get(name)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


# --- refusals --------------------------------------------------------------------------------------------------------


def does_not_exist(guid: str) -> ApiError:
    return ApiError(
        404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid[:100]}' does not exist."
    )


def _is_built_in(role: Role) -> ApiError:
    return refused(f"The role '{role.title}' is built in: it can be assigned, but neither changed nor deleted.")


def _has_assignments(role: Role, scopes: Sequence[str]) -> ApiError:
    """The first sentence and the code are Azure's."""
    return ApiError(
        400,
        "RoleDefinitionHasAssignments",
        f"There are existing role assignments referencing role (code: RoleDefinitionHasAssignments). "
        f"'{role.title}' is held at: {', '.join(sorted(scopes)[:5])}. Delete these assignments first.",
    )
