"""An action as the requests it consists of: method, address with api-version, JSON body, in order.

The form is that of an ``.http`` file, in which ``###`` stands between requests. A word in braces is a placeholder, as
in Azure's own reference: ``{token}``, ``{password}``, ``{accessSAS}``. Source: Azure's REST reference, by operation;
the api-versions are some of those that docs/compatibility.md holds the service to.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.portal.view_as import action as actions
from calco.portal.view_as import parts, quoting, template
from calco.portal.view_as.action import Place
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


def act(action: actions.ActOnMachines, place: Place) -> Shown:
    return _requests(*(_post(place, machine, action.verb) for machine in action.machines))


def delete(action: actions.Delete, place: Place) -> Shown:
    return _requests(*(_request(place, "DELETE", id) for id in action.resources))


def capture_image(action: actions.CaptureImage, place: Place) -> Shown:
    properties: Document = {
        "hyperVGeneration": str(action.generation),
        "sourceVirtualMachine": {"id": str(action.machine)},
        "storageProfile": {"zoneResilient": action.zone_resilient},
    }
    return _requests(
        _put_group(place, action.image, action.new_group),
        _post(place, action.machine, actions.MachineVerb.DEALLOCATE) if action.deallocate else "",
        _post(place, action.machine, actions.MachineVerb.GENERALIZE) if action.generalize else "",
        _request(place, "PUT", action.image, _body(place, action.tags, properties)),
        _request(place, "DELETE", action.machine) if action.delete_machine else "",
    )


def create_image(action: actions.CreateImage, place: Place) -> Shown:
    source: Document = {"blobUri": parts.source_of(action.source)}
    if isinstance(action.source, ResourceId):
        source = {"snapshot" if action.source.kind == parts.SNAPSHOT else "managedDisk": {"id": str(action.source)}}
    os_disk: Document = {"osType": str(action.os_type), "osState": "Generalized", **source}
    profile: Document = {"osDisk": os_disk, "zoneResilient": action.zone_resilient}
    properties: Document = {"hyperVGeneration": str(action.generation), "storageProfile": profile}
    return _requests(
        _put_group(place, action.image, action.new_group),
        _request(place, "PUT", action.image, _body(place, action.tags, properties)),
    )


def create_group(action: actions.CreateGroup, place: Place) -> Shown:
    return _requests(_put_group(place, action.group, True, action.tags))


def create_snapshot(action: actions.CreateSnapshot, place: Place) -> Shown:
    creation: Document = {"createOption": "Copy", "sourceResourceId": str(action.source)}
    return _requests(_request(place, "PUT", action.snapshot, _body(place, action.tags, {"creationData": creation})))


def create_machines(action: actions.CreateMachines, place: Place) -> Shown:
    """The deployment that the portal itself asks for."""
    key = parts.takes_key(action)
    name = f"create-{action.machine.name}"[:64].rstrip(".")
    machine = action.machine
    id = ResourceId(machine.subscription, machine.group, "Microsoft.Resources", ("deployments",), (name,))
    body = template.deployment(action, place, "{publicKey}" if key else "{password}")
    placeholder = () if key and parts.key_of(action) else (Note.REST_KEY if key else Note.REST_PASSWORD,)
    return _requests(
        _put_group(place, id, action.new_group),
        _request(place, "PUT", id, body),
        notes=placeholder + ((Note.PUBLIC_ADDRESS,) if action.public_address else ()),
    )


def _access(place: Place, id: ResourceId, level: str, seconds: int) -> str:
    return _post(place, id, "beginGetAccess", {"access": level, "durationInSeconds": seconds})


def export_disk(action: actions.ExportDisk, place: Place) -> Shown:
    return _requests(
        _access(place, action.source, "Read", action.seconds),
        "GET {accessSAS}",
        _post(place, action.source, "endGetAccess"),
        notes=(Note.REST_ADDRESS,),
    )


def import_disk(action: actions.ImportDisk, place: Place) -> Shown:
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


def _pages(action: actions.ImportDisk) -> Iterator[str]:
    """The first piece and the last, which has the footer; those between go the same way."""
    last = (action.bytes - 1) // parts.PIECE * parts.PIECE
    for at in sorted({0, last}):
        end = min(at + parts.PIECE, action.bytes) - 1
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


def set_tags(action: actions.SetTags, place: Place) -> Shown:
    body: Document = {"properties": {"tags": dict(action.tags)}}
    return _requests(_request(place, "PUT", action.resource, body, under="/providers/Microsoft.Resources/tags/default"))
