"""Import: a VHD goes from the browser straight to the page-blob endpoint and becomes a disk.

The bytes never pass through here. ``static/upload.js`` looks at the file's footer before anything is made, sends the
form, and asks this module step by step: make the disk, give its address (``begin``), take the address back and look at
what came (``end``), how far that is (``ended``), undo it all (``cancel``). Each step answers at once; ``wait`` means
ask again. An upload that broke off is begun anew from the disk's own page.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from calco.model.disk import DiskState, OsType, Sku
from calco.model.document import Document, Json, number_at, object_at, text_at
from calco.model.ids import is_guid
from calco.model.machine import Generation
from calco.model.volume import GIB
from calco.portal import target
from calco.portal.api import Refused
from calco.portal.disk import DISK
from calco.portal.disk_command import Command, allowed, state_of, why_not
from calco.portal.rights import group_scope
from calco.portal.target import Target
from calco.portal.view_as.action import ACCESS_SECONDS, ImportDisk
from calco.portal.visit import Form, Page, Visit, explained

WRITE = "Microsoft.Compute/disks/write"
SECONDS = 24 * ACCESS_SECONDS
SKUS = (Sku.STANDARD_LRS, Sku.STANDARD_SSD_LRS, Sku.PREMIUM_LRS, Sku.STANDARD_SSD_ZRS, Sku.PREMIUM_ZRS)
"""Those a disk can be made with from a file; the first unless another is chosen."""


@dataclass(frozen=True)
class Filled:
    """What the form holds. ``os`` None: a disk of data. ``bytes`` counts the whole file, its footer included."""

    target: Target
    location: str
    os: OsType | None
    generation: Generation
    sku: Sku
    file: str
    bytes: int


# --- a new disk ------------------------------------------------------------------------------------------------------


async def show(visit: Visit) -> Response:
    groups = await target.groups_for(visit, WRITE)
    here = await _location_of(visit, visit.query.get("group") or (groups[0] if groups else ""))
    locations = [
        (text_at(each, "name") or "", text_at(each, "displayName") or "") for each in await target.places(visit.api)
    ]
    filled = _read(Form(visit.query, {}), groups, here)
    action = ImportDisk(
        filled.target.id(visit.api.subscription_id, DISK.type),
        filled.file,
        filled.bytes,
        filled.os,
        filled.generation,
        filled.sku,
        SECONDS,
        filled.target.new_group != "",
    )
    return visit.page(
        "disk_import.html",
        status=200,
        groups=groups,
        locations=locations or [(here, here)],
        skus=[(each.value, each.value) for each in SKUS],
        filled=filled,
        target=filled.target,
        asked="file" in visit.query,
        may=groups != [] or await visit.may(WRITE, visit.api.subscription),
        blocks=visit.view_as(action, filled.location),
        **target.NO_FAULTS,
    )


async def _location_of(visit: Visit, group: str) -> str:
    """Where the group is, which is where a disk in it goes unless another place is chosen."""
    found = await visit.api.find(group_scope(visit.api.subscription_id, group)) if group else None
    return text_at(found or {}, "location") or ""


def _read(form: Form, groups: list[str], location: str) -> Filled:
    wanted = target.read(form)
    if not wanted.in_group and groups:
        wanted = Target(wanted.name, groups[0])
    os, sku, size = form.text("os"), form.text("sku"), form.text("bytes")
    return Filled(
        target=wanted,
        location=form.text("location") or location,
        os=OsType(os) if os in set(OsType) else None,
        generation=Generation.V2 if form.text("generation") == Generation.V2 else Generation.V1,
        sku=Sku(sku) if sku in set(Sku) else SKUS[0],
        file=form.text("file") or "disk.vhd",
        bytes=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else GIB + 512,
    )


async def create(visit: Visit) -> Response:
    """Make the disk that waits for the upload. The file's footer was found good."""
    filled = _read(visit.form, [], "")
    try:
        faults = await target.wrong(visit, filled.target, DISK.type)
        if faults:
            return _said({"fault": next(iter(faults.values()))}, 400)
        await target.put(visit, filled.target, DISK.type, _body(filled))
    except Refused as refusal:
        return _refused(visit, refusal)
    return _said({"upload": f"{filled.target.page(DISK.type)}/upload"})


def _body(filled: Filled) -> Document:
    properties: Document = {"creationData": {"createOption": "Upload", "uploadSizeBytes": filled.bytes}}
    if filled.os is not None:
        properties |= {"osType": filled.os.value, "hyperVGeneration": filled.generation.value}
    return {"location": filled.location, "sku": {"name": filled.sku.value}, "properties": properties}


