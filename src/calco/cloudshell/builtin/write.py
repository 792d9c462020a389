"""Write-Output, Write-Host and their like: what a script has to say, and to whom.

Source: Microsoft Learn, Write-Output, Write-Host, Write-Error, Write-Warning, Write-Verbose, Write-Information,
Write-Progress.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import UTILITY, Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects.error_record import fault_of
from calco.cloudshell.objects.static import COLOURS
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.screen.text_table import plain
from calco.cloudshell.values import Record, Value

CATEGORIES = (
    *("NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData"),
    *("InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented", "NotInstalled"),
    *("ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied"),
    *("ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError", "FromStdErr"),
    *("SecurityError", "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded", "QuotaExceeded"),
    "NotEnabled",
)


def _output(call: Call) -> Iterator[Value]:
    yield from call.input


def _host(call: Call) -> list[Value]:
    separator = to_text(call.value("Separator")) if call.given("Separator") else " "
    shown = _shown(call.value("Object"), separator)
    end = "" if call.switch("NoNewline") else "\n"
    call.shell.host.write(plain(shown), colour=call.text("ForegroundColor"), end=end)
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
    call.warn(plain(call.text("Message")))
    return []


def _debug(call: Call) -> list[Value]:
    if call.switch("Debug") or call.shell.variable("DebugPreference") == "Continue":
        call.shell.host.write(f"DEBUG: {plain(call.text('Message'))}", colour="Yellow")
    return []


def _verbose(call: Call) -> list[Value]:
    call.verbose(plain(call.text("Message")))
    return []


def _information(call: Call) -> list[Value]:
    """Told only when $InformationPreference or -InformationAction wants it, as in PowerShell."""
    wanted = call.text("InformationAction") or to_text(call.shell.variable("InformationPreference"))
    if wanted in {"Continue", "Inquire"}:
        call.shell.host.write(plain(to_text(call.value("MessageData"))))
    return []


def _progress(call: Call) -> list[Value]:
    activity = plain(call.text("Activity"))
    if call.switch("Completed"):
        call.shell.host.done(activity)
        return []
    percent = call.number("PercentComplete")
    call.shell.host.progress(
        activity, plain(call.text("Status")), percent if percent is not None and percent >= 0 else None
    )
    return []


def _message_parameter(help: str) -> Parameter:
    return Parameter("Message", Kind.STRING, help, mandatory=True, position=0, aliases=("Msg",), from_pipeline=True)


_ANYTHING = Parameter("Object", Kind.ANYS, "What to say.", position=0, from_pipeline=True, rest=True)

OUTPUT = Cmdlet(
    "Write-Output",
    "Passes objects on; what stands alone does that by itself.",
    _output,
    parameters=(
        Parameter("InputObject", Kind.ANYS, "The objects.", position=0, from_pipeline=True, rest=True),
        Parameter("NoEnumerate", Kind.SWITCH, "Taken for compatibility: arrays are passed on one by one."),
    ),
    aliases=("echo", "write"),
    module=UTILITY,
    whole=True,
    examples=(Example("Pass a text on", "Write-Output 'done'"),),
)
HOST = Cmdlet(
    "Write-Host",
    "Says something to the person, past the pipeline.",
    _host,
    parameters=(
        _ANYTHING,
        Parameter("ForegroundColor", Kind.STRING, "In this colour.", choices=COLOURS),
        Parameter("BackgroundColor", Kind.STRING, "Taken for compatibility.", choices=COLOURS),
        Parameter("NoNewline", Kind.SWITCH, "Stay on the line."),
        Parameter("Separator", Kind.ANY, "What stands between several things; a space."),
    ),
    module=UTILITY,
    examples=(Example("Say it in green", "Write-Host 'Captured' -ForegroundColor Green"),),
)
ERROR = Cmdlet(
    "Write-Error",
    "Reports an error that does not end the script.",
    _error,
    parameters=(
        Parameter("Message", Kind.STRING, "What went wrong.", ("NoException",), True, 0, ("Msg",), from_pipeline=True),
        Parameter("Exception", Kind.RECORD, "The exception to report.", ("WithException",), True),
        Parameter("ErrorRecord", Kind.RECORD, "The error to report again, $_ in a catch.", ("ErrorRecord",), True),
        Parameter("Category", Kind.STRING, "What kind of error.", choices=CATEGORIES),
        Parameter("ErrorId", Kind.STRING, "Its FullyQualifiedErrorId."),
        Parameter("TargetObject", Kind.ANY, "What it was about."),
    ),
    default_set="NoException",
    module=UTILITY,
    examples=(Example("Report and go on", "Write-Error 'web1 is not generalized'"),),
)
WARNING = Cmdlet(
    "Write-Warning",
    "Warns the person.",
    _warning,
    parameters=(_message_parameter("The warning."),),
    module=UTILITY,
    examples=(Example("Warn", "Write-Warning 'The image has no data disks'"),),
)
VERBOSE = Cmdlet(
    "Write-Verbose",
    "Tells the person more, when -Verbose is given.",
    _verbose,
    parameters=(_message_parameter("What to tell."),),
    module=UTILITY,
    examples=(Example("Tell more", "Write-Verbose 'Asking for the machine' -Verbose"),),
)
DEBUG = Cmdlet(
    "Write-Debug",
    "Says something for whoever looks for a mistake, when -Debug is given.",
    _debug,
    parameters=(_message_parameter("What to tell."),),
    module=UTILITY,
    examples=(Example("For the one who looks", "Write-Debug 'asking again' -Debug"),),
)
INFORMATION = Cmdlet(
    "Write-Information",
    "Says something that is shown when $InformationPreference is Continue.",
    _information,
    parameters=(
        Parameter("MessageData", Kind.ANY, "What to say.", mandatory=True, position=0, aliases=("Msg", "Message")),
        Parameter("Tags", Kind.STRINGS, "Taken for compatibility."),
    ),
    module=UTILITY,
    examples=(Example("Say it", "Write-Information 'ready' -InformationAction Continue"),),
)
PROGRESS = Cmdlet(
    "Write-Progress",
    "Shows how far something is.",
    _progress,
    parameters=(
        Parameter("Activity", Kind.STRING, "What is being done.", mandatory=True, position=0),
        Parameter("Status", Kind.STRING, "How it stands.", position=1),
        Parameter("Id", Kind.INT, "Taken for compatibility.", position=2),
        Parameter("PercentComplete", Kind.INT, "0 to 100; -1: nobody knows."),
        Parameter("SecondsRemaining", Kind.INT, "Taken for compatibility."),
        Parameter("CurrentOperation", Kind.STRING, "Taken for compatibility."),
        Parameter("ParentId", Kind.INT, "Taken for compatibility."),
        Parameter("Completed", Kind.SWITCH, "It is over."),
    ),
    module=UTILITY,
    examples=(Example("Half of it", "Write-Progress 'Capturing' -Status web1 -PercentComplete 50"),),
)

MODULE = Module((OUTPUT, HOST, ERROR, WARNING, VERBOSE, DEBUG, INFORMATION, PROGRESS))
