"""People sign in: to programs by authorization code with PKCE, to devices by a code; and what ends a session."""

import base64
import json
import time
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.identity.attempts import FORGOTTEN_AFTER, FREE
from calco.identity.grants import DEVICE_CODE, REFRESH_LASTS
from calco.identity.routes import FORM_LIMITS
from calco.identity.sign_in import CODE_LASTS, DEVICE_CODE_LASTS, is_loopback
from calco.identity.sign_in_words import LANGUAGES, words_for
from calco.model.errors import ApiError
from calco.model.principal import PrincipalType
from calco.work import principal
from tests.identity.lobby import AZ, BASE, PASSWORD, REDIRECT, Lobby, answer_of, cookie_of, hidden, text_of

pytestmark = pytest.mark.slow  # each password costs 50 ms, as it should


@pytest.fixture
def lobby(tmp_path: Path) -> Lobby:
    found = Lobby(tmp_path)
    found.user()
    return found


# --- programs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "/v2.0"])
@pytest.mark.parametrize("prefix", ["adfs", "adfs/{tenant}", "{tenant}", "common"])
def test_a_person_signs_in_to_a_program_through_every_style_of_path(lobby: Lobby, prefix: str, version: str) -> None:
    prefix = prefix.format(tenant=lobby.owner.tenant_id)

    answer = answer_of(lobby.enter(lobby.asking(prefix, version)))
    document = lobby.redeem(answer["code"], prefix, version).json()

    assert answer["state"] == "as it was"
    caller = lobby.check(document["access_token"])
    assert (caller.name, caller.type, caller.client_id) == ("ana", PrincipalType.USER, AZ)


def test_the_id_token_and_client_info_say_who_it_is_and_repeat_the_nonce(lobby: Lobby) -> None:
    document = lobby.signed_in()

    claims = jwt.decode(document["id_token"], options={"verify_signature": False})
    info = json.loads(base64.urlsafe_b64decode(document["client_info"] + "=="))
    assert (claims["nonce"], claims["preferred_username"], claims["aud"]) == ("once", "ana", AZ)
    assert info == {"uid": claims["oid"], "utid": lobby.owner.tenant_id}
    assert document["scope"].startswith(f"{BASE}/.default")


def test_an_id_token_opens_nothing(lobby: Lobby) -> None:
    with pytest.raises(ApiError, match="InvalidAuthenticationToken"):
        lobby.check(lobby.signed_in()["id_token"])


def test_the_id_tokens_issuer_is_the_one_its_discovery_document_names(lobby: Lobby) -> None:
    tenant = lobby.owner.tenant_id
    for prefix, version in (("adfs", ""), (tenant, "/v2.0"), (tenant, "")):
        discovered = lobby.open(f"/{prefix}{version}/.well-known/openid-configuration").json()
        code = answer_of(lobby.enter(lobby.asking(prefix, version)))["code"]
        token = lobby.redeem(code, prefix, version).json()["id_token"]
        assert jwt.decode(token, options={"verify_signature": False})["iss"] == discovered["issuer"]


def test_version_1_takes_a_resource_and_answers_its_numbers_as_strings(lobby: Lobby) -> None:
    code = lobby.code(scope=None, resource="https://management.core.windows.net/")
    document = lobby.redeem(code, scope="").json()

    assert (document["resource"], document["expires_in"]) == ("https://management.core.windows.net/", "86399")
    assert document["refresh_token"]


def test_the_audience_is_the_first_scope_that_names_one(lobby: Lobby) -> None:
    document = lobby.redeem(lobby.code(), scope=f"offline_access openid {BASE}/user_impersonation profile").json()

    assert jwt.decode(document["access_token"], options={"verify_signature": False})["aud"] == BASE


def test_form_post_hands_the_code_over_in_a_form_that_leads_to_the_program_alone(lobby: Lobby) -> None:
    page = lobby.enter(lobby.asking(response_mode="form_post"))

    fields = hidden(page)
    assert f'action="{REDIRECT}"' in page.text
    assert fields["state"] == "as it was"
    assert "location" not in page.headers
    assert lobby.redeem(fields["code"]).status_code == 200


def test_a_code_is_good_once(lobby: Lobby) -> None:
    code = lobby.code()

    answers = [lobby.redeem(code), lobby.redeem(code)]

    assert [each.status_code for each in answers] == [200, 400]
    assert answers[1].json()["error"] == "invalid_grant"


