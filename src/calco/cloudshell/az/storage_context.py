"""Storage contexts, and signatures to hand to others.

Source: Microsoft Learn, Az.Storage's reference of each cmdlet.
"""

from collections.abc import Iterable
from dataclasses import replace

from calco.cloudshell.az import sas
from calco.cloudshell.az.declaration import Takes, cmdlet, columns, mandatory, of, plain, switch
from calco.cloudshell.az.given import moment
from calco.cloudshell.az.noun import later, utc
from calco.cloudshell.az.storage_access import (
    ACCOUNTS,
    CONTEXT,
    CURRENT,
    PARAMETER,
    StorageAccess,
    access_of,
    by_name,
    context,
    endpoint_of,
    from_account,
    told,
)
from calco.cloudshell.az.target import path
from calco.cloudshell.cmdlet import Call, Module, View
from calco.cloudshell.values import Value

_BY_NAME = "UsingResourceGroupAndNameParameterSet"
_KEY, _SAS, _CONNECTED = "AccountNameAndKey", "SasToken", "OAuthAccount"


def _new(call: Call) -> Iterable[Value]:
    account = by_name(call, call.text("StorageAccountName"))
    name, endpoint = call.text("StorageAccountName").lower(), endpoint_of(account)
    if call.given("StorageAccountKey"):
        key = call.text("StorageAccountKey")
        access = StorageAccess(name, endpoint, lambda: key)
    elif call.given("SasToken"):
        access = StorageAccess(name, endpoint, token=call.text("SasToken").lstrip("?"))
    else:
        # calco's blob endpoint takes no tokens: what the account's keys may do, whoever may list them may.
        access = from_account(call, account)
    yield context(access, account)


def _set_current(call: Call) -> Iterable[Value]:
    if call.given("Context"):
        current = call.record("Context")
    else:
        where = path(call.shell.api, call.text("ResourceGroupName"), ACCOUNTS, call.text("Name"))
        account = call.shell.api.get(where)
        current = context(from_account(call, account), account)
    call.shell.state[CURRENT] = current
    yield f"{current.get('StorageAccountName')}"


def _grant(call: Call) -> sas.Grant:
    since, until = moment(call, "StartTime"), moment(call, "ExpiryTime")
    begins = utc(since) if since else None
    ends = utc(until) if until else later(begins or call.shell.clock.now(), sas.HOUR)
    protocol = {"httpsonly": "https", "httpsorhttp": "https,http"}.get(call.text("Protocol").lower(), "")
    return sas.Grant(call.text("Permission"), ends, begins, protocol, call.text("IPAddressOrRange"))


def _token(call: Call, container: str, blob: str = "") -> Iterable[Value]:
    """Az.Storage asks only where its context is of who is signed in, which here may be any."""
    if not call.should(blob or container, "Generate SAS"):
        return
    access = access_of(call)
    with told():
        token = sas.blob_token(access.account, access.account_key(), _grant(call), container, blob)
    yield f"{access.url(container, blob)}?{token}" if call.switch("FullUri") else token


def _blob_token(call: Call) -> Iterable[Value]:
    return _token(call, call.text("Container"), call.text("Blob"))


def _container_token(call: Call) -> Iterable[Value]:
    return _token(call, call.text("Name"))


_SERVICES = {"blob": "b", "file": "f", "queue": "q", "table": "t"}
_TYPES = {"service": "s", "container": "c", "object": "o"}


def _account_token(call: Call) -> Iterable[Value]:
    access = access_of(call)
    services = "".join(_SERVICES[each.lower()] for each in call.texts("Service"))
    types = "".join(_TYPES[each.lower()] for each in call.texts("ResourceType"))
    with told():
        yield sas.account_token(access.account, access.account_key(), _grant(call), services=services, resources=types)


