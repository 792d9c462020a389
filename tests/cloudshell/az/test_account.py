"""Who is signed in to a Cloud Shell: said, changed, ended."""

import json
from urllib.parse import parse_qs

import httpx
import pytest

from calco.cloudshell.api import Refused
from calco.cloudshell.az import account
from calco.cloudshell.connection import Accounts
from calco.cloudshell.errors import Terminating
from calco.cloudshell.objects.member import get
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.values import CREDENTIAL, Record, SecureString
from calco.model.document import Document
from tests.cloudshell.az.bench import Bench
from tests.cloudshell.world import SUBSCRIPTION, TENANT

OTHER = SUBSCRIPTION[:-1] + "2"
FOUND: list[Document] = [
    {"subscriptionId": SUBSCRIPTION, "displayName": "calco", "state": "Enabled", "tenantId": TENANT},
    {"subscriptionId": OTHER, "displayName": "second", "state": "Enabled", "tenantId": TENANT},
]


def service(request: httpx.Request) -> httpx.Response:
    """A service with one service principal and two subscriptions."""
    path = request.url.path
    if path == f"/{TENANT}/oauth2/v2.0/token":
        form = parse_qs(request.content.decode())
        if form["client_secret"] != ["right"]:
            return httpx.Response(401, json={"error": "invalid_client", "error_description": "The secret is wrong."})
        return httpx.Response(200, json={"access_token": "granted"})
    if request.headers.get("authorization") not in ("Bearer granted", "Bearer brought"):
        return httpx.Response(401, json={"error": {"code": "InvalidAuthenticationToken", "message": "No."}})
    if path == "/subscriptions":
        return httpx.Response(200, json={"value": FOUND})
    one = next((each for each in FOUND if path == f"/subscriptions/{each['subscriptionId']}"), None)
    return (
        httpx.Response(404, json={"error": {"code": "NotFound", "message": "No."}})
        if one is None
        else (httpx.Response(200, content=json.dumps(one)))
    )


@pytest.fixture
def accounts() -> Accounts:
    http = httpx.Client(base_url="https://localhost:8443", transport=httpx.MockTransport(service))
    return Accounts(http, TENANT, wait=lambda _seconds: None)


class Signing(Bench):
    """A session whose API is that of whoever signed in."""

    @property
    def api(self):  # type: ignore[no-untyped-def]
        held = Accounts.of(self.state)
        assert held is not None
        return held.current()

    @api.setter
    def api(self, _value: object) -> None: ...


@pytest.fixture
def signing(accounts: Accounts) -> Signing:
    made = Signing((account.MODULE,))
    accounts.give(made.state)
    return made


def credential(secret: str) -> Record:
    return Record.of(CREDENTIAL, {"UserName": "the-client", "Password": SecureString(secret)})


def test_who_is_signed_in_is_said_where_nobody_has_to_sign_in() -> None:
    bench = Bench((account.MODULE,))
    bench.api.put(f"/subscriptions/{SUBSCRIPTION}", FOUND[0])

    shown = bench.shown(*bench.run("Connect-AzAccount"))

    assert [line.split() for line in shown.strip().splitlines()] == [
        ["Account", "SubscriptionName", "TenantId", "Environment"],
        ["-------", "----------------", "--------", "-----------"],
        ["ada@example.com", "calco", TENANT, "calco"],
    ]
    context = bench.one("Get-AzContext")
    subscription, user = context.get("Subscription"), context.get("Account")
    assert isinstance(subscription, Record)
    assert isinstance(user, Record)
    assert (subscription.get("Id"), user.get("Id"), user.get("Type")) == (SUBSCRIPTION, "ada@example.com", "User")


def test_nobody_else_signs_in_where_the_account_is_given() -> None:
    bench = Bench((account.MODULE,))

    assert bench.run("Connect-AzAccount", ServicePrincipal=True, Credential=credential("right")) == []
    assert bench.run("Disconnect-AzAccount") == []

    assert "is given" in bench.reported[0].message
    assert "is given" in bench.reported[1].message


def test_a_service_principal_signs_in_and_out(signing: Signing, accounts: Accounts) -> None:
    with pytest.raises(Terminating, match="Run Connect-AzAccount to login"):
        accounts.current()
    assert signing.run("Connect-AzAccount") == []
    assert "Say how to sign in" in signing.reported[0].message

    made = signing.one("Connect-AzAccount", ServicePrincipal=True, Credential=credential("right"), Tenant=TENANT)

    context = made.get("Context")
    assert isinstance(context, Record)
    assert "the-client" in signing.shown(made)
    assert "right" not in signing.shown(made)
    assert accounts.current().subscription_id == SUBSCRIPTION
    signing.run("Disconnect-AzAccount")
    assert accounts.signed_in is None


def test_a_users_password_is_not_taken_and_it_is_said_how_a_program_comes_to_its_own(signing: Signing) -> None:
    assert signing.run("Connect-AzAccount", Credential=credential("right")) == []

    assert "`calco sp create` makes one" in signing.reported[0].message