def test_a_code_is_good_for_minutes(lobby: Lobby) -> None:
    code = lobby.code()
    lobby.world.clock.move(CODE_LASTS)

    assert lobby.redeem(code).json()["error_codes"] == [70008]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_verifier": "w" * 43}, 501481),
        ({"code_verifier": "short"}, 501481),
        ({"code_verifier": "é" * 43}, 501481),
        ({"redirect_uri": "http://localhost:8401"}, 70008),
        ({"client_id": "1950a258-227b-4e31-a9cf-717495945fc2"}, 70008),
        ({"code": "made up"}, 70008),
        ({"code": ""}, 900144),
        ({"code_verifier": ""}, 900144),
    ],
    ids=["other verifier", "short", "no ASCII", "other redirect", "other client", "unknown", "no code", "no verifier"],
)
def test_a_stolen_code_opens_nothing(lobby: Lobby, changes: dict[str, str], code: int) -> None:
    answer = lobby.redeem(lobby.code(), **changes)

    assert (answer.status_code, answer.json()["error_codes"]) == (400, [code])
    assert "access_token" not in answer.json()


def test_a_wrong_verifier_uses_the_code_up(lobby: Lobby) -> None:
    code = lobby.code()
    lobby.redeem(code, code_verifier="w" * 43)

    assert lobby.redeem(code).status_code == 400


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/",
        "http://evil.example:8400/",
        "http://localhost.evil.example:8400",
        "http://localhost@evil.example/",
        "http://evil.example\\@localhost/",
        "http://localhost:8400/#here",
        "http://localhost:8400/\r\nSet-Cookie: a=b",
        "http://localhost:99999/",
        "https://localhost:8400/",
        "http://[::1]evil.example/",
        "http://[::1];sandbox/",
        "javascript:alert(1)",
        "urn:ietf:wg:oauth:2.0:oob",
        "",
    ],
)
def test_a_code_never_leaves_this_machine(lobby: Lobby, redirect: str) -> None:
    page = lobby.open(lobby.asking(redirect_uri=redirect))

    assert page.status_code == 400
    assert "location" not in page.headers
    assert hidden(page) == {}, "no form to sign in"
    assert "50011" in text_of(page)


@given(st.text(max_size=60) | st.text(max_size=30).map("http://localhost{}".format))
def test_what_counts_as_loopback_is_this_machine_whatever_is_written(uri: str) -> None:
    if is_loopback(uri):
        rest = uri.removeprefix("http://").removeprefix("HTTP://")
        assert rest.lower().startswith(("localhost", "127.0.0.1", "[::1]"))
        assert not set(uri) & set("@#\\\r\n ")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_a_program_that_asks_wrongly_is_told_so(lobby: Lobby, changes: dict[str, str | None], error: str) -> None:
    answer = answer_of(lobby.open(lobby.asking(**changes)))

    assert (answer["error"], answer["state"]) == (error, "as it was")
    assert "code" not in answer


@pytest.mark.parametrize("changes", [{"client_id": "somebody"}, {"client_id": None}, {"response_mode": "fragment"}])
def test_a_program_nobody_knows_is_told_nothing(lobby: Lobby, changes: dict[str, str | None]) -> None:
    page = lobby.open(lobby.asking(**changes))

    assert (page.status_code, "location" in page.headers) == (400, False)


def test_another_tenant_has_no_sign_in_page_here(lobby: Lobby) -> None:
    assert "90002" in text_of(lobby.open(lobby.asking("22222222-2222-2222-2222-222222222222")))


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_runs_no_script_and_loads_and_leads_nowhere_else(lobby: Lobby) -> None:
    page = lobby.open(lobby.asking())

    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == f"'self' {REDIRECT}"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "script-src" not in policy
    assert "<script" not in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"
    assert "no-store" in page.headers["cache-control"]
    assert page.headers["strict-transport-security"] == "max-age=0"


