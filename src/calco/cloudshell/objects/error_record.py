"""An error as a script holds it: ``$_`` in a catch, ``$Error[0]``; and what is thrown, as an error.

Source: Microsoft Learn, ErrorRecord class, about_Automatic_Variables, about_Throw.
"""

from calco.cloudshell.errors import Fault
from calco.cloudshell.objects.type_name import ERROR_RECORD
from calco.cloudshell.values import Names, Record, Value

_CATEGORIES = "System.Management.Automation.ErrorCategoryInfo"
_INVOCATION = "System.Management.Automation.InvocationInfo"


def error_record(fault: Fault) -> Record:
    """What PowerShell's ErrorRecord shows of it; ``held`` is the fault."""
    exception = exception_record(fault)
    reason = fault.exception.rpartition(".")[2]
    category = Record.of(
        _CATEGORIES,
        {
            "Category": fault.category,
            "Activity": fault.command,
            "Reason": reason,
            "TargetName": fault.target if isinstance(fault.target, str) else "",
            "TargetType": "String" if isinstance(fault.target, str) else "",
        },
    )
    members = Names(
        (
            ("Exception", exception),
            ("TargetObject", fault.target),
            ("CategoryInfo", category),
            ("FullyQualifiedErrorId", fault.id),
            ("ErrorDetails", None),
            ("InvocationInfo", _invocation(fault)),
            ("ScriptStackTrace", f"at <ScriptBlock>, <No file>: line {fault.at.line}" if fault.at else ""),
        )
    )
    return Record(ERROR_RECORD, members, held=fault)


def exception_record(fault: Fault) -> Record:
    members: dict[str, Value] = {"Message": fault.message, "InnerException": None}
    if fault.code or fault.status:
        members["Code"] = fault.code
        members["StatusCode"] = fault.status
        body = Record.of(
            "Microsoft.Rest.Azure.CloudError", {"Code": fault.code, "Message": fault.message, "Target": None}
        )
        members["Body"] = body
    return Record(fault.exception, Names(members.items()), held=fault)


def _invocation(fault: Fault) -> Record:
    at = fault.at
    command = Record.of("System.Management.Automation.CommandInfo", {"Name": fault.command}) if fault.command else None
    return Record.of(
        _INVOCATION,
        {
            "MyCommand": command,
            "InvocationName": fault.command,
            "ScriptName": "",
            "ScriptLineNumber": at.line if at else 0,
            "OffsetInLine": at.column if at else 0,
            "Line": at.text if at else "",
            "PositionMessage": f"At line:{at.line} char:{at.column}\n+ {at.text.strip()}" if at else "",
        },
    )


def fault_of(value: Value) -> Fault | None:
    """Of an ErrorRecord or an exception; None for anything else."""
    return value.held if isinstance(value, Record) and isinstance(value.held, Fault) else None


def is_error(value: Value) -> bool:
    return isinstance(value, Record) and value.type == ERROR_RECORD


def category_text(info: Record) -> str:
    """CategoryInfo as text: "NotSpecified: (:) [Get-AzVM], CloudException"."""
    target = info.get("TargetName") or ""
    kind = info.get("TargetType") or ""
    return f"{info.get('Category')}: ({target}:{kind}) [{info.get('Activity') or ''}], {info.get('Reason')}"


def is_category(value: Record) -> bool:
    return value.type == _CATEGORIES
