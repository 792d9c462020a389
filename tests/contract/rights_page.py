"""docs/rights.md: every route and the right it takes, read off the service's own router.

python -m tests.contract.rights_page     writes it; `make compatibility` does so too
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.routing import BaseRoute
from starlette.routing import Route as OpenRoute

from calco.arm import serial_console
from calco.arm.linked import LINKS
from calco.arm.rights import RESOURCES_READ
from calco.arm.router import Grants, Route, Router
from calco.arm.routes import ROUTES
from calco.assembly import open_routes
from calco.identity.authority import Authority
from calco.identity.principals import Principal
from calco.identity.tokens import Tokens
from calco.model.role import BUILT_IN, CONTRIBUTOR, READER, VIRTUAL_MACHINE_CONTRIBUTOR
from tests.standing import SeededChance
from tests.world import SUBSCRIPTION, World

PAGE = Path(__file__).resolve().parents[2] / "docs/rights.md"

HEAD = """# Who may do what

Written by `make compatibility` from the service's routes; do not edit. `tests/arm/test_rights_walk.py` walks every one
of them as somebody without a token, with one that expired, that another tenant or a forger signed, as a Reader, as the
owner of another group, as nobody in particular, and as somebody who holds every action but the one it takes: all are
refused, and nothing has changed.

A *role* is a list of actions; a *role assignment* gives it to a user or a service principal on a *scope*: the
subscription, a group, a resource, something nested in one. It holds there and below. `*` in a role stands for any text;
`notActions` take away from their own role only. A change counts from the next request on. The principal of `calco env`
owns the subscription whatever is assigned, and is shown among the assignments.

    calco sp create ci --role Reader --scope "/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/lab"
    calco user create ana

    az role assignment create --assignee ci --role Reader --scope S
    az role assignment create --assignee-object-id ID --assignee-principal-type ServicePrincipal --role Reader --scope S
    az role definition create --role-definition role.json
    az lock create --name keep --lock-type CanNotDelete --resource-group lab

Everybody may ask what their own roles permit at a scope: `GET {scope}/providers/Microsoft.Authorization/permissions`.
Who lacks the action gets 403 `AuthorizationFailed`. Who has it, but not the action that something named in the body
takes, gets 403 `LinkedAuthorizationFailed`. A *list* shows what its reader may read, and is refused only to who may
read nothing in it. A *poll* of an operation is answered also to who began it and to who may read what it is about; that
of an action, whose result may be a signed URL or what a script said, only to who began it or may do the same.
What was *found on a disk* names accounts and files, so it takes an action that no Reader has, to look (`inspect`) as
to be shown what the last look found; of a blob it takes `listKeys` on the account that its address names. A look
changes nothing: no lock stops it, and the activity log has no line of it.
Locks hold for everybody, the owner too: 409 `ScopeLocked`. A Contributor lacks `Microsoft.Authorization/*/write`: he
makes everything but assignments, locks, users and service principals.

What differs from Azure: assignments have no `condition`, roles no `dataActions` (blobs are read with keys and signed
URLs), there are no groups of users, no deny assignments and no management groups.
"""

ROLES_HEAD = "| role | id | actions | but not |\n| --- | --- | --- | --- |"
ROUTES_HEAD = (
    "| route | action | Reader | Virtual Machine Contributor | Contributor | |\n| --- | --- | :-: | :-: | :-: | --- |"
)
GRANTS = {
    Grants.NOBODY_ELSE: "",
    Grants.ANYBODY: "anybody signed in",
    Grants.WHO_HOLDS_ANYTHING: "whoever holds a role in it",
}


def page() -> str:
    return "\n".join([HEAD, *_roles(), *_routes(), *_linked(), *_open()])


def _roles() -> Iterable[str]:
    yield "## Built-in roles\n"
    yield "Ids and actions are Azure's; actions of providers that are not here are left out of the table.\n"
    yield ROLES_HEAD
    for role in BUILT_IN.values():
        (permission,) = role.permissions
        yield f"| {role.title} | `{role.guid}` | {_words(permission.actions)} | {_words(permission.not_actions)} |"


def _words(actions: Iterable[str]) -> str:
    ours = [each for each in actions if any(_about(each, namespace) for namespace in _namespaces())]
    return "<br>".join(f"`{each}`" for each in ours)


def _namespaces() -> set[str]:
    return {route.action.partition("/")[0] for route in ROUTES}


def _about(action: str, namespace: str) -> bool:
    """Whether the action may be one of the provider's: others are left out, though roles have them."""
    return action.startswith("*") or action.partition("/")[0] == namespace


