"""Commands that a machine's guest runs, and captures of machines whose disks are VHD blobs.

Source: Azure/azure-powershell, Az.Compute's reference of Invoke-AzVMRunCommand and Save-AzVMImage.
"""

import json
from collections.abc import Iterable
from dataclasses import replace

from calco.cloudshell import reach
from calco.cloudshell.az.answer import LONG_RUNNING, change, long_running
from calco.cloudshell.az.declaration import Takes, cmdlet, mandatory, optional, plain, switch
from calco.cloudshell.az.expanded import expanded
from calco.cloudshell.az.machine_parameters import TYPE, VM, named
from calco.cloudshell.az.record import read
from calco.cloudshell.az.shapes import COMPUTE
from calco.cloudshell.az.storage_access import told
from calco.cloudshell.az.target import argument, target
from calco.cloudshell.cmdlet import Call, Module, View
from calco.cloudshell.values import Value
from calco.model.document import Document, Json

RESULT = COMPUTE["PSRunCommandResult"]
SCRIPT_BYTES_MAX = 256 * 1024
"""More than the API takes; a file that is larger is no script."""


def invoke(call: Call) -> Iterable[Value]:
    where = target(call, TYPE, name="VMName", ids=("ResourceId",), objects=("VM",))
    name = where.rpartition("/")[2]
    lines: list[Json] = [*_script(call).split("\n")]
    parameters: list[Json] = [
        {"name": str(key), "value": "" if value is None else str(value)}
        for key, value in call.table("Parameter").pairs()
    ]
    body: Document = {"commandId": call.text("CommandId"), "script": lines, "parameters": parameters}
    if call.should(name, "Invoke"):
        ended = change(call, f"Running {call.text('CommandId')} on {name}", "POST", f"{where}/runCommand", body)
        result = read(RESULT, ended.document)
        result.members.update({"Status": ended.status, "Capacity": 0, "Count": 0})
        yield result


def _script(call: Call) -> str:
    if call.given("ScriptString") and call.given("ScriptPath"):
        raise argument("Give the script with -ScriptString or in a file with -ScriptPath, not both.")
    if call.given("ScriptString"):
        return call.text("ScriptString").replace("\r\n", "\n")
    if not call.given("ScriptPath"):
        raise argument("There is nothing to run: give it with -ScriptString, or in a file with -ScriptPath.")
    try:
        with told(), reach.files(call.shell).whole(call.text("ScriptPath")) as content:
            if content.size_bytes > SCRIPT_BYTES_MAX:
                raise argument(f"'{call.text('ScriptPath')}' is too large for a script.")
            return content.read(0, content.size_bytes).decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise argument(f"'{call.text('ScriptPath')}' holds no text in UTF-8.") from None


def save(call: Call) -> Iterable[Value]:
    where = target(call, TYPE)
    name = where.rpartition("/")[2]
    body: Document = {
        "vhdPrefix": call.text("VHDNamePrefix"),
        "destinationContainerName": call.text("DestinationContainerName"),
        "overwriteVhds": call.switch("Overwrite"),
    }
    if not call.should(name, "Save"):
        return
    ended = change(call, f"Capturing {name}", "POST", f"{where}/capture", body)
    template = json.dumps(ended.document, indent=2)
    if call.text("Path"):
        with told(), reach.files(call.shell).new(call.text("Path"), replace=True) as file:
            file.write(template.encode())
    shown = long_running(ended)
    shown.members["Output"] = template
    yield shown


_BY_NAME, _BY_ID = "DefaultParameter", "ResourceIdParameter"
_GROUP, _NAME, _ID = named(_BY_NAME, _BY_ID)

MODULE = Module(
    (
        cmdlet(
            "Invoke-AzVMRunCommand",
            "Has a machine's guest run a script, and gives what it printed.",
            invoke,
            _GROUP,
            replace(_NAME, name="VMName", aliases=("Name",)),
            replace(_ID, name="ResourceId"),
            replace(VM, sets=("VMParameter",)),
            plain("CommandId", "RunShellScript for Linux, RunPowerShellScript for Windows.", mandatory=True),
            plain("ScriptString", "What is run."),
            plain("ScriptPath", "The file that holds what is run; not in the portal, where there are no files."),
            plain("Parameter", "What the script finds in its environment and arguments.", kind=Takes.HASHTABLE),
            default_set=_BY_NAME,
            output=RESULT.type,
            confirms=True,
            as_job=True,
            examples={
                "Generalize a Linux guest.": "Invoke-AzVMRunCommand lab web -CommandId RunShellScript "
                "-ScriptString 'waagent -deprovision+user -force'"
            },
        ),
        cmdlet(
            "Save-AzVMImage",
            "Captures a generalized machine whose disks are VHD blobs, beside those blobs.",
            save,
            *named(),
            mandatory("DestinationContainerName", "The container for the captured VHDs, below system.", 2),
            mandatory("VHDNamePrefix", "How their names begin.", 3, aliases="VirtualHardDiskNamePrefix"),
            switch("Overwrite", "In place of others of that name."),
            optional("Path", "A file for the template of new machines.", 5),
            default_set="ResourceGroupNameParameterSetName",
            output=LONG_RUNNING,
            as_job=True,
            examples={
                "Capture one.": "Save-AzVMImage lab web -DestinationContainerName images -VHDNamePrefix golden "
                "-Overwrite"
            },
        ),
    ),
    (View(RESULT.type, (), text=expanded),),
)
