"""Ways into a virtual machine: its serial console, what it shows while it boots, and the lines that log in to it."""

import base64
import re
import shlex

from starlette.responses import JSONResponse, Response

from calco.model.document import Document, text_at
from calco.portal.api import Refused
from calco.portal.virtual_machine_facts import TYPE, is_diagnosed, is_windows
from calco.portal.virtual_machine_network import addresses, nics_of
from calco.portal.visit import Visit, explained

LOG_SHOWN = 64 * 1024
"""Characters of the serial log's end that a page shows."""
USER = "USER"
"""In a line to copy, where the machine does not tell whom it knows."""
PICTURE_BYTES_MAX = 4 * 1024 * 1024
_PORT = "providers/Microsoft.SerialConsole/serialPorts/0"
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?|[ -/]*[0-~])|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
"""What a terminal would obey and a page must not show. Source: ECMA-48, 5.3, 5.4, 5.6."""


# --- boot diagnostics ------------------------------------------------------------------------------------------------


async def diagnostics(visit: Visit, machine: Document) -> dict[str, object]:
    """The screen as a picture, and the serial log's end. ``missing`` is the API's reason for having neither."""
    shown: dict[str, object] = {"picture": "", "log": "", "missing": ""}
    if not is_diagnosed(machine):
        return shown
    try:
        addresses = (await visit.api.send("POST", f"{visit.id(TYPE)}/retrieveBootDiagnosticsData")).document
    except Refused as refusal:
        if refusal.status == 401:
            raise
        return {**shown, "missing": explained(visit.words, refusal)}
    picture = await _read(visit, text_at(addresses, "consoleScreenshotBlobUri"))
    log = await _read(visit, text_at(addresses, "serialConsoleLogBlobUri"))
    return {**shown, "picture": _as_address(picture), "log": plain(log.decode(errors="replace"))[-LOG_SHOWN:]}


async def _read(visit: Visit, address: str | None) -> bytes:
    """What lies behind a signed address of this service's; nothing when there is nothing."""
    if not address:
        return b""
    answer = await visit.api.http.get(address)
    return answer.content if answer.status_code == 200 else b""


def _as_address(picture: bytes) -> str:
    """In the page itself: one that has not changed is not sent again, and no signed address is on the page."""
    if not picture or len(picture) > PICTURE_BYTES_MAX:
        return ""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def plain(log: str) -> str:
    """What a guest printed, as lines: without colours and moves of the cursor."""
    return _ESCAPES.sub("", log.replace("\r\n", "\n").replace("\r", "\n"))


# --- the serial console ----------------------------------------------------------------------------------------------


async def console(visit: Visit, _machine: Document) -> dict[str, object]:
    """For who would rather use their own terminal."""
    group, name = (shlex.quote(visit.path[each]) for each in ("group", "name"))
    return {"line": f"az serial-console connect --resource-group {group} --name {name}"}


async def open_line(visit: Visit) -> Response:
    """Where the page's script finds the machine's line: ``{"address": "wss://..."}``, good for one use and a moment; or
    ``{"said": ...}`` in the API's words."""
    try:
        reply = await visit.api.send("POST", f"{visit.id(TYPE)}/{_PORT}/connect")
    except Refused as refusal:
        if refusal.status == 401:
            raise
        return JSONResponse({"said": explained(visit.words, refusal)}, refusal.status, _UNKEPT)
    return JSONResponse({"address": text_at(reply.document, "connectionString")}, 200, _UNKEPT)


async def back(visit: Visit) -> Response:
    """For who opens a script's address by hand."""
    return visit.go(visit.request.url.path.removesuffix("/address"))


_UNKEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


# --- logging in ------------------------------------------------------------------------------------------------------


async def connect(visit: Visit, machine: Document) -> dict[str, object]:
    """Lines to copy."""
    private, public = addresses(await nics_of(visit.api, machine))
    user = text_at(machine, "properties", "osProfile", "adminUsername") or ""
    first = public.split(", ")[0]
    windows = is_windows(machine)
    log_in = f"mstsc /v:{first}" if windows else f"ssh {shlex.quote(f'{user or USER}@{first}')}"
    group, name = (shlex.quote(visit.path[each]) for each in ("group", "name"))
    return {
        "private": private,
        "public": public,
        "user": user,
        "line": log_in if first else "",
        "calco_line": "" if windows else f"calco vm ssh -g {group} {name}",
    }
