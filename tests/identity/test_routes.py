"""The token endpoint and its discovery documents, as clients ask for them."""

import base64
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest
from starlette.applications import Starlette

from calco.identity import principals
from calco.identity.authority import Authority
from calco.identity.principals import Principal, read_secret
from calco.identity.routes import FORM_LIMITS, routes
from calco.identity.tokens import Tokens, ensure_key
from calco.storage.migrations import open_records
from calco.storage.sealer import KeySealer
from tests.asgi import AsgiClient
from tests.standing import SeededChance, StandingClock


@dataclass
class World:
    client: AsgiClient
    principal: Principal
    secret: str
    authority: Authority

    def form(self, **changes: str | None) -> dict[str, str]:
        whole = {
            "grant_type": "client_credentials",
            "client_id": self.principal.client_id,
            "client_secret": self.secret,
            "scope": "https://localhost:8443//.default",
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder: Path = tmp_path_factory.mktemp("secrets")
    clock, chance = StandingClock(), SeededChance()
    principal = principals.ensure(folder, chance)
    tokens = Tokens(ensure_key(folder / "key"), principal.tenant_id, clock, chance)
    records, sealer = open_records(folder), KeySealer(bytes(32))
    authority = Authority(principal, tokens, records=records, sealer=sealer, clock=clock, chance=chance)
    client = AsgiClient(Starlette(routes=list(routes(authority))), "https://box.example:8443")
    return World(client, principal, read_secret(folder), authority)


def test_version_2_answers_a_token_that_the_service_accepts(world: World) -> None:
    answer = world.client.request("POST", f"/{world.principal.tenant_id}/oauth2/v2.0/token", data=world.form())

    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 86399)
    assert set(body) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert "no-store" in answer.headers["cache-control"]
    caller = world.authority.check(f"Bearer {body['access_token']}", "https://box.example:8443")
    assert caller.client_id == world.principal.client_id


def test_version_1_answers_its_numbers_as_strings_and_names_the_resource(world: World) -> None:
    form = world.form(scope=None, resource="https://management.core.windows.net/")

    body = world.client.request("POST", f"/{world.principal.tenant_id}/oauth2/token", data=form).json()

    assert (body["expires_in"], body["resource"]) == ("86399", "https://management.core.windows.net/")
    assert int(body["expires_on"]) - int(body["not_before"]) == 86399
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims["aud"] == "https://management.core.windows.net/"


@pytest.mark.parametrize("prefix", ["adfs", "adfs/{tenant}", "common", "organizations", "{tenant}"])
def test_every_style_of_path_leads_to_the_token_endpoint_it_names(world: World, prefix: str) -> None:
    prefix = prefix.format(tenant=world.principal.tenant_id)

    for version in ("", "/v2.0"):
        answer = world.client.request("GET", f"/{prefix}{version}/.well-known/openid-configuration")
        document = answer.json()
        assert document["token_endpoint"].startswith(f"https://box.example:8443/{prefix}/oauth2")
        assert document["authorization_endpoint"].startswith(f"https://box.example:8443/{prefix}/oauth2")
        assert world.client.request("POST", document["token_endpoint"], data=world.form()).status_code == 200
        assert world.client.request("GET", document["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"


def test_links_lead_back_the_way_the_caller_came(world: World) -> None:
    headers = {"host": "127.0.0.1:9"}

    document = world.client.request("GET", "/adfs/.well-known/openid-configuration", headers=headers).json()

    assert document["token_endpoint"] == "https://127.0.0.1:9/adfs/oauth2/token"


def test_instance_discovery_vouches_for_this_host(world: World) -> None:
    asked = {"api-version": "1.1", "authorization_endpoint": "https://box.example:8443/x/oauth2/v2.0/authorize"}

    document = world.client.request("GET", "/common/discovery/instance", params=asked).json()

    assert document["metadata"][0]["aliases"] == ["box.example:8443"]
    assert world.client.request("GET", document["tenant_discovery_endpoint"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000216),
        ({"client_id": "somebody"}, 400, "unauthorized_client", 700016),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"scope": " "}, 400, "invalid_request", 900144),
    ],
    ids=["wrong secret", "no secret", "unknown client", "no client", "other grant", "no grant", "no scope"],
)
def test_a_bad_request_gets_entras_answer(
    world: World, changes: dict[str, str | None], status: int, error: str, code: int
) -> None:
    answer = world.client.request("POST", "/adfs/oauth2/token", data=world.form(**changes))

    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert "access_token" not in body
    assert world.secret not in answer.text


def test_an_unknown_tenant_is_refused(world: World) -> None:
    answer = world.client.request("POST", "/22222222-2222-2222-2222-222222222222/oauth2/v2.0/token", data=world.form())

    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_id_and_secret_may_come_in_a_basic_header(world: World) -> None:
    coded = base64.b64encode(f"{world.principal.client_id}:{world.secret}".encode()).decode()
    form = world.form(client_id=None, client_secret=None)

    answer = world.client.request("POST", "/adfs/oauth2/token", data=form, headers={"Authorization": f"Basic {coded}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"x" * (FORM_LIMITS.bytes_max + 1), 413),
        (b"\xff\xfe", 400),
        (b"{}", 400),
        (b"&" * 1000, 400),
        (b"a=1&" * 1000, 400),
        (b"grant_type=client_credentials&client_id=%ff&scope=%00", 400),
    ],
    ids=["too large", "no text", "no form", "no fields", "too many fields", "strange characters"],
)
def test_what_is_no_form_is_the_callers_mistake(world: World, content: bytes, status: int) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = world.client.request("POST", "/adfs/oauth2/token", content=content, headers=headers)

    assert answer.status_code == status
    assert "error" in answer.json()
