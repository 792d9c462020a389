"""Storage accounts and their keys. Source: Microsoft Learn, Az.Storage's reference of each cmdlet."""

from collections.abc import Iterable

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.noun import FORCE, LOCATION, TAG, Noun, remover, tag_table
from calco.cloudshell.az.record import blank, child, read, write
from calco.cloudshell.az.shapes_storage import STORAGE
from calco.cloudshell.az.storage_access import ACCOUNTS, context, from_account
from calco.cloudshell.az.target import found, subscription
from calco.cloudshell.cmdlet import Call, Cmdlet, Column, Example, Module, Parameter, View
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, objects_at

NOUN = Noun(
    ACCOUNTS,
    STORAGE["PSStorageAccount"],
    "storage account",
    "storageAccounts",
    aliases=("StorageAccountName", "AccountName"),
    positional=True,
    module="Az.Storage",
)
_KEY = STORAGE["StorageAccountKey"]
_KEYS = STORAGE["StorageAccountListKeysResult"]
_NAME = STORAGE["CheckNameAvailabilityResult"]
_SETTINGS = (
    Parameter("AccessTier", help="How often it is read.", choices=("Hot", "Cool"), from_name=True),
    TAG,
    Parameter("EnableHttpsTrafficOnly", Takes.BOOL, "$true or $false: whether it answers over HTTPS alone.",
              from_name=True),
    Parameter("AllowBlobPublicAccess", Takes.BOOL, "$true or $false; calco lets nobody read without a signature."),
    Parameter("AllowSharedKeyAccess", Takes.BOOL, "$true or $false: whether its keys open it."),
    Parameter("MinimumTlsVersion", help="TLS1_0, TLS1_1 or TLS1_2."),
    Parameter("PublicNetworkAccess", help="Whether it may be reached from outside.", choices=("Enabled", "Disabled")),
)  # fmt: skip


def _shown(call: Call, account: Document) -> Record:
    made = NOUN.read(account)
    made.members["Context"] = context(from_account(call, account), account)
    return made


def _body(call: Call) -> Document:
    given = {each.name: call.value(each.name) for each in _SETTINGS if each is not TAG and call.given(each.name)}
    made = blank(NOUN.kind, given)
    made.members["Tags"] = tag_table(call)
    if call.given("SkuName"):
        child(made, "Sku").members["Name"] = call.text("SkuName")
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


def _sku_name(account: Record) -> Value:
    sku = account.get("Sku")
    return sku.get("Name") if isinstance(sku, Record) else None


def _sku(position: int | None, *, mandatory: bool) -> Parameter:
    return Parameter(
        "SkuName", help="Standard_LRS, Premium_LRS and so on.", mandatory=mandatory, position=position,
        aliases=("StorageAccountType", "AccountType", "Type"), from_name=True,
    )  # fmt: skip


MODULE = Module(
    (
        Cmdlet(
            "New-AzStorageAccount",
            "Makes a storage account.",
            _new,
            (
                *NOUN.named(),
                _sku(2, mandatory=True),
                Parameter(
                    "Location", help=LOCATION.help, mandatory=True, position=3, from_name=True, completes="locations"
                ),
                Parameter(
                    "Kind",
                    help="Of which kind; StorageV2 unless told.",
                    choices=("StorageV2", "Storage", "BlobStorage", "BlockBlobStorage", "FileStorage"),
                    from_name=True,
                ),
                *_SETTINGS,
            ),
            output=NOUN.kind.type,
            module=NOUN.module,
            as_job=True,
            examples=(
                Example(
                    "An account for VHDs.",
                    "New-AzStorageAccount -ResourceGroupName lab -Name disks -Location westeurope "
                    "-SkuName Standard_LRS",
                ),
            ),
        ),
        Cmdlet(
            "Get-AzStorageAccount",
            "Gets storage accounts.",
            _get,
            NOUN.named(mandatory=False),
            output=NOUN.kind.type,
            module=NOUN.module,
            examples=(Example("An account's context.", "$context = (Get-AzStorageAccount lab disks).Context"),),
        ),
        Cmdlet(
            "Set-AzStorageAccount",
            "Changes a storage account.",
            _set,
            (*NOUN.named(), _sku(2, mandatory=False), *_SETTINGS),
            output=NOUN.kind.type,
            module=NOUN.module,
            confirms=True,
            as_job=True,
            examples=(Example("Tag an account.", 'Set-AzStorageAccount lab disks -Tag @{team="lab"}'),),
        ),
        remover(
            NOUN,
            "Remove-AzStorageAccount",
            "Removes a storage account.",
            Example("Remove an account without asking.", "Remove-AzStorageAccount lab disks -Force"),
            question="Remove Storage Account '{}' and all content in it",
            action="Remove Storage Account",
            more=(FORCE,),
        ),
        Cmdlet(
            "Get-AzStorageAccountKey",
            "Gets the two keys of a storage account.",
            _get_key,
            NOUN.named(),
            output=_KEY.type,
            module=NOUN.module,
            examples=(Example("The first key.", "(Get-AzStorageAccountKey lab disks)[0].Value"),),
        ),
        Cmdlet(
            "New-AzStorageAccountKey",
            "Makes one of the two keys of a storage account anew.",
            _new_key,
            (
                *NOUN.named(),
                Parameter("KeyName", help="Which one.", mandatory=True, position=2, choices=("key1", "key2")),
            ),
            output=_KEYS.type,
            module=NOUN.module,
            confirms=True,
            examples=(Example("The first key is good no more.", "New-AzStorageAccountKey lab disks key1"),),
        ),
        Cmdlet(
            "Get-AzStorageAccountNameAvailability",
            "Tells whether a storage account may have a name.",
            _name_availability,
            (
                Parameter(
                    "Name",
                    help="The name.",
                    mandatory=True,
                    position=0,
                    aliases=("StorageAccountName", "AccountName"),
                    from_name=True,
                ),
            ),
            output=_NAME.type,
            module=NOUN.module,
            examples=(Example("May it be called so?", "Get-AzStorageAccountNameAvailability disks"),),
        ),
    ),
    (
        View(
            NOUN.kind.type,
            (
                Column("StorageAccountName", "StorageAccountName"),
                Column("ResourceGroupName", "ResourceGroupName"),
                Column("PrimaryLocation", "PrimaryLocation"),
                Column("SkuName", _sku_name),
                Column("Kind", "Kind"),
                Column("AccessTier", "AccessTier"),
                Column("CreationTime", "CreationTime"),
                Column("ProvisioningState", "ProvisioningState"),
                Column("EnableHttpsTrafficOnly", "EnableHttpsTrafficOnly"),
            ),
            table=True,
        ),
        View(
            _KEY.type,
            tuple(Column(each, each) for each in ("KeyName", "Value", "Permissions", "CreationTime")),
            table=True,
        ),
    ),
)
