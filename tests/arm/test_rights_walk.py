"""Every route the service answers, walked: who lacks the one right it takes is refused, and nothing has changed.

The routes are read off the router's own tree, so that none is forgotten; the callers are real ones, with tokens that a
real authority signed. One of them, the walker, is given one role that is rewritten before each request.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.routing import Route as OutsideRoute

import calco
from calco.arm.rights import RESOURCES_READ
from calco.arm.route_patterns import SCOPES
from calco.arm.router import Grants, Route, Router
from calco.arm.routes import ROUTES
from calco.assembly import open_routes
from calco.identity.authority import Authority
from calco.identity.directory import Session
from calco.identity.principals import Principal as Owner
from calco.identity.tokens import Tokens
from calco.model.permission import Permission
from calco.model.principal import Caller, PrincipalType
from calco.model.role import OWNER, READER, Assignment, Role
from calco.model.scope import covers
from calco.storage import sqlite
from calco.storage.records import SqlRecords
from calco.work import principal, role_assignment, role_definition
from tests.arm.api import LAB, SUB, TENANT, Api
from tests.arm.yard import furnish, good_body, path_of
from tests.asgi import AsgiClient
from tests.standing import SeededChance, StandingClock
from tests.world import LOCATION, SUBSCRIPTION, World

pytestmark = pytest.mark.slow  # each is quick; there are many

BOUND = tuple(Router(ROUTES).bound())
OWNER_ID = "0a0a0a0a-0000-4000-8000-000000000001"
OTHER_TENANT = "0c0c0c0c-0000-4000-8000-000000000003"
WALKING = "0d0d0d0d-0000-4000-8000-000000000004"
ELSEWHERE = f"{SUB}/resourceGroups/elsewhere"
ABSENT = {"group": "spare", "name": "absent", "subnet": "absent", "container": "absent", "inner": "absent"}
"""Names that lead to nothing: what is allowed changes as little as it can."""

OPEN = {
    ("GET", "/subscriptions"): "shows those in which the caller holds anything",
    ("GET", "/tenants"): "shows the caller's own",
    ("GET", "/subscriptions/{subscription}"): "to whoever holds anything in it",
    ("GET", "/providers/Microsoft.Authorization/roleDefinitions"): "the same in every tenant",
    ("GET", "/providers/Microsoft.Authorization/roleDefinitions/{definition}"): "the same in every tenant",
    **{
        ("GET", f"{scope}/providers/Microsoft.Authorization/permissions"): "one's own, to whoever holds anything there"
        for scope in SCOPES
    },
    ("GET", "/subscriptions/{subscription}/providers/Calco/operations"): "shows what is about what one may read",
    ("POST", "/subscriptions/{subscription}/providers/Calco/inspectBlob"): "to who may read the named account's keys",
}
"""Routes that ask for less than their action, each for a reason."""

OUTSIDE = {
    r"(/adfs)?(/\{tenant\})?(/v2\.0)?/\.well-known/openid-configuration": "tells where",
    r"(/adfs)?(/\{tenant\})?/discovery(/v2\.0)?/keys": "tells by what tokens are known",
    r"/|/common/discovery/instance|/metadata/[a-z-]+": "tells where",
    r"(/adfs)?(/\{tenant\})?/oauth2(/v2\.0)?/(authorize|devicecode|logout|token)|/devicelogin": "asks for a secret",
    r"/calco/bootDiagnostics/\{machine\}/\{file\}": "asks for a signature",
    r"/v1\.0/(users|servicePrincipals|directoryObjects/getByIds)": "asks for a token",
}
"""What is answered outside Resource Manager, by what it asks of whoever asks."""
WALKED_APART = {
    "portal/app.py": "portal/test_walk.py",
    "arm/serial_console.py": "arm/test_serial_console.py",
}
"""Who makes other routes, and the tests that try them as nobody."""

OTHER_WORDS = {
    "Microsoft.Storage/locations/asyncoperations": "Microsoft.Storage/operations",
    "Calco/usages": "Microsoft.Compute/images",
    "Calco/host": "Microsoft.Compute/hostGroups/hosts",
    "Calco/operations": "Microsoft.Resources/subscriptions/operations",
    "Calco/users": "Microsoft.Authorization/users",
    "Calco/users/rotate": "Microsoft.Authorization/users",
    "Calco/servicePrincipals": "Microsoft.Authorization/servicePrincipals",
    "Calco/servicePrincipals/rotate": "Microsoft.Authorization/servicePrincipals",
}
"""Paths whose action has other words than the path, Azure's or calco's own."""
OTHER_VERBS = {"createimage": "capture"}
"""Actions of ours that take the right to what they are about to Azure."""
RESULTS = frozenset(each.pattern for each in ROUTES if each.pattern.endswith("/providers/Calco/inspections/current"))
"""What an action found: shown to who may do the same, though it is a GET."""
SINGLE = frozenset({"0", "current", "default", "management", "vmextension", "vmimage"})
"""Words of a path that no action repeats: there is one of them only, or its list has a name of its own."""
SHORT = "/resourceGroups/{group}/deployments/"
"""Where some clients leave a deployment's provider out."""

