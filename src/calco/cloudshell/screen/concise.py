"""An error as people see it: PowerShell 7's ConciseView.

Source: PowerShell, PowerShellCore_format_ps1xml.cs, Get-ConciseViewPositionMessage.
"""

import re
from pathlib import PurePath
from types import MappingProxyType

from calco.cloudshell.errors import Fault
from calco.cloudshell.screen.text_table import plain, wrapped
from calco.cloudshell.syntax import BEFORE, Place

_COMMAND = re.compile(r"""(?:'[^']*'|"[^"]*"|[^'"|;{}])*""")


_WRAPPED = MappingProxyType({"DivideByZeroException": "RuntimeException"})
"""What PowerShell puts around an exception of .NET's."""


def error_text(fault: Fault, *, path: str = "", script: bool = False, width: int = 120) -> str:
    """``Get-AzVM: message``; with the line it points at when a file is run (``path``), when the text has several lines
    (``script``), and when it could not be read."""
    if fault.at is None or fault.at == BEFORE:
        named = PurePath(path).name if fault.at and path else reason(fault)
        return plain(f"{named}: {fault.message}")
    if not (path or script or fault.at.line > 1 or is_parse_error(fault)):
        return plain(f"{reason(fault)}: {fault.message}")
    heading = f"{path}:{fault.at.line}" if path else ""
    margin = " " * max(0, len(str(fault.at.line)) - 4)
    prefix = f"{margin}     | "
    lines = [
        f"{reason(fault)}: {heading}",
        f"{margin}Line |",
        f"{fault.at.line:4d} |  {plain(_one_line(fault.at.text))}",
        f"{prefix}{' ' * fault.at.column}{'~' * _length(fault.at)}",
    ]
    message = plain(fault.message)
    if path or is_parse_error(fault):
        said = wrapped(message.replace("\n", " ").replace("\t", " "), max(20, width - len(prefix)))
    else:
        said = message.split("\n")
    return "\n".join([*lines, *(f"{prefix}{line}" for line in said)])


def is_parse_error(fault: Fault) -> bool:
    return fault.category == "ParserError" or fault.exception.endswith(".ParseException")


def reason(fault: Fault) -> str:
    """What stands before the colon."""
    if is_parse_error(fault):
        return "ParserError"
    if fault.command:
        return plain(fault.command)
    short = fault.exception.rpartition(".")[2]
    if fault.category == "OperationStopped" and short == "RuntimeException":
        return "Exception"  # it was thrown
    if fault.category != "NotSpecified":
        return fault.category
    return _WRAPPED.get(short, short)


def _one_line(text: str) -> str:
    return text.replace("\t", " ").split("\n", 1)[0]


def _length(at: Place) -> int:
    """How much of the line is marked: the command that begins there, as far as one can see."""
    found = _COMMAND.match(_one_line(at.text), at.column - 1)
    return max(1, len(found.group().rstrip()) if found else 1)
