"""Snapshots: made of a disk, and from there on the pages that disks have."""

from starlette.responses import Response

from calco.model.document import Document, text_at
from calco.model.ids import ResourceId
from calco.portal import target
from calco.portal.api import Refused
from calco.portal.disk import DISK, SNAPSHOT, id_of, pages_of
from calco.portal.disk_command import Command, why_not
from calco.portal.target import NO_FAULTS, Target
from calco.portal.view_as.action import CreateSnapshot
from calco.portal.visit import Page, Visit


async def ask_create(visit: Visit) -> Response:
    disk = await visit.api.get(visit.id(DISK.type))
    return await _page(visit, disk, target.proposed(visit, id_of(disk), "snapshot"))


async def create(visit: Visit) -> Response:
    disk, wanted = await visit.api.get(visit.id(DISK.type)), target.read(visit.form)
    body: Document = {
        "location": text_at(disk, "location"),
        "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": id_of(disk)}},
    }
    try:
        faults = await target.wrong(visit, wanted, SNAPSHOT.type)
        if faults:
            return await _page(visit, disk, wanted, faults)
        await target.put(visit, wanted, SNAPSHOT.type, body)
    except Refused as refusal:
        return await _page(visit, disk, wanted, target.refused(visit, refusal))
    return visit.go(wanted.page(SNAPSHOT.type))


async def _page(visit: Visit, disk: Document, wanted: Target, faults: dict[str, str] | None = None) -> Response:
    made = wanted.id(visit.api.subscription_id, SNAPSHOT.type)
    action = CreateSnapshot(made, ResourceId.parse(id_of(disk)))
    return visit.page(
        "snapshot_create.html",
        status=400 if faults else 200,
        disk=disk,
        home=DISK.one(visit),
        why=why_not(disk)[Command.SNAPSHOT],
        target=wanted,
        groups=await target.group_names(visit.api),
        blocks=visit.view_as(action, text_at(disk, "location") or ""),
        **{**NO_FAULTS, **(faults or {})},
    )


PAGES = (*pages_of(SNAPSHOT), Page("/disks/{group}/{name}/snapshot", ask_create, create))
