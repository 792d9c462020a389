"""A storage account's blobs as a script reaches them: by a context, which is the account's address and what opens it.

Every request goes to a signed URL: a context that knows the account's key signs one for each, one that was given a SAS
uses that. Source: Microsoft Learn, New-AzStorageContext.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from calco.cloudshell import reach
from calco.cloudshell.api import Refused, Unreachable
from calco.cloudshell.az import sas
from calco.cloudshell.az.declaration import piped
from calco.cloudshell.az.target import argument, subscription
from calco.cloudshell.cmdlet import Call
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.reach import NoFile
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, object_at, objects_at, text_at
from calco.signed_url import Answer, BlobFailure, Resource

ACCOUNTS = "Microsoft.Storage/storageAccounts"
CONTEXT = "Microsoft.WindowsAzure.Commands.Storage.AzureStorageContext"
CURRENT = "CurrentStorageContext"
PARAMETER = piped(
    "Context",
    "Whose blobs: what New-AzStorageContext gave, or the Context of a storage account.",
    CONTEXT,
    from_name=True,
    mandatory=False,
)
_ALL = "rwdlacup"
_NEVER: Mapping[str, str] = {}


@dataclass(frozen=True)
class StorageAccess:
    """``endpoint`` ends in "/". ``key`` gives the account's key, ``token`` is a SAS; one of them is there."""

    account: str
    endpoint: str
    key: Callable[[], str] | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)

    def url(self, container: str = "", blob: str = "") -> str:
        """The address alone, which opens nothing."""
        return self.endpoint + "/".join(quote(each, safe="/~") for each in (container, blob) if each)

    def signed(self, now: datetime, container: str = "", blob: str = "") -> str:
        """The address with what opens it, for an hour. Raises Refused and Terminating."""
        token = self.token
        if self.key is not None:
            with told():
                token = sas.account_token(self.account, self.key(), sas.Grant(_ALL, now + sas.HOUR))
        return f"{self.url(container, blob)}?{token}"

    def account_key(self) -> str:
        """To sign with. Raises Terminating when the context has none."""
        if self.key is None:
            raise argument("This storage context has no account key: a signature cannot be made with it.")
        return self.key()


def from_account(call: Call, account: Document) -> StorageAccess:
    """Of an account that the API showed; its key is asked for when it is first needed."""
    api, id = call.shell.api, text_at(account, "id") or ""

    def key() -> str:
        keys = objects_at(api.change("POST", f"{id}/listKeys").document, "keys")
        return (text_at(keys[0], "value") if keys else None) or ""

    return StorageAccess(text_at(account, "name") or "", endpoint_of(account), key)


def endpoint_of(account: Document) -> str:
    return text_at(object_at(account, "properties", "primaryEndpoints"), "blob") or ""


def by_name(call: Call, name: str) -> Document:
    """The account of that name, whatever its group. Raises Terminating."""
    there = call.shell.api.list(f"{subscription(call.shell.api)}/providers/{ACCOUNTS}")
    for each in there:
        if (text_at(each, "name") or "").casefold() == name.casefold():
            return each
    raise argument(f"There is no storage account '{name[:64]}' that you may read.")


def context(access: StorageAccess, account: Document) -> Record:
    """What a script holds."""
    endpoints = object_at(account, "properties", "primaryEndpoints")
    members: dict[str, Value] = {
        "StorageAccountName": access.account,
        "BlobEndPoint": access.endpoint,
        "TableEndPoint": text_at(endpoints, "table"),
        "QueueEndPoint": text_at(endpoints, "queue"),
        "FileEndPoint": text_at(endpoints, "file"),
        "Name": access.account,
    }
    made = Record.of(CONTEXT, members)
    made.held = access
    return made


def access_of(call: Call, parameter: str = "Context") -> StorageAccess:
    """What the call's context opens, or the session's current one. Raises Terminating."""
    given = context_of(call, parameter)
    if given is not None and isinstance(given.held, StorageAccess):
        return given.held
    what = "Could not get the storage context. Please pass in a storage context or set the current storage context."
    raise Terminating(
        Fault(what, id="InvalidOperationException", category="CloseError", exception="System.InvalidOperationException")
    )


def context_of(call: Call, parameter: str = "Context") -> Record | None:
    """The context that was given, or the session's current one."""
    given = call.value(parameter) if call.given(parameter) else call.shell.state.get(CURRENT)
    return given if isinstance(given, Record) else None


@contextmanager
def opened(call: Call, access: StorageAccess, container: str = "", blob: str = "") -> Iterator[Resource]:
    """The account, a container or a blob, for as long as the block takes. Raises Refused, Unreachable, Terminating."""
    with resource(call, access.signed(call.shell.clock.now(), container, blob)) as found:
        yield found


@contextmanager
def resource(call: Call, url: str) -> Iterator[Resource]:
    """What is behind a signed URL."""
    found = reach.of(call.shell).open(url)
    try:
        with told():
            yield found
    finally:
        found.close()


def ask(
    call: Call,
    access: StorageAccess,
    method: str,
    container: str = "",
    blob: str = "",
    *,
    more: str = "",
    headers: Mapping[str, str] = _NEVER,
    data: bytes | None = None,
) -> Answer:
    """One request. Raises Refused, Unreachable, Terminating."""
    with opened(call, access, container, blob) as found:
        return found.ask(method, more, headers, data)


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong with blobs and files, as what goes wrong with the API and with arguments."""
    try:
        yield
    except BlobFailure as failed:
        if not failed.status:
            raise Unreachable(failed.message) from failed
        raise Refused(failed.status, failed.code, failed.message) from failed
    except NoFile as wrong:
        raise argument(str(wrong)) from wrong
    except sas.BadKey as wrong:
        raise argument(str(wrong)) from wrong
