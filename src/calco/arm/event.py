"""``Microsoft.Insights``: the activity log as its readers see it.

Sources: Azure, "Activity Logs - List" (2015-04-01), whose example gives the shape, and what az 2.91 asks for: times
without quotes and without a zone, which are UTC, and ``$select`` with a space around its commas. Azure's log begins
with a line where a request arrives; here one that was done at once is a single line, its end.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote

import msgspec

from calco.arm import showing
from calco.arm.call import Answer, Call, ok
from calco.arm.odata import Term, bad_filter, read_filter, read_top
from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.principal import Caller
from calco.work import activity as work
from calco.work import capture_verdict
from calco.work.activity import Line, Outcome, Wanted

PAGE = 1000
"""Lines on a page where ``$top`` asks for no fewer; or some more: a page ends where the time changes. Ours: the version
that Azure documents has no ``$top``, and who shows the last ten need not read a thousand."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def list_all(call: Call) -> Answer:
    """Newest first, page by page; ``nextLink`` goes on where the page ended."""
    text = call.query.get("$filter", "")
    since, until, wanted = _read(call, text)
    if "$skiptoken" in call.query:
        until = min(until, _moment(call.query["$skiptoken"], text))
    size = min(read_top(call.query.get("$top")) or PAGE, PAGE)
    lines = work.list(call.cloud, since, until, wanted, sees=call.sees, enough=size)
    page, more = _page(lines, size)
    chosen = _chosen(call.query.get("$select", ""))
    body: Document = {"value": [_selected(show(line, call), chosen) for line in page]}
    if more:
        body["nextLink"] = _next_link(call, text, page[-1].at)
    return ok(body)


# --- what is asked for -----------------------------------------------------------------------------------------------

_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "resourcegroupname": "group",
        "resourceuri": "resource",
        "resourceid": "resource",
        "resourceprovider": "provider",
        "resourcetype": "type",
        "correlationid": "correlation",
        "caller": "caller",
        "status": "outcome",
    }
)
"""What may be compared, always for being equal, and which member of ``Wanted`` that is."""


def _read(call: Call, text: str) -> tuple[datetime, datetime, Wanted]:
    since, until = BEGINNING, call.cloud.clock.now() + TICK
    wanted: dict[str, str] = {}
    for term in read_filter(text):
        if term.name == "eventtimestamp":
            moment = _moment(term.value, text)
            since = max(since, _first(term, moment, since))
            until = min(until, _last(term, moment, until))
        elif term.name in _TEXTS and term.act == "eq":
            wanted[_TEXTS[term.name]] = term.value
        elif term.name not in ("eventchannels", "levels"):  # what older tools add: all there is here
            known = ", ".join(("eventTimestamp ge", "eventTimestamp le", *(f"{each} eq" for each in _TEXTS)))
            raise bad_filter(text, f"'{term.name} {term.act}' is not known; these are: {known}.")
    return since, until, Wanted(**wanted)


def _first(term: Term, moment: datetime, default: datetime) -> datetime:
    return {"ge": moment, "gt": moment + TICK, "eq": moment}.get(term.act, default)


def _last(term: Term, moment: datetime, default: datetime) -> datetime:
    return {"le": moment + TICK, "lt": moment, "eq": moment + TICK}.get(term.act, default)


def _moment(text: str, whole: str) -> datetime:
    """A time; UTC when it names no zone. Raises ApiError 400."""
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        # Room on both sides: what is compared is some ticks away.
        return max(BEGINNING, min(found, datetime.max.replace(tzinfo=UTC) - timedelta(days=2)))
    except (ValueError, OverflowError) as no_time:
        raise bad_filter(whole, f"'{text[:60]}' is no time such as 2026-11-23T09:30:00Z.") from no_time


def _page(lines: Sequence[Line], size: int) -> tuple[Sequence[Line], bool]:
    if len(lines) <= size:
        return lines, False
    last = lines[size - 1].at
    page = [line for line in lines if line.at >= last]
    return page, len(page) < len(lines)


def _next_link(call: Call, filter: str, last: datetime) -> str:
    kept = {name: call.query.get(name, "") for name in ("$select", "$top")}
    asked = {"api-version": call.version, "$filter": filter, **kept}
    token = last.isoformat()
    query = "&".join(
        f"{name}={quote(value, safe='')}" for name, value in {**asked, "$skiptoken": token}.items() if value
    )
    return f"{call.base}{quote(call.path)}?{query}"


