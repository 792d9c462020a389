"""Managed images: captured from a generalized machine with all its disks, in one transaction, whatever their size.

The volumes the machine's disks hold are frozen and held by the image too. No byte is copied and no process started: a
disk that is written again later gets a volume of its own over the frozen one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calco.model import errors
from calco.model.disk import Caching, OsType, Sku, size_gb
from calco.model.document import Document, Json, leaves, object_at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.image import NewImage, slot
from calco.model.machine import Generation
from calco.model.operation import Claim, Family
from calco.model.virtual_machine import Act as MachineAct
from calco.model.virtual_machine import after
from calco.model.volume import VolumeId
from calco.operations.plan import Act, Change, Job, Plan, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import disk, volume
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    existing_here,
    found,
    hand_over,
    listed,
    normal_location,
    settled,
    told,
    with_properties,
)
from calco.work.machine_state import RENEWS_MACHINE_ID, condition_of, disks_of

KIND = "Microsoft.Compute/images"


def get(cloud: Cloud, id: ResourceId) -> Resource:
    with cloud.records.read() as view:
        return found(view, id)


def list(cloud: Cloud, group: ResourceId | None) -> Sequence[Resource]:
    with cloud.records.read() as view:
        return listed(view, KIND, group)


def put(cloud: Cloud, wanted: NewImage) -> Accepted:
    """Capture an image; on one that is there only the tags may differ."""
    location = normal_location(cloud, wanted.location, KIND)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if there is not None and there.properties.get("provisioningState") != "Failed":
            check_free(tx, (Claim(there.id, sole=False),))
            _check_same(there, wanted)
            return _retag(cloud, tx, there, wanted.tags)
        accepted = _capture(cloud, tx, wanted, location, created=there is None)
    return told(cloud, accepted)


def patch(cloud: Cloud, id: ResourceId, tags: Mapping[str, str] | None) -> Accepted:
    """Only tags of an image can change."""
    with cloud.records.write() as tx:
        image = found(tx, id)
        check_free(tx, (Claim(id, sole=False),))
        return _retag(cloud, tx, image, tags)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete an image; machines made from it go on. Refused while machines are being provisioned from it."""
    with cloud.records.write() as tx:
        image = tx.resource(id)
        if image is None:
            return None
        claims = (Claim(id),)
        check_free(tx, claims, lambda _: _in_use(tx, id))
        files = tuple(volume.chain(tx, tx.held(id).values()))
        operation = hand_over(cloud, tx, DELETE, disk.Leaving(str(id), files), subject=image, claims=claims)
    return told(cloud, Accepted(None, operation))


def _in_use(view: Reader, image: ResourceId) -> ApiError:
    running = [view.operation(each) for each in view.claims(image)]
    machines = [each.subject.name for each in running if each is not None and "virtualMachines" in each.subject.types]
    return errors.image_in_use(machines, image.name) if machines else errors.resource_busy(image)


def _retag(cloud: Cloud, tx: Writer, image: Resource, tags: Mapping[str, str] | None) -> Accepted:
    if tags is not None:
        image = replace(image, tags=tags)
        tx.put(image)
    return Accepted(image, settled(cloud, tx, image, Family.COMPUTE))


_SAYS_NOTHING = {"provisioningState", "hyperVGeneration"}
"""Members clients send with every image, whether or not the user said so."""


def _check_same(there: Resource, wanted: NewImage) -> None:
    """Everything but tags must be as it is. Clients send back the whole document they got, or only the source."""
    for path, value in leaves(wanted.properties):
        if path[0] not in _SAYS_NOTHING and not _same(_value(there.properties, path), value):
            raise errors.property_change(".".join(path[:-1] if path[-1] == "id" else path))


def _value(document: Json, path: tuple[str, ...]) -> Json:
    for part in path:
        document = document.get(part) if isinstance(document, dict) else None
    return document


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return one == other


# --- capture ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Capture:
    """``disks`` by slot, in the machine's order. Every volume they hold when the plan runs goes into the image."""

    image: str
    machine: str
    disks: dict[str, str]


def _capture(cloud: Cloud, tx: Writer, wanted: NewImage, location: str, *, created: bool) -> Accepted:
    if wanted.source is None:
        raise errors.not_supported("storageProfile (an image from disks, snapshots or blobs)")
    machine = tx.resource(wanted.source)
    if machine is None or machine.location != location:
        raise errors.source_machine_not_found(wanted.source.name)
    after(condition_of(machine), MachineAct.CAPTURE, machine.id.name)
    profile = _profile(tx, machine)
    if wanted.zone_resilient:
        raise errors.not_supported("storageProfile.zoneResilient")
    if wanted.zone_resilient is not None:
        profile = {**profile, "zoneResilient": wanted.zone_resilient}
    generation = text_at(machine.internal, "generation") or Generation.V1.value
    properties: Document = {
        **wanted.properties,
        "storageProfile": profile,
        "provisioningState": "Creating",
        "hyperVGeneration": generation,
    }
    internal: Document = {RENEWS_MACHINE_ID: machine.internal.get(RENEWS_MACHINE_ID) is True}
    image = Resource(wanted.id, location, properties, wanted.tags, internal, wanted.extra)
    disks = {slot(lun): each for lun, each in disks_of(machine).items()}
    claims = (Claim(wanted.id), Claim(machine.id), *(Claim(each) for each in disks.values()))
    check_free(tx, claims, lambda each: _busy(each, machine))
    tx.put(image)
    params = Capture(str(wanted.id), str(machine.id), {name: str(each) for name, each in disks.items()})
    operation = hand_over(cloud, tx, CAPTURE, params, subject=image, claims=claims)
    return Accepted(image, operation, created=created)


