"""Boot diagnostics: signed addresses of a machine's console log and screen, and what is found there.

The addresses lie outside ARM: whoever has one needs no token, as with the blobs that Azure signs.
"""

from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from calco.arm.call import Answer, Call, ok
from calco.model import errors
from calco.model.document import Document
from calco.work import boot_diagnostics as work
from calco.work.boot_diagnostics import File
from calco.work.cloud import Cloud

PATH = "/calco/bootDiagnostics"
SHOWN = {File.SCREEN: "consoleScreenshotBlobUri", File.LOG: "serialConsoleLogBlobUri"}
"""Source: azure-mgmt-compute, RetrieveBootDiagnosticsDataResult."""
TYPES = {File.SCREEN: "image/png", File.LOG: "text/plain; charset=utf-8"}
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def retrieve(call: Call) -> Answer:
    """Synchronous, 200."""
    shared = {each.file: each for each in work.share(call.cloud, call.id, _minutes(call))}
    uris: Document = {
        SHOWN[file]: f"{call.base}{PATH}/{each.vm_id}/{quote(each.name)}?sig={quote(each.token, safe='')}"
        for file, each in shared.items()
    }
    return ok({SHOWN[file]: uris[SHOWN[file]] for file in (File.SCREEN, File.LOG)})


def _minutes(call: Call) -> int:
    name = "sasUriExpirationTimeInMinutes"
    text = call.query.get(name.lower(), str(work.MINUTES))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= work.MINUTES_MAX):
        raise errors.invalid(name, f"A number of minutes from 1 to {work.MINUTES_MAX} is expected.")
    return int(text)


def routes(cloud: Cloud) -> list[Route]:
    """Where the signed addresses lead."""

    async def show(request: Request) -> Response:
        vm_id, token = str(request.path_params["machine"]), request.query_params.get("sig", "")
        try:
            # In a thread: QEMU is asked for the screen.
            seen = await to_thread.run_sync(work.read, cloud, vm_id, token, abandon_on_cancel=True)
        except PermissionError as why:
            return _said(403, f"AuthenticationFailed: {why}. Ask for a new address: az vm boot-diagnostics.")
        if seen is None:
            return _said(404, "There is nothing to see: the machine is gone, or has no screen while it is off.")
        file, content = seen
        return Response(content, 200, HEADERS, TYPES[file])

    return [Route(f"{PATH}/{{machine}}/{{file}}", show, methods=["GET"])]


def _said(status: int, words: str) -> Response:
    return Response(f"{words}\n", status, HEADERS, "text/plain; charset=utf-8")