# --- the upload to one that is there ---------------------------------------------------------------------------------


async def show_upload(visit: Visit) -> Response:
    id = visit.id(DISK.type)
    disk = await visit.api.get(id)
    return visit.page(
        "disk_upload.html",
        disk=disk,
        home=DISK.one(visit),
        bytes=number_at(disk, "properties", "creationData", "uploadSizeBytes") or 0,
        is_out=state_of(disk) == DiskState.ACTIVE_UPLOAD,
        why=why_not(disk)[Command.UPLOAD],
        may=Command.UPLOAD in allowed(await visit.rights(id), DISK.type),
    )


async def step(visit: Visit) -> Response:
    """One step that the script asks for."""
    act = _STEPS.get(visit.form.text("do"))
    if act is None:
        return _said({"fault": visit.words("common.stale")}, 400)
    try:
        return _said(await act(visit, visit.id(DISK.type)))
    except Refused as refusal:
        return _refused(visit, refusal)


async def _begin(visit: Visit, id: str) -> Document:
    """The address to write to, as soon as the disk is there. One that is still out is taken back first."""
    disk = await visit.api.get(id)
    state = text_at(disk, "properties", "provisioningState")
    if state == "Failed":
        return {"fault": visit.words("disk.why_failed")}
    if state != "Succeeded" or await _taken_back(visit, id, disk):
        return {"wait": True}
    if state_of(disk) != DiskState.READY_TO_UPLOAD:  # all of it had come, though nobody was told so
        return {"page": DISK.one(visit)}
    asked: Document = {"access": "Write", "durationInSeconds": SECONDS}
    reply = await visit.api.send("POST", f"{id}/beginGetAccess", asked)
    told = await visit.api.get(_operation(visit, disk, reply.operation))
    return {"address": text_at(told, "properties", "output", "accessSAS")}


async def _end(visit: Visit, id: str) -> Document:
    reply = await visit.api.send("POST", f"{id}/endGetAccess")
    return {"operation": reply.operation}


async def _ended(visit: Visit, id: str) -> Document:
    """How the look at what was uploaded went."""
    operation = visit.form.text("operation")
    if not is_guid(operation):
        return {"fault": visit.words("common.stale")}
    told = await visit.api.get(_operation(visit, await visit.api.get(id), operation))
    match text_at(told, "status"):
        case "Succeeded":
            return {"page": DISK.one(visit)}
        case "InProgress":
            return {"wait": True}
        case _:
            error = object_at(told, "error")
            return {"fault": f"{text_at(error, 'code')}: {text_at(error, 'message')}"}


async def _cancel(visit: Visit, id: str) -> Document:
    """What was begun is gone, the disk with it."""
    disk = await visit.api.find(id)
    if disk is None:
        return {"page": DISK.address}
    if await _taken_back(visit, id, disk):
        return {"wait": True}
    await visit.api.send("DELETE", id)
    return {"page": DISK.address}


async def _stop(visit: Visit, id: str) -> Document:
    """The disk stays, and waits for another upload."""
    if await _taken_back(visit, id, await visit.api.get(id)):
        return {"wait": True}
    return {"page": DISK.one(visit)}


async def _taken_back(visit: Visit, id: str, disk: Document) -> bool:
    """Whether an address to write to was, or is being, taken back: ask again. What was uploaded so far is no VHD, so
    the disk waits for an upload after it."""
    if state_of(disk) != DiskState.ACTIVE_UPLOAD:
        return False
    try:
        await visit.api.send("POST", f"{id}/endGetAccess")
    except Refused as refusal:
        if refusal.status != 409:  # it is on its way
            raise
    return True


_STEPS: Mapping[str, Callable[[Visit, str], Awaitable[Document]]] = {
    "begin": _begin,
    "end": _end,
    "ended": _ended,
    "cancel": _cancel,
    "stop": _stop,
}


def _operation(visit: Visit, disk: Document, operation: str) -> str:
    place = f"{visit.api.subscription}/providers/Microsoft.Compute/locations/{text_at(disk, 'location')}"
    return f"{place}/DiskOperations/{operation}"


def _said(document: Document, status: int = 200) -> Response:
    return JSONResponse(document, status, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def _refused(visit: Visit, refusal: Refused) -> Response:
    said: Json = explained(visit.words, refusal)
    return _said({"fault": said, "code": refusal.code}, refusal.status)


PAGES = (
    Page("/disks/import", show, create),
    Page("/disks/{group}/{name}/upload", show_upload, step),
)
