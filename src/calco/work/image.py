"""Managed images: made of a generalized machine with all its disks, or of disks, snapshots and blobs, whatever their
size in one transaction; shown, tagged and deleted.

What an image is made of is read in ``image_sources``, how it comes to be in ``image_capture``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from calco.model import errors
from calco.model.document import Document, Json, at, leaves, number_at, objects_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.image import NewImage, OsState
from calco.model.operation import Claim, Family, Operation
from calco.model.region import pool_of
from calco.model.virtual_machine import Act as MachineAct
from calco.model.volume import VolumeId
from calco.operations.plan import Act, Change, Plan, no_change, nothing
from calco.ports import Reader, Resource, Writer
from calco.work import capture_verdict, disk, remote_blob, volume
from calco.work.capture_verdict import Foresight, foresee
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
)
from calco.work.image_capture import Capture, ZoneCopy, plan_for, see_all
from calco.work.image_sources import Sources, sources_of
from calco.work.machine_state import RENEWS_MACHINE_ID

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
    if capture_verdict.is_required(cloud):
        _look_first(cloud, wanted, location)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if _is_captured(there):
            check_free(tx, (Claim(there.id, sole=False),), lambda _: _busy_with(tx, there.id, "Create or Update"))
            _check_same(there, wanted)
            return _retag(cloud, tx, there, wanted.tags)
        accepted = _capture(cloud, tx, wanted, location, created=there is None)
    return told(cloud, accepted)


def patch(cloud: Cloud, id: ResourceId, tags: Mapping[str, str] | None) -> Accepted:
    """Only tags of an image can change."""
    with cloud.records.write() as tx:
        image = found(tx, id)
        check_free(tx, (Claim(id, sole=False),), lambda _: _busy_with(tx, id, "Update"))
        return _retag(cloud, tx, image, tags)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete an image; machines made from it go on. Refused while machines are being provisioned from it. On its way
    out already, it is the same deletion."""
    with cloud.records.write() as tx:
        image = tx.resource(id)
        if image is None:
            return None
        going = _deletion(tx, id)
        if going is not None:
            return Accepted(None, going)
        claims = (Claim(id),)
        check_free(tx, claims, lambda _: _in_use(tx, id))
        files = tuple(volume.chain(tx, tx.held(id).values()))
        operation = hand_over(cloud, tx, DELETE, disk.Leaving(str(id), files), subject=image, claims=claims)
    return told(cloud, Accepted(None, operation))


def _in_use(view: Reader, image: ResourceId) -> ApiError:
    running = [view.operation(each) for each in view.claims(image)]
    machines = [each.subject.name for each in running if each is not None and "virtualMachines" in each.subject.types]
    return errors.image_in_use(machines, image.name) if machines else errors.resource_busy(image)


def _deletion(view: Reader, image: ResourceId) -> Operation | None:
    """The operation by which it is on its way out."""
    running = [view.operation(each) for each in view.claims(image)]
    return next((each for each in running if each is not None and each.plan == DELETE.name), None)


def _busy_with(view: Reader, image: ResourceId, act: str) -> ApiError:
    return errors.resource_busy(image) if _deletion(view, image) is None else marked_for_deletion(act, image.name)


def marked_for_deletion(act: str, image: str) -> ApiError:
    """Source: behaviour.md A.7."""
    return errors.refused(
        f"Operation '{act}' is not allowed on Image '{image}' since the Image is marked for deletion. You can only "
        "retry the Delete operation (or wait for an ongoing one to complete)."
    )


def _retag(cloud: Cloud, tx: Writer, image: Resource, tags: Mapping[str, str] | None) -> Accepted:
    if tags is not None:
        image = replace(image, tags=tags)
        tx.put(image)
    return Accepted(image, settled(cloud, tx, image, Family.COMPUTE))


_SAYS_NOTHING = {"provisioningState", "hyperVGeneration"}
"""Members clients send with every image, whether or not the user said so."""


def _check_same(there: Resource, wanted: NewImage) -> None:
    """Everything but tags must be as it is. Clients send back the whole document they got, or what they sent first."""
    for path, value in leaves(wanted.properties):
        known = at(there.properties, *path)
        same = _same_disks(known, value) if path[-1] == "dataDisks" else _same(path[-1], known, value)
        if path[0] not in _SAYS_NOTHING and not same:
            raise errors.property_change(".".join(path[:-1] if path[-1] == "id" else path))


def _same_disks(known: Json, wanted: Json) -> bool:
    """The same LUNs, and of each nothing said that is not so."""
    there = {number_at(each, "lun"): each for each in objects_at({"disks": known}, "disks")}
    named = {number_at(each, "lun"): each for each in objects_at({"disks": wanted}, "disks")}
    return there.keys() == named.keys() and all(
        _same(path[-1], at(there[lun], *path), value) for lun, each in named.items() for path, value in leaves(each)
    )


