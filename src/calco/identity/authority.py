"""The authority clients ask for tokens: forms in, documents out. No HTTP here; ``routes`` puts it on the wire.

Both styles are served. Microsoft Entra's has the tenant in the path, and a version 1 (``resource=``) and a version 2
(``scope=``) of the token endpoint. AD FS's paths begin with ``/adfs``: clients then ask no server on the internet
whether this authority is a real one, which they do with Entra's style, even for localhost.
Sources: RFC 6749, 4.4 and 5; OpenID Connect Discovery 1.0; Microsoft identity platform, "Error codes"; MSAL's requests.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from calco.identity.principals import Principal
from calco.identity.tokens import LIFETIME, Tokens
from calco.model.document import Document
from calco.model.principal import Caller
from calco.ports import Chance, Clock

MANAGEMENT = "https://management.azure.com/"
AUDIENCE_LENGTH_MAX = 500
COMMON_TENANTS = frozenset({"common", "organizations", "adfs"})


@dataclass(frozen=True)
class Answer:
    """An HTTP status and the document that goes with it."""

    status: int
    body: Document


class Authority:
    """Issues tokens to the one service principal and says where its endpoints are."""

    def __init__(self, principal: Principal, tokens: Tokens, clock: Clock, chance: Chance) -> None:
        self.principal = principal
        self.tokens = tokens
        self._clock = clock
        self._chance = chance

    def check(self, authorization: str | None, base: str) -> Caller:
        """Who calls. ``base`` is scheme and host as the caller used them. Raises ApiError, always 401."""
        return self.tokens.check(authorization, self.url(base))

    def url(self, base: str) -> str:
        """The tenant's authority URL as the caller reaches it."""
        return f"{base}/{self.principal.tenant_id}"

    def token(self, tenant: str, form: Mapping[str, str], authorization: str | None = None) -> Answer:
        """Answer a token request; both versions and both styles. Blocks for some 50 ms to check the secret.

        ``tenant`` is the path's; ``authorization`` may carry the client's id and secret instead of the form.
        """
        credentials = _basic(authorization)
        if credentials:
            form = {"client_id": credentials[0], "client_secret": credentials[1], **form}
        refusal = self._request_refusal(tenant, form) or self._client_refusal(form)
        if refusal:
            return refusal
        resource = form.get("resource")
        audience = resource or form["scope"].split()[0].removesuffix("/.default") or MANAGEMENT
        token = self.tokens.issue(self.principal, audience[:AUDIENCE_LENGTH_MAX])
        seconds = int(LIFETIME.total_seconds())
        if resource is None:
            return Answer(
                200,
                {
                    "token_type": "Bearer",
                    "expires_in": seconds,
                    "ext_expires_in": seconds,
                    "access_token": token.text,
                },
            )
        # Version 1 spells its numbers as strings.
        return Answer(
            200,
            {
                "token_type": "Bearer",
                "expires_in": str(seconds),
                "ext_expires_in": str(seconds),
                "expires_on": str(int(token.expires_at.timestamp())),
                "not_before": str(int(token.issued_at.timestamp())),
                "resource": resource,
                "access_token": token.text,
            },
        )

    def _request_refusal(self, tenant: str, form: Mapping[str, str]) -> Answer | None:
        if not self._knows(tenant):
            return self._error(
                400,
                "invalid_request",
                90002,
                f"Tenant '{tenant[:100]}' not found. Check to make sure you have the correct tenant ID and are signing "
                "into the correct cloud. This authority knows one tenant; `calco env` prints it.",
            )
        for name in ("grant_type", "client_id"):
            if not form.get(name):
                return self._parameter_missing(name)
        grant = form["grant_type"]
        if grant != "client_credentials":
            return self._error(
                400,
                "unsupported_grant_type",
                70003,
                f"The app requested an unsupported grant type '{grant[:100]}'. "
                "This authority serves 'client_credentials'.",
            )
        if not form.get("resource") and not form.get("scope", "").strip():
            return self._parameter_missing("scope")
        return None

    def _client_refusal(self, form: Mapping[str, str]) -> Answer | None:
        client = form["client_id"]
        if client.lower() != self.principal.client_id:
            return self._error(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{client[:100]}' was not found in the directory "
                f"'{self.principal.tenant_id}'. This can happen if the application has not been installed by the "
                "administrator of the tenant or consented to by any user in the tenant. You may have sent your "
                "authentication request to the wrong tenant.",
            )
        if not form.get("client_secret"):
            return self._error(
                401,
                "invalid_client",
                7000216,
                "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
            )
        if not self.principal.has_secret(form["client_secret"]):
            return self._error(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{self.principal.client_id}'.",
            )
        return None

    def openid_configuration(self, base: str, prefix: str, *, version: int) -> Document:
        """What clients read to find the endpoints. ``prefix`` is the path's part that names tenant or ``adfs``."""
        root = f"{base}/{prefix}"
        oauth = f"{root}/oauth2" if version == 1 or prefix.startswith("adfs") else f"{root}/oauth2/v2.0"
        return {
            "token_endpoint": f"{oauth}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "jwks_uri": f"{root}/discovery/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": self.tokens.issuer if version == 1 else f"{root}/v2.0",
            "authorization_endpoint": f"{oauth}/authorize",
            "device_authorization_endpoint": f"{oauth}/devicecode",
            "tenant_region_scope": None,
            "cloud_instance_name": base.partition("://")[2],
        }

    def instance_discovery(self, base: str) -> Document:
        """That this host is an authority, whatever instance was asked about."""
        host = base.partition("://")[2]
        return {
            "tenant_discovery_endpoint": f"{self.url(base)}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }

    def _knows(self, tenant: str) -> bool:
        return tenant.lower() == self.principal.tenant_id or tenant.lower() in COMMON_TENANTS

    def _parameter_missing(self, name: str) -> Answer:
        return self._error(
            400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'."
        )

    def _error(self, status: int, error: str, code: int, message: str) -> Answer:
        moment = self._clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = self._chance.guid(), self._chance.guid()
        return Answer(
            status,
            {
                "error": error,
                "error_description": (
                    f"AADSTS{code}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
                ),
                "error_codes": [code],
                "timestamp": moment,
                "trace_id": trace,
                "correlation_id": correlation,
            },
        )


def _basic(authorization: str | None) -> tuple[str, str] | None:
    """Client id and secret of an HTTP Basic header; None for anything else. Source: RFC 6749, 2.3.1."""
    scheme, _, coded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, found, secret = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(client), unquote_plus(secret)) if found else None
