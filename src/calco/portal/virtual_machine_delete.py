"""Virtual machines' end: a page that asks what is to go with them and what is to stay, for one machine or many."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from calco.model.document import text_at
from calco.model.ids import ResourceId
from calco.portal.view_as.action import Delete
from calco.portal.virtual_machine_command import Command
from calco.portal.virtual_machine_facts import ADDRESS, TYPE
from calco.portal.virtual_machine_leaving import Part, parts_of, settle
from calco.portal.virtual_machine_many import AT_ONCE, Pair, ask, picked, refused_of
from calco.portal.visit import Page, Visit, resource_id

SEEN = {"$expand": "instanceView"}


@dataclass(frozen=True)
class Leaving:
    """A machine, and what of it may go with it."""

    group: str
    name: str
    parts: Sequence[Part]

    @property
    def key(self) -> str:
        return f"{self.group}/{self.name}"


async def show_one(visit: Visit) -> Response:
    await visit.api.get(visit.id(TYPE))  # one that is not there has no page
    return await _page(visit, [(visit.path["group"], visit.path["name"])])


async def show_many(visit: Visit) -> Response:
    return await _page(visit, picked(visit.request.query_params.getlist("machine")))


async def delete(visit: Visit) -> Response:
    """What goes along is settled first, for the API asks for it no more once it deletes."""
    machines = picked(visit.form.all("machine"))
    asked, taken = ({each.lower() for each in visit.form.all(name)} for name in ("asked", "take"))
    stayed: list[str] = []

    async def leave(group: str, name: str) -> None:
        id = resource_id(visit.api.subscription_id, group, TYPE, name)
        machine = await visit.api.find(id, **SEEN)
        if machine is not None and not await settle(visit, machine, asked, taken):
            stayed.append(name)
        else:
            await ask(visit, id, Command.DELETE)

    faults = await refused_of(visit, machines, leave)
    if faults or stayed or not machines:
        return await _page(visit, machines, status=400, faults=faults, stayed=stayed, taken=taken)
    return visit.go(ADDRESS, done=Command.DELETE, count=str(len(machines)))


async def _page(
    visit: Visit,
    pairs: Sequence[Pair],
    *,
    status: int = 200,
    faults: Sequence[Pair] = (),
    stayed: Sequence[str] = (),
    taken: Collection[str] | None = None,
) -> Response:
    """``stayed``: machines that were left, for what was ticked can be chosen no more. ``taken``: what was ticked
    already, by ids in lower case; None when it was not asked yet."""
    room = asyncio.Semaphore(AT_ONCE)

    async def leaving(group: str, name: str) -> Leaving | None:
        async with room:
            id = resource_id(visit.api.subscription_id, group, TYPE, name)
            machine = await visit.api.find(id, **SEEN)
            if machine is None:
                return None
            return Leaving(group, text_at(machine, "name") or name, await parts_of(visit, machine))

    machines = [each for each in await asyncio.gather(*(leaving(*pair) for pair in pairs)) if each is not None]
    ids = tuple(
        ResourceId(visit.api.subscription_id, each.group, "Microsoft.Compute", ("virtualMachines",), (each.name,))
        for each in machines
    )
    return visit.page(
        "virtual_machine_delete.html",
        status=status,
        machines=machines,
        blocks=visit.view_as(Delete(ids), "") if ids else (),
        faults=faults,
        stayed=stayed,
        taken=taken,
    )


PAGES = (
    Page("/virtual-machines/delete", show_many, delete),
    Page("/virtual-machines/{group}/{name}/delete", show_one, delete),
)
