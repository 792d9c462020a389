"""Managed disks: configured in memory, made, read, changed, removed, and opened by a signed URL.

Source: Microsoft Learn, Az.Compute's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az import disk_access
from calco.cloudshell.az.answer import change
from calco.cloudshell.az.disk_settings import COMMON, FIRST, NETWORK, configured
from calco.cloudshell.az.noun import STATUS, STATUS_VIEW, TAG, Noun, getter, list_view, put, remover, status
from calco.cloudshell.az.record import child, write
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Module, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Value

NOUN = Noun(
    "Microsoft.Compute/disks", DISK["PSDisk"], "disk", "disks", name="DiskName", aliases=("Name",), positional=True
)
_UPDATE = DISK["PSDiskUpdate"]
_SPEED = ("Tier", "DiskIOPSReadWrite", "DiskMBpsReadWrite", "BurstingEnabled")
_SPEED_PARAMETERS = (
    Parameter("Tier", help="The performance tier.", from_name=True),
    Parameter("DiskIOPSReadWrite", Takes.INT, "Operations a second, of disks that can be told.", from_name=True),
    Parameter("DiskMBpsReadWrite", Takes.INT, "Megabytes a second, of disks that can be told.", from_name=True),
    Parameter("BurstingEnabled", Takes.BOOL, "$true or $false: whether it may go beyond its tier.", from_name=True),
)
_OBJECT = ("Microsoft.Azure.Commands.Compute.Automation.Models.PSDisk",)


def _new_config(call: Call) -> Iterable[Value]:
    if not call.should("Disk", "New"):
        return
    made = configured(call, NOUN.kind, *_SPEED)
    if call.given("Zone"):
        made.members["Zones"] = list(call.texts("Zone"))
    if call.given("UploadSizeInBytes"):
        child(made, "CreationData").members["UploadSizeBytes"] = call.number("UploadSizeInBytes")
    yield made


def _new(call: Call) -> Iterable[Value]:
    if call.should(call.text("DiskName"), "New"):
        yield put(call, NOUN, "New-AzDisk", NOUN.path(call), write(call.record("Disk")))


def _new_update_config(call: Call) -> Iterable[Value]:
    if call.should("DiskUpdate", "New"):
        yield configured(call, _UPDATE, *_SPEED)


def _update(call: Call) -> Iterable[Value]:
    name, where = call.text("DiskName"), NOUN.path(call)
    if not call.should(name, "Update"):
        return
    if call.given("DiskUpdate"):
        yield NOUN.read(
            change(call, f"Update-AzDisk {name}", "PATCH", where, write(call.record("DiskUpdate"))).document
        )
    else:
        yield put(call, NOUN, "Update-AzDisk", where, write(call.record("Disk")))


MODULE = Module(
    (
        Cmdlet(
            "New-AzDiskConfig",
            "Describes a managed disk, to hand to New-AzDisk.",
            _new_config,
            (
                *COMMON,
                *_SPEED_PARAMETERS,
                Parameter("Zone", Takes.STRINGS, "The zone it is to be in.", from_name=True),
                Parameter(
                    "UploadSizeInBytes",
                    Takes.LONG,
                    "With -CreateOption Upload: the length of the whole VHD file, its footer of 512 bytes included.",
                    from_name=True,
                ),
            ),
            output=NOUN.kind.type,
            confirms=True,
            examples=(
                Example(
                    "An empty disk of 64 GiB.",
                    "New-AzDiskConfig -Location westeurope -CreateOption Empty -DiskSizeGB 64 -SkuName Standard_LRS",
                ),
                Example(
                    "A disk from a snapshot.",
                    "New-AzDiskConfig -Location westeurope -CreateOption Copy -SourceResourceId $snapshot.Id",
                ),
            ),
        ),
        Cmdlet(
            "New-AzDisk",
            "Makes a managed disk.",
            _new,
            (
                *NOUN.named(),
                Parameter(
                    "Disk",
                    Takes.RECORD,
                    "What New-AzDiskConfig gave.",
                    mandatory=True,
                    position=2,
                    from_pipeline=True,
                    from_name=True,
                    accepts=_OBJECT,
                ),
            ),
            output=NOUN.kind.type,
            confirms=True,
            as_job=True,
            examples=(
                Example(
                    "Make the disk that was described.",
                    "New-AzDisk -ResourceGroupName lab -DiskName data1 -Disk $config",
                ),
            ),
        ),
        getter(
            NOUN,
            "Get-AzDisk",
            "Gets managed disks.",
            Example("One disk.", "Get-AzDisk -ResourceGroupName lab -DiskName data1"),
            Example("Disks that no machine has.", "Get-AzDisk | Where-Object DiskState -eq Unattached"),
        ),
        Cmdlet(
            "New-AzDiskUpdateConfig",
            "Describes a change to a managed disk, to hand to Update-AzDisk.",
            _new_update_config,
            (
                *FIRST,
                Parameter("Tag", Takes.HASHTABLE, TAG.help, position=3, from_name=True),
                *NETWORK,
                *_SPEED_PARAMETERS,
            ),
            output=_UPDATE.type,
            confirms=True,
            examples=(
                Example(
                    "Make a disk larger.",
                    "New-AzDiskUpdateConfig -DiskSizeGB 128 | Update-AzDisk -ResourceGroupName lab -DiskName data1",
                ),
            ),
        ),
        Cmdlet(
            "Update-AzDisk",
            "Changes a managed disk.",
            _update,
            (
                *NOUN.named(),
                Parameter(
                    "DiskUpdate",
                    Takes.RECORD,
                    "What New-AzDiskUpdateConfig gave.",
                    ("DefaultParameter",),
                    mandatory=True,
                    position=2,
                    from_pipeline=True,
                    accepts=(_UPDATE.type,),
                ),
                Parameter(
                    "Disk",
                    Takes.RECORD,
                    "The disk, changed.",
                    ("FriendMethod",),
                    mandatory=True,
                    position=2,
                    from_pipeline=True,
                    accepts=_OBJECT,
                ),
            ),
            default_set="DefaultParameter",
            output=NOUN.kind.type,
            confirms=True,
            as_job=True,
            examples=(
                Example(
                    "Change the disk that was read.",
                    "$disk = Get-AzDisk lab data1; $disk.DiskSizeGB = 128; Update-AzDisk lab data1 -Disk $disk",
                ),
            ),
        ),
        remover(
            NOUN,
            "Remove-AzDisk",
            "Removes a managed disk.",
            Example("Remove a disk without asking.", "Remove-AzDisk -ResourceGroupName lab -DiskName data1 -Force"),
            question="This removes the disk '{}' and all that is on it. Do you want to continue?",
            gives=lambda _call, ended: [status(ended)],
            output=STATUS,
        ),
        *disk_access.cmdlets(NOUN, "Disk", writable=True),
    ),
    (list_view(NOUN.kind), STATUS_VIEW, list_view(_UPDATE), disk_access.VIEW),
)
