"""The API of whoever is signed in: a client of the public REST API with one account's token, and who may change it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from calco.client import Client, Refused, Token, granted, is_own
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.values import Names, Record
from calco.model.document import Json, text_at

if TYPE_CHECKING:
    import httpx

_KEY = "calco.accounts"
STRANGE = frozenset("?#%\\ \t\r\n")
"""What no path of a resource holds: a name that has one would ask for another address."""


@dataclass
class Connection(Client):
    """Implements ``api.Api``: a client that knows whose it is. Any thread may use it."""

    subscription_id: str = ""
    tenant_id: str = ""
    account: str = ""
    environment: str = "calco"
    kind: str = "ServicePrincipal"
    """What sort of account it is, in Az's words: User, ServicePrincipal, AccessToken."""

    def send(
        self, method: str, path: str, body: Json = None, *, query: Mapping[str, str] | None = None
    ) -> "httpx.Response":
        """As any client does, for a path that is a resource's and nothing else."""
        return super().send(method, _plain(path), body, query=query)


def _plain(path: str) -> str:
    if not path.startswith("/") or path.startswith("//") or STRANGE & set(path) or "/../" in f"{path}/":
        raise Refused(400, "InvalidUri", f"'{path[:200]}' is not the address of a resource.")
    return path


@dataclass
class Accounts:
    """Who is signed in to a session, and how somebody else does. ``http`` has the service's URL as its base."""

    http: "httpx.Client" = field(repr=False)
    tenant_id: str
    wait: Callable[[float], object]
    environment: str = "calco"
    signed_in: Connection | None = None

    def current(self) -> Connection:
        """Raises Terminating with Az's words when nobody is signed in. Source: Azure/azure-powershell, Resources."""
        if self.signed_in is None:
            raise Terminating(
                Fault(
                    "Run Connect-AzAccount to login.",
                    id="PSInvalidOperationException",
                    category="CloseError",
                    exception="System.Management.Automation.PSInvalidOperationException",
                )
            )
        return self.signed_in

    def connect_client(self, client_id: str, secret: str, tenant_id: str = "", subscription_id: str = "") -> Connection:
        """Sign a service principal in. Raises Refused when the secret is not its own, Unreachable."""
        tenant = tenant_id or self.tenant_id
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}

        def fetch() -> str:
            return text_at(granted(self.http, tenant, form), "access_token") or ""

        return self._entered(Token(fetch), tenant, client_id, "ServicePrincipal", subscription_id)

    def connect_token(
        self, token: str, account: str, tenant_id: str = "", subscription_id: str = "", kind: str = "AccessToken"
    ) -> Connection:
        """Sign in with a token that is there already. Raises Refused when the API does not take it, Unreachable."""
        held = Token(lambda: token)
        return self._entered(held, tenant_id or self.tenant_id, account, kind, subscription_id)

    def choose(self, subscription_id: str) -> Connection:
        """The same account in another subscription, which it must be able to read. Raises Refused, Unreachable."""
        known = self.current()
        read = known.get(f"/subscriptions/{subscription_id}")
        self.signed_in = replace(known, subscription_id=text_at(read, "subscriptionId") or subscription_id)
        return self.signed_in

    def sign_out(self) -> None:
        self.signed_in = None

    def is_own(self, address: str) -> bool:
        """Whether ``address`` is this service's: the same host and port, whatever path."""
        return is_own(self.http, address)

    def rename(self, environment: str) -> None:
        """Call the cloud so from now on."""
        self.environment = environment
        if self.signed_in is not None:
            self.signed_in = replace(self.signed_in, environment=environment)

    # --- a session's own ---------------------------------------------------------------------------------------------

    def give(self, state: Names) -> None:
        """Let the cmdlets of a session sign in and out; ``state`` is its own (``Shell.state``)."""
        state[_KEY] = Record("Calco.Accounts", held=self)

    @staticmethod
    def of(state: Names) -> "Accounts | None":
        """Those of a session; None where nobody may sign in (its account is given, once and for all)."""
        kept = state.get(_KEY)
        return kept.held if isinstance(kept, Record) and isinstance(kept.held, Accounts) else None

    def _entered(self, token: Token, tenant: str, account: str, kind: str, subscription_id: str) -> Connection:
        entered = Connection(
            self.http, token, self.wait, tenant_id=tenant, account=account, environment=self.environment, kind=kind
        )
        if not subscription_id:
            every = entered.list("/subscriptions")
            subscription_id = text_at(every[0], "subscriptionId") or "" if every else ""
        elif entered.find(f"/subscriptions/{subscription_id}") is None:
            raise Refused(404, "SubscriptionNotFound", f"The subscription '{subscription_id}' could not be found.")
        self.signed_in = replace(entered, subscription_id=subscription_id)
        return self.signed_in
