"""Role assignments and definitions, as clients see them."""

from datetime import timedelta
from pathlib import Path

import pytest

from calco.model.document import Document
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB
from tests.arm.people import AUTHORIZATION, OWNER_ID, People, assignment, definition, guid, refused
from tests.world import LOCATION, World

ASSIGNMENTS, DEFINITIONS = f"{AUTHORIZATION}/roleAssignments", f"{AUTHORIZATION}/roleDefinitions"
SUBNET = f"{NETWORK}/virtualNetworks/net/subnets/default"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    found.api.with_network()
    return found


# --- assignments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [SUB, LAB, f"{NETWORK}/virtualNetworks/net", SUBNET])
def test_a_role_is_given_shown_and_taken_away_at_any_scope(people: People, scope: str) -> None:
    who = people.comes("ci")
    path = f"{scope}/{ASSIGNMENTS}/{guid('a')}"

    made = people.api.call("PUT", path, assignment(who, "Reader"))

    assert made.status_code == 201
    shown = made.json()
    assert (shown["id"], shown["name"], shown["type"]) == (path, guid("a"), "Microsoft.Authorization/roleAssignments")
    properties = shown["properties"]
    assert properties["roleDefinitionId"] == f"{SUB}/{DEFINITIONS}/{READER}"
    assert (properties["principalId"], properties["principalType"]) == (who, "ServicePrincipal")
    assert (properties["scope"], properties["createdBy"]) == (scope, OWNER_ID)
    assert people.api.get(path) == shown
    gone = people.api.call("DELETE", path)
    assert (gone.status_code, gone.json()) == (200, shown)
    assert people.api.call("DELETE", path).status_code == 204
    refused(people.api.call("GET", path), 404, "RoleAssignmentNotFound")


def test_asked_for_again_it_is_the_same_and_under_another_name_it_is_refused(people: People) -> None:
    who = people.comes("ci")
    first = people.api.put(f"{LAB}/{ASSIGNMENTS}/{guid('a')}", assignment(who, "Reader"))
    people.api.world.clock.move(timedelta(hours=1))

    again = people.api.call("PUT", f"{LAB}/{ASSIGNMENTS}/{guid('a')}", assignment(who, "Reader"))
    other_name = people.api.call("PUT", f"{LAB}/{ASSIGNMENTS}/{guid('b')}", assignment(who, "Reader"))
    other_role = people.api.call("PUT", f"{LAB}/{ASSIGNMENTS}/{guid('a')}", assignment(who, "Owner"))

    assert again.status_code == 200
    created, updated = (again.json()["properties"][name] for name in ("createdOn", "updatedOn"))
    assert created == first.json()["properties"]["createdOn"] < updated
    refused(other_name, 409, "RoleAssignmentExists")
    other_case = f"{LAB.replace('/lab', '/LAB')}/{ASSIGNMENTS}/{guid('b')}"
    refused(people.api.call("PUT", other_case, assignment(who, "Reader")), 409, "RoleAssignmentExists")
    refused(other_role, 400, "RoleAssignmentUpdateNotPermitted")
    refused(people.ask("ci", "DELETE", LAB), 403, "AuthorizationFailed")


def _with(body: Document, **changes: object) -> Document:
    properties = body["properties"]
    assert isinstance(properties, dict)
    return {"properties": {**properties, **changes}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("name", "scope", "changes", "status", "code"),
    [
        ("not-a-guid", LAB, {}, 400, "InvalidRoleAssignmentId"),
        (guid("a"), f"{SUB}/resourceGroups/nowhere", {}, 404, "ResourceGroupNotFound"),
        (guid("a"), f"{COMPUTE}/disks/nothing", {}, 404, "ResourceNotFound"),
        (guid("a"), f"{NETWORK}/virtualNetworks/net/subnets/none", {}, 404, "ResourceNotFound"),
        (guid("a"), LAB, {"principalId": guid("stranger")}, 400, "PrincipalNotFound"),
        (guid("a"), LAB, {"principalId": "me"}, 400, "InvalidParameter"),
        (guid("a"), LAB, {"principalType": "User"}, 400, "UnmatchedPrincipalType"),
        (guid("a"), LAB, {"roleDefinitionId": f"{SUB}/{DEFINITIONS}/{guid('x')}"}, 404, "RoleDefinitionDoesNotExist"),
        (guid("a"), LAB, {"roleDefinitionId": "Reader"}, 400, "LinkedInvalidPropertyId"),
        (guid("a"), LAB, {"condition": "@Resource[x] StringEquals 'y'"}, 400, "NotSupported"),
    ],
)
def test_what_cannot_be_given_is_refused_by_name(  # noqa: PLR0917 - one row each
    people: People, name: str, scope: str, changes: Document, status: int, code: str
) -> None:
    who = people.comes("ci")

    answer = people.api.call("PUT", f"{scope}/{ASSIGNMENTS}/{name}", _with(assignment(who, "Reader"), **changes))

    refused(answer, status, code)
    assert len(people.api.get(f"{SUB}/{ASSIGNMENTS}")["value"]) == 1  # the owner's


