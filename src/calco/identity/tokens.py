"""Access tokens: JWTs signed with RS256, as Azure's are, with the claims that clients read.

The key is made at first start and kept in a file of mode 0600; tokens issued before a restart stay good after it.
Sources: RFC 7519; Microsoft identity platform, "Access token claims reference" (version 1.0 tokens).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from calco.identity import errors
from calco.identity.directory import Session
from calco.model.document import Document, Json, number_at, text_at
from calco.model.principal import Caller, PrincipalType
from calco.ports import Chance, Clock
from calco.private_file import write_private

LIFETIME = timedelta(seconds=86399)
"""What Azure gives clients that can be told of a revocation (claim xms_cc CP1): a capture may outlast an hour."""
TOKEN_BYTES_MAX = 16 * 1024
ALGORITHM = "RS256"
TOKENS_KEPT = 128


@dataclass(frozen=True)
class _Verified:
    """What a token whose signature is good says; its times (seconds since 1970) are still to be judged."""

    session: Session
    starts: int
    expires: int

    @classmethod
    def of(cls, claims: Document) -> "_Verified":
        """Raises ApiError 401 when a claim is missing. An id token has no ``appid``: it opens nothing here."""
        named = [text_at(claims, name) for name in ("oid", "appid", "tid")]
        times = [number_at(claims, name) for name in ("nbf", "exp")]
        user = text_at(claims, "upn") if text_at(claims, "idtyp") == "user" else None
        kind = PrincipalType.SERVICE_PRINCIPAL if user is None else PrincipalType.USER
        match [*named, *times]:
            case [str(oid), str(appid), str(tid), int(starts), int(expires)]:
                caller = Caller(oid, appid, tid, user or "", kind)
                return cls(Session(caller, text_at(claims, "sid") or ""), starts, expires)
            case _:
                raise errors.bad_token()


@dataclass(frozen=True)
class Token:
    """``text`` goes into the Authorization header."""

    text: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """Issues and checks tokens of one tenant."""

    def __init__(self, key: rsa.RSAPrivateKey, tenant_id: str, clock: Clock, chance: Chance) -> None:
        self._key = key
        self._public = key.public_key()
        self._tenant = tenant_id
        self._clock = clock
        self._chance = chance
        spki = self._public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(spki)
        # A client sends the same token with every request. What does not change about it is found out once: signature,
        # issuer, claims; its times are judged each time. Refusals are not kept.
        self._verified = lru_cache(maxsize=TOKENS_KEPT)(self._verify)
        self._key_id = jwt.utils.base64url_encode(digest.finalize()[:20]).decode()

    @property
    def issuer(self) -> str:
        return f"https://sts.windows.net/{self._tenant}/"

    def issue(self, session: Session, audience: str) -> Token:
        """A token of whoever signed in, for whatever audience was asked."""
        caller = session.caller
        claims: Document = {
            **self._times(),
            "aud": audience,
            "iss": self.issuer,
            "appid": caller.client_id,
            "idp": self.issuer,
            "oid": caller.object_id,
            "sub": caller.object_id,
            "tid": self._tenant,
            "uti": self._chance.token(16),
            "ver": "1.0",
            "xms_cc": ["CP1"],
        }
        if session.secret_id:
            claims["sid"] = session.secret_id
        if caller.type is PrincipalType.USER:
            claims |= {"appidacr": "0", "idtyp": "user", "scp": "user_impersonation", **_names(caller)}
        else:
            claims |= {"appidacr": "1", "idtyp": "app"}
        now = self._now()
        return Token(self._signed(claims), now, now + LIFETIME)

    def id_token(self, session: Session, issuer: str, nonce: str) -> str:
        """What tells a client who signed in through it; it opens nothing. Source: OpenID Connect Core 1.0, 2."""
        caller = session.caller
        claims: Document = {
            **self._times(),
            "aud": caller.client_id,
            "iss": issuer,
            "oid": caller.object_id,
            "sub": caller.object_id,
            "tid": self._tenant,
            "ver": "1.0" if issuer == self.issuer else "2.0",
            "preferred_username": caller.name,
            **_names(caller),
        }
        if nonce:
            claims["nonce"] = nonce
        return self._signed(claims)

    def check(self, authorization: str | None, authority: str) -> Session:
        """Who sent this Authorization header, as it says; whether the session still stands is the directory's to say.
        Any audience will do.

        ``authority`` is the URL where the caller can get a token, for the refusal's text. Raises ApiError, always 401.
        """
        if not authorization:
            raise errors.no_token()
        scheme, _, text = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not text or len(text) > TOKEN_BYTES_MAX:
            raise errors.bad_token()
        verified = self._verified(text.strip(), authority)
        now = self._clock.now()
        if verified.starts > now.timestamp() + 300:
            raise errors.bad_token()
        if verified.expires <= now.timestamp():
            raise errors.expired_token(datetime.fromtimestamp(verified.expires, UTC), now)
        return verified.session

    def public_keys(self) -> Document:
        """The JSON Web Key Set that ``jwks_uri`` leads to. Source: RFC 7517."""
        key: dict[str, Json] = dict(jwt.algorithms.RSAAlgorithm.to_jwk(self._public, as_dict=True))
        key.pop("key_ops", None)
        return {"keys": [{**key, "use": "sig", "kid": self._key_id, "x5t": self._key_id, "issuer": self.issuer}]}

    def _now(self) -> datetime:
        return self._clock.now().replace(microsecond=0)

    def _times(self) -> Document:
        now = self._now()
        return {
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
        }

    def _signed(self, claims: Document) -> str:
        headers: dict[str, object] = {"kid": self._key_id, "x5t": self._key_id}
        return jwt.encode(claims, self._key, ALGORITHM, headers)

    def _verify(self, text: str, authority: str) -> "_Verified":
        # Times are judged against our own clock, so the library is told to leave them alone.
        unjudged: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        try:
            stated: Document = jwt.decode(text, options={**unjudged, "verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError) as unreadable:
            raise errors.bad_token() from unreadable
        issuer = text_at(stated, "iss")
        # Judged before the signature: a token of the real Azure gets the answer that tells what to do.
        if issuer is not None and issuer.startswith("https://sts.windows.net/") and issuer != self.issuer:
            raise errors.foreign_tenant(issuer[:200], self._tenant, authority)
        try:
            claims: Document = jwt.decode(
                text, self._public, algorithms=[ALGORITHM], issuer=self.issuer, options=unjudged
            )
        except (jwt.PyJWTError, ValueError) as bad:
            raise errors.bad_token() from bad
        return _Verified.of(claims)


def _names(caller: Caller) -> Document:
    return {"name": caller.name, "upn": caller.name, "unique_name": caller.name}


def ensure_key(file: Path) -> rsa.RSAPrivateKey:
    """The signing key in ``file``, made when it is absent. Raises ValueError when the file holds something else."""
    try:
        # Its numbers were checked when it was made; doing so at each start takes 30 ms.
        key = serialization.load_pem_private_key(file.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    except FileNotFoundError:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        write_private(
            file,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{file} holds no RSA key")  # noqa: TRY004, RUF100 - the file is wrong, not the caller
    return key
