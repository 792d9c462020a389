"""Data disks of a machine that is there: attached, detached and grown by changing the machine's model.

What the request says is compared with what the machine has, LUN by LUN. A disk that the request leaves out, or marks
``toBeDetached``, goes; one at a LUN that was free comes, new or existing; the others may change their caching at any
time, and size and SKU while the machine is deallocated. The machine shows the outcome from the answer on, with
``toBeDetached`` for what is on its way out. Source: recording net-vm-add-remove-datadisks.

A running guest gets its disks and loses them at once: unplugged first, so a LUN may be used again in the same request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calco.model import errors
from calco.model.disk import CreateOption, DiskEvent, OsType, Sku, Use, size_gb
from calco.model.document import Document, flag_at, number_at, object_at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.model.operation import Claim, Operation
from calco.model.virtual_machine import Act as MachineAct
from calco.model.virtual_machine import DiskWish, NewVirtualMachine
from calco.model.vm_size import VmSize
from calco.model.volume import GIB
from calco.operations.plan import Act, Change, Job, Plan, no_change
from calco.ports import Reader, Resource, Writer
from calco.tool import ToolFailed
from calco.work import access, disk, disk_source, machine_disks, volume, zone
from calco.work.cloud import Cloud
from calco.work.common import check_free, hand_over, with_internal, with_properties
from calco.work.machine_disks import DiskPlan, Order, Source
from calco.work.machine_state import blobs_of, condition_of, disks_of, drive_of, is_running, machine_in, vm_id_of

BEFORE = "storageProfileBefore"
"""``internal`` member of a machine whose disks change: what it goes back to if that fails."""

_MAY_CHANGE = ("caching", "deleteOption", "writeAcceleratorEnabled")


@dataclass(frozen=True)
class Growth:
    """A disk that becomes larger."""

    disk: Resource
    size_gb: int


@dataclass(frozen=True)
class Changes:
    """What a request means for a machine's disks. ``profile`` is the storage profile it shows from now on; ``skus`` are
    disks whose record changes and nothing else."""

    profile: Document
    attached: Sequence[DiskPlan]
    detached: Sequence[ResourceId]
    grown: Sequence[Growth]
    skus: Sequence[Resource]

    @property
    def is_slow(self) -> bool:
        return bool(self.attached or self.detached or self.grown)


# --- reading the request ---------------------------------------------------------------------------------------------


def changes_of(cloud: Cloud, view: Reader, machine: Resource, wanted: NewVirtualMachine, size: VmSize) -> Changes:
    """What is to be done. Raises Azure's refusals; changes nothing."""
    now, sent = (object_at(each.properties, "storageProfile") for each in (machine, wanted))
    kept = _Kept(cloud, view, machine)
    swap = _swapped(cloud, view, machine, wanted, size)
    os_disk = swap.shown if swap else kept.changed(object_at(now, "osDisk"), object_at(sent, "osDisk"), wanted.os_disk)
    coming, going = ([swap], [disks_of(machine)[None]]) if swap else ([], [])
    if not wanted.data_disks and "dataDisks" not in sent:
        return Changes({**now, "osDisk": os_disk}, coming, going, kept.grown, kept.skus)
    present = {number_at(each, "lun"): each for each in objects_at(now, "dataDisks")}
    _check_managed(machine, wanted, present)
    wishes = {wish.lun: wish for wish in wanted.data_disks}
    machine_disks.check_luns([wish.lun for wish in wanted.data_disks if not wish.to_be_detached], size)
    documents = {number_at(each, "lun"): each for each in objects_at(sent, "dataDisks")}
    shown: list[Document] = []
    for lun, each in present.items():
        wish = wishes.get(lun)
        stays = wish is not None and not wish.to_be_detached
        if wish is not None:
            _check_same(each, wish)
        if wish is not None and stays:
            shown.append(kept.changed(each, documents.get(lun, {}), wish))
        else:
            shown.append({**each, "toBeDetached": True})
            going += [ResourceId.parse(id) for id in [text_at(each, "managedDisk", "id")] if id is not None]
    attached = _attached(cloud, view, machine, _order(machine, wanted, size))
    profile: Document = {**now, "osDisk": os_disk, "dataDisks": [*shown, *(each.shown for each in attached)]}
    return Changes(profile, [*coming, *attached], going, kept.grown, kept.skus)


