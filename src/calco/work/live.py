"""Freezing what is on a disk, whichever way the disk is used.

A volume that nobody writes is frozen by a row. One that a guest is writing is frozen under it: an overlay is made, the
guest goes on writing that one from one moment to the next (its disk is then as after a pulled plug, which file systems
are made for), and the disk holds the overlay.

Which of the two a guest writes is a fact of the machine's process, not of the records. So the switch is in the log
before it is asked for, and settled afterwards by asking the machine; and so is its undo: an overlay that the guest
writes is kept. A machine whose process is gone meanwhile has no say any more: the overlay has what was written to it,
or is empty and shows what lies below, so keeping it is right in both cases. Power cannot change hands meanwhile, for
whoever switches a machine on or off claims its disks, and so do these steps' operations.

The steps are pieces of other nouns' plans, in this order: ``switching``, ``locking``, a change that calls ``freeze``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from calco.model import errors
from calco.model.document import text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import Drive
from calco.model.volume import VolumeId
from calco.operations.plan import Act, Job
from calco.ports import Reader, Resource, Writer
from calco.work import volume
from calco.work.cloud import Cloud
from calco.work.machine_state import disks_of, is_running, machine_in, vm_id_of

P = TypeVar("P")

DEPTH_MAX = 300
"""How many volumes a disk may lie over: QEMU has all their files open, and switching a guest takes longer the more they
are (40 ms here with 300)."""


@dataclass(frozen=True)
class Freezing:
    """A disk whose content is to be frozen. ``machine`` is the virtual machine that runs with it, ``fresh`` the overlay
    its guest will write from then on; both None when nobody writes the disk."""

    disk: str
    machine: str | None = None
    fresh: volume.Fresh | None = None


Of = Callable[[P], Freezing | None]
"""What of an operation's parameters is to be frozen; None: nothing."""


def freezing_of(cloud: Cloud, view: Reader, record: Resource) -> Freezing:
    """How the disk has to be frozen as things stand now. Raises ApiError when there is nothing on it yet, or too much
    below it."""
    held = view.held(record.id).get(volume.DISK_SLOT)
    row = None if held is None else view.volume(held)
    if row is None:
        raise errors.linked_not_found(record.id.name)
    if len(volume.chain(view, [row.id])) > DEPTH_MAX:
        raise _too_deep(record.id)
    owner = text_at(record.extra, "managedBy")
    machine = None if owner is None else view.resource(ResourceId.parse(owner))
    if machine is None or not is_running(machine):
        return Freezing(str(record.id))
    # A guest's disk must not change its size under it: what it writes is a qcow2 volume and says how large it is.
    fresh = volume.Fresh(str(record.id), cloud.chance.guid(), row.id, row.size_bytes, volume.pool_for(record))
    return Freezing(str(record.id), str(machine.id), fresh)


def frozen_of(view: Reader, freezing: Freezing) -> VolumeId:
    """The volume that is to be frozen, or was. Raises ApiError when the disk has none any more."""
    if freezing.fresh is not None and freezing.fresh.backing is not None:
        return freezing.fresh.backing
    id = ResourceId.parse(freezing.disk)
    held = view.held(id).get(volume.DISK_SLOT)
    if held is None:
        raise errors.linked_not_found(id.name)
    return held


def switching(of: Of[P]) -> Act[Cloud, P]:
    """The guest goes on in an overlay, if there is one."""

    def do(cloud: Cloud, job: Job[P]) -> None:
        wanted = of(job.params)
        if wanted is not None and wanted.fresh is not None:
            _switch(cloud, wanted, wanted.fresh)

    def undo(cloud: Cloud, job: Job[P]) -> None:
        wanted = of(job.params)
        if wanted is not None and wanted.fresh is not None:
            _settle(cloud, wanted, wanted.fresh)

    return Act("switch guest", do, undo)


def locking(volume_of: Callable[[Reader, P], VolumeId]) -> Act[Cloud, P]:
    """The file of what nobody writes any more loses its write permission. After ``switching``, and before the change
    that freezes the row: of a blob, writes may be under way until then."""

    def do(cloud: Cloud, job: Job[P]) -> None:
        with cloud.records.read() as view:
            frozen = volume_of(view, job.params)
        cloud.disks.sync(frozen)
        cloud.disks.freeze(frozen)

    def undo(cloud: Cloud, job: Job[P]) -> None:
        # No operation is accepted meanwhile. Another one at its holder may have locked it too, and counts on that.
        with cloud.records.write() as tx:
            row = tx.volume(volume_of(tx, job.params))
            if row is not None and not row.frozen and _is_alone(tx, row.id, job.id):
                cloud.disks.thaw(row.id)

    return Act("lock file", do, undo)


def _is_alone(view: Reader, held: VolumeId, operation: str) -> bool:
    """Whether no other operation is at whoever holds the volume."""
    return {each for holder, _ in view.holders(held) for each in view.claims(holder)} <= {operation}


def freeze(tx: Writer, wanted: Freezing) -> VolumeId:
    """The row says that it is frozen, and the disk holds the overlay if there is one. Answers the frozen volume."""
    row = tx.volume(frozen_of(tx, wanted))
    if row is None:
        raise errors.linked_not_found(ResourceId.parse(wanted.disk).name)
    tx.put_volume(replace(row, frozen=True))
    if wanted.fresh is not None:
        volume.adopt(tx, [wanted.fresh])
    return row.id


def _switch(cloud: Cloud, wanted: Freezing, fresh: volume.Fresh) -> None:
    volume.make(cloud, [fresh])
    vm_id, lun = _place(cloud, wanted)
    cloud.hypervisor.switch(vm_id, Drive(fresh.volume, lun))
    if cloud.hypervisor.writes(vm_id).get(lun, fresh.volume) != fresh.volume:
        raise errors.refused(f"The guest of VM {wanted.machine} cannot be switched to another file now. Try again.")


def _settle(cloud: Cloud, wanted: Freezing, fresh: volume.Fresh) -> None:
    """Take the overlay back, unless the guest writes it, or may have."""
    vm_id, lun = _place(cloud, wanted)
    writes_below = cloud.hypervisor.writes(vm_id).get(lun) == fresh.backing
    if not writes_below and fresh.volume in cloud.disks.volumes():
        volume.make(cloud, [fresh])
        with cloud.records.write() as tx:
            frozen = freeze(tx, wanted)
        cloud.disks.freeze(frozen)
    else:
        volume.drop_files(cloud, [fresh.volume])


def _place(cloud: Cloud, wanted: Freezing) -> tuple[str, int | None]:
    """The machine's vmId, and the LUN of the disk in it."""
    assert wanted.machine is not None
    with cloud.records.read() as view:
        machine = machine_in(view, wanted.machine)
    key = ResourceId.parse(wanted.disk).key
    for lun, each in disks_of(machine).items():
        if each.key == key:
            return vm_id_of(machine), lun
    raise errors.linked_not_found(ResourceId.parse(wanted.disk).name)


def _too_deep(disk: ResourceId) -> ApiError:
    """Ours; Azure counts incremental snapshots, and allows 500."""
    return errors.refused(
        f"Disk {disk.name} was written after each of {DEPTH_MAX} snapshots or copies of it: no more can be taken. "
        "Download it with beginGetAccess and upload it to a new disk, which lies over nothing."
    )
