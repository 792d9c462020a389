"""Snapshots of managed disks. Source: Microsoft Learn, Az.Compute's reference of each cmdlet."""

from collections.abc import Iterable

from calco.cloudshell.az.declaration import cmdlet, switch
from calco.cloudshell.az.described import Described
from calco.cloudshell.az.disk_settings import COMMON, configured
from calco.cloudshell.az.noun import STATUS, Noun, list_view, status
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import Value

NOUN = Noun(
    "Microsoft.Compute/snapshots", DISK["PSSnapshot"], "snapshot", name="SnapshotName", aliases="Name", positional=True
)


def _new_config(call: Call) -> Iterable[Value]:
    if call.should("Snapshot", "New"):
        yield configured(call, NOUN.kind, "Incremental")


_SNAPSHOTS = Described(NOUN, "Snapshot", DISK["PSSnapshotUpdate"])


MODULE = Module(
    (
        cmdlet(
            "New-AzSnapshotConfig",
            "Describes a snapshot, to hand to New-AzSnapshot.",
            _new_config,
            *COMMON,
            switch("Incremental", "Keep only what changed since the snapshot before."),
            output=NOUN.kind.type,
            confirms=True,
            examples={
                "A snapshot of a disk.": "New-AzSnapshotConfig -SourceUri $disk.Id -Location $disk.Location "
                "-CreateOption Copy"
            },
        ),
        _SNAPSHOTS.maker(
            {
                "Make the snapshot that was described.": "New-AzSnapshot -ResourceGroupName lab -SnapshotName before "
                "-Snapshot $config"
            }
        ),
        NOUN.getter(
            "Get-AzSnapshot",
            "Gets snapshots.",
            {"One snapshot.": "Get-AzSnapshot -ResourceGroupName lab -SnapshotName before"},
        ),
        _SNAPSHOTS.describer(
            {
                "Keep it on another kind of disk.": "New-AzSnapshotUpdateConfig -SkuName Premium_LRS "
                "| Update-AzSnapshot lab before"
            }
        ),
        _SNAPSHOTS.changer({"Change what was read.": "Update-AzSnapshot lab before -Snapshot $snapshot"}),
        NOUN.remover(
            "Remove-AzSnapshot",
            "Removes a snapshot.",
            {
                "Remove a snapshot without asking.": "Remove-AzSnapshot -ResourceGroupName lab -SnapshotName before "
                "-Force"
            },
            question="This removes the snapshot '{}'. Do you want to continue?",
            gives=lambda _call, ended: [status(ended)],
            output=STATUS,
        ),
        _SNAPSHOTS.granter(writable=False),
        _SNAPSHOTS.revoker(),
    ),
    (list_view(NOUN.kind), list_view(_SNAPSHOTS.update)),
)
