"""Virtual machines: the list, and what is done to several of them at once."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from calco.model.document import Document, text_at
from calco.portal.listing import Column, everywhere, listed
from calco.portal.page import group_of, name_of
from calco.portal.rights import Rights, group_scope
from calco.portal.virtual_machine_command import ACTIONS, Command, Power, State, state_of
from calco.portal.virtual_machine_facts import ADDRESS, TYPE, image_of
from calco.portal.virtual_machine_many import Pair, ask_each, picked
from calco.portal.virtual_machine_network import every_address
from calco.portal.visit import Page, Visit

GROUPS_ASKED_MAX = 20
"""Whether somebody may do something is looked up in so many groups."""
BULK = (Command.START, Command.STOP, Command.DELETE)


@dataclass(frozen=True)
class Row:
    """One machine of the list. ``image_id`` is a managed image's, which has a page."""

    name: str
    group: str
    location: str
    state: State
    size: str
    image: str
    image_id: str
    private: str
    public: str
    provisioning: str

    @property
    def key(self) -> str:
        return f"{self.group}/{self.name}"


COLUMNS = (
    Column[Row]("name", lambda each: each.name),
    Column[Row]("group", lambda each: each.group),
    Column[Row]("state", lambda each: each.state.power),
    Column[Row]("size", lambda each: each.size),
    Column[Row]("image", lambda each: each.image),
    Column[Row]("address", lambda each: _in_order(each.public or each.private)),
    Column[Row]("provisioning", lambda each: each.provisioning),
    Column[Row]("location", lambda each: each.location),
)


def _in_order(addresses: str) -> str:
    """IPv4 addresses sort by number: each part as wide as the widest."""
    return ".".join(part.zfill(3) for part in addresses.split(", ", maxsplit=1)[0].split("."))


def _searched(row: Row) -> str:
    return f"{row.key} {row.size} {row.image} {row.private} {row.public} {row.location} {row.provisioning}"


# --- the list --------------------------------------------------------------------------------------------------------


async def show(visit: Visit) -> Response:
    return await _show(visit)


async def _show(visit: Visit, *, status: int = 200, faults: Sequence[Pair] = ()) -> Response:
    rows = await _rows(visit)
    group, state = visit.query.get("group", ""), visit.query.get("state", "")
    found = [
        each
        for each in rows
        if (not group or each.group.lower() == group.lower()) and (not state or each.state.power == state)
    ]
    groups = sorted({each.group for each in rows}, key=str.lower)
    done = visit.query.get("done", "")
    return visit.page(
        "virtual_machines.html",
        status=status,
        listing=listed(found, _asked(visit), COLUMNS, _searched),
        there=len(rows),
        groups=groups,
        powers=[each for each in Power if any(row.state.power is each for row in rows)],
        may=await _may(visit, groups),
        faults=faults,
        done=done if done in BULK else "",
        count=visit.query.get("count", ""),
    )


def _asked(visit: Visit) -> dict[str, str]:
    """Search, filters, order and page: what of the address is about the list."""
    return {name: value for name, value in visit.query.items() if name not in ("done", "count")}


async def _rows(visit: Visit) -> list[Row]:
    api = visit.api
    machines, addresses = await asyncio.gather(everywhere(api, TYPE, statusOnly="true"), every_address(api))
    return [_row(each, *addresses.of(each)) for each in machines]


def _row(machine: Document, private: str, public: str) -> Row:
    id = text_at(machine, "id") or ""
    image, image_id = image_of(machine)
    return Row(
        name=name_of(id),
        group=group_of(id),
        location=text_at(machine, "location") or "",
        state=state_of(machine),
        size=text_at(machine, "properties", "hardwareProfile", "vmSize") or "",
        image=image,
        image_id=image_id,
        private=private,
        public=public,
        provisioning=text_at(machine, "properties", "provisioningState") or "",
    )


async def _may(visit: Visit, groups: Iterable[str]) -> frozenset[Command]:
    """What this person may do to some machine of the list."""
    subscription = await visit.rights(visit.api.subscription)
    if all(subscription(ACTIONS[each]) for each in BULK):
        return frozenset(BULK)
    scopes = [group_scope(visit.api.subscription_id, each) for each in groups][:GROUPS_ASKED_MAX]
    held: list[Rights] = [subscription, *await asyncio.gather(*(visit.rights(each) for each in scopes))]
    return frozenset(each for each in BULK if any(rights(ACTIONS[each]) for rights in held))


# --- several at once -------------------------------------------------------------------------------------------------


async def act(visit: Visit) -> Response:
    said = visit.form.text("do")
    machines = picked(visit.form.all("machine"))
    if said not in BULK or not machines:
        return await _show(visit, status=400, faults=[("", visit.words("machine.none_picked"))])
    if said == Command.DELETE:
        return visit.go(f"{ADDRESS}/delete?{urlencode([('machine', '/'.join(each)) for each in machines])}")
    faults = await ask_each(visit, machines, Command(said))
    if faults:
        return await _show(visit, status=400, faults=faults)
    return visit.go(f"{ADDRESS}?{urlencode({**_asked(visit), 'done': said, 'count': len(machines)})}")


PAGES = (Page("/virtual-machines", show, act, live_seconds=5),)
