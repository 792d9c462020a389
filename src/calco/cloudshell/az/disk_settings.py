"""What New-AzDiskConfig, New-AzSnapshotConfig and their Update siblings have in common: the same settings."""

from dataclasses import replace

from calco.cloudshell.az.declaration import LOCATION, TAG, Takes, optional
from calco.cloudshell.az.given import fill, given, tag_table
from calco.cloudshell.az.record import Kind, blank, child
from calco.cloudshell.az.target import argument
from calco.cloudshell.cmdlet import Call
from calco.cloudshell.values import Hashtable, Record, Value

FIRST = (
    optional("SkuName", "Standard_LRS, StandardSSD_LRS, Premium_LRS and so on.", 0, aliases="AccountType"),
    optional("OsType", "The system on it, if there is one.", 1, choices="Windows Linux"),
    optional("DiskSizeGB", "Its size in GiB.", 2, Takes.INT),
)
NETWORK = (
    optional("NetworkAccessPolicy", "Who may be given a signed URL.", choices="AllowAll AllowPrivate DenyAll"),
    optional("PublicNetworkAccess", "Whether it may be reached from outside.", choices="Enabled Disabled"),
)
CREATION = (
    optional("CreateOption", "Empty, Copy, Import, FromImage, Upload: what it is made from."),
    optional("StorageAccountId", "The account of the blob that is imported."),
    optional("ImageReference", "The image it is made from: @{Id=...; Lun=...}.", kind=Takes.ANY),
    optional("SourceUri", "The blob that is imported, or the id of what is copied."),
    optional("SourceResourceId", "The disk or snapshot that is copied.", aliases="SourceId"),
    optional("HyperVGeneration", "V1: it boots by BIOS; V2: by UEFI.", choices="V1 V2"),
)
COMMON = (*FIRST, replace(LOCATION, position=3), TAG, *CREATION, *NETWORK)

_DIRECT = "OsType DiskSizeGB Location HyperVGeneration NetworkAccessPolicy PublicNetworkAccess"
_CREATED = "CreateOption StorageAccountId SourceUri SourceResourceId"


def configured(call: Call, kind: Kind, *more: str) -> Record:
    """The object that the call's settings make; ``more`` are others, by member as ``given`` reads them."""
    made = blank(kind, {**given(call, " ".join((_DIRECT, *more))), "Tags": tag_table(call)})
    fill(call, made, "Sku", "Name=SkuName")
    fill(call, made, "CreationData", _CREATED)
    if call.given("ImageReference"):
        _fill(child(child(made, "CreationData"), "ImageReference"), call.value("ImageReference"))
    return made


def _fill(made: Record, told: Value) -> None:
    """Take over a table or an object. Raises Terminating."""
    match told:
        case Record():
            pairs = list(told.members.items())
        case Hashtable():
            pairs = [(str(key), value) for key, value in told.pairs()]
        case _:
            raise argument("An ImageReference is an object or a table: @{Id='...'; Lun=0}.")
    for name, value in pairs:
        if name not in made.members:
            raise argument(f"An ImageReference has no '{name[:40]}': it has {', '.join(made.members)}.")
        made.members[name] = value
