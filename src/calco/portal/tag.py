"""The tags of one thing, whatever it is: a page that shows them as lines and takes them as lines."""

from urllib.parse import quote

from starlette.responses import Response

from calco.model.document import Document, Json, object_at, text_at
from calco.model.ids import ResourceId
from calco.portal.api import Refused
from calco.portal.page import portal_path
from calco.portal.view_as.action import SetTags
from calco.portal.visit import ROOT, Page, Visit, explained

WRITE = "Microsoft.Resources/tags/write"
ROOM = 3
"""Empty rows for new tags; who needs more saves and comes back."""


async def show(visit: Visit) -> Response:
    id = _id(visit)
    found = await visit.api.get(_tags_of(id))
    return await _shown(visit, id, _texts(object_at(found, "properties", "tags")))


async def _shown(visit: Visit, id: ResourceId, tags: dict[str, str], *, fault: str = "") -> Response:
    thing = str(id)
    return visit.page(
        "tags.html",
        status=400 if fault else 200,
        id=thing,
        back=portal_path(thing) or f"{ROOT}/",
        rows=[*tags.items(), *[("", "")] * ROOM],
        may=await visit.may(WRITE, _scope(id)),
        fault=fault,
        blocks=visit.view_as(SetTags(id, tags), ""),
    )


async def save(visit: Visit) -> Response:
    id = _id(visit)
    names, values = (visit.form.all(field) for field in ("name", "value"))
    given = {name.strip(): value.strip() for name, value in zip(names, values, strict=False) if name.strip()}
    tags: dict[str, Json] = dict(given)
    try:
        await visit.api.send("PUT", _tags_of(id), {"properties": {"tags": tags}})
    except Refused as refusal:
        return await _shown(visit, id, given, fault=explained(visit.words, refusal))
    return visit.go(portal_path(str(id)) or f"{ROOT}/")


def _id(visit: Visit) -> ResourceId:
    """From the page's address. What is no id is nothing that is there. Raises Refused."""
    try:
        id = ResourceId.parse(visit.path["of"])
    except ValueError:
        raise Refused(404, "ResourceNotFound", visit.words("tag.no_id")) from None
    return id


def _scope(id: ResourceId) -> str:
    """As an address for the API; names are escaped, so they cannot become a query."""
    return quote(str(id), safe="/")


def _tags_of(id: ResourceId) -> str:
    return f"{_scope(id)}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01"


def _texts(tags: Document) -> dict[str, str]:
    return {name: text_at(tags, name) or "" for name in tags}


PAGES = (Page("/tags/{of:path}", show, save),)
