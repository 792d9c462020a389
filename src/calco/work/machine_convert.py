"""A machine whose disks are blobs becomes one with managed disks: ``convertToManagedDisks``.

No byte moves. Each new disk holds the blob's own volume, which is frozen, and gets one of its own over it when the
machine is next switched on, as a copy of any disk does. The blobs stay where they are, as Azure leaves them, and the
machine has them no longer. Source: Azure, "Convert a virtual machine from unmanaged disks to managed disks".
"""

from dataclasses import dataclass, replace

from calco.model import blob as blob_model
from calco.model import errors
from calco.model.disk import DiskEvent, OsType, Sku
from calco.model.document import Document, flag_at, number_at, object_at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim
from calco.model.virtual_machine import Act as MachineAct
from calco.model.virtual_machine import after
from calco.operations.plan import Act, Change, Job, Plan, no_change
from calco.ports import Reader, Resource, Writer
from calco.work import blob, disk, machine_blobs, volume
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, found, hand_over, told, with_internal, with_properties
from calco.work.machine_state import BLOBS, RENEWS_MACHINE_ID, blobs_of, claims_of, condition_of, machine_in

FROM_BLOB = ("vhd", "image")


@dataclass(frozen=True)
class Converted:
    """A blob, and the disk it becomes."""

    lun: int | None
    blob: str
    disk: str


@dataclass(frozen=True)
class Converting:
    machine: str
    disks: tuple[Converted, ...]


def convert(cloud: Cloud, id: ResourceId) -> Accepted:
    """Give a deallocated machine managed disks. Raises Azure's refusals."""
    with cloud.records.write() as tx:
        machine = found(tx, id)
        if not blobs_of(machine):
            raise errors.refused(f"VM '{machine.id.name}' is already using managed disks.")
        after(condition_of(machine), MachineAct.CONVERT, machine.id.name)
        disks = _planned(cloud, tx, machine)
        claims = (*claims_of(machine), *(Claim(ResourceId.parse(each.disk)) for each in disks))
        check_free(tx, claims, lambda _: errors.machine_busy(MachineAct.CONVERT, machine.id.name))
        changed = with_properties(machine, {"provisioningState": "Updating"})
        tx.put(changed)
        params = Converting(str(machine.id), disks)
        operation = hand_over(cloud, tx, CONVERT, params, subject=changed, claims=claims)
    return told(cloud, Accepted(changed, operation))


def _planned(cloud: Cloud, view: Reader, machine: Resource) -> tuple[Converted, ...]:
    """A disk keeps its name, unless there is another one of that name."""
    names = {number_at(each, "lun"): text_at(each, "name") or "disk" for each in _shown(machine)}
    planned: dict[str, Converted] = {}
    for lun, id in blobs_of(machine).items():
        if not view.held(id):
            raise blob_model.blob_not_found()
        new = machine.id.sibling("Microsoft.Compute", "disks", names.get(lun, "disk"))
        if new.key in planned or view.resource(new) is not None:
            name = f"{new.name[:40]}_{cloud.chance.guid().replace('-', '')}"
            new = machine.id.sibling("Microsoft.Compute", "disks", name)
        planned[new.key] = Converted(lun, str(id), str(new))
    return tuple(planned.values())


def _shown(machine: Resource) -> list[Document]:
    profile = object_at(machine.properties, "storageProfile")
    return [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]


# --- the plan --------------------------------------------------------------------------------------------------------


def _blobs(job: Job[Converting]) -> list[ResourceId]:
    return [ResourceId.parse(each.blob) for each in job.params.disks]


def _lock(cloud: Cloud, job: Job[Converting]) -> None:
    machine_blobs.lock(cloud, _blobs(job))


def _unlock(cloud: Cloud, job: Job[Converting]) -> None:
    machine_blobs.unlock(cloud, _blobs(job))


def _convert(cloud: Cloud, tx: Writer, job: Job[Converting]) -> None:
    machine = machine_in(tx, job.params.machine)
    made = {each.lun: _disk(cloud, tx, machine, each) for each in job.params.disks}
    for record in made.values():
        tx.put(record)
    for each in job.params.disks:
        id, held = ResourceId.parse(each.blob), machine_blobs.held(tx, ResourceId.parse(each.blob))
        row = tx.volume(held)
        if row is None:
            raise errors.internal()
        tx.put_volume(replace(row, frozen=True))
        tx.hold(ResourceId.parse(each.disk), volume.DISK_SLOT, held)
        blob.release_from(tx, id, machine.id)
    shown = [_managed(each, made[number_at(each, "lun")]) for each in _shown(machine)]
    kept = object_at(machine.properties, "storageProfile")
    profile: Document = {**kept, "osDisk": shown[0], "dataDisks": [*shown[1:]]}
    changed = with_properties(machine, {"storageProfile": profile, "provisioningState": "Succeeded"})
    tx.put(with_internal(changed, {BLOBS: None}))


def _disk(cloud: Cloud, view: Reader, machine: Resource, converted: Converted) -> Resource:
    notes = {number_at(each, "lun"): each for each in objects_at(machine.internal, BLOBS)}
    note = notes[converted.lun]
    is_os = converted.lun is None
    os_type = text_at(machine.properties, "storageProfile", "osDisk", "osType") or OsType.LINUX
    record = disk.new(
        cloud,
        ResourceId.parse(converted.disk),
        machine.location,
        size_bytes=number_at(note, "bytes") or 0,
        sku=_sku(view, ResourceId.parse(converted.blob)),
        os_type=OsType(os_type) if is_os else None,
        creation={"createOption": "Import", "sourceUri": text_at(note, "uri")},
        generation=text_at(machine.internal, "generation"),
    )
    record = with_properties(record, {"provisioningState": "Succeeded"})
    if is_os:
        record = with_internal(record, {RENEWS_MACHINE_ID: flag_at(machine.internal, RENEWS_MACHINE_ID)})
    return disk.moved(record, DiskEvent.ATTACH, cloud.clock.now(), machine.id)


def _sku(view: Reader, blob: ResourceId) -> Sku:
    """As the account was: premium or standard."""
    account = view.resource(ResourceId(blob.subscription, blob.group, blob.namespace, blob.types[:1], blob.names[:1]))
    name = "" if account is None else text_at(account.extra, "sku", "name") or ""
    return Sku.PREMIUM_LRS if name.startswith("Premium") else Sku.STANDARD_LRS


def _managed(shown: Document, record: Resource) -> Document:
    kept: Document = {name: each for name, each in shown.items() if name not in FROM_BLOB}
    managed: Document = {"storageAccountType": text_at(record.extra, "sku", "name"), "id": str(record.id)}
    size = number_at(record.properties, "diskSizeGB")
    return {**kept, "name": record.id.name, "managedDisk": managed, "diskSizeGB": size}


def _as_before(_cloud: Cloud, tx: Writer, job: Job[Converting], _error: ApiError) -> None:
    tx.put(with_properties(machine_in(tx, job.params.machine), {"provisioningState": "Failed"}))


CONVERT: Plan[Cloud, Converting] = Plan(
    "machine.convert",
    Converting,
    (Act("lock files", _lock, _unlock), Change("convert", _convert, no_change)),
    failed=_as_before,
)
