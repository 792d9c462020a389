"""The first page: what there is, what goes on, what happened last, and what the host has left."""

import asyncio
from collections import Counter
from itertools import islice

from starlette.responses import Response

from calco.model.document import Document, at, number_at, object_at, objects_at, text_at
from calco.portal import activity
from calco.portal.activity import Line, deed_of
from calco.portal.api import Refused
from calco.portal.host_warning import told
from calco.portal.visit import ROOT, Page, Visit

LAST_LINES = 8
READ_LINES = 2 * LAST_LINES
"""Most requests are two lines: their start and their end."""
COUNTED = (
    ("machines", "Microsoft.Compute/virtualMachines", f"{ROOT}/virtual-machines"),
    ("images", "Microsoft.Compute/images", f"{ROOT}/images"),
    ("disks", "Microsoft.Compute/disks", f"{ROOT}/disks"),
    ("snapshots", "Microsoft.Compute/snapshots", f"{ROOT}/snapshots"),
)


async def show(visit: Visit) -> Response:
    groups, resources, running, host, last = await asyncio.gather(
        visit.api.seen(f"{visit.api.subscription}/resourcegroups"),
        visit.api.seen(f"{visit.api.subscription}/resources"),
        visit.api.seen(f"{visit.api.subscription}/providers/Calco/operations"),
        visit.api.find(f"{visit.api.subscription}/providers/Calco/host"),
        _last(visit),
    )
    kinds = Counter((text_at(each, "type") or "").lower() for each in resources)
    counts = [("resource_groups", len(groups), f"{ROOT}/resource-groups")]
    counts += [(word, kinds[type.lower()], path) for word, type, path in COUNTED]
    return visit.page(
        "home.html",
        counts=counts,
        running=running,
        last=last,
        deed_of=deed_of,
        host=host,
        gauges=_gauges(host or {}),
        warnings=[told(visit.words, each) for each in objects_at(host or {}, "warnings")],
    )


async def _last(visit: Visit) -> list[Line]:
    """What happened last, each request once."""
    try:
        found, _ = await activity.lines(visit, count=READ_LINES)
    except Refused as refusal:
        if refusal.status == 403:
            return []
        raise
    return list(islice(activity.newest(found), LAST_LINES))


def _gauges(host: Document) -> list[tuple[str, float, float, str]]:
    """Name, how much is taken, of how much, and in which unit that is told."""
    if not host:
        return []
    load, memory, disk = at(host, "load"), object_at(host, "memory"), object_at(host, "disk")
    busy = load[0] if isinstance(load, list) and load and isinstance(load[0], int | float) else 0
    total, free = number_at(memory, "totalBytes") or 0, number_at(memory, "availableBytes") or 0
    room, left = number_at(disk, "totalBytes") or 0, number_at(disk, "freeBytes") or 0
    return [
        ("cpu", busy, number_at(host, "cpus") or 1, "cpus"),
        ("memory", total - free, total, "bytes"),
        ("disk", room - left, room, "bytes"),
    ]


PAGES = (Page("/", show, live_seconds=5),)
