"""What New-AzDiskConfig, New-AzSnapshotConfig and their Update siblings have in common: the same settings."""

from calco.cloudshell.az.noun import LOCATION, TAG, tag_table
from calco.cloudshell.az.record import Kind, blank, child
from calco.cloudshell.az.target import argument
from calco.cloudshell.cmdlet import Call, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Hashtable, Record, Value

FIRST = (
    Parameter(
        "SkuName",
        help="Standard_LRS, StandardSSD_LRS, Premium_LRS and so on.",
        position=0,
        aliases=("AccountType",),
        from_name=True,
    ),
    Parameter(
        "OsType", help="The system on it, if there is one.", position=1, choices=("Windows", "Linux"), from_name=True
    ),
    Parameter("DiskSizeGB", Takes.INT, "Its size in GiB.", position=2, from_name=True),
)
PLACE = Parameter("Location", help=LOCATION.help, position=3, from_name=True, completes="locations")
NETWORK = (
    Parameter(
        "NetworkAccessPolicy",
        help="Who may be given a signed URL.",
        choices=("AllowAll", "AllowPrivate", "DenyAll"),
        from_name=True,
    ),
    Parameter(
        "PublicNetworkAccess",
        help="Whether it may be reached from outside.",
        choices=("Enabled", "Disabled"),
        from_name=True,
    ),
)
CREATION = (
    Parameter("CreateOption", help="Empty, Copy, Import, FromImage, Upload: what it is made from.", from_name=True),
    Parameter("StorageAccountId", help="The account of the blob that is imported.", from_name=True),
    Parameter("ImageReference", Takes.ANY, "The image it is made from: @{Id=...; Lun=...}.", from_name=True),
    Parameter("SourceUri", help="The blob that is imported, or the id of what is copied.", from_name=True),
    Parameter("SourceResourceId", help="The disk or snapshot that is copied.", aliases=("SourceId",), from_name=True),
    Parameter("HyperVGeneration", help="V1: it boots by BIOS; V2: by UEFI.", choices=("V1", "V2"), from_name=True),
)
COMMON = (*FIRST, PLACE, TAG, *CREATION, *NETWORK)

_DIRECT = ("OsType", "DiskSizeGB", "Location", "HyperVGeneration", "NetworkAccessPolicy", "PublicNetworkAccess")
_CREATED = ("CreateOption", "StorageAccountId", "SourceUri", "SourceResourceId")


def configured(call: Call, kind: Kind, *more: str) -> Record:
    """The object that the call's settings make; ``more`` are parameters that are members of the same name."""
    given = {name: call.value(name) for name in (*_DIRECT, *more) if call.given(name)}
    made = blank(kind, given)
    made.members["Tags"] = tag_table(call)
    if call.given("SkuName"):
        child(made, "Sku").members["Name"] = call.text("SkuName")
    for name in (name for name in _CREATED if call.given(name)):
        child(made, "CreationData").members[name] = call.value(name)
    if call.given("ImageReference"):
        _fill(child(child(made, "CreationData"), "ImageReference"), call.value("ImageReference"))
    return made


def _fill(made: Record, given: Value) -> None:
    """Take over a table or an object. Raises Terminating."""
    match given:
        case Record():
            pairs = list(given.members.items())
        case Hashtable():
            pairs = [(str(key), value) for key, value in given.pairs()]
        case _:
            raise argument("An ImageReference is an object or a table: @{Id='...'; Lun=0}.")
    for name, value in pairs:
        if name not in made.members:
            raise argument(f"An ImageReference has no '{name[:40]}': it has {', '.join(made.members)}.")
        made.members[name] = value