def test_the_cookie_is_for_this_host_alone_and_out_of_scripts_reach(lobby: Lobby) -> None:
    cookie = lobby.open(lobby.asking()).headers["set-cookie"].lower()

    assert cookie.startswith("__host-")
    for word in ("secure", "httponly", "samesite=strict", "path=/"):
        assert word in cookie
    assert "domain" not in cookie


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "' onfocus=alert(1) x='", "\u202e<b>"])
def test_what_comes_from_outside_is_text_on_the_page(lobby: Lobby, text: str) -> None:
    pages = [
        lobby.open(lobby.asking(login_hint=text, state=text)),
        lobby.enter(lobby.asking(response_mode="form_post", state=text)),
        lobby.enter(lobby.asking(), name=text),
        lobby.open(lobby.asking(client_id=text)),
        lobby.open(lobby.asking(redirect_uri=text)),
    ]

    for page in pages:
        assert text not in page.text
        assert "<script" not in page.text
        assert "<b>" not in page.text
    assert hidden(pages[1])["state"] == text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-MX,en;q=0.8", "es"),
        ("en-GB,es;q=0.9", "en"),
        ("fr, es;q=0.5, en;q=0.1", "es"),
        ("de", "en"),
        ("es;q=0", "en"),
        ("*", "en"),
        ("es;q=x, ;;;", "en"),
    ],
)
def test_the_page_speaks_the_browsers_language(lobby: Lobby, accepted: str, language: str) -> None:
    page = lobby.open(lobby.asking(), accept_language=accepted)

    words = LANGUAGES[language]
    assert f'<html lang="{language}">' in page.text
    assert words.password in text_of(page)


@given(st.text(max_size=100))
def test_any_accept_language_chooses_a_language(header: str) -> None:
    assert words_for(header).language in LANGUAGES


# --- who is let in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "password"),
    [("ana", "wrong"), ("nobody", PASSWORD), ("", ""), ("ana", ""), ("ana", "x" * 5000), ("../users/ana", PASSWORD)],
)
def test_a_wrong_name_and_a_wrong_password_get_one_answer(lobby: Lobby, name: str, password: str) -> None:
    page = lobby.enter(lobby.asking(), name, password)

    assert page.status_code == 400
    assert "The user name or the password is wrong." in text_of(page)
    assert PASSWORD not in page.text
    assert "location" not in page.headers


def test_names_are_read_in_any_case(lobby: Lobby) -> None:
    assert answer_of(lobby.enter(lobby.asking(), "ANA"))["code"]


def test_a_service_principal_is_nobody_who_signs_in_on_a_page(lobby: Lobby) -> None:
    issued = lobby.service_principal("robot")

    assert lobby.enter(lobby.asking(), "robot", issued.secret).status_code == 400


def test_a_form_counts_only_with_the_cookie_of_its_page_and_its_own_address(lobby: Lobby) -> None:
    url, entries = lobby.asking(), {"username": "ana", "password": PASSWORD}
    page, other = lobby.open(url), lobby.open(url)

    refused = [
        lobby.fill(page, url, cookie="", **entries),
        lobby.fill(page, url, cookie=cookie_of(other), **entries),
        lobby.fill(page, url, origin="https://evil.example", **entries),
        lobby.fill(page, lobby.asking(state="another"), **entries),
        lobby.fill(page, url, guard="0" * 64, **entries),
        lobby.fill(page, url, guard="é", **entries),
    ]

    assert [each.status_code for each in refused] == [400] * 6
    assert all("open for too long" in text_of(each) for each in refused)
    assert lobby.fill(page, url, **entries).status_code == 303
    assert lobby.fill(page, url, origin=None, **entries).status_code == 303, "not every browser names the origin"


def test_whoever_guesses_waits_and_longer_each_time(lobby: Lobby) -> None:
    url = lobby.asking()
    for _ in range(FREE):
        assert "wrong" in text_of(lobby.enter(url, password="guess"))

    turned = lobby.enter(url)
    assert "Try again in 30 seconds" in text_of(turned), "the right password too"
    assert (turned.status_code, turned.headers["retry-after"]) == (429, "30")
    lobby.world.clock.move(timedelta(seconds=30))
    assert "wrong" in text_of(lobby.enter(url, password="guess"))
    assert "Try again in 60 seconds" in text_of(lobby.enter(url))
    lobby.world.clock.move(timedelta(seconds=60))
    assert lobby.enter(url).status_code == 303
    assert "wrong" in text_of(lobby.enter(url, password="guess")), "counted from the start again"


def test_whoever_has_not_guessed_for_an_hour_is_counted_from_the_start_again(lobby: Lobby) -> None:
    for _ in range(FREE):
        lobby.enter(lobby.asking(), password="guess")
    lobby.world.clock.move(FORGOTTEN_AFTER + timedelta(seconds=1))

    assert "wrong" in text_of(lobby.enter(lobby.asking(), password="guess"))

    assert lobby.enter(lobby.asking()).status_code == 303, "one guess is none that makes anybody wait"


