"""Tokens: what is issued is accepted, and nothing else is."""

import base64
import hmac
import json
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from calco.identity.directory import Session
from calco.identity.errors import challenge
from calco.identity.tokens import LIFETIME, Tokens, ensure_key
from calco.model.errors import ApiError
from calco.model.principal import Caller, PrincipalType
from tests.standing import SeededChance, StandingClock

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TENANT = "11111111-1111-1111-1111-111111111111"
PRINCIPAL = Session(Caller("o" * 36, "c" * 36, TENANT), "secret's id")
PERSON = Session(Caller("p" * 36, "c" * 36, TENANT, "ana@example.org", PrincipalType.USER), "password's id")
AUTHORITY = f"https://localhost:8443/{TENANT}"


def tokens(clock: StandingClock | None = None, tenant: str = TENANT, key: rsa.RSAPrivateKey = KEY) -> Tokens:
    return Tokens(key, tenant, clock or StandingClock(), SeededChance())


def b64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def refusal(header: str | None, clock: StandingClock | None = None) -> ApiError:
    with pytest.raises(ApiError) as refused:
        tokens(clock).check(header, AUTHORITY)
    assert refused.value.status == 401
    return refused.value


@pytest.mark.parametrize("audience", ["https://management.azure.com/", "https://localhost:8443/", "anything"])
@pytest.mark.parametrize("session", [PRINCIPAL, PERSON], ids=["service principal", "user"])
def test_an_issued_token_says_who_calls_whatever_its_audience(audience: str, session: Session) -> None:
    issued = tokens().issue(session, audience)

    assert tokens().check(f"Bearer {issued.text}", AUTHORITY) == session


def test_a_users_token_has_the_claims_that_clients_show() -> None:
    claims = jwt.decode(tokens().issue(PERSON, "a").text, options={"verify_signature": False})

    named = {name: claims[name] for name in ("idtyp", "upn", "name", "unique_name", "scp", "appidacr")}
    assert named == {
        "idtyp": "user",
        "upn": "ana@example.org",
        "name": "ana@example.org",
        "unique_name": "ana@example.org",
        "scp": "user_impersonation",
        "appidacr": "0",
    }


def test_a_service_principal_cannot_pass_for_a_user() -> None:
    claims = jwt.decode(tokens().issue(PRINCIPAL, "a").text, options={"verify_signature": False})

    assert claims["idtyp"] == "app"
    assert {"upn", "name", "scp"} & claims.keys() == set()


def test_an_id_token_tells_who_signed_in_and_opens_nothing() -> None:
    text = tokens().id_token(PERSON, "https://localhost:8443/x/v2.0", "once")

    claims = jwt.decode(text, options={"verify_signature": False})
    assert (claims["aud"], claims["preferred_username"], claims["nonce"]) == ("c" * 36, "ana@example.org", "once")
    assert refusal(f"Bearer {text}").code == "InvalidAuthenticationToken"
    ours = tokens().id_token(PERSON, tokens().issuer, "")
    assert refusal(f"Bearer {ours}").code == "InvalidAuthenticationToken"


def test_a_token_of_another_issuer_opens_nothing_even_if_it_is_signed_with_the_right_key() -> None:
    good = tokens().issue(PRINCIPAL, "a").text
    claims = jwt.decode(good, options={"verify_signature": False})
    signed = jwt.encode({**claims, "iss": "https://localhost:8443/adfs"}, KEY, "RS256")

    assert tokens().check(f"Bearer {jwt.encode(claims, KEY, 'RS256')}", AUTHORITY) == PRINCIPAL
    assert refusal(f"Bearer {signed}").code == "InvalidAuthenticationToken"


def test_no_header_is_authentication_failed() -> None:
    refused = refusal(None)

    assert refused.code == "AuthenticationFailed"
    assert refused.message == "Authentication failed. The 'Authorization' header is missing."


def test_a_token_is_good_until_its_last_second_and_expired_from_then_on() -> None:
    clock = StandingClock()
    header = f"Bearer {tokens(clock).issue(PRINCIPAL, 'a').text}"

    clock.move(LIFETIME - timedelta(seconds=1))
    tokens(clock).check(header, AUTHORITY)
    clock.move(timedelta(seconds=1))
    refused = refusal(header, clock)

    assert refused.code == "ExpiredAuthenticationToken"
    assert refused.message == (
        "The access token expiry UTC time '11/23/2026 1:05:08 PM' is earlier than current UTC time "
        "'11/23/2026 1:05:08 PM'."
    )


