"""Create an image: the page behind a machine's Capture, as the document shows it.

The page says what will happen to the machine before anything does, and asks for its name where that cannot be taken
back. What was typed is first tried by the API (``validateOnly``): a refusal stands beside the form, with all that was
filled in. The service carries it out; the progress page only looks on.
"""

from dataclasses import dataclass

from starlette.responses import Response

from calco.model.document import Document, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.portal import target
from calco.portal.api import Refused
from calco.portal.page import name_of
from calco.portal.target import NO_FAULTS, Target
from calco.portal.view_as.action import CaptureImage
from calco.portal.virtual_machine_facts import is_windows
from calco.portal.visit import ROOT, Form, Page, Visit

IMAGE, MACHINE = "Microsoft.Compute/images", "Microsoft.Compute/virtualMachines"
GENERALIZE_LINUX = "sudo waagent -deprovision+user"
GENERALIZE_WINDOWS = r"%WINDIR%\System32\Sysprep\sysprep.exe /generalize /oobe /shutdown"
"""What is run inside before, for accounts and keys not to be in the image. Source: Azure, "Create a managed image of a
generalized VM in Azure"."""


@dataclass(frozen=True)
class Filled:
    """What the form holds."""

    target: Target
    deletes: bool = False
    zone_resilient: bool = False
    confirmed: str = ""


@dataclass(frozen=True)
class Source:
    """The machine, as far as the page cares. ``power``: the code of its power state, ``running``; ``zones``: its
    region's, None when nobody says."""

    document: Document
    power: str
    generalized: bool
    zones: tuple[str, ...] | None

    @property
    def id(self) -> str:
        return text_at(self.document, "id") or ""

    @property
    def name(self) -> str:
        return name_of(self.id)

    @property
    def generalizing(self) -> str:
        """What one runs inside, by its OS."""
        return GENERALIZE_WINDOWS if is_windows(self.document) else GENERALIZE_LINUX

    @property
    def is_deallocated(self) -> bool:
        return self.power == "deallocated"

    @property
    def asks_for_name(self) -> bool:
        """Whether something will happen to it that it does not come back from."""
        return not (self.is_deallocated and self.generalized)


async def show(visit: Visit) -> Response:
    source = await _source(visit)
    return await _page(visit, source, Filled(target.proposed(visit, source.id, "image")))


async def create(visit: Visit) -> Response:
    source, filled = await _source(visit), _read(visit.form)
    faults = target.missing(visit, filled.target, "capture.name_missing")
    if source.asks_for_name and filled.confirmed.lower() != source.name.lower():
        faults["confirm_fault"] = visit.words("capture.confirm_wrong", name=source.name)
    if faults:
        return await _page(visit, source, filled, faults)
    address, body = f"{source.id}/providers/Calco/createImage", _body(visit, filled)
    try:
        # It is rehearsed before it is accepted anyway. Tried first, what is refused leaves no line in the activity log:
        # a form that came back is nothing that happened to the machine.
        await visit.api.send("POST", address, {**body, "validateOnly": True})
        reply = await visit.api.send("POST", address, body)
    except Refused as refusal:
        return await _page(visit, source, filled, target.refused(visit, refusal))
    return visit.go(f"{ROOT}/operations/{reply.operation}")


async def _source(visit: Visit) -> Source:
    document = await visit.api.get(visit.id(MACHINE), **{"$expand": "instanceView"})
    codes = [text_at(each, "code") or "" for each in objects_at(document, "properties", "instanceView", "statuses")]
    power = next((each.removeprefix("PowerState/") for each in codes if each.startswith("PowerState/")), "")
    zones = await target.zones_at(visit.api, text_at(document, "location") or "")
    return Source(document, power, "OSState/generalized" in codes, zones)


def _read(form: Form) -> Filled:
    return Filled(
        target.read(form),
        deletes=form.is_on("delete"),
        zone_resilient=form.text("zone_resiliency") == "on",
        confirmed=form.text("confirm"),
    )


def _body(visit: Visit, filled: Filled) -> Document:
    return {
        "image": str(filled.target.id(visit.api.subscription_id, IMAGE)),
        "createResourceGroup": bool(filled.target.new_group),
        "deleteVirtualMachine": filled.deletes,
        "zoneResilient": filled.zone_resilient,
    }


async def _page(visit: Visit, source: Source, filled: Filled, faults: dict[str, str] | None = None) -> Response:
    action = CaptureImage(
        machine=ResourceId.parse(source.id),
        image=filled.target.id(visit.api.subscription_id, IMAGE),
        generation=Generation(text_at(source.document, "properties", "instanceView", "hyperVGeneration") or "V1"),
        zone_resilient=filled.zone_resilient,
        new_group=bool(filled.target.new_group),
        deallocate=not source.is_deallocated,
        generalize=not source.generalized,
        delete_machine=filled.deletes,
    )
    os_disk = object_at(source.document, "properties", "storageProfile", "osDisk", "managedDisk")
    return visit.page(
        "image_capture.html",
        status=400 if faults else 200,
        source=source,
        filled=filled,
        target=filled.target,
        groups=await target.group_names(visit.api),
        os_disk=text_at(os_disk, "id") or "",
        blocks=visit.view_as(action, text_at(source.document, "location") or ""),
        **{**NO_FAULTS, "confirm_fault": "", **(faults or {})},
    )


PAGES = (Page("/virtual-machines/{group}/{name}/capture", show, create),)
