"""What az asks of Microsoft Graph when it deals with roles."""

from pathlib import Path

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from calco.arm import graph
from calco.model.principal import Caller, PrincipalType
from calco.work import principal
from tests.arm.api import SUB
from tests.arm.people import OWNER_ID, People
from tests.asgi import AsgiClient
from tests.world import World


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    principal.create(found.world.cloud, PrincipalType.USER, "ana@example.org")
    return found


def ask(people: People, who: str | None, method: str, path: str, body: object = None) -> httpx.Response:
    def caller(request: Request) -> Caller:
        return people.check(request.headers.get("authorization"), "")

    app = Starlette(routes=graph.routes(people.world.cloud, caller, people.callers["good"]))
    headers = {} if who is None else {"Authorization": f"Bearer {who}"}
    content = None if body is None else msgspec.json.encode(body)
    return AsgiClient(app).request(method, f"/v1.0{path}", content=content, headers=headers)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["displayName"] for each in answer.json()["value"]]


def test_names_are_told_for_ids(people: People) -> None:
    ci = people.comes("ci")
    ids = [ci.upper(), OWNER_ID, "00000000-0000-0000-0000-000000000000"]

    answer = ask(people, "good", "POST", "/directoryObjects/getByIds", {"ids": ids, "types": ["user"]})

    assert names(answer) == ["calco env", "ci"]
    assert answer.json()["value"][1]["servicePrincipalNames"][0] == "ci"


@pytest.mark.parametrize("by", ["ci", "client"])
def test_a_service_principal_is_found_as_az_looks_for_it(people: People, by: str) -> None:
    object_id = people.comes("ci")
    people.comes("other")
    name = by if by == "ci" else people.callers["ci"].client_id

    answer = ask(people, "good", "GET", f"/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '{name}')")

    assert [each["id"] for each in answer.json()["value"]] == [object_id]


def test_a_user_is_found_by_name(people: People) -> None:
    assert names(ask(people, "good", "GET", "/users?$filter=userPrincipalName eq 'Ana@example.org'")) == [
        "ana@example.org"
    ]
    assert names(ask(people, "good", "GET", "/users?$filter=userPrincipalName eq 'bob'")) == []


def test_only_who_may_read_principals_learns_who_there_is(people: People) -> None:
    people.comes("nobody")
    people.with_role("reader", "Reader", SUB)
    people.with_role("users", people.role("Users", "Microsoft.Authorization/users/read"), SUB)
    everyone = [each.object_id for each in people.callers.values()]

    assert ask(people, None, "GET", "/users").status_code == 401
    for method, path, body in (
        ("GET", "/users", None),
        ("GET", "/servicePrincipals", None),
        ("POST", "/directoryObjects/getByIds", {"ids": everyone}),
    ):
        refused = ask(people, "nobody", method, path, body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
        assert ask(people, "reader", method, path, body).status_code == 200
    assert names(ask(people, "users", "GET", "/users")) == ["ana@example.org"]
    assert names(ask(people, "users", "POST", "/directoryObjects/getByIds", {"ids": everyone})) == []
    assert ask(people, "users", "GET", "/servicePrincipals").status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/users?$filter=mail eq 'x'", None),
        ("POST", "/directoryObjects/getByIds", {}),
        ("POST", "/directoryObjects/getByIds", {"ids": ["x"] * 1001}),
        ("POST", "/directoryObjects/getByIds", []),
        ("POST", "/directoryObjects/getByIds", {"ids": ["x" * 200_000]}),
    ],
    ids=["filter", "no ids", "too many", "no object", "too long"],
)
def test_what_cannot_be_asked_is_refused(people: People, method: str, path: str, body: object) -> None:
    answer = ask(people, "good", method, path, body)

    assert answer.status_code in (400, 413)
    assert answer.json()["error"]["message"]
