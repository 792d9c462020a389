"""An action as the requests it consists of: method, address with api-version, JSON body, in order.

The form is that of an ``.http`` file, in which ``###`` stands between requests. A word in braces is a placeholder, as
in Azure's own reference: ``{token}``, ``{password}``, ``{accessSAS}``. Source: Azure's REST reference, by operation;
the api-versions are some of those that docs/compatibility.md holds the service to.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.portal.view_as import quoting, template
from calco.portal.view_as.action import (
    Action,
    ActOnMachines,
    CaptureImage,
    CreateGroup,
    CreateImage,
    CreateMachines,
    CreateSnapshot,
    Delete,
    ExportDisk,
    ImportDisk,
    MachineVerb,
    Place,
    SetTags,
)
from calco.portal.view_as.parts import PIECE, SNAPSHOT, Way, entry, key_of, source_of, takes_key, through
from calco.portal.view_as.shown import Note, Shown

COMPUTE, DISKS, RESOURCES, NETWORK, STORAGE = "2024-07-01", "2024-03-02", "2024-11-01", "2024-05-01", "2024-01-01"
BLOB = "2021-08-06"
_VERSIONS = MappingProxyType(
    {
        "microsoft.compute/disks": DISKS,
        "microsoft.compute/snapshots": DISKS,
        "microsoft.compute": COMPUTE,
        "microsoft.network": NETWORK,
        "microsoft.storage": STORAGE,
    }
)


def show(action: Action, place: Place) -> Shown:
    return through(_TABLE, action, place)


# --- requests --------------------------------------------------------------------------------------------------------


def _version(id: ResourceId) -> str:
    return _VERSIONS.get(id.kind) or _VERSIONS.get(id.namespace.lower()) or RESOURCES


def _request(place: Place, method: str, id: ResourceId, body: Document | None = None, *, under: str = "") -> str:
    """One request. ``under`` is what follows the resource's own path."""
    version = RESOURCES if under.startswith("/providers/") else _version(id)
    url = f"{place.endpoint.rstrip('/')}{quoting.path(str(id) + under)}?api-version={version}"
    head = [f"{method} {url}", "Authorization: Bearer {token}"]
    if body is None:
        return "\n".join(head)
    return "\n".join([*head, "Content-Type: application/json", "", quoting.as_json(body)])


def _requests(*requests: str, notes: tuple[Note, ...] = ()) -> Shown:
    found = tuple(filter(None, requests))
    waits = (Note.REST_WAIT,) if len(found) > 1 else ()
    return Shown("\n\n###\n\n".join(found), (Note.REST_TOKEN, *waits, *notes))


def _body(place: Place, tags: Mapping[str, str], properties: Document | None = None, **more: Document) -> Document:
    body: Document = {"location": place.location, **more}
    if tags:
        body["tags"] = dict(tags)
    return body if properties is None else {**body, "properties": properties}


def _post(place: Place, id: ResourceId, verb: str, body: Document | None = None) -> str:
    return _request(place, "POST", id, body, under=f"/{verb}")


def _put_group(place: Place, id: ResourceId, wanted: bool, tags: Mapping[str, str] = MappingProxyType({})) -> str:
    return _request(place, "PUT", id.group_id, _body(place, tags)) if wanted else ""


# --- actions ---------------------------------------------------------------------------------------------------------


def _act(action: ActOnMachines, place: Place) -> Shown:
    return _requests(*(_post(place, machine, action.verb) for machine in action.machines))


def _delete(action: Delete, place: Place) -> Shown:
    return _requests(*(_request(place, "DELETE", id) for id in action.resources))


def _capture(action: CaptureImage, place: Place) -> Shown:
    properties: Document = {
        "hyperVGeneration": str(action.generation),
        "sourceVirtualMachine": {"id": str(action.machine)},
        "storageProfile": {"zoneResilient": action.zone_resilient},
    }
    return _requests(
        _put_group(place, action.image, action.new_group),
        _post(place, action.machine, MachineVerb.DEALLOCATE) if action.deallocate else "",
        _post(place, action.machine, MachineVerb.GENERALIZE) if action.generalize else "",
        _request(place, "PUT", action.image, _body(place, action.tags, properties)),
        _request(place, "DELETE", action.machine) if action.delete_machine else "",
    )