def _swapped(cloud: Cloud, view: Reader, machine: Resource, wanted: NewVirtualMachine, size: VmSize) -> DiskPlan | None:
    """Another OS disk, as ``az vm update --os-disk`` asks for it; None when it stays. Raises ApiError. Source of the
    rule: Azure, "Change the OS disk used by an Azure VM"."""
    present = object_at(machine.properties, "storageProfile", "osDisk")
    wish, id = wanted.os_disk, text_at(present, "managedDisk", "id")
    if wish.disk is None or id is None or wish.disk.key == id.lower():
        if wish.name is not None and wish.name.lower() != (text_at(present, "name") or "").lower():
            raise errors.property_change("osDisk.name")
        return None
    if not condition_of(machine).is_deallocated:
        raise errors.refused(
            f"The OS disk of VM '{machine.id.name}' cannot be swapped while the VM is allocated. Deallocate it first.",
            "osDisk.managedDisk.id",
        )
    order = _order(machine, wanted, size)
    plan = machine_disks.plan_one(cloud, view, order, replace(wish, create_option=CreateOption.ATTACH), 1)
    zone.check_together(plan.record, volume.zones_of(machine))
    for name, now in (("osType", text_at(present, "osType")), ("hyperVGeneration", order.source.generation.value)):
        if text_at(plan.record.properties, name) not in (None, now):
            raise errors.property_change(f"osDisk.{name}")
    taken = ("name", "managedDisk", "diskSizeGB")
    return replace(plan, shown={**present, **{name: each for name, each in plan.shown.items() if name in taken}})


def _check_managed(machine: Resource, wanted: NewVirtualMachine, present: Mapping[int | None, Document]) -> None:
    """Blobs do not come and go while their machine is there. Raises ApiError."""
    has_blobs = bool(blobs_of(machine))
    if has_blobs and {each.lun for each in wanted.data_disks if not each.to_be_detached} != present.keys():
        raise errors.not_supported("dataDisks.vhd (attaching or detaching blobs of a machine that is there)")
    if not has_blobs and any(each.vhd is not None for each in wanted.data_disks):
        raise errors.refused("Addition of a blob based disk to VM with managed disks is not supported.", "dataDisk")


def _check_same(present: Document, wish: DiskWish) -> None:
    """The disk at a LUN stays that disk. Raises ApiError."""
    id = text_at(present, "managedDisk", "id") or ""
    if wish.disk is not None and wish.disk.key != id.lower():
        raise errors.lun_taken(wish.lun or 0)
    if wish.name is not None and wish.name.lower() != (text_at(present, "name") or "").lower():
        raise errors.property_change("dataDisk.name")
    if wish.create_option != text_at(present, "createOption"):
        raise errors.property_change("dataDisk.createOption")


def _attached(cloud: Cloud, view: Reader, machine: Resource, order: Order) -> list[DiskPlan]:
    present = disks_of(machine)
    plans: list[DiskPlan] = []
    for number, wish in enumerate(order.wanted.data_disks, start=2):
        if wish.lun in present:
            continue
        if wish.to_be_detached:
            raise errors.invalid("dataDisk.toBeDetached", f"No disk is attached at LUN {wish.lun}.")
        if wish.create_option is CreateOption.FROM_IMAGE:
            raise errors.invalid("dataDisk.createOption", "Only a new machine gets its data disks from an image.")
        plan = machine_disks.plan_one(cloud, view, order, wish, number)
        zone.check_together(plan.record, volume.zones_of(machine))
        if any(each.record.id.key == plan.record.id.key for each in plans):
            raise errors.disk_owned(plan.record.id.name, machine.id.name)
        plans.append(plan)
    return plans


def _order(machine: Resource, wanted: NewVirtualMachine, size: VmSize) -> Order:
    """New disks of a machine that is there are planned as a new machine's are, without an image."""
    generation = Generation(text_at(machine.internal, "generation") or Generation.V1)
    source = Source({}, generation, OsType.LINUX, False, {}, False)
    return Order(replace(wanted, extra=machine.extra), source, size, machine.location)