def test_a_name_that_nobody_has_costs_the_time_of_one_that_somebody_has(lobby: Lobby) -> None:
    def seconds(name: str) -> float:
        before = time.thread_time()
        lobby.authority.sign_in.enter(name, "guess", AZ)
        return time.thread_time() - before

    assert seconds("nobody") > seconds("ana") / 5


def test_names_that_nobody_could_have_take_no_memory(lobby: Lobby) -> None:
    for name in ("x" * 10_000, "a b", "é"):
        assert "wrong" in text_of(lobby.enter(lobby.asking(), name))

    assert lobby.authority.sign_in._attempts._counts == {}


def test_others_do_not_wait_for_whoever_guesses_and_a_wait_tells_nobody_who_is_there(lobby: Lobby) -> None:
    lobby.user("bo")
    for name in ("ana", "nobody"):
        for _ in range(FREE):
            lobby.enter(lobby.asking(), name, "guess")

    assert lobby.enter(lobby.asking(), "bo").status_code == 303
    waits = [text_of(lobby.enter(lobby.asking(), name)) for name in ("ana", "nobody")]
    assert all("Try again in 30 seconds" in each for each in waits)


def test_a_password_whose_time_is_over_lets_nobody_in(lobby: Lobby) -> None:
    lobby.user("guest", days=1)
    assert lobby.enter(lobby.asking(), "guest").status_code == 303
    lobby.world.clock.move(timedelta(days=1))

    assert "expired" in text_of(lobby.enter(lobby.asking(), "guest"))
    assert "wrong" in text_of(lobby.enter(lobby.asking(), "guest", "guess")), "only its owner learns that"


# --- how long a session lasts ----------------------------------------------------------------------------------------


def test_a_refresh_token_gets_the_next_token_and_the_next_refresh_token(lobby: Lobby) -> None:
    first = lobby.signed_in()
    lobby.world.clock.move(REFRESH_LASTS - timedelta(seconds=1))

    second = lobby.refresh(first["refresh_token"]).json()
    lobby.world.clock.move(REFRESH_LASTS - timedelta(seconds=1))
    third = lobby.refresh(second["refresh_token"])

    assert lobby.check(third.json()["access_token"]).name == "ana"


def test_a_refresh_token_survives_a_restart(lobby: Lobby, tmp_path: Path) -> None:
    kept = lobby.signed_in()["refresh_token"]
    again = Lobby(tmp_path)
    again.world.records = lobby.world.records
    again.authority.directory._records = lobby.world.records

    assert again.refresh(kept).status_code == 200


def test_a_refresh_token_that_was_left_alone_for_too_long_is_over(lobby: Lobby) -> None:
    kept = lobby.signed_in()["refresh_token"]
    lobby.world.clock.move(REFRESH_LASTS)

    assert lobby.refresh(kept).json()["error_codes"] == [700082]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "1950a258-227b-4e31-a9cf-717495945fc2"}, 9002313),
        ({"refresh_token": "made up"}, 9002313),
        ({"refresh_token": ""}, 900144),
    ],
)
def test_a_refresh_token_is_its_clients_alone(lobby: Lobby, change: dict[str, str], error: int) -> None:
    answer = lobby.refresh(lobby.signed_in()["refresh_token"], **change)

    assert (answer.status_code, answer.json()["error_codes"]) == (400, [error])


def test_whatever_else_is_sealed_here_is_no_refresh_token(lobby: Lobby) -> None:
    ana = lobby.user("eva")
    kept = {
        "purpose": "another",
        "object_id": ana.object_id,
        "secret_id": ana.secret.id,
        "client_id": AZ,
        "until": "2030-01-01T00:00:00Z",
    }
    for text in ("a password", "{}", '{"purpose": "refresh"}', "[]", json.dumps(kept)):
        assert lobby.refresh(lobby.world.sealer.seal(text)).json()["error_codes"] == [9002313]
    assert lobby.refresh(lobby.world.sealer.seal(json.dumps({**kept, "purpose": "refresh"}))).status_code == 200


def test_a_new_password_ends_every_session_at_once(lobby: Lobby) -> None:
    session, code = lobby.signed_in(), lobby.code()
    principal.rotate(lobby.world.cloud, PrincipalType.USER, "ana", password=f"{PASSWORD} 2")

    with pytest.raises(ApiError, match="no longer good") as refused:
        lobby.check(session["access_token"])
    assert refused.value.status == 401
    assert lobby.refresh(session["refresh_token"]).json()["error_codes"] == [50173]
    assert lobby.redeem(code).json()["error_codes"] == [50173]
    assert lobby.enter(lobby.asking()).status_code == 400, "the old password"
    assert lobby.enter(lobby.asking(), password=f"{PASSWORD} 2").status_code == 303


