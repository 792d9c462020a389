"""One request for many machines: which were picked on a page, and what came of asking for each."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from calco.portal.api import Refused
from calco.portal.virtual_machine_command import Command
from calco.portal.virtual_machine_facts import TYPE
from calco.portal.visit import Visit, explained, resource_id

AT_ONCE = 8
"""So many machines are asked at the same time for something."""
PICKED_MAX = 1000
NAME_LENGTH_MAX = 90
"""A resource group's; a machine's is shorter."""
PATHS = {Command.START: "start", Command.RESTART: "restart", Command.STOP: "deallocate"}
"""Last segments of the requests that do it."""

Pair = tuple[str, str]
"""Group and name; or a name and what the API said of it."""


def picked(values: Sequence[str]) -> list[Pair]:
    """Group and name of each machine that was ticked, once: values are ``group/name``."""
    pairs = [each.split("/") for each in dict.fromkeys(values)]
    found = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and all(_is_name(part) for part in pair)]
    return found[:PICKED_MAX]


def _is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_LENGTH_MAX and all(each.isalnum() or each in "-_.()" for each in text)


async def ask(visit: Visit, id: str, command: Command) -> str:
    """Ask for one command; the operation that goes on, empty when it is done already. Raises Refused."""
    if command is Command.DELETE:
        return (await visit.api.send("DELETE", id)).operation
    return (await visit.api.send("POST", f"{id}/{PATHS[command]}")).operation


async def ask_each(visit: Visit, machines: Sequence[Pair], command: Command) -> list[Pair]:
    """Ask the same of every machine; the names and the API's words of those that were refused. Raises Refused when the
    session is over."""

    async def asked(group: str, name: str) -> None:
        await ask(visit, resource_id(visit.api.subscription_id, group, TYPE, name), command)

    return await refused_of(visit, machines, asked)


async def refused_of(visit: Visit, machines: Sequence[Pair], do: Callable[[str, str], Awaitable[None]]) -> list[Pair]:
    """Do something for every machine, some at a time; the names and the API's words of those that it was refused for.
    Raises Refused when the session is over."""
    room = asyncio.Semaphore(AT_ONCE)

    async def said(group: str, name: str) -> Pair | None:
        async with room:
            try:
                await do(group, name)
            except Refused as refusal:
                if refusal.status == 401:
                    raise
                return name, explained(visit.words, refusal)
        return None

    answers = await asyncio.gather(*(said(*each) for each in machines))
    return [each for each in answers if each is not None]
