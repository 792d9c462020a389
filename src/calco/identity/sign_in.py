"""People sign in: to a program that sent them here (authorization code with PKCE), or to a device that shows a code.

Nothing of it is kept: what is under way lies in memory for minutes, and no session stays in the browser, so whoever
sits down at it next is asked again. A program gets its answer on this machine's loopback alone, and calco's own portal
on its one page of this service.
Sources: RFC 6749, 4.1; RFC 7636 (PKCE); RFC 8252, 7.3 (loopback redirects); RFC 8628 (device codes).
"""

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from calco.identity import refusals
from calco.identity.attempts import Attempts
from calco.identity.directory import Directory, Session, through
from calco.identity.place import Place
from calco.identity.shelf import Shelf
from calco.model.document import Document
from calco.model.principal import NAME
from calco.model.secret import LENGTH_MAX, hashed
from calco.ports import Chance, Clock

PORTAL, SIGNED_IN_PATH = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "/portal/signed-in"
"""Azure Portal's id, which calco's portal uses, and the page of this service where it waits for its answer."""

CLIENTS: Mapping[str, str] = MappingProxyType(
    {
        PORTAL: "calco portal",
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
        "1950a258-227b-4e31-a9cf-717495945fc2": "Azure PowerShell",
        "872cd9fa-d31f-45e0-9eab-6e460a02d1f1": "Visual Studio",
        "aebc6443-996d-45c2-90f0-388ff96faa56": "Visual Studio Code",
    }
)
"""Programs that people may sign in to. Source: Microsoft identity platform, "Verify first-party Microsoft applications
in sign-in reports"; azure-identity's programs use the first."""

CODE_LASTS, DEVICE_CODE_LASTS = timedelta(minutes=5), timedelta(minutes=15)
POLL_SECONDS = 1
USER_CODE_LETTERS, USER_CODE_LENGTH = "BCDFGHJKLMNPQRSTVWXZ", 8
"""No vowels, no digits: no words come out. Source: RFC 8628, 6.1."""
TEXT_LENGTH_MAX = 2000
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{0,5})?", re.IGNORECASE)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Asking:
    """A program that asks for a person's sign-in; ``redirect_uri`` is where it waits for the answer."""

    client_id: str
    redirect_uri: str
    state: str
    challenge: str
    scope: str
    resource: str
    nonce: str
    response_mode: str
    login_hint: str

    @property
    def client_name(self) -> str:
        return CLIENTS[self.client_id]

    @property
    def origin(self) -> str:
        """Scheme and host of the redirect, for the browser's own rule about where forms may lead; empty for this
        service's own, which that rule has already."""
        if self.client_id == PORTAL:
            return ""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Granted:
    """What an authorization code stands for."""

    asking: Asking
    session: Session


@dataclass
class Device:
    """A device that waits for a person. ``session`` is set once, by whoever signs in."""

    client_id: str
    user_code: str
    scope: str
    resource: str
    session: Session | None = None

    @property
    def client_name(self) -> str:
        return CLIENTS[self.client_id]


@dataclass(frozen=True)
class Turned:
    """Somebody could not be signed in: a wrong name or password (one of them, it is not said which), a password whose
    time is over, or too many attempts."""

    expired: bool = False
    wait_seconds: int = 0


