"""Who uses the portal: a sealed cookie, so that nobody is signed out by a restart and nothing of it lies anywhere else.

The cookie holds the token that the API is asked with; only this service's key opens it. Who signs out stays signed out,
whoever kept a copy of the cookie: its id is written down until its token ends. When that list cannot be read, nobody
knows who is on it: everybody signs in again.
"""

import hmac
import logging
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar

import jwt
import msgspec

from calco.identity.shelf import Shelf
from calco.model.document import Document, number_at, text_at
from calco.ports.world import Chance, Clock, Sealer
from calco.private_file import write_private

log = logging.getLogger(__name__)

SEALED_LENGTH_MAX = 4000
"""What browsers keep of a cookie: 4096 bytes with its name. Source: RFC 6265, 6.1."""
LINK_LASTS, ASKING_LASTS = timedelta(minutes=5), timedelta(minutes=15)
ID_BYTES = 18
NEXT_BYTES_MAX = 1000
"""Sealed with the rest of an ``Asking`` it still is a cookie."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Session(msgspec.Struct, frozen=True, tag="session"):
    """Somebody who signed in at ``began``, until their token ends. ``person`` is their object id; ``name`` is empty for
    the owner. ``guard`` goes with every form: only a page of ours can know it."""

    id: str
    guard: str
    person: str
    name: str
    token: str
    began: Moment
    until: Moment

    def __repr__(self) -> str:
        return f"Session({self.name!r}, until {self.until})"

    def sent(self, guard: str) -> bool:
        """Whether a form comes from a page that this session was shown."""
        return hmac.compare_digest(self.guard.encode(), guard.encode())


class Asking(msgspec.Struct, frozen=True, tag="asking"):
    """A browser that was sent to sign in. Sources: RFC 7636 (``verifier``); RFC 6749, 10.12 (``state``)."""

    state: str
    verifier: str
    next: str
    until: Moment


class Ended(msgspec.Struct, frozen=True):
    """Those that were signed out, by id and until when they would have been good, and whoever began ``before``."""

    sessions: dict[str, Moment]
    before: Moment | None = None

    def has(self, session: Session) -> bool:
        return session.id in self.sessions or (self.before is not None and session.began < self.before)


class Sessions:
    """Safe to use from several threads. ``ended`` is the file of those that were signed out."""

    links: Shelf[Session]
    """What ``calco open`` hands out, each opened once."""
    _Kept: ClassVar = Session | Asking

    def __init__(self, sealer: Sealer, clock: Clock, chance: Chance, ended: Path) -> None:
        self.links = Shelf(LINK_LASTS, clock, chance)
        self._sealer = sealer
        self._clock = clock
        self._chance = chance
        self._file = ended
        self._lock = threading.Lock()
        self._ended = self._read()

    def begin(self, token: str) -> Session:
        """A session of whoever that token is of; the API has taken it, so it is one."""
        now = self._clock.now()
        claims: Document = jwt.decode(token, options={"verify_signature": False})
        until = datetime.fromtimestamp(number_at(claims, "exp") or 0, now.tzinfo)
        fresh = self._chance.token
        person, name = (text_at(claims, each) or "" for each in ("oid", "upn"))
        return Session(fresh(ID_BYTES), fresh(ID_BYTES), person, name, token, now, until)

    def ask(self, next: str) -> Asking:
        """Before a browser is sent to sign in; ``next`` is where it goes then, empty when that is too long to keep."""
        kept = next if len(next.encode()) <= NEXT_BYTES_MAX else ""
        return Asking(self._chance.token(ID_BYTES), self._chance.token(48), kept, self._clock.now() + ASKING_LASTS)

    def sealed(self, kept: Session | Asking) -> str:
        """As a cookie's value."""
        return self._sealer.seal(msgspec.json.encode(kept).decode())

    def session(self, cookie: str) -> Session | None:
        """Whose cookie that is; None when it is nobody's, or no longer."""
        kept = self._unsealed(cookie)
        return kept if isinstance(kept, Session) and not self._ended.has(kept) else None

    def asking(self, cookie: str) -> Asking | None:
        kept = self._unsealed(cookie)
        return kept if isinstance(kept, Asking) else None

    def end(self, session: Session) -> None:
        """Sign out for good."""
        now = self._clock.now()
        with self._lock:
            left = {id: until for id, until in self._ended.sessions.items() if until > now}
            self._ended = Ended(left | {session.id: session.until}, self._ended.before)
            self._write(self._ended)

    def _write(self, ended: Ended) -> None:
        write_private(self._file, msgspec.json.encode(ended))

    def _read(self) -> Ended:
        """The list as it was left; a new one with everybody on it when it cannot be read."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Ended)
        except FileNotFoundError:
            return Ended({})
        except (OSError, msgspec.MsgspecError) as why:
            log.warning("%s cannot be read (%s): whoever was signed in to the portal signs in again", self._file, why)
            everybody = Ended({}, self._clock.now())
        with suppress(OSError):  # then it cannot be read at the next start either
            self._write(everybody)
        return everybody

    def _unsealed(self, cookie: str) -> Session | Asking | None:
        if not cookie or len(cookie) > SEALED_LENGTH_MAX:
            return None
        try:
            kept: Session | Asking = msgspec.json.decode(self._sealer.unseal(cookie), type=self._Kept)
        except (ValueError, msgspec.MsgspecError):
            return None
        return kept if kept.until > self._clock.now() else None
