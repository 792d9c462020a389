"""Storage accounts and their keys. Source: Microsoft Learn, Az.Storage's reference of each cmdlet."""

from collections.abc import Iterable
from dataclasses import replace

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import LOCATION, TAG, Takes, cmdlet, columns, mandatory, of, optional, plain
from calco.cloudshell.az.given import fill, given, tag_table
from calco.cloudshell.az.noun import Noun
from calco.cloudshell.az.record import at, blank, read, write
from calco.cloudshell.az.shapes_storage import STORAGE
from calco.cloudshell.az.storage_access import ACCOUNTS, context, from_account
from calco.cloudshell.az.target import found, subscription
from calco.cloudshell.cmdlet import Call, Column, Module, View
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, objects_at

NOUN = Noun(
    ACCOUNTS, STORAGE["PSStorageAccount"], "storage account", aliases="StorageAccountName AccountName", positional=True
)
_KEY = STORAGE["StorageAccountKey"]
_KEYS = STORAGE["StorageAccountListKeysResult"]
_NAME = STORAGE["CheckNameAvailabilityResult"]
_SETTINGS = (
    optional("AccessTier", "How often it is read.", choices="Hot Cool"),
    TAG,
    optional("EnableHttpsTrafficOnly", "$true or $false: whether it answers over HTTPS alone.", kind=Takes.BOOL),
    plain("AllowBlobPublicAccess", "$true or $false; calco lets nobody read without a signature.", kind=Takes.BOOL),
    plain("AllowSharedKeyAccess", "$true or $false: whether its keys open it.", kind=Takes.BOOL),
    plain("MinimumTlsVersion", "TLS1_0, TLS1_1 or TLS1_2."),
    plain("PublicNetworkAccess", "Whether it may be reached from outside.", choices="Enabled Disabled"),
)


def _shown(call: Call, account: Document) -> Record:
    made = NOUN.read(account)
    made.members["Context"] = context(from_account(call, account), account)
    return made


def _body(call: Call) -> Document:
    settings = given(call, " ".join(each.name for each in _SETTINGS if each is not TAG))
    made = blank(NOUN.kind, {**settings, "Tags": tag_table(call)})
    fill(call, made, "Sku", "Name=SkuName")
    return write(made)


def _new(call: Call) -> Iterable[Value]:
    body = {**_body(call), "location": call.text("Location"), "kind": call.text("Kind") or "StorageV2"}
    name = call.text("Name")
    yield _shown(call, change(call, f"New-AzStorageAccount {name}", "PUT", NOUN.path(call), body).document)


def _get(call: Call) -> Iterable[Value]:
    for each in found(call, ACCOUNTS, call.text("ResourceGroupName"), call.text("Name")):
        yield _shown(call, each)


def _set(call: Call) -> Iterable[Value]:
    name = call.text("Name")
    if call.should(name, "Set Storage Account"):
        yield _shown(call, change(call, f"Set-AzStorageAccount {name}", "PATCH", NOUN.path(call), _body(call)).document)


def _get_key(call: Call) -> Iterable[Value]:
    for each in objects_at(call.shell.api.change("POST", f"{NOUN.path(call)}/listKeys").document, "keys"):
        yield read(_KEY, each)


def _new_key(call: Call) -> Iterable[Value]:
    if call.should(call.text("KeyName"), "Regenerate Key"):
        body: Document = {"keyName": call.text("KeyName")}
        yield read(_KEYS, call.shell.api.change("POST", f"{NOUN.path(call)}/regenerateKey", body).document)


def _name_availability(call: Call) -> Iterable[Value]:
    api = call.shell.api
    body: Document = {"name": call.text("Name"), "type": ACCOUNTS}
    where = f"{subscription(api)}/providers/Microsoft.Storage/checkNameAvailability"
    yield read(_NAME, api.change("POST", where, body).document)


_SKU = optional("SkuName", "Standard_LRS, Premium_LRS and so on.", 2, aliases="StorageAccountType AccountType Type")

MODULE = Module(
    of(
        "Az.Storage",
        cmdlet(
            "New-AzStorageAccount",
            "Makes a storage account.",
            _new,
            *NOUN.named(),
            replace(_SKU, mandatory=True),
            replace(LOCATION, mandatory=True, position=3),
            optional(
                "Kind",
                "Of which kind; StorageV2 unless told.",
                choices="StorageV2 Storage BlobStorage BlockBlobStorage FileStorage",
            ),
            *_SETTINGS,
            output=NOUN.kind.type,
            as_job=True,
            examples={
                "An account for VHDs.": "New-AzStorageAccount -ResourceGroupName lab -Name disks -Location westeurope "
                "-SkuName Standard_LRS"
            },
        ),
        cmdlet(
            "Get-AzStorageAccount",
            "Gets storage accounts.",
            _get,
            *NOUN.named(mandatory=False),
            output=NOUN.kind.type,
            examples={"An account's context.": "$context = (Get-AzStorageAccount lab disks).Context"},
        ),
        cmdlet(
            "Set-AzStorageAccount",
            "Changes a storage account.",
            _set,
            *NOUN.named(),
            _SKU,
            *_SETTINGS,
            output=NOUN.kind.type,
            confirms=True,
            as_job=True,
            examples={"Tag an account.": 'Set-AzStorageAccount lab disks -Tag @{team="lab"}'},
        ),
        NOUN.remover(
            "Remove-AzStorageAccount",
            "Removes a storage account.",
            {"Remove an account without asking.": "Remove-AzStorageAccount lab disks -Force"},
            question="Remove Storage Account '{}' and all content in it",
            action="Remove Storage Account",
        ),
        cmdlet(
            "Get-AzStorageAccountKey",
            "Gets the two keys of a storage account.",
            _get_key,
            *NOUN.named(),
            output=_KEY.type,
            examples={"The first key.": "(Get-AzStorageAccountKey lab disks)[0].Value"},
        ),
        cmdlet(
            "New-AzStorageAccountKey",
            "Makes one of the two keys of a storage account anew.",
            _new_key,
            *NOUN.named(),
            plain("KeyName", "Which one.", 2, mandatory=True, choices="key1 key2"),
            output=_KEYS.type,
            confirms=True,
            examples={"The first key is good no more.": "New-AzStorageAccountKey lab disks key1"},
        ),
        cmdlet(
            "Get-AzStorageAccountNameAvailability",
            "Tells whether a storage account may have a name.",
            _name_availability,
            mandatory("Name", "The name.", 0, aliases="StorageAccountName AccountName"),
            output=_NAME.type,
            examples={"May it be called so?": "Get-AzStorageAccountNameAvailability disks"},
        ),
    ),
    (
        View(
            NOUN.kind.type,
            (
                *columns("StorageAccountName ResourceGroupName PrimaryLocation"),
                Column("SkuName", lambda account: at(account, "Sku", "Name")),
                *columns("Kind AccessTier CreationTime ProvisioningState EnableHttpsTrafficOnly"),
            ),
            table=True,
        ),
        View(_KEY.type, columns("KeyName Value Permissions CreationTime"), table=True),
    ),
)
