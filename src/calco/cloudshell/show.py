"""How objects appear on the screen when nobody says how."""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import Commands
from calco.cloudshell.errors import Fault
from calco.cloudshell.host import Host
from calco.cloudshell.values import Value


def print_all(values: Iterator[Value], commands: Commands, host: Host) -> None:
    """Out-Default: what reaches the end of a pipeline, each as soon as its shape allows."""
    raise NotImplementedError


def error_text(fault: Fault, *, script: bool = False) -> str:
    """An error as people see it, PowerShell 7's ConciseView: ``Get-AzVM: message``, or the line it points at when a
    ``script`` is run or the line is one of several."""
    raise NotImplementedError
