"""Virtual machines' end: a page that lists what goes with them and what stays, for one machine or many."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from calco.model.document import Document, text_at
from calco.model.ids import ResourceId
from calco.portal.view_as.action import Delete
from calco.portal.virtual_machine_command import Command
from calco.portal.virtual_machine_facts import ADDRESS, TYPE, parts_of
from calco.portal.virtual_machine_many import AT_ONCE, Pair, ask_each, picked
from calco.portal.virtual_machine_network import nics_of
from calco.portal.visit import Page, Visit, resource_id


@dataclass(frozen=True)
class Leaving:
    """A machine, and the ids of what goes with it and of what stays behind."""

    group: str
    name: str
    goes: tuple[str, ...]
    stays: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.group}/{self.name}"


async def show_one(visit: Visit) -> Response:
    await visit.api.get(visit.id(TYPE))  # one that is not there has no page
    return await _page(visit, [(visit.path["group"], visit.path["name"])])


async def show_many(visit: Visit) -> Response:
    return await _page(visit, picked(visit.request.query_params.getlist("machine")))


async def delete(visit: Visit) -> Response:
    machines = picked(visit.form.all("machine"))
    faults = await ask_each(visit, machines, Command.DELETE)
    if faults or not machines:
        return await _page(visit, machines, status=400, faults=faults)
    return visit.go(ADDRESS, done=Command.DELETE, count=str(len(machines)))


async def _page(visit: Visit, pairs: Sequence[Pair], *, status: int = 200, faults: Sequence[Pair] = ()) -> Response:
    room = asyncio.Semaphore(AT_ONCE)

    async def leaving(group: str, name: str) -> Leaving | None:
        async with room:
            machine = await visit.api.find(resource_id(visit.api.subscription_id, group, TYPE, name))
            return None if machine is None else await _leaving(visit, group, name, machine)

    machines = [each for each in await asyncio.gather(*(leaving(*pair) for pair in pairs)) if each is not None]
    ids = tuple(
        ResourceId(visit.api.subscription_id, each.group, "Microsoft.Compute", ("virtualMachines",), (each.name,))
        for each in machines
    )
    blocks = visit.view_as(Delete(ids), "") if ids else ()
    return visit.page("virtual_machine_delete.html", status=status, machines=machines, blocks=blocks, faults=faults)


async def _leaving(visit: Visit, group: str, name: str, machine: Document) -> Leaving:
    parts = parts_of(machine)
    # A public IP address is its NIC's, not the machine's: it stays whatever happens to them.
    publics = [each.public_id for each in await nics_of(visit.api, machine) if each.public_id]
    shown = name if text_at(machine, "name") is None else str(machine["name"])
    return Leaving(
        group, shown, tuple(id for id, goes in parts if goes), (*(id for id, goes in parts if not goes), *publics)
    )


PAGES = (
    Page("/virtual-machines/delete", show_many, delete),
    Page("/virtual-machines/{group}/{name}/delete", show_one, delete),
)