class _Kept:
    """The disks that stay: what changes of each is gathered on the way."""

    def __init__(self, cloud: Cloud, view: Reader, machine: Resource) -> None:
        self._view = view
        self._machine = machine
        self._now = cloud.clock.now()
        self.grown: list[Growth] = []
        self.skus: list[Resource] = []

    def changed(self, present: Document, sent: Document, wish: DiskWish) -> Document:
        """How the machine shows the disk from now on. What it already shows is no wish: it may have grown since."""
        shown: Document = {**present, **{name: sent[name] for name in _MAY_CHANGE if name in sent}}
        id = text_at(present, "managedDisk", "id")
        record = None if id is None else self._view.resource(ResourceId.parse(id))
        if record is None:
            if wish.size_gb not in (None, number_at(present, "diskSizeGB")):
                raise errors.not_supported("diskSizeGB (growing a disk that is a blob)")
            return shown
        if wish.size_gb is not None and wish.size_gb != number_at(present, "diskSizeGB"):
            self._grow(record, wish.size_gb)
            shown["diskSizeGB"] = wish.size_gb
        if wish.sku is not None and wish.sku != text_at(present, "managedDisk", "storageAccountType"):
            self._store_elsewhere(record, wish.sku)
            shown["managedDisk"] = {**object_at(present, "managedDisk"), "storageAccountType": wish.sku.value}
        return shown

    def _grow(self, record: Resource, wanted_gb: int) -> None:
        now_gb = number_at(record.properties, "diskSizeGB") or 0
        if wanted_gb < now_gb:
            raise disk_source.resized_down()
        if wanted_gb > now_gb:
            access.check_use(record, Use.RESIZE, self._now)
            self.grown.append(Growth(record, wanted_gb))

    def _store_elsewhere(self, record: Resource, sku: Sku) -> None:
        now = Sku(text_at(record.extra, "sku", "name") or disk.DEFAULT_SKU)
        if now is sku:
            return
        if not condition_of(self._machine).is_deallocated or now.is_zone_redundant != sku.is_zone_redundant:
            raise errors.property_change("managedDisk.storageAccountType")
        self.skus.append(replace(record, extra={**record.extra, "sku": {"name": sku.value, "tier": sku.tier}}))


# --- accepting -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rewiring:
    """A machine whose disks change. ``new`` are those of ``attached`` that are made for it."""

    machine: str
    attached: tuple[str, ...]
    new: tuple[str, ...]
    detached: tuple[str, ...]
    fresh: tuple[volume.Fresh, ...]
    grown: tuple[disk.Growing, ...]


def accept(
    cloud: Cloud, tx: Writer, machine: Resource, changed: Resource, changes: Changes
) -> tuple[Resource, Operation]:
    """Write down what is to be done to ``machine``, which shows itself as ``changed`` from now on."""
    touched = [*(each.record.id for each in changes.attached), *changes.detached, *(g.disk.id for g in changes.grown)]
    claims = (Claim(machine.id), *(Claim(each) for each in touched))
    check_free(tx, claims, lambda _: errors.machine_busy(MachineAct.UPDATE, machine.id.name))
    before = object_at(machine.properties, "storageProfile")
    changed = with_internal(with_properties(changed, {"provisioningState": "Updating"}), {BEFORE: before})
    tx.put(changed)
    new = tuple(each for each in changes.attached if tx.resource(each.record.id) is None)
    for each in changes.attached:
        tx.put(each.record)
    wanted = changes.attached if is_running(machine) else new
    fresh = [volume.fresh_for(cloud, tx, each.record.id, disk.size_bytes_of(each.record)) for each in wanted]
    params = Rewiring(
        machine=str(machine.id),
        attached=tuple(str(each.record.id) for each in changes.attached),
        new=tuple(str(each.record.id) for each in new),
        detached=tuple(str(each) for each in changes.detached),
        fresh=tuple(each for each in fresh if each is not None),
        grown=tuple(_growing(tx, each) for each in changes.grown),
    )
    return changed, hand_over(cloud, tx, REWIRE, params, subject=changed, claims=claims)


def _growing(tx: Writer, growth: Growth) -> disk.Growing:
    before, then = disk.size_bytes_of(growth.disk), growth.size_gb * GIB
    tx.put(with_properties(growth.disk, {"diskSizeGB": growth.size_gb, "diskSizeBytes": then}))
    held = tx.held(growth.disk.id).get(volume.DISK_SLOT)
    row = None if held is None else tx.volume(held)
    return disk.Growing(str(growth.disk.id), None if row is None or row.frozen else row.id, then, before)


# --- the plan --------------------------------------------------------------------------------------------------------


def _unplug_all(cloud: Cloud, id: str, disks: Sequence[str]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, id)
        luns = {disk.key: lun for lun, disk in disks_of(machine).items()}
        files = [view.held(ResourceId.parse(each)).get(volume.DISK_SLOT) for each in disks]
    for each, file in zip(disks, files, strict=True):
        lun = luns.get(ResourceId.parse(each).key)
        if lun is None or not is_running(machine):
            continue
        try:
            cloud.hypervisor.unplug(vm_id_of(machine), lun)
        except ToolFailed as stuck:
            raise _not_released(ResourceId.parse(each).name, machine.id.name) from stuck
        if file is not None:
            cloud.disks.sync(file)


def _not_released(disk: str, machine: str) -> ApiError:
    """Ours."""
    return errors.refused(
        f"Disk '{disk}' cannot be detached from VM '{machine}': the guest did not let go of it in time. Unmount it in "
        "the guest and try again, or power the VM off first."
    )