_SIGNATURE = (
    plain("Permission", "What it allows, in Azure's letters: r, w, d, l and so on."),
    plain("ExpiryTime", "Until when it is good; an hour from its beginning unless told.", kind=Takes.DATE),
    plain("StartTime", "From when it is good; at once unless told.", kind=Takes.DATE),
    plain("Protocol", "Over what it is good.", choices="HttpsOnly HttpsOrHttp"),
    plain("IPAddressOrRange", "From where it is good: 10.0.0.1 or 10.0.0.1-10.0.0.9."),
    PARAMETER,
)
_FULL = switch("FullUri", "Give the whole address, not its query alone.")

MODULE = Module(
    of(
        "Az.Storage",
        cmdlet(
            "New-AzStorageContext",
            "Makes a storage context: an account and what opens it.",
            _new,
            plain("StorageAccountName", "The name of the account.", 0, mandatory=True, completes="storageAccounts"),
            plain("StorageAccountKey", "One of its two keys.", 1, mandatory=True, sets=_KEY),
            plain("SasToken", "A signature for it.", mandatory=True, sets=_SAS),
            switch(
                "UseConnectedAccount",
                "By the rights of who is signed in: here with the account's key, which takes the right to list it.",
                _CONNECTED,
            ),
            default_set=_CONNECTED,
            output=CONTEXT,
            examples={
                "By the account's key.": "$key = (Get-AzStorageAccountKey -ResourceGroupName lab "
                "-Name disks)[0].Value\n"
                "$context = New-AzStorageContext -StorageAccountName disks -StorageAccountKey $key"
            },
        ),
        cmdlet(
            "Set-AzCurrentStorageAccount",
            "Says which account is meant by cmdlets that are given no context.",
            _set_current,
            mandatory(
                "ResourceGroupName", "The resource group of the account.", sets=_BY_NAME, completes="resourceGroups"
            ),
            mandatory(
                "Name",
                "The name of the account.",
                sets=_BY_NAME,
                aliases="StorageAccountName AccountName",
                completes="storageAccounts",
            ),
            replace(PARAMETER, mandatory=True, sets=("UsingStorageContext",)),
            output="System.String",
            examples={"From now on.": "Set-AzCurrentStorageAccount -ResourceGroupName lab -Name disks"},
        ),
        cmdlet(
            "New-AzStorageBlobSASToken",
            "Makes a signature that opens one blob.",
            _blob_token,
            plain("Container", "The container.", 0, mandatory=True),
            plain("Blob", "The blob.", 1, mandatory=True),
            *_SIGNATURE,
            _FULL,
            output="System.String",
            confirms=True,
            examples={
                "A URL to read a VHD for an hour.": "New-AzStorageBlobSASToken -Container vhds -Blob disk.vhd "
                "-Permission r -FullUri -Context $context"
            },
        ),
        cmdlet(
            "New-AzStorageContainerSASToken",
            "Makes a signature that opens one container.",
            _container_token,
            mandatory("Name", "The container.", 0, aliases="N Container"),
            *_SIGNATURE,
            _FULL,
            output="System.String",
            confirms=True,
            examples={
                "To list and read what is in it.": "New-AzStorageContainerSASToken -Name vhds -Permission rl "
                "-Context $context"
            },
        ),
        cmdlet(
            "New-AzStorageAccountSASToken",
            "Makes a signature that opens a storage account.",
            _account_token,
            plain(
                "Service",
                "Blob; calco has no other.",
                kind=Takes.STRINGS,
                mandatory=True,
                choices="Blob File Queue Table",
            ),
            plain(
                "ResourceType", "What of it.", kind=Takes.STRINGS, mandatory=True, choices="Service Container Object"
            ),
            *_SIGNATURE,
            output="System.String",
            examples={
                "For all containers and blobs.": "New-AzStorageAccountSASToken -Service Blob "
                "-ResourceType Container,Object -Permission rwl -Context $context"
            },
        ),
    ),
    (View(CONTEXT, columns("StorageAccountName BlobEndPoint TableEndPoint QueueEndPoint FileEndPoint")),),
)
