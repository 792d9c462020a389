"""Refusals of the authority as values with names: OAuth's word for the program, Entra's number and sentence for people.

Sources: RFC 6749, 4.1.2.1 and 5.2; RFC 8628, 3.5; Microsoft identity platform, "Error codes" (AADSTS numbers).
"""

from dataclasses import dataclass


@dataclass(eq=False)  # not frozen: contextlib sets __traceback__ on its way out
class Refusal(Exception):
    """``error`` is OAuth's word, ``code`` Entra's number, shown as ``AADSTS{code}``."""

    status: int
    error: str
    code: int
    message: str


def tenant_unknown(tenant: str) -> Refusal:
    return Refusal(
        400,
        "invalid_request",
        90002,
        f"Tenant '{tenant[:100]}' not found. Check to make sure you have the correct tenant ID and are signing "
        "into the correct cloud. This authority knows one tenant; `calco env` prints it.",
    )


def parameter_missing(name: str) -> Refusal:
    return Refusal(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")


def grant_unsupported(grant: str, served: str) -> Refusal:
    return Refusal(
        400,
        "unsupported_grant_type",
        70003,
        f"The app requested an unsupported grant type '{grant[:100]}'. This authority serves {served}.",
    )


# --- clients ---------------------------------------------------------------------------------------------------------


def client_unknown(client: str, tenant: str) -> Refusal:
    return Refusal(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client[:100]}' was not found in the directory '{tenant}'. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    )


def secret_missing() -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        7000216,
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    )


def secret_wrong(client: str) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        f"the client secret ID, for a secret added to app '{client}'.",
    )


def secret_expired(client: str, name: str) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        7000222,
        f"The provided client secret keys for app '{client}' are expired. Give it a new one: calco sp rotate {name}",
    )


# --- asking a person -------------------------------------------------------------------------------------------------


def redirect_refused(uri: str, client: str) -> Refusal:
    return Refusal(
        400,
        "invalid_request",
        50011,
        f"The redirect URI '{uri[:200]}' specified in the request does not match the redirect URIs configured for the "
        f"application '{client}'. Here a program may be answered on this machine alone: http://localhost:PORT.",
    )


def response_type_unsupported(given: str) -> Refusal:
    return Refusal(
        400,
        "unsupported_response_type",
        70005,
        f"The response_type '{given[:100]}' is not supported. This authority serves 'code'.",
    )


def response_mode_unsupported(given: str) -> Refusal:
    return Refusal(
        400,
        "invalid_request",
        70007,
        f"'{given[:100]}' is not a supported value of 'response_mode'. Served are 'query' and 'form_post'.",
    )


def challenge_missing() -> Refusal:
    return Refusal(
        400,
        "invalid_request",
        9002325,
        "Proof Key for Code Exchange is required: send 'code_challenge' with 'code_challenge_method' S256.",
    )


def nobody_to_ask() -> Refusal:
    return Refusal(
        400,
        "login_required",
        50058,
        "A silent sign-in request was sent but no user is signed in. This authority keeps no session in the browser.",
    )


# --- codes and refresh tokens ----------------------------------------------------------------------------------------


def code_bad() -> Refusal:
    return Refusal(
        400,
        "invalid_grant",
        70008,
        "The provided authorization code is unknown, was redeemed already or is expired. Sign in again: a code is good "
        "once, for a few minutes, and not beyond a restart of calco.",
    )


def verifier_wrong() -> Refusal:
    return Refusal(
        400,
        "invalid_grant",
        501481,
        "The code_verifier does not match the code_challenge supplied in the authorization request.",
    )


def refresh_bad() -> Refusal:
    return Refusal(
        400, "invalid_grant", 9002313, "The refresh token is malformed or was not issued to this client. Sign in again."
    )


def refresh_expired() -> Refusal:
    return Refusal(400, "invalid_grant", 700082, "The refresh token has expired due to inactivity. Sign in again.")


def session_revoked() -> Refusal:
    return Refusal(
        400,
        "invalid_grant",
        50173,
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        "changed or reset their password, or is no longer there. Sign in again.",
    )


def code_pending() -> Refusal:
    return Refusal(
        400, "authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
    )


def device_code_bad() -> Refusal:
    return Refusal(
        400,
        "bad_verification_code",
        70018,
        "Invalid verification code: it is unknown, was redeemed already, or calco was started again since. Sign in "
        "again.",
    )


def device_code_expired() -> Refusal:
    return Refusal(400, "expired_token", 70019, "Verification code expired. Sign in again.")