def _plug_all(cloud: Cloud, id: str, disks: Sequence[str]) -> None:
    with cloud.records.read() as view:
        machine = machine_in(view, id)
        wanted = {ResourceId.parse(each).key for each in disks}
        drives = [drive_of(view, disk, lun) for lun, disk in disks_of(machine).items() if disk.key in wanted]
    for drive in drives:
        if drive is not None and is_running(machine):
            cloud.hypervisor.plug(vm_id_of(machine), drive)


def _unplug_old(cloud: Cloud, job: Job[Rewiring]) -> None:
    _unplug_all(cloud, job.params.machine, job.params.detached)


def _plug_old(cloud: Cloud, job: Job[Rewiring]) -> None:
    _plug_all(cloud, job.params.machine, job.params.detached)


def _plug_new(cloud: Cloud, job: Job[Rewiring]) -> None:
    _plug_all(cloud, job.params.machine, job.params.attached)


def _unplug_new(cloud: Cloud, job: Job[Rewiring]) -> None:
    _unplug_all(cloud, job.params.machine, job.params.attached)


def _make(cloud: Cloud, job: Job[Rewiring]) -> None:
    volume.make(cloud, job.params.fresh)


def _unmake(cloud: Cloud, job: Job[Rewiring]) -> None:
    volume.unmake(cloud, job.params.fresh)


def _grow(cloud: Cloud, job: Job[Rewiring]) -> None:
    for each in job.params.grown:
        if each.volume is not None:
            cloud.disks.grow(each.volume, each.size_bytes)


def _not_shrunk(_cloud: Cloud, _job: Job[Rewiring]) -> None:
    """A volume that is larger than its row says does no harm: it is that large when it is next grown."""


def _adopt(_cloud: Cloud, tx: Writer, job: Job[Rewiring]) -> None:
    volume.adopt(tx, job.params.fresh)


def _disown(_cloud: Cloud, tx: Writer, job: Job[Rewiring]) -> None:
    volume.disown(tx, job.params.fresh)


def _rewired(cloud: Cloud, tx: Writer, job: Job[Rewiring]) -> None:
    machine = machine_in(tx, job.params.machine)
    for each in _records(tx, job.params.detached):
        tx.put(disk.moved(each, DiskEvent.DETACH, cloud.clock.now()))
    for each in _records(tx, job.params.attached):
        done = with_properties(each, {"provisioningState": "Succeeded"})
        allocated = not condition_of(machine).is_deallocated
        tx.put(disk.moved(done, DiskEvent.ALLOCATE, cloud.clock.now()) if allocated else done)
    for growing in job.params.grown:
        row = None if growing.volume is None else tx.volume(growing.volume)
        if row is not None:
            tx.put_volume(replace(row, size_bytes=growing.size_bytes))
    profile = object_at(machine.properties, "storageProfile")
    left = [each for each in objects_at(profile, "dataDisks") if flag_at(each, "toBeDetached") is not True]
    done = with_properties(machine, {"storageProfile": {**profile, "dataDisks": [*left]}})
    tx.put(with_internal(with_properties(done, {"provisioningState": "Succeeded"}), {BEFORE: None}))


def _records(view: Reader, ids: Sequence[str]) -> list[Resource]:
    return [record for each in ids if (record := view.resource(ResourceId.parse(each))) is not None]


def _as_before(cloud: Cloud, tx: Writer, job: Job[Rewiring], _error: ApiError) -> None:
    """The machine has the disks it had; those that were made for it were never there."""
    new = {ResourceId.parse(each).key for each in job.params.new}
    for each in _records(tx, job.params.attached):
        if each.id.key in new:
            tx.delete(each.id)
        else:
            tx.put(disk.moved(each, DiskEvent.DETACH, cloud.clock.now()))
    for growing in job.params.grown:
        (record,), before = _records(tx, [growing.disk]), growing.before_bytes or 0
        tx.put(with_properties(record, {"diskSizeGB": size_gb(before), "diskSizeBytes": before}))
    machine = machine_in(tx, job.params.machine)
    profile = object_at(machine.internal, BEFORE)
    tx.put(
        with_internal(
            with_properties(machine, {"storageProfile": profile, "provisioningState": "Failed"}), {BEFORE: None}
        )
    )


REWIRE: Plan[Cloud, Rewiring] = Plan(
    "machine.rewire",
    Rewiring,
    (
        Act("unplug disks", _unplug_old, _plug_old),
        Act("make volumes", _make, _unmake),
        Act("grow volumes", _grow, _not_shrunk),
        Change("adopt volumes", _adopt, _disown),
        Act("plug disks", _plug_new, _unplug_new),
        Change("rewired", _rewired, no_change),
    ),
    failed=_as_before,
)
