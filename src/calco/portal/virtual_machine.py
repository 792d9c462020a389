"""One virtual machine: its command bar, what it is, its disks, its network, what was done to it, what its disk holds.

Each tab is a page of its own over one template; all of them have the command bar and what goes on above them. What a
command began is followed by its operation's id, which is in the address: it survives a reload, and nobody has to wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from starlette.responses import Response

from calco.model.document import Document, object_at, objects_at, text_at, text_map
from calco.model.ids import ResourceId, is_guid
from calco.portal import activity, tag, virtual_machine_console
from calco.portal.activity import deed_of
from calco.portal.api import Refused
from calco.portal.page import group_of
from calco.portal.view_as.action import Action, ActOnMachines, MachineVerb
from calco.portal.view_as.shown import Block
from calco.portal.virtual_machine_command import ACTIONS, Command, State, Why, Work, state_of
from calco.portal.virtual_machine_facts import (
    ADDRESS,
    TYPE,
    disks_of,
    image_of,
    is_diagnosed,
    is_windows,
    statuses_of,
    zones_of,
)
from calco.portal.virtual_machine_many import PATHS, ask
from calco.portal.virtual_machine_network import addresses, nics_of
from calco.portal.visit import Page, Visit, explained

LINES_MAX = 50
"""Of the activity log."""
LOOKED = "providers/Calco/inspections/current"
FOLLOWED = (Command.START, Command.RESTART, Command.STOP, Command.DIAGNOSE)
"""Commands whose end is told on the page they were given on."""
WARNS = ("Warning", "Error")
_VERBS = {
    Command.START: MachineVerb.START,
    Command.RESTART: MachineVerb.RESTART,
    Command.STOP: MachineVerb.DEALLOCATE,
}

Gather = Callable[[Visit, Document], Awaitable[dict[str, object]]]


# --- every tab -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tab:
    """``end`` of its address; ``gather`` finds what only this tab shows."""

    end: str
    gather: Gather
    live_seconds: float = 3


async def page(
    visit: Visit, tab: str, *, status: int = 200, fault: str = "", report: Document | None = None
) -> Response:
    """A tab of the machine's page. ``fault`` is the API's, in its own words; ``report`` is a look at its disk that was
    not kept. Raises Refused."""
    id = visit.id(TYPE)
    machine, rights, story = await asyncio.gather(
        visit.api.get(id, **{"$expand": "instanceView"}), visit.rights(id), _story(visit)
    )
    state, here = state_of(machine), address(visit)
    seen, going = await asyncio.gather(TABS[tab].gather(visit, machine), _going(visit, machine, state))
    lines = [each for each in statuses_of(machine) if each.level in WARNS and not each.code.startswith("Inspection/")]
    return visit.page(
        "virtual_machine.html",
        status=status,
        machine=machine,
        name=text_at(machine, "name") or visit.path["name"],
        group=group_of(text_at(machine, "id")),
        home=here,
        state=state,
        working="" if state.work is Work.NONE else (text_at(machine, "properties", "provisioningState") or ""),
        why={each.value: _reason(visit, state.why_not(each)) for each in Command},
        may={each.value: rights(ACTIONS[each]) for each in Command},
        may_tag=rights(tag.WRITE),
        fault=fault,
        did=_did(visit, story),
        going=going,
        going_deed=deed_of(text_at(going or {}, "action") or ""),
        elapsed=visit.since(text_at(going or story or {}, "startTime")),
        lines=lines,
        tab=tab,
        tabs=[(visit.words(f"machine.tab_{name}"), f"{here}{each.end}") for name, each in TABS.items()],
        is_windows=is_windows(machine),
        is_diagnosed=is_diagnosed(machine),
        blocks=_blocks(visit, machine, state),
        still=report is not None,
        seen=seen if report is None else {**seen, "report": report},
    )


def address(visit: Visit) -> str:
    """The machine's own, without a tab."""
    return f"{ADDRESS}/{quote(visit.path['group'], safe='')}/{quote(visit.path['name'], safe='')}"


def _reason(visit: Visit, why: Why | None) -> str:
    return "" if why is None else visit.words(f"machine.why_{why}")


async def _story(visit: Visit) -> Document | None:
    operation = visit.query.get("operation", "")
    if not is_guid(operation):
        return None
    return await visit.api.find(f"{visit.api.subscription}/providers/Calco/operations/{operation}")


async def _going(visit: Visit, machine: Document, state: State) -> Document | None:
    """What goes on with the machine, as the API tells of it."""
    if state.work is Work.NONE and state.power.kind != "busy":
        return None
    id = (text_at(machine, "id") or "").lower()
    every = await visit.api.seen(f"{visit.api.subscription}/providers/Calco/operations")
    asked = [below for each in every for below in objects_at(each, "children")]  # by a template, for one
    mine = (each for each in (*every, *asked) if (text_at(each, "subject") or "").lower() == id)
    return next((each for each in mine if text_at(each, "status") == "InProgress"), None)