@dataclass
class SignIn:
    directory: Directory
    clock: Clock
    chance: Chance
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._codes: Shelf[Granted] = Shelf(CODE_LASTS, self.clock, self.chance)
        self._devices: Shelf[Device] = Shelf(DEVICE_CODE_LASTS, self.clock, self.chance)
        self._attempts = Attempts(self.clock)

    # --- people --------------------------------------------------------------------------------------------------

    def enter(self, name: str, password: str, client_id: str) -> Session | Turned:
        """Some 50 ms, whether there is such a user or not; what no user could have costs and counts nothing."""
        if not NAME.fullmatch(name) or len(password) > LENGTH_MAX:
            return Turned()
        wait = self._attempts.wait_seconds(name)
        if wait:
            return Turned(wait_seconds=wait)
        known = self.directory.user(name)
        if known is None:
            hashed(password, "00" * 16)
        if known is None or not self.directory.has_secret(known, password):
            self._attempts.failed(name)
            return Turned()
        self._attempts.succeeded(name)
        if not known.is_good(self.clock.now()):
            return Turned(expired=True)
        return through(known.session, client_id)

    # --- programs ------------------------------------------------------------------------------------------------

    def read_asking(self, query: Mapping[str, str], base: str) -> Asking:
        """Who asks and where it is to be answered. ``base`` is this service as the browser reached it. What is wrong
        here must be told to the person, not sent anywhere. Raises Refusal."""
        client = self._client(query)
        redirect = query.get("redirect_uri", "")
        # Nobody else may be answered on the portal's page, for whoever comes there with a code is signed in.
        if not (redirect == base + SIGNED_IN_PATH if client == PORTAL else is_loopback(redirect)):
            raise refusals.redirect_refused(redirect, client)
        mode = query.get("response_mode") or "query"
        if mode not in ("query", "form_post"):
            raise refusals.response_mode_unsupported(mode)
        return Asking(
            client_id=client,
            redirect_uri=redirect,
            state=query.get("state", "")[:TEXT_LENGTH_MAX],
            challenge=query.get("code_challenge", ""),
            scope=query.get("scope", "")[:TEXT_LENGTH_MAX],
            resource=query.get("resource", "")[:TEXT_LENGTH_MAX],
            nonce=query.get("nonce", "")[:TEXT_LENGTH_MAX],
            response_mode=mode,
            login_hint=query.get("login_hint", "")[:TEXT_LENGTH_MAX],
        )

    @staticmethod
    def check_asking(asking: Asking, query: Mapping[str, str]) -> None:
        """Whether the program asks for what is served. What is wrong here is the program's to hear. Raises Refusal."""
        if query.get("response_type") != "code":
            raise refusals.response_type_unsupported(query.get("response_type", ""))
        if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(asking.challenge):
            raise refusals.challenge_missing()
        if query.get("prompt") == "none":
            raise refusals.nobody_to_ask()

    def grant(self, asking: Asking, session: Session) -> str:
        """The authorization code that the program gets."""
        return self._codes.put(Granted(asking, session))

    def redeem(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Granted:
        """What a code stands for; whoever asks for it with anything wrong has used it up. Raises Refusal."""
        granted = self._codes.take(code)
        if granted is None or granted.asking.client_id != client_id or granted.asking.redirect_uri != redirect_uri:
            raise refusals.code_bad()
        if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(s256(verifier), granted.asking.challenge):
            raise refusals.verifier_wrong()
        if not self.directory.stands(granted.session):
            raise refusals.session_revoked()
        return granted

    # --- devices -------------------------------------------------------------------------------------------------

    def begin_device(self, place: Place, form: Mapping[str, str]) -> Document:
        """What a device shows to a person, and what it asks for its token with. Raises Refusal."""
        client = self._client(form)
        scope, resource = form.get("scope", ""), form.get("resource", "")
        device = Device(client, self._user_code(), scope[:TEXT_LENGTH_MAX], resource[:TEXT_LENGTH_MAX])
        code, url = self._devices.put(device), f"{place.base}/devicelogin"
        shown = f"{device.user_code[:4]}-{device.user_code[4:]}"
        seconds = int(DEVICE_CODE_LASTS.total_seconds())
        first = place.version == 1 and not scope
        return {
            "user_code": shown,
            "device_code": code,
            "verification_uri": url,
            "verification_url": url,
            "expires_in": str(seconds) if first else seconds,
            "interval": str(POLL_SECONDS) if first else POLL_SECONDS,
            "message": (
                f"To sign in, use a web browser to open the page {url} and enter the code {shown} to authenticate."
            ),
        }

    def waiting_device(self, user_code: str) -> Device | None:
        """The device that shows this code, typed in any case and with any dashes, and that nobody signed in to yet."""
        typed = re.sub(r"[\s-]", "", user_code.upper())
        return next((each for each in self._devices.values() if each.user_code == typed and not each.session), None)

    def admit(self, device: Device, session: Session) -> bool:
        """Let a device in; False when somebody did so before."""
        with self._lock:
            if device.session is not None:
                return False
            device.session = session
            return True

    def poll_device(self, code: str, client_id: str) -> tuple[Device, Session]:
        """A device that was let in, once. Raises Refusal, while it waits too."""
        device = self._devices.look(code)
        if device is None:
            raise refusals.device_code_expired() if self._devices.has_expired(code) else refusals.device_code_bad()
        if device.client_id != client_id:
            raise refusals.device_code_bad()
        if device.session is None:
            raise refusals.code_pending()
        if self._devices.take(code) is None:
            raise refusals.device_code_bad()
        if not self.directory.stands(device.session):
            raise refusals.session_revoked()
        return device, device.session

    def _user_code(self) -> str:
        number = int(self.chance.guid().replace("-", ""), 16)
        letters = []
        for _ in range(USER_CODE_LENGTH):
            number, place = divmod(number, len(USER_CODE_LETTERS))
            letters.append(USER_CODE_LETTERS[place])
        return "".join(letters)

    def _client(self, given: Mapping[str, str]) -> str:
        client = given.get("client_id", "").lower()
        if not client:
            raise refusals.parameter_missing("client_id")
        if client not in CLIENTS:
            raise refusals.client_unknown(client, self.directory.tenant)
        return client


def is_loopback(uri: str) -> bool:
    """Whether an answer sent there reaches a program on this machine and nobody else. Source: RFC 8252, 7.3."""
    if not uri.isascii() or not uri.isprintable() or " " in uri or "\\" in uri or len(uri) > TEXT_LENGTH_MAX:
        return False
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    # The whole of it: what stands behind a bracketed address is no part of ``hostname``.
    there = parts.scheme == "http" and _LOOPBACK.fullmatch(parts.netloc) is not None and port != 0
    return there and "#" not in uri


def s256(verifier: str) -> str:
    """The challenge of a verifier. Source: RFC 7636, 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