BODIES = ("PUT", "PATCH", "POST")
ACTIONS = frozenset(each.action for _, _, each in BOUND)
ACTION = re.compile(r"Microsoft\.[A-Z][A-Za-z]+(/[A-Za-z]+)+/(read|write|delete|action)")

every_route = pytest.mark.parametrize(
    "route", [each for _, _, each in BOUND], ids=lambda it: f"{it.method} {it.pattern}"
)


@dataclass(frozen=True)
class Walk:
    """A furnished world behind a real authority. ``tokens`` are those of its callers, by what they are."""

    api: Api
    engine: Engine
    tokens: Mapping[str, str]
    outside: Sequence[OutsideRoute]
    """What the service answers outside Resource Manager."""

    @property
    def world(self) -> World:
        return self.api.world

    def everything(self) -> object:
        """All that could have changed: each row of each table but the log of refusals, each file, each machine."""
        with self.engine.connect() as connection:
            tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
            rows = {
                table: connection.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608 - a name of its own
                for table in tables
                if table not in ("events", "sqlite_sequence")
            }
        return rows, self.world.disks.volumes(), self.world.hypervisor.machines(), list(self.world.told)

    def holds(self, *actions: str) -> None:
        """From now on the walker's role allows these and nothing else."""
        role_definition.put(self.world.cloud, _walking(*actions))

    def ask(self, route: Route, who: str | None) -> httpx.Response:
        """The route, of what is there, with a body it would take."""
        return self.send(who, route.method, path_of(route), good_body(route) if route.method in BODIES else None)

    def send(self, who: str | None, method: str, path: str, body: object = None) -> httpx.Response:
        return self.api.client.request(
            method,
            path if "?" in path else f"{path}?api-version=2024-07-01",
            content=None if body is None else msgspec.json.encode(body),
            headers={} if who is None else {"Authorization": f"Bearer {self.tokens[who]}"},
        )


def _walking(*actions: str) -> Role:
    return Role(WALKING, "Walking", "", (Permission(actions),), (SUB,), built_in=False)


def _furnished(folder: Path) -> Walk:
    readers, writer = sqlite.memory_engines()
    sqlite.create_tables(writer, data_directory="in memory")
    world = World(folder, records=SqlRecords(readers, writer, readers_take_turns=True))
    api = furnish(Api(world))
    for group in ("elsewhere", "spare"):
        api.put(f"{SUB}/resourceGroups/{group}", {"location": LOCATION})
    api.put(f"{ELSEWHERE}/providers/Microsoft.Network/publicIPAddresses/theirs", {"location": LOCATION})
    world.cloud = replace(world.cloud, rules=replace(world.rules, owner=OWNER_ID))
    authority, tokens = _authority(world)
    answered = open_routes(world.cloud, authority)
    outside = [each for each in answered if isinstance(each, OutsideRoute)]
    assert len(outside) == len(answered), "what is no plain route would not be walked"
    return Walk(Api(world, check=authority.check), readers, tokens, outside)


