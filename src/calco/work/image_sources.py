"""What an image is to be made of: a generalized machine's disks, or disks, snapshots and page blobs named one by one.

Everything that can be known when the request is accepted is looked at here, and refused in Azure's words. What only the
bytes of a blob can say (whether it is a VHD, and of which size) is looked at by the plan: Azure lets the operation fail
then, and the image stays to be seen as ``Failed``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calco.model import blob as blob_model
from calco.model import errors
from calco.model.disk import Caching, OsType, Sku, Use, size_gb
from calco.model.document import Document, flag_at, number_at, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.image import ImageDisk, NewImage, Origin, OsState, slot
from calco.model.machine import Generation
from calco.model.operation import Claim
from calco.model.virtual_machine import Act as MachineAct
from calco.model.virtual_machine import Condition, after
from calco.model.volume import GIB
from calco.ports import Reader, Resource
from calco.work import access, blob, disk
from calco.work.cloud import Cloud
from calco.work.common import state_of
from calco.work.disk_source import SNAPSHOT_KIND
from calco.work.machine_state import RENEWS_MACHINE_ID, condition_of

ANCESTORS = 8
"""How far back one looks for where a disk came from."""


@dataclass(frozen=True)
class Taken:
    """One disk of the image to be. ``origin``: the disk, snapshot or blob that holds its volume; None for a blob that
    is not in this service. ``size_bytes``: what was asked for, else the origin's size counts."""

    slot: str
    origin: ResourceId | None
    uri: str | None
    size_bytes: int | None
    shown: Document


@dataclass(frozen=True)
class Sources:
    """All of it. ``profile`` is ``storageProfile`` as the 201 shows it; ``claims`` are what the plan needs to itself or
    shares. ``renews``: whether guests of it make themselves a new machine-id."""

    disks: tuple[Taken, ...]
    profile: Document
    generation: Generation
    claims: tuple[Claim, ...]
    renews: bool
    machine: Resource | None = None

    @property
    def has_blobs(self) -> bool:
        return any(each.uri is not None for each in self.disks)


def sources_of(cloud: Cloud, view: Reader, wanted: NewImage, location: str) -> Sources:
    """What the request stands for. Raises ApiError."""
    if wanted.source is not None:
        return _of_machine(cloud, view, wanted, wanted.source, location)
    if not wanted.disks:
        raise errors.missing("storageProfile.osDisk")
    taken = [_take(cloud, view, each, location) for each in wanted.disks]
    os_disk = None if taken[0].origin is None else view.resource(taken[0].origin)
    os_type = wanted.os_type or OsType.LINUX
    first: Document = {"osType": os_type.value, "osState": (wanted.os_state or OsState.GENERALIZED).value}
    return Sources(
        disks=tuple(taken),
        profile=_profile(first, taken),
        generation=_generation(wanted.generation, os_disk),
        claims=_once(Claim(each.origin, sole=False) for each in taken if each.origin is not None),
        renews=renews_machine_id(view, os_disk),
    )


def _profile(first: Document, taken: Sequence[Taken]) -> Document:
    os_disk, *data = [each.shown for each in taken]
    return {"osDisk": {**first, **os_disk}, "dataDisks": [*data]}


