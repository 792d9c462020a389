"""The serial console: an address for who may open one, and the websocket behind it.

The address is asked for as az and the portal do, and holds a token that opens it once. A browser cannot send more than
an address with a websocket, and any page in it may try; so the token is not enough, the page must be one of ours. What
is no browser says nothing of where it comes from. Sources: azure-cli-extensions, serial-console; RFC 6455, 10.2.
"""

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from calco import audience
from calco.arm.call import Answer, Call, ok
from calco.arm.serial_line import Lines
from calco.audience import Ended
from calco.model.document import Document
from calco.work import serial_console as work
from calco.work.cloud import Cloud

PATH = "/calco/serialConsole"
PORT = "0"
"""The only one that machines have here, as in Azure."""


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
        try:
            async with lines.watch(str(websocket.path_params["machine"])) as watcher:
                await audience.attend(websocket, watcher, lambda text: watcher.type(text.encode()))
        except Ended as over:
            await audience.close(websocket, over.ending)

    return [WebSocketRoute(f"{PATH}/{{machine}}", attend)]