def _busy(id: ResourceId, machine: Resource) -> ApiError:
    if id.key == machine.id.key:
        return errors.machine_busy(MachineAct.CAPTURE, machine.id.name)
    return errors.resource_busy(id)


def _profile(view: Reader, machine: Resource) -> Document:
    """``storageProfile`` filled from a machine: its disks in its order, LUNs kept. Source: behaviour.md A.5."""
    profile = object_at(machine.properties, "storageProfile")
    os_disk = object_at(profile, "osDisk")
    return {
        "osDisk": {
            "osType": os_disk.get("osType") or OsType.LINUX.value,
            "osState": "Generalized",
            **_image_disk(view, os_disk),
        },
        "dataDisks": [{"lun": each.get("lun"), **_image_disk(view, each)} for each in objects_at(profile, "dataDisks")],
    }


def _image_disk(view: Reader, of_machine: Document) -> Document:
    id = text_at(of_machine, "managedDisk", "id") or ""
    record = view.resource(ResourceId.parse(id))
    sku = None if record is None else text_at(record.extra, "sku", "name")
    return {
        "managedDisk": {"id": id},
        "caching": of_machine.get("caching") or Caching.NONE.value,
        "storageAccountType": sku or Sku.STANDARD_LRS.value,
    }


def _publish(_cloud: Cloud, tx: Writer, job: Job[Capture]) -> None:
    """Freeze what the disks hold, hold it for the image too, and show the image as done: all at once or not at all."""
    image = tx.resource(ResourceId.parse(job.params.image))
    if image is None:
        raise errors.internal()
    sizes: dict[str, int] = {}
    for name, text in job.params.disks.items():
        id = ResourceId.parse(text)
        record, held = tx.resource(id), tx.held(id).get(volume.DISK_SLOT)
        row = None if held is None else tx.volume(held)
        if record is None or row is None:
            raise errors.linked_not_found(id.name)
        tx.put_volume(replace(row, frozen=True))
        tx.hold(image.id, name, row.id)
        sizes[name] = disk.size_bytes_of(record)
    tx.put(_sized(image, sizes))


def _sized(image: Resource, sizes: Mapping[str, int]) -> Resource:
    profile = object_at(image.properties, "storageProfile")
    os_disk: Document = {**object_at(profile, "osDisk"), "diskSizeGB": size_gb(sizes["os"])}
    data: Sequence[Json] = [
        {**each, "diskSizeGB": size_gb(sizes[str(each["lun"])])} for each in objects_at(profile, "dataDisks")
    ]
    filled: Document = {**profile, "osDisk": os_disk, "dataDisks": [*data]}
    sized = with_properties(image, {"storageProfile": filled, "provisioningState": "Succeeded"})
    return replace(sized, internal={**image.internal, "sizes": {**sizes}})


def _unpublish(_cloud: Cloud, tx: Writer, job: Job[Capture]) -> None:
    """The image holds nothing any more. Volumes stay frozen: a disk written again gets one of its own."""
    tx.release(ResourceId.parse(job.params.image))


def _lock_files(cloud: Cloud, job: Job[Capture]) -> None:
    with cloud.records.read() as view:
        frozen: Sequence[VolumeId] = [*view.held(ResourceId.parse(job.params.image)).values()]
    for each in frozen:
        cloud.disks.freeze(each)


def _capture_failed(_cloud: Cloud, tx: Writer, job: Job[Capture], _error: ApiError) -> None:
    """A failed capture leaves an image one can GET, in ``Failed``. Source: recording xplat-image-failed-state."""
    image = tx.resource(ResourceId.parse(job.params.image))
    if image is not None:
        tx.put(with_properties(image, {"provisioningState": "Failed"}))


CAPTURE: Plan[Cloud, Capture] = Plan(
    "image.capture",
    Capture,
    (Change("freeze and publish", _publish, _unpublish), Act("lock files", _lock_files, nothing)),
    failed=_capture_failed,
)
DELETE: Plan[Cloud, disk.Leaving] = Plan(
    "image.delete",
    disk.Leaving,
    (Change("forget", disk.forget, no_change), Act("drop files", disk.drop_files, nothing, insist=True)),
)
