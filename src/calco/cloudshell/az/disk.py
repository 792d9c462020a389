"""Managed disks: configured in memory, made, read, changed, removed, and opened by a signed URL.

Source: Microsoft Learn, Az.Compute's reference of each cmdlet.
"""

from collections.abc import Iterable

from calco.cloudshell.az.declaration import Takes, cmdlet, optional
from calco.cloudshell.az.described import URI, Described
from calco.cloudshell.az.disk_settings import COMMON, configured
from calco.cloudshell.az.given import fill
from calco.cloudshell.az.noun import STATUS, STATUS_VIEW, Noun, list_view, status
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import Value

NOUN = Noun("Microsoft.Compute/disks", DISK["PSDisk"], "disk", name="DiskName", aliases="Name", positional=True)
_SPEED = (
    optional("Tier", "The performance tier."),
    optional("DiskIOPSReadWrite", "Operations a second, of disks that can be told.", kind=Takes.INT),
    optional("DiskMBpsReadWrite", "Megabytes a second, of disks that can be told.", kind=Takes.INT),
    optional("BurstingEnabled", "$true or $false: whether it may go beyond its tier.", kind=Takes.BOOL),
)


def _new_config(call: Call) -> Iterable[Value]:
    if call.should("Disk", "New"):
        made = configured(call, NOUN.kind, *(each.name for each in _SPEED), "Zones=Zone")
        fill(call, made, "CreationData", "UploadSizeBytes=UploadSizeInBytes")
        yield made


_DISKS = Described(NOUN, "Disk", DISK["PSDiskUpdate"], _SPEED)


MODULE = Module(
    (
        cmdlet(
            "New-AzDiskConfig",
            "Describes a managed disk, to hand to New-AzDisk.",
            _new_config,
            *COMMON,
            *_SPEED,
            optional("Zone", "The zone it is to be in.", kind=Takes.STRINGS),
            optional(
                "UploadSizeInBytes",
                "With -CreateOption Upload: the length of the whole VHD file, its footer of 512 bytes included.",
                kind=Takes.LONG,
            ),
            output=NOUN.kind.type,
            confirms=True,
            examples={
                "An empty disk of 64 GiB.": "New-AzDiskConfig -Location westeurope -CreateOption Empty -DiskSizeGB 64 "
                "-SkuName Standard_LRS",
                "A disk from a snapshot.": "New-AzDiskConfig -Location westeurope -CreateOption Copy "
                "-SourceResourceId $snapshot.Id",
            },
        ),
        _DISKS.maker(
            {"Make the disk that was described.": "New-AzDisk -ResourceGroupName lab -DiskName data1 -Disk $config"}
        ),
        NOUN.getter(
            "Get-AzDisk",
            "Gets managed disks.",
            {
                "One disk.": "Get-AzDisk -ResourceGroupName lab -DiskName data1",
                "Disks that no machine has.": "Get-AzDisk | Where-Object DiskState -eq Unattached",
            },
        ),
        _DISKS.describer(
            {
                "Make a disk larger.": "New-AzDiskUpdateConfig -DiskSizeGB 128 | Update-AzDisk -ResourceGroupName lab "
                "-DiskName data1"
            }
        ),
        _DISKS.changer(
            {
                "Change the disk that was read.": "$disk = Get-AzDisk lab data1; $disk.DiskSizeGB = 128; "
                "Update-AzDisk lab data1 -Disk $disk"
            }
        ),
        NOUN.remover(
            "Remove-AzDisk",
            "Removes a managed disk.",
            {"Remove a disk without asking.": "Remove-AzDisk -ResourceGroupName lab -DiskName data1 -Force"},
            question="This removes the disk '{}' and all that is on it. Do you want to continue?",
            gives=lambda _call, ended: [status(ended)],
            output=STATUS,
        ),
        _DISKS.granter(writable=True),
        _DISKS.revoker(),
    ),
    (list_view(NOUN.kind), STATUS_VIEW, list_view(_DISKS.update), list_view(URI)),
)
