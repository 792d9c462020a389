"""What ``calco user`` and ``calco sp`` have in common: a principal is made, given a new secret, deleted, listed."""

import sys
import uuid
from getpass import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.common import Failure, Form, note, show
from calco.model.document import Document, Json, flag_at, objects_at, text_at

if TYPE_CHECKING:
    from calco.cli.client import Client

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, '.', '_', '@' and '-'.")]
DaysOption = Annotated[
    int | None, typer.Option("--days", metavar="N", help="How long the secret is good.  [default: 365]")
]
PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the secret from standard input instead of having one made up.")
]
RoleOption = Annotated[
    str | None, typer.Option("--role", metavar="ROLE", help="Assign this role at once: Reader, Contributor, Owner...")
]
ScopeOption = Annotated[
    str | None,
    typer.Option("--scope", metavar="ID", help="Where the role holds: a resource's id.  [default: the subscription]"),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

AUTHORIZATION = "providers/Microsoft.Authorization"


def path(client: "Client", type: str, name: str = "") -> str:
    """The path of one principal, or of all of a type."""
    return f"{client.subscription}/providers/Calco/{type}{'/' if name else ''}{name}"


def wishes(days: int | None, *, from_stdin: bool) -> Document:
    """The body that asks for a secret."""
    properties: Document = {}
    if days is not None:
        properties["expiresInDays"] = days
    if from_stdin:
        # A terminal is not to show what is typed.
        typed = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline()
        properties["password"] = typed.rstrip("\r\n")
    return {"properties": properties}


def create(client: "Client", type: str, name: str, body: Document, *, role: str | None, scope: str | None) -> Document:
    """The new principal, with its role. When the role cannot be had, nobody is made. Raises Failure."""
    if scope is not None and role is None:
        raise Failure("--scope says where a role holds, and no role is named", "Add --role Contributor, say.")
    place = (scope or client.subscription).rstrip("/")
    definition = None if role is None else _definition(client, place, role)
    made = client.change("PUT", path(client, type, name), body, label=f"making {name}")
    if definition is not None:
        try:
            _assign(client, place, definition, made)
        except Failure:
            client.change("DELETE", path(client, type, name), label=f"taking {name} back")
            raise
    return made


def _definition(client: "Client", scope: str, role: str) -> str:
    """The id of the role of that name (in any case). Raises Failure."""
    every = client.list(f"{scope}/{AUTHORIZATION}/roleDefinitions")
    for each in every:
        if (text_at(each, "properties", "roleName") or "").lower() == role.lower():
            return text_at(each, "id") or ""
    names = ", ".join(sorted(text_at(each, "properties", "roleName") or "" for each in every))
    raise Failure(f"there is no role {role!r} at {scope}", f"There are: {names}")


def _assign(client: "Client", scope: str, definition: str, made: Document) -> None:
    properties: Document = {
        "roleDefinitionId": definition,
        "principalId": text_at(made, "properties", "objectId"),
        "principalType": text_at(made, "properties", "principalType"),
    }
    there = f"{scope}/{AUTHORIZATION}/roleAssignments/{uuid.uuid4()}"
    client.change("PUT", there, {"properties": properties}, label="assigning the role")


def delete(client: "Client", type: str, word: str, name: str, *, yes: bool) -> None:
    """Delete a principal, after asking a person. Raises Failure when there is none."""
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Delete the {word} {name} and what it may do?", abort=True, err=True)
    answer = client.send("DELETE", path(client, type, name))
    if answer.status_code == 204:
        names = ", ".join(text_at(each, "name") or "" for each in client.list(path(client, type)))
        raise Failure(f"there is no {word} {name!r}", f"There are: {names}" if names else "")
    note(f"deleted the {word} {name}")


def list_all(client: "Client", type: str, form: Form) -> None:
    """Show all of a type, with the roles they have in this subscription."""
    found = client.list(path(client, type))
    roles = _roles(client) if found and form is Form.TABLE else {}
    columns = {"name": "NAME", "objectId": "OBJECT ID", "until": "SECRET GOOD UNTIL", "roles": "ROLES"}
    rows: list[dict[str, Json]] = []
    for each in found:
        until = text_at(each, "properties", "secretExpiresOn") or ""
        over = " (over)" if flag_at(each, "properties", "secretExpired") else ""
        id = text_at(each, "properties", "objectId")
        mine: list[Json] = [*roles.get(id or "", [])]
        rows.append({"name": text_at(each, "name"), "objectId": id, "until": f"{until[:10]}{over}", "roles": mine})
    show(form, columns, rows, [*found])


def _roles(client: "Client") -> dict[str, list[str]]:
    """The names of the roles that each object id has here."""
    place = f"{client.subscription}/{AUTHORIZATION}"
    names = {
        (text_at(each, "name") or "").lower(): text_at(each, "properties", "roleName") or ""
        for each in client.list(f"{place}/roleDefinitions")
    }
    found: dict[str, list[str]] = {}
    for each in objects_at(client.get(f"{place}/roleAssignments"), "value"):
        role = (text_at(each, "properties", "roleDefinitionId") or "").rpartition("/")[2].lower()
        found.setdefault(text_at(each, "properties", "principalId") or "", []).append(names.get(role, role))
    return found
