"""Who may sign in: the owner that ``calco env`` hands out, and the users and service principals of the records."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from calco.identity.principals import Principal as Owner
from calco.model.principal import Caller, Principal, PrincipalType
from calco.model.secret import Secret
from calco.ports import Records
from calco.work import principal as principals


@dataclass(frozen=True)
class Session:
    """Somebody signed in, with which secret: the session ends when that is replaced. The owner's secret has no id."""

    caller: Caller
    secret_id: str = ""


@dataclass(frozen=True)
class Known:
    """Somebody who may sign in with ``secret``; None: the owner, whose hash is kept elsewhere."""

    name: str
    session: Session
    secret: Secret | None = field(default=None, repr=False)

    def is_good(self, now: datetime) -> bool:
        return self.secret is None or self.secret.is_good(now)


class Directory:
    """One tenant's principals. Each method is one or two look-ups by key unless it says otherwise."""

    def __init__(self, owner: Owner, records: Records) -> None:
        self.owner = owner
        self._records = records

    @property
    def tenant(self) -> str:
        return self.owner.tenant_id

    def client(self, client_id: str) -> Known | None:
        """The service principal of that client id in any case; O(service principals)."""
        if client_id.lower() == self.owner.client_id:
            return Known("", self._owners_session())
        with self._records.read() as view:
            found = principals.find_by_client(view, client_id.lower())
        return None if found is None else self._known(found)

    def user(self, name: str) -> Known | None:
        """The user of that name in any case."""
        with self._records.read() as view:
            found = principals.find_by_name(view, PrincipalType.USER, name)
        return None if found is None else self._known(found)

    def has_secret(self, known: Known, secret: str) -> bool:
        """Costs some 50 ms and 16 MiB by design: keep it off the event loop."""
        if known.secret is None:
            return self.owner.has_secret(secret)
        return known.secret.fits(secret)

    def stands(self, session: Session) -> bool:
        """Whether the one who signed in is still there, with the same secret. The owner's answer needs no look."""
        if session.caller.object_id == self.owner.object_id:
            return True
        with self._records.read() as view:
            found = principals.find_by_object(view, session.caller.object_id, session.caller.type)
        return found is not None and found.secret.id == session.secret_id

    def session_of(self, object_id: str, secret_id: str, client_id: str, now: datetime) -> Session | None:
        """A user's session as it would begin now, if the secret it began with still stands and is good."""
        with self._records.read() as view:
            found = principals.find_by_object(view, object_id, PrincipalType.USER)
        if found is None or found.secret.id != secret_id or not found.secret.is_good(now):
            return None
        return through(self._known(found).session, client_id)

    def _owners_session(self) -> Session:
        owner = self.owner
        return Session(Caller(owner.object_id, owner.client_id, owner.tenant_id))

    def _known(self, found: Principal) -> Known:
        name = found.name if found.type is PrincipalType.USER else ""
        caller = Caller(found.object_id, found.client_id, self.tenant, name, found.type)
        return Known(found.name, Session(caller, found.secret.id), found.secret)


def through(session: Session, client_id: str) -> Session:
    """A user's session that began in that client: the token names both."""
    return replace(session, caller=replace(session.caller, client_id=client_id))