def _chosen(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def _selected(shown: Document, chosen: frozenset[str]) -> Document:
    """``id`` stays whatever is chosen: by it one sees whether the reader may have the line."""
    if not chosen:
        return shown
    return {name: each for name, each in shown.items() if name == "id" or name.lower() in chosen}


# --- how a line is shown ---------------------------------------------------------------------------------------------


def show(line: Line, call: Call) -> Document:
    """``EventData``."""
    caller = line.cause.caller
    resource, cause = line.resource, line.cause
    ticks = int((line.at - datetime(1, 1, 1, tzinfo=UTC)) / TICK) * 10
    shown: Document = {
        "authorization": {"action": cause.action, "scope": resource},
        "caller": caller.shown if caller else "",
        "category": _named("Administrative"),
        "claims": _claims(caller) if caller else {},
        "correlationId": cause.correlation,
        "description": line.failure.message if line.failure else line.warning or "",
        "eventDataId": line.id,
        "eventName": _named(*_EVENTS[line.outcome is Outcome.STARTED]),
        "eventTimestamp": _time(line.at),
        "id": f"{resource}/events/{line.id}/ticks/{ticks}",
        "level": _level(line),
        "operationId": line.operation or line.id,
        "operationName": _named(cause.action),
        "properties": _properties(line),
        "resourceGroupName": line.group,
        "resourceId": resource,
        "resourceProviderName": _named(line.provider),
        "resourceType": _named(line.type),
        "status": _named(line.outcome.value),
        "subStatus": _sub_status(line),
        "submissionTimestamp": _time(line.at),
        "subscriptionId": call.subscription,
        "tenantId": caller.tenant_id if caller else call.tenant,
    }
    return {name: each for name, each in shown.items() if each is not None}


_EVENTS = {True: ("BeginRequest", "Begin request"), False: ("EndRequest", "End request")}


def _named(value: str, localized: str | None = None) -> Document:
    return {"value": value, "localizedValue": value if localized is None else localized}


def _level(line: Line) -> str:
    if line.outcome is Outcome.FAILED:
        return "Error"
    return "Informational" if line.warning is None else "Warning"


def _time(moment: datetime) -> str:
    return showing.time(moment).replace("+00:00", "Z")


def _claims(caller: Caller) -> Document:
    """Who it was, as the token said. Source: the claims' names are those of Azure's example and of JWTs."""
    claims: Document = {
        "appid": caller.client_id,
        "http://schemas.microsoft.com/identity/claims/objectidentifier": caller.object_id,
        "http://schemas.microsoft.com/identity/claims/tenantid": caller.tenant_id,
        "idtyp": "user" if caller.name else "app",
    }
    if caller.name:
        claims["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"] = caller.name
        claims["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"] = caller.name
    return claims


def _phrase(status: int) -> str:
    """``Created``, ``Conflict``: .NET's names of HTTP's."""
    try:
        return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
    except ValueError:
        return str(status)


_STATUS_OF_FAILURES = 409
"""What an operation's failure is shown as: the same as behind its Location."""


def _status_of(line: Line) -> int | None:
    if line.status is None and line.failure is not None:
        return _STATUS_OF_FAILURES
    return line.status


def _sub_status(line: Line) -> Document:
    status = _status_of(line)
    if status is None:
        return _named("")
    return _named(_phrase(status), f"{_phrase(status)} (HTTP Status Code: {status})")


def _properties(line: Line) -> Document:
    """Texts all of them, as Azure's are: clients read them into a map of texts."""
    properties: dict[str, Json] = {
        "eventCategory": "Administrative",
        "entity": line.resource,
        "message": line.cause.action,
    }
    status = _status_of(line)
    if status is not None:
        properties["statusCode"] = _phrase(status)
    if line.failure is not None:
        failure = line.failure
        error = showing.error(ApiError(status or _STATUS_OF_FAILURES, failure.code, failure.message, failure.target))
        properties["statusMessage"] = msgspec.json.encode(error).decode()
    if line.warning is not None:
        warning = {"code": capture_verdict.CODE, "message": line.warning}
        properties["warnings"] = msgspec.json.encode([warning]).decode()
    if line.cause.parent is not None:
        properties["parentOperationId"] = line.cause.parent
    return properties
