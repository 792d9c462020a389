"""Disks and snapshots: their lists, one of them with what it came from and who has it, its end.

A snapshot is in all this a disk that no machine has: both nouns go through these pages, each with its own words.
"""

from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from starlette.responses import Response

from calco.model.document import Document, number_at, object_at, text_at
from calco.model.ids import ResourceId
from calco.portal.api import Refused
from calco.portal.disk_command import Command, allowed, state_of, why_not
from calco.portal.listing import Column, everywhere, listed
from calco.portal.page import group_of, name_of
from calco.portal.view_as.action import Delete
from calco.portal.visit import ROOT, Page, Visit, explained


@dataclass(frozen=True)
class Noun:
    """``word`` is the file of its words, and with an s the menu's; ``type`` the resource's."""

    word: str
    type: str

    @property
    def address(self) -> str:
        return f"{ROOT}/{self.word}s"

    def one(self, visit: Visit) -> str:
        """The page of the one that this visit's address names, by the address alone."""
        group, name = (quote(visit.path[each], safe="") for each in ("group", "name"))
        return f"{self.address}/{group}/{name}"


DISK = Noun("disk", "Microsoft.Compute/disks")
SNAPSHOT = Noun("snapshot", "Microsoft.Compute/snapshots")


# --- what a document says --------------------------------------------------------------------------------------------


def id_of(document: Document) -> str:
    return text_at(document, "id") or ""


def os_of(document: Document) -> str:
    """``Linux`` or ``Windows``; empty for a disk of data."""
    return text_at(document, "properties", "osType") or ""


def owner_of(document: Document) -> str:
    """The machine that has it, by its id; empty when none has."""
    return text_at(document, "managedBy") or ""


def size_of(document: Document) -> int:
    """In bytes; of an upload that has not ended what it is going to have."""
    properties = object_at(document, "properties")
    coming = number_at(properties, "creationData", "uploadSizeBytes")
    return number_at(properties, "diskSizeBytes") or coming or (number_at(properties, "diskSizeGB") or 0) << 30


def source_of(document: Document) -> str:
    """Where its bytes came from, by id or address; empty when it was made empty or uploaded."""
    creation = object_at(document, "properties", "creationData")
    return (
        text_at(creation, "sourceResourceId")
        or text_at(creation, "imageReference", "id")
        or text_at(creation, "sourceUri")
        or ""
    )


def offer_of(document: Document) -> str:
    """The offer and SKU of the platform's image that its bytes came from; empty when they came from elsewhere."""
    parts = source_of(document).split("/")
    named = dict(zip((each.lower() for each in parts), parts[1:], strict=False))
    return f"{named['offers']} {named['skus']}" if {"offers", "skus"} <= named.keys() else ""


def _said(document: Document) -> str:
    """What of it is searched."""
    tags = " ".join(f"{name} {value}" for name, value in object_at(document, "tags").items())
    return f"{id_of(document)} {owner_of(document)} {source_of(document)} {os_of(document)} {tags}"


_NAME = Column[Document]("name", lambda each: name_of(id_of(each)))
_REST = (
    Column[Document]("state", state_of),
    Column[Document]("size", size_of),
    Column[Document]("os", os_of),
    Column[Document]("location", lambda each: text_at(each, "location") or ""),
    Column[Document]("group", lambda each: group_of(id_of(each))),
)
_OWNER = Column[Document]("owner", lambda each: name_of(owner_of(each)))
_SOURCE = Column[Document]("source", lambda each: name_of(source_of(each)))


# --- pages -----------------------------------------------------------------------------------------------------------


async def show_all(visit: Visit, noun: Noun) -> Response:
    columns = (_NAME, *_REST, _OWNER if noun is DISK else _SOURCE)
    return visit.page(
        "disks.html",
        noun=noun,
        listing=listed(await everywhere(visit.api, noun.type), visit.query, columns, _said),
        os_of=os_of,
        size_of=size_of,
        owner_of=owner_of,
        source_of=source_of,
        state_of=state_of,
        may_import=await visit.may("Microsoft.Compute/disks/write", visit.api.subscription),
    )


async def show(visit: Visit, noun: Noun) -> Response:
    id = visit.id(noun.type)
    document = await visit.api.get(id)
    return visit.page(
        "disk.html",
        noun=noun,
        disk=document,
        home=noun.one(visit),
        size=size_of(document),
        source=source_of(document),
        offer=offer_of(document),
        owner=owner_of(document),
        state=state_of(document),
        may=allowed(await visit.rights(id), noun.type),
        why=why_not(document),
    )


async def ask_delete(visit: Visit, noun: Noun) -> Response:
    return _ask(visit, noun, await visit.api.get(visit.id(noun.type)))


async def delete(visit: Visit, noun: Noun) -> Response:
    id = visit.id(noun.type)
    try:
        await visit.api.send("DELETE", id)
    except Refused as refusal:
        return _ask(visit, noun, await visit.api.get(id), fault=explained(visit.words, refusal))
    return visit.go(noun.address)


def _ask(visit: Visit, noun: Noun, document: Document, *, fault: str = "") -> Response:
    return visit.page(
        "disk_delete.html",
        status=400 if fault else 200,
        noun=noun,
        disk=document,
        home=noun.one(visit),
        owner=owner_of(document),
        why="" if fault else why_not(document)[Command.DELETE],
        fault=fault,
        blocks=visit.view_as(Delete((ResourceId.parse(id_of(document)),)), text_at(document, "location") or ""),
    )


def pages_of(noun: Noun) -> tuple[Page, ...]:
    """The pages that both nouns have."""
    one = f"/{noun.word}s/{{group}}/{{name}}"
    return (
        Page(f"/{noun.word}s", partial(show_all, noun=noun), live_seconds=3),
        Page(one, partial(show, noun=noun), live_seconds=3),
        Page(f"{one}/delete", partial(ask_delete, noun=noun), partial(delete, noun=noun)),
    )


PAGES = pages_of(DISK)
