"""The activity log: who asked for what, and how it ended. Filters are in the page's address, and so is the place in
it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from starlette.responses import Response

from calco.model.document import Document, text_at
from calco.portal.api import Refused
from calco.portal.visit import Page, Visit, explained

LINES_A_PAGE = 50
VERSION = "2015-04-01"
STATUSES = ("Started", "Succeeded", "Failed", "Canceled")
FILTERS = {"group": "resourceGroupName", "resource": "resourceUri", "caller": "caller", "status": "status"}
"""Fields of the page's form, and what the API calls them."""
_KINDS = {"Succeeded": "good", "Failed": "bad", "Canceled": "off"}


@dataclass(frozen=True)
class Deed:
    """An action as Azure names it, and parts of the keys that say it in words: ``verb.start``,
    ``kind.microsoft_compute_disks``."""

    action: str
    verb: str
    type: str


@dataclass(frozen=True)
class Line:
    """A row of the log. ``operation`` is the id of work that took a while, empty for what was done at once."""

    id: str
    at: str
    deed: Deed
    resource: str
    caller: str
    is_own: bool
    status: str
    kind: str
    operation: str
    correlation: str
    said: str
    document: str


def key_of(text: str) -> str:
    """What the API says, as a part of a key: ``Microsoft.Compute/images`` is ``microsoft_compute_images``."""
    return text.lower().replace("/", "_").replace(".", "_")


def deed_of(action: str) -> Deed:
    parts = action.removesuffix("/action").split("/")
    return Deed(action, key_of(parts[-1]), key_of("/".join(parts[:-1])))


def line_of(event: Document, own: str = "") -> Line:
    """``own`` is the reader's object id."""
    id, operation = text_at(event, "eventDataId") or "", text_at(event, "operationId") or ""
    status = text_at(event, "status", "value") or ""
    by = text_at(event, "claims", "http://schemas.microsoft.com/identity/claims/objectidentifier") or ""
    return Line(
        id=id,
        at=text_at(event, "eventTimestamp") or "",
        deed=deed_of(text_at(event, "operationName", "value") or ""),
        resource=(text_at(event, "resourceId") or "").removesuffix(_TAGS).removesuffix(_PORT),
        caller=text_at(event, "caller") or "",
        is_own=bool(own) and by == own,
        status=status,
        kind=_KINDS.get(status, "off"),
        operation=operation if operation != id else "",
        correlation=text_at(event, "correlationId") or "",
        said=text_at(event, "description") or "",
        document=json.dumps(event, indent=2, ensure_ascii=False),
    )


async def lines(
    visit: Visit, filter: str = "", *, count: int = LINES_A_PAGE, after: str = ""
) -> tuple[list[Line], str]:
    """Some lines, the newest first, and what to ask for to see those after them; empty at the end. Raises Refused."""
    asked = {"api-version": VERSION, "$top": str(count), "$filter": filter, "$skiptoken": after}
    given = {name: value for name, value in asked.items() if value}
    page = await visit.api.page(f"{visit.api.subscription}{_LOG}", **given)
    token = parse_qs(urlsplit(page.next).query).get("$skiptoken", [""])[0]
    return [line_of(each, visit.session.person) for each in page.items], token


_TAGS = "/providers/Microsoft.Resources/tags/default"
_PORT = "/providers/Microsoft.SerialConsole/serialPorts/0"
"""A thing's tags and serial port are resources of their own; who looks for what was done thinks of the thing."""
_LOG = "/providers/Microsoft.Insights/eventtypes/management/values"


def newest(found: Sequence[Line]) -> Iterator[Line]:
    """Each request once, as it stood when the newest of these lines was written: of an operation's lines that one."""
    seen: set[str] = set()
    for each in found:
        if each.operation and each.operation in seen:
            continue
        seen.add(each.operation)
        yield each if each.status != "Started" else replace(each, kind="busy")


# --- the page --------------------------------------------------------------------------------------------------------


def filter_of(visit: Visit) -> str:
    """The form's fields as the API's ``$filter``; quotes in what was typed are doubled.
    Source: OData 4.0, part 2, 5.1.1."""
    terms = []
    for name, theirs in FILTERS.items():
        if value := visit.query.get(name, "").strip():
            doubled = value.replace("'", "''")
            terms.append(f"{theirs} eq '{doubled}'")
    for name, act, time in (("from", "ge", "00:00:00Z"), ("to", "le", "23:59:59.999999Z")):
        if value := visit.query.get(name, "").strip():
            doubled = value.replace("'", "''")
            terms.append(f"eventTimestamp {act} '{doubled}T{time}'")
    return " and ".join(terms)


async def show(visit: Visit) -> Response:
    fault, found, after = "", list[Line](), ""
    try:
        found, after = await lines(visit, filter_of(visit), after=visit.query.get("after", ""))
    except Refused as refusal:
        if refusal.status != 400:
            raise
        fault = explained(visit.words, refusal)
    given = {name: visit.query.get(name, "").strip() for name in (*FILTERS, "from", "to")}
    is_newest = "after" not in visit.query
    return visit.page(
        "activity.html",
        status=400 if fault else 200,
        lines=[*newest(found)] if is_newest and not given["status"] else found,
        given=given,
        kept={name: value for name, value in given.items() if value},
        after=after,
        is_newest=is_newest,
        statuses=STATUSES,
        fault=fault,
    )


PAGES = (Page("/activity", show, live_seconds=3),)
