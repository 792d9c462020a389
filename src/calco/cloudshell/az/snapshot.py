"""Snapshots of managed disks. Source: Microsoft Learn, Az.Compute's reference of each cmdlet."""

from collections.abc import Iterable

from calco.cloudshell.az import disk_access
from calco.cloudshell.az.answer import change
from calco.cloudshell.az.disk_settings import COMMON, FIRST, NETWORK, configured
from calco.cloudshell.az.noun import STATUS, TAG, Noun, getter, list_view, put, remover, status, switch
from calco.cloudshell.az.record import write
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Module, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Value

NOUN = Noun(
    "Microsoft.Compute/snapshots",
    DISK["PSSnapshot"],
    "snapshot",
    "snapshots",
    name="SnapshotName",
    aliases=("Name",),
    positional=True,
)
_UPDATE = DISK["PSSnapshotUpdate"]


def _new_config(call: Call) -> Iterable[Value]:
    if call.should("Snapshot", "New"):
        made = configured(call, NOUN.kind)
        if call.given("Incremental"):
            made.members["Incremental"] = call.switch("Incremental")
        yield made


def _new(call: Call) -> Iterable[Value]:
    if call.should(call.text("SnapshotName"), "New"):
        yield put(call, NOUN, "New-AzSnapshot", NOUN.path(call), write(call.record("Snapshot")))


def _new_update_config(call: Call) -> Iterable[Value]:
    if call.should("SnapshotUpdate", "New"):
        yield configured(call, _UPDATE)


def _update(call: Call) -> Iterable[Value]:
    name, where = call.text("SnapshotName"), NOUN.path(call)
    if not call.should(name, "Update"):
        return
    if call.given("SnapshotUpdate"):
        body = write(call.record("SnapshotUpdate"))
        yield NOUN.read(change(call, f"Update-AzSnapshot {name}", "PATCH", where, body).document)
    else:
        yield put(call, NOUN, "Update-AzSnapshot", where, write(call.record("Snapshot")))


MODULE = Module(
    (
        Cmdlet(
            "New-AzSnapshotConfig",
            "Describes a snapshot, to hand to New-AzSnapshot.",
            _new_config,
            (*COMMON, switch("Incremental", "Keep only what changed since the snapshot before.")),
            output=NOUN.kind.type,
            confirms=True,
            examples=(
                Example(
                    "A snapshot of a disk.",
                    "New-AzSnapshotConfig -SourceUri $disk.Id -Location $disk.Location -CreateOption Copy",
                ),
            ),
        ),
        Cmdlet(
            "New-AzSnapshot",
            "Makes a snapshot.",
            _new,
            (
                *NOUN.named(),
                Parameter(
                    "Snapshot",
                    Takes.RECORD,
                    "What New-AzSnapshotConfig gave.",
                    mandatory=True,
                    position=2,
                    from_pipeline=True,
                    from_name=True,
                    accepts=(NOUN.kind.type,),
                ),
            ),
            output=NOUN.kind.type,
            confirms=True,
            as_job=True,
            examples=(
                Example(
                    "Make the snapshot that was described.",
                    "New-AzSnapshot -ResourceGroupName lab -SnapshotName before -Snapshot $config",
                ),
            ),
        ),
        getter(
            NOUN,
            "Get-AzSnapshot",
            "Gets snapshots.",
            Example("One snapshot.", "Get-AzSnapshot -ResourceGroupName lab -SnapshotName before"),
        ),
        Cmdlet(
            "New-AzSnapshotUpdateConfig",
            "Describes a change to a snapshot, to hand to Update-AzSnapshot.",
            _new_update_config,
            (*FIRST, Parameter("Tag", Takes.HASHTABLE, TAG.help, position=3, from_name=True), *NETWORK),
            output=_UPDATE.type,
            confirms=True,
            examples=(
                Example(
                    "Keep it on another kind of disk.",
                    "New-AzSnapshotUpdateConfig -SkuName Premium_LRS | Update-AzSnapshot lab before",
                ),
            ),
        ),
        Cmdlet(
            "Update-AzSnapshot",
            "Changes a snapshot.",
            _update,
            (
                *NOUN.named(),
                Parameter(
                    "SnapshotUpdate",
                    Takes.RECORD,
                    "What New-AzSnapshotUpdateConfig gave.",
                    ("DefaultParameter",),
                    mandatory=True,
                    position=2,
                    from_pipeline=True,
                    accepts=(_UPDATE.type,),
                ),
                Parameter(
                    "Snapshot",
                    Takes.RECORD,
                    "The snapshot, changed.",
                    ("FriendMethod",),
                    mandatory=True,
                    position=2,
                    from_pipeline=True,
                    accepts=(NOUN.kind.type,),
                ),
            ),
            default_set="DefaultParameter",
            output=NOUN.kind.type,
            confirms=True,
            as_job=True,
            examples=(Example("Change what was read.", "Update-AzSnapshot lab before -Snapshot $snapshot"),),
        ),
        remover(
            NOUN,
            "Remove-AzSnapshot",
            "Removes a snapshot.",
            Example(
                "Remove a snapshot without asking.",
                "Remove-AzSnapshot -ResourceGroupName lab -SnapshotName before -Force",
            ),
            question="This removes the snapshot '{}'. Do you want to continue?",
            gives=lambda _call, ended: [status(ended)],
            output=STATUS,
        ),
        *disk_access.cmdlets(NOUN, "Snapshot", writable=False),
    ),
    (list_view(NOUN.kind), list_view(_UPDATE)),
)