def test_a_deleted_user_is_nobody_at_once_and_a_new_one_of_that_name_is_another(lobby: Lobby) -> None:
    session = lobby.signed_in()
    principal.delete(lobby.world.cloud, PrincipalType.USER, "ana")

    for _ in range(2):
        with pytest.raises(ApiError, match="InvalidAuthenticationToken"):
            lobby.check(session["access_token"])
        assert lobby.refresh(session["refresh_token"]).json()["error_codes"] == [50173]
        lobby.user("ana")
        principal.delete(lobby.world.cloud, PrincipalType.USER, "ana")


def test_a_password_whose_time_is_over_refreshes_nothing(lobby: Lobby) -> None:
    lobby.user("guest", days=1)
    answer = lobby.redeem(answer_of(lobby.enter(lobby.asking(), "guest"))["code"]).json()
    lobby.world.clock.move(timedelta(days=1))

    assert lobby.refresh(answer["refresh_token"]).json()["error_codes"] == [50173]


# --- programs with secrets -------------------------------------------------------------------------------------------


def client_credentials(issued: principal.Issued, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": issued.principal.client_id,
        "client_secret": issued.secret,
        "scope": f"{BASE}/.default",
        **changes,
    }


def test_a_service_principal_signs_in_until_its_secret_is_over(lobby: Lobby) -> None:
    issued = lobby.service_principal(days=30)
    token = lobby.token(client_credentials(issued, client_id=issued.principal.client_id.upper())).json()["access_token"]
    assert lobby.check(token).object_id == issued.principal.object_id
    lobby.world.clock.move(timedelta(days=30))

    answer = lobby.token(client_credentials(issued))

    assert (answer.status_code, answer.json()["error_codes"]) == (401, [7000222])
    assert "calco sp rotate ci" in answer.json()["error_description"]
    wrong = lobby.token(client_credentials(issued, client_secret="guess"))
    assert wrong.json()["error_codes"] == [7000215], "only its owner learns that"


def test_a_rotated_secret_and_its_tokens_die_at_once(lobby: Lobby) -> None:
    old = lobby.service_principal()
    token = lobby.token(client_credentials(old)).json()["access_token"]

    new = principal.rotate(lobby.world.cloud, PrincipalType.SERVICE_PRINCIPAL, "ci")

    assert lobby.token(client_credentials(old)).json()["error_codes"] == [7000215]
    with pytest.raises(ApiError, match="InvalidAuthenticationToken"):
        lobby.check(token)
    assert lobby.check(lobby.token(client_credentials(new)).json()["access_token"]).client_id == old.principal.client_id


def test_a_deleted_service_principals_token_is_nobodys(lobby: Lobby) -> None:
    issued = lobby.service_principal()
    token = lobby.token(client_credentials(issued)).json()["access_token"]

    principal.delete(lobby.world.cloud, PrincipalType.SERVICE_PRINCIPAL, "ci")

    with pytest.raises(ApiError, match="InvalidAuthenticationToken"):
        lobby.check(token)
    assert lobby.token(client_credentials(issued)).json()["error_codes"] == [700016]


# --- devices ---------------------------------------------------------------------------------------------------------


def begin(lobby: Lobby, prefix: str = "adfs", version: str = "", **changes: str) -> dict[str, str]:
    form = {"client_id": AZ, "scope": f"{BASE}/.default openid offline_access", **changes}
    answer = lobby.client.request("POST", f"/{prefix}/oauth2{version}/devicecode", data=form)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


def poll(lobby: Lobby, code: str, **changes: str) -> tuple[int, dict[str, str]]:
    answer = lobby.token({"grant_type": DEVICE_CODE, "client_id": AZ, "device_code": code, **changes})
    return answer.status_code, answer.json()


def admit(lobby: Lobby, user_code: str, name: str = "ana", password: str = PASSWORD) -> str:
    page = lobby.open("/devicelogin")
    return text_of(lobby.fill(page, "/devicelogin", code=user_code, username=name, password=password))