def _create_image(action: CreateImage, place: Place) -> Shown:
    source: Document = {"blobUri": source_of(action.source)}
    if isinstance(action.source, ResourceId):
        source = {"snapshot" if action.source.kind == SNAPSHOT else "managedDisk": {"id": str(action.source)}}
    os_disk: Document = {"osType": str(action.os_type), "osState": "Generalized", **source}
    profile: Document = {"osDisk": os_disk, "zoneResilient": action.zone_resilient}
    properties: Document = {"hyperVGeneration": str(action.generation), "storageProfile": profile}
    return _requests(
        _put_group(place, action.image, action.new_group),
        _request(place, "PUT", action.image, _body(place, action.tags, properties)),
    )


def _create_group(action: CreateGroup, place: Place) -> Shown:
    return _requests(_put_group(place, action.group, True, action.tags))


def _create_snapshot(action: CreateSnapshot, place: Place) -> Shown:
    creation: Document = {"createOption": "Copy", "sourceResourceId": str(action.source)}
    return _requests(_request(place, "PUT", action.snapshot, _body(place, action.tags, {"creationData": creation})))


def _create_machines(action: CreateMachines, place: Place) -> Shown:
    """The deployment that the portal itself asks for."""
    key = takes_key(action)
    name = f"create-{action.machine.name}"[:64].rstrip(".")
    machine = action.machine
    id = ResourceId(machine.subscription, machine.group, "Microsoft.Resources", ("deployments",), (name,))
    body = template.deployment(action, place, "{publicKey}" if key else "{password}")
    placeholder = () if key and key_of(action) else (Note.REST_KEY if key else Note.REST_PASSWORD,)
    return _requests(
        _put_group(place, id, action.new_group),
        _request(place, "PUT", id, body),
        notes=placeholder + ((Note.PUBLIC_ADDRESS,) if action.public_address else ()),
    )


def _access(place: Place, id: ResourceId, level: str, seconds: int) -> str:
    return _post(place, id, "beginGetAccess", {"access": level, "durationInSeconds": seconds})


def _export(action: ExportDisk, place: Place) -> Shown:
    return _requests(
        _access(place, action.source, "Read", action.seconds),
        "GET {accessSAS}",
        _post(place, action.source, "endGetAccess"),
        notes=(Note.REST_ADDRESS,),
    )


def _import(action: ImportDisk, place: Place) -> Shown:
    properties: Document = {"creationData": {"createOption": "Upload", "uploadSizeBytes": action.bytes}}
    if action.os_type:
        properties |= {"osType": str(action.os_type), "hyperVGeneration": str(action.generation)}
    return _requests(
        _put_group(place, action.disk, action.new_group),
        _request(place, "PUT", action.disk, _body(place, action.tags, properties, sku={"name": action.sku})),
        _access(place, action.disk, "Write", action.seconds),
        *_pages(action),
        _post(place, action.disk, "endGetAccess"),
        notes=(Note.REST_ADDRESS,),
    )


def _pages(action: ImportDisk) -> Iterator[str]:
    """The first piece and the last, which has the footer; those between go the same way."""
    last = (action.bytes - 1) // PIECE * PIECE
    for at in sorted({0, last}):
        end = min(at + PIECE, action.bytes) - 1
        yield "\n".join(
            (
                "PUT {accessSAS}&comp=page",
                f"x-ms-version: {BLOB}",
                "x-ms-page-write: update",
                f"x-ms-range: bytes={at}-{end}",
                f"Content-Length: {end - at + 1}",
                "",
                f"{{bytes {at}-{end}}}",
            )
        )


def _set_tags(action: SetTags, place: Place) -> Shown:
    body: Document = {"properties": {"tags": dict(action.tags)}}
    return _requests(_request(place, "PUT", action.resource, body, under="/providers/Microsoft.Resources/tags/default"))


_TABLE: Mapping[type, Way] = MappingProxyType(
    dict(
        (
            entry(ActOnMachines, _act),
            entry(Delete, _delete),
            entry(CaptureImage, _capture),
            entry(CreateImage, _create_image),
            entry(CreateGroup, _create_group),
            entry(CreateSnapshot, _create_snapshot),
            entry(CreateMachines, _create_machines),
            entry(ExportDisk, _export),
            entry(ImportDisk, _import),
            entry(SetTags, _set_tags),
        )
    )
)
