"""Export: a signed address from which a disk or a snapshot is downloaded as a fixed VHD, until it ends.

The address is nowhere kept: the operation that gave it tells it again, and its id is in this page's address. Who comes
without it sees only that one is out, and can end it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from starlette.responses import Response

from calco.model.disk import DiskState
from calco.model.document import Document, text_at
from calco.model.ids import ResourceId, is_guid
from calco.model.vhd import FOOTER_BYTES
from calco.portal.api import Refused
from calco.portal.disk import DISK, SNAPSHOT, Noun, id_of, size_of
from calco.portal.disk_command import Command, allowed, state_of, why_not
from calco.portal.view_as.action import ACCESS_SECONDS, ExportDisk
from calco.portal.visit import Page, Visit, explained

LIFETIMES = (ACCESS_SECONDS, 4 * ACCESS_SECONDS, 24 * ACCESS_SECONDS)
"""In seconds; the first unless another is chosen."""


@dataclass(frozen=True)
class Granted:
    """``url`` is a secret."""

    url: str
    until: str


async def show(visit: Visit, noun: Noun) -> Response:
    return await _page(visit, noun)


async def act(visit: Visit, noun: Noun) -> Response:
    id, here = visit.id(noun.type), f"{noun.one(visit)}/export"
    try:
        if visit.form.text("do") == "end":
            await visit.api.send("POST", f"{id}/endGetAccess")
            return visit.go(here, done="end")
        seconds = _seconds(visit.form.text("seconds"))
        asked: Document = {"access": "Read", "durationInSeconds": seconds}
        reply = await visit.api.send("POST", f"{id}/beginGetAccess", asked)
    except Refused as refusal:
        if refusal.status == 401:
            raise
        return await _page(visit, noun, fault=explained(visit.words, refusal))
    return visit.go(here, operation=reply.operation, seconds=str(seconds))


def _seconds(text: str) -> int:
    return next((each for each in LIFETIMES if str(each) == text), LIFETIMES[0])


async def _page(visit: Visit, noun: Noun, *, fault: str = "") -> Response:
    id = visit.id(noun.type)
    document = await visit.api.get(id)
    is_out = state_of(document) == DiskState.ACTIVE_SAS
    seconds = _seconds(visit.query.get("seconds", ""))
    file = f"{text_at(document, 'name') or 'disk'}.vhd"
    return visit.page(
        "disk_export.html",
        status=400 if fault else 200,
        noun=noun,
        disk=document,
        home=noun.one(visit),
        file=file,
        bytes=size_of(document) + FOOTER_BYTES,
        is_out=is_out,
        granted=await _granted(visit, document, seconds) if is_out else None,
        ended=visit.query.get("done") == "end" and not is_out,
        lifetimes=[(str(each), visit.words("disk.hours", count=each // 3600)) for each in LIFETIMES],
        may=Command.EXPORT in allowed(await visit.rights(id), noun.type),
        may_end=(await visit.rights(id))(f"{noun.type}/endGetAccess/action"),
        may_copy=noun is DISK and Command.SNAPSHOT in allowed(await visit.rights(id), noun.type),
        why=why_not(document)[Command.EXPORT],
        fault=fault,
        blocks=visit.view_as(ExportDisk(ResourceId.parse(id_of(document)), file, seconds), ""),
    )


async def _granted(visit: Visit, document: Document, seconds: int) -> Granted | None:
    """What the operation in this page's address gave, as long as it leads anywhere."""
    operation = visit.query.get("operation", "")
    if not is_guid(operation):
        return None
    place = f"{visit.api.subscription}/providers/Microsoft.Compute/locations/{text_at(document, 'location')}"
    told = await visit.api.find(f"{place}/DiskOperations/{operation}") or {}
    url, began = text_at(told, "properties", "output", "accessSAS"), text_at(told, "startTime")
    if url is None or began is None:
        return None
    return Granted(url, (datetime.fromisoformat(began) + timedelta(seconds=seconds)).isoformat())


PAGES = tuple(
    Page(f"/{noun.word}s/{{group}}/{{name}}/export", partial(show, noun=noun), partial(act, noun=noun), 5)
    for noun in (DISK, SNAPSHOT)
)
