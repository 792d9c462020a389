"""Managed disks: configured in memory, made, read, changed, removed, and opened by a signed URL.

Source: Microsoft Learn, Az.Compute's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az import disk_access
from calco.cloudshell.az.described import Described
from calco.cloudshell.az.disk_settings import COMMON, configured
from calco.cloudshell.az.noun import STATUS, STATUS_VIEW, Noun, getter, list_view, remover, status
from calco.cloudshell.az.record import child
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Module, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Value

NOUN = Noun(
    "Microsoft.Compute/disks", DISK["PSDisk"], "disk", "disks", name="DiskName", aliases=("Name",), positional=True
)
_SPEED = (
    Parameter("Tier", help="The performance tier.", from_name=True),
    Parameter("DiskIOPSReadWrite", Takes.INT, "Operations a second, of disks that can be told.", from_name=True),
    Parameter("DiskMBpsReadWrite", Takes.INT, "Megabytes a second, of disks that can be told.", from_name=True),
    Parameter("BurstingEnabled", Takes.BOOL, "$true or $false: whether it may go beyond its tier.", from_name=True),
)


def _new_config(call: Call) -> Iterable[Value]:
    if not call.should("Disk", "New"):
        return
    made = configured(call, NOUN.kind, *(each.name for each in _SPEED))
    if call.given("Zone"):
        made.members["Zones"] = list(call.texts("Zone"))
    if call.given("UploadSizeInBytes"):
        child(made, "CreationData").members["UploadSizeBytes"] = call.number("UploadSizeInBytes")
    yield made


_DISKS = Described(NOUN, "Disk", DISK["PSDiskUpdate"], _SPEED)


MODULE = Module(
    (
        Cmdlet(
            "New-AzDiskConfig",
            "Describes a managed disk, to hand to New-AzDisk.",
            _new_config,
            (
                *COMMON,
                *_SPEED,
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
        _DISKS.maker(
            Example(
                "Make the disk that was described.",
                "New-AzDisk -ResourceGroupName lab -DiskName data1 -Disk $config",
            )
        ),
        getter(
            NOUN,
            "Get-AzDisk",
            "Gets managed disks.",
            Example("One disk.", "Get-AzDisk -ResourceGroupName lab -DiskName data1"),
            Example("Disks that no machine has.", "Get-AzDisk | Where-Object DiskState -eq Unattached"),
        ),
        _DISKS.describer(
            Example(
                "Make a disk larger.",
                "New-AzDiskUpdateConfig -DiskSizeGB 128 | Update-AzDisk -ResourceGroupName lab -DiskName data1",
            )
        ),
        _DISKS.changer(
            Example(
                "Change the disk that was read.",
                "$disk = Get-AzDisk lab data1; $disk.DiskSizeGB = 128; Update-AzDisk lab data1 -Disk $disk",
            )
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
    (list_view(NOUN.kind), STATUS_VIEW, list_view(_DISKS.update), disk_access.VIEW),
)