def test_a_wrong_secret_signs_nobody_in(signing: Signing, accounts: Accounts) -> None:
    assert signing.run("Connect-AzAccount", ServicePrincipal=True, Credential=credential("wrong")) == []

    assert "The secret is wrong." in signing.reported[0].message
    assert accounts.signed_in is None


def test_a_token_that_is_there_will_do_and_a_bad_one_does_not_replace_the_account(
    signing: Signing, accounts: Accounts
) -> None:
    signing.run("Connect-AzAccount", AccessToken="brought", AccountId="ada", Subscription=OTHER)
    assert (accounts.current().account, accounts.current().subscription_id) == ("ada", OTHER)

    assert signing.run("Connect-AzAccount", AccessToken="forged", AccountId="eve") == []
    assert accounts.current().account == "ada"


def test_whose_token_it_is_must_be_said(signing: Signing, accounts: Accounts) -> None:
    assert signing.run("Connect-AzAccount", AccessToken="brought") == []
    assert "-AccountId" in signing.reported[0].message
    assert accounts.signed_in is None


def test_an_identity_may_be_named_as_runbooks_do_and_is_the_sessions_own() -> None:
    bench = Bench((account.MODULE,))
    bench.api.put(f"/subscriptions/{SUBSCRIPTION}", FOUND[0])

    (profile,) = bench.run("Connect-AzAccount", Identity=True, AccountId="11111111-1111-4111-8111-111111111111")

    assert isinstance(profile, Record)
    assert to_text(get(get(profile, "Context"), "Account")) == "ada@example.com"


def test_the_parts_of_a_context_read_as_azures_do_where_a_script_puts_them_into_a_text() -> None:
    bench = Bench((account.MODULE,))
    (told,) = bench.run("Get-AzContext")

    parts = [to_text(get(told, name)) for name in ("Account", "Subscription", "Tenant", "Environment")]

    assert parts == ["ada@example.com", SUBSCRIPTION, TENANT, "calco"]


def test_a_users_password_is_not_taken(signing: Signing) -> None:
    assert signing.run("Connect-AzAccount", Credential=credential("right")) == []

    assert "service principal" in signing.reported[0].message


def test_the_subscription_is_chosen_by_id_or_name(signing: Signing, accounts: Accounts) -> None:
    signing.run("Connect-AzAccount", AccessToken="brought", AccountId="ada")

    signing.run("Set-AzContext", "SECOND")
    assert accounts.current().subscription_id == OTHER
    signing.run("Set-AzContext", input=signing.run("Get-AzSubscription", SubscriptionName="calco"))
    assert accounts.current().subscription_id == SUBSCRIPTION

    assert signing.run("Set-AzContext", Subscription="third") == []
    assert "'third' is none" in signing.reported[0].message
    assert accounts.current().subscription_id == SUBSCRIPTION


def test_subscriptions_are_a_table(signing: Signing) -> None:
    signing.run("Connect-AzAccount", AccessToken="brought", AccountId="ada")

    rows = [line.split() for line in signing.shown(*signing.run("Get-AzSubscription")).strip().splitlines()]

    assert rows[0] == ["Name", "Id", "TenantId", "State"]
    assert rows[3] == ["second", OTHER, TENANT, "Enabled"]
    assert signing.run("Get-AzSubscription", "none") == []
    assert "was not found in tenant" in signing.reported[0].message


def test_the_cloud_is_this_calco_and_no_other(signing: Signing, accounts: Accounts) -> None:
    assert signing.run("Add-AzEnvironment", "evil", "https://localhost:9999") == []
    assert signing.run("Add-AzEnvironment", "evil", "https://localhost:8443x") == []
    assert accounts.environment == "calco"

    signing.run("Add-AzEnvironment", Name="lab", ARMEndpoint="https://localhost:8443/")
    signing.run("Connect-AzAccount", Environment="lab", AccessToken="brought", AccountId="ada")
    assert accounts.current().environment == "lab"
    assert signing.run("Connect-AzAccount", Environment="AzureChinaCloud", AccessToken="brought", AccountId="x") == []
    assert accounts.current().account == "ada"


def test_a_runbooks_first_line_hears_that_no_context_is_kept(signing: Signing) -> None:
    said = signing.shown(*signing.run("Disable-AzContextAutosave", Scope="Process"))

    assert "Mode             : Process" in said
    assert "ContextFile      : None" in said


@pytest.mark.parametrize("path", ["x", "//evil/x", "/a?b=c", "/a#b", "/a%2fb", "/a/../b", "/a b"])
def test_an_address_that_a_name_could_bend_is_not_asked(accounts: Accounts, path: str) -> None:
    known = accounts.connect_token("brought", "ada")

    with pytest.raises(Refused, match="InvalidUri"):
        known.get(path)
    with pytest.raises(Refused, match="InvalidUri"):
        known.change("DELETE", path)
