"""Write-Output, Write-Host and their like: what a script has to say, and to whom.

Source: Microsoft Learn, Write-Output, Write-Host, Write-Error, Write-Warning, Write-Verbose, Write-Information,
Write-Progress.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import UTILITY, Call, Kind, Module, Parameter
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects.error_record import fault_of
from calco.cloudshell.objects.static import COLOURS
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.screen import text_table
from calco.cloudshell.values import Record, Value

CATEGORIES = (
    "NotSpecified OpenError CloseError DeviceError DeadlockDetected InvalidArgument InvalidData InvalidOperation "
    "InvalidResult InvalidType MetadataError NotImplemented NotInstalled ObjectNotFound OperationStopped "
    "OperationTimeout SyntaxError ParserError PermissionDenied ResourceBusy ResourceExists ResourceUnavailable "
    "ReadError WriteError FromStdErr SecurityError ProtocolError ConnectionError AuthenticationError LimitsExceeded "
    "QuotaExceeded NotEnabled"
)


def _output(call: Call) -> Iterator[Value]:
    yield from call.input


def _host(call: Call) -> list[Value]:
    separator = to_text(call.value("Separator")) if call.given("Separator") else " "
    shown = _shown(call.value("Object"), separator)
    end = "" if call.switch("NoNewline") else "\n"
    call.shell.host.write(text_table.plain(shown), colour=call.text("ForegroundColor"), end=end)
    return []


def _shown(item: Value, separator: str) -> str:
    return separator.join(to_text(each) for each in item) if isinstance(item, list) else to_text(item)


def _error(call: Call) -> list[Value]:
    record = call.value("ErrorRecord") or call.value("Exception")
    fault = fault_of(record)
    if fault is None:
        id = call.text("ErrorId") or "Microsoft.PowerShell.Commands.WriteErrorException"
        message = call.text("Message") or _message(record)
        category = call.text("Category") or "NotSpecified"
        fault = Fault(message, id, category, "Microsoft.PowerShell.Commands.WriteErrorException")
    call.error(fault)
    return []


def _message(record: Value) -> str:
    return to_text(record.get("Message")) if isinstance(record, Record) else to_text(record)


def _warning(call: Call) -> list[Value]:
    call.warn(text_table.plain(call.text("Message")))
    return []


def _debug(call: Call) -> list[Value]:
    if call.switch("Debug") or call.shell.variable("DebugPreference") == "Continue":
        call.shell.host.write(f"DEBUG: {text_table.plain(call.text('Message'))}", colour="Yellow")
    return []


def _verbose(call: Call) -> list[Value]:
    call.verbose(text_table.plain(call.text("Message")))
    return []


def _information(call: Call) -> list[Value]:
    """Told only when $InformationPreference or -InformationAction wants it, as in PowerShell."""
    wanted = call.text("InformationAction") or to_text(call.shell.variable("InformationPreference"))
    if wanted in {"Continue", "Inquire"}:
        call.shell.host.write(text_table.plain(to_text(call.value("MessageData"))))
    return []


def _progress(call: Call) -> list[Value]:
    activity = text_table.plain(call.text("Activity"))
    if call.switch("Completed"):
        call.shell.host.done(activity)
        return []
    percent = call.number("PercentComplete")
    call.shell.host.progress(
        activity, text_table.plain(call.text("Status")), percent if percent is not None and percent >= 0 else None
    )
    return []


def _message_parameter(help: str) -> Parameter:
    return plain("Message", help, 0, mandatory=True, from_pipeline=True, aliases="Msg")


_ANYTHING = plain("Object", "What to say.", 0, Kind.ANYS, from_pipeline=True, rest=True)

OUTPUT = cmdlet(
    "Write-Output",
    "Passes objects on; what stands alone does that by itself.",
    _output,
    plain("InputObject", "The objects.", 0, Kind.ANYS, from_pipeline=True, rest=True),
    switch("NoEnumerate", "Taken for compatibility: arrays are passed on one by one."),
    aliases="echo write",
    whole=True,
    examples={"Pass a text on": "Write-Output 'done'"},
)
HOST = cmdlet(
    "Write-Host",
    "Says something to the person, past the pipeline.",
    _host,
    _ANYTHING,
    plain("ForegroundColor", "In this colour.", choices=" ".join(COLOURS)),
    plain("BackgroundColor", "Taken for compatibility.", choices=" ".join(COLOURS)),
    switch("NoNewline", "Stay on the line."),
    plain("Separator", "What stands between several things; a space.", kind=Kind.ANY),
    examples={"Say it in green": "Write-Host 'Captured' -ForegroundColor Green"},
)
ERROR = cmdlet(
    "Write-Error",
    "Reports an error that does not end the script.",
    _error,
    plain("Message", "What went wrong.", 0, mandatory=True, from_pipeline=True, sets="NoException", aliases="Msg"),
    plain("Exception", "The exception to report.", kind=Kind.RECORD, mandatory=True, sets="WithException"),
    plain(
        "ErrorRecord", "The error to report again, $_ in a catch.", kind=Kind.RECORD, mandatory=True, sets="ErrorRecord"
    ),
    plain("Category", "What kind of error.", choices=CATEGORIES),
    plain("ErrorId", "Its FullyQualifiedErrorId."),
    plain("TargetObject", "What it was about.", kind=Kind.ANY),
    default_set="NoException",
    examples={"Report and go on": "Write-Error 'web1 is not generalized'"},
)
WARNING = cmdlet(
    "Write-Warning",
    "Warns the person.",
    _warning,
    _message_parameter("The warning."),
    examples={"Warn": "Write-Warning 'The image has no data disks'"},
)
VERBOSE = cmdlet(
    "Write-Verbose",
    "Tells the person more, when -Verbose is given.",
    _verbose,
    _message_parameter("What to tell."),
    examples={"Tell more": "Write-Verbose 'Asking for the machine' -Verbose"},
)
DEBUG = cmdlet(
    "Write-Debug",
    "Says something for whoever looks for a mistake, when -Debug is given.",
    _debug,
    _message_parameter("What to tell."),
    examples={"For the one who looks": "Write-Debug 'asking again' -Debug"},
)
INFORMATION = cmdlet(
    "Write-Information",
    "Says something that is shown when $InformationPreference is Continue.",
    _information,
    plain("MessageData", "What to say.", 0, Kind.ANY, mandatory=True, aliases="Msg Message"),
    plain("Tags", "Taken for compatibility.", kind=Kind.STRINGS),
    examples={"Say it": "Write-Information 'ready' -InformationAction Continue"},
)
PROGRESS = cmdlet(
    "Write-Progress",
    "Shows how far something is.",
    _progress,
    plain("Activity", "What is being done.", 0, mandatory=True),
    plain("Status", "How it stands.", 1),
    plain("Id", "Taken for compatibility.", 2, Kind.INT),
    plain("PercentComplete", "0 to 100; -1: nobody knows.", kind=Kind.INT),
    plain("SecondsRemaining", "Taken for compatibility.", kind=Kind.INT),
    plain("CurrentOperation", "Taken for compatibility."),
    plain("ParentId", "Taken for compatibility.", kind=Kind.INT),
    switch("Completed", "It is over."),
    examples={"Half of it": "Write-Progress 'Capturing' -Status web1 -PercentComplete 50"},
)

MODULE = Module(of(UTILITY, OUTPUT, HOST, ERROR, WARNING, VERBOSE, DEBUG, INFORMATION, PROGRESS))