def _same(name: str, known: Json, wanted: Json) -> bool:
    if name == "zoneResilient":
        return (known or False) == wanted
    if isinstance(known, str) and isinstance(wanted, str) and name != "blobUri":
        return known.strip("/").lower() == wanted.strip("/").lower()
    return known == wanted


# --- capture ---------------------------------------------------------------------------------------------------------


def _look_first(cloud: Cloud, wanted: NewImage, location: str) -> None:
    """Look at the OS disk of what is about to be captured; what may not be captured anyway is refused as ever."""
    with cloud.records.read() as view:
        check_group(view, wanted.id)
        there = existing_here(view, wanted.id, location)
        if _is_captured(there) or _is_specialized(wanted):
            return
        os_disk = sources_of(cloud, view, wanted, location).disks[0].origin
    capture_verdict.look_first(cloud, os_disk)


def _is_captured(there: Resource | None) -> TypeGuard[Resource]:
    return there is not None and there.properties.get("provisioningState") != "Failed"


def _is_specialized(wanted: NewImage) -> bool:
    """Whether nobody says that it is generalized."""
    return wanted.source is None and wanted.os_state is OsState.SPECIALIZED


def _capture(cloud: Cloud, tx: Writer, wanted: NewImage, location: str, *, created: bool) -> Accepted:
    if wanted.zone_resilient and not cloud.rules.zones.get(location):
        raise _no_zones(cloud, location)
    sources = sources_of(cloud, tx, wanted, location)
    claims = (Claim(wanted.id), *sources.claims)
    check_free(tx, claims, lambda each: _busy(each, sources.machine))
    see = see_all(wanted.id)
    verdict = Foresight() if _is_specialized(wanted) else foresee(cloud, tx, sources.disks[0].origin, see)
    image = _record(wanted, sources, location)
    tx.put(image)
    params = Capture(
        image=str(wanted.id),
        machine="" if sources.machine is None else str(sources.machine.id),
        disks={each.slot: "" if each.origin is None else str(each.origin) for each in sources.disks},
        uris={each.slot: each.uri for each in sources.disks if each.uri is not None},
        sizes={each.slot: each.size_bytes for each in sources.disks if each.size_bytes is not None},
        copies=_copies(cloud, sources, location) if wanted.zone_resilient else (),
        fetched=_fetched(cloud, sources),
        verdict=verdict,
    )
    operation = hand_over(cloud, tx, plan_for(params), params, subject=image, claims=claims)
    return Accepted(image, operation, created=created)


def _record(wanted: NewImage, sources: Sources, location: str) -> Resource:
    """The image as it is shown while it is made."""
    profile = sources.profile
    if wanted.zone_resilient is not None:
        profile = {**profile, "zoneResilient": wanted.zone_resilient}
    properties: Document = {
        **wanted.properties,
        "storageProfile": profile,
        "provisioningState": "Creating",
        "hyperVGeneration": sources.generation.value,
    }
    internal: Document = {RENEWS_MACHINE_ID: sources.renews}
    return Resource(wanted.id, location, properties, wanted.tags, internal, wanted.extra)


def _copies(cloud: Cloud, sources: Sources, location: str) -> tuple[ZoneCopy, ...]:
    return tuple(
        ZoneCopy(each.slot, pool_of(location, [zone]), cloud.chance.guid())
        for zone in cloud.rules.zones[location]
        for each in sources.disks
    )


def _fetched(cloud: Cloud, sources: Sources) -> dict[str, VolumeId]:
    """Blobs of hosts that may be read get a volume each, however often one is named."""
    elsewhere = {
        each.slot: each.uri
        for each in sources.disks
        if each.uri is not None and each.origin is None and remote_blob.is_listed(cloud, each.uri)
    }
    volumes = {uri: cloud.chance.guid() for uri in dict.fromkeys(elsewhere.values())}
    return {slot: volumes[uri] for slot, uri in elsewhere.items()}


def _busy(id: ResourceId, machine: Resource | None) -> ApiError:
    if machine is not None and id.key == machine.id.key:
        return errors.machine_busy(MachineAct.CAPTURE, machine.id.name)
    return errors.resource_busy(id)


def _no_zones(cloud: Cloud, location: str) -> ApiError:
    """Ours: Azure's own sentence is not known."""
    able = ", ".join(each for each in cloud.rules.locations if cloud.rules.zones.get(each)) or "none"
    return errors.invalid(
        "storageProfile.zoneResilient",
        f"Region '{location}' has no availability zones. Create the image without zoneResilient, or in a region that "
        f"has them: {able}.",
    )


DELETE: Plan[Cloud, disk.Leaving] = Plan(
    "image.delete",
    disk.Leaving,
    (Change("forget", disk.forget, no_change), Act("drop files", disk.drop_files, nothing, insist=True)),
)
