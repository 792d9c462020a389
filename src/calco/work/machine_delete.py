"""A machine's end: power, NICs and disks are let go, and what is to go with it goes."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from calco.model.delete_option import DeleteOption
from calco.model.disk import DiskEvent
from calco.model.document import object_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Operation
from calco.model.volume import VolumeId
from calco.operations.plan import Act, Change, Job, Plan, Wait, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import access, disk, machine_blobs, machine_links, network_interface, power, power_down, volume
from calco.work.cloud import Cloud
from calco.work.common import with_internal, with_properties
from calco.work.machine_state import LEAVING, blobs_of, disks_of, machine_in, nics_of, vm_id_of

MACHINE = "microsoft.compute/virtualmachines"
LINE = "deletion"
"""Deletions that wait for a creation to end: at each end the first one looks, the others do from time to time."""
LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True)
class Removal:
    """A machine to be deleted. ``disks``, ``nics`` and ``publics`` go with it (their deleteOption says so), the others
    are detached; ``files`` are all volumes that may turn out to be used by nobody then."""

    machine: str
    vm_id: str
    disks: tuple[str, ...]
    nics: tuple[str, ...]
    files: tuple[VolumeId, ...]
    publics: tuple[str, ...] = ()


def _await_creation(_cloud: Cloud, tx: Writer, job: Job[Removal]) -> Wait | None:
    """A creation under way ends by itself, for the machine's mark says that nobody wants it."""
    machine = tx.resource(ResourceId.parse(job.params.machine))
    if machine is None:  # a deletion that an older version had all but finished
        return None
    if set(tx.claims(machine.id)) != {job.id}:
        return Wait(LOOK_AGAIN_SECONDS, LINE, job.sequence)
    if machine.internal.get(LEAVING):
        tx.put(with_internal(with_properties(machine, {"provisioningState": "Deleting"}), {LEAVING: None}))
    return None


def _switch_off_for_good(cloud: Cloud, job: Job[Removal]) -> None:
    cloud.hypervisor.stop(job.params.vm_id, grace_seconds=0)
    with cloud.records.read() as view:
        written = power_down.volumes_of(view, blobs_of(machine_in(view, job.params.machine)).values())
    for each in written:  # they stay
        cloud.disks.sync(each)
    machine_links.unplug(cloud, job.params.machine)
    cloud.media.delete(job.params.vm_id)
    cloud.hypervisor.forget(job.params.vm_id)


def _forget(cloud: Cloud, tx: Writer, job: Job[Removal]) -> None:
    machine = machine_in(tx, job.params.machine)
    leaving = {ResourceId.parse(each).key for each in (*job.params.disks, *job.params.nics, *job.params.publics)}
    for id in (*disks_of(machine).values(), *nics_of(machine)):
        record = tx.resource(id)
        if record is None:
            continue
        if id.kind == disk.KIND.lower():
            _let_disk_go(cloud, tx, record, leaves=id.key in leaving)
        else:
            _let_nic_go(tx, record, leaving)
    machine_blobs.release(tx, machine)
    tx.delete(machine.id)
    volume.forget_unused(tx, job.params.files)


def _delete_failed(_cloud: Cloud, tx: Writer, job: Job[Removal], _error: ApiError) -> None:
    """The machine is switched off and still there; deleting it again goes on."""
    machine = tx.resource(ResourceId.parse(job.params.machine))
    if machine is not None:
        tx.put(with_properties(machine, {"provisioningState": "Failed"}))


def _let_disk_go(cloud: Cloud, tx: Writer, record: Resource, *, leaves: bool) -> None:
    if leaves:
        access.forget(tx, record.id)
        tx.delete(record.id)
    else:
        tx.put(disk.moved(record, DiskEvent.DETACH, cloud.clock.now()))


def _let_nic_go(tx: Writer, record: Resource, leaving: Set[str]) -> None:
    public = network_interface.leaving_address_of(record)
    if public is not None and public.key in leaving:
        record = network_interface.without_address(tx, record)
    if record.id.key in leaving:
        network_interface.forget(tx, record)
    else:
        tx.put(network_interface.detached(record))


def _drop_files(cloud: Cloud, job: Job[Removal]) -> None:
    volume.drop_files(cloud, job.params.files)


def removal_of(view: Reader, machine: Resource, creation: Operation | None = None) -> Removal:
    """What goes with the machine: the disks, NICs and NICs' public addresses whose ``deleteOption`` is ``Delete``. A
    ``creation`` under way may yet give the disks volumes of their own."""
    profile = object_at(machine.properties, "storageProfile")
    data = profile.get("dataDisks")
    disks = [
        id
        for each in [object_at(profile, "osDisk"), *(data if isinstance(data, list) else [])]
        if text_at(each, "deleteOption") == DeleteOption.DELETE
        and (id := text_at(each, "managedDisk", "id")) is not None
    ]
    nics = object_at(machine.properties, "networkProfile").get("networkInterfaces")
    leaving = [
        id
        for each in (nics if isinstance(nics, list) else [])
        if text_at(each, "properties", "deleteOption") == DeleteOption.DELETE
        and (id := text_at(each, "id")) is not None
    ]
    files = volume.chain(view, power_down.volumes_of(view, [ResourceId.parse(each) for each in disks]))
    files += volume.chain(view, view.held(machine.id).values())
    if creation is not None:
        files = [*(each.volume for each in power.CREATE.job(creation).params.fresh), *files]
    publics = [network_interface.leaving_address_of(each) for each in machine_links.nics_in(view, machine)]
    return Removal(
        str(machine.id),
        vm_id_of(machine),
        tuple(disks),
        tuple(leaving),
        tuple(files),
        tuple(str(each) for each in publics if each is not None),
    )


def taken_along(view: Reader, id: ResourceId) -> Sequence[str]:
    """What goes with a machine, or with the machines of a group, because its ``deleteOption`` says so: disks, NICs,
    public addresses; they may be in any group."""
    there = view.in_group(id) if not id.types else [view.resource(id)]
    leaving = [removal_of(view, each) for each in there if each is not None and each.id.kind == MACHINE]
    return [taken for each in leaving for taken in (*each.disks, *each.nics, *each.publics)]


DELETE: Plan[Cloud, Removal] = Plan(
    "machine.delete",
    Removal,
    (
        Change("await creation", _await_creation, no_change),
        Act("power off", _switch_off_for_good, power_down.note_loss),
        Change("forget", _forget, no_change),
        Act("drop files", _drop_files, nothing, insist=True),
    ),
    failed=_delete_failed,
)
