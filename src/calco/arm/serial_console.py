"""The serial console: an address for who may open one, and the websocket behind it.

The address is asked for as az and the portal do, and holds a token that opens it once. A browser cannot send more than
an address with a websocket, and any page in it may try; so the token is not enough, the page must be one of ours. What
is no browser says nothing of where it comes from. Sources: azure-cli-extensions, serial-console; RFC 6455, 10.2.
"""

import asyncio
from contextlib import suppress

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from calco.arm.call import Answer, Call, ok
from calco.arm.serial_line import Ended, Ending, Lines, Watcher
from calco.model.document import Document
from calco.work import serial_console as work
from calco.work.cloud import Cloud

PATH = "/calco/serialConsole"
PORT = "0"
"""The only one that machines have here, as in Azure."""
GOODBYE_SECONDS = 5.0
"""How long a client that reads nothing is waited for when its console ends."""


def connect(call: Call) -> Answer:
    """Synchronous, 200. Whoever has the address types as whoever sits at the machine."""
    admission = work.admit(call.cloud, call.id)
    base = f"ws{call.base.removeprefix('http')}"
    return ok({"connectionString": f"{base}{PATH}/{admission.vm_id}?token={admission.token}"})


def list_ports(call: Call) -> Answer:
    return ok({"value": [_show(call)]})


def get_port(call: Call) -> Answer:
    return ok(_show(call))


def get_status(_call: Call) -> Answer:
    """Whether consoles are there at all: they always are. az asks before anything else."""
    return ok({"properties": {"disabled": False}})


def _show(call: Call) -> Document:
    asked = work.machine(call.cloud, call.id)
    return {
        "id": f"{asked.id}/providers/Microsoft.SerialConsole/serialPorts/{PORT}",
        "name": PORT,
        "type": "Microsoft.SerialConsole/serialPorts",
        "properties": {"state": "enabled"},
    }


def routes(cloud: Cloud, lines: Lines) -> list[WebSocketRoute]:
    """Where the addresses lead. Refused with 403 before it is a websocket: a token that is none, a page that is not
    ours. Bytes go both ways; text is taken too. How it ends: ``arm.serial_line``."""

    async def attend(websocket: WebSocket) -> None:
        # az puts "?authorization=..." behind whatever address it is given. A token has no question mark.
        token = websocket.query_params.get("token", "").partition("?")[0]
        # First of all: a token that has been shown to us is void, whatever else is wrong.
        admitted = work.enter(cloud, str(websocket.path_params["machine"]), token)
        if not admitted or websocket.headers.get("origin") not in (None, *cloud.rules.origins):
            await websocket.close()
            return
        await websocket.accept()
        ending = await _attend(websocket, lines, str(websocket.path_params["machine"]))
        if ending is not None:
            with suppress(TimeoutError, WebSocketDisconnect):
                await asyncio.wait_for(websocket.close(ending.code, ending.reason), GOODBYE_SECONDS)

    return [WebSocketRoute(f"{PATH}/{{machine}}", attend)]


async def _attend(websocket: WebSocket, lines: Lines, vm_id: str) -> Ending | None:
    """Show the machine to its watcher and the watcher to the machine, until one of them has enough: why the console
    ends, or None when the watcher has left."""
    try:
        async with lines.watch(vm_id) as watcher:
            sides = {asyncio.create_task(_show_all(websocket, watcher)), asyncio.create_task(_type(websocket, watcher))}
            try:
                ended, _ = await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in sides:
                    each.cancel()
                await asyncio.gather(*sides, return_exceptions=True)
            for each in ended:
                each.result()
    except Ended as over:
        return over.ending
    except WebSocketDisconnect:
        return None
    return None


async def _show_all(websocket: WebSocket, watcher: Watcher) -> None:
    """Raises Ended, WebSocketDisconnect."""
    while True:
        await websocket.send_bytes(await watcher.heard())


async def _type(websocket: WebSocket, watcher: Watcher) -> None:
    """Raises WebSocketDisconnect."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        await watcher.type(message.get("bytes") or b"" if text is None else text.encode())
