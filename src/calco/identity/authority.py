"""The authority clients ask for tokens: forms in, documents out. No HTTP here; ``routes`` puts it on the wire.

Both styles are served. Microsoft Entra's has the tenant in the path, and a version 1 (``resource=``) and a version 2
(``scope=``) of the token endpoint. AD FS's paths begin with ``/adfs``: clients then ask no server on the internet
whether this authority is a real one, which they do with Entra's style, even for localhost.
Sources: RFC 6749; OpenID Connect Discovery 1.0; Microsoft identity platform, "Error codes"; MSAL's requests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from calco.identity import errors, refusals
from calco.identity.directory import Directory
from calco.identity.grants import Grants
from calco.identity.place import Place
from calco.identity.principals import Principal
from calco.identity.refusals import Refusal
from calco.identity.sign_in import SignIn
from calco.identity.tokens import Tokens
from calco.model.document import Document
from calco.model.principal import Caller
from calco.ports import Chance, Clock, Records, Sealer

COMMON_TENANTS = frozenset({"common", "organizations", "adfs"})


@dataclass(frozen=True)
class Answer:
    """An HTTP status and the document that goes with it."""

    status: int
    body: Document


class Authority:
    """Issues tokens to the tenant's principals and says where its endpoints are."""

    def __init__(
        self,
        owner: Principal,
        tokens: Tokens,
        *,
        records: Records,
        sealer: Sealer,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self.tokens = tokens
        self.directory = Directory(owner, records)
        self.sign_in = SignIn(self.directory, clock, chance)
        self._grants = Grants(tokens, self.directory, self.sign_in, sealer, clock)
        self._clock = clock
        self._chance = chance

    @property
    def tenant(self) -> str:
        return self.directory.tenant

    def check(self, authorization: str | None, base: str) -> Caller:
        """Who calls. ``base`` is the tenant's authority as the caller used it. Raises ApiError, always 401."""
        session = self.tokens.check(authorization, base)
        if not self.directory.stands(session):
            raise errors.ended_session()
        return session.caller

    def url(self, base: str) -> str:
        """The tenant's authority URL as the caller reaches it."""
        return f"{base}/{self.tenant}"

    def token(self, place: Place, form: Mapping[str, str], authorization: str | None = None) -> Answer:
        """Answer a token request; both versions and both styles. May block for some 50 ms to check a secret.

        ``authorization`` may carry the client's id and secret instead of the form.
        """
        return self._answered(place, lambda: self._grants.token(place, form, authorization))

    def device_code(self, place: Place, form: Mapping[str, str]) -> Answer:
        """Begin to sign a device in: what it shows to a person, and what it asks for its token with."""
        return self._answered(place, lambda: self.sign_in.begin_device(place, form))

    def refused(self, refusal: Refusal) -> Answer:
        """A refusal as Entra shows it."""
        moment = self._clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = self._chance.guid(), self._chance.guid()
        told = f"AADSTS{refusal.code}: {refusal.message}"
        return Answer(
            refusal.status,
            {
                "error": refusal.error,
                "error_description": (f"{told} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"),
                "error_codes": [refusal.code],
                "timestamp": moment,
                "trace_id": trace,
                "correlation_id": correlation,
            },
        )

    def openid_configuration(self, place: Place) -> Document:
        """What clients read to find the endpoints."""
        return {
            "token_endpoint": f"{place.oauth}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "jwks_uri": f"{place.root}/discovery/keys",
            "response_modes_supported": ["query", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "grant_types_supported": list(self._grants.served),
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": place.issuer(self.tokens.issuer),
            "authorization_endpoint": f"{place.oauth}/authorize",
            "device_authorization_endpoint": f"{place.oauth}/devicecode",
            "end_session_endpoint": f"{place.oauth}/logout",
            "tenant_region_scope": None,
            "cloud_instance_name": place.base.partition("://")[2],
        }

    def instance_discovery(self, base: str) -> Document:
        """That this host is an authority, whatever instance was asked about."""
        host = base.partition("://")[2]
        return {
            "tenant_discovery_endpoint": f"{self.url(base)}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }

    def knows(self, tenant: str) -> bool:
        return tenant.lower() == self.tenant or tenant.lower() in COMMON_TENANTS

    def _answered(self, place: Place, work: Callable[[], Document]) -> Answer:
        try:
            if not self.knows(place.tenant):
                raise refusals.tenant_unknown(place.tenant)
            return Answer(200, work())
        except Refusal as refusal:
            return self.refused(refusal)