def _routes() -> Iterable[str]:
    by_type: dict[str, list[Route]] = defaultdict(list)
    for _, _, route in Router(ROUTES).bound():
        by_type["/".join(route.action.split("/")[:2])].append(route)
    yield "\n## Routes\n\nPaths begin at the subscription; those that hang on any scope are shown once."
    for type, routes in sorted(by_type.items(), key=lambda each: each[0].lower()):
        yield f"\n### {type}\n\n{ROUTES_HEAD}"
        yield from dict.fromkeys(_row(each) for each in sorted(routes, key=_order))


def _order(route: Route) -> tuple[str, str]:
    return route.pattern.lower(), route.method


def _row(route: Route) -> str:
    marks = ["yes" if role.allows(route.action) else "" for role in (READER, VIRTUAL_MACHINE_CONTRIBUTOR, CONTRIBUTOR)]
    return f"| `{route.method} {shown_path(route.pattern)}` | `{route.action}` | {' | '.join(marks)} | {_note(route)} |"


def shown_path(pattern: str) -> str:
    """From the subscription on; for what hangs on any scope, from the scope on."""
    below, found, hanging = pattern.rpartition("/providers/Microsoft.Authorization/")
    if found and below:
        return f"{{scope}}{found}{hanging}"
    return pattern.removeprefix("/subscriptions/{subscription}") or pattern


def _note(route: Route) -> str:
    if route.action in RESOURCES_READ:
        return "a list: each to who may read its type"
    if {"{operation}", "{token}"} & set(route.pattern.split("/")):
        return "a poll"
    return ", ".join(each for each in ("a list" if route.lists else "", GRANTS[route.grants]) if each)


def _linked() -> Iterable[str]:
    yield (
        "\n## What a body names\n\n"
        "Who writes a resource of the first type and names one of the second, wherever in the body, needs the action\n"
        "on that one. An address of a blob names its account. Who deletes a machine, or a group with one, needs the\n"
        "right to delete the disks, interfaces and public addresses that its `deleteOption`s take along.\n\n"
        "| written | named | action |\n| --- | --- | --- |"
    )
    for written, row in LINKS.items():
        yield from (f"| `{written}` | `{named}` | `{action}` |" for named, action in row.items())


def _open() -> Iterable[str]:
    yield "\n## Outside Resource Manager\n"
    yield "Where to get a token, where what is, and what a signature in the address opens by itself: none of it asks"
    yield "for a token. The three that az asks of Microsoft Graph do, and for the right to read users or principals.\n"
    methods: dict[str, set[str]] = defaultdict(set)
    for method, path in open_ones():
        methods[path].add(method)
    yield from (f"- `{path}` ({', '.join(sorted(methods[path]))})" for path in sorted(methods))
    yield "\nA websocket, opened once by the token in an address that a serial port's `connect` gives out, and from a"
    yield "browser only by pages of this service:\n"
    yield f"- `{serial_console.PATH}/{{machine}}`"
    yield ""


def open_ones() -> set[tuple[str, str]]:
    """Method and path of what is answered to anybody."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        chance = SeededChance()
        owner = Principal("tenant", "client", "object", SUBSCRIPTION, "00", "00")
        tokens = Tokens(key, "tenant", world.clock, chance)
        authority = Authority(
            owner, tokens, records=world.records, sealer=world.sealer, clock=world.clock, chance=chance
        )
        return {each for route in open_routes(world.cloud, authority) for each in _methods(route)}


def _methods(route: BaseRoute) -> Iterable[tuple[str, str]]:
    assert isinstance(route, OpenRoute), f"{route} is no plain route: nothing tells what it answers"
    return [(method, route.path) for method in sorted(route.methods or ()) if method != "HEAD"]


if __name__ == "__main__":
    PAGE.write_text(page())