@pytest.mark.parametrize(("prefix", "version"), [("adfs", ""), ("{tenant}", "/v2.0"), ("organizations", "/v2.0")])
def test_a_device_is_let_in_by_whoever_types_its_code(lobby: Lobby, prefix: str, version: str) -> None:
    begun = begin(lobby, prefix.format(tenant=lobby.owner.tenant_id), version)
    assert begun["user_code"] in begun["message"]
    assert begun["verification_uri"] == f"{BASE}/devicelogin"
    assert poll(lobby, begun["device_code"])[1]["error"] == "authorization_pending"

    said = admit(lobby, begun["user_code"].lower().replace("-", " "))

    assert "You are signed in" in said
    assert "Azure CLI" in said
    status, document = poll(lobby, begun["device_code"])
    assert (status, lobby.check(document["access_token"]).name) == (200, "ana")
    assert lobby.refresh(document["refresh_token"]).status_code == 200
    assert poll(lobby, begun["device_code"])[1]["error"] == "bad_verification_code", "a code is good once"


def test_a_code_that_let_a_device_in_lets_nobody_else_in(lobby: Lobby) -> None:
    lobby.user("bo")
    begun = begin(lobby)
    admit(lobby, begun["user_code"])

    assert "There is no such code" in admit(lobby, begun["user_code"], "bo")
    assert lobby.check(poll(lobby, begun["device_code"])[1]["access_token"]).name == "ana"


def test_a_wrong_password_lets_no_device_in(lobby: Lobby) -> None:
    begun = begin(lobby)

    assert "wrong" in admit(lobby, begun["user_code"], password="guess")
    assert "There is no such code" in admit(lobby, "BBBB-BBBB")
    assert poll(lobby, begun["device_code"])[1]["error"] == "authorization_pending"


def test_a_device_waits_for_minutes_and_no_longer(lobby: Lobby) -> None:
    begun = begin(lobby)
    lobby.world.clock.move(DEVICE_CODE_LASTS)

    assert "There is no such code" in admit(lobby, begun["user_code"])
    assert poll(lobby, begun["device_code"])[1]["error"] == "expired_token"


def test_a_device_code_is_its_clients_alone(lobby: Lobby) -> None:
    begun = begin(lobby)
    admit(lobby, begun["user_code"])

    status, said = poll(lobby, begun["device_code"], client_id="1950a258-227b-4e31-a9cf-717495945fc2")

    assert (status, said["error"]) == (400, "bad_verification_code")
    assert poll(lobby, begun["device_code"])[0] == 200, "and a stranger's try takes nothing from it"


def test_a_new_password_ends_what_a_device_has_not_fetched_yet(lobby: Lobby) -> None:
    begun = begin(lobby)
    admit(lobby, begun["user_code"])
    principal.rotate(lobby.world.cloud, PrincipalType.USER, "ana")

    assert poll(lobby, begun["device_code"])[1]["error"] == "invalid_grant"


def test_version_1_calls_it_code_and_spells_numbers_as_strings(lobby: Lobby) -> None:
    begun = begin(lobby, scope="", resource="https://management.core.windows.net/")
    admit(lobby, begun["user_code"])

    answer = lobby.token({"grant_type": "device_code", "client_id": AZ, "code": begun["device_code"]}).json()

    assert (begun["expires_in"], begun["interval"]) == ("900", "1")
    assert (answer["resource"], answer["expires_in"]) == ("https://management.core.windows.net/", "86399")


@pytest.mark.parametrize("form", [{"client_id": "somebody"}, {}], ids=["unknown", "none"])
def test_a_device_of_a_program_nobody_knows_gets_no_code(lobby: Lobby, form: dict[str, str]) -> None:
    answer = lobby.client.request("POST", "/adfs/oauth2/devicecode", data=form)

    assert answer.status_code == 400
    assert "user_code" not in answer.json()


def test_the_devices_page_has_one_place_to_begin(lobby: Lobby) -> None:
    page = lobby.open("/devicelogin").text

    assert page.count("autofocus") == 1
    assert page.index("autofocus") < page.index('id="username"')


def test_a_form_that_is_too_large_gets_the_page_again_on_a_connection_that_ends(lobby: Lobby) -> None:
    form = b"username=" + b"a" * FORM_LIMITS.bytes_max
    for url in (lobby.asking(), "/devicelogin"):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}

        page = lobby.client.request("POST", url, content=form, headers=headers)

        assert 'name="guard"' in page.text, url
        assert page.headers["connection"] == "close", url
        assert "connection" not in lobby.open(url).headers