def test_the_filters_that_az_sends_choose(people: People) -> None:
    one, two = people.comes("one"), people.comes("two")
    people.give(one, "Reader", SUB)
    people.give(two, "Reader", LAB)
    people.give(one, "Owner", f"{NETWORK}/virtualNetworks/net")

    def found(scope: str, filter: str = "") -> list[tuple[str, str]]:
        query = f"?$filter={filter}" if filter else ""
        found = people.api.get(f"{scope}/{ASSIGNMENTS}{query}")["value"]
        owner = {OWNER_ID: "owner", one: "one", two: "two"}
        names = {SUB: "sub", LAB: "lab"}
        return [
            (owner[each["properties"]["principalId"]], names.get(each["properties"]["scope"], "net")) for each in found
        ]

    everything = [("owner", "sub"), ("one", "sub"), ("two", "lab"), ("one", "net")]
    assert found(SUB) == found(LAB) == everything
    assert found(LAB, "atScope()") == everything[:3]
    assert found(SUB, f"principalId eq '{one.upper()}'") == [("one", "sub"), ("one", "net")]
    assert found(LAB, f"atScope() and assignedTo('{two}')") == [("two", "lab")]
    refused(people.api.call("GET", f"{SUB}/{ASSIGNMENTS}?$filter=name eq 'x'"), 400, "InvalidParameter")


# --- definitions -----------------------------------------------------------------------------------------------------


def test_what_is_built_in_is_listed_by_its_name_at_every_scope_and_at_the_tenant(people: People) -> None:
    for scope in (SUB, LAB, SUBNET):
        (shown,) = people.api.get(f"{scope}/{DEFINITIONS}?$filter=roleName eq 'Reader'")["value"]
        assert shown["id"] == f"{SUB}/{DEFINITIONS}/{READER}"
        assert shown["properties"]["type"] == "BuiltInRole"
        assert shown["properties"]["permissions"][0]["actions"] == ["*/read"]
    (at_tenant,) = people.api.get(f"/{DEFINITIONS}?$filter=roleName eq 'Reader'")["value"]
    assert at_tenant["id"] == f"/{DEFINITIONS}/{READER}"
    assert people.api.get(at_tenant["id"])["properties"] == shown["properties"]


def test_a_role_somebody_wrote_is_kept_and_changed_and_deleted_once_nobody_holds_it(people: People) -> None:
    path = f"{SUB}/{DEFINITIONS}/{guid('r')}"
    made = people.api.call("PUT", path, definition("Imager", ("Microsoft.Compute/images/*",), (LAB,)))
    assert made.status_code == 201
    assert people.api.get(path) == made.json()
    people.with_role("ci", guid("r"), LAB)
    assert people.ask("ci", "GET", f"{COMPUTE}/images").status_code == 200

    for same in (path, f"{SUB}/{DEFINITIONS}/{guid('r').upper()}"):
        refused(people.api.call("DELETE", same), 400, "RoleDefinitionHasAssignments")
    elsewhere = definition("Imager", ("*",), (f"{COMPUTE}/disks/d",))
    refused(people.api.call("PUT", path, elsewhere), 400, "RoleDefinitionHasAssignments")
    people.api.put(path, definition("Imager", ("Microsoft.Compute/disks/*",), (LAB,)))

    refused(people.ask("ci", "GET", f"{COMPUTE}/images"), 403, "AuthorizationFailed")
    (held,) = people.api.get(f"{LAB}/{ASSIGNMENTS}?$filter=principalId eq '{people.callers['ci'].object_id}'")["value"]
    people.api.call("DELETE", held["id"])
    assert people.api.call("DELETE", path).status_code == 200
    assert people.api.call("DELETE", path).status_code == 204
    refused(people.api.call("GET", path), 404, "RoleDefinitionDoesNotExist")


