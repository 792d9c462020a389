"""Errors of a script, as values: what PowerShell calls an error record, and how it travels.

A cmdlet raises ``Terminating`` to end its statement, or hands ``Fault`` to ``Call.error`` and goes on; what
``-ErrorAction`` and ``$ErrorActionPreference`` make of it is the evaluator's. Source: Microsoft Learn,
about_Error_Handling, about_Try_Catch_Finally; "cmdlet error reporting" for categories.
"""

from dataclasses import dataclass, replace

from calco.cloudshell.absent import instead
from calco.cloudshell.syntax import Place
from calco.cloudshell.values import Value


@dataclass(frozen=True)
class Fault:
    """``id`` is FullyQualifiedErrorId, ``category`` e.g. "ObjectNotFound", ``exception`` the .NET type's full name.
    ``code`` and ``status`` are the API's, when it was the API that refused. ``target`` is what was thrown, if a value
    was."""

    message: str
    id: str = "RuntimeException"
    category: str = "OperationStopped"
    exception: str = "System.Management.Automation.RuntimeException"
    at: Place | None = None
    command: str = ""
    code: str = ""
    status: int = 0
    target: Value = None

    def placed(self, at: Place | None, command: str = "") -> "Fault":
        """The same, knowing where it happened, unless it knew already: what an expression raised is not of the command
        that it passed by."""
        return self if self.at else replace(self, at=at, command=self.command or command)


class Terminating(Exception):
    """Ends the statement; try can catch it. ``stopping``: of ErrorAction Stop or throw, so it ends the script."""

    def __init__(self, fault: Fault, *, stopping: bool = False) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.stopping = stopping


class NotParsed(Exception):
    """The script cannot be read; ``fault.at`` points at the place. Nothing of it ran."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Exit(Exception):
    """``exit N``."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def unsupported(what: str, at: Place | None = None) -> NotParsed:
    """A construct that this shell does not have, in one sentence that names it."""
    return NotParsed(
        Fault(
            f"{what} is not supported in calco's Cloud Shell, which is a subset of PowerShell.",
            id="NotSupported",
            category="NotImplemented",
            exception="System.Management.Automation.ParseException",
            at=at,
        )
    )


def not_recognized(name: str, at: Place | None = None) -> Terminating:
    """Source: PowerShell 7's own message; below it what to write in place of a command that is known to be absent."""
    says = (
        f"The term '{name}' is not recognized as a name of a cmdlet, function, script file, or executable program.",
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
        instead(name),
    )
    return Terminating(
        Fault(
            "\n".join(filter(None, says)),
            id="CommandNotFoundException",
            category="ObjectNotFound",
            exception="System.Management.Automation.CommandNotFoundException",
            at=at,
            command=name,
        )
    )
