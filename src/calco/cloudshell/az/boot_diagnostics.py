"""What a machine's serial console has shown, and its screen.

The API gives signed addresses; what is behind them is text and a picture. Source: Azure/azure-powershell, Az.Compute's
reference of Get-AzVMBootDiagnosticsData, whose files are named so.
"""

from collections.abc import Iterable

from calco.cloudshell import reach
from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import cmdlet, plain, switch
from calco.cloudshell.az.machine_parameters import TYPE, named
from calco.cloudshell.az.storage_access import told
from calco.cloudshell.az.target import argument, target
from calco.cloudshell.az.virtual_machine import VIEW_KIND, instance_view
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.screen import text_table
from calco.cloudshell.values import Value
from calco.model.document import text_at
from calco.signed_url import BlobFailure

LOG, SCREEN = "serialConsoleLogBlobUri", "consoleScreenshotBlobUri"
_WINDOWS, _LINUX = "WindowsParamSet", "LinuxParamSet"


def get(call: Call) -> Iterable[Value]:
    where = target(call, TYPE)
    name, folder = where.rpartition("/")[2], call.text("LocalPath")
    if call.switch("Windows") and not folder:
        raise argument("Say the folder for the picture of the screen with -LocalPath.")
    addresses = change(call, f"Reading {name}", "POST", f"{where}/retrieveBootDiagnosticsData").document
    member, file = (LOG, "serialconsole.log") if call.switch("Linux") else (SCREEN, "screenshot.png")
    address = text_at(addresses, member)
    if not address:
        raise argument(f"The machine '{name}' keeps no boot diagnostics: Set-AzVMBootDiagnostic -Enable.")
    content = _content(call, address)
    if folder:
        with told(), reach.files(call.shell).new(f"{folder}/{name}.{file}", replace=True) as kept:
            kept.write(content)
    else:
        call.shell.host.write(text_table.plain(content.decode(errors="replace")))
    yield instance_view(call.shell.api.get(where, {"$expand": "instanceView"}))


def _content(call: Call, address: str) -> bytes:
    there = reach.of(call.shell).open(address)
    try:
        return there.ask("GET").content
    except BlobFailure as failure:
        raise argument(f"What the console has shown cannot be read: {failure.message}") from failure
    finally:
        there.close()


MODULE = Module(
    (
        cmdlet(
            "Get-AzVMBootDiagnosticsData",
            "Shows what a machine's serial console has said (-Linux), or keeps its screen as a picture (-Windows).",
            get,
            *named(f"{_WINDOWS} {_LINUX}")[:2],
            switch("Windows", "The screen, as PNG.", _WINDOWS, mandatory=True),
            switch("Linux", "The serial console.", _LINUX, mandatory=True),
            plain("LocalPath", "The folder for the file; without one the console is shown.", 3),
            default_set=_WINDOWS,
            output=VIEW_KIND.type,
            examples={"Show the console.": "Get-AzVMBootDiagnosticsData lab web -Linux | Out-Null"},
        ),
    )
)