def _authority(world: World) -> tuple[Authority, Mapping[str, str]]:
    """Who checks tokens, and everybody's: the owner's, those of principals with roles, and those that are no good."""
    key, other_key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    client = "0e0e0e0e-0000-4000-8000-000000000005"
    owner = Owner(TENANT, client, OWNER_ID, SUBSCRIPTION, "00", "00")
    chance = SeededChance()
    good = Tokens(key, TENANT, world.clock, chance)
    past = StandingClock()
    past.move(world.clock.now() - past.now() - timedelta(days=3))

    def of(tokens: Tokens, tenant: str = TENANT) -> str:
        return tokens.issue(Session(Caller(OWNER_ID, client, tenant)), "any").text

    signed = {
        "the owner": of(good),
        "an expired token": of(Tokens(key, TENANT, past, chance)),
        "another tenant": of(Tokens(other_key, OTHER_TENANT, world.clock, chance), OTHER_TENANT),
        "a forger": of(Tokens(other_key, TENANT, world.clock, chance)),
    }
    role_definition.put(world.cloud, _walking())
    roles = {
        "walker": (SUB, WALKING),
        "reader": (SUB, READER.guid),
        "stranger": (ELSEWHERE, OWNER.guid),
        "nobody": None,
    }
    for number, (name, role) in enumerate(roles.items()):
        made = principal.create(world.cloud, PrincipalType.SERVICE_PRINCIPAL, name).principal
        signed[name] = good.issue(Session(Caller(made.object_id, made.client_id, TENANT), made.secret.id), "any").text
        if role is not None:
            given = Assignment(f"{number:08}-0000-4000-8000-000000000000", *role, made.object_id, made.type)
            role_assignment.put(world.cloud, None, given)
    authority = Authority(owner, good, records=world.records, sealer=world.sealer, clock=world.clock, chance=chance)
    return authority, signed


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with tempfile.TemporaryDirectory() as folder:
        yield _furnished(Path(folder))


# --- what the routes say of themselves -------------------------------------------------------------------------------


def test_every_route_is_bound_to_one_action_named_as_azure_names_them() -> None:
    for method, pattern, route in BOUND:
        assert (method, pattern.lower()) == (route.method, route.pattern.lower())
        assert ACTION.fullmatch(route.action), f"{method} {pattern}: {route.action!r} is no action"
        verb = route.action.rpartition("/")[2]
        allowed = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
        assert verb == allowed.get(method, verb) or route.pattern in RESULTS, f"{method} {pattern} takes {route.action}"


@every_route
def test_a_routes_action_is_about_what_its_path_names(route: Route) -> None:
    """A route that took another one's right would be walked as well as any, and be open to whoever has that."""
    subject, _, verb = route.action.rpartition("/")
    if route.pattern in RESULTS:
        action = route.pattern.replace("inspections/current", "inspect")
        assert [each.action for each in ROUTES if each.pattern == action] == [route.action]
    elif verb == "action":
        subject, _, verb = subject.rpartition("/")
        assert route.method == "POST"
        last = route.pattern.rpartition("/")[2].lower()
        assert OTHER_VERBS.get(last, last) == verb.lower()
        assert _words(route.pattern.rpartition("/")[0]) == subject.lower()
    else:
        assert _words(route.pattern) == subject.lower()


def _words(pattern: str) -> str:
    """The type that a pattern is about, as its action should name it, in lower case."""
    pattern = pattern.removesuffix("/providers/Calco")  # an action of ours is about what stands before
    parts = pattern.replace(SHORT, "/providers/Microsoft.Resources/deployments/").strip("/").split("/")
    last = len(parts) - 1 - parts[::-1].index("providers") if "providers" in parts else len(parts)
    behind = [each for each in parts[last + 1 :] if not each.startswith("{")]
    words = behind or ["Microsoft.Resources", *(each for each in parts if not each.startswith("{"))]
    found = "/".join(each for each in words if each not in SINGLE)
    return OTHER_WORDS.get(found, found).lower()


def test_every_route_in_the_table_can_be_reached() -> None:
    assert len(BOUND) == len(ROUTES)


def test_a_route_that_asks_for_less_than_its_action_is_listed_here_with_its_reason() -> None:
    less = {(each.method, each.pattern) for _, _, each in BOUND if each.grants is not Grants.NOBODY_ELSE}

    assert less == set(OPEN)


# --- the walk --------------------------------------------------------------------------------------------------------


@every_route
def test_nobody_is_let_in_without_a_token_that_is_good_here(walk: Walk, route: Route) -> None:
    before = walk.everything()

    for who in (None, "an expired token", "another tenant", "a forger"):
        answer = walk.ask(route, who)

        assert answer.status_code == 401, f"{who} got {answer.status_code}"
        assert walk.everything() == before, f"{who} changed something"


@every_route
def test_a_route_is_refused_to_whoever_holds_every_action_but_its_own(walk: Walk, route: Route) -> None:
    walk.holds(*(ACTIONS - {route.action}))
    before = walk.everything()

    answer = walk.ask(route, "walker")

    if (route.method, route.pattern) in OPEN:
        assert answer.status_code in (200, 404)
    elif route.action in RESOURCES_READ:  # shows what is readable one by one: test_role_assignment holds that
        assert answer.status_code == 200
    else:
        _is_refused(answer, route)
    assert walk.everything() == before