def _once(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """One blob may be several disks of one image (recording xplat-image-create-blob); it is claimed once."""
    return tuple({each.resource.key: each for each in claims}.values())


# --- a machine -------------------------------------------------------------------------------------------------------


def _of_machine(cloud: Cloud, view: Reader, wanted: NewImage, source: ResourceId, location: str) -> Sources:
    """The machine's disks in its order, LUNs kept. Source: behaviour.md A.5."""
    machine = view.resource(source)
    if machine is None or machine.location != location:
        raise errors.source_machine_not_found(source.name)
    after(condition_of(machine), MachineAct.CAPTURE, machine.id.name)
    profile = object_at(machine.properties, "storageProfile")
    os_disk = object_at(profile, "osDisk")
    taken = [_of_machine_disk(cloud, view, each) for each in [os_disk, *objects_at(profile, "dataDisks")]]
    _check_same_disks(wanted, taken)
    generation = Generation(text_at(machine.internal, "generation") or Generation.V1)
    if wanted.generation is Generation.V2 and generation is Generation.V1:
        raise wrong_generation(wanted.generation, generation, f"Virtual Machine '{machine.id.name}'")
    first: Document = {"osType": os_disk.get("osType") or OsType.LINUX.value, "osState": OsState.GENERALIZED.value}
    # Its managed disks are claimed for this alone, as the machine is; a blob is shared with whoever reads it.
    claims = [Claim(each.origin, sole=each.uri is None) for each in taken if each.origin is not None]
    return Sources(
        disks=tuple(taken),
        profile=_profile(first, taken),
        # Clients send V1 whether or not anybody said so: the machine knows better. Source: behaviour.md A.3.
        generation=generation,
        claims=_once([Claim(machine.id), *claims]),
        renews=flag_at(machine.internal, RENEWS_MACHINE_ID) is True,
        machine=machine,
    )


def _of_machine_disk(cloud: Cloud, view: Reader, of_machine: Document) -> Taken:
    lun, caching = number_at(of_machine, "lun"), text_at(of_machine, "caching") or Caching.NONE.value
    first: Document = {} if lun is None else {"lun": lun}
    uri = text_at(of_machine, "vhd", "uri")
    if uri is not None:
        found = blob.find(view, cloud, uri)
        shown: Document = {**first, "blobUri": uri, "caching": caching, "storageAccountType": Sku.STANDARD_LRS.value}
        size = number_at(of_machine, "diskSizeGB")
        if size is not None:
            shown["diskSizeGB"] = size
        return Taken(slot(lun), None if found is None else found.id, uri, None, shown)
    text = text_at(of_machine, "managedDisk", "id") or ""
    id = ResourceId.parse(text)
    shown = {**first, "managedDisk": {"id": text}, "caching": caching, "storageAccountType": _sku(view.resource(id))}
    return Taken(slot(lun), id, None, None, shown)


def _check_same_disks(wanted: NewImage, taken: Sequence[Taken]) -> None:
    """Clients send back the whole document they got. Other disks beside a machine would be silently left out."""
    theirs = {each.slot: each for each in taken}
    for each in wanted.disks:
        mine = theirs.get(slot(each.lun))
        if mine is None or not _is_same(each.origin, mine):
            place = "osDisk" if each.lun is None else "dataDisks"
            raise errors.invalid(
                f"storageProfile.{place}",
                "An image has one source: leave the disks out, for they come with 'sourceVirtualMachine', or leave "
                "that out.",
            )


def _is_same(origin: Origin, taken: Taken) -> bool:
    if origin.resource is not None:
        return taken.uri is None and taken.origin is not None and taken.origin.key == origin.resource.key
    return origin.uri == taken.uri


# --- disks, snapshots and blobs --------------------------------------------------------------------------------------


def _take(cloud: Cloud, view: Reader, wanted: ImageDisk, location: str) -> Taken:
    shown: Document = {} if wanted.lun is None else {"lun": wanted.lun}
    size_bytes = None if wanted.size_gb is None else wanted.size_gb * GIB
    if wanted.size_gb is not None:
        shown["diskSizeGB"] = wanted.size_gb
    caching = (wanted.caching or Caching.NONE).value
    if wanted.origin.uri is not None:
        uri = wanted.origin.uri
        sku = (wanted.sku or Sku.STANDARD_LRS).value
        shown |= {"blobUri": uri, "caching": caching, "storageAccountType": sku}
        return Taken(slot(wanted.lun), _blob(cloud, view, uri, location), uri, size_bytes, shown)
    assert wanted.origin.resource is not None
    source = _resource(cloud, view, wanted.origin.resource, location)
    _check_size(wanted, disk.size_bytes_of(source))
    member = "snapshot" if source.id.kind == SNAPSHOT_KIND.lower() else "managedDisk"
    sku = wanted.sku.value if wanted.sku else _sku(source)
    shown |= {member: {"id": str(wanted.origin.resource)}, "caching": caching, "storageAccountType": sku}
    return Taken(slot(wanted.lun), source.id, None, size_bytes, shown)


def _sku(source: Resource | None) -> str:
    """Filled from the source; a snapshot's Standard_ZRS is none of an image's. Source: behaviour.md A.3."""
    name = None if source is None else text_at(source.extra, "sku", "name")
    return name if name in set(Sku) else Sku.STANDARD_LRS.value


def _resource(cloud: Cloud, view: Reader, id: ResourceId, location: str) -> Resource:
    """The disk or snapshot, fit to be read from."""
    source = view.resource(id)
    if source is None or source.location != location:
        raise source_not_found(id, location)
    if state_of(source) != "Succeeded":
        raise not_ready(source)
    if source.id.kind == disk.KIND.lower():
        _check_disk(cloud, view, source)
    return source


def _check_disk(cloud: Cloud, view: Reader, source: Resource) -> None:
    """A signed URL that reads does no harm; an upload must have ended, and no guest may be writing."""
    access.check_use(source, Use.COPY, cloud.clock.now())
    owner = text_at(source.extra, "managedBy")
    if owner is not None and _runs(view, ResourceId.parse(owner)):
        raise written_by_machine(f"Disk {source.id.name}", ResourceId.parse(owner))


def _runs(view: Reader, machine: ResourceId) -> bool:
    record = view.resource(machine)
    return record is not None and condition_of(record) is Condition.RUNNING


def _blob(cloud: Cloud, view: Reader, uri: str, location: str) -> ResourceId | None:
    """The blob at ``uri``, if this service has it. A missing one is the operation's failure, not the request's."""
    place = blob.place_of(cloud, uri)
    if place is None and not _looks_like_a_blob(uri):
        raise blob_model.not_a_blob_uri(uri)
    found = blob.find(view, cloud, uri)
    if found is None:
        return None
    record = view.resource(found.id)
    if record is not None and record.location != location:
        raise account_elsewhere(found.id.names[0])
    owner = None if record is None else blob.owner_of(record)
    if owner is not None and _runs(view, ResourceId.parse(owner)):
        raise written_by_machine(f"Blob {uri}", ResourceId.parse(owner))
    return found.id


def _looks_like_a_blob(uri: str) -> bool:
    """A host, and a container and a name behind it."""
    scheme, _, rest = uri.partition("://")
    parts = rest.partition("?")[0].split("/")
    return scheme.lower() in ("http", "https") and len(parts) >= 3 and all(parts) and uri.isprintable()


def _check_size(wanted: ImageDisk, source_bytes: int) -> None:
    if wanted.size_gb is not None:
        check_size(wanted.size_gb * GIB, source_bytes, wanted.lun)


def check_size(asked_bytes: int, source_bytes: int, lun: int | None) -> None:
    """An image's disk may be larger than its source, never smaller. Raises ApiError."""
    if size_gb(asked_bytes) < size_gb(source_bytes):
        place = "osDisk.diskSizeGB" if lun is None else "dataDisk.diskSizeGB"
        raise smaller_than_source(size_gb(asked_bytes), size_gb(source_bytes), place)


def _generation(given: Generation | None, os_disk: Resource | None) -> Generation:
    """Given, or the source's, or V1: what is known of a blob is only what the request says, and Azure's document leaves
    it out."""
    known = None if os_disk is None else text_at(os_disk.properties, "hyperVGeneration")
    if given is not None and os_disk is not None and known is not None and known != given:
        raise wrong_generation(given, Generation(known), f"source '{os_disk.id.name}'")
    return given or Generation(known or Generation.V1)


def renews_machine_id(view: Reader, source: Resource | None) -> bool:
    """Whether what is on a disk comes from a base image of ours, as far as the records remember."""
    for _ in range(ANCESTORS):
        if source is None:
            return False
        kept = flag_at(source.internal, RENEWS_MACHINE_ID)
        if kept is not None:
            return kept
        made_from = object_at(source.properties, "creationData")
        if text_at(made_from, "imageReference", "publisher") is not None:
            return True
        parent = (
            text_at(source.extra, "managedBy")
            or text_at(made_from, "imageReference", "id")
            or text_at(made_from, "sourceResourceId")
        )
        try:
            source = None if parent is None else view.resource(ResourceId.parse(parent))
        except ValueError:
            return False
    return False


# --- refusals --------------------------------------------------------------------------------------------------------


def source_not_found(id: ResourceId, location: str) -> errors.ApiError:
    """A source that is missing or lies elsewhere is not there. Source of the first sentence: behaviour.md C."""
    what = "snapshot" if id.kind == SNAPSHOT_KIND.lower() else "disk"
    return errors.ApiError(
        404,
        "NotFound",
        f"Resource {id.name} is not found. An image is made from a {what} of its own location, here '{location}'.",
        what,
    )


def not_ready(source: Resource) -> errors.ApiError:
    """Source of the first sentence: Azure, "Common VM error codes" (DiskImageNotReady)."""
    return errors.ApiError(
        409,
        "DiskImageNotReady",
        f"Disk image {source.id.name} is in {state_of(source)} state. Please retry when image is ready.",
        "disks",
    )


def written_by_machine(what: str, machine: ResourceId) -> errors.ApiError:
    """Ours: an image of a disk that a guest is writing would be torn, and what it holds is not generalized."""
    return errors.refused(
        f"{what} is attached to running VM {machine}. Generalize the guest and deallocate the VM, or make a snapshot "
        "of the disk and create the image from that."
    )


def account_elsewhere(account: str) -> errors.ApiError:
    """Source: Azure, "Common VM error codes"."""
    return errors.ApiError(
        409,
        "StorageAccountLocationMismatch",
        f"Could not resolve storage account {account}. Please ensure it was created through the Storage Resource "
        "Provider in the same location as the compute resource.",
        "blobUri",
    )


def smaller_than_source(wanted_gb: int, source_gb: int, target: str) -> errors.ApiError:
    """As Azure refuses it of a machine's disk."""
    return errors.refused(
        f"The specified disk size {wanted_gb} GB is smaller than the size of the source: {source_gb} GB. This is not "
        "allowed. Please choose equal or greater size or do not specify an explicit size.",
        target,
    )


def wrong_generation(given: Generation, found: Generation, source: str) -> errors.ApiError:
    """Ours: Azure's own sentence is not known."""
    return errors.ApiError(
        400,
        "InvalidParameter",
        f"The value of parameter hyperVGeneration is invalid. The {source} is of hypervisor generation {found}, and an "
        f"image of it cannot be {given}. Leave hyperVGeneration out, or give {found}.",
        "hyperVGeneration",
    )
