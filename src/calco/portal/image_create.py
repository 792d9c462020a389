"""Create an image of a disk or of a snapshot. Its OS and generation are filled in as the source says; the API checks
them, and the service carries it out: the progress page looks on."""

from dataclasses import dataclass
from functools import partial

from starlette.responses import Response

from calco.model.disk import OsType
from calco.model.document import Document, text_at
from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.portal import target
from calco.portal.api import Refused
from calco.portal.disk import DISK, SNAPSHOT, Noun, id_of, os_of
from calco.portal.disk_command import Command, why_not
from calco.portal.target import NO_FAULTS, Target
from calco.portal.view_as.action import CreateImage
from calco.portal.visit import ROOT, Form, Page, Visit

IMAGE = "Microsoft.Compute/images"


@dataclass(frozen=True)
class Filled:
    """What the form holds."""

    target: Target
    os: OsType
    generation: Generation
    zone_resilient: bool = False


async def show(visit: Visit, noun: Noun) -> Response:
    source = await visit.api.get(visit.id(noun.type))
    wanted = target.proposed(visit, id_of(source), "image")
    return await _page(visit, noun, source, Filled(wanted, _os(os_of(source)), _generation(source)))


async def create(visit: Visit, noun: Noun) -> Response:
    source = await visit.api.get(visit.id(noun.type))
    filled = _read(visit.form)
    try:
        faults = await target.wrong(visit, filled.target, IMAGE)
        if faults:
            return await _page(visit, noun, source, filled, faults)
        operation = await target.put(visit, filled.target, IMAGE, _body(noun, source, filled))
    except Refused as refusal:
        return await _page(visit, noun, source, filled, target.refused(visit, refusal))
    there = filled.target.page(IMAGE)
    return visit.go(f"{ROOT}/operations/{operation}" if operation else there)


def _os(text: str) -> OsType:
    return OsType.WINDOWS if text == OsType.WINDOWS else OsType.LINUX


def _generation(source: Document) -> Generation:
    return Generation.V2 if text_at(source, "properties", "hyperVGeneration") == Generation.V2 else Generation.V1


def _read(form: Form) -> Filled:
    generation = Generation.V2 if form.text("generation") == Generation.V2 else Generation.V1
    return Filled(target.read(form), _os(form.text("os")), generation, form.text("zone_resiliency") == "on")


def _body(noun: Noun, source: Document, filled: Filled) -> Document:
    member = "managedDisk" if noun is DISK else "snapshot"
    os_disk: Document = {
        "osType": filled.os.value,
        "osState": "Generalized",
        member: {"id": id_of(source)},
    }
    return {
        "location": text_at(source, "location"),
        "properties": {
            "hyperVGeneration": filled.generation.value,
            "storageProfile": {"osDisk": os_disk, "zoneResilient": filled.zone_resilient},
        },
    }


async def _page(
    visit: Visit, noun: Noun, source: Document, filled: Filled, faults: dict[str, str] | None = None
) -> Response:
    location = text_at(source, "location") or ""
    made = filled.target.id(visit.api.subscription_id, IMAGE)
    action = CreateImage(
        made,
        ResourceId.parse(id_of(source)),
        filled.os,
        filled.generation,
        filled.zone_resilient,
        new_group=bool(filled.target.new_group),
    )
    return visit.page(
        "image_create.html",
        status=400 if faults else 200,
        noun=noun,
        source=source,
        home=noun.one(visit),
        why=why_not(source)[Command.IMAGE],
        filled=filled,
        target=filled.target,
        zones=await target.zones_at(visit.api, location),
        groups=await target.group_names(visit.api),
        blocks=visit.view_as(action, location),
        **{**NO_FAULTS, **(faults or {})},
    )


PAGES = tuple(
    Page(f"/{noun.word}s/{{group}}/{{name}}/image", partial(show, noun=noun), partial(create, noun=noun))
    for noun in (DISK, SNAPSHOT)
)