@every_route
def test_a_route_is_open_to_whoever_holds_its_action_and_no_other(walk: Walk, route: Route) -> None:
    walk.holds(route.action)

    # Of what is not there, and with a body that asks for nothing: as little happens as can.
    answer = walk.send("walker", route.method, path_of(route, **ABSENT), {} if route.method in BODIES else None)

    assert answer.status_code not in (401, 403), answer.text
    assert answer.status_code < 500, answer.text


@every_route
def test_a_reader_changes_nothing(walk: Walk, route: Route) -> None:
    before = walk.everything()

    answer = walk.ask(route, "reader")

    if route.action.endswith("/read"):
        assert answer.status_code not in (401, 403), answer.text
    elif (route.method, route.pattern) in OPEN:  # by what it names: it takes more to use that
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "LinkedAuthorizationFailed")
    else:
        _is_refused(answer, route)
    assert walk.everything() == before


@every_route
def test_who_owns_another_group_and_who_holds_nothing_get_nowhere(walk: Walk, route: Route) -> None:
    before = walk.everything()

    for who in ("stranger", "nobody"):
        answer = walk.ask(route, who)

        if (route.method, route.pattern) in OPEN:
            assert route.method == "GET" or answer.status_code == 403
            continue
        if who == "stranger" and route.lists and "group" not in path_variables(route):
            _shows_only(answer, ELSEWHERE)
        else:
            _is_refused(answer, route)
    assert walk.everything() == before


@every_route
def test_the_owner_is_refused_nothing(walk: Walk, route: Route) -> None:
    answer = walk.send("the owner", route.method, path_of(route, **ABSENT), {} if route.method in BODIES else None)

    assert answer.status_code not in (401, 403), answer.text


def test_what_lies_outside_resource_manager_is_known_and_changes_nothing_for_anybody(walk: Walk) -> None:
    """A route of another kind does not slip by: it is named here, and what asks for a token is refused without."""
    client = AsgiClient(Starlette(routes=walk.outside))
    before = walk.everything()

    for route in walk.outside:
        kinds = [reason for pattern, reason in OUTSIDE.items() if re.fullmatch(pattern, route.path)]
        assert len(kinds) == 1, f"{route.path} is of no kind that is listed here, or of several"
        for method in route.methods or ():
            path = re.sub(r"\{\w+\}", lambda found: TENANT if found[0] == "{tenant}" else "one", route.path)
            answer = client.request(method, path, content=b"{}" if method == "POST" else None)
            assert answer.status_code < 500, f"{method} {path}: {answer.text}"
            assert (answer.status_code == 401) is (kinds == ["asks for a token"]), f"{method} {path}: {answer.text}"
    assert walk.everything() == before


def test_no_other_part_of_the_service_makes_routes_of_its_own() -> None:
    """What is walked is all there is: the tree of ``arm.routes``, what ``open_routes`` gathers, ``WALKED_APART``."""
    source = Path(calco.__file__).parent
    makes = re.compile(
        r"^\s*from starlette\.routing import .*\b(?!BaseRoute\b)[A-Z]\w+|\.(add_\w*route|mount|host)\(", re.MULTILINE
    )

    texts = {str(each.relative_to(source)): each.read_text() for each in source.rglob("*.py")}
    found = {name for name, text in texts.items() if "starlette" in text and makes.search(text)}

    assert found == {
        "arm/boot_diagnostics.py",
        "arm/graph.py",
        "arm/serial_console.py",
        "identity/metadata.py",
        "identity/routes.py",
        "identity/sign_in_routes.py",
        "portal/root.py",
        *WALKED_APART,
    }
    assert all((Path(__file__).parents[1] / each).is_file() for each in WALKED_APART.values())


def test_a_path_that_leads_nowhere_is_not_told_from_others_without_a_token(walk: Walk) -> None:
    assert walk.send(None, "GET", f"{LAB}/providers/Microsoft.Nothing/here").status_code == 401


def path_variables(route: Route) -> set[str]:
    return {part[1:-1] for part in route.pattern.split("/") if part.startswith("{")}


def _is_refused(answer: httpx.Response, route: Route) -> None:
    assert answer.status_code == 403, f"{answer.status_code}: {answer.text}"
    if route.method == "HEAD":
        return
    refusal = answer.json()["error"]
    assert refusal["code"] == "AuthorizationFailed"
    assert f"does not have authorization to perform action '{route.action}' over scope '" in refusal["message"]


def _shows_only(answer: httpx.Response, scope: str) -> None:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    for each in body if isinstance(body, list) else body["value"]:
        assert covers(scope, each["id"]), f"a stranger sees {each['id']}"
