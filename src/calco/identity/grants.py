"""The token endpoint: each kind of grant, and what a token's answer looks like in either version.

A refresh token is sealed, not kept: it says who signed in, through which client, with which secret, and is good while
that secret stands. Sources: RFC 6749, 4.1.3, 4.4, 5 and 6; RFC 8628, 3.4; MSAL's requests and what it reads.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

import msgspec

from calco.identity import refusals
from calco.identity.directory import Directory, Session
from calco.identity.place import Place
from calco.identity.sign_in import SignIn
from calco.identity.tokens import LIFETIME, Tokens
from calco.model.document import Document
from calco.ports import Clock, Sealer

MANAGEMENT = "https://management.azure.com/"
AUDIENCE_LENGTH_MAX = 500
REFRESH_LASTS = timedelta(days=90)
REFRESH_LENGTH_MAX = 8 * 1024
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
NO_AUDIENCE = frozenset({"openid", "profile", "email", "offline_access"})
"""Scopes that name no audience: what they ask for is given anyway."""

Form = Mapping[str, str]


class _Refresh(msgspec.Struct):
    """What a refresh token holds. ``purpose`` sets it apart from all else that is sealed."""

    purpose: str
    object_id: str
    secret_id: str
    client_id: str
    until: datetime


@dataclass(frozen=True)
class Wish:
    """What a token is to be for; a ``resource`` makes it version 1."""

    scope: str
    resource: str
    nonce: str = ""

    @property
    def audience(self) -> str:
        named = [each for each in self.scope.split() if each not in NO_AUDIENCE]
        scope = named[0].removesuffix("/.default").removesuffix("/user_impersonation") if named else ""
        return (self.resource or scope or MANAGEMENT)[:AUDIENCE_LENGTH_MAX]


class Grants:
    def __init__(self, tokens: Tokens, directory: Directory, sign_in: SignIn, sealer: Sealer, clock: Clock) -> None:
        self._tokens = tokens
        self._directory = directory
        self._sign_in = sign_in
        self._sealer = sealer
        self._clock = clock
        self._kinds: Mapping[str, Callable[[Place, Form], Document]] = {
            "client_credentials": self._client_credentials,
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
            DEVICE_CODE: self._device_code,
            "device_code": self._device_code,  # version 1's and AD FS's name
        }

    @property
    def served(self) -> Sequence[str]:
        return tuple(self._kinds)

    def token(self, place: Place, form: Form, authorization: str | None) -> Document:
        """The document of a token. Raises Refusal."""
        credentials = _basic(authorization)
        if credentials:
            form = {"client_id": credentials[0], "client_secret": credentials[1], **form}
        for name in ("grant_type", "client_id"):
            if not form.get(name):
                raise refusals.parameter_missing(name)
        kind = self._kinds.get(form["grant_type"])
        if kind is None:
            raise refusals.grant_unsupported(form["grant_type"], ", ".join(f"'{each}'" for each in self._kinds))
        return kind(place, form)

    # --- kinds ---------------------------------------------------------------------------------------------------

    def _client_credentials(self, _place: Place, form: Form) -> Document:
        if not form.get("resource") and not form.get("scope", "").strip():
            raise refusals.parameter_missing("scope")
        client = form["client_id"]
        known = self._directory.client(client)
        if known is None:
            raise refusals.client_unknown(client, self._directory.tenant)
        if not form.get("client_secret"):
            raise refusals.secret_missing()
        if not self._directory.has_secret(known, form["client_secret"]):
            raise refusals.secret_wrong(known.session.caller.client_id)
        if not known.is_good(self._clock.now()):
            raise refusals.secret_expired(known.session.caller.client_id, known.name)
        return self._access(known.session, _wish(form))

    def _authorization_code(self, place: Place, form: Form) -> Document:
        for name in ("code", "redirect_uri", "code_verifier"):
            if not form.get(name):
                raise refusals.parameter_missing(name)
        granted = self._sign_in.redeem(
            form["code"],
            client_id=form["client_id"].lower(),
            redirect_uri=form["redirect_uri"],
            verifier=form["code_verifier"],
        )
        asked = granted.asking
        wish = Wish(form.get("scope") or asked.scope, form.get("resource") or asked.resource, asked.nonce)
        return self._signed_in(place, form, granted.session, wish)

    def _device_code(self, place: Place, form: Form) -> Document:
        code = form.get("device_code") or form.get("code")  # version 1 calls it so
        if not code:
            raise refusals.parameter_missing("device_code")
        device, session = self._sign_in.poll_device(code, form["client_id"].lower())
        wish = Wish(form.get("scope") or device.scope, form.get("resource") or device.resource)
        return self._signed_in(place, form, session, wish)

    def _refresh_token(self, place: Place, form: Form) -> Document:
        sealed = form.get("refresh_token")
        if not sealed:
            raise refusals.parameter_missing("refresh_token")
        try:
            kept = msgspec.json.decode(self._sealer.unseal(sealed[:REFRESH_LENGTH_MAX]), type=_Refresh)
        except (ValueError, msgspec.MsgspecError) as foreign:
            raise refusals.refresh_bad() from foreign
        if kept.purpose != "refresh" or kept.client_id != form["client_id"].lower():
            raise refusals.refresh_bad()
        now = self._clock.now()
        if kept.until <= now:
            raise refusals.refresh_expired()
        session = self._directory.session_of(kept.object_id, kept.secret_id, kept.client_id, now)
        if session is None:
            raise refusals.session_revoked()
        return self._signed_in(place, form, session, _wish(form))

    # --- answers -------------------------------------------------------------------------------------------------

    def _signed_in(self, place: Place, form: Form, session: Session, wish: Wish) -> Document:
        """A person's answer: the token, who it was, and what gets the next one."""
        caller = session.caller
        until = self._clock.now() + REFRESH_LASTS
        kept = _Refresh("refresh", caller.object_id, session.secret_id, caller.client_id, until)
        more: Document = {
            "scope": wish.scope,
            "refresh_token": self._sealer.seal(msgspec.json.encode(kept).decode()),
            "id_token": self._tokens.id_token(session, place.issuer(self._tokens.issuer), wish.nonce),
        }
        if form.get("client_info") == "1":
            info = msgspec.json.encode({"uid": caller.object_id, "utid": caller.tenant_id})
            more["client_info"] = base64.urlsafe_b64encode(info).rstrip(b"=").decode()
        return {**self._access(session, wish), **more}

    def _access(self, session: Session, wish: Wish) -> Document:
        token = self._tokens.issue(session, wish.audience)
        seconds = int(LIFETIME.total_seconds())
        if not wish.resource:
            return {
                "token_type": "Bearer",
                "expires_in": seconds,
                "ext_expires_in": seconds,
                "access_token": token.text,
            }
        # Version 1 spells its numbers as strings.
        return {
            "token_type": "Bearer",
            "expires_in": str(seconds),
            "ext_expires_in": str(seconds),
            "expires_on": str(int(token.expires_at.timestamp())),
            "not_before": str(int(token.issued_at.timestamp())),
            "resource": wish.resource,
            "access_token": token.text,
        }


def _wish(form: Form) -> Wish:
    return Wish(form.get("scope", ""), form.get("resource", ""))


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