def _did(visit: Visit, story: Document | None) -> tuple[str, str, str] | None:
    """The command that was given here last, the status of its operation, and what the API says when that failed."""
    command, operation = visit.query.get("did", ""), visit.query.get("operation", "")
    if command not in FOLLOWED or (operation and story is None):
        return None
    status = (text_at(story, "status") if story else "") or "Succeeded"
    error = object_at(story or {}, "error")
    said = f"{text_at(error, 'code')}: {text_at(error, 'message')}" if error else ""
    return command, status, said


def _blocks(visit: Visit, machine: Document, state: State) -> tuple[Block, ...]:
    """The next command, as other tools have it: to stop what runs, to start what does not."""
    command = next((each for each in (Command.STOP, Command.START) if state.why_not(each) is None), None)
    if command is None:
        return ()
    id = ResourceId.parse(text_at(machine, "id") or "")
    action: Action = ActOnMachines(_VERBS[command], (id,))
    return visit.view_as(action, text_at(machine, "location") or "")


async def act(visit: Visit, tab: str) -> Response:
    """A command of the bar, given on any tab; where it was given it is answered."""
    said, id = visit.form.text("do"), visit.id(TYPE)
    try:
        if said == Command.INSPECT:
            return await _inspect(visit, id)
        if said == Command.DIAGNOSE:
            on: Document = {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}
            operation = (await visit.api.send("PATCH", id, {"properties": on})).operation
        elif said in PATHS:
            operation = await ask(visit, id, Command(said))
        else:
            return visit.go(visit.request.url.path)
    except Refused as refusal:
        if refusal.status in (401, 404):
            raise
        return await page(visit, tab, status=409, fault=explained(visit.words, refusal))
    query = {"did": said, **({"operation": operation} if operation else {})}
    return visit.go(f"{visit.request.url.path}?{urlencode(query)}")


async def _inspect(visit: Visit, id: str) -> Response:
    """A look is kept, and then it is the page's; one that could not come to its end is shown once."""
    report = (await visit.api.send("POST", f"{id}/providers/Calco/inspect")).document
    if await visit.api.find(f"{id}/{LOOKED}") is not None:
        return visit.go(f"{address(visit)}#verdict")
    return await page(visit, OVERVIEW, report=report)


# --- the tabs --------------------------------------------------------------------------------------------------------


async def _overview(visit: Visit, machine: Document) -> dict[str, object]:
    nics, report = await asyncio.gather(nics_of(visit.api, machine), visit.api.find(f"{visit.id(TYPE)}/{LOOKED}"))
    view = object_at(machine, "properties", "instanceView")
    image, image_id = image_of(machine)
    private, public = addresses(nics)
    return {
        "image": image,
        "image_id": image_id,
        "private": private,
        "public": public,
        "report": report,
        "agent": text_at(view, "vmAgent", "vmAgentVersion") or "",
        "system": f"{text_at(view, 'osName') or ''} {text_at(view, 'osVersion') or ''}".strip(),
        "host_name": text_at(machine, "properties", "osProfile", "computerName") or "",
        "user": text_at(machine, "properties", "osProfile", "adminUsername") or "",
        "zones": ", ".join(zones_of(machine)),
        "tags": text_map(object_at(machine, "tags")),
    }


async def _disks(_visit: Visit, machine: Document) -> dict[str, object]:
    return {"disks": disks_of(machine)}


async def _networking(visit: Visit, machine: Document) -> dict[str, object]:
    return {"nics": await nics_of(visit.api, machine)}


async def _activity(visit: Visit, machine: Document) -> dict[str, object]:
    """The newest lines of the log that are about this machine."""
    found, _ = await activity.lines(visit, f"resourceUri eq '{text_at(machine, 'id')}'", count=LINES_MAX)
    return {"lines": [*activity.newest(found)], "resource": text_at(machine, "id") or ""}


OVERVIEW = "overview"
TABS: Mapping[str, Tab] = {
    OVERVIEW: Tab("", _overview),
    "disks": Tab("/disks", _disks),
    "networking": Tab("/networking", _networking),
    "activity": Tab("/activity", _activity),
    "screen": Tab("/boot-diagnostics", virtual_machine_console.diagnostics),
    "console": Tab("/console", virtual_machine_console.console),
    "connect": Tab("/connect", virtual_machine_console.connect),
}
_ONE = "/virtual-machines/{group}/{name}"
PAGES = (
    *(
        Page(f"{_ONE}{tab.end}", partial(page, tab=name), partial(act, tab=name), tab.live_seconds)
        for name, tab in TABS.items()
    ),
    Page(f"{_ONE}/console/address", virtual_machine_console.back, virtual_machine_console.open_line),
)
