"""Users and service principals: made, given a new secret, deleted, found.

A secret is shown once, by whoever made it; the records hold its hash. There is one secret at a time: a new one ends the
old one and every session that began with it. A principal that goes takes its role assignments along, and is nobody at
once: each request's token is held against the records.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.principal import NAME, Principal, PrincipalType
from calco.model.secret import Secret, hashed, password_fault, typable
from calco.ports import Entry, Reader
from calco.work.cloud import Cloud

ROLE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
KINDS = {PrincipalType.USER: "calco/users", PrincipalType.SERVICE_PRINCIPAL: "calco/servicePrincipals"}
WORDS = {PrincipalType.USER: "user", PrincipalType.SERVICE_PRINCIPAL: "service principal"}
COMMANDS = {PrincipalType.USER: "user", PrincipalType.SERVICE_PRINCIPAL: "sp"}
SECRET_BYTES = 30
DAYS, DAYS_MAX = 365, 3650
"""How long a secret is good. Source: ``az ad sp create-for-rbac`` gives a year."""


@dataclass(frozen=True)
class Issued:
    """A principal with the secret it just got: the only time it can be seen."""

    principal: Principal
    secret: str = field(repr=False)


def create(
    cloud: Cloud, type: PrincipalType, name: str, *, password: str | None = None, days: int | None = None
) -> Issued:
    """A new principal. Its secret is made up unless a user's is given. Raises ApiError 409 when the name is taken."""
    if not NAME.fullmatch(name):
        raise _bad_name(type, name)
    text, secret = _secret(cloud, type, password, days)
    made = Principal(
        type=type,
        name=name,
        object_id=cloud.chance.guid(),
        client_id=cloud.chance.guid() if type is PrincipalType.SERVICE_PRINCIPAL else "",
        created_at=cloud.clock.now(),
        secret=secret,
    )
    with cloud.records.write() as tx:
        if tx.entry(id_of(type, name)) is not None:
            raise _taken(type, name)
        tx.put_entry(_kept(made))
    return Issued(made, text)


def rotate(
    cloud: Cloud, type: PrincipalType, name: str, *, password: str | None = None, days: int | None = None
) -> Issued:
    """A new secret; from now on the old one is nobody's. Raises ApiError 404."""
    text, secret = _secret(cloud, type, password, days)
    with cloud.records.write() as tx:
        rotated = replace(found(tx, type, name), secret=secret)
        tx.put_entry(_kept(rotated))
    return Issued(rotated, text)


def delete(cloud: Cloud, type: PrincipalType, name: str) -> bool:
    """Forget the principal and its role assignments; answers whether there was one."""
    with cloud.records.write() as tx:
        there = find_by_name(tx, type, name)
        if there is None:
            return False
        for assignment in tx.entries(ROLE_ASSIGNMENTS, subject=there.object_id):
            tx.delete_entry(assignment.id)
        tx.delete_entry(id_of(type, name))
    return True


def listed(view: Reader, type: PrincipalType) -> list[Principal]:
    """All of that type, oldest first."""
    return [_read(each) for each in view.entries(KINDS[type])]


def found(view: Reader, type: PrincipalType, name: str) -> Principal:
    """The principal of that name. Raises ApiError 404."""
    there = find_by_name(view, type, name)
    if there is None:
        raise _absent(type, name)
    return there


def find_by_name(view: Reader, type: PrincipalType, name: str) -> Principal | None:
    """One look-up by key; the name in any case."""
    entry = view.entry(id_of(type, name))
    return None if entry is None else _read(entry)


def find_by_object(view: Reader, object_id: str, type: PrincipalType | None = None) -> Principal | None:
    """The principal of that object id (a GUID in lower case); one look-up by key for each type it may be of."""
    for kind in KINDS.values() if type is None else (KINDS[type],):
        for entry in view.entries(kind, subject=object_id):
            return _read(entry)
    return None


def find_by_client(view: Reader, client_id: str) -> Principal | None:
    """The service principal of that client id; O(service principals)."""
    every = listed(view, PrincipalType.SERVICE_PRINCIPAL)
    return next((each for each in every if each.client_id == client_id), None)


def id_of(type: PrincipalType, name: str) -> str:
    """The id of a principal's entry."""
    return f"/{KINDS[type]}/{name}"


# --- secrets ---------------------------------------------------------------------------------------------------------


def _secret(cloud: Cloud, type: PrincipalType, password: str | None, days: int | None) -> tuple[str, Secret]:
    lasting = DAYS if days is None else days
    if not 1 <= lasting <= DAYS_MAX:
        raise _invalid("expiresInDays", f"A secret is good for 1 to {DAYS_MAX} days, not {lasting}.")
    if password is not None and type is not PrincipalType.USER:
        # A program need not remember it, and its attempts are not counted: nobody must be able to guess it.
        raise _invalid("password", "The secret of a service principal is made up here. Leave 'password' out.")
    if password is not None and (fault := password_fault(password)):
        raise _invalid("password", f"The password will not do. {fault}")
    text = typable(cloud.chance.token(SECRET_BYTES)) if password is None else password
    salt = cloud.chance.guid().replace("-", "")
    until = cloud.clock.now() + timedelta(days=lasting)
    return text, Secret(cloud.chance.guid(), salt, hashed(text, salt), until)


# --- entries ---------------------------------------------------------------------------------------------------------


class _Document(msgspec.Struct):
    name: str
    client_id: str
    created_at: datetime
    secret: Secret


def _kept(principal: Principal) -> Entry:
    kept = _Document(principal.name, principal.client_id, principal.created_at, principal.secret)
    document: Document = msgspec.to_builtins(kept)
    return Entry(
        id=id_of(principal.type, principal.name),
        kind=KINDS[principal.type],
        scope="",
        document=document,
        subject=principal.object_id,
    )


def _read(entry: Entry) -> Principal:
    kept = msgspec.convert(entry.document, _Document)
    type = next(type for type, kind in KINDS.items() if kind.lower() == entry.kind.lower())
    return Principal(type, kept.name, entry.subject, kept.client_id, kept.created_at, kept.secret)


# --- refusals, ours: Azure keeps principals in Microsoft Graph -------------------------------------------------------


def _bad_name(type: PrincipalType, name: str) -> ApiError:
    return _invalid(
        "name",
        f"'{name[:100]}' is no name for a {WORDS[type]}. It begins with a letter or digit and has letters, digits, "
        "'.', '_', '@' or '-', 64 at most.",
    )


def _invalid(target: str, message: str) -> ApiError:
    return ApiError(400, "InvalidParameter", message, target)


def _taken(type: PrincipalType, name: str) -> ApiError:
    return ApiError(
        409,
        "PrincipalExists",
        f"There is a {WORDS[type]} '{name}' already. Give it a new secret with `calco {COMMANDS[type]} rotate`, or "
        "choose another name.",
        "name",
    )


def _absent(type: PrincipalType, name: str) -> ApiError:
    return ApiError(
        404,
        "PrincipalNotFound",
        f"There is no {WORDS[type]} '{name[:100]}'. `calco {COMMANDS[type]} list` shows those there are.",
        "name",
    )