def test_roles_are_listed_where_they_may_be_given(people: People) -> None:
    people.role("Lab's", "*/read", scopes=(LAB,))
    custom = "$filter=type eq 'CustomRole'"

    assert [each["name"] for each in people.api.get(f"{LAB}/{DEFINITIONS}?{custom}")["value"]] == [guid("Lab's")]
    assert people.api.get(f"{SUB}/{DEFINITIONS}?{custom}")["value"] == []
    below = people.api.get(f"{SUB}/{DEFINITIONS}?$filter=atScopeAndBelow() and roleName eq 'Lab''s'")["value"]
    assert [each["name"] for each in below] == [guid("Lab's")]
    refused(people.api.call("GET", f"{SUB}/{DEFINITIONS}?$filter=x eq 'y'"), 400, "InvalidParameter")


def test_a_role_is_given_where_it_is_assignable_only(people: People) -> None:
    role = people.role("Lab's", "*/read", scopes=(LAB,))

    answer = people.api.call("PUT", f"{SUB}/{ASSIGNMENTS}/{guid('a')}", assignment(people.comes("ci"), role))

    assert "none of its assignableScopes" in refused(answer, 400, "RoleDefinitionScopeMismatch")


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("r", definition("R", ("*",), (SUB,)), 400, "InvalidRoleDefinitionId"),
        (READER, definition("R", ("*",), (SUB,)), 409, "OperationNotAllowed"),
        (guid("r"), definition("reader", ("*",), (SUB,)), 409, "RoleDefinitionWithSameNameExists"),
        (guid("r"), definition("Reader", ("*",), (SUB,)), 409, "RoleDefinitionWithSameNameExists"),
        (guid("r"), definition("R", ("read",), (SUB,)), 400, "InvalidActionOrNotAction"),
        (guid("r"), definition("R", ("*",), ()), 400, "InvalidParameter"),
        (guid("r"), definition("R", ("*",), ("/subscriptions/other",)), 400, "InvalidParameter"),
        (guid("r"), definition("R", ("*",), ("/",)), 400, "InvalidParameter"),
        (guid("r"), definition("", ("*",), (SUB,)), 400, "InvalidParameter"),
        (
            guid("r"),
            {
                "properties": {
                    "roleName": "R",
                    "permissions": [{"dataActions": ["Microsoft.Storage/*"]}],
                    "assignableScopes": [SUB],
                }
            },
            400,
            "NotSupported",
        ),
    ],
)
def test_what_is_no_role_is_refused_by_name(people: People, name: str, body: Document, status: int, code: str) -> None:
    refused(people.api.call("PUT", f"{SUB}/{DEFINITIONS}/{name}", body), status, code)
    assert people.api.get(f"{SUB}/{DEFINITIONS}?$filter=type eq 'CustomRole'")["value"] == []


def test_who_writes_a_role_needs_that_right_wherever_it_may_be_given(people: People) -> None:
    people.api.put(f"{SUB}/resourceGroups/other", {"location": LOCATION})
    people.with_role("admin", "Owner", LAB)
    other = f"{SUB}/resourceGroups/other"

    here = people.ask("admin", "PUT", f"{LAB}/{DEFINITIONS}/{guid('r')}", definition("R", ("*",), (LAB,)))
    beyond = people.ask("admin", "PUT", f"{LAB}/{DEFINITIONS}/{guid('s')}", definition("S", ("*",), (LAB, other)))

    assert here.status_code == 201
    assert f"on the linked scope(s) '{other}'" in refused(beyond, 403, "LinkedAuthorizationFailed")


def test_who_administers_one_group_can_neither_widen_nor_delete_anothers_role(people: People) -> None:
    role = people.role("Everybody's", "*/read", scopes=(SUB,))
    people.with_role("admin", "Owner", LAB)
    path = f"{LAB}/{DEFINITIONS}/{role}"

    widened = people.ask("admin", "PUT", path, definition("Everybody's", ("*",), (LAB,)))
    deleted = people.ask("admin", "DELETE", path)

    refused(widened, 403, "LinkedAuthorizationFailed")
    refused(deleted, 403, "LinkedAuthorizationFailed")
    assert people.api.get(path)["properties"]["permissions"][0]["actions"] == ["*/read"]
