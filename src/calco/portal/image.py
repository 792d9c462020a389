"""Images: the list, one image with its disks and what was made of it, its tags and its end."""

from functools import partial

from starlette.responses import Response

from calco.model.document import Document, flag_at, number_at, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.portal.api import Refused
from calco.portal.listing import Column, everywhere, listed
from calco.portal.machine_create import may_create
from calco.portal.page import group_of, name_of
from calco.portal.view_as.action import Delete
from calco.portal.visit import ROOT, Page, Visit, explained

TYPE = "Microsoft.Compute/images"
ADDRESS = f"{ROOT}/images"


def _id(image: Document) -> str:
    return text_at(image, "id") or ""


def source_of(image: Document) -> str:
    """Where the image's OS disk came from: the machine, the disk, the snapshot, or the blob's URL."""
    os_disk = object_at(image, "properties", "storageProfile", "osDisk")
    return (
        text_at(image, "properties", "sourceVirtualMachine", "id")
        or text_at(os_disk, "managedDisk", "id")
        or text_at(os_disk, "snapshot", "id")
        or text_at(os_disk, "blobUri")
        or ""
    )


COLUMNS = (
    Column[Document]("name", lambda each: name_of(_id(each))),
    Column[Document]("group", lambda each: group_of(_id(each))),
    Column[Document]("location", lambda each: text_at(each, "location") or ""),
    Column[Document]("os", lambda each: text_at(each, "properties", "storageProfile", "osDisk", "osType") or ""),
    Column[Document]("source", lambda each: name_of(source_of(each))),
)
TABS = ("overview", "disks", "machines")


async def show_all(visit: Visit) -> Response:
    images = await everywhere(visit.api, TYPE)
    listing = listed(images, visit.query, COLUMNS, lambda each: f"{_id(each)} {source_of(each)}")
    return visit.page("images.html", listing=listing, source_of=source_of)


async def show(visit: Visit, tab: str = TABS[0]) -> Response:
    id = visit.id(TYPE)
    image = await visit.api.get(id)
    usage = await visit.api.find(f"{id}/providers/Calco/usages/current")
    rights = await visit.rights(id)
    return visit.page(
        "image.html",
        image=image,
        usage=object_at(usage or {}, "properties") if usage else None,
        disks=_disks(image, usage),
        machines=objects_at(usage or {}, "properties", "virtualMachines"),
        source=source_of(image),
        zone_resilient=flag_at(image, "properties", "storageProfile", "zoneResilient") or False,
        may_create=not visit.live and await may_create(visit),  # no part of what is live
        may_delete=rights(f"{TYPE}/delete"),
        may_tag=rights("Microsoft.Resources/tags/write"),
        tab=tab,
    )


def _disks(image: Document, usage: Document | None) -> list[Document]:
    """The image's disks, the OS disk first, each with what it takes."""
    profile = object_at(image, "properties", "storageProfile")
    used = {number_at(each, "lun"): each for each in objects_at(usage or {}, "properties", "disks")}
    os_disk = object_at(profile, "osDisk")
    found = [{**os_disk, "lun": None}, *objects_at(profile, "dataDisks")]
    return [{**each, "usage": used.get(number_at(each, "lun"))} for each in found]


async def ask_delete(visit: Visit) -> Response:
    id = visit.id(TYPE)
    image = await visit.api.get(id)
    usage = await visit.api.find(f"{id}/providers/Calco/usages/current")
    machines = objects_at(usage or {}, "properties", "virtualMachines")
    return _ask(visit, image, machines)


async def delete(visit: Visit) -> Response:
    id = visit.id(TYPE)
    try:
        await visit.api.send("DELETE", id)
    except Refused as refusal:
        image = await visit.api.get(id)
        return _ask(visit, image, [], status=400, fault=explained(visit.words, refusal))
    return visit.go(ADDRESS)


def _ask(visit: Visit, image: Document, machines: list[Document], *, status: int = 200, fault: str = "") -> Response:
    blocks = visit.view_as(Delete((ResourceId.parse(_id(image)),)), text_at(image, "location") or "")
    return visit.page("image_delete.html", status=status, image=image, machines=machines, fault=fault, blocks=blocks)


PAGES = (
    Page("/images", show_all, live_seconds=3),
    Page("/images/{group}/{name}", show, live_seconds=5),
    Page("/images/{group}/{name}/delete", ask_delete, delete),
    *(Page(f"/images/{{group}}/{{name}}/{tab}", partial(show, tab=tab), live_seconds=5) for tab in TABS[1:]),
)