def test_what_was_found_out_about_a_token_outlives_neither_its_time_nor_a_change_of_its_text() -> None:
    clock = StandingClock()
    checking = tokens(clock)
    header = f"Bearer {checking.issue(PRINCIPAL, 'a').text}"
    checking.check(header, AUTHORITY)
    changed = header[:-20] + ("A" if header[-20] != "A" else "B") + header[-19:]

    with pytest.raises(ApiError) as refused:
        checking.check(changed, AUTHORITY)
    assert refused.value.code == "InvalidAuthenticationToken"
    clock.move(LIFETIME)
    with pytest.raises(ApiError) as expired:
        checking.check(header, AUTHORITY)
    assert expired.value.code == "ExpiredAuthenticationToken"


def test_a_token_of_another_tenant_is_told_where_to_go() -> None:
    other = "22222222-2222-2222-2222-222222222222"
    foreign = tokens(tenant=other, key=rsa.generate_private_key(public_exponent=65537, key_size=2048))

    refused = refusal(f"Bearer {foreign.issue(PRINCIPAL, 'a').text}")

    assert refused.code == "InvalidAuthenticationTokenTenant"
    assert f"wrong issuer 'https://sts.windows.net/{other}/'" in refused.message
    assert AUTHORITY in refused.message


def test_a_token_signed_with_another_key_is_refused() -> None:
    forged = tokens(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)).issue(PRINCIPAL, "a")

    assert refusal(f"Bearer {forged.text}").code == "InvalidAuthenticationToken"


def test_a_token_without_a_signature_is_refused() -> None:
    claims = jwt.decode(tokens().issue(PRINCIPAL, "a").text, options={"verify_signature": False})

    assert refusal(f"Bearer {jwt.encode(claims, '', 'none')}").code == "InvalidAuthenticationToken"


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    claims = jwt.decode(tokens().issue(PRINCIPAL, "a").text, options={"verify_signature": False})
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    parts = [b64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    parts.append(b64url(hmac.digest(public, ".".join(parts).encode(), "sha256")))

    assert refusal(f"Bearer {'.'.join(parts)}").code == "InvalidAuthenticationToken"


def test_a_token_that_starts_in_the_future_is_refused() -> None:
    later = StandingClock()
    later.move(timedelta(hours=1))

    assert refusal(f"Bearer {tokens(later).issue(PRINCIPAL, 'a').text}").code == "InvalidAuthenticationToken"


@given(st.text() | st.text(alphabet="abcdefghijkl.eyJ-_=", max_size=200).map("Bearer {}".format))
def test_any_other_text_is_refused_and_nothing_worse(header: str) -> None:
    assert refusal(header).code in {"AuthenticationFailed", "InvalidAuthenticationToken"}


@given(
    st.dictionaries(
        st.sampled_from(["exp", "nbf", "iss", "oid", "tid", "appid"]),
        st.none() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_our_own_key_under_strange_claims_is_still_refused(claims: dict[str, object]) -> None:
    refusal(f"Bearer {jwt.encode({k: v for k, v in claims.items() if k != 'iss' or isinstance(v, str)}, KEY, 'RS256')}")


def test_the_published_keys_check_the_tokens() -> None:
    issued = tokens().issue(PRINCIPAL, "a")
    keys = jwt.PyJWKSet.from_dict(dict(tokens().public_keys()))
    kid = jwt.get_unverified_header(issued.text)["kid"]

    claims = jwt.decode(
        issued.text, keys[kid], audience="a", options={"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    )

    assert claims["tid"] == TENANT


def test_the_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    file = tmp_path / "token.key"

    first, second = ensure_key(file), ensure_key(file)

    assert first.private_numbers() == second.private_numbers()
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_challenge_is_one_header_line_whatever_the_message_holds() -> None:
    refused = ApiError(401, "X", 'say "hi" \\')

    assert challenge(refused, AUTHORITY) == (
        f'Bearer authorization_uri="{AUTHORITY}", error="invalid_token", error_description="say \'hi\' "'
    )
