"""Users and service principals over HTTP: a secret is in one answer, once."""

import pytest

from calco.arm.routes import ROUTES
from tests.arm.api import SUB, TENANT, Api

USERS = f"{SUB}/providers/Calco/users"
PROGRAMS = f"{SUB}/providers/Calco/servicePrincipals"


def test_a_user_is_made_shown_listed_and_deleted(api: Api) -> None:
    made = api.call("PUT", f"{USERS}/Ana", {"properties": {"expiresInDays": 30}})

    assert made.status_code == 201
    properties = made.json()["properties"]
    secret = properties.pop("password")
    assert properties == {
        "objectId": properties["objectId"],
        "principalType": "User",
        "tenantId": TENANT,
        "createdOn": "2026-11-22T13:05:09Z",
        "secretExpiresOn": "2026-12-22T13:05:09Z",
        "secretExpired": False,
        "userPrincipalName": "Ana",
    }
    shown = api.call("GET", f"{USERS}/ana")
    assert shown.json() == {"id": f"{USERS}/Ana", "name": "Ana", "type": "Calco/users", "properties": properties}
    assert api.get(USERS)["value"] == [shown.json()]
    assert secret not in shown.text
    assert api.call("DELETE", f"{USERS}/ana").status_code == 200
    assert api.call("DELETE", f"{USERS}/ana").status_code == 204
    assert api.get(USERS)["value"] == []


def test_a_service_principal_has_a_client_id_and_a_new_secret_on_demand(api: Api) -> None:
    made = api.call("PUT", f"{PROGRAMS}/ci", {}).json()["properties"]

    rotated = api.call("POST", f"{PROGRAMS}/CI/rotate")

    assert rotated.status_code == 200
    again = rotated.json()["properties"]
    assert again["password"] != made["password"]
    assert (again["appId"], again["objectId"]) == (made["appId"], made["objectId"])
    assert api.get(USERS)["value"] == []


def test_a_put_does_not_replace_who_is_there(api: Api) -> None:
    first = api.call("PUT", f"{USERS}/ana", {}).json()["properties"]["objectId"]

    refused = api.call("PUT", f"{USERS}/ANA", {})

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "PrincipalExists")
    assert api.get(f"{USERS}/ana")["properties"]["objectId"] == first


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (("GET", f"{USERS}/nobody", None), 404, "PrincipalNotFound"),
        (("POST", f"{PROGRAMS}/nobody/rotate", None), 404, "PrincipalNotFound"),
        (("PUT", f"{USERS}/a%20b", {}), 400, "InvalidParameter"),
        (("PUT", f"{USERS}/ana", {"properties": {"password": "short"}}), 400, "InvalidParameter"),
        (("PUT", f"{USERS}/ana", {"properties": {"password": 1}}), 400, "InvalidParameter"),
        (("PUT", f"{USERS}/ana", {"properties": {"expiresInDays": 0}}), 400, "InvalidParameter"),
        (("PUT", f"{USERS}/ana", {"properties": {"expiresInDays": "1"}}), 400, "InvalidParameter"),
        (("PATCH", f"{USERS}/ana", {}), 405, "MethodNotAllowed"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nobody_is_made(
    api: Api, request_: tuple[str, str, object], status: int, code: str
) -> None:
    answer = api.call(*request_)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert api.get(USERS)["value"] == api.get(PROGRAMS)["value"] == []


def test_no_answer_but_the_first_has_the_secret_or_its_hash(api: Api) -> None:
    secret = api.call("PUT", f"{USERS}/ana", {}).json()["properties"]["password"]

    said = api.call("GET", USERS).text + api.call("GET", f"{USERS}/ana").text
    assert secret not in said
    assert "hash" not in said
    assert "salt" not in said


def test_whoever_may_not_change_access_may_not_make_principals_nor_give_out_secrets() -> None:
    """A Contributor lacks Microsoft.Authorization/*/write and has every action: so none of these may be an action."""
    about_access = [row for row in ROUTES if row.action.startswith("Microsoft.Authorization/")]
    changes = {row.action for row in about_access if "/providers/Calco/" in row.pattern and row.method != "GET"}

    assert changes == {
        f"Microsoft.Authorization/{type}/{verb}"
        for type in ("users", "servicePrincipals")
        for verb in ("write", "delete")
    }
